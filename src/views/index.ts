import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { VIEW } from '../../kernel/protocol/mime';
import { RenderedView } from './renderer';
import type { ViewSettings } from './renderer';

const PLUGIN_ID = 'jupyterlab-loupe:views';

/** Draws Loupe's own views in outputs. */
const views: JupyterFrontEndPlugin<void> = {
  id: PLUGIN_ID,
  description: 'Draws application/vnd.loupe.view+json: attention, logits and the other views.',
  autoStart: true,
  requires: [IRenderMimeRegistry],
  optional: [ISettingRegistry],
  activate: (_app: JupyterFrontEnd, registry: IRenderMimeRegistry, settings: ISettingRegistry | null) => {
    const options: ViewSettings = { attachPng: true };
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [VIEW],
        defaultRank: 0,
        createRenderer: () => new RenderedView(options)
      },
      0
    );
    // Without a schema the defaults above hold.
    void settings?.load(PLUGIN_ID).then(
      loaded => {
        const read = (): void => {
          options.attachPng = loaded.get('attachPng').composite !== false;
        };
        read();
        loaded.changed.connect(read);
      },
      () => undefined
    );
  }
};

export const viewPlugins: JupyterFrontEndPlugin<unknown>[] = [views];
