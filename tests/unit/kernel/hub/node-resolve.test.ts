import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeHost } from '../../../../kernel/host/node';
import type { Host } from '../../../../kernel/host/host';
import { fakeHub } from './fake-hub';
import { startServer, type TestServer } from './test-server';

let root: string;
const commit = 'a'.repeat(40);

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'loupe-places-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text = path): void {
  mkdirSync(join(root, path, '..'), { recursive: true });
  writeFileSync(join(root, path), text);
}

function host(env: Record<string, string> = {}): Host {
  return createNodeHost({
    cwd: join(root, 'notes'),
    env: {
      LOUPE_MODEL_DIRS: join(root, 'm1') + ':' + join(root, 'm2'),
      HF_HOME: join(root, 'hf'),
      LOUPE_HOME: join(root, 'home'),
      HF_HUB_OFFLINE: '1',
      ...env
    }
  });
}

async function text(
  folder: {
    open(file: string): Promise<{ size: number; read(b: number, e: number): Promise<Uint8Array> } | undefined>;
  },
  file: string
): Promise<string> {
  const source = (await folder.open(file))!;
  return new TextDecoder().decode(await source.read(0, source.size));
}

describe('createNodeHost().resolve()', () => {
  it('looks next to the notebook, in the model folders in order, and where pull stores models', async () => {
    put('notes/a/config.json');
    put('m1/a/config.json');
    put('m2/b/config.json');
    put('home/models/c/config.json');
    expect(await text(await host().resolve('a'), 'config.json')).toBe('notes/a/config.json');
    expect(await text(await host().resolve('b'), 'config.json')).toBe('m2/b/config.json');
    expect(await text(await host().resolve('c'), 'config.json')).toBe('home/models/c/config.json');
    expect(await text(await host().resolve('../m1/a'), 'config.json')).toBe('m1/a/config.json');
    expect(await text(await host().resolve(join(root, 'm1/a')), 'config.json')).toBe('m1/a/config.json');
    expect(await text(await host().resolve(root, { subfolder: 'm1/a' }), 'config.json')).toBe('m1/a/config.json');
  });

  it('takes GGUF files by name', async () => {
    put('m2/dir/f.gguf');
    put('notes/g.gguf');
    expect(await host().resolve('dir/f.gguf')).toMatchObject({ name: join(root, 'm2/dir'), gguf: 'f.gguf' });
    expect((await host().resolve('g.gguf')).gguf).toBe('g.gguf');
    await expect(host().resolve('dir/absent.gguf')).rejects.toThrow(/m2\/dir\/absent\.gguf/);
  });

  it('finds repositories in the Hugging Face cache by branch, tag and commit', async () => {
    const repo = 'hf/hub/models--org--name';
    put(`${repo}/blobs/b1`, 'content');
    put(`${repo}/refs/main`, commit);
    put(`${repo}/refs/refs/pr/1`, commit);
    mkdirSync(join(root, repo, 'snapshots', commit), { recursive: true });
    symlinkSync('../../blobs/b1', join(root, repo, 'snapshots', commit, 'config.json'));
    for (const revision of [undefined, 'refs/pr/1', commit]) {
      const folder = await host().resolve('org/name', revision ? { revision } : {});
      expect(await text(folder, 'config.json')).toBe('content');
      expect(await folder.list()).toEqual(['config.json']);
    }
    await expect(host().resolve('org/name', { revision: 'dev' })).rejects.toThrow(
      /models--org--name \(the Hugging Face cache\)/
    );
    await expect(host().resolve('org/name', { revision: '../x' })).rejects.toThrow(/must be a branch, tag or commit/);
    const other = await host().resolve('org/name', { cache_dir: join(root, 'hf/hub') });
    expect(await text(other, 'config.json')).toBe('content');
  });

  it('says where it looked and why nothing is downloaded', async () => {
    await expect(host().resolve('org/none')).rejects.toThrow(
      /notes\/org\/none\n.*m1\/org\/none\n.*m2\/org\/none\n.*HF_HUB_OFFLINE is set/s
    );
    await expect(host({ HF_HUB_OFFLINE: '' }).resolve('org/none', { local_files_only: true })).rejects.toThrow(
      /nothing is downloaded as local_files_only is set/
    );
    await expect(host().resolve('./none')).rejects.not.toThrow(/Hugging Face cache/);
  });
});

