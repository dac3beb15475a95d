/**
 * LoRA adapters, merged into weights while they are read: W + scale · B A.
 * @see https://arxiv.org/abs/2106.09685
 */
import { decode } from '../checkpoint/decode';
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { ModelFolder } from '../host/host';
import { readJson } from '../host/read';
import type { WeightOptions } from '../inference/weights';
import { openTensorFile } from './tensor-file';

/** What adapter_config.json says, as far as it changes weights. */
interface AdapterConfig {
  readonly r: number;
  readonly lora_alpha: number;
  readonly use_rslora?: boolean;
  readonly fan_in_fan_out?: boolean;
  readonly rank_pattern?: { readonly [pattern: string]: number };
  readonly alpha_pattern?: { readonly [pattern: string]: number };
}

type Deltas = NonNullable<WeightOptions['deltas']>;

/**
 * Reads an adapter: `adapter_config.json` with `adapter_model.safetensors` or `adapter_model.bin`.
 *
 * @param folder The adapter's folder.
 * @param base The weights it changes.
 * @returns What to add to which tensor of `base`.
 * @throws {RangeError} If a file is missing, or the adapter changes a tensor `base` does not have.
 * @throws {TypeError} If it is another kind of adapter than LoRA on linear layers, or shapes do not fit.
 */
export async function readAdapter(folder: ModelFolder, base: Checkpoint, signal?: AbortSignal): Promise<Deltas> {
  const config = checkConfig(await readJson(folder, 'adapter_config.json', signal), folder.name);
  const adapter = await openTensorFile(folder, ['adapter_model.safetensors', 'adapter_model.bin'], signal);
  const deltas = new Map<string, (values: Float32Array, dims: readonly number[]) => void>();
  // A packed projection is read once for q, k and v each: the last product is kept for that.
  let last: { target: string; delta: Float32Array } | undefined;
  for (const name of adapter.names) {
    const match = /^(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.default)?\.weight$/.exec(name);
    if (!match) {
      throw new TypeError(
        `Cannot apply the adapter ${folder.name} as it must hold lora_A and lora_B of linear layers only: ` +
          `it also has ${name}`
      );
    }
    const [, module, part] = match as unknown as [string, string, string];
    if (part === 'B') {
      continue;
    }
    const target = findTarget(base, module);
    if (target === undefined) {
      throw new RangeError(
        `Cannot apply the adapter ${folder.name} as ${base.names.length} tensors of the model must contain ` +
          `${module}.weight: it is missing`
      );
    }
    const other = name.replace(/\.lora_A(?=\.|$)/, '.lora_B');
    if (!adapter.has(other)) {
      throw new RangeError(`Cannot apply the adapter ${folder.name} as it must contain ${other}: it is missing`);
    }
    const [a, b] = [await adapter.read(name, signal), await adapter.read(other, signal)];
    const rank = a.dims[0]!;
    const scale = scaleOf(config, module, rank, folder.name);
    const [down, up] = [decode(a), decode(b)];
    const dims = config.fan_in_fan_out ? [a.dims[1]!, b.dims[0]!] : [b.dims[0]!, a.dims[1]!];
    const stored = base.info(target).dims;
    if (b.dims[1] !== rank || stored.length !== 2 || stored[0] !== dims[0] || stored[1] !== dims[1]) {
      throw new TypeError(
        `Cannot apply the adapter ${folder.name} as lora_B lora_A of ${module} must have the shape of ` +
          `${target}, [${stored}]: ` +
          `current shapes are [${b.dims}] and [${a.dims}]`
      );
    }
    deltas.set(target, values => {
      if (last?.target !== target) {
        last = { target, delta: product(up, down, rank, scale, config.fan_in_fan_out === true) };
      }
      const { delta } = last;
      for (let i = 0; i < values.length; i++) {
        values[i] = values[i]! + delta[i]!;
      }
    });
  }
  return deltas;
}

function checkConfig(json: unknown, name: string): AdapterConfig {
  if (typeof json !== 'object' || json === null) {
    throw new RangeError(`Cannot load the adapter ${name} as it must contain adapter_config.json: there is none`);
  }
  const config = json as { [key: string]: unknown };
  const refuse = (must: string, value: unknown): TypeError =>
    new TypeError(`Cannot apply the adapter ${name} as ${must}: current value is ${JSON.stringify(value)}`);
  if (config['peft_type'] !== 'LORA') {
    throw refuse("peft_type in its adapter_config.json must be 'LORA'", config['peft_type']);
  }
  if (config['use_dora']) {
    throw refuse('use_dora must be false (weight-decomposed adapters are not known)', config['use_dora']);
  }
  if (config['bias'] !== undefined && config['bias'] !== 'none') {
    throw refuse("bias must be 'none'", config['bias']);
  }
  if (Array.isArray(config['modules_to_save']) && config['modules_to_save'].length > 0) {
    throw refuse(
      'modules_to_save must be empty (whole modules in an adapter are not known)',
      config['modules_to_save']
    );
  }
  for (const key of ['r', 'lora_alpha']) {
    if (typeof config[key] !== 'number') {
      throw refuse(`${key} must be a number`, config[key]);
    }
  }
  return config as unknown as AdapterConfig;
}

/** alpha / r, or alpha / √r (rsLoRA), with the exceptions the configuration makes for some modules. */
function scaleOf(config: AdapterConfig, module: string, rank: number, name: string): number {
  const exception = (patterns: AdapterConfig['rank_pattern']): number | undefined =>
    Object.entries(patterns ?? {}).find(([pattern]) => module === pattern || module.endsWith(`.${pattern}`))?.[1];
  const r = exception(config.rank_pattern) ?? config.r;
  const alpha = exception(config.alpha_pattern) ?? config.lora_alpha;
  if (r !== rank) {
    throw new TypeError(
      `Cannot apply the adapter ${name} as lora_A of ${module} must have r rows, ${r}: current number is ${rank}`
    );
  }
  return alpha / (config.use_rslora ? Math.sqrt(r) : r);
}

/** A module's weight under the checkpoint's spelling: with or without a leading `model.` or `transformer.`. */
function findTarget(base: Checkpoint, module: string): string | undefined {
  const bare = module.replace(/^(model|transformer)\./, '');
  return [module, bare, `model.${module}`, `transformer.${module}`].map(n => `${n}.weight`).find(n => base.has(n));
}

/**
 * scale · up down, [out, in]; with `transposed` [in, out].
 *
 * @param up [out, rank].
 * @param down [rank, in].
 */
function product(up: Float32Array, down: Float32Array, rank: number, scale: number, transposed: boolean): Float32Array {
  const width = down.length / rank;
  const rows = up.length / rank;
  const out = new Float32Array(rows * width);
  const row = new Float32Array(width);
  for (let o = 0; o < rows; o++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = up[o * rank + k]! * scale;
      const from = k * width;
      for (let i = 0; i < width; i++) {
        row[i] = row[i]! + factor * down[from + i]!;
      }
    }
    for (let i = 0; i < width; i++) {
      out[transposed ? i * rows + o : o * width + i] = row[i]!;
    }
  }
  return out;
}
