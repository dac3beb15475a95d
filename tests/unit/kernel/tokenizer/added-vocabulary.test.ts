import { addedToken } from '../../../../kernel/tokenizer/added-vocabulary';
import type { AddedToken } from '../../../../kernel/tokenizer/added-vocabulary';
import { backend } from './small';

/** Sections of a text: ids of added tokens, other text as it is. */
function sections(tokens: AddedToken[], text: string, spec = {}, splitSpecial = false): (string | number)[] {
  const made = backend({ added_tokens: [], ...spec });
  made.addTokens(tokens);
  return made.encode(text, undefined, { addSpecialTokens: false, detail: true, splitSpecialTokens: splitSpecial })
    .tokens;
}

describe('AddedVocabulary', () => {
  it('finds the longest token at the leftmost place', () => {
    expect(sections([addedToken('ab'), addedToken('abcd'), addedToken('bc')], 'xabcabcd')).toEqual([
      'x',
      'ab',
      'c',
      'abcd'
    ]);
  });

  it('single_word tokens stand alone', () => {
    const token = addedToken('ab', { single_word: true });
    expect(sections([token], 'ab cab ab!')).toEqual(['ab', 'Ġ', 'c', 'a', 'b', 'Ġ', 'ab', '!']);
    expect(sections([token], 'éab')).toEqual(['Ã', '©', 'a', 'b']);
  });

  it('lstrip and rstrip take white space along', () => {
    const token = addedToken('<m>', { lstrip: true, rstrip: true, special: true });
    expect(sections([token], 'a  <m> \nb')).toEqual(['a', '  <m> \n', 'b']);
  });

  it('normalized tokens match in the normalised text', () => {
    const spec = { normalizer: { type: 'Lowercase' } };
    expect(sections([addedToken('ABC')], 'xabcx', spec)).toEqual(['x', 'abc', 'x']);
    expect(sections([addedToken('ABC', { normalized: false })], 'xabcx', spec)).toEqual(['x', 'a', 'b', 'c', 'x']);
  });

  it('special tokens are ordinary text on request', () => {
    const token = addedToken('ab', { special: true });
    expect(sections([token], 'xab', {}, true)).toEqual(['x', 'a', 'b']);
    expect(sections([token], 'xab')).toEqual(['x', 'ab']);
  });
});
