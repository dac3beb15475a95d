import { readModel } from '../../../../../kernel/tokenizer/models';
import type { Model } from '../../../../../kernel/tokenizer/models';

function run(model: Model, word: string): number[] {
  const sink = { ids: [7], begins: [] as number[], ends: [] as number[], values: [] };
  model.tokenize(word, sink);
  return sink.ids.slice(1);
}

describe('WordPiece', () => {
  const model = readModel({
    type: 'WordPiece',
    vocab: { '[UNK]': 0, un: 1, '##aff': 2, '##able': 3, a: 4, '😀': 5 },
    unk_token: '[UNK]',
    max_input_chars_per_word: 10
  });

  it('takes the longest known piece each time', () => {
    expect(run(model, 'unaffable')).toEqual([1, 2, 3]);
    expect(run(model, '😀')).toEqual([5]);
  });

  it('takes a word with an unknown part, or a too long one, for unknown', () => {
    expect(run(model, 'unaffed')).toEqual([0]);
    expect(run(model, 'a'.repeat(11))).toEqual([0]);
  });

  it('needs the unknown token', () => {
    const without = readModel({ type: 'WordPiece', vocab: { a: 0 }, unk_token: '[UNK]' });
    expect(() => run(without, 'b')).toThrow(/an unknown word needs "\[UNK\]"/);
  });
});

describe('WordLevel', () => {
  it('knows whole words only', () => {
    const model = readModel({ type: 'WordLevel', vocab: { '?': 0, cat: 1 }, unk_token: '?' });
    expect([run(model, 'cat'), run(model, 'dog')]).toEqual([[1], [0]]);
  });
});

describe('readModel()', () => {
  it('tells the type of old files from their fields', () => {
    expect(readModel({ vocab: { a: 0 }, merges: [] }).type).toBe('BPE');
    expect(readModel({ vocab: [['a', 0]] }).type).toBe('Unigram');
    expect(readModel({ vocab: { a: 0 }, continuing_subword_prefix: '##' }).type).toBe('WordPiece');
    expect(() => readModel({ type: 'Neural', vocab: {} })).toThrow(/"Neural"/);
  });
});
