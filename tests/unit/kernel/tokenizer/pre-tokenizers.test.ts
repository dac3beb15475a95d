import { readPreTokenizer } from '../../../../kernel/tokenizer/pre-tokenizers';
import { AlignedText } from '../../../../kernel/tokenizer/text/aligned-text';

const split = (config: object, text: string): string[] =>
  readPreTokenizer(config)!([{ source: new AlignedText(text) }]).map(piece => piece.bytes ?? piece.source.text);

describe('readPreTokenizer()', () => {
  // The cases are those of Rust's own tests.
  it('ByteLevel', () => {
    expect(split({ type: 'ByteLevel', add_prefix_space: false }, 'Hello my friend, how is your day going?')).toEqual([
      'Hello',
      'Ġmy',
      'Ġfriend',
      ',',
      'Ġhow',
      'Ġis',
      'Ġyour',
      'Ġday',
      'Ġgoing',
      '?'
    ]);
    expect(split({ type: 'ByteLevel', add_prefix_space: true, use_regex: false }, 'a')).toEqual(['Ġa']);
  });

  it('BertPreTokenizer, Whitespace, WhitespaceSplit, Punctuation, Digits', () => {
    expect(split({ type: 'BertPreTokenizer' }, 'Hey friend!     How are you?!?')).toEqual([
      'Hey',
      'friend',
      '!',
      'How',
      'are',
      'you',
      '?',
      '!',
      '?'
    ]);
    expect(split({ type: 'Whitespace' }, 'Hey man!!')).toEqual(['Hey', 'man', '!!']);
    expect(split({ type: 'WhitespaceSplit' }, 'Hey, man, Good?')).toEqual(['Hey,', 'man,', 'Good?']);
    expect(split({ type: 'Punctuation' }, 'Hey friend!     How are you?!?')).toEqual([
      'Hey friend',
      '!',
      '     How are you',
      '?',
      '!',
      '?'
    ]);
    expect(split({ type: 'Digits', individual_digits: false }, 'Hey 123 friend!')).toEqual(['Hey ', '123', ' friend!']);
    expect(split({ type: 'Digits', individual_digits: true }, 'Hey 12')).toEqual(['Hey ', '1', '2']);
  });

  it('Metaspace puts the mark first, always or never', () => {
    const metaspace = (prepend_scheme: string, text: string): string[] =>
      split({ type: 'Metaspace', replacement: '▁', prepend_scheme, split: true }, text);
    expect(metaspace('always', 'Hey   friend!')).toEqual(['▁Hey', '▁', '▁', '▁friend!']);
    expect(metaspace('never', 'Hey friend')).toEqual(['Hey', '▁friend']);
    const pieces = readPreTokenizer({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: false })!([
      { source: new AlignedText('a', 0) },
      { source: new AlignedText('b', 4) }
    ]);
    expect(pieces.map(piece => piece.source.text)).toEqual(['▁a', 'b']);
  });

  it('Split, FixedLength, CharDelimiterSplit and steps after ByteLevel', () => {
    expect(split({ type: 'Split', pattern: { Regex: '\\d' }, behavior: 'Removed', invert: false }, 'a1b22')).toEqual([
      'a',
      'b'
    ]);
    expect(split({ type: 'FixedLength', length: 2 }, 'a😀bcd')).toEqual(['a😀', 'bc', 'd']);
    expect(split({ type: 'CharDelimiterSplit', delimiter: '-' }, 'a-b')).toEqual(['a', 'b']);
    const after = {
      type: 'Sequence',
      pretokenizers: [
        { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        { type: 'Split', pattern: { String: 'Ġ' }, behavior: 'Isolated' }
      ]
    };
    expect(split(after, 'é b')).toEqual(['Ã©', 'Ġ', 'b']);
  });

  it('names what does not fit', () => {
    expect(() => readPreTokenizer({ type: 'Metaspace', replacement: 'ab' })).toThrow(/one character/);
    expect(() => readPreTokenizer({ type: 'Metaspace', prepend_scheme: 'last' })).toThrow(/"last"/);
    expect(() => readPreTokenizer({ type: 'FixedLength', length: 0 })).toThrow(/at least 1/);
    expect(() => readPreTokenizer({ type: 'Split', pattern: {} })).toThrow(/pattern.Regex/);
  });
});
