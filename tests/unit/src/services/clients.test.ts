import { ServerConnection, type Session } from '@jupyterlab/services';
import { LiteKernelClient } from '@jupyterlite/services';
import { Signal } from '@lumino/signaling';
import { RoutedKernelClient, RoutedKernelSpecClient } from '../../../../src/services/kernelapi';
import { RoutedSessionClient } from '../../../../src/services/sessionapi';
import { routedWebSocket } from '../../../../src/services/websocket';

interface Kernel {
  id: string;
  name: string;
}

/** A server that keeps kernels and sessions; `isLost` makes every request fail. */
class FakeServer {
  kernels: Kernel[] = [{ id: 'r1', name: 'python3' }];
  sessions: Session.IModel[] = [session('rs1', 'a.ipynb', this.kernels[0]!)];
  requests: string[] = [];
  isLost = false;

  readonly settings = ServerConnection.makeSettings({
    baseUrl: 'http://server/',
    wsUrl: 'ws://server/',
    fetch: async (request: RequestInfo | URL, init?: RequestInit) => {
      const { method, url } = request instanceof Request ? request : new Request(request, init);
      const path = new URL(url).pathname;
      this.requests.push(`${method} ${path}`);
      if (this.isLost) {
        throw new TypeError('network');
      }
      const body = request instanceof Request && method !== 'GET' ? await request.text() : '';
      const [status, answer] = this._answer(method, path, body ? JSON.parse(body) : {});
      return new Response(status === 204 ? null : JSON.stringify(answer), { status });
    }
  } as never);

  private _answer(method: string, path: string, body: any): [number, unknown] {
    const id = path.split('/')[3];
    if (path.startsWith('/api/kernelspecs')) {
      const python3 = {
        name: 'python3',
        spec: { language: 'python', argv: [], display_name: 'Python' },
        resources: {}
      };
      return [200, { default: 'python3', kernelspecs: { python3 } }];
    }
    if (path.startsWith('/api/kernels')) {
      return method === 'POST' ? [201, { id: 'r2', name: body.name }] : [200, this.kernels];
    }
    switch (method) {
      case 'GET':
        return [200, id ? this.sessions.find(s => s.id === id) : this.sessions];
      case 'POST': {
        const made = session(`rs${this.sessions.length + 2}`, body.path, { id: 'r9', name: body.kernel.name });
        this.sessions.push(made);
        return [201, made];
      }
      case 'DELETE':
        this.sessions = this.sessions.filter(s => s.id !== id);
        return [204, null];
      default: {
        const patched = { ...this.sessions.find(s => s.id === id)!, ...(body.path ? { path: body.path } : {}) };
        return [200, patched];
      }
    }
  }
}

function session(id: string, path: string, kernel: Kernel): Session.IModel {
  return { id, path, name: path, type: 'notebook', kernel } as Session.IModel;
}

/** The page's kernels, as LiteKernelClient and LiteSessionClient keep them. */
class FakePage {
  kernels: Kernel[] = [];
  sessions: Session.IModel[] = [];
  calls: string[] = [];
  changed = new Signal<this, any>(this);
  specs = {
    factories: new Map([['loupe', async () => undefined]]),
    specs: { default: 'loupe', kernelspecs: { loupe: { name: 'loupe' } } }
  };

  kernelClient = {
    changed: this.changed,
    isRestarting: () => false,
    listRunning: async () => this.kernels,
    startNew: async ({ id, name }: Kernel) => {
      this.calls.push(`start ${name}`);
      this.kernels.push({ id, name });
      this.changed.emit({ type: 'add', key: id, newValue: { id, name } });
      return { id, name };
    },
    restart: async (id: string) => void this.calls.push(`restart ${id}`),
    interrupt: async (id: string) => void this.calls.push(`interrupt ${id}`),
    shutdown: async (id: string) => void this.calls.push(`shutdown ${id}`)
  };

  sessionClient = {
    listRunning: async () => this.sessions,
    getModel: async (id: string) => this.sessions.find(s => s.id === id)!,
    startNew: async ({ path, kernel }: any) => {
      const made = session(`ls${this.sessions.length + 1}`, path, { id: 'l1', name: kernel.name });
      this.sessions.push(made);
      return made;
    },
    update: async (update: any) => ({ ...this.sessions.find(s => s.id === update.id)!, path: update.path }),
    shutdown: async (id: string) => {
      this.sessions = this.sessions.filter(s => s.id !== id);
    }
  };
}

const make = () => {
  const server = new FakeServer();
  const page = new FakePage();
  const kernels = new RoutedKernelClient(page.specs as never, page.kernelClient as never, server.settings);
  const sessions = new RoutedSessionClient(
    page.specs as never,
    page.sessionClient as never,
    id => kernels.isLocal(id),
    server.settings
  );
  return { server, page, kernels, sessions, specs: new RoutedKernelSpecClient(page.specs as never, server.settings) };
};

