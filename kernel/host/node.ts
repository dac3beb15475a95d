/** The host of Node: the server kernel and the tests. */
import { mkdirSync, mkdtempSync, promises as fs, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, homedir, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type * as ort from 'onnxruntime-common';
import { DiskCache } from '../hub/node-cache';
import { downloadRepository } from '../hub/node-download';
import { nodePlaces, resolveOnDisk } from '../hub/node-resolve';
import type { DeviceName, Engine, ExternalTensor, Host, ModelFolder, ResolveOptions } from './host';
import { checkedBytes } from './lazy-bytes';
import { createWebSession } from './web-session';

export interface NodeHostOptions {
  /** Where relative model names and files are looked for: the notebook's folder. The process's folder by default. */
  cwd?: string;
  /** Environment variables; the process's by default. */
  env?: Readonly<Record<string, string | undefined>>;
  /** Where converted weights are kept; `LOUPE_CACHE_DIR`, or `loupe` in the user's cache folder, by default. */
  cacheDir?: string;
  /** Bytes kept there at most; 32 GiB by default. */
  cacheSize?: number;
  /** Threads of the CPU and WASM engines; all cores, and 1, by default. */
  threads?: number;
}

/**
 * Makes the host of a Node process.
 *
 * @example The kernel's tests
 * ```ts
 * setHost(createNodeHost({ cwd: 'tests/fixtures' }));
 * ```
 */
export function createNodeHost(options: NodeHostOptions = {}): Host {
  const env = options.env ?? process.env;
  const cwd = resolve(options.cwd ?? process.cwd());
  const engines = new Map<DeviceName, Promise<Engine>>();
  const mounted = new Map<string, ModelFolder>();
  const userCache = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const cacheDir = options.cacheDir ?? env['LOUPE_CACHE_DIR'] ?? join(userCache, 'loupe');
  return {
    name: 'node',
    cache: new DiskCache(cacheDir, options.cacheSize ?? 32 * 2 ** 30),
    mount: (name, folder) => void mounted.set(name, folder),
    devices: nodeDevices,
    engine(device) {
      let engine = engines.get(device);
      if (!engine) {
        engine = loadEngine(device, options.threads);
        engines.set(device, engine);
        engine.catch(() => engines.delete(device));
      }
      return engine;
    },
    async resolve(model: string, resolveOptions: ResolveOptions = {}): Promise<ModelFolder> {
      return mounted.get(model) ?? resolveOnDisk(model, resolveOptions, nodePlaces(env, cwd), downloadRepository(env));
    },
    memoryLimit: async device => (device === 'wasm' ? Math.min(wasmLimit, machineMemory()) : machineMemory()),
    writeFile: (path, content) => writeWhole(resolve(cwd, path), content)
  };
}

/** Writes next to the file, then puts it in place: a file that is cut short never has its name. */
async function writeWhole(target: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> {
  await fs.mkdir(dirname(target), { recursive: true });
  const partial = `${target}.${process.pid}.part`;
  try {
    await fs.writeFile(partial, content);
    await fs.rename(partial, target);
  } catch (error) {
    await fs.rm(partial, { force: true });
    throw error;
  }
}

/** 4 GiB of 32-bit addresses, less what the engine itself and one pass's activations take. */
const wasmLimit = 3.5 * 2 ** 30;

/** Memory of the machine, or of the container the process is confined to. */
function machineMemory(): number {
  const confined = process.constrainedMemory?.() ?? 0;
  return confined > 0 ? Math.min(confined, totalmem()) : totalmem();
}

/** The CPU is always there; WebGPU is offered last, as without a GPU it runs on a software driver. */
async function nodeDevices(): Promise<DeviceName[]> {
  const { listSupportedBackends } = await import('onnxruntime-node');
  const webgpu = listSupportedBackends().some(backend => backend.name === 'webgpu');
  return webgpu ? ['cpu', 'wasm', 'webgpu'] : ['cpu', 'wasm'];
}

async function loadEngine(device: DeviceName, threads?: number): Promise<Engine> {
  if (device === 'wasm') {
    const web = await import('onnxruntime-web');
    web.env.wasm.numThreads = threads ?? 1;
    return {
      ort: web,
      device,
      description: `WASM, ${plural(threads ?? 1)}`,
      createSession: (model, weights, sessionOptions = {}) =>
        createWebSession(web.InferenceSession.create, model, weights, {
          executionProviders: ['wasm'],
          graphOptimizationLevel: 'basic', // measured: faster to create, and as fast to run, as 'all'
          ...sessionOptions
        })
    };
  }
  const native = await import('onnxruntime-node');
  const count = threads ?? availableParallelism();
  return {
    ort: native,
    device,
    description: device === 'cpu' ? `CPU, ${plural(count)}` : 'WebGPU (native)',
    // The native add-on ends the process when an output is to stay on the GPU ('gpu-buffer'): all come back to memory.
    createSession: (model, weights, { preferredOutputLocation: _gpu, ...sessionOptions } = {}) =>
      createNativeSession(native, model, weights, {
        executionProviders: [device],
        intraOpNumThreads: count,
        ...sessionOptions
      })
  };
}

function plural(threads: number): string {
  return threads === 1 ? '1 thread' : `${threads} threads`;
}

/**
 * Creates a native session with the weights in files next to the model.
 *
 * The engine maps such files into memory instead of copying them: 512 MB of weights were measured to peak at 1121 MB
 * where buffers took 1617 MB. Weights are written one at a time; the files are deleted once the session has them open.
 */
async function createNativeSession(
  native: typeof ort,
  model: Uint8Array,
  weights: readonly ExternalTensor[],
  options: ort.InferenceSession.SessionOptions
): Promise<ort.InferenceSession> {
  if (weights.length === 0) {
    return native.InferenceSession.create(model, options);
  }
  removeLeftovers();
  const folder = mkdtempSync(join(tmpdir(), `${prefix}${process.pid}-`));
  try {
    for (const tensor of weights) {
      const path = resolve(folder, tensor.path);
      if (!path.startsWith(folder)) {
        throw new RangeError(`Cannot place a weight as its path must be relative: current value is ${tensor.path}`);
      }
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, checkedBytes(tensor));
    }
    const file = join(folder, 'model.onnx');
    writeFileSync(file, model);
    return await native.InferenceSession.create(file, options);
  } finally {
    removeFolder(folder);
  }
}

/** Temporary folders are named for their process, so that those of dead ones can be told. */
const prefix = 'loupe-weights-';
let isTidy = false;

/** A kernel that was killed while loading leaves its weights, as large as the model: they go when another loads one. */
function removeLeftovers(): void {
  if (isTidy) {
    return;
  }
  isTidy = true;
  for (const name of readdirSync(tmpdir())) {
    const pid = Number(new RegExp(`^${prefix}(\\d+)-`).exec(name)?.[1]);
    if (pid > 0 && !isAlive(pid)) {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM'; // another user's
  }
}

/** Windows refuses to delete mapped files: there they go when the process ends. */
function removeFolder(folder: string): void {
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    remove();
  } catch {
    process.once('exit', () => {
      try {
        remove();
      } catch {
        // Left to the system's own cleaning of its temporary folder.
      }
    });
  }
}
