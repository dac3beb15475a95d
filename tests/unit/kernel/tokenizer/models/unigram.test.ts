import { Unigram } from '../../../../../kernel/tokenizer/models/unigram';

function run(model: Unigram, word: string): { pieces: string[]; ids: number[]; values: (string | undefined)[] } {
  const sink = {
    ids: [] as number[],
    begins: [] as number[],
    ends: [] as number[],
    values: [] as (string | undefined)[]
  };
  model.tokenize(word, sink);
  return { ids: sink.ids, values: sink.values, pieces: sink.begins.map((begin, i) => word.slice(begin, sink.ends[i])) };
}

describe('Unigram', () => {
  // The example of Rust's own documentation.
  const vocab = [
    ['<unk>', 0],
    ['a', 0],
    ['b', 0],
    ['c', 0],
    ['d', 0],
    ['cd', 1],
    ['ab', 2],
    ['abc', 5],
    ['abcd', 10]
  ];
  const model = new Unigram({ vocab, unk_id: 0 });

  it('finds the cut with the highest score, neighbouring unknowns joined', () => {
    expect(run(model, 'abcdacdxx')).toEqual({
      ids: [8, 1, 5, 0],
      values: [undefined, undefined, undefined, 'xx'],
      pieces: ['abcd', 'a', 'cd', 'xx']
    });
  });

  it('spells unknown characters in bytes if it has them', () => {
    const bytes = new Unigram({
      vocab: [
        ['<unk>', 0],
        ['a', -1],
        ['<0xC3>', -5],
        ['<0xA9>', -5]
      ],
      unk_id: 0,
      byte_fallback: true
    });
    expect(run(bytes, 'aé').ids).toEqual([1, 2, 3]);
  });

  it('refuses what does not fit', () => {
    expect(() => new Unigram({ vocab: [['a']] })).toThrow(/vocab\[0\] as it must be \[piece, score\]/);
    expect(() => new Unigram({ vocab: [['a', 0]], unk_id: 3 })).toThrow(/unk_id/);
    expect(() => run(new Unigram({ vocab: [['a', 0]] }), 'b')).toThrow(RangeError);
  });
});
