import { Bpe } from '../../../../../kernel/tokenizer/models/bpe';
import type { JsonObject } from '../../../../../kernel/tokenizer/json';
import { seeded } from '../../../../fuzz/mutate';

interface Result {
  ids: number[];
  begins: number[];
  ends: number[];
}
function run(model: Bpe, word: string): Result {
  const sink = { ids: [] as number[], begins: [] as number[], ends: [] as number[], values: [] };
  model.tokenize(word, sink);
  return { ids: sink.ids, begins: sink.begins, ends: sink.ends };
}
const vocab = (...tokens: string[]): Record<string, number> =>
  Object.fromEntries(tokens.map((token, id) => [token, id]));
const make = (config: JsonObject): Bpe => new Bpe({ type: 'BPE', merges: [], ...config });

describe('Bpe', () => {
  it('joins the lowest rank first and the leftmost of equals', () => {
    const model = make({ vocab: vocab('a', 'b', 'aa', 'ab'), merges: ['a b', 'a a'] });
    expect(run(model, 'aaab')).toEqual({ ids: [2, 3], begins: [0, 2], ends: [2, 4] });
    expect(run(model, 'aaa').ids).toEqual([2, 0]);
  });

  it('merges long words by heap as it merges short ones by scanning', () => {
    const random = seeded(3);
    const letters = [...'abcd'];
    const pairs: string[] = [];
    const tokens = [...letters];
    for (let i = 0; i < 60; i++) {
      const [left, right] = [0, 0].map(() => tokens[Math.floor(random() * tokens.length)]!) as [string, string];
      if (!tokens.includes(left + right) && (left + right).length < 7) {
        tokens.push(left + right);
        pairs.push(`${left} ${right}`);
      }
    }
    const model = make({ vocab: vocab(...tokens), merges: pairs });
    const ranks = new Map(pairs.map((pair, rank) => [pair, rank]));
    const naive = (word: string): string[] => {
      const parts = [...word];
      for (;;) {
        let best = Infinity;
        let at = -1;
        for (let i = 0; i + 1 < parts.length; i++) {
          const rank = ranks.get(`${parts[i]} ${parts[i + 1]}`) ?? Infinity;
          if (rank < best) {
            [best, at] = [rank, i];
          }
        }
        if (at < 0) {
          return parts;
        }
        parts.splice(at, 2, parts[at]! + parts[at + 1]!);
      }
    };
    for (const length of [5, 39, 40, 41, 42, 100, 300]) {
      const word = Array.from({ length }, () => letters[Math.floor(random() * 4)]!).join('');
      const { ids, begins, ends } = run(model, word);
      expect(ids.map(id => model.tokens[id])).toEqual(naive(word));
      expect(begins.map((begin, i) => word.slice(begin, ends[i]))).toEqual(naive(word));
    }
  });

  it('spells characters it lacks in bytes, or as unknown, or drops them', () => {
    const bytes = make({ vocab: vocab('a', '<0xC3>', '<0xA9>'), byte_fallback: true });
    expect(run(bytes, 'aé')).toEqual({ ids: [0, 1, 2], begins: [0, 1, 1], ends: [1, 2, 2] });
    const unknown = make({ vocab: vocab('a', '?'), unk_token: '?', fuse_unk: true });
    expect(run(unknown, 'xy a')).toEqual({ ids: [1, 0], begins: [0, 3], ends: [3, 4] });
    const apart = make({ vocab: vocab('a', '?'), unk_token: '?', fuse_unk: false });
    expect(run(apart, 'xya').ids).toEqual([1, 1, 0]);
    const drops = make({ vocab: vocab('a', 'b', 'ab'), merges: ['a b'] });
    expect(run(drops, 'axb').ids).toEqual([2]); // the neighbours of what is dropped touch, as in Rust
  });

  it('knows affixes', () => {
    const suffix = make({
      vocab: vocab('a', 'b</w>', 'ab</w>', 'a</w>'),
      merges: ['a b</w>'],
      end_of_word_suffix: '</w>'
    });
    expect([run(suffix, 'ab').ids, run(suffix, 'a').ids]).toEqual([[2], [3]]);
    const prefix = make({ vocab: vocab('a', '##b', 'ab'), merges: ['a ##b'], continuing_subword_prefix: '##' });
    expect(run(prefix, 'ab').ids).toEqual([2]);
  });

  it('takes a word that is a token whole with ignore_merges', () => {
    const model = make({ vocab: vocab('a', 'b', 'ab'), ignore_merges: true });
    expect(run(model, 'ab').ids).toEqual([2]);
  });

  it('takes ids for ranks in tiktoken vocabularies', () => {
    const model = make({ vocab: vocab('a', 'b', 'c', 'bc', 'ab', 'abc'), ranks_are_ids: true });
    expect(run(model, 'ab').ids).toEqual([4]);
    expect(run(model, 'abc').ids).toEqual([5]); // b c joins first, then a bc
    expect(run(model, 'abb').ids).toEqual([4, 1]);
  });

  it('names the merge that does not fit', () => {
    expect(() => make({ vocab: vocab('a'), merges: ['a b'] })).toThrow(
      /merges\[0\] as its tokens must be in the vocabulary: "ab" is not/
    );
    expect(() => make({ vocab: vocab('a'), merges: ['a'] })).toThrow(/merges\[0\] as a merge must be two tokens/);
    expect(() => make({ vocab: { a: -1 } })).toThrow(/token id/);
    expect(() => make({ vocab: { a: 2 ** 30 } })).toThrow(/ids must be below/);
  });
});
