import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows } from '../rows';

/** Divides scores by the temperature: below 1 sharpens, above 1 flattens the distribution. */
export class TemperatureLogitsWarper extends LogitsProcessor {
  /**
   * @param temperature Strictly positive.
   * @throws {RangeError} If it is not.
   */
  constructor(readonly temperature: number) {
    super();
    if (typeof temperature !== 'number' || !(temperature > 0)) {
      const shown = temperature === 0 ? '0.0' : String(temperature);
      throw new RangeError(
        `\`temperature\` (=${shown}) has to be a strictly positive float, otherwise your next token scores will be ` +
          'invalid.' +
          (temperature === 0 ? " If you're looking for greedy decoding strategies, set `do_sample=False`." : '')
      );
    }
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    const t = Math.fround(this.temperature);
    return editRows(scores, row => {
      for (let i = 0; i < row.length; i++) {
        row[i] = row[i]! / t;
      }
    });
  }
}
