/**
 * Weight quantisation at load time. Layouts are those of onnxruntime's contrib operators.
 * @see https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md (MatMulNBits, DynamicQuantizeMatMul)
 */

/** Quantised bytes by part name, as graph/builder.ts lays them out. */
export type Parts = { readonly [part: string]: Uint8Array };

const bytes = (a: Float32Array | Int8Array): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

/**
 * 8 bits, symmetric, one scale per `block` inputs of an output row: w ≈ (q − 128) · scale.
 *
 * @param w Row-major [out, width]; width is a multiple of block.
 */
export function quantizeQ8(w: Float32Array, block: number): Parts {
  const count = w.length / block;
  const packed = new Uint8Array(w.length);
  const scales = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * block;
    let max = 0;
    for (let j = start; j < start + block; j++) {
      const v = Math.abs(w[j]!);
      max = v > max ? v : max;
    }
    const scale = max / 127;
    const inverse = scale === 0 ? 0 : 1 / scale;
    scales[i] = scale;
    for (let j = start; j < start + block; j++) {
      packed[j] = Math.round(w[j]! * inverse) + 128;
    }
  }
  return { '': packed, scale: bytes(scales) };
}

/**
 * 4 bits, asymmetric, one scale and zero point per `block` inputs: w ≈ (q − zero) · scale, two values to a byte, the
 * even one low.
 *
 * @param w Row-major [out, width]; width is a multiple of block.
 */
export function quantizeQ4(w: Float32Array, out: number, width: number, block: number): Parts {
  const blocks = width / block;
  const packed = new Uint8Array(w.length / 2);
  const scales = new Float32Array(out * blocks);
  const zeroBytes = Math.ceil(blocks / 2);
  const zeros = new Uint8Array(out * zeroBytes);
  for (let row = 0; row < out; row++) {
    for (let k = 0; k < blocks; k++) {
      const start = row * width + k * block;
      let min = 0;
      let max = 0;
      for (let j = start; j < start + block; j++) {
        const v = w[j]!;
        min = v < min ? v : min;
        max = v > max ? v : max;
      }
      const scale = (max - min) / 15;
      const inverse = scale === 0 ? 0 : 1 / scale;
      const zero = Math.max(0, Math.min(15, Math.round(-min * inverse)));
      scales[row * blocks + k] = scale;
      zeros[row * zeroBytes + (k >> 1)]! |= zero << ((k & 1) * 4);
      for (let j = 0; j < block; j += 2) {
        const low = Math.max(0, Math.min(15, Math.round(w[start + j]! * inverse) + zero));
        const high = Math.max(0, Math.min(15, Math.round(w[start + j + 1]! * inverse) + zero));
        packed[(start + j) >> 1] = low | (high << 4);
      }
    }
  }
  return { '': packed, scale: bytes(scales), zero: zeros };
}

/**
 * 8 bits, symmetric, one scale per output, laid out [width, out]: w ≈ q · scale.
 *
 * @param w Row-major [out, width].
 */
export function quantizeInt8(w: Float32Array, out: number, width: number): Parts {
  const packed = new Int8Array(w.length);
  const scales = new Float32Array(out);
  const inverse = new Float32Array(out);
  for (let row = 0; row < out; row++) {
    let max = 0;
    for (let j = row * width; j < (row + 1) * width; j++) {
      const v = Math.abs(w[j]!);
      max = v > max ? v : max;
    }
    scales[row] = max / 127;
    inverse[row] = max === 0 ? 0 : 127 / max;
  }
  // Tiles keep both the rows read and the columns written in cache.
  const tile = 64;
  for (let r = 0; r < out; r += tile) {
    for (let c = 0; c < width; c += tile) {
      for (let row = r; row < Math.min(r + tile, out); row++) {
        const factor = inverse[row]!;
        for (let col = c; col < Math.min(c + tile, width); col++) {
          packed[col * out + row] = Math.round(w[row * width + col]! * factor);
        }
      }
    }
  }
  return { '': bytes(packed), scale: bytes(scales), zero: new Uint8Array(out) };
}
