import { type Kernel, KernelAPI, type KernelSpec, KernelSpecAPI, type ServerConnection } from '@jupyterlab/services';
import type { IKernelSpecs, LiteKernelClient } from '@jupyterlite/services';
import { UUID } from '@lumino/coreutils';

/** Sends requests about in-browser kernels to the page and all others to the server. */
export class RoutedKernelClient implements Kernel.IKernelAPIClient {
  constructor(specs: IKernelSpecs, local: LiteKernelClient, serverSettings: ServerConnection.ISettings) {
    this._specs = specs;
    this._local = local;
    this._remote = new KernelAPI.KernelAPIClient({ serverSettings });
    this.serverSettings = serverSettings;
    local.changed.connect((_, change) => {
      if (change.newValue) {
        this._ids.add(change.newValue.id);
      }
      if (change.type === 'remove' && !local.isRestarting(change.key)) {
        this._ids.delete(change.key);
      }
    });
  }

  readonly serverSettings: ServerConnection.ISettings;

  /** Whether an id belongs to a kernel of this page, restarting ones included. */
  isLocal(id: string): boolean {
    return this._ids.has(id);
  }

  async listRunning(): Promise<Kernel.IModel[]> {
    const local = await this._local.listRunning();
    try {
      this._lastRemote = await this._remote.listRunning();
    } catch (error) {
      // A lost server must not end the kernels that do not need it.
      if (local.length === 0) {
        throw error;
      }
    }
    return [...this._lastRemote, ...local];
  }

  async getModel(id: string): Promise<Kernel.IModel | undefined> {
    if (!this.isLocal(id)) {
      return this._remote.getModel(id);
    }
    return (await this._local.listRunning()).find(model => model.id === id);
  }

  async startNew(options: Partial<Pick<Kernel.IModel, 'name'>> = {}): Promise<Kernel.IModel> {
    const { name } = options;
    if (!name || !this._specs.factories.has(name)) {
      return this._remote.startNew(options);
    }
    return this._local.startNew({ id: UUID.uuid4(), name, location: '' });
  }

  async restart(id: string): Promise<void> {
    return this._route(id).restart(id);
  }

  async interrupt(id: string): Promise<void> {
    return this._route(id).interrupt(id);
  }

  async shutdown(id: string): Promise<void> {
    return this._route(id).shutdown(id);
  }

  private _route(id: string): LiteKernelClient | KernelAPI.KernelAPIClient {
    return this.isLocal(id) ? this._local : this._remote;
  }

  private _specs: IKernelSpecs;
  private _local: LiteKernelClient;
  private _remote: KernelAPI.KernelAPIClient;
  private _ids = new Set<string>();
  private _lastRemote: Kernel.IModel[] = [];
}

/** Lists the server's kernelspecs together with the page's. */
export class RoutedKernelSpecClient implements KernelSpec.IKernelSpecAPIClient {
  constructor(specs: IKernelSpecs, serverSettings: ServerConnection.ISettings) {
    this._specs = specs;
    this._remote = new KernelSpecAPI.KernelSpecAPIClient({ serverSettings });
    this.serverSettings = serverSettings;
  }

  readonly serverSettings: ServerConnection.ISettings;

  async get(): Promise<KernelSpec.ISpecModels> {
    const local = this._specs.specs;
    let remote: KernelSpec.ISpecModels | null = null;
    try {
      remote = await this._remote.get();
    } catch (error) {
      if (!local) {
        throw error;
      }
    }
    return {
      default: remote?.default || local?.default || '',
      kernelspecs: { ...remote?.kernelspecs, ...local?.kernelspecs }
    };
  }

  private _specs: IKernelSpecs;
  private _remote: KernelSpecAPI.KernelSpecAPIClient;
}