describe('RoutedKernelClient', () => {
  it('startNew() starts our kernels in the page and others on the server', async () => {
    const { page, server, kernels } = make();
    const { id } = await kernels.startNew({ name: 'loupe' });
    expect(kernels.isLocal(id)).toBe(true);
    expect(server.requests).toEqual([]);
    expect((await kernels.startNew({ name: 'python3' })).id).toBe('r2');
    expect(kernels.isLocal('r2')).toBe(false);
    expect(page.calls).toEqual(['start loupe']);
  });

  it('restart(), interrupt() and shutdown() reach the side that has the kernel', async () => {
    const { page, server, kernels } = make();
    const { id } = await kernels.startNew({ name: 'loupe' });
    await kernels.interrupt(id);
    await kernels.restart(id);
    await kernels.shutdown(id);
    expect(page.calls.slice(1)).toEqual([`interrupt ${id}`, `restart ${id}`, `shutdown ${id}`]);
    await kernels.interrupt('r1').catch(() => undefined); // the fake server answers 200, not 204
    expect(server.requests).toEqual(['POST /api/kernels/r1/interrupt']);
  });

  it('listRunning() lists both sides, and keeps both when the server is lost', async () => {
    const { server, kernels } = make();
    const { id } = await kernels.startNew({ name: 'loupe' });
    const ids = (await kernels.listRunning()).map(kernel => kernel.id);
    expect(ids).toEqual(['r1', id]);
    server.isLost = true;
    expect((await kernels.listRunning()).map(kernel => kernel.id)).toEqual(ids);
  });

  it('listRunning() reports a lost server when the page has no kernel', async () => {
    const { server, kernels } = make();
    server.isLost = true;
    await expect(kernels.listRunning()).rejects.toThrow();
  });

  it('a kernel that ended is not local any more', async () => {
    const { page, kernels } = make();
    const { id } = await kernels.startNew({ name: 'loupe' });
    page.changed.emit({ type: 'remove', key: id, oldValue: { id } });
    expect(kernels.isLocal(id)).toBe(false);
  });
});

describe('RoutedKernelSpecClient', () => {
  it('get() lists both sides and keeps the server default', async () => {
    const { specs } = make();
    const { kernelspecs, default: name } = await specs.get();
    expect(Object.keys(kernelspecs)).toEqual(['python3', 'loupe']);
    expect(name).toBe('python3');
  });

  it('get() lists ours when the server is lost', async () => {
    const { server, specs } = make();
    server.isLost = true;
    expect(await specs.get()).toMatchObject({ default: 'loupe', kernelspecs: { loupe: { name: 'loupe' } } });
  });
});

describe('RoutedSessionClient', () => {
  it('startNew() routes by the kernel name', async () => {
    const { server, page, sessions } = make();
    await sessions.startNew({ path: 'b.ipynb', name: 'b', type: 'notebook', kernel: { name: 'loupe' } });
    await sessions.startNew({ path: 'c.ipynb', name: 'c', type: 'notebook', kernel: { name: 'python3' } });
    expect(page.sessions.map(s => s.path)).toEqual(['b.ipynb']);
    expect(server.sessions.map(s => s.path)).toEqual(['a.ipynb', 'c.ipynb']);
    expect((await sessions.listRunning()).map(s => s.path)).toEqual(['a.ipynb', 'c.ipynb', 'b.ipynb']);
  });

  it('update() renames where the session is', async () => {
    const { sessions } = make();
    const { id } = await sessions.startNew({ path: 'b.ipynb', name: 'b', type: 'notebook', kernel: { name: 'loupe' } });
    expect((await sessions.update({ id, path: 'd.ipynb' })).path).toBe('d.ipynb');
    expect((await sessions.update({ id: 'rs1', path: 'e.ipynb' })).path).toBe('e.ipynb');
  });

  it('update() moves a session between the sides under the id JupyterLab knows', async () => {
    const { server, page, sessions } = make();
    const moved = await sessions.update({ id: 'rs1', kernel: { name: 'loupe' } } as never);
    expect(moved).toMatchObject({ id: 'rs1', path: 'a.ipynb', kernel: { name: 'loupe' } });
    expect(server.sessions).toEqual([]);
    expect(page.sessions).toHaveLength(1);
    expect((await sessions.listRunning()).map(s => s.id)).toEqual(['rs1']);
    expect((await sessions.getModel('rs1')).kernel!.name).toBe('loupe');

    const back = await sessions.update({ id: 'rs1', kernel: { name: 'python3' } } as never);
    expect(back).toMatchObject({ id: 'rs1', kernel: { name: 'python3' } });
    expect(page.sessions).toEqual([]);
    await sessions.shutdown('rs1');
    expect(await sessions.listRunning()).toEqual([]);
  });

  it('listRunning() keeps both sides when the server is lost', async () => {
    const { server, sessions } = make();
    await sessions.startNew({ path: 'b.ipynb', name: 'b', type: 'notebook', kernel: { name: 'loupe' } });
    await sessions.listRunning();
    server.isLost = true;
    expect((await sessions.listRunning()).map(s => s.path)).toEqual(['a.ipynb', 'b.ipynb']);
  });
});

describe('routedWebSocket()', () => {
  class Remote {
    static CONNECTING = 0;
    static OPEN = 1;
    static CLOSING = 2;
    static CLOSED = 3;
    constructor(readonly url: string) {}
  }

  it('opens server kernels with the given constructor and keeps its constants', () => {
    const Routed = routedWebSocket(() => false, Remote as never) as any;
    expect(new Routed('ws://server/api/kernels/r1/channels')).toBeInstanceOf(Remote);
    expect([Routed.CONNECTING, Routed.OPEN, Routed.CLOSING, Routed.CLOSED]).toEqual([0, 1, 2, 3]);
  });

  it('opens kernels of the page elsewhere, whatever else is in the address', () => {
    const asked: string[] = [];
    const Routed = routedWebSocket(id => (asked.push(id), id === 'my id'), Remote as never) as any;
    (LiteKernelClient as { WS_BASE_URL: string }).WS_BASE_URL = 'ws://page/'; // a page's own is made of its address
    const local = new Routed('ws://other:1/base/api/kernels/my%20id/channels?session_id=s');
    expect(local).not.toBeInstanceOf(Remote);
    expect(local.url).toBe('ws://page/api/kernels/my%20id/channels?session_id=s');
    expect(new Routed('ws://server/terminals/websocket/1')).toBeInstanceOf(Remote);
    expect(asked).toEqual(['my id']);
  });
});
