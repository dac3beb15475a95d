/**
 * What the kernel needs from wherever it runs. The worker entry installs the browser's host, the server kernel and the
 * tests install Node's; no other code asks where it is.
 */
import type * as ort from 'onnxruntime-common';

/** Bytes that can be read in pieces: a file, a ranged URL, a Blob. Never read whole unless small. */
export interface ByteSource {
  /** Shown in errors: path or URL. */
  readonly name: string;
  /** Length in bytes. */
  readonly size: number;
  /** Identity for caches: changes when the content does (ETag, or size + modification time). */
  readonly identity: string;
  /**
   * Reads bytes [begin, end). The result is the caller's to keep.
   * @throws {RangeError} If the range is outside the source.
   */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /** The same, synchronously, where the host can (Node, worker XHR); absent otherwise. */
  readSync?(begin: number, end: number): Uint8Array;
}

/** A model folder: `config.json` and its neighbours. */
export interface ModelFolder {
  /** Shown in errors. */
  readonly name: string;
  /** The file's name, where the model was named by a GGUF file rather than by its folder. */
  readonly gguf?: string;
  /** Opens one file, or resolves to undefined if it is not there. */
  open(file: string): Promise<ByteSource | undefined>;
  /** Names of the files in the folder (not recursive), where the host can list; undefined where it cannot. */
  list(): Promise<string[] | undefined>;
}

export type DeviceName = 'webgpu' | 'wasm' | 'cpu';

/** One initialiser whose bytes live outside the graph. */
export interface ExternalTensor {
  /** The `location` the graph's initialiser names. */
  readonly path: string;
  readonly byteLength: number;
  /** Produces the bytes, during session creation: once, or again where an optimisation of the graph reads them first. */
  bytes(): Uint8Array;
}

export interface Engine {
  readonly ort: typeof ort;
  readonly device: DeviceName;
  /** Human-readable, e.g. "WASM, 2 threads" or "WebGPU (apple m2)". */
  readonly description: string;
  /** Whether a GPU computes in float16 (shader-f16); absent on CPUs, where float16 is converted. */
  readonly float16?: boolean;
  /** Resolves with the reason when the GPU device is lost; its sessions fail from then on, `Host.engine` gives a new one. */
  readonly lost?: Promise<string>;
  /** Creates a session from ModelProto bytes and weights produced on demand. */
  createSession(
    model: Uint8Array,
    weights: readonly ExternalTensor[],
    options?: ort.InferenceSession.SessionOptions
  ): Promise<ort.InferenceSession>;
}

export interface ResolveOptions {
  local_files_only?: boolean;
  revision?: string;
  subfolder?: string;
  token?: string;
  cache_dir?: string;
  signal?: AbortSignal;
  progress_callback?: (event: ProgressEvent) => void;
}

/** Progress of loading or downloading. */
export interface ProgressEvent {
  phase: 'resolve' | 'download' | 'read' | 'convert' | 'session' | 'done';
  /** What is being worked on: a file or tensor name. */
  name: string;
  /** Bytes done and in all, of this phase. */
  loaded: number;
  total: number;
  /** Milliseconds this step took, where it is one: a weight converted, the session opened around them. */
  ms?: number;
}

/** A file being written. Nothing is kept under its key before `close`. */
export interface CacheWriter {
  /** Bytes an earlier, paused attempt left: go on from there. 0 unless `create` was told to resume. */
  readonly written: number;
  write(bytes: Uint8Array): Promise<void>;
  /** Writes at a position of the file, at once, where the host can; for what is made in another order. */
  writeSync?(bytes: Uint8Array, at: number): void;
  close(): Promise<void>;
  /** Stops, keeping what was written for a later attempt where the host can. */
  pause(): Promise<void>;
  /** Gives up and deletes what was written. */
  abort(): Promise<void>;
}

export interface CachedFile {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since 1970 at which it was last opened or written. */
  readonly used: number;
}

/**
 * Files the host keeps between runs: converted weights, keyed by the identity of what they were made from, and
 * downloads. What was used longest ago is deleted when room is needed.
 */
export interface FileCache {
  /** Where the files are, for people. */
  readonly place: string;
  /** Opens a file, or resolves to undefined if it is not kept. */
  open(key: string): Promise<ByteSource | undefined>;
  /**
   * Begins a file of so many bytes, replacing one of the same key when closed.
   * @param resume Go on with what a paused attempt left; false by default.
   * @throws {RangeError} If it does not fit even into an emptied cache.
   */
  create(key: string, size: number, resume?: boolean): Promise<CacheWriter>;
  /** What is kept, most recently used first. */
  list(): Promise<CachedFile[]>;
  delete(key: string): Promise<void>;
  /** Deletes everything; resolves to the bytes freed. */
  clear(): Promise<number>;
}

export interface Host {
  readonly name: 'browser' | 'node';
  /** Devices usable here, best first. Asks for a WebGPU adapter the first time. */
  devices(): Promise<DeviceName[]>;
  /** Loads the inference engine for a device; nothing of it is fetched before. */
  engine(device: DeviceName): Promise<Engine>;
  /** Finds a model by folder, file or repository id (api.md, Names and places). */
  resolve(model: string, options?: ResolveOptions): Promise<ModelFolder>;
  /** Bytes of memory models may take, as far as the host can tell. */
  memoryLimit(device: DeviceName): Promise<number>;
  /** Files kept between runs; absent where the host can keep none. */
  readonly cache?: FileCache;
  /** Makes a folder known under a name, e.g. one a user picked; `resolve` looks there first. */
  mount?(name: string, folder: ModelFolder): void;
  /**
   * Writes a file, whole or in pieces as they are made; it appears when the last is written (server kernel only).
   * @param path Relative to the notebook, or absolute; folders are made.
   */
  writeFile?(path: string, content: Uint8Array | AsyncIterable<Uint8Array>): Promise<void>;
}

let current: Host | undefined;

/** Installs the host. Called once by each entry point. */
export function setHost(host: Host): void {
  current = host;
}

/** The installed host. */
export function getHost(): Host {
  if (!current) {
    throw new Error('Cannot reach models as no host is installed: call setHost() first');
  }
  return current;
}
