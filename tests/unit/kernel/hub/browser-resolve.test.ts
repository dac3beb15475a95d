import type { FileCache, ResolveOptions } from '../../../../kernel/host/host';
import { browserResolver, type BrowserPlaces } from '../../../../kernel/hub/browser-resolve';
import { folderOfFiles } from '../../../../kernel/hub/picked-folder';
import { MemoryCache } from './memory-cache';
import { fakeHub } from './fake-hub';
import { startServer, type TestServer } from './test-server';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
let server: TestServer;
let cache: FileCache;

beforeEach(async () => {
  server = await startServer();
  cache = new MemoryCache();
});
afterEach(() => server.close());

function resolver(
  over: Partial<BrowserPlaces> = {}
): (m: string, o?: ResolveOptions) => ReturnType<ReturnType<typeof browserResolver>> {
  return browserResolver({
    site: { modelsUrl: `${server.url}/base/loupe/models/`, headers: {}, waits: [1] },
    notebookPath: 'notes',
    cache: () => Promise.resolve(cache),
    mounted: new Map(),
    downloads: false,
    endpoint: server.url,
    ...over
  });
}

/** Makes the server answer as the extension does. */
function withExtension(folders: Record<string, string[]>): void {
  server.handle = (request, response) => {
    const url = new URL(request.url!, server.url);
    if (url.pathname !== '/base/loupe/api/files') {
      return false;
    }
    const path = url.searchParams.get('path')!;
    const json = (status: number, body: unknown): true => {
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      return true;
    };
    if (path.startsWith('/etc')) {
      return json(403, { message: `Cannot read ${path} as it is outside the model folders` });
    }
    const names = Object.hasOwn(folders, path) ? folders[path] : undefined;
    return names
      ? json(200, { folder: path, path: `/root/${path}`, files: names.map(name => ({ name, size: 1 })) })
      : json(404, { message: 'Cannot find a model' });
  };
}

describe('browserResolver() with the server extension', () => {
  it('finds a folder next to the notebook first, then in the root', async () => {
    withExtension({ 'notes/a': ['config.json'], a: ['other.json'], b: ['config.json', 'sub/x.json'] });
    server.files.set('/base/loupe/models/notes/a/config.json', { body: encode('near') });
    const near = await resolver()('a');
    const source = (await near.open('config.json'))!;
    expect(new TextDecoder().decode(await source.read(0, source.size))).toBe('near');
    expect(await near.list()).toEqual(['config.json']);
    expect((await resolver()('b')).name).toBe('b');
    expect(await (await resolver()('b')).list()).toEqual(['config.json']);
    expect((await resolver()('../b')).name).toBe('b');
    await expect(resolver()('../../b')).rejects.toThrow(/one of these must exist/);
  });

  it('does not ask for files the listing lacks', async () => {
    withExtension({ a: ['config.json'] });
    const folder = await resolver()('a');
    const before = server.log.length;
    expect(await folder.open('generation_config.json')).toBeUndefined();
    expect(server.log).toHaveLength(before);
  });

  it('takes a GGUF file by its name, subfolders, revisions and absolute paths', async () => {
    withExtension({ dir: ['f.gguf'], 'a/sub': ['config.json'], '/data/m': ['config.json'], 'o/r': ['config.json'] });
    expect(await resolver()('dir/f.gguf')).toMatchObject({ name: 'dir', gguf: 'f.gguf' });
    await expect(resolver()('dir/g.gguf')).rejects.toThrow(/dir\/g\.gguf/);
    expect((await resolver()('a', { subfolder: 'sub' })).name).toBe('a/sub');
    server.files.set('/base/loupe/models//data/m/config.json', { body: encode('abs') });
    expect((await (await resolver()('/data/m')).open('config.json'))!.size).toBe(3);
    expect(server.log.at(-1)).toMatch(/^GET \/base\/loupe\/models\/%2Fdata\/m\/config\.json/);
    await (await resolver()('o/r', { revision: 'v 1' })).open('config.json');
    expect(server.log.at(-1)).toMatch(/^GET \/base\/loupe\/models\/o\/r\/config\.json\?revision=v%201/);
  });

  it('passes on why the server refuses', async () => {
    withExtension({});
    await expect(resolver()('/etc')).rejects.toThrow(
      'Cannot list model folder "/etc" as the server must allow it: Cannot read /etc as it is outside the model folders'
    );
  });

  it('says where it looked and what to put where', async () => {
    withExtension({});
    await expect(resolver()('org/name', { local_files_only: true })).rejects.toThrow(
      /Cannot find model "org\/name" as one of these must exist:\n  notes\/org\/name .*\n  org\/name .*\nPut config\.json.*local_files_only is set/s
    );
    await expect(resolver()('org/name')).rejects.toThrow(/the settings forbid it/);
    await expect(resolver()('')).rejects.toThrow(TypeError);
    await expect(resolver()('a', { cache_dir: '/tmp' })).rejects.toThrow(/Cannot use cache_dir/);
    await expect(resolver()('a', { subfolder: '../b' })).rejects.toThrow(/inside the model folder/);
  });
});

