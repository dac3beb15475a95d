import { blockOf, type QuantType } from '../../../../kernel/checkpoint/dtypes';
import { decode, decodeRows } from '../../../../kernel/checkpoint/decode';
import { dequantize } from '../../../../kernel/checkpoint/quants';
import { bits, floats, fromBase64, jsonFixture } from './fixtures';

const cases = jsonFixture<Record<QuantType, { blocks: string; values: string }>>('quants.json');

describe('dequantize()', () => {
  it.each(Object.keys(cases) as QuantType[])('gives the bits of gguf.quants.dequantize for %s', type => {
    const expected = floats(cases[type].values);
    const out = new Float32Array(expected.length);
    dequantize(type, fromBase64(cases[type].blocks), out);
    expect(bits(out)).toEqual(bits(expected));
  });

  it('covers every block type that can be opened', () => {
    const types = ['Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'Q2_K', 'Q3_K', 'Q4_K', 'Q5_K', 'Q6_K', 'IQ4_NL', 'IQ4_XS'];
    expect(Object.keys(cases)).toEqual(types);
  });
});

describe('decodeRows()', () => {
  it.each(Object.keys(cases) as QuantType[])('gives single rows of %s as decode() of the whole does', type => {
    const width = blockOf(type).elements;
    const rows = 1024 / width;
    const raw = { name: 't', dtype: type, dims: [rows, width], bytes: fromBase64(cases[type].blocks) };
    const whole = decode(raw);
    const picked = decodeRows(raw, [rows - 1, 0, 1, 1]);
    const expected = [rows - 1, 0, 1, 1].flatMap(row => [...whole.subarray(row * width, (row + 1) * width)]);
    expect(bits(picked)).toEqual(bits(Float32Array.from(expected)));
  });

  it('throws for a row that is not there, and for rows that are not whole blocks', () => {
    const bytes = fromBase64(cases.Q8_0.blocks);
    expect(() => decodeRows({ name: 't', dtype: 'Q8_0', dims: [32, 32], bytes }, [32])).toThrow(
      'Cannot read row 32 of t as it must be within [0, 32)'
    );
    expect(() => decodeRows({ name: 't', dtype: 'Q8_0', dims: [64, 16], bytes }, [0])).toThrow(/whole blocks of 32/);
  });
});
