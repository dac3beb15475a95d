/**
 * GGUF block types → float32.
 *
 * Each loop gives the bits of Python's `gguf.quants.dequantize`: a product of the few-bit factors is exact in float32,
 * so computing in double and rounding once at the store is the same as rounding at every step.
 *
 * @see {@link https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/gguf/quants.py}
 */
import type { QuantType } from './dtypes';
import { f16Table } from './half';

type Loop = (bytes: Uint8Array, out: Float32Array, half: Float32Array) => void;

/**
 * Dequantises whole blocks.
 *
 * @param bytes Blocks.
 * @param out As many values as the blocks hold.
 */
export function dequantize(type: QuantType, bytes: Uint8Array, out: Float32Array): void {
  loops[type](bytes, out, f16Table());
}

const iq4Values = Float32Array.of(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);

const loops: Record<QuantType, Loop> = {
  // d f16, 16 bytes of 4-bit values: low halves are values 0–15, high halves 16–31
  Q4_0: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 2 + i]!;
        out[o + i] = d * ((q & 15) - 8);
        out[o + 16 + i] = d * ((q >> 4) - 8);
      }
    }
  },

  // d f16, m f16, 16 bytes of 4-bit values
  Q4_1: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 20, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const m = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 4 + i]!;
        out[o + i] = d * (q & 15) + m;
        out[o + 16 + i] = d * (q >> 4) + m;
      }
    }
  },

  // d f16, 32 fifth bits, 16 bytes of 4-bit values
  Q5_0: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 22, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const high = word(bytes, at + 2);
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 6 + i]!;
        out[o + i] = d * (((q & 15) | (((high >>> i) & 1) << 4)) - 16);
        out[o + 16 + i] = d * (((q >> 4) | (((high >>> (16 + i)) & 1) << 4)) - 16);
      }
    }
  },

  // d f16, m f16, 32 fifth bits, 16 bytes of 4-bit values
  Q5_1: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 24, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const m = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
      const high = word(bytes, at + 4);
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 8 + i]!;
        out[o + i] = d * ((q & 15) | (((high >>> i) & 1) << 4)) + m;
        out[o + 16 + i] = d * ((q >> 4) | (((high >>> (16 + i)) & 1) << 4)) + m;
      }
    }
  },

  // d f16, 32 signed bytes
  Q8_0: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 34, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      for (let i = 0; i < 32; i++) {
        out[o + i] = d * ((bytes[at + 2 + i]! << 24) >> 24);
      }
    }
  },

  // 16 bytes scale (low) and min (high) of 16 values each, 64 bytes of 2-bit values, d f16, dmin f16
  Q2_K: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 84, o += 256) {
      const d = half[bytes[at + 80]! | (bytes[at + 81]! << 8)]!;
      const dmin = half[bytes[at + 82]! | (bytes[at + 83]! << 8)]!;
      for (let group = 0; group < 16; group++) {
        const scale = bytes[at + group]!;
        const dl = d * (scale & 15);
        const ml = dmin * (scale >> 4);
        const shift = ((group >> 1) & 3) * 2;
        const q = at + 16 + (group >> 3) * 32 + (group & 1) * 16;
        for (let i = 0; i < 16; i++) {
          out[o + group * 16 + i] = dl * ((bytes[q + i]! >> shift) & 3) - ml;
        }
      }
    }
  },

  // 32 bytes of third bits, 64 bytes of 2-bit values, 16 scales of 6 bits in 12 bytes, d f16
  Q3_K: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 110, o += 256) {
      const d = half[bytes[at + 108]! | (bytes[at + 109]! << 8)]!;
      for (let group = 0; group < 16; group++) {
        const low = (bytes[at + 96 + (group & 7)]! >> ((group >> 3) * 4)) & 15;
        const high = (bytes[at + 104 + (group & 3)]! >> ((group >> 2) * 2)) & 3;
        const dl = d * ((low | (high << 4)) - 32);
        const shift = ((group >> 1) & 3) * 2;
        const half32 = (group & 1) * 16;
        const q = at + 32 + (group >> 3) * 32 + half32;
        const mask = 1 << (group >> 1);
        for (let i = 0; i < 16; i++) {
          // The offset is zero where the third bit is set.
          const offset = bytes[at + half32 + i]! & mask ? 0 : 4;
          out[o + group * 16 + i] = dl * (((bytes[q + i]! >> shift) & 3) - offset);
        }
      }
    }
  },

  // d f16, dmin f16, 8 scales and mins of 6 bits in 12 bytes, 128 bytes of 4-bit values
  Q4_K: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 144, o += 256) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const dmin = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
      // Two groups share 32 bytes: the low and the high halves.
      for (let group = 0; group < 8; group += 2) {
        const dl = d * scaleK(bytes, at + 4, group);
        const ml = dmin * minK(bytes, at + 4, group);
        const dh = d * scaleK(bytes, at + 4, group + 1);
        const mh = dmin * minK(bytes, at + 4, group + 1);
        const from = at + 16 + group * 16;
        const to = o + group * 32;
        for (let i = 0; i < 32; i++) {
          const q = bytes[from + i]!;
          out[to + i] = dl * (q & 15) - ml;
          out[to + 32 + i] = dh * (q >> 4) - mh;
        }
      }
    }
  },

  // as Q4_K, with 32 bytes of fifth bits before the 4-bit values
  Q5_K: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 176, o += 256) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const dmin = half[bytes[at + 2]! | (bytes[at + 3]! << 8)]!;
      for (let group = 0; group < 8; group += 2) {
        const dl = d * scaleK(bytes, at + 4, group);
        const ml = dmin * minK(bytes, at + 4, group);
        const dh = d * scaleK(bytes, at + 4, group + 1);
        const mh = dmin * minK(bytes, at + 4, group + 1);
        const from = at + 48 + group * 16;
        const to = o + group * 32;
        for (let i = 0; i < 32; i++) {
          const q = bytes[from + i]!;
          const high = bytes[at + 16 + i]! >> group;
          out[to + i] = dl * ((q & 15) | ((high & 1) << 4)) - ml;
          out[to + 32 + i] = dh * ((q >> 4) | ((high & 2) << 3)) - mh;
        }
      }
    }
  },

  // 128 bytes of low 4 bits, 64 bytes of high 2 bits, 16 signed scales, d f16
  Q6_K: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 210, o += 256) {
      const d = half[bytes[at + 208]! | (bytes[at + 209]! << 8)]!;
      // Each half of the block: 64 low and 32 high bytes make four rows of 32 values, whose scales change midway.
      for (let part = 0; part < 4; part++) {
        const within = (part & 1) * 16;
        const low = at + (part >> 1) * 64 + within;
        const high = at + 128 + (part >> 1) * 32 + within;
        const scale = at + 192 + (part >> 1) * 8 + (part & 1);
        const to = o + (part >> 1) * 128 + within;
        const d0 = d * ((bytes[scale]! << 24) >> 24);
        const d1 = d * ((bytes[scale + 2]! << 24) >> 24);
        const d2 = d * ((bytes[scale + 4]! << 24) >> 24);
        const d3 = d * ((bytes[scale + 6]! << 24) >> 24);
        for (let i = 0; i < 16; i++) {
          const a = bytes[low + i]!;
          const b = bytes[low + 32 + i]!;
          const h = bytes[high + i]!;
          out[to + i] = d0 * (((a & 15) | ((h & 3) << 4)) - 32);
          out[to + 32 + i] = d1 * (((b & 15) | ((h & 12) << 2)) - 32);
          out[to + 64 + i] = d2 * (((a >> 4) | (h & 48)) - 32);
          out[to + 96 + i] = d3 * (((b >> 4) | ((h & 192) >> 2)) - 32);
        }
      }
    }
  },

  // as Q4_0, the 4 bits indexing a table of values
  IQ4_NL: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 18, o += 32) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      for (let i = 0; i < 16; i++) {
        const q = bytes[at + 2 + i]!;
        out[o + i] = d * iq4Values[q & 15]!;
        out[o + 16 + i] = d * iq4Values[q >> 4]!;
      }
    }
  },

  // d f16, 8 scales of 6 bits (high parts in 2 bytes, low in 4), 128 bytes of 4-bit table indices
  IQ4_XS: (bytes, out, half) => {
    for (let at = 0, o = 0; o < out.length; at += 136, o += 256) {
      const d = half[bytes[at]! | (bytes[at + 1]! << 8)]!;
      const highs = bytes[at + 2]! | (bytes[at + 3]! << 8);
      for (let group = 0; group < 8; group++) {
        const low = (bytes[at + 4 + (group >> 1)]! >> ((group & 1) * 4)) & 15;
        const dl = d * ((low | (((highs >> (2 * group)) & 3) << 4)) - 32);
        const q = at + 8 + group * 16;
        const to = o + group * 32;
        for (let i = 0; i < 16; i++) {
          out[to + i] = dl * iq4Values[bytes[q + i]! & 15]!;
          out[to + 16 + i] = dl * iq4Values[bytes[q + i]! >> 4]!;
        }
      }
    }
  }
};

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/*
 * Scales (E…A) and mins (F…B) of Q4_K and Q5_K, 6 bits each:
 *   bytes 0–3  EEAAAAAA   scale of groups 0–3, and the upper 2 bits of the scale of groups 4–7
 *   bytes 4–7  FFBBBBBB   the same for mins
 *   bytes 8–11 ffffeeee   the lower 4 bits of scale (e) and min (f) of groups 4–7
 */
function scaleK(bytes: Uint8Array, at: number, group: number): number {
  return group < 4 ? bytes[at + group]! & 63 : (bytes[at + 4 + group]! & 15) | ((bytes[at + group - 4]! >> 2) & 48);
}

function minK(bytes: Uint8Array, at: number, group: number): number {
  return group < 4 ? bytes[at + 4 + group]! & 63 : (bytes[at + 4 + group]! >> 4) | ((bytes[at + group]! >> 2) & 48);
}
