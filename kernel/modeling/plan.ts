/** Where and how precisely a model runs, decided before any weight is read. */
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { LinearFormat, Target } from '../graph/builder';
import { buildStack } from '../graph/stack';
import type { DeviceName, Host } from '../host/host';
import type { Architecture } from '../models/architecture';
import type { PretrainedOptions } from './load';
import { notice } from './notice';

export interface Plan {
  readonly device: DeviceName;
  /** As given by `model.dtype`. */
  readonly dtype: string;
  readonly linear: LinearFormat;
  /** Weights are rounded to this before anything else, as `from_pretrained({ dtype })` does in Python. */
  readonly round?: 'float16' | 'bfloat16';
  /** Bytes of weights as the engine will hold them. */
  readonly bytes: number;
}

const DTYPES = ['auto', 'float32', 'float16', 'bfloat16', 'q8', 'q4'] as const;
type DTypeName = (typeof DTYPES)[number];
const DEVICES = ['auto', 'webgpu', 'wasm', 'cpu'] as const;

/** Room an engine needs beside the weights: packing, activations, the cache. */
const HEADROOM = 1.15;

/**
 * Chooses device and precision.
 *
 * `dtype: 'auto'` computes in float32 from the stored values (which loses nothing), or the first of q8, q4 that fits
 * where float32 does not; that is said in one line.
 * @throws {RangeError} If an option's value is unknown, the device is not there, or the model does not fit.
 */
export async function choosePlan(
  host: Host,
  architecture: Architecture,
  checkpoint: Checkpoint,
  options: PretrainedOptions
): Promise<Plan> {
  const dtype = readDtype(options);
  const device = await chooseDevice(host, options);
  const limit = await host.memoryLimit(device);
  const size = (linear: LinearFormat): number => weightBytes(architecture, { device, linear, edits: [] });
  const plan = (name: DTypeName, linear: LinearFormat): Plan => ({
    device,
    dtype: name === 'auto' ? 'float32' : name,
    linear,
    ...(name === 'float16' || name === 'bfloat16' ? { round: name } : {}),
    bytes: size(linear)
  });
  const fits = (linear: LinearFormat): boolean => size(linear) * HEADROOM <= limit;
  if (dtype !== 'auto') {
    const linear = linearOf(dtype, device);
    if (!fits(linear)) {
      throw tooLarge(checkpoint, device, dtype, size(linear), limit, size);
    }
    return plan(dtype, linear);
  }
  if (fits('float32')) {
    return plan('auto', 'float32');
  }
  const smaller = (['q8', 'q4'] as const).find(fits);
  if (!smaller) {
    throw tooLarge(checkpoint, device, 'float32', size('float32'), limit, size);
  }
  notice(
    `float32 weights would take ${gib(size('float32'))}, more than the ${gib(limit)} there is: quantised to ${smaller} (${gib(size(smaller))}). Values shown are those of the quantised model.`
  );
  return plan(smaller, smaller);
}

function readDtype(options: PretrainedOptions): DTypeName {
  const given = options.dtype ?? options.torch_dtype ?? 'auto';
  const name = String(given).replace(/^torch\./, '');
  if (!(DTYPES as readonly string[]).includes(name)) {
    throw new RangeError(
      `Cannot load the model as dtype must be one of ${DTYPES.join(', ')}: current value is ${String(given)}`
    );
  }
  return name as DTypeName;
}

async function chooseDevice(host: Host, options: PretrainedOptions): Promise<DeviceName> {
  const given = options.device ?? options.device_map ?? 'auto';
  const name = typeof given === 'object' ? (Object.values(given)[0] ?? 'auto') : given;
  if (!(DEVICES as readonly string[]).includes(name)) {
    throw new RangeError(
      `Cannot load the model as device must be one of ${DEVICES.join(', ')}: current value is ${name}`
    );
  }
  const present = await host.devices();
  if (name === 'auto') {
    return present[0]!;
  }
  // In a browser "cpu" means WASM: the name Python users know.
  const device = name === 'cpu' && !present.includes('cpu') ? 'wasm' : (name as DeviceName);
  if (!present.includes(device)) {
    const remedy =
      device === 'webgpu' ? ' (no WebGPU adapter was found: check chrome://gpu, or leave device out to use WASM)' : '';
    throw new RangeError(`Cannot load the model on ${device} as it must be one of ${present.join(', ')} here${remedy}`);
  }
  return device;
}

function linearOf(dtype: DTypeName, device: DeviceName): LinearFormat {
  if (dtype === 'q4' && device === 'wasm') {
    notice('q4 has no fast kernel on WASM and runs slowly there: q8 is the quicker choice.');
  }
  return dtype === 'float16' ? 'float16' : dtype === 'q8' || dtype === 'q4' ? dtype : 'float32';
}

/** Bytes of a model's weights in a precision, from its description alone. */
export function weightBytes(architecture: Architecture, target: Target): number {
  return architecture.stacks
    .flatMap(stack => buildStack(stack, target).weights)
    .flatMap(w => w.parts)
    .reduce((n, p) => n + p.initializer.byteLength!, 0);
}

function tooLarge(
  checkpoint: Checkpoint,
  device: DeviceName,
  dtype: string,
  bytes: number,
  limit: number,
  size: (linear: LinearFormat) => number
): RangeError {
  const fitting = (['float16', 'q8', 'q4'] as const).filter(l => size(l) * HEADROOM <= limit);
  const remedy =
    fitting.length > 0
      ? `dtype ${fitting.map(f => `'${f}' (${gib(size(f))})`).join(' or ')} would fit`
      : 'no dtype fits; use a smaller model or the server kernel';
  return new RangeError(
    `Cannot load ${checkpoint.names.length} tensors on ${device} as ${dtype} weights must fit in ${gib(limit / HEADROOM)}: they take ${gib(bytes)}. ${remedy}`
  );
}

function gib(bytes: number): string {
  return bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(0)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;
}
