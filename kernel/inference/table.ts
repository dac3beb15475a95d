import type { Checkpoint, RawTensor } from '../checkpoint/checkpoint';
import { decodeRows } from '../checkpoint/decode';

/**
 * A lookup table (token, position or segment embeddings), kept as stored: half the size for bfloat16, a seventh for
 * 4-bit blocks. Rows are decoded when looked up.
 */
export class LookupTable {
  readonly rows: number;
  readonly width: number;

  private readonly raw: RawTensor;

  constructor(stored: RawTensor) {
    // ViT stores its positions as [1, rows, width].
    const raw = stored.dims.length === 3 && stored.dims[0] === 1 ? { ...stored, dims: stored.dims.slice(1) } : stored;
    this.raw = raw;
    if (raw.dims.length !== 2) {
      throw new TypeError(
        `Cannot look up rows of ${raw.name} as it must have shape [rows, width]: current shape is [${raw.dims}]`
      );
    }
    this.rows = raw.dims[0]!;
    this.width = raw.dims[1]!;
  }

  static async read(checkpoint: Checkpoint, name: string, signal?: AbortSignal): Promise<LookupTable> {
    return new LookupTable(await checkpoint.read(name, signal));
  }

  /** Bytes held. */
  get bytes(): number {
    return this.raw.bytes.byteLength;
  }

  /**
   * Rows by number.
   *
   * @returns Row-major [indices.length, width].
   * @throws {RangeError} If an index is outside the table.
   */
  lookup(indices: ArrayLike<number | bigint>, scale = 1): Float32Array {
    for (let i = 0; i < indices.length; i++) {
      const row = Number(indices[i]);
      if (!(row >= 0 && row < this.rows)) {
        throw new RangeError(
          `Cannot look up ${this.raw.name} as every index must be in [0, ${this.rows}): current value is ${row} at ${i} (index out of range in self)`
        );
      }
    }
    const values = decodeRows(this.raw, indices);
    if (scale !== 1) {
      const factor = Math.fround(scale);
      for (let i = 0; i < values.length; i++) {
        values[i]! *= factor;
      }
    }
    return values;
  }

  /** The whole table, [rows, width]. */
  all(): Float32Array {
    return this.lookup(Array.from({ length: this.rows }, (_, i) => i));
  }
}
