/**
 * 8-bit and 4-bit floats → float32, by table.
 *
 * @see {@link https://arxiv.org/abs/2209.05433} FP8 formats (E4M3 has no infinities)
 * @see {@link https://www.opencompute.org/documents/ocp-microscaling-formats-mx-v1-0-spec-final-pdf} E8M0, E2M1
 */

export type Float8 = 'F8_E4M3' | 'F8_E5M2' | 'F8_E8M0' | 'F8_E4M3FNUZ' | 'F8_E5M2FNUZ' | 'F4';

interface Layout {
  readonly exponentBits: number;
  readonly fractionBits: number;
  readonly bias: number;
  /** What the special codes are. */
  readonly special: 'ieee' | 'nan-only' | 'negative-zero-is-nan' | 'none';
}

const layouts: Record<Exclude<Float8, 'F8_E8M0'>, Layout> = {
  F8_E4M3: { exponentBits: 4, fractionBits: 3, bias: 7, special: 'nan-only' },
  F8_E5M2: { exponentBits: 5, fractionBits: 2, bias: 15, special: 'ieee' },
  F8_E4M3FNUZ: { exponentBits: 4, fractionBits: 3, bias: 8, special: 'negative-zero-is-nan' },
  F8_E5M2FNUZ: { exponentBits: 5, fractionBits: 2, bias: 16, special: 'negative-zero-is-nan' },
  F4: { exponentBits: 2, fractionBits: 1, bias: 1, special: 'none' }
};

const tables = new Map<Float8, Float32Array>();

/** Converts bytes to float32. F4 holds two values per byte, the lower half first. */
export function decodeFloat8(dtype: Float8, bytes: Uint8Array, out: Float32Array): void {
  const values = tables.get(dtype) ?? makeTable(dtype);
  if (dtype === 'F4') {
    for (let i = 0; i < bytes.length; i++) {
      out[2 * i] = values[bytes[i]! & 15]!;
      out[2 * i + 1] = values[bytes[i]! >> 4]!;
    }
    return;
  }
  for (let i = 0; i < out.length; i++) {
    out[i] = values[bytes[i]!]!;
  }
}

function makeTable(dtype: Float8): Float32Array {
  const size = dtype === 'F4' ? 16 : 256;
  const values = Float32Array.from({ length: size }, (_, code) =>
    dtype === 'F8_E8M0' ? (code === 255 ? NaN : 2 ** (code - 127)) : valueOf(layouts[dtype], code)
  );
  tables.set(dtype, values);
  return values;
}

function valueOf({ exponentBits, fractionBits, bias, special }: Layout, code: number): number {
  const negative = (code >> (exponentBits + fractionBits)) & 1;
  const exponent = (code >> fractionBits) & ((1 << exponentBits) - 1);
  const fraction = code & ((1 << fractionBits) - 1);
  const highest = exponent === (1 << exponentBits) - 1;
  if (special === 'ieee' && highest) {
    return fraction ? NaN : negative ? -Infinity : Infinity;
  }
  if (special === 'nan-only' && highest && fraction === (1 << fractionBits) - 1) {
    return NaN;
  }
  if (special === 'negative-zero-is-nan' && negative && exponent === 0 && fraction === 0) {
    return NaN;
  }
  const size =
    exponent === 0
      ? fraction * 2 ** (1 - bias - fractionBits)
      : (1 + fraction / 2 ** fractionBits) * 2 ** (exponent - bias);
  return negative ? -size : size;
}
