/**
 * Canonical weights from a checkpoint: finding them, checking their dims, bringing them into the form a graph asks for.
 * Everything is done tensor by tensor, at the moment the engine copies it in.
 */
import { decode } from '../checkpoint/decode';
import type { Checkpoint } from '../checkpoint/checkpoint';
import type { BuiltGraph, WeightRequest } from '../graph/builder';
import { QUANT_BLOCK } from '../graph/builder';
import type { ExternalTensor } from '../host/host';
import type { Architecture, WeightSource } from '../models/architecture';
import { bfloat16ToFloat32, float16ToFloat32, float32ToBfloat16, float32ToFloat16 } from '../tensor/dtype';
import type { Parts } from './quantize';
import { LookupTable } from './table';
import { expandSource } from './weight-source';
import { quantizeInt8, quantizeQ4, quantizeQ8 } from './quantize';

/** What loading found, as transformers' `output_loading_info`. */
export interface LoadingInfo {
  missing_keys: string[];
  unexpected_keys: string[];
  mismatched_keys: { name: string; checkpoint: number[]; model: number[] }[];
  error_msgs: string[];
}

/** Range requests under way at once. */
const PARALLEL_READS = 6;

export interface WeightOptions {
  /** Give mismatched weights fresh values rather than fail. Default false. */
  readonly ignore_mismatched_sizes?: boolean;
  /** Round every weight to this precision after decoding. */
  readonly round?: 'float16' | 'bfloat16' | undefined;
  /** Changes applied after decoding: name in the checkpoint → addition (LoRA). */
  readonly deltas?: ReadonlyMap<string, (values: Float32Array, dims: readonly number[]) => void>;
  /** Called with bytes done after each tensor. */
  readonly onBytes?: (name: string, loaded: number) => void;
}

/** Reads canonical weights of one architecture from one checkpoint. */
export class WeightReader {
  readonly used = new Set<string>();
  readonly info: LoadingInfo = { missing_keys: [], unexpected_keys: [], mismatched_keys: [], error_msgs: [] };
  private readonly prefetched = new Map<string, Uint8Array>();
  /** How many weights are still to be made from a prefetched tensor. */
  private readonly uses = new Map<string, number>();

  constructor(
    readonly checkpoint: Checkpoint,
    readonly architecture: Architecture,
    private readonly options: WeightOptions = {}
  ) {}

  /** Where a canonical weight comes from, or undefined if the family has none by that name. */
  source(canonical: string): WeightSource | undefined {
    const source = expandSource(this.architecture.weights, canonical);
    return source?.or !== undefined && this.find(source.name) === undefined ? { ...source, name: source.or } : source;
  }

  /** The checkpoint's spelling of a weight name: as it is, or with the base prefix added or removed. */
  find(name: string): string | undefined {
    const prefix = this.architecture.base_prefix ?? '';
    const bare = prefix && name.startsWith(prefix) ? name.slice(prefix.length) : undefined;
    return (
      [name, ...(prefix ? [prefix + name] : []), ...(bare === undefined ? [] : [bare])].find(n =>
        this.checkpoint.has(n)
      ) ?? this.aliases.get(name)
    );
  }

  /** Names as the architecture spells them → as the checkpoint does, where it uses another spelling. */
  private get aliases(): ReadonlyMap<string, string> {
    const { renames = [] } = this.architecture;
    this.aliasMap ??= new Map(
      this.checkpoint.names.flatMap(name => {
        const rename = renames.find(([pattern]) => pattern.test(name));
        return rename ? [[name.replace(...rename), name] as const] : [];
      })
    );
    return this.aliasMap;
  }

  private aliasMap: ReadonlyMap<string, string> | undefined;

  /** What decides a weight's values, for caches; undefined where additions make them nobody else's. */
  get identity(): string | undefined {
    const { deltas, round } = this.options;
    return deltas && deltas.size > 0 ? undefined : `${this.checkpoint.identity}|${round ?? 'as stored'}`;
  }

  /** Counts a weight's tensors as used without reading them: its converted form was kept. */
  claim(canonical: string): void {
    const source = this.source(canonical);
    for (const piece of source ? pieces(source) : []) {
      const name = this.find(piece);
      if (name !== undefined) {
        this.used.add(name);
      }
    }
  }

  /** True if the checkpoint has the weight. */
  has(canonical: string): boolean {
    const source = this.source(canonical);
    return source !== undefined && pieces(source).every(name => this.find(name) !== undefined);
  }

