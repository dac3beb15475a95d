/** The harness page: every example mounted as the notebook would. `window.views` tells when all is drawn. */
import { mountView } from '../../src/views/mount';
import type { ViewDocument } from '../../kernel/protocol/view';
import { drawFigure } from '../../src/plotly/draw';
import { examples } from '../figures/examples';

declare global {
  interface Window {
    views: Promise<{ [name: string]: number }>;
  }
}

async function show(): Promise<{ [name: string]: number }> {
  const wanted = new URLSearchParams(location.search).get('only')?.split(',');
  const plain = new URLSearchParams(location.search).has('plotly');
  const times: { [name: string]: number } = {};
  for (const [name, make] of Object.entries(examples)) {
    if (wanted && !wanted.includes(name)) {
      continue;
    }
    const section = document.createElement('section');
    section.id = name;
    document.body.append(section);
    const view = make();
    // As saved in a notebook: through JSON.
    const saved = JSON.parse(JSON.stringify(plain ? view.figure : view.document)) as unknown;
    const start = performance.now();
    if (plain) {
      await drawFigure(section, saved as object);
    } else {
      await mountView(section, saved as ViewDocument).ready;
    }
    // What has been laid out but not drawn yet would flatter the figure.
    void section.offsetHeight;
    times[name] = Math.round(performance.now() - start);
  }
  return times;
}

window.views = show();
