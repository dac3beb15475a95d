import { type Kernel, type ServerConnection, type Session, SessionAPI } from '@jupyterlab/services';
import type { IKernelSpecs, LiteSessionClient } from '@jupyterlite/services';

type Update = Parameters<Session.ISessionAPIClient['update']>[0];

/**
 * Sends requests about sessions with in-browser kernels to the page and all others to the server.
 *
 * Changing a notebook's kernel from one side to the other ends its session there and starts one here. JupyterLab keeps
 * using the session id it knows, so such a session is shown under its first id.
 */
export class RoutedSessionClient implements Session.ISessionAPIClient {
  constructor(
    specs: IKernelSpecs,
    local: LiteSessionClient,
    isLocalKernel: (id: string) => boolean,
    serverSettings: ServerConnection.ISettings
  ) {
    this._specs = specs;
    this._local = local;
    this._remote = new SessionAPI.SessionAPIClient({ serverSettings });
    this._isLocalKernel = isLocalKernel;
    this.serverSettings = serverSettings;
  }

  readonly serverSettings: ServerConnection.ISettings;

  async listRunning(): Promise<Session.IModel[]> {
    const local = await this._local.listRunning();
    try {
      this._lastRemote = await this._remote.listRunning();
    } catch (error) {
      // A lost server must not end the sessions that do not need it.
      if (local.length === 0) {
        throw error;
      }
    }
    return [...this._lastRemote, ...local].map(model => this._shown(model));
  }

  async getModel(id: string): Promise<Session.IModel> {
    const client = await this._route(id);
    return this._shown(await client.getModel(this._actual(id)));
  }

  async startNew(options: Session.ISessionOptions): Promise<Session.IModel> {
    return this._clientFor(options.kernel).startNew(options);
  }

  async shutdown(id: string): Promise<void> {
    const client = await this._route(id);
    await client.shutdown(this._actual(id));
    this._moved.delete(id);
  }

  async update(update: Update): Promise<Session.IModel> {
    const { id, kernel } = update;
    const from = await this._route(id);
    const actual = this._actual(id);
    const to = kernel?.id || kernel?.name ? this._clientFor(kernel) : from;
    if (to === from) {
      return this._shown(await from.update({ ...update, id: actual }));
    }
    const old = await from.getModel(actual);
    const started = await to.startNew({
      path: update.path ?? old.path,
      name: update.name ?? old.name,
      type: update.type ?? old.type,
      kernel
    } as Session.ISessionOptions);
    this._moved.set(id, started.id);
    await from.shutdown(actual).catch(() => undefined); // its kernel may have died already
    return this._shown(started);
  }

  private _clientFor(kernel: Session.ISessionOptions['kernel']): LiteSessionClient | SessionAPI.SessionAPIClient {
    const { id, name } = (kernel ?? {}) as Partial<Kernel.IModel>;
    const isLocal = id ? this._isLocalKernel(id) : !!name && this._specs.factories.has(name);
    return isLocal ? this._local : this._remote;
  }

  private async _route(id: string): Promise<LiteSessionClient | SessionAPI.SessionAPIClient> {
    const actual = this._actual(id);
    const local = await this._local.listRunning();
    return local.some(model => model.id === actual) ? this._local : this._remote;
  }

  private _actual(id: string): string {
    return this._moved.get(id) ?? id;
  }

  private _shown(model: Session.IModel): Session.IModel {
    for (const [shown, actual] of this._moved) {
      if (actual === model.id) {
        return { ...model, id: shown };
      }
    }
    return model;
  }

  private _specs: IKernelSpecs;
  private _local: LiteSessionClient;
  private _remote: SessionAPI.SessionAPIClient;
  private _isLocalKernel: (id: string) => boolean;
  private _lastRemote: Session.IModel[] = [];
  private _moved = new Map<string, string>();
}
