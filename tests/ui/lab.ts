import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { Notebook } from './notebook';

export const ROOT = resolve(__dirname, '../..');

/** Where screenshots and logs of a run go; not committed. */
export const OUTPUT = join(ROOT, 'tests/.output');

export const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
];

/** WebGPU on the processor, for machines without a GPU. */
export const WEBGPU_FLAGS = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

export interface LabOptions {
  /** Files to put into the server's root folder: name → content. */
  files?: { [name: string]: string };
  /** The server's root folder; a temporary one by default. */
  root?: string;
  /** More command-line arguments of `jupyter lab`. */
  args?: string[];
  /** More environment variables. */
  env?: { [name: string]: string };
  /** More flags of the browser. */
  flags?: string[];
  /** Leaves our extension out. */
  withoutLoupe?: boolean;
}

/** A JupyterLab server of its own, with a temporary root and configuration, and a browser. */
export class Lab {
  private constructor(
    readonly url: string,
    readonly root: string,
    readonly browser: Browser,
    private _context: BrowserContext,
    private _server: ChildProcess,
    private _log: string[],
    private _temporary: string
  ) {}

  /** Starts the server and the browser; resolves when the server answers. */
  static async start(options: LabOptions = {}): Promise<Lab> {
    const temporary = mkdtempSync(join(tmpdir(), 'loupe-lab-'));
    const root = options.root ?? join(temporary, 'root');
    mkdirSync(root, { recursive: true });
    for (const [name, content] of Object.entries(options.files ?? {})) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), content);
    }
    const settings = join(temporary, 'settings/@jupyterlab/apputils-extension');
    mkdirSync(settings, { recursive: true });
    writeFileSync(
      join(settings, 'notification.jupyterlab-settings'),
      JSON.stringify({ fetchNews: 'false', checkForUpdates: false })
    );
    const extensions = join(temporary, 'labextensions');
    mkdirSync(extensions);
    if (!options.withoutLoupe) {
      symlinkSync(join(ROOT, 'jupyterlab_loupe/labextension'), join(extensions, 'jupyterlab-loupe'));
    }
    const port = await freePort();
    const bin = process.env['LOUPE_JUPYTER'] ?? join(ROOT, '.venv/bin/jupyter');
    const server = spawn(
      bin,
      [
        'lab',
        '--no-browser',
        `--ServerApp.root_dir=${root}`,
        `--ServerApp.port=${port}`,
        '--ServerApp.port_retries=0',
        '--ServerApp.allow_root=True',
        '--IdentityProvider.token=',
        `--LabApp.extra_labextensions_path=${extensions}`,
        '--LabApp.expose_app_in_browser=True',
        '--LabApp.news_url=None',
        '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
        ...(options.withoutLoupe ? [] : ["--ServerApp.jpserver_extensions={'jupyterlab_loupe': True}"]),
        ...(options.args ?? [])
      ],
      {
        cwd: root,
        env: {
          ...process.env,
          PYTHONPATH: ROOT,
          JUPYTER_CONFIG_DIR: join(temporary, 'config'),
          JUPYTER_DATA_DIR: join(temporary, 'data'),
          JUPYTER_RUNTIME_DIR: join(temporary, 'runtime'),
          JUPYTERLAB_SETTINGS_DIR: join(temporary, 'settings'),
          JUPYTERLAB_WORKSPACES_DIR: join(temporary, 'workspaces'),
          ...options.env
        },
        stdio: ['ignore', 'pipe', 'pipe']
      }
    );
    const log: string[] = [];
    server.stdout!.on('data', chunk => log.push(String(chunk)));
    server.stderr!.on('data', chunk => log.push(String(chunk)));
    const url = `http://localhost:${port}`;
    await waitFor(async () => {
      if (server.exitCode !== null) {
        throw new Error(`Cannot start JupyterLab as it ended with ${server.exitCode}:\n${log.join('')}`);
      }
      return fetch(`${url}/api`).then(
        response => response.ok,
        () => false
      );
    }, 60000);
    const browser = await launchBrowser(options.flags);
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    return new Lab(url, root, browser, context, server, log, temporary);
  }

  /** Opens JupyterLab in a new page and waits until it has started. */
  async newPage(prepare?: (page: Page) => Promise<void>): Promise<Page> {
    const page = await this._context.newPage();
    await prepare?.(page);
    // A workspace of its own: a page that finds its workspace in use moves on to another.
    await page.goto(`${this.url}/lab/workspaces/test-${++this._pages}`);
    await whenStarted(page);
    return page;
  }

  /** Writes a notebook for a kernel and opens it. */
  async notebook(name: string, cells: readonly string[], options: NotebookOptions = {}): Promise<Notebook> {
    writeFileSync(join(this.root, name), notebookJson(cells, options.kernel ?? 'loupe'));
    const page = options.page ?? (await this.newPage(options.prepare));
    return Notebook.open(page, name);
  }

  private _pages = 0;

  /** What the server has printed. */
  get log(): string {
    return this._log.join('');
  }

  /** Ends the browser and the server. */
  async stop(): Promise<void> {
    await this.browser.close();
    if (this._server.exitCode === null) {
      const ended = new Promise(resolve => this._server.once('exit', resolve));
      this._server.kill('SIGTERM');
      const timer = setTimeout(() => this._server.kill('SIGKILL'), 8000);
      await ended;
      clearTimeout(timer);
    }
    rmSync(this._temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

export interface NotebookOptions {
  /** Name of the kernelspec, `loupe` by default. */
  kernel?: string;
  /** Uses this page instead of a new one. */
  page?: Page;
  /** Called with the new page before it loads anything, e.g. to intercept requests. */
  prepare?: (page: Page) => Promise<void>;
}

/** Starts Chromium; the environment's CHROMIUM says where it is if it is not in the usual places. */
export async function launchBrowser(flags: readonly string[] = []): Promise<Browser> {
  const places = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
  const executablePath = places.find(path => path && existsSync(path));
  if (!executablePath) {
    throw new Error('Cannot run browser tests as Chromium is not installed: set CHROMIUM to its path');
  }
  return chromium.launch({ executablePath, args: [...BROWSER_FLAGS, ...flags] });
}

/** Waits until the application in a page has restored its layout. */
export async function whenStarted(page: Page): Promise<void> {
  await page.waitForFunction(() => 'jupyterapp' in window, undefined, { timeout: 60000 });
  await page.evaluate(async () => {
    await (window as unknown as { jupyterapp: { restored: Promise<void> } }).jupyterapp.restored;
  });
}

/** A notebook file with code cells. */
export function notebookJson(cells: readonly string[], kernel: string): string {
  const language = kernel.startsWith('loupe') ? 'typescript' : 'python';
  const names: { [kernel: string]: string } = { loupe: 'TypeScript (Loupe)', python3: 'Python 3 (ipykernel)' };
  return JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: {
      kernelspec: { name: kernel, display_name: names[kernel] ?? kernel, language },
      language_info: { name: language }
    },
    cells: cells.map((source, i) => ({
      cell_type: 'code',
      id: `cell-${i}`,
      source,
      metadata: {},
      outputs: [],
      execution_count: null
    }))
  });
}

export async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** Asks again until the answer is true. */
export async function waitFor(claim: () => Promise<boolean> | boolean, timeout: number): Promise<void> {
  const end = Date.now() + timeout;
  while (!(await claim())) {
    if (Date.now() > end) {
      throw new Error(`Cannot go on as what was waited for did not happen within ${timeout / 1000} s`);
    }
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}
