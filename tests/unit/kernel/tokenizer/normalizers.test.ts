import { readNormalizer } from '../../../../kernel/tokenizer/normalizers';
import { AlignedText } from '../../../../kernel/tokenizer/text/aligned-text';

const normalize = (config: object, text: string): string => readNormalizer(config)!(new AlignedText(text)).text;

describe('readNormalizer()', () => {
  const bert = {
    type: 'BertNormalizer',
    clean_text: true,
    handle_chinese_chars: true,
    strip_accents: null,
    lowercase: true
  };

  it('BertNormalizer isolates CJK beyond the basic plane and lowercases without context', () => {
    expect(normalize(bert, '\u{20000}x')).toBe(' \u{20000} x');
    expect(normalize(bert, 'ΟΔΟΣ')).toBe('οδοσ'); // 'ΟΔΟΣ'.toLowerCase() ends in ς
    expect(normalize(bert, 'Héllo\u0000\tA\u200d')).toBe('hello a');
    expect(normalize({ ...bert, strip_accents: false }, 'É')).toBe('é');
    expect(normalize({ ...bert, lowercase: false }, 'É')).toBe('É');
  });

  it('Sequence, Replace, Prepend, Strip, StripAccents, Lowercase, ByteLevel and Nmt', () => {
    expect(
      normalize(
        {
          type: 'Sequence',
          normalizers: [
            { type: 'Prepend', prepend: '▁' },
            { type: 'Replace', pattern: { String: ' ' }, content: '▁' }
          ]
        },
        'a b'
      )
    ).toBe('▁a▁b');
    expect(normalize({ type: 'Strip', strip_left: true, strip_right: false }, '\u3000a ')).toBe('a ');
    expect(normalize({ type: 'Strip', strip_left: true, strip_right: true }, '  ')).toBe('');
    expect(normalize({ type: 'Sequence', normalizers: [{ type: 'NFD' }, { type: 'StripAccents' }] }, 'éक्')).toBe('eक');
    expect(normalize({ type: 'Lowercase' }, 'İA')).toBe('i̇a');
    expect(normalize({ type: 'ByteLevel' }, 'é ')).toBe('Ã©Ġ');
    expect(normalize({ type: 'Nmt' }, 'a\u0001\u200bb')).toBe('a b');
  });

  it('names what it does not know', () => {
    expect(readNormalizer(null)).toBeUndefined();
    expect(() => readNormalizer({ type: 'Spell' })).toThrow(/normalizer.type.*"Spell"/);
    expect(() => readNormalizer({ type: 'Sequence', normalizers: {} })).toThrow(/must be an array/);
  });
});
