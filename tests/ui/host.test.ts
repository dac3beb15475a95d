/** The browser's host in a real worker: engines, ranged and synchronous reading, the private file system. */
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import esbuild from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { BROWSER_FLAGS, ROOT, WEBGPU_FLAGS } from './lab';

const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm'
};
let folder: string;
let server: Server;
let browser: Browser;
let url: string;

/** Static files with ranges: `/ort/` of the engine, `/models/` of the fixtures; `/isolated/` is an isolated page. */
function serve(): Server {
  return createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    const isolated = path.startsWith('/isolated/');
    if (isolated) {
      response.setHeader('Document-Isolation-Policy', 'isolate-and-credentialless');
    }
    if (path.endsWith('/page.html')) {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>host</title>');
      return;
    }
    const file = path.startsWith('/ort/')
      ? join(ROOT, 'node_modules/onnxruntime-web/dist', path.slice(5))
      : path.startsWith('/models/fixtures/')
        ? join(ROOT, 'tests/unit/kernel/checkpoint/fixtures', path.slice(17))
        : join(folder, path.replace('/isolated', ''));
    let size: number;
    try {
      size = statSync(file).size;
    } catch {
      response.writeHead(404).end();
      return;
    }
    const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const begin = match ? Number(match[1]) : 0;
    const end = match ? Math.min(size - 1, Number(match[2])) : size - 1;
    response.writeHead(match ? 206 : 200, {
      'Content-Type': types[extname(file)] ?? 'application/octet-stream',
      'Content-Length': end - begin + 1,
      ...(match ? { 'Content-Range': `bytes ${begin}-${end}/${size}` } : {}),
      ETag: `"${size}"`
    });
    createReadStream(file, { start: begin, end }).pipe(response);
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-host-'));
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ['tests/ui/host-worker.ts'],
    bundle: true,
    format: 'esm',
    splitting: true,
    outdir: folder,
    // As scripts/build.mjs does.
    external: ['node:*', 'fs', 'path', 'url', 'os', 'crypto', 'worker_threads', 'module', 'perf_hooks'],
    alias: { '@huggingface/hub': './node_modules/@huggingface/hub/dist/browser/index.mjs' },
    logLevel: 'error'
  });
  server = serve();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await chromium.launch({
    executablePath: process.env['LOUPE_CHROMIUM'] ?? '/usr/bin/chromium',
    args: [...BROWSER_FLAGS, ...WEBGPU_FLAGS],
    ignoreDefaultArgs: ['--disable-gpu']
  });
});
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a check in a worker of a fresh page. */
async function run<T>(check: string, argument = '', settings = {}, page = '/page.html'): Promise<T> {
  const tab: Page = await browser.newPage();
  try {
    await tab.goto(url + page);
    return (await tab.evaluate(
      async ([base, name, text, chosen, prefix]) => {
        const worker = new Worker(`${prefix}/host-worker.js`, { type: 'module' });
        const answer = await new Promise<{ value: unknown; error?: string }>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = event => reject(new Error(event.message));
          worker.postMessage({
            check: name,
            argument: text,
            options: { modelsUrl: `${base}/models/`, assetsUrl: `${base}/`, notebookPath: '', settings: chosen }
          });
        });
        worker.terminate();
        if (answer.error) {
          throw new Error(answer.error);
        }
        return answer.value;
      },
      [url, check, argument, settings, page.startsWith('/isolated') ? '/isolated' : ''] as const
    )) as T;
  } finally {
    await tab.close();
  }
}

// Column j of W is j, x is all 2 over 64 rows: y[j] = 128 j + 0.5
const expected = Array.from({ length: 32 }, (_, j) => 128 * j + 0.5);

describe('createBrowserHost() in a worker', () => {
  it('devices() begin with WebGPU where there is an adapter', async () => {
    expect(await run('devices')).toEqual(['webgpu', 'wasm']);
  });

  it.each([
    ['wasm', /^WASM, 1 thread$/],
    ['webgpu', /^WebGPU \(.+\)$/]
  ])('engine(%s) runs with weights made on demand, and passes on what they throw', async (device, description) => {
    const result = await run<{ description: string; values: number[]; log: string[]; failure: string }>(
      'engine',
      device
    );
    expect(result.values).toEqual(expected);
    expect(result.log.sort()).toEqual(['w/W', 'w/b']);
    expect(result.description).toMatch(description);
    expect(result.failure).toBe('the file went away');
  });

  it('engine(webgpu) says when its device is lost, and is made anew', async () => {
    expect(await run('lost')).toEqual({
      before: 5,
      reason: expect.stringMatching(/^the GPU device was lost \(destroyed\)/),
      failure: expect.stringMatching(/^Cannot run the model as its GPU device must be there: .*load the model again/),
      isNew: true,
      after: 5
    });
  });

  it('engine(wasm) has threads on an isolated page', async () => {
    const result = await run<{ description: string; values: number[] }>(
      'engine',
      'wasm',
      { threads: 2 },
      '/isolated/page.html'
    );
    expect(result.description).toBe('WASM, 2 threads');
    expect(result.values).toEqual(expected);
  });

  it('resolve() reads a GGUF by ranges, waiting and not, as Node does', async () => {
    const { createNodeHost } = await import('../../kernel/host/node');
    const { openCheckpoint } = await import('../../kernel/checkpoint/open');
    const { decode } = await import('../../kernel/checkpoint/decode');
    const path = join(ROOT, 'tests/unit/kernel/checkpoint/fixtures/gpt2.gguf');
    const checkpoint = await openCheckpoint(await createNodeHost().resolve(path));
    const sum = checkpoint.names
      .map(name => decode(checkpoint.readSync!(name)).reduce((a, b) => a + Math.abs(b), 0))
      .reduce((a, b) => a + b, 0);
    expect(await run('read', 'fixtures/gpt2.gguf')).toEqual({ names: checkpoint.names.length, sum });
  });

  it('resolve() says where it looked', async () => {
    expect(await run('missing', 'org/absent')).toMatch(
      /Cannot find model "org\/absent".*org\/absent.*local_files_only is set/s
    );
  });

  it('keeps files in the private file system, and goes on with unfinished ones', async () => {
    expect(await run('cache')).toEqual({
      unfinished: true,
      resumedAt: 200,
      bytes: [1, 1, 2, 2, 3],
      keys: ['b'],
      refused: 'Cannot keep a file of 1001 bytes as the cache may hold at most 1000 bytes',
      freed: 500,
      left: []
    });
  });
});
