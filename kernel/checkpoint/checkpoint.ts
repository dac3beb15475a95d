/**
 * What every weight file format offers: names with dims and dtype, known without reading data, and the stored bytes of
 * one tensor (or some of its rows) by range. `decode.ts` turns those bytes into float32.
 */
import type { DataType } from './dtypes';

/** A tensor as `read` gives it. */
export interface TensorInfo {
  readonly name: string;
  /** Hugging Face order, outermost first; [] for a scalar. */
  readonly dims: readonly number[];
  /** Of the bytes `read` gives: safetensors names (`F32`, `BF16`) or GGUF block types (`Q4_1`). */
  readonly dtype: DataType;
  /** Bytes `read` gives. */
  readonly byteLength: number;
  /** The file it comes from, for errors. */
  readonly file: string;
  /**
   * The dtype in the file, where reading has to convert (GGUF tensors that are stored transposed or shifted by one);
   * equal to `dtype` otherwise.
   */
  readonly stored: DataType;
}

/** Stored bytes of a tensor or of some of its rows. */
export interface RawTensor {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: DataType;
  readonly bytes: Uint8Array;
}

export interface Checkpoint {
  readonly format: 'safetensors' | 'gguf' | 'pytorch';
  /** Tensor names as the checkpoint spells them; a GGUF file's are already Hugging Face names. */
  readonly names: readonly string[];
  /** Changes when any file's content does; the key of converted weights in caches. */
  readonly identity: string;
  /** What the files say of themselves: safetensors `__metadata__`, or all key-values of a GGUF file. */
  readonly metadata: Readonly<Record<string, unknown>>;
  has(name: string): boolean;
  /** @throws {RangeError} If there is no such tensor. */
  info(name: string): TensorInfo;
  /**
   * Reads one tensor's bytes. Nothing is kept: reading twice reads the file twice.
   * @throws {RangeError} If there is no such tensor.
   */
  read(name: string, signal?: AbortSignal): Promise<RawTensor>;
  /** The same, synchronously, where the host can; absent otherwise. */
  readSync?(name: string): RawTensor;
  /**
   * Reads rows [begin, end) of the outermost dimension, e.g. one token's embedding out of a table.
   * @throws {RangeError} If there are no such rows.
   */
  readRows(name: string, begin: number, end: number, signal?: AbortSignal): Promise<RawTensor>;
  /** The same, synchronously, where the host can; absent otherwise. */
  readRowsSync?(name: string, begin: number, end: number): RawTensor;
}

/** A file that breaks its format's rules: what an untrusted file may throw, besides a source's own read errors. */
export class CheckpointError extends Error {
  override name = 'CheckpointError';

  /**
   * @param file The file, shown first.
   * @param reason What must hold, and the current value.
   * @param tensor The tensor concerned.
   */
  constructor(
    readonly file: string,
    reason: string,
    readonly tensor?: string
  ) {
    super(`Cannot load ${file}${tensor === undefined ? '' : `, tensor ${JSON.stringify(tensor)},`} as ${reason}`);
  }
}

/** Number of elements of a tensor of these dims. */
export function elementCount(dims: readonly number[]): number {
  // Not by the product alone: it may overflow to Infinity before the zero comes.
  return dims.includes(0) ? 0 : dims.reduce((product, dim) => product * dim, 1);
}

/** The error for a name that is not there, with near misses. */
export function missingTensor(name: string, files: string, names: readonly string[]): RangeError {
  const tail = name.split('.').slice(-2).join('.');
  const near = names.filter(other => other.endsWith(tail)).slice(0, 3);
  return new RangeError(
    `Cannot read tensor ${JSON.stringify(name)} as ${files} must contain it: it has ${names.length} tensors` +
      (near.length ? `, among them ${near.join(', ')}` : '')
  );
}

/** Checks a row range. */
export function checkRows(info: TensorInfo, begin: number, end: number): void {
  const rows = info.dims[0] ?? 1;
  if (!Number.isInteger(begin) || !Number.isInteger(end) || begin < 0 || end < begin || end > rows) {
    throw new RangeError(
      `Cannot read rows of ${info.name} as they must be within [0, ${rows}): current range is [${begin}, ${end})`
    );
  }
}
