/**
 * From a model's name to running stacks: resolving, reading the configuration, choosing device and precision, checking
 * that it fits, bringing the weights.
 */
import type * as ort from 'onnxruntime-common';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { decode } from '../checkpoint/decode';
import { ggufConfig } from '../checkpoint/gguf-config';
import { openCheckpoint, openGguf } from '../checkpoint/open';
import { parseConfig } from '../config/auto';
import { PretrainedConfig } from '../config/config';
import { cacheNames } from '../graph/attention';
import type { LinearFormat, Target } from '../graph/builder';
import { EDIT_SITES } from '../graph/names';
import type { buildCrossCaches } from '../graph/stack';
import type { DeviceName, Engine, ModelFolder, ProgressEvent, ResolveOptions } from '../host/host';
import { getHost } from '../host/host';
import { readText } from '../host/read';
import type { LayerCache } from '../inference/cache';
import { openSession } from '../inference/session';
import { StackRunner } from '../inference/stack-runner';
import { inTurn } from '../inference/turns';
import type { LoadingInfo, WeightOptions } from '../inference/weights';
import { WeightReader } from '../inference/weights';
import type { Architecture, Family, Task } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import { startProgress } from './notice';
import type { Plan } from './plan';
import { choosePlan } from './plan';

/** Options of `from_pretrained` (api.md, Loading). */
export interface PretrainedOptions extends ResolveOptions {
  dtype?: string;
  torch_dtype?: string;
  device?: string;
  device_map?: string | { readonly [module: string]: string };
  gguf_file?: string;
  config?: PretrainedConfig;
  attn_implementation?: string;
  trust_remote_code?: boolean;
  output_loading_info?: boolean;
  ignore_mismatched_sizes?: boolean;
  low_cpu_mem_usage?: boolean;
  use_safetensors?: boolean;
  /** A LoRA adapter to merge into the weights: folder or repository id. */
  adapter?: string;
  [key: string]: unknown;
}

/** Everything behind a loaded model. */
export interface Loaded {
  readonly config: PretrainedConfig;
  readonly folder: ModelFolder | undefined;
  readonly runtime: Runtime;
}

const RESOLVE_KEYS = [
  'local_files_only',
  'revision',
  'subfolder',
  'token',
  'cache_dir',
  'signal',
  'progress_callback'
] as const;

/** The options `Host.resolve` takes. */
export function resolveOptions(options: PretrainedOptions): ResolveOptions {
  return Object.fromEntries(RESOLVE_KEYS.filter(k => options[k] !== undefined).map(k => [k, options[k]]));
}

/** Resolves a name to a folder. */
export function resolveModel(model: string, options: PretrainedOptions): Promise<ModelFolder> {
  if (typeof model !== 'string' || model === '') {
    throw new TypeError(
      `Cannot load a model as its name must be a folder, a .gguf file or a repository id: current value is ${String(model)}`
    );
  }
  return getHost().resolve(model, resolveOptions(options));
}

/** A folder's raw configuration: config.json, or what a GGUF header says. */
export async function readRawConfig(folder: ModelFolder, options: PretrainedOptions): Promise<Record<string, unknown>> {
  const wantsGguf = options.gguf_file !== undefined || folder.gguf !== undefined;
  const text = wantsGguf ? undefined : await readText(folder, 'config.json', options.signal);
  if (text !== undefined) {
    return parseConfig(`${folder.name}/config.json`, text);
  }
  const gguf = await openGguf(folder, options as { gguf_file?: string });
  if (gguf) {
    return ggufConfig(gguf);
  }
  throw new RangeError(
    `Unrecognized model in ${folder.name}. Should have a \`model_type\` key in its config.json. (There is no config.json and no .gguf file there.)`
  );
}

/** Runs a model's stacks, and rebuilds one when a run needs edits its graph lacks. */
export class Runtime {
  private readonly runners = new Map<string, Promise<StackRunner>>();

  constructor(
    readonly architecture: Architecture,
    readonly engine: Engine,
    readonly plan: Plan,
    readonly checkpoint: Checkpoint,
    private readonly reader: WeightReader,
    private readonly padId: number | undefined
  ) {}

  /** What loading found. */
  get info(): LoadingInfo {
    return { ...this.reader.info, unexpected_keys: this.reader.unexpected() };
  }

  /** Canonical weight as float32, read from the checkpoint. */
  async weight(canonical: string, dims: readonly number[]): Promise<Float32Array> {
    if (!this.checkpoint.readSync) {
      await this.reader.readAhead([canonical]);
    }
    return this.reader.float32(canonical, dims);
  }

  /** One row of a matrix that is stored as it is used (embeddings, unembeddings). */
  async row(canonical: string, row: number): Promise<Float32Array> {
    const source = this.reader.source(canonical);
    const name = source && this.reader.find(source.name);
    if (name === undefined) {
      throw new RangeError(`Cannot read ${canonical} as the checkpoint must have it`);
    }
    return decode(await this.checkpoint.readRows(name, row, row + 1));
  }

