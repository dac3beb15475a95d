import { emptyEncoding, mergeEncodings, truncateEncoding, truncatePair } from '../../../../kernel/tokenizer/encoding';
import type { Encoding } from '../../../../kernel/tokenizer/encoding';

const of = (...ids: number[]): Encoding => ({ ...emptyEncoding(), ids });

describe('truncateEncoding()', () => {
  it('cuts from the right or the left and keeps the rest as overflow', () => {
    const right = truncateEncoding(of(1, 2, 3, 4, 5), 2, 0, 'right');
    expect([right.ids, right.overflowing.map(part => part.ids)]).toEqual([
      [1, 2],
      [[3, 4], [5]]
    ]);
    const left = truncateEncoding(of(1, 2, 3, 4, 5), 2, 0, 'left');
    expect([left.ids, left.overflowing.map(part => part.ids)]).toEqual([
      [4, 5],
      [[2, 3], [1]]
    ]);
  });

  it('repeats stride tokens', () => {
    const cut = truncateEncoding(of(1, 2, 3, 4, 5), 3, 1, 'right');
    expect([cut.ids, ...cut.overflowing.map(part => part.ids)]).toEqual([
      [1, 2, 3],
      [3, 4, 5]
    ]);
    expect(() => truncateEncoding(of(1, 2, 3), 2, 2, 'right')).toThrow(RangeError);
  });
});

describe('truncatePair()', () => {
  const options = { strategy: 'longest_first', stride: 0, side: 'right' } as const;
  const lengths = (first: number, second: number, maxLength: number): number[] => {
    const make = (length: number): Encoding => of(...new Array<number>(length).fill(1));
    return truncatePair(make(first), make(second), { ...options, maxLength }).map(part => part!.ids.length);
  };

  // The cases of Rust's truncation.rs
  it('longest_first shortens the longer text, then both', () => {
    expect(lengths(2, 8, 7)).toEqual([2, 5]);
    expect(lengths(8, 2, 7)).toEqual([5, 2]);
    expect(lengths(5, 5, 7)).toEqual([3, 4]);
    expect(lengths(2, 2, 7)).toEqual([2, 2]);
  });

  it('says why it cannot cut one text', () => {
    expect(() => truncatePair(of(1, 2), of(3, 4, 5, 6), { ...options, strategy: 'only_first', maxLength: 2 })).toThrow(
      /"only_first"/
    );
    expect(() => truncatePair(of(1, 2, 3), undefined, { ...options, strategy: 'only_second', maxLength: 2 })).toThrow(
      /text_pair/
    );
  });
});

describe('mergeEncodings()', () => {
  it('joins overflow in every combination', () => {
    const first = { ...of(1), overflowing: [of(2)] };
    expect(mergeEncodings([first, of(9)]).overflowing.map(part => part.ids)).toEqual([[2, 9]]);
  });
});
