import {
  type Kernel,
  KernelManager,
  type KernelSpec,
  KernelSpecManager,
  type ServerConnection,
  type Session,
  SessionManager
} from '@jupyterlab/services';
import { type IKernelSpecs, LiteSessionClient } from '@jupyterlite/services';
import { RoutedKernelClient, RoutedKernelSpecClient } from './kernelapi';
import { LoupeKernelClient } from './kernelclient';
import { RoutedSessionClient } from './sessionapi';
import { routedWebSocket } from './websocket';

type Standby = () => boolean | 'when-hidden';

/**
 * JupyterLab's own managers over clients that route: in-browser kernels to the page, others to the server. Polling,
 * readiness and reconnection stay the stock code's.
 */
export class Host {
  constructor(specs: IKernelSpecs, serverSettings: ServerConnection.ISettings, standby: Standby) {
    this._specs = specs;
    this._serverSettings = serverSettings;
    this._standby = standby;
    this.kernelClient = new LoupeKernelClient({ kernelSpecs: specs, serverSettings });
    this._routedKernels = new RoutedKernelClient(specs, this.kernelClient, serverSettings);
    this._routedSpecs = new RoutedKernelSpecClient(specs, serverSettings);
  }

  /** The client of this page's kernels. */
  readonly kernelClient: LoupeKernelClient;

  kernelManager(): Kernel.IManager {
    const isLocal = (id: string): boolean => this._routedKernels.isLocal(id);
    return new KernelManager({
      serverSettings: {
        ...this._serverSettings,
        WebSocket: routedWebSocket(isLocal, this._serverSettings.WebSocket)
      },
      kernelAPIClient: this._routedKernels,
      kernelSpecAPIClient: this._routedSpecs,
      standby: this._standby
    });
  }

  kernelSpecManager(): KernelSpec.IManager {
    const manager = new KernelSpecManager({
      serverSettings: this._serverSettings,
      kernelSpecAPIClient: this._routedSpecs,
      standby: this._standby
    });
    this._specs.changed.connect(() => void manager.refreshSpecs());
    return manager;
  }

  sessionManager(kernelManager: Kernel.IManager): Session.IManager {
    const local = new LiteSessionClient({ kernelClient: this.kernelClient, serverSettings: this._serverSettings });
    const isLocal = (id: string): boolean => this._routedKernels.isLocal(id);
    return new SessionManager({
      serverSettings: this._serverSettings,
      kernelManager,
      sessionAPIClient: new RoutedSessionClient(this._specs, local, isLocal, this._serverSettings),
      standby: this._standby
    });
  }

  private _specs: IKernelSpecs;
  private _serverSettings: ServerConnection.ISettings;
  private _standby: Standby;
  private _routedKernels: RoutedKernelClient;
  private _routedSpecs: RoutedKernelSpecClient;
}
