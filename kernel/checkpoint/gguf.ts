/**
 * Reading GGUF: typed key-values, then the tensor table, then aligned tensor data.
 *
 * An own reader rather than `@huggingface/gguf`, because it reads a `ByteSource` (not a URL), and because every count in
 * an untrusted header is checked against what the file can hold before anything is allocated.
 *
 * @see {@link https://github.com/ggml-org/ggml/blob/master/docs/gguf.md}
 */
import type { ByteSource } from '../host/host';
import { CheckpointError, elementCount } from './checkpoint';
import { blockOf, bytesOf, ggmlTypes, undecodedGgmlTypes, type DataType } from './dtypes';

/** A value of the file's metadata. 64-bit integers beyond 2^53 are bigint. */
export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

/** Key → value, without a prototype. */
export type GgufMetadata = Readonly<Record<string, GgufValue>>;

/** One row of the tensor table. */
export interface GgufTensor {
  /** As in the file: `blk.0.attn_q.weight`. */
  readonly name: string;
  /** Outermost first (the file has them the other way round). */
  readonly dims: readonly number[];
  readonly dtype: DataType;
  /** Range in the file. */
  readonly begin: number;
  readonly end: number;
}

export interface GgufFile {
  readonly source: ByteSource;
  readonly version: number;
  readonly metadata: GgufMetadata;
  readonly tensors: readonly GgufTensor[];
}

const firstRead = 1 << 20;
/** A vocabulary of 256k tokens with merges takes about 15 MB. */
const longestHeader = 1 << 28;
const maxDims = 4;
const maxDepth = 4;

/**
 * Reads the metadata and the tensor table.
 *
 * @throws {CheckpointError} If the file is truncated or is not what the format says.
 */
export async function readGguf(source: ByteSource, signal?: AbortSignal): Promise<GgufFile> {
  let bytes = await source.read(0, Math.min(source.size, firstRead), signal);
  for (;;) {
    try {
      return new HeaderParser(bytes, source).parse();
    } catch (error) {
      if (!(error instanceof NeedMore)) {
        throw error;
      }
      if (error.bytes > source.size) {
        throw new CheckpointError(
          source.name,
          `its header must end within the file's ${source.size} bytes: it needs ${error.bytes}`
        );
      }
      if (error.bytes > longestHeader) {
        throw new CheckpointError(
          source.name,
          `its header must be at most ${longestHeader} bytes: it needs ${error.bytes}`
        );
      }
      const length = Math.min(source.size, longestHeader, Math.max(error.bytes, 4 * bytes.length));
      const more = await source.read(bytes.length, length, signal);
      const longer = new Uint8Array(length);
      longer.set(bytes);
      longer.set(more, bytes.length);
      bytes = longer;
    }
  }
}

/** Not enough of the file was read to go on. */
class NeedMore extends Error {
  constructor(readonly bytes: number) {
    super();
  }
}

/** Widths of the fixed-size value types, by type number. */
const widths: Readonly<Record<number, number>> = {
  0: 1,
  1: 1,
  2: 2,
  3: 2,
  4: 4,
  5: 4,
  6: 4,
  7: 1,
  10: 8,
  11: 8,
  12: 8
};
const stringType = 8;
const arrayType = 9;

class HeaderParser {
  private _at = 0;
  private readonly _view: DataView;
  private readonly _utf8 = new TextDecoder('utf-8');

  constructor(
    private readonly _bytes: Uint8Array,
    private readonly _source: ByteSource
  ) {
    this._view = new DataView(_bytes.buffer, _bytes.byteOffset, _bytes.byteLength);
  }

  parse(): GgufFile {
    if (this._source.size < 24) {
      this._fail(`a GGUF file must have at least 24 bytes: current size is ${this._source.size}`);
    }
    const magic = String.fromCharCode(...this._bytes.subarray(0, 4));
    if (magic !== 'GGUF') {
      this._fail(`it must begin with "GGUF": it begins with ${JSON.stringify(magic)}`);
    }
    this._at = 4;
    const version = this._u32();
    if (version !== 2 && version !== 3) {
      this._fail(`its version must be 2 or 3, little-endian: current value is ${version}`);
    }
    // A tensor takes at least 24 bytes of the table, a key-value at least 13.
    const tensorCount = this._count('number of tensors', 24);
    const valueCount = this._count('number of metadata values', 13);
    const metadata = this._metadata(valueCount);
    const alignment = metadata['general.alignment'] ?? 32;
    if (typeof alignment !== 'number' || alignment < 1 || alignment > 1 << 20 || (alignment & (alignment - 1)) !== 0) {
      this._fail(`general.alignment must be a power of two: current value is ${String(alignment)}`);
    }
    const table = Array.from({ length: tensorCount }, () => this._tensor());
    const data = Math.ceil(this._at / (alignment as number)) * (alignment as number);
    const tensors = table.map(row => this._place(row, data));
    this._checkRanges(tensors);
    return { source: this._source, version, metadata, tensors };
  }

  private _metadata(count: number): GgufMetadata {
    const metadata = Object.create(null) as Record<string, GgufValue>;
    for (let i = 0; i < count; i++) {
      const key = this._string();
      if (key in metadata) {
        this._fail(`metadata keys must occur once: ${JSON.stringify(key)} occurs again`);
      }
      metadata[key] = this._value(this._u32(), 0, key);
    }
    return metadata;
  }

