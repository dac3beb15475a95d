/** The host of the browser: the kernel's worker. */
import type * as ort from 'onnxruntime-common';
import { browserResolver } from '../hub/browser-resolve';
import { openOpfsCache } from '../hub/opfs-cache';
import type { DeviceName, Engine, FileCache, Host, ModelFolder } from './host';
import { createWebSession } from './web-session';
import { findAdapter, guardRuns, openGpu } from './webgpu';

/** What the page tells the worker; a `StartOptions` message is one. */
export interface BrowserHostOptions {
  /** Base URL of model files, ending in '/'. */
  modelsUrl?: string;
  /** Base URL of the kernel's assets, ending in '/'; the engine's files are in `ort/` below it. */
  assetsUrl?: string;
  /** The notebook's folder relative to the root, '' for the root. */
  notebookPath?: string;
  /** Sent with requests for model files. */
  headers?: { [name: string]: string };
  /**
   * `threads`: of the WASM engine; 0 (the default) for one per core but one, at most 8. `cacheSize`: GB kept in the
   * browser, 8 by default, 0 for none. `downloads`: whether the hub may be asked, true by default. `hf_endpoint`:
   * another hub.
   */
  settings?: { [name: string]: unknown };
}

/** The browser's host, with what only it has. */
export interface BrowserHost extends Host {
  readonly name: 'browser';
  mount(name: string, folder: ModelFolder): void;
  /** Files kept between runs; opens them on first use. */
  openCache(): Promise<FileCache | undefined>;
}

/** Makes the host of a worker. Nothing is fetched before it is needed. */
export function createBrowserHost(options: BrowserHostOptions = {}): BrowserHost {
  const { settings = {} } = options;
  const assets = options.assetsUrl ?? new URL('.', self.location.href).href;
  const engines = new Map<DeviceName, Promise<Engine>>();
  const mounted = new Map<string, ModelFolder>();
  let cache: Promise<FileCache | undefined> | undefined;
  let devices: Promise<DeviceName[]> | undefined;
  const gigabytes = typeof settings['cacheSize'] === 'number' ? settings['cacheSize'] : 8;
  const openCache = (): Promise<FileCache | undefined> =>
    (cache ??= gigabytes > 0 ? openOpfsCache(gigabytes * 1e9) : Promise.resolve(undefined));

  const drop = (device: DeviceName): void => {
    engines.delete(device);
    devices = undefined;
  };
  const resolve = browserResolver({
    site: options.modelsUrl === undefined ? undefined : siteOf(options.modelsUrl, options.headers ?? {}),
    notebookPath: options.notebookPath ?? '',
    cache: openCache,
    mounted,
    downloads: settings['downloads'] !== false,
    endpoint:
      typeof settings['hf_endpoint'] === 'string' && settings['hf_endpoint'] ? settings['hf_endpoint'] : undefined
  });
  return {
    name: 'browser',
    devices: () => (devices ??= findAdapter().then(adapter => (adapter ? ['webgpu', 'wasm'] : ['wasm']))),
    engine(device) {
      let engine = engines.get(device);
      if (!engine) {
        engine = loadEngine(device, assets, threadsOf(settings['threads']), () => drop(device));
        engines.set(device, engine);
        engine.catch(() => drop(device));
      }
      return engine;
    },
    resolve,
    memoryLimit,
    cache: lazyCache(openCache),
    mount: (name, folder) => void mounted.set(name, folder),
    openCache
  };
}

function siteOf(
  modelsUrl: string,
  headers: Record<string, string>
): { modelsUrl: string; headers: Record<string, string> } {
  const url = new URL(modelsUrl, self.location.href).href;
  return { modelsUrl: url.endsWith('/') ? url : `${url}/`, headers };
}

/**
 * Threads of the WASM engine. They need a shared memory, so an isolated page. One core is left to the page and the
 * browser.
 */
function threadsOf(setting: unknown): number {
  if (typeof SharedArrayBuffer === 'undefined' || !self.crossOriginIsolated) {
    return 1;
  }
  const cores = navigator.hardwareConcurrency || 1;
  return typeof setting === 'number' && setting >= 1
    ? Math.min(Math.floor(setting), cores)
    : Math.max(1, Math.min(8, cores - 1));
}

async function loadEngine(device: DeviceName, assets: string, threads: number, onLost: () => void): Promise<Engine> {
  if (device === 'cpu') {
    throw new RangeError('Cannot use device "cpu" as the browser has "webgpu" and "wasm": use "wasm"');
  }
  const web: typeof ort =
    device === 'webgpu' ? await import('onnxruntime-web/webgpu') : await import('onnxruntime-web/wasm');
  web.env.wasm.wasmPaths = new URL('ort/', assets).href;
  web.env.wasm.numThreads = threads;
  web.env.wasm.proxy = false; // the kernel is a worker already
  web.env.logLevel = 'error';
  if (device === 'wasm') {
    return {
      ort: web,
      device,
      description: `WASM, ${threads === 1 ? '1 thread' : `${threads} threads`}`,
      createSession: (model, weights, sessionOptions = {}) =>
        createWebSession(web.InferenceSession.create, model, weights, {
          executionProviders: ['wasm'],
          graphOptimizationLevel: 'basic', // measured: faster to create, and as fast to run, as 'all'
          ...sessionOptions
        })
    };
  }
  const gpu = await openGpu();
  void gpu.lost.then(onLost);
  return {
    ort: web,
    device,
    description: `WebGPU (${gpu.name})`,
    float16: gpu.float16,
    lost: gpu.lost,
    createSession: async (model, weights, sessionOptions = {}) => {
      const session = await createWebSession(web.InferenceSession.create, model, weights, {
        graphOptimizationLevel: 'basic',
        ...sessionOptions,
        executionProviders: [{ name: 'webgpu', device: gpu.device as never }]
      });
      return guardRuns(session, gpu.lost);
    }
  };
}

/** 4 GiB of 32-bit addresses, less what the engine itself and one pass's activations take. */
const wasmLimit = 3.5 * 2 ** 30;

/**
 * WebGPU does not say how much memory there is: the largest buffer is a lower bound on drivers known, and weights pass
 * through the WASM heap one at a time only.
 */
async function memoryLimit(device: DeviceName): Promise<number> {
  if (device !== 'webgpu') {
    return wasmLimit;
  }
  const adapter = await findAdapter();
  const largest = adapter?.limits['maxBufferSize'] ?? 0;
  const machine = (navigator as { deviceMemory?: number }).deviceMemory; // GiB, never more than 8 (32 lately)
  return Math.max(2 * largest, ((machine ?? 4) / 2) * 2 ** 30);
}

/** The cache behind a promise: opening the private file system is put off until something is kept. */
function lazyCache(open: () => Promise<FileCache | undefined>): FileCache {
  return {
    place: 'the private files of this site (browser storage)',
    open: async key => (await open())?.open(key),
    create: async (key, size, resume) => {
      const cache = await open();
      if (!cache) {
        throw new RangeError('Cannot keep files as the browser must offer private files to this site: it does not');
      }
      return cache.create(key, size, resume);
    },
    list: async () => (await (await open())?.list()) ?? [],
    delete: async key => (await open())?.delete(key),
    clear: async () => (await (await open())?.clear()) ?? 0
  };
}
