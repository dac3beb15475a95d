/** 16-bit floats → float32, at typed-array speed. */

let table: Float32Array | undefined;

/** All 65536 float16 values as float32, indexed by their bits; made on first use. */
export function f16Table(): Float32Array {
  if (!table) {
    const bits = new Uint32Array(65536);
    for (let half = 0; half < 65536; half++) {
      bits[half] = f16Bits(half);
    }
    table = new Float32Array(bits.buffer);
  }
  return table;
}

/** The float32 bits of a float16. */
function f16Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 31) {
    return sign | 0x7f800000 | (fraction << 13);
  }
  if (exponent > 0) {
    return sign | ((exponent + 112) << 23) | (fraction << 13);
  }
  if (fraction === 0) {
    return sign;
  }
  // Subnormal: shift until the leading one is the implicit one.
  const shift = Math.clz32(fraction) - 21;
  return sign | ((113 - shift) << 23) | ((fraction << (13 + shift)) & 0x7fffff);
}

/** Converts float16 bits to float32. */
export function f16ToFloat32(bits: Uint16Array, out: Float32Array): void {
  const values = f16Table();
  for (let i = 0; i < out.length; i++) {
    out[i] = values[bits[i]!]!;
  }
}

/** Converts bfloat16 bits to float32: they are its upper half. */
export function bf16ToFloat32(bits: Uint16Array, out: Float32Array): void {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < words.length; i++) {
    words[i] = bits[i]! << 16;
  }
}
