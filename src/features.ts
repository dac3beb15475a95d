import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { PageConfig } from '@jupyterlab/coreutils';

type Plugins = readonly JupyterFrontEndPlugin<unknown>[];

/**
 * Everything that is not needed to run a kernel, each a chunk of its own: one that cannot be loaded takes nothing else
 * with it. Renderers are loaded before notebooks are restored, so that saved figures are drawn.
 */
const FEATURES: { [name: string]: () => Promise<Plugins> } = {
  plotly: () => import('./plotly').then(m => m.plotlyPlugins),
  views: () => import('./views').then(m => m.viewPlugins),
  commands: () => import('./commands').then(m => m.commandPlugins)
};

/** Loads the optional plugins while the application starts. */
export const featuresPlugin: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-loupe:features',
  description: 'Loads renderers, commands and panels.',
  autoStart: true,
  activate: async (app: JupyterFrontEnd) => {
    await Promise.all(
      Object.entries(FEATURES).map(async ([name, load]) => {
        try {
          await activate(app, await load());
        } catch (error) {
          console.error(`Loupe: ${name} could not be loaded`, error);
        }
      })
    );
  }
};

async function activate(app: JupyterFrontEnd, plugins: Plugins): Promise<void> {
  const enabled = plugins.filter(({ id }) => !PageConfig.Extension.isDisabled(id));
  enabled.forEach(plugin => app.registerPlugin(plugin));
  await Promise.all(enabled.filter(({ autoStart }) => autoStart).map(({ id }) => app.activatePlugin(id)));
}