describe('createNodeHost().resolve() with a hub', () => {
  let server: TestServer;
  const weights = Uint8Array.from({ length: 40_000 }, (_, i) => i % 253);
  beforeEach(async () => {
    server = await startServer();
  });
  afterEach(() => server.close());
  const online = (): Host => host({ HF_HUB_OFFLINE: '', HF_ENDPOINT: server.url });
  const repo = (): string => join(root, 'hf/hub/models--org--name');

  it("downloads what is opened into Python's cache layout, and serves it offline", async () => {
    const hub = fakeHub(server, 'org/name', {
      'config.json': new TextEncoder().encode('{}'),
      'model.safetensors': weights
    });
    const events: string[] = [];
    const folder = await online().resolve('org/name', {
      progress_callback: e => events.push(`${e.phase} ${e.loaded}/${e.total}`)
    });
    expect((await folder.list())!.sort()).toEqual(['config.json', 'model.safetensors']);
    expect(await text(folder, 'config.json')).toBe('{}');
    expect(readdirSync(join(repo(), 'blobs'))).toHaveLength(1);
    await folder.open('model.safetensors');
    expect(events).toContain('download 0/40000');
    expect(events.at(-1)).toBe('download 40000/40000');
    expect(readFileSync(join(repo(), 'refs/main'), 'utf8')).toBe(hub.commit);
    const link = join(repo(), 'snapshots', hub.commit, 'model.safetensors');
    expect(readlinkSync(link)).toMatch(/^\.\.\/\.\.\/blobs\/[0-9a-f]{64}$/);
    expect(new Uint8Array(readFileSync(link))).toEqual(weights);
    expect(await text(await host().resolve('org/name'), 'config.json')).toBe('{}');
    // The hub is gone: what is there is served.
    await server.close();
    expect(await text(await online().resolve('org/name'), 'config.json')).toBe('{}');
    server = await startServer();
  });

  it('sends the token given, or the one that was stored by logging in', async () => {
    fakeHub(server, 'org/name', { 'config.json': new TextEncoder().encode('{}') });
    const answer = server.handle!;
    const tokens: unknown[] = [];
    server.handle = (request, response) => {
      tokens.push(request.headers.authorization);
      return answer(request, response);
    };
    await online().resolve('org/name');
    put('hf/token', 'hf_stored\n');
    await online().resolve('org/name');
    await online().resolve('org/name', { token: 'hf_given' });
    expect([...new Set(tokens)]).toEqual([undefined, 'Bearer hf_stored', 'Bearer hf_given']);
  });

  it('goes on with a download that broke off', async () => {
    const hub = fakeHub(server, 'org/name', { 'model.safetensors': weights });
    const folder = await online().resolve('org/name');
    hub.breakAfter = 10_000;
    await expect(folder.open('model.safetensors')).rejects.toThrow();
    hub.breakAfter = undefined;
    const source = (await folder.open('model.safetensors'))!;
    expect(await source.read(0, source.size)).toEqual(weights);
    expect(server.log.at(-1)).toMatch(/bytes=10000-/);
  });

  it('refuses a download whose hash is wrong', async () => {
    const hub = fakeHub(server, 'org/name', { 'model.safetensors': weights, 'config.json': new Uint8Array(3) });
    hub.corrupt = true;
    const folder = await online().resolve('org/name');
    await expect(folder.open('model.safetensors')).rejects.toThrow(/its hash must be/);
    await expect(folder.open('config.json')).rejects.toThrow(/its hash must be/);
    expect(readdirSync(join(repo(), 'blobs'))).toEqual([]);
  });

  it('says what to do without a network', async () => {
    await server.close();
    await expect(online().resolve('org/name')).rejects.toThrow(
      /Cannot find model "org\/name".*Without a network, .*hf download org\/name/s
    );
    server = await startServer();
  });
});
