import { readDecoder } from '../../../../kernel/tokenizer/decoders';

const decode = (config: object, tokens: string[]): string => readDecoder(config)!(tokens).join('');

describe('readDecoder()', () => {
  it('ByteLevel decodes over token borders; what is no byte stays text', () => {
    expect(decode({ type: 'ByteLevel' }, ['Ã', '©', 'Ġx', '你'])).toBe('é x你');
    expect(decode({ type: 'ByteLevel' }, ['Ã', 'x'])).toBe('\ufffdx');
  });

  // From Rust's byte_fallback.rs
  it('ByteFallback gives one U+FFFD per byte that is no text', () => {
    const tokens = (list: string[]): readonly string[] => readDecoder({ type: 'ByteFallback' })!(list);
    expect(tokens(['<0xE5>', '<0x8f>', '<0xab>', 'a'])).toEqual(['叫', 'a']);
    expect(tokens(['<0xE5>', '<0x8f>', 'a'])).toEqual(['\ufffd', '\ufffd', 'a']);
    expect(tokens(['<0x61>'])).toEqual(['a']);
  });

  it('WordPiece joins continuations', () => {
    expect(
      decode({ type: 'WordPiece', prefix: '##', cleanup: false }, ['##uelo', 'Ara', '##új', '##o', 'No', '##guera'])
    ).toBe('##uelo Araújo Noguera');
    expect(decode({ type: 'WordPiece', prefix: '##', cleanup: true }, ['do', 'not', '!'])).toBe('do not!');
  });

  it('Strip, BPEDecoder, CTC, Metaspace and sequences', () => {
    expect(decode({ type: 'Strip', content: 'H', start: 1, stop: 0 }, ['Hey', ' friend!', 'HHH'])).toBe('ey friend!HH');
    expect(decode({ type: 'BPEDecoder', suffix: '</w>' }, ['a</w>', 'b</w>'])).toBe('a b');
    expect(
      decode({ type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|', cleanup: true }, [
        'h',
        'h',
        '<pad>',
        'h',
        '|',
        'a'
      ])
    ).toBe('hh a');
    expect(decode({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' }, ['▁a', '▁b'])).toBe('a b');
    expect(decode({ type: 'Metaspace', replacement: '▁', prepend_scheme: 'never' }, ['▁a'])).toBe(' a');
    expect(
      decode(
        {
          type: 'Sequence',
          decoders: [{ type: 'Replace', pattern: { String: '$' }, content: '$&' }, { type: 'Fuse' }]
        },
        ['a$', 'b']
      )
    ).toBe('a$&b');
  });

  it('names what it does not know', () => {
    expect(readDecoder(null)).toBeUndefined();
    expect(() => readDecoder({ type: 'Sequence', decoders: [{ type: 'X' }] })).toThrow(/decoder.decoders\[0\].type/);
  });
});
