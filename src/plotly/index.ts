import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { PLOTLY } from '../../kernel/protocol/mime';
import { RenderedPlotly } from './renderer';
import type { PlotlySettings } from './renderer';

const PLUGIN_ID = 'jupyterlab-loupe:plotly';

/** Draws Plotly figures where no other extension does, or where the settings prefer this one. */
const plotly: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Draws application/vnd.plotly.v1+json without a network.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ISettingRegistry],
  activate: (_app: JupyterFrontEnd, registry: IRenderMimeRegistry, settings: ISettingRegistry | null) => {
    const options: PlotlySettings = { attachPng: true };
    const add = (): void =>
      registry.addFactory(
        { safe: true, mimeTypes: [PLOTLY], defaultRank: 10, createRenderer: () => new RenderedPlotly(options) },
        10
      );
    // For one MIME type the factory added last wins, whatever its rank: an installed renderer is left in place.
    const other = registry.getFactory(PLOTLY) !== undefined;
    if (!other) {
      add();
    }
    void settings?.load(PLUGIN_ID).then(
      loaded => {
        let forced = false;
        const read = (): void => {
          options.attachPng = loaded.get('attachPng').composite !== false;
          if (other && !forced && loaded.get('override').composite === true) {
            forced = true;
            add();
          }
        };
        read();
        loaded.changed.connect(read);
      },
      () => undefined
    );
  }
};

export const plotlyPlugins: JupyterFrontEndPlugin<unknown>[] = [plotly];
