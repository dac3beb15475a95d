import { decode } from '../../../../kernel/checkpoint/decode';
import type { DataType } from '../../../../kernel/checkpoint/dtypes';

const raw = (dtype: DataType, dims: number[], bytes: Uint8Array) => ({ name: 't', dtype, dims, bytes });

describe('decode()', () => {
  it('does not copy aligned float32, and copies what is not aligned', () => {
    const bytes = new Uint8Array(Float32Array.of(1, 2, 3).buffer);
    expect(decode(raw('F32', [3], bytes)).buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(13);
    shifted.set(bytes, 1);
    expect([...decode(raw('F32', [3], shifted.subarray(1)))]).toEqual([1, 2, 3]);
    const doubles = new Uint8Array(9);
    doubles.set(new Uint8Array(Float64Array.of(0.5).buffer), 1);
    expect([...decode(raw('F64', [1], doubles.subarray(1)))]).toEqual([0.5]);
  });

  it('fills a target, also in the middle of a buffer', () => {
    const target = new Float32Array(5);
    const part = target.subarray(1, 3);
    expect(decode(raw('BF16', [2], Uint8Array.of(0x80, 0x3f, 0, 0xc0)), part)).toBe(part);
    expect([...target]).toEqual([0, 1, -2, 0, 0]);
    expect(() => decode(raw('BF16', [2], new Uint8Array(4)), target)).toThrow(
      'Cannot decode t as it has 2 elements: the target has 5'
    );
  });

  it('unpacks 4-bit floats, the lower half first', () => {
    // E2M1 codes: 1 → 0.5, 7 → 6, 8 → -0, 15 → -6
    expect([...decode(raw('F4', [2, 2], Uint8Array.of(0x71, 0xf8)))]).toEqual([0.5, 6, -0, -6]);
  });

  it.each<[string, DataType, number[], number]>([
    ['bytes that are too few', 'F32', [2], 4],
    ['parts of a block', 'Q8_0', [16], 17],
    ['too many bytes', 'U8', [], 2]
  ])('throws for %s', (_, dtype, dims, length) => {
    expect(() => decode(raw(dtype, dims, new Uint8Array(length)))).toThrow(/^Cannot decode t as \w+ of shape/);
  });

  it.each<DataType>(['C64', 'F6_E2M3'])('throws for %s, which has no float32 values here', dtype => {
    expect(() => decode(raw(dtype, [4], new Uint8Array(dtype === 'C64' ? 32 : 3)))).toThrow(TypeError);
  });
});
