/** Conversions between float32 and the 16-bit floats, rounding to nearest even. */

const word = new Uint32Array(1);
const real = new Float32Array(word.buffer);

/** IEEE half bits of each value. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const x = bits[i]!;
    const sign = (x >>> 16) & 0x8000;
    const magnitude = x & 0x7fffffff;
    if (magnitude >= 0x47800000) {
      out[i] = sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00);
    } else if (magnitude < 0x38800000) {
      // Subnormal: adding 0.5 aligns the mantissa so that the hardware rounds it.
      word[0] = magnitude;
      real[0] = real[0]! + 0.5;
      out[i] = sign | (word[0]! - 0x3f000000);
    } else {
      out[i] = sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
    }
  }
  return out;
}

/** Values of IEEE half bits. */
export function float16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) {
    const x = bits[i]!;
    const sign = (x & 0x8000) << 16;
    const rest = x & 0x7fff;
    if (rest >= 0x7c00) {
      words[i] = sign | 0x7f800000 | ((rest & 0x3ff) << 13);
    } else if (rest < 0x400) {
      out[i] = (rest / 16777216) * (sign ? -1 : 1);
    } else {
      words[i] = sign | ((rest << 13) + 0x38000000);
    }
  }
  return out;
}

/** bfloat16 bits of each value. */
export function float32ToBfloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < values.length; i++) {
    const x = bits[i]!;
    out[i] = (x & 0x7fffffff) > 0x7f800000 ? (x >>> 16) | 0x40 : (x + 0x7fff + ((x >>> 16) & 1)) >>> 16;
  }
  return out;
}

/** Values of bfloat16 bits. */
export function bfloat16ToFloat32(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < bits.length; i++) {
    words[i] = bits[i]! << 16;
  }
  return out;
}
