/** Processors that make scores finite or normalised. */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, logSoftmax } from '../rows';

const FLOAT32_MAX = 3.4028234663852886e38;

/** Turns NaN into 0 and infinities into the largest finite float32. */
export class InfNanRemoveLogitsProcessor extends LogitsProcessor {
  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => {
      for (let i = 0; i < row.length; i++) {
        const x = row[i]!;
        row[i] = x !== x ? 0 : x === Infinity ? FLOAT32_MAX : x === -Infinity ? -FLOAT32_MAX : x;
      }
    });
  }
}

/** Log-softmax: after other processors, scores are log-probabilities again. */
export class LogitNormalization extends LogitsProcessor {
  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => void logSoftmax(row, row));
  }
}
