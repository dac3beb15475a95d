import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { PLOTLY, PNG } from '../../kernel/protocol/mime';
import type { DrawnFigure, Figure } from './draw';

/** What the settings decide. */
export interface PlotlySettings {
  /** Whether to store a PNG beside each figure, for readers that draw nothing themselves. */
  attachPng: boolean;
}

/** Shows `application/vnd.plotly.v1+json`. Plotly loads with the first figure. */
export class RenderedPlotly extends Widget implements IRenderMime.IRenderer {
  private _figure: DrawnFigure | undefined;
  private _drawn: unknown;

  constructor(private readonly _settings: PlotlySettings) {
    super();
    this.addClass('loupe-RenderedPlotly');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[PLOTLY];
    if (data === undefined || data === this._drawn) {
      return;
    }
    this._drawn = data;
    try {
      const figure = data as unknown as Figure;
      if (this._figure) {
        await this._figure.update(figure);
      } else {
        const { drawFigure } = await import('./draw');
        if (this.isDisposed) {
          return;
        }
        const drawn = await drawFigure(this.node, figure);
        if (this.isDisposed) {
          drawn.dispose();
          return;
        }
        this._figure = drawn;
      }
    } catch (error) {
      this.node.textContent = `Cannot draw the figure: ${error instanceof Error ? error.message : String(error)}`;
      return;
    }
    void this._attach(model);
  }

  override dispose(): void {
    this._figure?.dispose();
    this._figure = undefined;
    super.dispose();
  }

  private async _attach(model: IRenderMime.IMimeModel): Promise<void> {
    if (!this._settings.attachPng || model.data[PNG] || !this._figure || !this.isVisible) {
      return;
    }
    try {
      const url = await this._figure.image('png', 1.5);
      if (!this.isDisposed) {
        model.setData({ data: { ...model.data, [PNG]: url.split(',')[1]! } });
      }
    } catch {
      // The picture is an extra; the figure itself is there.
    }
  }
}
