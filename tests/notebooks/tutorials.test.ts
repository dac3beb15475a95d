/**
 * The tutorials on the default model in the browser: every claim in them is followed by a cell that checks it, so a
 * notebook that runs to its end is right.
 */
import { readdirSync } from 'node:fs';
import { Lab } from '../ui/lab';
import { NOTEBOOKS, readNotebook, runNotebook, saveOutputs } from './runner';

/** The quickstart and the picture notebooks have tests of their own. */
const names = readdirSync(NOTEBOOKS).filter(name => /^(0[1-9]|10)-.*\.ipynb$/.test(name));

describe('tutorials', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start({ files: Object.fromEntries(names.map(n => [n, JSON.stringify(readNotebook(n))])) });
  });

  afterAll(() => lab?.stop());

  it.each(names)('%s runs to its end', async name => {
    const { outputs, ms, notebook } = await runNotebook(lab, name, readNotebook(name));
    console.log(`${name}: ${(ms.reduce((a, b) => a + b, 0) / 1000).toFixed(0)} s`);
    if (process.env['UPDATE_NOTEBOOKS']) {
      saveOutputs(name, outputs);
    }
    expect(outputs.flat().some(o => o.output_type === 'error')).toBe(false);
    await notebook.shutdown();
    await notebook.page.close();
  });
});
