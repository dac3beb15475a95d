/** The kernel's worker in Chromium, without JupyterLab around it. */
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, dirname, extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { figures, measureSource } from './measure.mjs';

const TYPES = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html'
};
const FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
];

export async function browserBench(settings) {
  const kernel = join(settings.root, 'jupyterlab_loupe/labextension/static/kernel');
  const server = await serve(kernel, settings.model);
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/google-chrome'].find(
    p => p && existsSync(p)
  );
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/page.html`);
    const name = `${basename(dirname(settings.model))}/${basename(settings.model)}`;
    const code = measureSource({ ...settings, name, device: 'wasm' });
    const cpuBefore = rendererCpu();
    const text = await page.evaluate(run, { code, url: server.url, threads: settings.threads });
    const peak = Math.max(...renderers().map(pid => Number(/VmHWM:\s+(\d+)/.exec(status(pid))?.[1] ?? 0)));
    const result = JSON.parse(/RESULT(.*)/.exec(text)?.[1] ?? fail(text));
    return figures(result, settings, {
      where: 'chromium',
      threads: settings.threads,
      isolated: await page.evaluate(() => globalThis.crossOriginIsolated),
      peak_rss_mib: Math.round(peak / 1024),
      cpu_s: Number((rendererCpu() - cpuBefore).toFixed(1))
    });
  } finally {
    await browser.close();
    server.close();
  }
}

function fail(text) {
  throw new Error(`Cannot measure as the cell must end with figures: it said ${text}`);
}

/** Runs in the page: starts the worker, runs one cell, resolves to what it printed. */
function run({ code, url, threads }) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(`${url}/kernel/worker.js`, { type: 'module' });
    let text = '';
    worker.onerror = event => reject(new Error(event.message));
    worker.onmessage = ({ data }) => {
      if (data.type === 'ready') {
        const content = { code, execution_count: 1 };
        worker.postMessage({ type: 'execute_request', id: 1, parent: 1, content });
      } else if (data.type === 'output') {
        text += data.output.content.text ?? '';
        text += data.output.msg_type === 'error' ? data.output.content.traceback.join('\n') : '';
      } else if (data.type === 'reply') {
        setTimeout(() => resolve(text), 200);
      }
    };
    const options = { modelsUrl: `${url}/models/`, assetsUrl: `${url}/kernel/`, settings: { threads } };
    worker.postMessage({ type: 'start', options });
  });
}

/** Serves the kernel's files and one model, with ranges, on an isolated page. */
async function serve(kernel, model) {
  const models = dirname(dirname(model));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    const headers = {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
      'Accept-Ranges': 'bytes'
    };
    if (path === '/page.html') {
      response.writeHead(200, { ...headers, 'Content-Type': 'text/html' }).end('<!doctype html><title>bench</title>');
      return;
    }
    const file = path.startsWith('/models/')
      ? join(models, path.slice(8))
      : join(kernel, path.replace(/^\/kernel\//, ''));
    if (path.includes('..') || !existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404, headers).end();
      return;
    }
    const { size } = statSync(file);
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const start = from === undefined ? 0 : Number(from);
    const end = to ? Math.min(Number(to), size - 1) : size - 1;
    response.writeHead(from === undefined ? 200 : 206, {
      ...headers,
      'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
      'Content-Length': end - start + 1,
      ...(from === undefined ? {} : { 'Content-Range': `bytes ${start}-${end}/${size}` })
    });
    if (request.method === 'HEAD') {
      response.end();
    } else {
      createReadStream(file, { start, end }).pipe(response);
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** Process ids of this machine's Chromium renderers started by this process. */
function renderers() {
  return readdirSync('/proc')
    .filter(pid => /^\d+$/.test(pid))
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=renderer') && isOurs(pid);
      } catch {
        return false;
      }
    });
}

function isOurs(pid) {
  for (let at = pid; at && at !== '0' && at !== '1';) {
    if (Number(at) === process.pid) {
      return true;
    }
    at = /PPid:\s+(\d+)/.exec(status(at))?.[1];
  }
  return false;
}

function status(pid) {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}

/** Seconds of processor time of our renderers. */
function rendererCpu() {
  return renderers().reduce((sum, pid) => {
    try {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) / 100;
    } catch {
      return sum;
    }
  }, 0);
}
