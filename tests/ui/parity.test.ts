/**
 * Models in Chromium against Python: on WebGPU, where keys and values stay on the device between steps as nowhere in
 * Node, and on WASM. The software GPU is slow; every family runs on it in Node (tests/parity/family-webgpu.test.ts).
 */
import { createReadStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import esbuild from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { BROWSER_FLAGS, ROOT, WEBGPU_FLAGS } from './lab';
import type { ParityAnswer, ParityRequest } from './parity-worker';

const TYPES: Record<string, string> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm'
};
let folder: string;
let server: Server;
let browser: Browser;
let base: string;

/** Files with ranges: `/ort/` of the engine, `/models/` of the fixtures, else the built worker. */
function serve(): Server {
  return createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    if (path === '/page.html') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>parity</title>');
      return;
    }
    const file = path.startsWith('/ort/')
      ? join(ROOT, 'node_modules/onnxruntime-web/dist', path.slice(5))
      : path.startsWith('/models/')
        ? join(ROOT, 'tests/parity/fixtures', path.slice(8))
        : join(folder, path);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const begin = range ? Number(range[1]) : 0;
    const end = range ? Math.min(size - 1, Number(range[2])) : size - 1;
    response.writeHead(range ? 206 : 200, {
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Length': end - begin + 1,
      ...(range ? { 'Content-Range': `bytes ${begin}-${end}/${size}` } : {}),
      ETag: `"${size}"`
    });
    createReadStream(file, { start: begin, end }).pipe(response);
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-parity-'));
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ['tests/ui/parity-worker.ts'],
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
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
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

/** Compares in a worker of a fresh page. */
async function compare(request: Omit<ParityRequest, 'base'>): Promise<ParityAnswer> {
  const tab = await browser.newPage();
  try {
    await tab.goto(`${base}/page.html`);
    return await tab.evaluate(
      async asked => {
        const worker = new Worker('/parity-worker.js', { type: 'module' });
        const answer = await new Promise<{ value?: unknown; error?: string }>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = event => reject(new Error(event.message));
          worker.postMessage(asked);
        });
        worker.terminate();
        if (answer.error) {
          throw new Error(answer.error);
        }
        return answer.value as never;
      },
      { base, ...request }
    );
  } finally {
    await tab.close();
  }
}

describe('in Chromium, models equal Python', () => {
  const runs = ['plain', 'left', 'cached', 'decoder_mask'];

  // Grouped heads; windows; two kinds of rotation; encoder and cross-attention; pictures.
  it.each(['qwen2/gqa-tied', 'qwen2/sliding', 'gemma3_text/dual-rope', 't5/relu-tied', 'vit/base'])(
    'on WebGPU: %s',
    async name => {
      const { device, faults } = await compare({ name, device: 'webgpu', runs, generate: ['greedy', 'beam'] });
      expect(device).toBe('webgpu');
      expect(Object.entries(faults).filter(([, list]) => list.length > 0)).toEqual([]);
      expect(Object.keys(faults)).toContain('plain');
    },
    300_000
  );

  it.each(['qwen2/sliding', 'llama/llama3', 'bart/default', 'bert/masked-lm', 'clip/base'])(
    'on WASM: %s',
    async name => {
      const { device, faults } = await compare({ name, device: 'wasm', runs, generate: ['greedy', 'beam', 'steps'] });
      expect(device).toBe('wasm');
      expect(Object.entries(faults).filter(([, list]) => list.length > 0)).toEqual([]);
      expect(Object.keys(faults)).toContain('plain');
    },
    120_000
  );
});
