import {
  InfNanRemoveLogitsProcessor,
  LogitNormalization
} from '../../../../../kernel/generation/processors/normalization';
import { idsOf, numbers, scoresOf } from './scores';

describe('InfNanRemoveLogitsProcessor', () => {
  it('InfNanRemoveLogitsProcessor makes NaN 0 and infinities the largest float32', () => {
    const out = new InfNanRemoveLogitsProcessor().__call__(idsOf([0]), scoresOf(NaN, Infinity, -Infinity, 2));
    expect(Array.from(out.data as Float32Array)).toEqual([0, 3.4028234663852886e38, -3.4028234663852886e38, 2]);
  });
});

describe('LogitNormalization', () => {
  it('LogitNormalization makes the scores log-probabilities', () => {
    // e^log(n) are 1, 2, 3, 4 tenths.
    const out = new LogitNormalization().__call__(idsOf([0]), scoresOf(0, Math.log(2), Math.log(3), Math.log(4)));
    expect(numbers(out)).toEqual([0.1, 0.2, 0.3, 0.4].map(p => Math.round(Math.log(p) * 1e5) / 1e5));
  });
});
