import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import { PNG, VIEW } from '../../kernel/protocol/mime';
import type { ViewDocument } from '../../kernel/protocol/view';
import type { MountedView } from './mount';

/** What the settings decide. */
export interface ViewSettings {
  /** Whether to store a PNG beside each view, for readers that draw nothing themselves (GitHub, nbconvert). */
  attachPng: boolean;
}

/** Shows `application/vnd.loupe.view+json`. The drawing code loads with the first view. */
export class RenderedView extends Widget implements IRenderMime.IRenderer {
  private _view: MountedView | undefined;
  private _drawn: unknown;

  constructor(private readonly _settings: ViewSettings) {
    super();
    this.addClass('loupe-RenderedView');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[VIEW];
    if (data === undefined || data === this._drawn) {
      return;
    }
    this._drawn = data;
    const { mountView } = await import('./mount');
    if (this.isDisposed) {
      return;
    }
    this._view?.dispose();
    this._view = undefined;
    try {
      this._view = mountView(this.node, data as unknown as ViewDocument);
    } catch (error) {
      this.node.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    await this._view.ready;
    void this._attach(model);
  }

  override dispose(): void {
    this._view?.dispose();
    this._view = undefined;
    super.dispose();
  }

  /** Adds a PNG to the output, once, so that the saved notebook shows everywhere. */
  private async _attach(model: IRenderMime.IMimeModel): Promise<void> {
    if (!this._settings.attachPng || model.data[PNG] || !this._view || !this.isVisible) {
      return;
    }
    try {
      const url = await this._view.png(1.5);
      if (!this.isDisposed) {
        model.setData({ data: { ...model.data, [PNG]: url.split(',')[1]! } });
      }
    } catch {
      // The picture is an extra; the view itself is there.
    }
  }
}
