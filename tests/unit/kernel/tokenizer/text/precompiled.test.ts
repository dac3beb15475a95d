import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSentencePiece } from '../../../../../kernel/tokenizer/sources/sentencepiece';
import { AlignedText } from '../../../../../kernel/tokenizer/text/aligned-text';
import { fromBase64, readPrecompiled } from '../../../../../kernel/tokenizer/text/precompiled';

const file = join(__dirname, '../../../../parity/tokenizers/fixtures/t5/spiece.model');

describe('readPrecompiled()', () => {
  const { charsmap } = readSentencePiece(new Uint8Array(readFileSync(file)), 'spiece.model');
  const normalize = readPrecompiled(charsmap, 'charsmap');

  it("applies SentencePiece's nmt_nfkc rules", () => {
    // sentencepiece.SentencePieceProcessor(…).normalize, white space rules aside
    expect(normalize(new AlignedText('ﬁ①ｱＡ™\u00a0x\u200d')).text).toBe('fi1アATM x\u200d');
    expect(normalize(new AlignedText('plain text')).text).toBe('plain text');
  });

  it('keeps places', () => {
    const text = normalize(new AlignedText('aﬁb'));
    expect([0, 1, 2, 3].map(i => [text.startAt(i), text.endAt(i)])).toEqual([
      [0, 1],
      [1, 2],
      [1, 2],
      [2, 3]
    ]);
  });

  it('refuses a table that is cut off', () => {
    expect(() => readPrecompiled(charsmap.slice(0, 1000), 'charsmap')).toThrow(
      /its trie must lie within its 1000 bytes/
    );
    expect(() => readPrecompiled('@@@', 'charsmap')).toThrow(/must be base64/);
  });

  it('does nothing without a table', () => {
    expect(readPrecompiled(null, 'x')(new AlignedText('ﬁ')).text).toBe('ﬁ');
  });
});

describe('fromBase64()', () => {
  it('decodes bytes', () => {
    expect([...fromBase64('AP/+', 'x')]).toEqual([0, 255, 254]);
  });
});
