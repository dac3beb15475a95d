/**
 * Weights that come into being while onnxruntime-web copies them.
 *
 * Its C++ side looks a mounted file up, compares `byteLength` and calls `subarray(begin, end)` once per initialiser
 * before copying into its heap. An array that makes its content in `subarray` therefore never holds more than one
 * tensor, where plain arrays would hold all converted weights next to the heap's copy.
 */
import type { ExternalTensor } from './host';

/** Stands for a mounted file of `byteLength` bytes; only `byteLength` and `subarray` mean anything. */
export class LazyBytes extends Uint8Array {
  /** What `bytes()` threw: the engine reports a number instead. */
  failure: unknown;
  /** How often content was asked for. */
  calls = 0;
  private readonly _tensor: ExternalTensor;

  constructor(tensor: ExternalTensor) {
    super(0);
    this._tensor = tensor;
  }

  /** Arrays derived from this one (by the engine's own slices) are ordinary. */
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  override get byteLength(): number {
    return this._tensor.byteLength;
  }

  override get length(): number {
    return this._tensor.byteLength;
  }

  override subarray(begin = 0, end = this._tensor.byteLength): Uint8Array<ArrayBuffer> {
    this.calls++;
    try {
      return checkedBytes(this._tensor).subarray(begin, end) as Uint8Array<ArrayBuffer>;
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/**
 * A tensor's bytes.
 *
 * @throws {RangeError} If they are not as many as announced: the engine would read beyond them.
 */
export function checkedBytes(tensor: ExternalTensor): Uint8Array {
  const bytes = tensor.bytes();
  if (bytes.byteLength !== tensor.byteLength) {
    throw new RangeError(
      `Cannot give ${tensor.path} to the engine as it must have ${tensor.byteLength} bytes: ` +
        `current length is ${bytes.byteLength}`
    );
  }
  return bytes;
}
