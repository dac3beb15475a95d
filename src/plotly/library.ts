/** The parts of Plotly used here. The bundle carries no types. */
export interface PlotlyModule {
  react(element: HTMLElement, data: unknown[], layout?: object, config?: object): Promise<unknown>;
  addFrames(element: HTMLElement, frames: unknown[]): Promise<unknown>;
  purge(element: HTMLElement): void;
  relayout(element: HTMLElement, update: object): Promise<unknown>;
  toImage(element: HTMLElement, options: object): Promise<string>;
  Plots: { resize(element: HTMLElement): Promise<unknown> };
}

let library: Promise<PlotlyModule> | undefined;

/** Loads Plotly on first use: half a megabyte compressed that a page without figures never fetches. */
export function loadPlotly(): Promise<PlotlyModule> {
  library ??= import('plotly.js-cartesian-dist-min').then(
    module => ((module as { default?: PlotlyModule }).default ?? module) as PlotlyModule
  );
  library.catch(() => {
    // A failed download may succeed later.
    library = undefined;
  });
  return library;
}
