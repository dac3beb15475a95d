import { onThemeChange, readTheme } from '../views/theme';
import { loadPlotly } from './library';
import { themed } from './theme';

/** A figure as it travels in `application/vnd.plotly.v1+json`. */
export interface Figure {
  data?: unknown[];
  layout?: { [key: string]: unknown };
  config?: { [key: string]: unknown };
  frames?: unknown[];
}

/** A figure on the page. */
export interface DrawnFigure {
  /** Draws another figure in the same place, keeping the zoom where `layout.uirevision` says so. */
  update(figure: Figure): Promise<void>;
  redraw(): Promise<void>;
  image(format: 'png' | 'svg', scale?: number): Promise<string>;
  dispose(): void;
}

// Plotly's own defaults would offer to send the data to a server.
const CONFIG = { showSendToCloud: false, displaylogo: false, responsive: false };

/** Draws a figure into an element and keeps it in step with the element's size and the page's theme. */
export async function drawFigure(element: HTMLElement, first: Figure): Promise<DrawnFigure> {
  const plotly = await loadPlotly();
  let figure = first;
  let framed = false;
  const draw = async (): Promise<void> => {
    const theme = readTheme(element);
    // Plotly writes into what it is given, and saved outputs are read-only.
    const { data = [], layout = {}, config = {}, frames } = structuredClone(figure) as Figure;
    await plotly.react(element, data, { autosize: true, ...themed(layout, theme) }, { ...config, ...CONFIG });
    if (frames?.length && !framed) {
      framed = true;
      await plotly.addFrames(element, frames);
    }
  };
  await draw();
  let width = element.clientWidth;
  const observer = new ResizeObserver(() => {
    if (element.clientWidth > 0 && Math.abs(element.clientWidth - width) > 1) {
      width = element.clientWidth;
      void plotly.Plots.resize(element);
    }
  });
  observer.observe(element);
  const stop = onThemeChange(() => void draw());
  return {
    update(next) {
      figure = next;
      framed = false;
      return draw();
    },
    redraw: draw,
    image: (format, scale = 2) =>
      plotly.toImage(element, { format, width: element.clientWidth, height: element.clientHeight, scale }),
    dispose() {
      observer.disconnect();
      stop();
      plotly.purge(element);
    }
  };
}
