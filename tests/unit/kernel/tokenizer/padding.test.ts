import { paddedLength, planLengths } from '../../../../kernel/tokenizer/padding';

const UNLIMITED = 1e30;

describe('planLengths()', () => {
  it('cuts when only max_length is given, as Python does', () => {
    expect(planLengths({ max_length: 5 }, UNLIMITED)).toEqual({
      pad: undefined,
      truncate: { maxLength: 5, strategy: 'longest_first' }
    });
    expect(planLengths({ max_length: 5, truncation: false }, UNLIMITED).truncate).toBeUndefined();
    expect(planLengths({ max_length: 5, padding: true }, UNLIMITED)).toEqual({ pad: 'longest', truncate: undefined });
  });

  it('goes by the model where no length is given', () => {
    expect(planLengths({ padding: 'max_length', truncation: true }, 512)).toEqual({
      pad: 512,
      truncate: { maxLength: 512, strategy: 'longest_first' }
    });
    expect(planLengths({ padding: 'max_length', truncation: true }, UNLIMITED)).toEqual({
      pad: undefined,
      truncate: undefined
    });
  });

  it('refuses contradictions', () => {
    expect(() =>
      planLengths({ padding: true, truncation: true, max_length: 10, pad_to_multiple_of: 4 }, UNLIMITED)
    ).toThrow(RangeError);
    expect(() => planLengths({ max_length: -1 }, UNLIMITED)).toThrow(RangeError);
    expect(() => planLengths({ truncation: 'short' as 'only_first' }, UNLIMITED)).toThrow(/'longest_first'/);
  });
});

describe('paddedLength()', () => {
  it('rounds up', () => {
    expect([
      paddedLength([3, 5], 'longest', 4),
      paddedLength([3, 5], 'longest', undefined),
      paddedLength([3], 10, 8)
    ]).toEqual([8, 5, 16]);
  });
});
