import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16
} from '../../../../kernel/tensor/dtype';

const all = Uint16Array.from({ length: 65536 }, (_, i) => i);

/** IEEE 754 binary16 by its definition. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) {
    return fraction ? NaN : sign * Infinity;
  }
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
}

describe('float16ToFloat32()', () => {
  it('gives every half its value', () => {
    const values = float16ToFloat32(all);
    expect(all.every((bits, i) => Object.is(values[i], half(bits)))).toBe(true);
  });
});

describe('float32ToFloat16()', () => {
  it('gives back the bits of every half', () => {
    const again = float32ToFloat16(float16ToFloat32(all));
    expect(all.every((bits, i) => again[i] === bits || Number.isNaN(half(bits)))).toBe(true);
    expect(Number.isNaN(half(float32ToFloat16(new Float32Array([NaN]))[0]!))).toBe(true);
  });

  it('rounds half way to the even neighbour, and beyond it to the nearer', () => {
    const faults: number[] = [];
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [half(bits), half(bits + 1)];
      const middle = (low + high) / 2; // exact in float32
      const above = Math.fround(middle + (high - low) / 1024);
      const below = Math.fround(middle - (high - low) / 1024);
      const [a, b, c] = float32ToFloat16(new Float32Array([middle, above, below]));
      if (a !== (bits % 2 ? bits + 1 : bits) || b !== bits + 1 || c !== bits) {
        faults.push(bits);
      }
    }
    expect(faults).toEqual([]);
  });

  it('goes to infinity from the middle between the largest half and the next', () => {
    expect([...float32ToFloat16(new Float32Array([65519.99, 65520, -1e10, 1e-10, -0]))]).toEqual([
      0x7bff, 0x7c00, 0xfc00, 0, 0x8000
    ]);
  });
});

describe('float32ToBfloat16()', () => {
  it('gives back the bits of every bfloat16', () => {
    const again = float32ToBfloat16(bfloat16ToFloat32(all));
    const isNaN = (bits: number): boolean => (bits & 0x7fff) > 0x7f80;
    expect(all.every((bits, i) => again[i] === bits || (isNaN(bits) && isNaN(again[i]!)))).toBe(true);
  });

  it('rounds half way to the even neighbour', () => {
    const word = new Uint32Array([0x3f808000, 0x3f818000, 0x3f808001, 0x3f807fff, 0x7f7fffff, 0x7f800001]);
    expect([...float32ToBfloat16(new Float32Array(word.buffer))]).toEqual([
      0x3f80, 0x3f82, 0x3f81, 0x3f80, 0x7f80, 0x7fc0
    ]);
  });
});
