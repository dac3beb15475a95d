import { WatermarkLogitsProcessor } from '../../../../../kernel/generation/processors/watermark';
import { Tensor } from '../../../../../kernel/tensor/tensor';
import { idsOf, numbers } from './scores';

/** Tokens that get the bias; expected values from WatermarkLogitsProcessor of transformers 5.23 on the CPU. */
function green(vocab: number, ids: number[], config: object): number[] {
  // All different, since 'selfhash' looks at the 40 most likely.
  const scores = new Tensor(
    'float32',
    Float32Array.from({ length: vocab }, (_, i) => ((i * 37) % vocab) / 100),
    [1, vocab]
  );
  const before = numbers(scores);
  const out = numbers(new WatermarkLogitsProcessor(vocab, config).__call__(idsOf(ids), scores));
  return out.flatMap((x, i) => (x > before[i]! + 0.5 ? [i] : []));
}

describe('WatermarkLogitsProcessor', () => {
  it('WatermarkLogitsProcessor biases the tokens that transformers biases', () => {
    expect(green(20, [3, 7], {})).toEqual([6, 7, 9, 12, 17]);
    expect(green(20, [3, 8], { greenlist_ratio: 0.3, bias: 1 })).toEqual([2, 9, 10, 11, 13, 17]);
  });

  it('WatermarkLogitsProcessor with selfhash biases the tokens that transformers biases', () => {
    const config = { seeding_scheme: 'selfhash', context_width: 2 } as const;
    expect(green(60, [3, 7, 11], config)).toEqual([8, 14, 21, 25, 29, 34, 35, 38, 48]);
  });

  it('WatermarkLogitsProcessor throws on a key it does not know', () => {
    expect(() => new WatermarkLogitsProcessor(20, { ngram_len: 5 } as never)).toThrow('found ngram_len');
  });
});
