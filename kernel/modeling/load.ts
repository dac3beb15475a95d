/**
 * From a model's name to running stacks: resolving, reading the configuration, choosing device and precision, checking
 * that it fits, bringing the weights.
 */
import type { Checkpoint } from '../checkpoint/checkpoint';
import { ggufConfig } from '../checkpoint/gguf-config';
import { openCheckpoint, openGguf } from '../checkpoint/open';
import { PretrainedConfig } from '../config/config';
import type { LinearFormat, Target } from '../graph/builder';
import type { EditSite } from '../graph/names';
import type { DeviceName, Engine, ModelFolder, ProgressEvent, ResolveOptions } from '../host/host';
import { getHost } from '../host/host';
import { readJson } from '../host/read';
import { StackRunner } from '../inference/stack-runner';
import type { LoadingInfo, WeightOptions } from '../inference/weights';
import { WeightReader } from '../inference/weights';
import type { Architecture, Family, Task } from '../models/architecture';
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
  [key: string]: unknown;
}

/** Everything behind a loaded model. */
export interface Loaded {
  readonly config: PretrainedConfig;
  readonly folder: ModelFolder | undefined;
  readonly runtime: Runtime;
}

const RESOLVE_KEYS = ['local_files_only', 'revision', 'subfolder', 'token', 'cache_dir', 'signal', 'progress_callback'] as const;

/** The options `Host.resolve` takes. */
export function resolveOptions(options: PretrainedOptions): ResolveOptions {
  return Object.fromEntries(RESOLVE_KEYS.filter(k => options[k] !== undefined).map(k => [k, options[k]]));
}

/** Resolves a name to a folder. */
export function resolveModel(model: string, options: PretrainedOptions): Promise<ModelFolder> {
  if (typeof model !== 'string' || model === '') {
    throw new TypeError(`Cannot load a model as its name must be a folder, a .gguf file or a repository id: current value is ${String(model)}`);
  }
  return getHost().resolve(model, resolveOptions(options));
}

/** A folder's raw configuration: config.json, or what a GGUF header says. */
export async function readRawConfig(folder: ModelFolder, options: PretrainedOptions): Promise<Record<string, unknown>> {
  const wantsGguf = options.gguf_file !== undefined || folder.gguf !== undefined;
  const raw = wantsGguf ? undefined : await readJson(folder, 'config.json', options.signal);
  if (raw !== undefined) {
    if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
      throw new TypeError(`It looks like the config file at '${folder.name}/config.json' is not a valid JSON object.`);
    }
    return raw as Record<string, unknown>;
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
    await this.reader.prepare(canonical);
    return this.reader.float32(canonical, dims);
  }

  /** Where weights are found; for parameter lists. */
  get weights(): WeightReader {
    return this.reader;
  }

  private target(edits: readonly EditSite[]): Target {
    return { device: this.engine.device, linear: this.plan.linear, edits };
  }

  /**
   * A stack ready to run.
   * @param edits Sites the graph must be able to change; a graph without them is replaced.
   */
  async stack(index: number, edits: readonly EditSite[] = [], progress?: (event: ProgressEvent) => void, signal?: AbortSignal): Promise<StackRunner> {
    const stack = this.architecture.stacks[index]!;
    const held = await this.runners.get(stack.prefix)?.catch(() => undefined);
    if (held && edits.every(site => held.target.edits.includes(site))) {
      return held;
    }
    const all = [...new Set([...(held?.target.edits ?? this.plan.edits), ...edits])];
    // The old session goes first: two would hold the weights twice.
    await held?.dispose();
    const made = StackRunner.create(this.engine, stack, this.target(all), this.reader, { padId: this.padId, progress, signal });
    this.runners.set(stack.prefix, made);
    made.catch(() => this.runners.delete(stack.prefix));
    return made;
  }

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
      round: plan.round
    });
    const padId = (config as unknown as { pad_token_id?: number | null }).pad_token_id ?? undefined;
    const runtime = new Runtime(architecture, engine, plan, checkpoint, reader, padId);
    for (let i = 0; i < architecture.stacks.length; i++) {
      await runtime.stack(i, [], progress, options.signal);
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
