import {
  IConnectionStatus,
  IKernelManager,
  IKernelSpecManager,
  IServerSettings,
  ISessionManager,
  KernelManager,
  KernelSpecManager,
  ServerConnection,
  type ServiceManagerPlugin,
  SessionManager
} from '@jupyterlab/services';
import { IKernelClient, IKernelSpecs, KernelSpecs } from '@jupyterlite/services';
import { registerKernel } from '../register';
import type { Host } from './host';

/**
 * The plugins that let in-browser kernels run beside server kernels. They are activated before the application exists.
 *
 * The stock plugins are not disabled: ours come later and so take their place, and when our bundle cannot be loaded
 * JupyterLab finds the stock ones and starts. For the same reason each falls back to the stock manager.
 */

let host: Promise<Host> | undefined;

function getHost(
  specs: IKernelSpecs,
  settings: ServerConnection.ISettings | null,
  status: IConnectionStatus | null
): Promise<Host> {
  host ??= import('./host').then(
    ({ Host }) => new Host(specs, settings ?? ServerConnection.makeSettings(), standby(status))
  );
  return host;
}

function standby(status: IConnectionStatus | null): () => boolean | 'when-hidden' {
  return () => (status ? !status.isConnected : false) || 'when-hidden';
}

async function orStock<T>(ours: Promise<T>, stock: () => T): Promise<T> {
  try {
    return await ours;
  } catch (error) {
    console.error('Loupe: in-browser kernels are not available', error);
    return stock();
  }
}

// JupyterLab 4.4 has no such token.
const common = [IServerSettings, ...(IConnectionStatus ? [IConnectionStatus] : [])];

const kernelSpecs: ServiceManagerPlugin<IKernelSpecs> = {
  id: 'jupyterlab-loupe:kernel-specs',
  description: 'Lists the kernels that can run in the browser.',
  autoStart: true,
  provides: IKernelSpecs,
  activate: () => {
    const specs = new KernelSpecs();
    registerKernel(specs);
    return specs;
  }
};

const kernelClient: ServiceManagerPlugin<IKernelClient> = {
  id: 'jupyterlab-loupe:kernel-client',
  description: 'Runs kernels in the browser.',
  autoStart: true,
  provides: IKernelClient,
  requires: [IKernelSpecs],
  optional: common,
  activate: async (
    _: null,
    specs: IKernelSpecs,
    settings: ServerConnection.ISettings | null,
    status: IConnectionStatus | null
  ) => (await getHost(specs, settings, status)).kernelClient
};

const kernelManager: ServiceManagerPlugin<IKernelManagerType> = {
  id: 'jupyterlab-loupe:kernel-manager',
  description: 'Manages kernels of the browser and of the server.',
  autoStart: true,
  provides: IKernelManager,
  requires: [IKernelSpecs],
  optional: common,
  activate: (
    _: null,
    specs: IKernelSpecs,
    settings: ServerConnection.ISettings | null,
    status: IConnectionStatus | null
  ) =>
    orStock(
      getHost(specs, settings, status).then(host => host.kernelManager()),
      () => new KernelManager({ serverSettings: settings ?? undefined, standby: standby(status) })
    )
};

const kernelSpecManager: ServiceManagerPlugin<IKernelSpecManagerType> = {
  id: 'jupyterlab-loupe:kernel-spec-manager',
  description: 'Lists kernelspecs of the browser and of the server.',
  autoStart: true,
  provides: IKernelSpecManager,
  requires: [IKernelSpecs],
  optional: common,
  activate: (
    _: null,
    specs: IKernelSpecs,
    settings: ServerConnection.ISettings | null,
    status: IConnectionStatus | null
  ) =>
    orStock(
      getHost(specs, settings, status).then(host => host.kernelSpecManager()),
      () => new KernelSpecManager({ serverSettings: settings ?? undefined, standby: standby(status) })
    )
};

const sessionManager: ServiceManagerPlugin<ISessionManagerType> = {
  id: 'jupyterlab-loupe:session-manager',
  description: 'Manages sessions of the browser and of the server.',
  autoStart: true,
  provides: ISessionManager,
  requires: [IKernelManager, IKernelSpecs],
  optional: common,
  activate: (
    _: null,
    kernelManager: IKernelManagerType,
    specs: IKernelSpecs,
    settings: ServerConnection.ISettings | null,
    status: IConnectionStatus | null
  ) =>
    orStock(
      getHost(specs, settings, status).then(host => host.sessionManager(kernelManager)),
      () => new SessionManager({ kernelManager, serverSettings: settings ?? undefined, standby: standby(status) })
    )
};

type IKernelManagerType = import('@jupyterlab/services').Kernel.IManager;
type IKernelSpecManagerType = import('@jupyterlab/services').KernelSpec.IManager;
type ISessionManagerType = import('@jupyterlab/services').Session.IManager;

export const hostPlugins = [kernelSpecs, kernelClient, kernelManager, kernelSpecManager, sessionManager];
