import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IKernelClient, IKernelSpecs } from '@jupyterlite/services';
import { hasForeignHost } from './environment';
import { registerKernel } from './register';
import { runningKernels } from './running';
import { setSettingRegistry } from './settings';
import { ILoupeKernels } from './tokens';

/** Offers the TypeScript kernel to whatever hosts in-browser kernels here: our own plugins, or JupyterLite. */
export const kernelPlugin: JupyterFrontEndPlugin<ILoupeKernels> = {
  id: 'jupyterlab-loupe:kernel',
  description: 'The TypeScript kernel.',
  autoStart: true,
  provides: ILoupeKernels,
  requires: [IKernelSpecs],
  optional: [IKernelClient, ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    specs: IKernelSpecs,
    client: IKernelClient | null,
    registry: ISettingRegistry | null
  ) => {
    setSettingRegistry(registry);
    registerKernel(specs);
    if (hasForeignHost()) {
      if (client) {
        patchInterrupt(client);
      }
    } else {
      retireStockManagers(app);
    }
    return runningKernels;
  }
};

/** Lets an interrupt reach our kernels under another host's client, which only cancels the cells that wait. */
function patchInterrupt(client: IKernelClient): void {
  const cancelWaiting = client.interrupt.bind(client);
  client.interrupt = async id => {
    runningKernels.get(id)?.interrupt();
    await cancelWaiting(id);
  };
}

/**
 * Stops the polling of the stock managers. They are there in case our bundle cannot be loaded (see services/index.ts);
 * once ours are in use nobody else holds them. There is no public way to reach them: failing to is harmless.
 */
function retireStockManagers(app: JupyterFrontEnd): void {
  type Plugins = Map<string, { service?: { dispose?: () => void } }>;
  void app.started.then(() => {
    const plugins = (app as unknown as { pluginRegistry?: { _plugins?: Plugins } }).pluginRegistry?._plugins;
    for (const name of ['session-manager', 'kernel-manager', 'kernel-spec-manager']) {
      const stock = plugins?.get?.(`@jupyterlab/services-extension:${name}`)?.service;
      if (stock && plugins?.get(`jupyterlab-loupe:${name}`)?.service !== stock) {
        stock.dispose?.();
      }
    }
  });
}
