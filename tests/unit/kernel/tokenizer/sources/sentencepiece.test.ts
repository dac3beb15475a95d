import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFields } from '../../../../../kernel/tokenizer/sources/protobuf';
import { PIECE, readSentencePiece } from '../../../../../kernel/tokenizer/sources/sentencepiece';

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(__dirname, '../../../../parity/tokenizers/fixtures', name)));

describe('readSentencePiece()', () => {
  it('reads pieces, kinds and the trainer specification', () => {
    const model = readSentencePiece(fixture('llama/tokenizer.model'), 'tokenizer.model');
    expect([model.model, model.byteFallback, model.pieces.length]).toEqual(['bpe', true, 1000]);
    expect(model.pieces.slice(0, 4).map(({ piece, type }) => [piece, type])).toEqual([
      ['<unk>', PIECE.UNKNOWN],
      ['<s>', PIECE.CONTROL],
      ['</s>', PIECE.CONTROL],
      ['<0x00>', PIECE.BYTE]
    ]);
    expect(model.ids).toEqual({ unk: 0, bos: 1, eos: 2, pad: -1 });
    const t5 = readSentencePiece(fixture('t5/spiece.model'), 'spiece.model');
    expect([t5.model, t5.ids, t5.charsmap.length > 100_000]).toEqual([
      'unigram',
      { unk: 2, bos: -1, eos: 1, pad: 0 },
      true
    ]);
  });

  it('says where a file is cut off', () => {
    const bytes = fixture('llama/tokenizer.model');
    expect(() => readSentencePiece(bytes.slice(0, 1001), 'tokenizer.model')).toThrow(
      /tokenizer.model as it must be a protocol buffer/
    );
    expect(() => readSentencePiece(new Uint8Array(), 'tokenizer.model')).toThrow(/must have pieces/);
  });
});

describe('readFields()', () => {
  it('reads every wire type', () => {
    const bytes = Uint8Array.of(0x08, 0xac, 0x02, 0x12, 1, 0x41, 0x1d, 0, 0, 0x80, 0x3f);
    expect([...readFields(bytes, 'x')]).toEqual([
      { number: 1, wire: 0, value: 300 },
      { number: 2, wire: 2, value: Uint8Array.of(0x41) },
      { number: 3, wire: 5, value: 1 }
    ]);
    const minusOne = Uint8Array.of(0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1);
    expect([...readFields(minusOne, 'x')]).toEqual([{ number: 1, wire: 0, value: -1 }]);
    expect(() => [...readFields(Uint8Array.of(0x0b), 'x')]).toThrow(/wire type 3/);
    expect(() => [...readFields(new Uint8Array(12).fill(0xff), 'x')]).toThrow(SyntaxError);
  });
});
