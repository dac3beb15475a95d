import { UnbatchedClassifierFreeGuidanceLogitsProcessor } from '../../../../../kernel/generation/processors/guidance';
import { Tensor } from '../../../../../kernel/tensor/tensor';
import { idsOf, numbers, scoresOf } from './scores';

describe('UnbatchedClassifierFreeGuidanceLogitsProcessor', () => {
  const logs = (...p: number[]): number[] => p.map(x => Math.log(x));

  it('UnbatchedClassifierFreeGuidanceLogitsProcessor moves log-probabilities away from the unconditional ones', async () => {
    const seen: Record<string, unknown>[] = [];
    const cache = { disposed: false, dispose: () => void (cache.disposed = true) };
    const model = {
      forward: async (inputs: Record<string, unknown>) => {
        seen.push(inputs);
        return {
          logits: new Tensor('float32', Float32Array.from(logs(0.25, 0.25, 0.25, 0.25)), [1, 1, 4]),
          past_key_values: cache as never
        };
      }
    };
    const processor = new UnbatchedClassifierFreeGuidanceLogitsProcessor(2, model);
    const out = await processor.__call__(idsOf([7, 8]), scoresOf(...logs(0.1, 0.2, 0.3, 0.4)));
    // 2 · (ln p − ln q) + ln q = ln(p² / q).
    const expected = logs(0.04, 0.16, 0.36, 0.64);
    numbers(out).forEach((x, i) => expect(x).toBeCloseTo(expected[i]!, 4));
    await processor.__call__(idsOf([7, 8, 9]), scoresOf(1, 2, 3, 4));
    const shown = seen.map(i => [
      Array.from((i['input_ids'] as Tensor).data, Number),
      Array.from((i['attention_mask'] as Tensor).data, Number),
      i['past_key_values']
    ]);
    expect(shown).toEqual([
      [[8], [1], undefined],
      [[9], [1, 1], cache]
    ]);
    await processor.dispose();
    expect(cache.disposed).toBe(true);
  });
});
