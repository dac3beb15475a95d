/**
 * The browser's kernel, message by message: the list jupyter_kernel_test asks of the server kernel
 * (tests/server_kernel/test_conformance.py), and what only the browser's has.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import esbuild from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { BROWSER_FLAGS, ROOT } from './lab';

let folder: string;
let server: Server;
let browser: Browser;
let page: Page;
const fetched: string[] = [];

/** Runs in the page: starts the worker and pairs requests with replies. */
const client = `
window.start = async (options = {}) => {
  const worker = new Worker('/worker.js', { type: 'module' });
  const messages = [];
  const waiting = new Map();
  let next = 1;
  const flag = crossOriginIsolated ? new SharedArrayBuffer(4) : undefined;
  const ready = new Promise((resolve, reject) => {
    worker.onerror = event => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      messages.push(data);
      if (data.type === 'ready') resolve();
      if (data.type === 'reply') waiting.get(data.id)?.(data.content);
    };
  });
  worker.postMessage({ type: 'start', options: { ...options, interruptBuffer: flag } });
  await ready;
  const ask = message => new Promise(resolve => {
    const id = next++;
    waiting.set(id, resolve);
    worker.postMessage({ ...message, id });
  });
  const run = async (code, more = {}) => {
    const from = messages.length;
    const reply = await ask({ type: 'execute_request', parent: next, content: { code, execution_count: next, ...more } });
    await new Promise(resolve => setTimeout(resolve, 30));
    return { reply, outputs: messages.slice(from).filter(m => m.type === 'output').map(m => m.output) };
  };
  const interrupt = () => {
    if (flag) Atomics.store(new Int32Array(flag), 0, 1);
    worker.postMessage({ type: 'interrupt' });
  };
  Object.assign(window, { worker, messages, ask, run, interrupt });
};`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-worker-'));
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ['kernel/worker.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    platform: 'browser',
    minify: true,
    logLevel: 'error',
    external: ['node:*', 'fs', 'path', 'url', 'os', 'crypto', 'worker_threads', 'module', 'perf_hooks'],
    alias: { '@huggingface/hub': './node_modules/@huggingface/hub/dist/browser/index.mjs' }
  });
  server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://x').pathname;
    fetched.push(path);
    response.setHeader('Document-Isolation-Policy', 'isolate-and-credentialless');
    if (path === '/page.html') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end(`<!doctype html><script>${client}</script>`);
      return;
    }
    const file = join(folder, path);
    if (existsSync(file)) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(readFileSync(file));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: BROWSER_FLAGS
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  page = await browser.newPage();
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/page.html`);
  fetched.length = 0;
  await page.evaluate('start()');
});

afterEach(() => page.close());

const run = (code: string, more: object = {}): Promise<any> =>
  page.evaluate(`run(${JSON.stringify(code)}, ${JSON.stringify(more)})`);
const ask = (message: object): Promise<any> => page.evaluate(`ask(${JSON.stringify(message)})`);

describe('worker: what jupyter_kernel_test asks', () => {
  it('execute_request prints to stdout and stderr', async () => {
    const { outputs } = await run("console.log('hello, world'); console.error('test')");
    expect(outputs).toEqual([
      { msg_type: 'stream', content: { name: 'stdout', text: 'hello, world\n' } },
      { msg_type: 'stream', content: { name: 'stderr', text: 'test\n' } }
    ]);
  });

  it.each([
    ['6 * 7', '42'],
    ["'a' + 'b'", "'ab'"],
    ['const x: number[] = [1, 2]; x', '[1, 2]'],
    ['await Promise.resolve({ a: 1 })', '{ a: 1 }']
  ])('execute_request shows %s as %s', async (code, text) => {
    const { reply, outputs } = await run(code);
    expect(reply.status).toBe('ok');
    expect(outputs[0]).toMatchObject({ msg_type: 'execute_result', content: { data: { 'text/plain': text } } });
  });

  it('execute_request shows MIME bundles', async () => {
    const { outputs } = await run(
      "display(html`<b>x</b>`); display(md('*x*')); display({ 'image/png': 'AA==' }, { raw: true });"
    );
    expect(outputs.map((o: any) => Object.keys(o.content.data)[0])).toEqual([
      'text/html',
      'text/markdown',
      'image/png'
    ]);
  });

  it('execute_request replies with an error, and goes on', async () => {
    const { reply, outputs } = await run("throw new Error('on purpose')");
    expect(reply).toMatchObject({ status: 'error', ename: 'Error', evalue: 'on purpose' });
    expect(outputs).toMatchObject([{ msg_type: 'error', content: { ename: 'Error' } }]);
    expect((await run('1')).reply.status).toBe('ok');
  });

  it('execute_request clears output and pages documentation', async () => {
    expect((await run('clear_output()')).outputs).toEqual([{ msg_type: 'clear_output', content: { wait: false } }]);
    const { reply } = await run('?console.log');
    expect(reply.payload[0].data['text/plain']).toContain('console.log'.split('.')[1]);
  });

  it.each([
    ['Math.sqr', ['sqrt']],
    ['JSON.pars', ['parse']],
    ['AutoModelForCaus', ['AutoModelForCausalLM']],
    ["import x from 'transf", ['transformers']]
  ])('complete_request completes %s', async (code, matches) => {
    const reply = await ask({ type: 'complete_request', content: { code, cursor_pos: code.length } });
    expect(reply).toMatchObject({ status: 'ok', matches });
  });

  it.each([
    ['1', 'complete'],
    ['function f(x: number) {\n  return x;\n}\n\n', 'complete'],
    ['function f(', 'incomplete'],
    ['if (true) {', 'incomplete'],
    ['`text', 'incomplete'],
    ['let = 3 = 4', 'invalid'],
    ["const s = 'never closed", 'invalid']
  ])('is_complete_request calls %p %s', async (code, status) => {
    expect(await ask({ type: 'is_complete_request', content: { code } })).toMatchObject({ status });
  });

  it('inspect_request and comm_info_request answer', async () => {
    const content = { code: 'JSON.stringify', cursor_pos: 14, detail_level: 0 };
    expect(await ask({ type: 'inspect_request', content })).toMatchObject({ status: 'ok', found: true });
    expect(await ask({ type: 'comm_info_request', content: {} })).toEqual({ status: 'ok', comms: {} });
  });
});