  /** A parameter by its name in the checkpoint, as float32. */
  async parameter(name: string): Promise<Tensor> {
    const raw = await this.checkpoint.read(name);
    return new Tensor('float32', decode(raw), raw.dims);
  }

  /** Where weights are found; for parameter lists. */
  get weights(): WeightReader {
    return this.reader;
  }

  /**
   * A stack ready to run.
   *
   * Edits cost two small operations per site and layer, 14 % of a decoding step, so a graph is built without them and
   * rebuilt with all of them when the first edit is asked for; the old session goes first, so weights are held once.
   *
   * @param editable The graph must be able to change values.
   */
  async stack(
    index: number,
    editable = false,
    progress?: (event: ProgressEvent) => void,
    signal?: AbortSignal
  ): Promise<StackRunner> {
    const stack = this.architecture.stacks[index]!;
    const held = await this.runners.get(stack.prefix)?.catch(() => undefined);
    if (held && (!editable || held.target.edits.length > 0)) {
      return held;
    }
    await held?.dispose();
    const target: Target = { device: this.engine.device, linear: this.plan.linear, edits: editable ? EDIT_SITES : [] };
    const made = StackRunner.create(this.engine, stack, target, this.reader, { padId: this.padId, progress, signal });
    this.runners.set(stack.prefix, made);
    made.catch(() => this.runners.delete(stack.prefix));
    return made;
  }

  /**
   * Cross-attention keys and values of every decoder layer for encoder states [batch, pos, width].
   * @param index The decoder's stack.
   */
  async crossCache(index: number, states: Tensor, build: typeof buildCrossCaches): Promise<LayerCache[]> {
    const stack = this.architecture.stacks[index]!;
    this.cross ??= (async () => {
      const target: Target = { device: this.engine.device, linear: this.plan.linear, edits: [] };
      return openSession(this.engine, build(stack, states.dims[2]!, target), this.reader);
    })();
    const session = await this.cross;
    const names = stack.blocks.map((_, i) => cacheNames(i, stack.prefix));
    const input = new this.engine.ort.Tensor('float32', states.data as Float32Array, states.dims);
    const fetches = names.flatMap(n => [n.cross_k, n.cross_v]);
    const out = await inTurn(this.engine, () => session.run({ encoder_hidden_states: input }, fetches));
    return names.map(n => ({ keys: out[n.cross_k]!, values: out[n.cross_v]! }));
  }

  private cross: Promise<ort.InferenceSession> | undefined;

  /** Bytes held by open stacks. */
  async bytes(): Promise<number> {
    let sum = 0;
    for (const runner of this.runners.values()) {
      sum += (await runner).bytes;
    }
    return sum;
  }

  async dispose(): Promise<void> {
    const open = [...this.runners.values()];
    this.runners.clear();
    for (const runner of open) {
      await (await runner.catch(() => undefined))?.dispose();
    }
    const cross = this.cross;
    this.cross = undefined;
    await (await cross?.catch(() => undefined))?.release();
  }
}

/** Loads the architecture of a task with weights from a folder. */
export async function loadRuntime(
  title: string,
  family: Family,
  task: Task,
  config: PretrainedConfig,
  checkpoint: Checkpoint,
  options: PretrainedOptions,
  weightOptions: WeightOptions = {}
): Promise<Runtime> {
  const architecture = family.architecture(config, task);
  const sink = options.progress_callback ? undefined : startProgress(title);
  const progress = options.progress_callback ?? (sink ? (event: ProgressEvent) => sink.event(event) : undefined);
  try {
    const host = getHost();
    const plan = await choosePlan(host, architecture, checkpoint, options);
    const engine = await host.engine(plan.device);
    const reader = new WeightReader(checkpoint, architecture, {
      ...weightOptions,
      ignore_mismatched_sizes: options.ignore_mismatched_sizes ?? false,
      round: plan.round ?? weightOptions.round
    });
    const padId = (config as unknown as { pad_token_id?: number | null }).pad_token_id ?? undefined;
    const runtime = new Runtime(architecture, engine, plan, checkpoint, reader, padId);
    for (let i = 0; i < architecture.stacks.length; i++) {
      await runtime.stack(i, false, progress, options.signal);
    }
    progress?.({ phase: 'done', name: title, loaded: 1, total: 1 });
    return runtime;
  } finally {
    sink?.done();
  }
}

/** A folder's weights. */
export function openWeights(folder: ModelFolder, options: PretrainedOptions): Promise<Checkpoint> {
  return openCheckpoint(folder, {
    ...(options.gguf_file === undefined ? {} : { gguf_file: options.gguf_file }),
    ...(options.signal === undefined ? {} : { signal: options.signal })
  });
}

export type { DeviceName, LinearFormat };