  /**
   * One weight as float32 of the dims the graph expects. With `reuse` the values may lie in a buffer that the next call
   * overwrites: a model's worth of short-lived arrays would wait for the garbage collector.
   * Synchronous; needs `readAhead` where the host cannot read so.
   */
  float32(canonical: string, dims: readonly number[], reuse = false): Float32Array {
    const source = this.source(canonical);
    const names = source ? pieces(source).map(n => this.find(n)) : [];
    if (!source || names.some(n => n === undefined)) {
      return this.fresh(canonical, source?.name ?? canonical, dims);
    }
    const parts = names.map(name => this.decoded(name!, reuse && names.length === 1));
    const stored = parts.length === 1 ? this.checkpoint.info(names[0]!).dims : dims;
    const values = parts.length === 1 ? parts[0]! : concat(parts);
    const shaped = reshape(values, stored, source);
    if (!holdsSame(shaped.dims, dims)) {
      return this.mismatch(canonical, names[0]!, stored, dims);
    }
    return shaped.values;
  }

  /** Stored bytes the given weights are made from. */
  storedBytes(canonicals: readonly string[]): number {
    return [...this.storedNames(canonicals)].reduce((n, name) => n + this.checkpoint.info(name).byteLength, 0);
  }

  /**
   * Reads the stored bytes of weights ahead, several at a time; each is let go when its weight has been made.
   *
   * @param onRead Called with the bytes read so far.
   */
  async readAhead(
    canonicals: readonly string[],
    signal?: AbortSignal,
    onRead?: (name: string, bytes: number) => void
  ): Promise<void> {
    const names = [...this.storedNames(canonicals)].filter(n => !this.prefetched.has(n));
    let next = 0;
    let done = 0;
    const worker = async (): Promise<void> => {
      while (next < names.length) {
        signal?.throwIfAborted();
        const name = names[next++]!;
        const { bytes } = await this.checkpoint.read(name, signal);
        this.prefetched.set(name, bytes);
        onRead?.(name, (done += bytes.byteLength));
      }
    };
    await Promise.all(Array.from({ length: PARALLEL_READS }, worker));
    for (const canonical of canonicals) {
      for (const name of this.storedNames([canonical])) {
        this.uses.set(name, (this.uses.get(name) ?? 0) + 1);
      }
    }
  }

  private storedNames(canonicals: readonly string[]): Set<string> {
    const names = canonicals.flatMap(canonical => {
      const source = this.source(canonical);
      return source ? pieces(source).map(n => this.find(n)) : [];
    });
    return new Set(names.filter(n => n !== undefined));
  }

  /**
   * A lookup table, kept as stored; stacks that share one get the same.
   * @throws {RangeError} If the checkpoint has none.
   */
  table(canonical: string, signal?: AbortSignal): Promise<LookupTable> {
    const source = this.source(canonical);
    const name = source && this.find(source.name);
    if (name === undefined) {
      throw new RangeError(
        `Cannot load ${canonical} as the checkpoint must contain tensor ${source?.name ?? canonical}: it is missing (${this.checkpoint.names.length} tensors present)`
      );
    }
    let table = this.tables.get(name);
    if (!table) {
      this.used.add(name);
      table = LookupTable.read(this.checkpoint, name, signal);
      this.tables.set(name, table);
    }
    return table;
  }

  private readonly tables = new Map<string, Promise<LookupTable>>();

  /** Names in the checkpoint nothing asked for, less those Python skips too. */
  unexpected(): string[] {
    const ignore = this.architecture.ignore ?? [];
    return this.checkpoint.names.filter(n => !this.used.has(n) && !ignore.some(r => r.test(n)));
  }

  private scratch = new Float32Array(0);

  /** Lets the reused buffer go. */
  releaseScratch(): void {
    this.scratch = new Float32Array(0);
  }

  private buffer(count: number): Float32Array {
    if (this.scratch.length < count) {
      this.scratch = new Float32Array(count);
    }
    return this.scratch.subarray(0, count);
  }

  private decoded(name: string, reuse = false): Float32Array {
    this.used.add(name);
    const held = this.prefetched.get(name);
    const { dims, dtype } = this.checkpoint.info(name);
    const raw = held ? { name, dims, dtype, bytes: held } : this.checkpoint.readSync!(name);
    const values = decode(raw, reuse ? this.buffer(product(dims)) : undefined);
    if (held) {
      const left = (this.uses.get(name) ?? 1) - 1;
      this.uses.set(name, left);
      if (left <= 0) {
        this.prefetched.delete(name);
        this.uses.delete(name);
      }
    }
    this.options.deltas?.get(name)?.(values, dims);
    this.options.onBytes?.(name, raw.bytes.byteLength);
    if (this.options.round === 'float16' && dtype !== 'F16') {
      return float16ToFloat32(float32ToFloat16(values));
    }
    if (this.options.round === 'bfloat16' && dtype !== 'BF16') {
      return bfloat16ToFloat32(float32ToBfloat16(values));
    }
    return values;
  }

  /**
   * A weight the checkpoint lacks. A head's (a classifier on a bare encoder, say) starts afresh as in Python, with a
   * report; any other is an error, because a model without it is not the model.
   */
  private fresh(canonical: string, name: string, dims: readonly number[]): Float32Array {
    if (!this.isHead(canonical)) {
      throw new RangeError(
        `Cannot load ${this.architecture.base_prefix ?? ''}${canonical} as the checkpoint must contain tensor ${name}: it is missing (${this.checkpoint.names.length} tensors present)`
      );
    }
    if (!this.info.missing_keys.includes(name)) {
      this.info.missing_keys.push(name);
    }
    return initialise(canonical, dims);
  }

