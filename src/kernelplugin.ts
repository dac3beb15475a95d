import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IKernelClient, IKernelSpecs } from '@jupyterlite/services';
import { registerKernel } from './register';
import { runningKernels } from './running';
import { hasForeignHost } from './environment';
import { setSettingsReader } from './startoptions';
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
    registerKernel(specs);
    if (client && hasForeignHost()) {
      patchInterrupt(client);
    }
    void registry;
    void setSettingsReader;
    void app;
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
