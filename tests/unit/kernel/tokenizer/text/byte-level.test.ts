import {
  BYTE_TO_CHAR,
  decodeUtf8,
  encodeUtf8,
  isByteLevel,
  toByteLevel,
  tokenBytes
} from '../../../../../kernel/tokenizer/text/byte-level';

describe('BYTE_TO_CHAR', () => {
  it('has 256 characters of which the printable ones are themselves', () => {
    expect(new Set(BYTE_TO_CHAR).size).toBe(256);
    expect([BYTE_TO_CHAR[0x41], BYTE_TO_CHAR[0x20], BYTE_TO_CHAR[0x0a], BYTE_TO_CHAR[0xad]]).toEqual([
      'A',
      'Ġ',
      'Ċ',
      'Ń'
    ]);
  });
});

describe('toByteLevel()', () => {
  it('writes UTF-8 bytes, and tokenBytes() reads them back', () => {
    expect(toByteLevel(' Hé')).toBe('ĠHÃ©');
    for (const text of ['', ' word', 'tab\t', '\u0000\u007f\u0080', '😀 你好', '\ufeff']) {
      expect(decodeUtf8(tokenBytes(toByteLevel(text))!)).toBe(text);
      expect(tokenBytes(toByteLevel(text))).toEqual(encodeUtf8(text));
    }
  });
});

describe('tokenBytes()', () => {
  it('is undefined for characters outside the alphabet', () => {
    expect([isByteLevel('Ġa'), isByteLevel('a b'), isByteLevel('你')]).toEqual([true, false, false]);
  });
});
