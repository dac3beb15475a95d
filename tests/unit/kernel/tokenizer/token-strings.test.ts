import { labelTokens, tokenText } from '../../../../kernel/tokenizer/token-strings';

const label = (tokens: string[], spelling: Parameters<typeof tokenText>[1], suffix = ''): string[] =>
  labelTokens(tokens.map(token => tokenText(token, spelling, suffix)));

describe('labelTokens()', () => {
  it('shows text for every spelling', () => {
    expect(label(['Ġa', 'b'], 'byte-level')).toEqual([' a', 'b']);
    expect(label(['a</w>', 'b'], 'byte-level', '</w>')).toEqual(['a ', 'b']);
    expect(label(['▁a', '<0x0A>'], 'sentencepiece')).toEqual([' a', '\n']);
    expect(label(['un', '##able'], 'word-piece')).toEqual(['un', '##able']);
  });

  it('shows which part of a character a token has', () => {
    expect(label(['a', '<0xE2>', '<0x98>', '<0x83>', 'b'], 'sentencepiece')).toEqual([
      'a',
      '☃ (1/3)',
      '☃ (2/3)',
      '☃ (3/3)',
      'b'
    ]);
    expect(label(['xÃ', '©y'], 'byte-level')).toEqual(['xé (1/2)', 'é (2/2)y']);
    expect(label(['Ã', 'x'], 'byte-level')).toEqual(['\\xC3', 'x']);
  });
});
