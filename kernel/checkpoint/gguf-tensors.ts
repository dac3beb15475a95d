/** The tensors of a GGUF file under Hugging Face's names and in Hugging Face's layout. */
import { CheckpointError, elementCount, type TensorInfo } from './checkpoint';
import { decode } from './decode';
import { bytesOf, type DataType } from './dtypes';
import { ggufArchitecture, hasTensor } from './gguf-config';
import { huggingFaceName, nameMaps, type Change } from './gguf-names';
import type { GgufFile, GgufTensor } from './gguf';
import type { Entry } from './table';

/**
 * Maps a file's tensors. Those without a counterpart (rope factors, which belong to the config) are left out.
 *
 * @throws {CheckpointError} If the architecture is not a known one, or head counts do not fit a tensor.
 */
export function ggufEntries(file: GgufFile): Map<string, Entry> {
  const maps = nameMaps[ggufArchitecture(file)]!;
  const map = typeof maps === 'function' ? maps(stem => hasTensor(file, stem)) : maps;
  const entries = new Map<string, Entry>();
  for (const tensor of file.tensors) {
    const target = huggingFaceName(map, tensor.name);
    if (target) {
      entries.set(target.name, entry(file, tensor, target.name, target.change));
    }
  }
  return entries;
}

function entry(file: GgufFile, tensor: GgufTensor, name: string, change?: Change): Entry {
  const { dims, dtype, begin, end } = tensor;
  const range = { source: file.source, begin, end };
  const info = (over: Partial<TensorInfo> = {}): TensorInfo => ({
    name,
    dims,
    dtype,
    stored: dtype,
    byteLength: end - begin,
    file: file.source.name,
    ...over
  });
  const asFloat = (shape: readonly number[]): TensorInfo =>
    info({ dims: shape, dtype: 'F32', byteLength: bytesOf('F32', elementCount(dims))! });
  const floats = (bytes: Uint8Array): Float32Array => decodeSome(name, dtype, bytes);

  switch (change?.kind) {
    case 'unpermute': {
      const order = unpermuted(file, tensor, change.heads);
      return { ...range, info: info(), convert: bytes => reordered(bytes, order) };
    }
    case 'regroup-qkv': {
      const order = regrouped(file, tensor);
      return { ...range, info: info(), convert: bytes => reordered(bytes, order) };
    }
    case 'subtract-one':
      return { ...range, info: asFloat(dims), convert: bytes => lessOne(floats(bytes)), rowwise: true };
    case 'transpose':
      if (dims.length === 2) {
        const [rows, columns] = dims as [number, number];
        return {
          ...range,
          info: asFloat([columns, rows]),
          convert: bytes => transposed(floats(bytes), rows, columns)
        };
      }
      break;
  }
  return { ...range, info: info() };
}

/** Float32 values of any whole number of blocks. */
function decodeSome(name: string, dtype: DataType, bytes: Uint8Array): Float32Array {
  const count = (bytes.byteLength / bytesOf(dtype, 256)!) * 256;
  return decode({ name, dtype, dims: [count], bytes });
}

function lessOne(values: Float32Array): Uint8Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = values[i]! - 1;
  }
  return new Uint8Array(out.buffer);
}

function transposed(values: Float32Array, rows: number, columns: number): Uint8Array {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      out[column * rows + row] = values[row * columns + column]!;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Puts rows in another order: row i of the result is row `order[i]`. Rows are whole blocks, so bytes move unread. */
function reordered(bytes: Uint8Array, order: Int32Array): Uint8Array {
  const size = bytes.length / order.length;
  const out = new Uint8Array(bytes.length);
  for (let i = 0; i < order.length; i++) {
    out.set(bytes.subarray(order[i]! * size, (order[i]! + 1) * size), i * size);
  }
  return out;
}

function headCounts(file: GgufFile): { heads: number; groups: number } {
  const architecture = ggufArchitecture(file);
  const heads = file.metadata[`${architecture}.attention.head_count`];
  const groups = file.metadata[`${architecture}.attention.head_count_kv`] ?? heads;
  if (typeof heads !== 'number' || typeof groups !== 'number' || heads < 1 || groups < 1) {
    throw new CheckpointError(
      file.source.name,
      `${architecture}.attention.head_count must be a number: current values are ${String(heads)}, ${String(groups)}`
    );
  }
  return { heads, groups };
}

/** llama.cpp's rows [head, pair, half] → Hugging Face's [head, half, pair]. */
function unpermuted(file: GgufFile, tensor: GgufTensor, kind: 'query' | 'key'): Int32Array {
  const { heads, groups } = headCounts(file);
  const count = kind === 'query' ? heads : groups;
  const rows = tensor.dims[0] ?? 0;
  const half = rows / count / 2;
  if (!Number.isInteger(half)) {
    throw new CheckpointError(
      file.source.name,
      `its rows must divide into ${count} heads of even size: current shape is [${tensor.dims}]`,
      tensor.name
    );
  }
  const order = new Int32Array(rows);
  for (let head = 0, i = 0; head < count; head++) {
    for (let part = 0; part < 2; part++) {
      for (let pair = 0; pair < half; pair++, i++) {
        order[i] = (head * half + pair) * 2 + part;
      }
    }
  }
  return order;
}

/** Rows [all q, all k, all v] → per group of heads: its q heads, its k, its v. */
function regrouped(file: GgufFile, tensor: GgufTensor): Int32Array {
  const { heads, groups } = headCounts(file);
  const rows = tensor.dims[0] ?? 0;
  const size = rows / (heads + 2 * groups);
  const perGroup = heads / groups;
  if (!Number.isInteger(size) || !Number.isInteger(perGroup)) {
    throw new CheckpointError(
      file.source.name,
      `its rows must divide into ${heads} query and ${groups} key and value heads: current shape is [${tensor.dims}]`,
      tensor.name
    );
  }
  const order = new Int32Array(rows);
  let i = 0;
  for (let group = 0; group < groups; group++) {
    const queries = Array.from({ length: perGroup }, (_, query) => group * perGroup + query);
    for (const head of [...queries, heads + group, heads + groups + group]) {
      for (let row = 0; row < size; row++, i++) {
        order[i] = head * size + row;
      }
    }
  }
  return order;
}
