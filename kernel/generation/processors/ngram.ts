/** Processors that forbid an n-gram from occurring twice. */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, tokenRows } from '../rows';

/** The tokens that would complete an n-gram of `source` after the last n − 1 tokens of `ids`. */
function completions(source: readonly number[], ids: readonly number[], n: number): number[] {
  const found: number[] = [];
  const prefix = ids.length + 1 - n;
  if (prefix < 0) {
    return found;
  }
  next: for (let i = 0; i + n <= source.length; i++) {
    for (let k = 0; k < n - 1; k++) {
      if (source[i + k] !== ids[prefix + k]) {
        continue next;
      }
    }
    found.push(source[i + n - 1]!);
  }
  return found;
}

/** Forbids every n-gram that already occurred, the prompt included. */
export class NoRepeatNGramLogitsProcessor extends LogitsProcessor {
  constructor(readonly ngram_size: number) {
    super();
    if (!Number.isInteger(ngram_size) || ngram_size <= 0) {
      throw new RangeError(`\`ngram_size\` has to be a strictly positive integer, but is ${ngram_size}`);
    }
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const rows = tokenRows(input_ids);
    return editRows(scores, (row, r) => {
      for (const id of completions(rows[r]!, rows[r]!, this.ngram_size)) {
        if (id < row.length) {
          row[id] = -Infinity;
        }
      }
    });
  }
}

/** Forbids the n-grams of the encoder's input. */
export class EncoderNoRepeatNGramLogitsProcessor extends LogitsProcessor {
  readonly ngram_size: number;

  constructor(
    encoder_ngram_size: number,
    readonly encoder_input_ids: Tensor
  ) {
    super();
    if (!Number.isInteger(encoder_ngram_size) || encoder_ngram_size <= 0) {
      throw new RangeError(
        `\`encoder_ngram_size\` has to be a strictly positive integer, but is ${encoder_ngram_size}`
      );
    }
    this.ngram_size = encoder_ngram_size;
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const encoder = tokenRows(this.encoder_input_ids);
    const rows = tokenRows(input_ids);
    const perRow = Math.max(1, Math.floor(rows.length / encoder.length));
    return editRows(scores, (row, r) => {
      for (const id of completions(encoder[Math.floor(r / perRow)]!, rows[r]!, this.ngram_size)) {
        row[id] = -Infinity;
      }
    });
  }
}
