import {
  EpsilonLogitsWarper,
  EtaLogitsWarper,
  MinPLogitsWarper,
  TopHLogitsWarper,
  TopKLogitsWarper,
  TopPLogitsWarper,
  TypicalLogitsWarper
} from '../../../../../kernel/generation/processors/truncation';
import { RandomGenerator } from '../../../../../kernel/generation/random';
import { softmax } from '../../../../../kernel/generation/rows';
import { Tensor } from '../../../../../kernel/tensor/tensor';
import { idsOf, NO, scoresOf } from './scores';

const ids = idsOf([0]);

/** Scores whose softmax is the given probabilities. */
const logs = (...p: number[]): Tensor => scoresOf(...p.map(x => Math.log(x)));

/** Which tokens stay. */
const kept = (tensor: Tensor): number[] =>
  Array.from(tensor.data as Float32Array).flatMap((x, i) => (x === NO ? [] : [i]));

describe('TopKLogitsWarper', () => {
  it('TopKLogitsWarper keeps the k most likely tokens', () => {
    expect(kept(new TopKLogitsWarper(2).__call__(ids, scoresOf(1, 4, 2, 3)))).toEqual([1, 3]);
  });

  it('TopKLogitsWarper keeps tokens that tie with the k-th', () => {
    expect(kept(new TopKLogitsWarper(2).__call__(ids, scoresOf(3, 4, 3, 1)))).toEqual([0, 1, 2]);
  });

  it('TopKLogitsWarper keeps all when k is the vocabulary or more, and at least min_tokens_to_keep', () => {
    expect(kept(new TopKLogitsWarper(9).__call__(ids, scoresOf(1, 4, 2, 3)))).toEqual([0, 1, 2, 3]);
    expect(kept(new TopKLogitsWarper(1, NO, 3).__call__(ids, scoresOf(1, 4, 2, 3)))).toEqual([1, 2, 3]);
  });
});

describe('TopPLogitsWarper', () => {
  it('TopPLogitsWarper keeps the smallest set with at least the mass', () => {
    // 0.5 alone falls short of 0.6; with 0.3 it is enough.
    expect(kept(new TopPLogitsWarper(0.6).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1, 3]);
    expect(kept(new TopPLogitsWarper(0.45).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1]);
  });

  it('TopPLogitsWarper keeps the most likely token for any p', () => {
    expect(kept(new TopPLogitsWarper(0).__call__(ids, logs(0.25, 0.3, 0.25, 0.2)))).toEqual([1]);
    expect(kept(new TopPLogitsWarper(0, NO, 2).__call__(ids, logs(0.25, 0.3, 0.24, 0.21)))).toEqual([0, 1]);
  });

  it('TopPLogitsWarper of equal tokens drops those with the lower ids', () => {
    expect(kept(new TopPLogitsWarper(0.5).__call__(ids, scoresOf(1, 1, 1, 1)))).toEqual([2, 3]);
  });

  it('TopPLogitsWarper finds the same tokens in a large vocabulary as a full sort does', () => {
    const random = new RandomGenerator(5);
    for (const [spread, p] of [
      [1, 0.9],
      [3, 0.5],
      [6, 0.99],
      [12, 0.999]
    ] as const) {
      const row = Float32Array.from(
        { length: 20000 },
        () => spread * (random.uniform() + random.uniform() + random.uniform())
      );
      const probs = softmax(row);
      const order = [...row.keys()].sort((a, b) => row[b]! - row[a]! || b - a);
      let mass = 0;
      const expected = new Set<number>();
      for (const i of order) {
        // Tokens go when they and all below them have at most 1 − p.
        if (expected.size && 1 - mass <= 1 - p) {
          break;
        }
        expected.add(i);
        mass += probs[i]!;
      }
      const got = kept(new TopPLogitsWarper(p).__call__(ids, new Tensor('float32', row, [1, row.length])));
      // One token at the border may differ by rounding of the sum.
      expect(Math.abs(got.length - expected.size)).toBeLessThanOrEqual(1);
      expect(got.filter(i => !expected.has(i)).length).toBeLessThanOrEqual(1);
    }
  });

  it('TopPLogitsWarper throws outside [0, 1]', () => {
    expect(() => new TopPLogitsWarper(1.1)).toThrow('`top_p` has to be a float > 0 and < 1, but is 1.1');
  });
});

describe('MinPLogitsWarper', () => {
  it('MinPLogitsWarper keeps tokens at least min_p times as likely as the most likely', () => {
    expect(kept(new MinPLogitsWarper(0.5).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1, 3]);
    expect(kept(new MinPLogitsWarper(1).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1]);
    expect(kept(new MinPLogitsWarper(1, NO, 2).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1, 3]);
  });
});

describe('TopHLogitsWarper', () => {
  it('TopHLogitsWarper keeps tokens until their entropy passes its share', () => {
    // Entropy terms −p·ln p in descending order of p: 0.3466, 0.3612, 0.2303, 0.2303; their sum is 1.1683.
    const scores = logs(0.1, 0.5, 0.1, 0.3);
    expect(kept(new TopHLogitsWarper(0.65).__call__(ids, scores))).toEqual([1, 3]);
    expect(kept(new TopHLogitsWarper(0.5).__call__(ids, scores))).toEqual([1]);
    expect(kept(new TopHLogitsWarper(0.01).__call__(ids, scores))).toEqual([1]);
  });
});

describe('TypicalLogitsWarper', () => {
  it('TypicalLogitsWarper keeps tokens whose surprise is nearest to the entropy', () => {
    // The entropy is 1.168; surprises are 2.303, 0.693, 2.303, 1.204: token 3 is nearest, then token 1.
    const scores = logs(0.1, 0.5, 0.1, 0.3);
    expect(kept(new TypicalLogitsWarper(0.2).__call__(ids, scores))).toEqual([3]);
    expect(kept(new TypicalLogitsWarper(0.5).__call__(ids, scores))).toEqual([1, 3]);
  });
});

describe('EpsilonLogitsWarper', () => {
  it('EpsilonLogitsWarper drops tokens below epsilon, never the most likely', () => {
    expect(kept(new EpsilonLogitsWarper(0.2).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1, 3]);
    expect(kept(new EpsilonLogitsWarper(0.9).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1]);
  });
});

describe('EtaLogitsWarper', () => {
  it('EtaLogitsWarper lowers the threshold where the entropy is high', () => {
    // √0.5 · e^−1.168 = 0.2199; epsilon itself, 0.5, would have dropped token 3.
    expect(kept(new EtaLogitsWarper(0.5).__call__(ids, logs(0.1, 0.5, 0.1, 0.3)))).toEqual([1, 3]);
  });
});
