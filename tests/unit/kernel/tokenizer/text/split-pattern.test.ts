import { AlignedText } from '../../../../../kernel/tokenizer/text/aligned-text';
import {
  compilePattern,
  readBehavior,
  readPattern,
  splitText
} from '../../../../../kernel/tokenizer/text/split-pattern';
import {
  CLIP_SPLIT,
  GPT4O_SPLIT,
  LLAMA3_SPLIT,
  QWEN2_SPLIT,
  QWEN35_SPLIT,
  TEKKEN_SPLIT
} from '../../../../../kernel/tokenizer/text/split-expressions';
import type { SplitBehavior } from '../../../../../kernel/tokenizer/text/split-pattern';

const split = (text: string, behavior: SplitBehavior, pattern = /-/g, invert = false): string[] =>
  splitText(new AlignedText(text), pattern, behavior, invert).map(part => part.text);

describe('splitText()', () => {
  // From the documentation of Rust's NormalizedString::split.
  it.each([
    ['Removed', ['the', 'final', 'countdown']],
    ['Isolated', ['the', '-', 'final', '-', '-', 'countdown']],
    ['MergedWithPrevious', ['the-', 'final-', '-', 'countdown']],
    ['MergedWithNext', ['the', '-final', '-', '-countdown']],
    ['Contiguous', ['the', '-', 'final', '--', 'countdown']]
  ] as const)('%s', (behavior, parts) => {
    expect(split('the-final--countdown', behavior)).toEqual(parts);
  });

  it('takes what lies between the matches for the delimiter on request', () => {
    expect(split('ab12cd', 'Removed', /\d+/g, true)).toEqual(['12']);
    expect(split('', 'Isolated')).toEqual([]);
  });
});

describe('compilePattern()', () => {
  it.each([
    CLIP_SPLIT,
    GPT4O_SPLIT,
    LLAMA3_SPLIT,
    QWEN2_SPLIT,
    QWEN35_SPLIT,
    TEKKEN_SPLIT,
    '(?=(?:[0-9]{3})+(?![0-9]))'
  ])('takes %s', source => {
    expect(compilePattern(source, 'test')).toBeInstanceOf(RegExp);
  });

  it('gives \\s the meaning it has in Oniguruma', () => {
    expect('a\ufeffb\u0085c'.split(compilePattern('\\s', 'test'))).toEqual(['a\ufeffb', 'c']);
  });

  it('refuses what JavaScript cannot run and what could take for ever', () => {
    expect(() => compilePattern('(', 'here')).toThrow(/Cannot read here/);
    expect(() => compilePattern('(\\w+\\s?)*$', 'here')).toThrow(/could take for ever/);
    expect(() => compilePattern('(?:a{1,9}){3,}', 'here')).toThrow(/could take for ever/);
    expect(() => readPattern({}, 'here')).toThrow(SyntaxError);
    expect(readPattern({ String: 'a.b' }, 'here').test('axb')).toBe(false);
  });
});

describe('readBehavior()', () => {
  it('reads both spellings', () => {
    expect([
      readBehavior('merged_with_next', 'x'),
      readBehavior('MergedWithNext', 'x'),
      readBehavior(undefined, 'x')
    ]).toEqual(['MergedWithNext', 'MergedWithNext', 'Isolated']);
    expect(() => readBehavior('Shattered', 'x')).toThrow(/"Shattered"/);
  });
});
