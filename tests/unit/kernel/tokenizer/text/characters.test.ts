import {
  isCombiningMark,
  isNonspacingMark,
  isOther,
  isPunctuation,
  isWhitespace,
  leadingSpace,
  pythonStrip,
  trailingSpace
} from '../../../../../kernel/tokenizer/text/characters';

describe('character classes', () => {
  it('are those of Rust', () => {
    expect(['\u0085', '\u3000', '\ufeff', '\u200b'].map(isWhitespace)).toEqual([true, true, false, false]);
    expect(['$', '。', '\u2e52', '\u{119e2}', 'a'].map(isPunctuation)).toEqual([true, true, false, false, false]);
    expect(['\u200d', '\ue000', '\u0007', '\ufffe', '\u0378'].map(isOther)).toEqual([true, true, true, false, false]);
    expect(['\u0301', '\u0903', '\u1ac0'].map(isNonspacingMark)).toEqual([true, false, false]);
    expect(['\u0301', '\u0903', 'a'].map(isCombiningMark)).toEqual([true, true, false]);
  });
});

describe('leadingSpace() and trailingSpace()', () => {
  it('count white space at the ends', () => {
    expect([leadingSpace('\u3000 a '), trailingSpace('\u3000 a \n'), leadingSpace('a'), trailingSpace('')]).toEqual([
      2, 2, 0, 0
    ]);
  });
});

describe('pythonStrip()', () => {
  it('strips what Python strips', () => {
    // ' \x1c\ufeffa\u3000'.strip() in Python
    expect(pythonStrip(' \x1c\ufeffa\u3000')).toBe('\ufeffa');
    expect(pythonStrip('xxayx', 'xy')).toBe('a');
    expect(pythonStrip('   ')).toBe('');
  });
});
