import { inflateSync } from 'fflate';
import type { Packed } from '../../kernel/protocol/view';

/** Numbers with their shape. */
export interface Values {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

function bytesOf(packed: Packed): Uint8Array {
  const binary = atob(packed.data);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = binary.charCodeAt(i);
  }
  return packed.deflate ? inflateSync(bytes) : bytes;
}

/** One byte's value, for `u8sqrt`. */
function levels(max: number): Float32Array {
  const table = Float32Array.from({ length: 256 }, (_, i) => max * (i / 250) ** 2);
  table[253] = -Infinity;
  table[254] = Infinity;
  table[255] = NaN;
  return table;
}

function decode(packed: Packed): Float32Array {
  const bytes = bytesOf(packed);
  if (packed.dtype === 'u8sqrt') {
    const table = levels(packed.max ?? 1);
    const out = new Float32Array(bytes.length);
    for (let i = 0; i < out.length; i++) {
      out[i] = table[bytes[i]!]!;
    }
    return out;
  }
  // Copied, as a view must be aligned to its elements.
  const { buffer } = bytes.slice();
  if (packed.dtype === 'u16') {
    const { min = 0, max = 1 } = packed;
    return Float32Array.from(new Uint16Array(buffer), w => min + ((max - min) * w) / 65535);
  }
  return packed.dtype === 'i32' ? Float32Array.from(new Int32Array(buffer)) : new Float32Array(buffer);
}

/** Reads packed numbers whole. */
export function unpack(packed: Packed): Values {
  const { shape } = packed;
  const data = decode(packed);
  if (packed.layout !== 'causal') {
    return { shape, data };
  }
  const matrices = new Matrices(packed, data);
  const size = matrices.rows * matrices.columns;
  const out = new Float32Array(matrices.count * size);
  for (let m = 0; m < matrices.count; m++) {
    out.set(matrices.get(m), m * size);
  }
  return { shape, data: out };
}

/** Packed [.., q, k] matrices, expanded one at a time: all heads of a model need not be in memory twice. */
export class Matrices {
  readonly count: number;
  readonly rows: number;
  readonly columns: number;
  private readonly _data: Float32Array;
  private readonly _causal: boolean;

  constructor(packed: Packed, data: Float32Array = decode(packed)) {
    this.rows = packed.shape.at(-2)!;
    this.columns = packed.shape.at(-1)!;
    this.count = packed.shape.slice(0, -2).reduce((a, b) => a * b, 1);
    this._causal = packed.layout === 'causal';
    this._data = data;
  }

  /** Matrix `index`, [rows, columns]; the caller's to change. */
  get(index: number): Float32Array {
    const { rows, columns } = this;
    if (!this._causal) {
      return this._data.slice(index * rows * columns, (index + 1) * rows * columns);
    }
    const out = new Float32Array(rows * columns);
    let at = index * ((rows * (2 * columns - rows + 1)) / 2);
    for (let i = 0; i < rows; i++) {
      const length = columns - rows + i + 1;
      out.set(this._data.subarray(at, at + length), i * columns);
      at += length;
    }
    return out;
  }
}