  private mismatch(canonical: string, name: string, stored: readonly number[], dims: readonly number[]): Float32Array {
    this.info.mismatched_keys.push({ name, checkpoint: [...stored], model: [...dims] });
    if (!this.options.ignore_mismatched_sizes) {
      throw new TypeError(
        `Cannot load ${name} as ${canonical} must have shape [${dims}]: current shape is [${stored}]. You set \`ignore_mismatched_sizes\` to \`False\`, thus raising an error`
      );
    }
    return initialise(canonical, dims);
  }

  private isHead(canonical: string): boolean {
    return this.architecture.stacks.some(stack =>
      stack.heads.some(head =>
        head.steps.some(
          s => (s.op === 'linear' || s.op === 'norm') && canonical.startsWith(`${stack.prefix}${s.name}.`)
        )
      )
    );
  }
}

/**
 * The weights of a graph as the engine wants them, made on demand.
 */
export function externalTensors(graph: BuiltGraph, reader: WeightReader): ExternalTensor[] {
  return graph.weights.flatMap(request => {
    let parts: Parts | undefined;
    let left = request.parts.length;
    return request.parts.map(({ part, initializer }) => ({
      path: initializer.location!,
      byteLength: initializer.byteLength!,
      bytes: () => {
        parts ??= convert(request, reader.float32(request.name, request.dims, true));
        const result = parts[part]!;
        if (--left === 0) {
          parts = undefined;
        }
        return result;
      }
    }));
  });
}

function convert({ form, dims }: WeightRequest, values: Float32Array): Parts {
  const [out, width] = dims as [number, number];
  switch (form) {
    case 'float32':
      return { '': new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
    case 'float16': {
      const half = float32ToFloat16(values);
      return { '': new Uint8Array(half.buffer, half.byteOffset, half.byteLength) };
    }
    case 'q8':
      return quantizeQ8(values, QUANT_BLOCK);
    case 'q4':
      return quantizeQ4(values, out, width, QUANT_BLOCK);
    case 'int8':
      return quantizeInt8(values, out, width);
  }
}

/** Applies a source's transposition, row choice and affine change. */
function reshape(
  values: Float32Array,
  stored: readonly number[],
  source: WeightSource
): { values: Float32Array; dims: readonly number[] } {
  let dims = stored;
  if (source.transpose) {
    values = transpose(values, dims[0]!, dims[1]!);
    dims = [dims[1]!, dims[0]!];
  }
  if (source.rows) {
    const { groups, size, from, to } = source.rows;
    if (dims[0] !== groups * size) {
      return { values: new Float32Array(0), dims: [0] };
    }
    const width = product(dims.slice(1));
    const picked = new Float32Array(groups * (to - from) * width);
    for (let g = 0; g < groups; g++) {
      const start = (g * size + from) * width;
      picked.set(values.subarray(start, start + (to - from) * width), g * (to - from) * width);
    }
    values = picked;
    dims = [groups * (to - from), ...dims.slice(1)];
  }
  const { plus = 0, times = 1 } = source;
  if (plus !== 0 || times !== 1) {
    values = values.map(v => v * times + plus);
  }
  return { values, dims };
}

function transpose(values: Float32Array, rows: number, cols: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      out[c * rows + r] = values[r * cols + c]!;
    }
  }
  return out;
}

/** Python's initialisation of a new head: normal with deviation 0.02, zero biases, unit norms; seeded by name. */
export function initialise(canonical: string, dims: readonly number[], deviation = 0.02): Float32Array {
  const values = new Float32Array(product(dims));
  if (canonical.endsWith('.bias')) {
    return values;
  }
  if (dims.length === 1) {
    return values.fill(1);
  }
  let seed = [...canonical].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261) >>> 0;
  const uniform = () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed + 0.5) / 4294967296;
  };
  return values.map(() => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()));
}

function pieces(source: WeightSource): string[] {
  return source.join === undefined
    ? [source.name]
    : Array.from({ length: source.join }, (_, n) => source.name.replace('{n}', String(n)));
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function product(dims: readonly number[]): number {
  return dims.reduce((a, b) => a * b, 1);
}

/**
 * True for dims that say the same of row-major values: equal but for axes of 1 (a norm stored as [1, 1, D]), or with
 * others joined into one (a convolution's [D, C, size, size] as [D, C · size²]). A transposed matrix is neither.
 */
function holdsSame(a: readonly number[], b: readonly number[]): boolean {
  const [one, other] = [a, b].map(dims => dims.filter(n => n !== 1)) as [number[], number[]];
  return product(a) === product(b) && (one.length !== other.length || one.every((n, i) => n === other[i]));
}
