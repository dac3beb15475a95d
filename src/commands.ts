import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, Notification, showDialog, Dialog } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ServerConnection } from '@jupyterlab/services';
import { loupeIcon } from './icon';
import type { TypeScriptKernel } from './kernel';
import { KERNEL_NAME } from './kernelspec';
import { ILoupeKernels } from './tokens';

export namespace CommandIDs {
  export const newNotebook = 'loupe:new-notebook';
  export const restartWorker = 'loupe:restart-worker';
}

/** Key of sessionStorage that tells the next page about kernels that end with this one. */
const ENDED = 'jupyterlab-loupe:ended-kernels';

const commands: JupyterFrontEndPlugin<void> = {
  id: 'jupyterlab-loupe:commands',
  description: 'Commands of the TypeScript kernel.',
  autoStart: true,
  optional: [ICommandPalette, INotebookTracker, ILoupeKernels],
  activate: (
    app: JupyterFrontEnd,
    palette: ICommandPalette | null,
    notebooks: INotebookTracker | null,
    kernels: ILoupeKernels | null
  ) => {
    const current = (): TypeScriptKernel | undefined =>
      kernels?.get(notebooks?.currentWidget?.sessionContext.session?.kernel?.id ?? '');

    app.commands.addCommand(CommandIDs.newNotebook, {
      label: 'New TypeScript (Loupe) Notebook',
      icon: loupeIcon,
      caption: 'Create a notebook whose cells are TypeScript and run in this browser',
      execute: args => app.commands.execute('notebook:create-new', { ...args, kernelName: KERNEL_NAME })
    });
    app.commands.addCommand(CommandIDs.restartWorker, {
      label: "Stop the TypeScript Kernel's Worker…",
      caption: 'End a cell that does not react to an interrupt; variables and models are lost',
      isEnabled: () => current() !== undefined,
      execute: async () => {
        const kernel = current();
        if (!kernel) {
          return;
        }
        const { button } = await showDialog({
          title: "Stop the kernel's worker?",
          body: 'The running cell ends. Variables and loaded models are lost; the notebook is kept.',
          buttons: [Dialog.cancelButton(), Dialog.warnButton({ label: 'Stop' })]
        });
        if (button.accept) {
          kernel.restartWorker();
        }
      }
    });
    for (const command of [CommandIDs.newNotebook, CommandIDs.restartWorker]) {
      palette?.addItem({ command, category: 'Loupe' });
    }
    if (kernels) {
      offerStop(kernels);
      tellAfterReload(app, kernels);
    }
  }
};

/** Offers to end a cell that does not react to an interrupt. */
function offerStop(kernels: ILoupeKernels): void {
  const known = new WeakSet<TypeScriptKernel>();
  const watch = (): void => {
    for (const kernel of kernels.running) {
      if (known.has(kernel)) {
        continue;
      }
      known.add(kernel);
      kernel.stuck.connect(() => {
        Notification.warning(
          'The cell does not react to the interrupt. Stopping the worker ends it; variables and models are lost.',
          {
            autoClose: false,
            actions: [{ label: 'Stop the worker', displayType: 'warn', callback: () => kernel.restartWorker() }]
          }
        );
      });
    }
  };
  kernels.changed.connect(watch);
  watch();
}

/** A kernel lives in its page: after a reload, says which ones ended, as the notebooks look as if nothing happened. */
function tellAfterReload(app: JupyterFrontEnd, kernels: ILoupeKernels): void {
  const server = ServerConnection.makeSettings().baseUrl;
  window.addEventListener('pagehide', () => {
    const ids = new Set(kernels.running.map(({ id }) => id));
    const paths = [...app.serviceManager.sessions.running()]
      .filter(({ kernel }) => kernel && ids.has(kernel.id))
      .map(({ path }) => path);
    if (paths.length > 0) {
      sessionStorage.setItem(ENDED, JSON.stringify({ server, paths }));
    }
  });
  const saved = sessionStorage.getItem(ENDED);
  sessionStorage.removeItem(ENDED);
  if (!saved) {
    return;
  }
  const ended = JSON.parse(saved) as { server: string; paths: string[] };
  if (ended.server === server) {
    const names = ended.paths.map(path => path.slice(path.lastIndexOf('/') + 1)).join(', ');
    Notification.info(
      `The TypeScript kernel of ${names} ended when the page was reloaded. Its variables and models are gone: ` +
        'run the cells again.',
      { autoClose: 15000 }
    );
  }
}

export const commandPlugins = [commands];