describe('worker: what the browser adds', () => {
  it('gives a first result before it has fetched the library or an engine', async () => {
    await run('1 + 1');
    expect(fetched.some(path => /typescript|ort|index/.test(path))).toBe(false);
    expect(fetched.length).toBeLessThan(8);
    await run('Tensor.name');
    expect(fetched.some(path => /ort/.test(path))).toBe(false);
  });

  it('interrupts a loop that never awaits, where the page is isolated', async () => {
    expect(await page.evaluate('crossOriginIsolated')).toBe(true);
    const seconds = await page.evaluate(`(async () => {
      const done = run('let n = 0; for (;;) n++');
      await new Promise(resolve => setTimeout(resolve, 300));
      const start = performance.now();
      interrupt();
      const { reply } = await done;
      return [reply.ename, performance.now() - start];
    })()`);
    expect(seconds).toEqual(['KeyboardInterrupt', expect.any(Number)]);
    expect((seconds as number[])[1]).toBeLessThan(1000);
    expect((await run('n > 1000')).outputs[0].content.data['text/plain']).toBe('true');
  });

  it('follows background work to its cell through awaits and timers', async () => {
    await run(
      '(async () => { for (let i = 0; i < 3; i++) { await new Promise(r => setTimeout(r, 20)); console.log(i) } })();'
    );
    await run("await new Promise(r => setTimeout(r, 150)); console.log('second')");
    const parents = await page.evaluate(
      "messages.filter(m => m.output?.msg_type === 'stream').map(m => [m.parent, m.output.content.text])"
    );
    const all = parents as [number, string][];
    expect(all.filter(([, text]) => text === 'second\n').map(([parent]) => parent)).toEqual([2]);
    expect(
      all
        .filter(([parent]) => parent === 1)
        .map(([, text]) => text)
        .join('')
    ).toBe('0\n1\n2\n');
  });

  it('shows rejections that nothing awaits', async () => {
    await run("Promise.reject(new Error('lost'));");
    await page.waitForFunction("messages.some(m => m.output?.content?.text?.includes('lost'))");
  });

  it('compiles decorators with the whole compiler, fetched then', async () => {
    const { reply, outputs } = await run(
      'const seen: string[] = [];\n@((_: any, c: any) => { seen.push(c.name) })\nclass A {}\nseen'
    );
    expect(reply.status).toBe('ok');
    expect(outputs[0].content.data['text/plain']).toBe("['A']");
    expect(fetched.some(path => /typescript/.test(path))).toBe(true);
  });

  it('imports nothing from the network unless that is allowed', async () => {
    const { reply } = await run("import x from 'https://example.org/x.js'");
    expect(reply.evalue).toContain('modules of the network are switched off');
    await page.evaluate('start({ settings: { urlImports: true } })');
    const { outputs } = await run("import { a } from 'data:text/javascript,export const a = 5'; a");
    expect(outputs[0].content.data['text/plain']).toBe('5');
  });

  it('holds the lock that tells the page that it lives', async () => {
    await page.evaluate("start({ lifeLock: 'alive' })");
    await run('1');
    const held = await page.evaluate('navigator.locks.query().then(q => q.held.map(l => l.name))');
    expect(held).toContain('alive');
  });
});