describe('browserResolver() on a static site', () => {
  it('lists a folder by its index.json', async () => {
    server.files.set('/base/loupe/models/m/index.json', { body: encode('["config.json","f.gguf"]') });
    expect(await (await resolver({ notebookPath: '' })('m')).list()).toEqual(['config.json', 'f.gguf']);
    expect(await resolver({ notebookPath: '' })('m')).not.toHaveProperty('gguf', 'f.gguf');
  });

  it('finds a folder without one by a file every model has', async () => {
    server.files.set('/base/loupe/models/m/config.json', { body: encode('{}') });
    const folder = await resolver()('m');
    expect(await folder.list()).toBeUndefined();
    expect(await folder.open('absent.json')).toBeUndefined();
    // Asked once, for all folders: there is no extension.
    expect(server.log.filter(line => line.includes('api/files'))).toHaveLength(1);
  });

  it('takes a GGUF file by its name', async () => {
    server.files.set('/base/loupe/models/m/f.gguf', { body: encode('GGUF') });
    expect(await resolver()('m/f.gguf')).toMatchObject({ gguf: 'f.gguf' });
    await expect(resolver()('m/g.gguf')).rejects.toThrow(/one of these must exist/);
  });
});

describe('browserResolver() beyond the site', () => {
  it('prefers what the user opened', async () => {
    const file = new File(['GGUF'], 'x.gguf');
    const mounted = new Map([['mine', folderOfFiles('mine', [file])]]);
    const folder = await resolver({ mounted })('mine');
    expect(folder.gguf).toBe('x.gguf');
    expect(await (await folder.open('x.gguf'))!.read(0, 2)).toEqual(encode('GG'));
    expect(server.log).toEqual([]);
  });

  it('downloads a repository into the cache, checked, and opens it from there when offline', async () => {
    const weights = Uint8Array.from({ length: 50_000 }, (_, i) => i);
    fakeHub(server, 'org/name', { 'config.json': encode('{"a":1}'), 'sub/model.safetensors': weights });
    const events: string[] = [];
    const options: ResolveOptions = {
      progress_callback: e => events.push(`${e.phase} ${e.name} ${e.loaded}/${e.total}`)
    };
    const folder = await resolver({ downloads: true, site: undefined })('org/name', options);
    expect(await folder.list()).toEqual(['config.json']);
    const config = (await folder.open('config.json'))!;
    expect(new TextDecoder().decode(await config.read(0, config.size))).toBe('{"a":1}');
    expect(await folder.open('absent.json')).toBeUndefined();
    const sub = await resolver({ downloads: true, site: undefined })('org/name', { ...options, subfolder: 'sub' });
    const model = (await sub.open('model.safetensors'))!;
    expect(await model.read(40_000, 40_004)).toEqual(weights.slice(40_000, 40_004));
    expect(events).toContain('download sub/model.safetensors 0/50000');
    expect(events).toContain('download sub/model.safetensors 50000/50000');

    const before = server.log.length;
    const offline = await resolver({ site: undefined })('org/name', { local_files_only: true });
    expect((await offline.open('config.json'))!.size).toBe(7);
    expect(server.log).toHaveLength(before);
  });

  it('goes on with a download that broke off', async () => {
    const weights = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);
    const hub = fakeHub(server, 'org/name', { 'model.safetensors': weights });
    const folder = await resolver({ downloads: true, site: undefined })('org/name');
    hub.breakAfter = 100_000;
    await expect(folder.open('model.safetensors')).rejects.toThrow();
    hub.breakAfter = undefined;
    const source = (await folder.open('model.safetensors'))!;
    expect(Buffer.compare(await source.read(0, source.size), weights)).toBe(0); // toEqual() takes seconds
    const ranges = server.log.filter(line => line.includes('/resolve/')).map(line => line.split(' ')[2]);
    expect(ranges.at(-1)).toMatch(/^bytes=[1-9]\d*-/);
  });

  it('refuses a download whose hash is wrong, and keeps nothing of it', async () => {
    const hub = fakeHub(server, 'org/name', { 'model.safetensors': new Uint8Array(20_000) });
    hub.corrupt = true;
    const folder = await resolver({ downloads: true, site: undefined })('org/name');
    await expect(folder.open('model.safetensors')).rejects.toThrow(/must have 20000 bytes of hash [0-9a-f]{64}/);
    expect((await cache.list()).map(file => file.key)).toEqual(['hub/org/name/refs/main']);
  });

  it('says why the hub could not give a model', async () => {
    await expect(resolver({ downloads: true, site: undefined })('org/absent')).rejects.toThrow(
      /Cannot find model "org\/absent".*the hub could not give it: /s
    );
  });
});
