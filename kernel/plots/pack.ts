import type { Packed } from '../protocol/view';
import { deflateSync } from 'fflate';
import type { Dense } from './input';

/** Values up to this many are kept exactly. */
const EXACT = 20_000;

/** Base64 text of bytes, without the call-stack limit of spreading them into `fromCharCode`. */
export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 0x8000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(binary);
}

function encode(bytes: Uint8Array): { data: string; deflate?: true } {
  if (bytes.length < 1024) {
    return { data: base64(bytes) };
  }
  const small = deflateSync(bytes, { level: 6 });
  return small.length < 0.9 * bytes.length ? { data: base64(small), deflate: true } : { data: base64(bytes) };
}

/** Packs values exactly, as float32. */
export function packF32(values: Dense): Packed {
  const bytes = new Uint8Array(values.data.slice().buffer);
  return { shape: [...values.shape], dtype: 'f32', ...encode(bytes) };
}

/** Packs values in [min, max] in steps of 1/65535 of the range. */
export function packU16(values: Dense): Packed {
  let min = Infinity;
  let max = -Infinity;
  for (const v of values.data) {
    min = Math.min(min, v);
    max = Math.max(max, v);
  }
  const scale = max > min ? 65535 / (max - min) : 0;
  const words = Uint16Array.from(values.data, v => Math.round((v - min) * scale));
  return { shape: [...values.shape], dtype: 'u16', min, max, ...encode(new Uint8Array(words.buffer)) };
}

/** Whether every entry later than its query is zero in each [q, k] matrix of the last two axes. */
export function isCausal(values: Dense): boolean {
  const k = values.shape.at(-1)!;
  const q = values.shape.at(-2)!;
  if (q > k || k < 2) {
    return false;
  }
  const count = values.data.length / (q * k);
  for (let m = 0; m < count; m++) {
    for (let i = 0; i < q; i++) {
      const end = (m * q + i + 1) * k;
      for (let j = (m * q + i) * k + k - q + i + 1; j < end; j++) {
        if (values.data[j] !== 0) {
          return false;
        }
      }
    }
  }
  return true;
}

/** The entries a causal mask leaves, matrix by matrix, row by row. */
function lower(values: Dense): Float32Array {
  const k = values.shape.at(-1)!;
  const q = values.shape.at(-2)!;
  const count = values.data.length / (q * k);
  const each = (q * (2 * k - q + 1)) / 2;
  const out = new Float32Array(count * each);
  let at = 0;
  for (let m = 0; m < count; m++) {
    for (let i = 0; i < q; i++) {
      const begin = (m * q + i) * k;
      const length = k - q + i + 1;
      out.set(values.data.subarray(begin, begin + length), at);
      at += length;
    }
  }
  return out;
}

/** Packs attention: exactly where small, else one byte per value; the lower triangle alone where causal. */
export function packAttention(values: Dense, causal: boolean): Packed {
  const data = causal ? lower(values) : values.data;
  const shape = [...values.shape];
  const layout = causal ? { layout: 'causal' as const } : {};
  let max = 0;
  let negative = false;
  for (const v of data) {
    if (v > max && v !== Infinity) {
      max = v;
    }
    negative ||= v < 0 && v !== -Infinity;
  }
  if (data.length <= EXACT || negative) {
    return { ...packF32({ shape, data }), ...layout };
  }
  const levels = new Uint8Array(data.length);
  const scale = max > 0 ? 1 / max : 0;
  for (let i = 0; i < data.length; i++) {
    const v = data[i]!;
    // The comparison fails for NaN too.
    if (v >= 0 && v !== Infinity) {
      levels[i] = Math.round(250 * Math.sqrt(v * scale));
    } else {
      levels[i] = v === Infinity ? 254 : v === -Infinity ? 253 : 255;
    }
  }
  return { shape, dtype: 'u8sqrt', ...layout, max, ...encode(levels) };
}