  private _value(type: number, depth: number, key: string): GgufValue {
    const at = this._at;
    switch (type) {
      case 0:
        return (this._need(1), this._view.getUint8(at));
      case 1:
        return (this._need(1), this._view.getInt8(at));
      case 2:
        return (this._need(2), this._view.getUint16(at, true));
      case 3:
        return (this._need(2), this._view.getInt16(at, true));
      case 4:
        return (this._need(4), this._view.getUint32(at, true));
      case 5:
        return (this._need(4), this._view.getInt32(at, true));
      case 6:
        return (this._need(4), this._view.getFloat32(at, true));
      case 7:
        return (this._need(1), this._view.getUint8(at) !== 0);
      case stringType:
        return this._string();
      case arrayType:
        return this._array(depth + 1, key);
      case 10:
        return (this._need(8), plainNumber(this._view.getBigUint64(at, true)));
      case 11:
        return (this._need(8), plainNumber(this._view.getBigInt64(at, true)));
      case 12:
        return (this._need(8), this._view.getFloat64(at, true));
      default:
        return this._fail(`the value type of metadata key ${JSON.stringify(key)} must be known: it is ${type}`);
    }
  }

  private _array(depth: number, key: string): GgufValue {
    if (depth > maxDepth) {
      this._fail(`arrays must be nested at most ${maxDepth} deep: metadata key ${JSON.stringify(key)} goes deeper`);
    }
    const type = this._u32();
    const smallest = widths[type] ?? (type === stringType ? 8 : type === arrayType ? 12 : undefined);
    if (smallest === undefined) {
      this._fail(`the element type of metadata key ${JSON.stringify(key)} must be known: it is ${type}`);
    }
    const count = this._count(`length of metadata key ${JSON.stringify(key)}`, smallest!);
    // All of it at least must be there before the array is allocated.
    this._ensure(this._at + count * smallest!);
    const values = new Array<GgufValue>(count);
    for (let i = 0; i < count; i++) {
      values[i] = this._value(type, depth, key);
    }
    return values;
  }

  private _tensor(): Omit<GgufTensor, 'end'> {
    const name = this._string();
    const rank = this._u32();
    if (rank > maxDims) {
      this._fail(`a tensor must have at most ${maxDims} dimensions: current value is ${rank}`, name);
    }
    const dims: number[] = [];
    for (let i = 0; i < rank; i++) {
      dims.unshift(this._safe(this._u64(), 'dimension', name));
    }
    const type = this._u32();
    const dtype = ggmlTypes.get(type);
    if (!dtype) {
      const label = undecodedGgmlTypes.get(type);
      this._fail(
        `its type must be one of ${[...ggmlTypes.values()].join(', ')}: current value is ${label ?? type}`,
        name
      );
    }
    return { name, dims, dtype: dtype!, begin: this._safe(this._u64(), 'offset', name) };
  }

  private _place(row: Omit<GgufTensor, 'end'>, data: number): GgufTensor {
    const { name, dims, dtype } = row;
    const { elements } = blockOf(dtype);
    const count = elementCount(dims);
    if (!Number.isSafeInteger(count) || (dims.at(-1) ?? 1) % elements !== 0) {
      this._fail(`rows must be whole blocks of ${elements} values for ${dtype}: current shape is [${dims}]`, name);
    }
    const begin = data + row.begin;
    const end = begin + bytesOf(dtype, count)!;
    if (end > this._source.size) {
      this._fail(`its data must lie within the file's ${this._source.size} bytes: it ends at ${end}`, name);
    }
    return { name, dims, dtype, begin, end };
  }

  private _checkRanges(tensors: readonly GgufTensor[]): void {
    const names = new Set<string>();
    for (const { name } of tensors) {
      if (names.has(name)) {
        this._fail('its name must occur once: it occurs again', name);
      }
      names.add(name);
    }
    const sorted = tensors.filter(t => t.end > t.begin).sort((a, b) => a.begin - b.begin);
    for (let i = 1; i < sorted.length; i++) {
      if (sorted[i]!.begin < sorted[i - 1]!.end) {
        this._fail(`its data must not overlap another tensor's: it overlaps ${sorted[i - 1]!.name}`, sorted[i]!.name);
      }
    }
  }

  private _string(): string {
    const length = this._count('length of a string', 1);
    this._ensure(this._at + length);
    const text = this._utf8.decode(this._bytes.subarray(this._at, this._at + length));
    this._at += length;
    return text;
  }

  /** A 64-bit count of things that take at least `size` bytes each: more than the file can hold is refused. */
  private _count(what: string, size: number): number {
    const value = this._u64();
    const most = Math.floor((this._source.size - this._at) / size);
    if (value > BigInt(most)) {
      this._fail(`the ${what} must fit into the file, which has room for ${most}: current value is ${value}`);
    }
    return Number(value);
  }

  private _safe(value: bigint, what: string, tensor: string): number {
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      this._fail(`its ${what} must be below 2^53: current value is ${value}`, tensor);
    }
    return Number(value);
  }

  private _u32(): number {
    const at = this._at;
    this._need(4);
    return this._view.getUint32(at, true);
  }

  private _u64(): bigint {
    const at = this._at;
    this._need(8);
    return this._view.getBigUint64(at, true);
  }

  /** Makes sure that `size` more bytes are there, and passes them. */
  private _need(size: number): void {
    this._ensure(this._at + size);
    this._at += size;
  }

  private _ensure(end: number): void {
    if (end > this._bytes.length) {
      throw new NeedMore(end);
    }
  }

  private _fail(reason: string, tensor?: string): never {
    throw new CheckpointError(this._source.name, reason, tensor);
  }
}

function plainNumber(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
