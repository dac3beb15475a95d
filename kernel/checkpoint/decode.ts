/** Stored bytes → float32. */
import { elementCount, type RawTensor } from './checkpoint';
import { blockOf, isQuantType, type DataType } from './dtypes';
import { decodeFloat8 } from './float8';
import { bf16ToFloat32, f16ToFloat32 } from './half';
import { dequantize } from './quants';

/**
 * Converts a tensor to float32.
 *
 * @param raw Stored bytes.
 * @param out Where to put the values, e.g. a part of the engine's memory; a new array by default.
 * @returns `out`, of as many elements as the dims say. F32 bytes that are aligned are not copied without `out`.
 * @throws {TypeError} If the dtype has no float32 values (C64, F6) or the bytes do not fit the dims.
 */
export function decode(raw: RawTensor, out?: Float32Array): Float32Array {
  const count = elementCount(raw.dims);
  checkSize(raw, count, out);
  if (raw.dtype === 'F32' && !out && raw.bytes.byteOffset % 4 === 0) {
    return new Float32Array(raw.bytes.buffer as ArrayBuffer, raw.bytes.byteOffset, count);
  }
  const target = out ?? new Float32Array(count);
  decodeInto(raw.dtype, raw.bytes, target, raw.name);
  return target;
}

/**
 * Converts single rows of a tensor to float32, e.g. the embeddings of some tokens out of a table kept as stored.
 *
 * @param raw Stored bytes of dims [rows, …].
 * @param rows Row numbers, any order, repeats allowed.
 * @returns Values, shape [rows.length, …].
 * @throws {RangeError} If there is no such row.
 * @throws {TypeError} If rows do not begin at whole blocks.
 */
export function decodeRows(raw: RawTensor, rows: ArrayLike<number | bigint>): Float32Array {
  const total = raw.dims[0] ?? 1;
  const width = elementCount(raw.dims.slice(1));
  checkSize(raw, total * width);
  const block = blockOf(raw.dtype);
  if (width % block.elements !== 0) {
    throw new TypeError(
      `Cannot read rows of ${raw.name} as a row must be whole blocks of ${block.elements}: it has ${width} elements`
    );
  }
  const size = (width / block.elements) * block.bytes;
  const out = new Float32Array(rows.length * width);
  for (let i = 0; i < rows.length; i++) {
    const row = Number(rows[i]);
    if (!Number.isInteger(row) || row < 0 || row >= total) {
      throw new RangeError(`Cannot read row ${row} of ${raw.name} as it must be within [0, ${total})`);
    }
    const bytes = raw.bytes.subarray(row * size, (row + 1) * size);
    decodeInto(raw.dtype, bytes, out.subarray(i * width, (i + 1) * width), raw.name);
  }
  return out;
}

function checkSize(raw: RawTensor, count: number, out?: Float32Array): void {
  const { elements, bytes } = blockOf(raw.dtype);
  if (count % elements !== 0 || (count / elements) * bytes !== raw.bytes.byteLength) {
    throw new TypeError(
      `Cannot decode ${raw.name} as ${raw.dtype} of shape [${raw.dims}] must have its bytes: ` +
        `current length is ${raw.bytes.byteLength}`
    );
  }
  if (out && out.length !== count) {
    throw new TypeError(`Cannot decode ${raw.name} as it has ${count} elements: the target has ${out.length}`);
  }
}

function decodeInto(dtype: DataType, bytes: Uint8Array, out: Float32Array, name: string): void {
  if (isQuantType(dtype)) {
    dequantize(dtype, bytes, out);
    return;
  }
  switch (dtype) {
    case 'F32':
      new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(bytes);
      return;
    case 'BF16':
      bf16ToFloat32(aligned(bytes, Uint16Array), out);
      return;
    case 'F16':
      f16ToFloat32(aligned(bytes, Uint16Array), out);
      return;
    case 'F64':
      out.set(aligned(bytes, Float64Array));
      return;
    case 'I64':
      setBig(out, aligned(bytes, BigInt64Array));
      return;
    case 'U64':
      setBig(out, aligned(bytes, BigUint64Array));
      return;
    case 'I32':
      out.set(aligned(bytes, Int32Array));
      return;
    case 'U32':
      out.set(aligned(bytes, Uint32Array));
      return;
    case 'I16':
      out.set(aligned(bytes, Int16Array));
      return;
    case 'U16':
      out.set(aligned(bytes, Uint16Array));
      return;
    case 'I8':
      out.set(aligned(bytes, Int8Array));
      return;
    case 'U8':
      out.set(bytes);
      return;
    case 'BOOL':
      for (let i = 0; i < out.length; i++) {
        out[i] = bytes[i] ? 1 : 0;
      }
      return;
    case 'F8_E4M3':
    case 'F8_E5M2':
    case 'F8_E8M0':
    case 'F8_E4M3FNUZ':
    case 'F8_E5M2FNUZ':
    case 'F4':
      decodeFloat8(dtype, bytes, out);
      return;
    default:
      throw new TypeError(
        `Cannot decode ${name} as its dtype must be a real number of at most 64 bits: it is ${dtype}`
      );
  }
}

interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): T;
}

/** A view of bytes as numbers; of a copy where the bytes do not begin at a multiple of the element size. */
function aligned<T>(bytes: Uint8Array, type: ArrayType<T>): T {
  const at = bytes.byteOffset % type.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new type(at.buffer as ArrayBuffer, at.byteOffset, at.byteLength / type.BYTES_PER_ELEMENT);
}

function setBig(out: Float32Array, values: BigInt64Array | BigUint64Array): void {
  for (let i = 0; i < out.length; i++) {
    out[i] = Number(values[i]);
  }
}
