import { bf16ToFloat32, f16ToFloat32 } from '../../../../kernel/checkpoint/half';
import { bits } from './fixtures';

const all = Uint16Array.from({ length: 65536 }, (_, code) => code);

describe('f16ToFloat32()', () => {
  it('is exact for all 65536 codes', () => {
    // IEEE 754: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
    const expected = Float32Array.from(all, code => {
      const exponent = (code >> 10) & 31;
      const fraction = code & 1023;
      const size =
        exponent === 31
          ? fraction
            ? NaN
            : Infinity
          : exponent
            ? 2 ** (exponent - 15) * (1 + fraction / 1024)
            : 2 ** -14 * (fraction / 1024);
      return code >> 15 ? -size : size;
    });
    const out = new Float32Array(65536);
    f16ToFloat32(all, out);
    expect(bits(out)).toEqual(bits(expected));
  });
});

describe('bf16ToFloat32()', () => {
  it('is the upper half of a float32, for all 65536 codes', () => {
    const view = new DataView(new ArrayBuffer(4));
    const expected = Float32Array.from(all, code => {
      view.setUint16(0, code);
      return view.getFloat32(0);
    });
    const out = new Float32Array(65536 + 3).subarray(3);
    bf16ToFloat32(all, out);
    expect(bits(out)).toEqual(bits(expected));
  });
});
