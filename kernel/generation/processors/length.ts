/** Processors that decide when a text may or must begin and end. */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, scoreRow } from '../rows';

/** One id or several, as a list. */
export function idList(ids: number | readonly number[], name: string): readonly number[] {
  const list = typeof ids === 'number' ? [ids] : ids;
  if (!Array.isArray(list) || list.some(id => !Number.isInteger(id) || id < 0)) {
    throw new RangeError(`\`${name}\` has to be a list of positive integers, but is ${JSON.stringify(ids)}`);
  }
  return list;
}

/** Copies of the scores with some tokens at -Infinity. Ids outside the vocabulary do nothing. */
export function suppress(scores: Tensor, ids: readonly number[]): Tensor {
  return editRows(scores, row => ids.forEach(id => id < row.length && (row[id] = -Infinity)));
}

/** Scores that leave only some tokens: 0 for them, -Infinity for the rest. */
function force(scores: Tensor, ids: readonly number[]): Tensor {
  return editRows(scores, row => {
    row.fill(-Infinity);
    for (const id of ids) {
      if (id >= row.length) {
        throw new RangeError(
          `Cannot force token ${id} as it must be less than vocab_size: current value is ${row.length}`
        );
      }
      row[id] = 0;
    }
  });
}

/** Forbids the end of the text until prompt and answer together are `min_length` long. */
export class MinLengthLogitsProcessor extends LogitsProcessor {
  readonly eos_token_id: readonly number[];

  constructor(
    readonly min_length: number,
    eos_token_id: number | readonly number[]
  ) {
    super();
    if (!Number.isInteger(min_length) || min_length < 0) {
      throw new RangeError(`\`min_length\` has to be a non-negative integer, but is ${min_length}`);
    }
    this.eos_token_id = idList(eos_token_id, 'eos_token_id');
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return input_ids.dims[1]! < this.min_length ? suppress(scores, this.eos_token_id) : scores;
  }
}

/** Forbids the end of the text until the answer is `min_new_tokens` long. */
export class MinNewTokensLengthLogitsProcessor extends LogitsProcessor {
  readonly eos_token_id: readonly number[];

  constructor(
    readonly prompt_length_to_skip: number,
    readonly min_new_tokens: number,
    eos_token_id: number | readonly number[]
  ) {
    super();
    for (const [name, value] of Object.entries({ prompt_length_to_skip, min_new_tokens })) {
      if (!Number.isInteger(value) || value < 0) {
        throw new RangeError(`\`${name}\` has to be a positive integer, but is ${value}`);
      }
    }
    this.eos_token_id = idList(eos_token_id, 'eos_token_id');
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const newTokens = input_ids.dims[1]! - this.prompt_length_to_skip;
    return newTokens < this.min_new_tokens ? suppress(scores, this.eos_token_id) : scores;
  }
}

/** Makes the first token after the (decoder's) start token a given one. */
export class ForcedBOSTokenLogitsProcessor extends LogitsProcessor {
  constructor(readonly bos_token_id: number) {
    super();
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return input_ids.dims[1] === 1 ? force(scores, [this.bos_token_id]) : scores;
  }
}

/** Makes the last token before `max_length` an end token. */
export class ForcedEOSTokenLogitsProcessor extends LogitsProcessor {
  readonly eos_token_id: readonly number[];

  constructor(
    readonly max_length: number,
    eos_token_id: number | readonly number[]
  ) {
    super();
    this.eos_token_id = idList(eos_token_id, 'eos_token_id');
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return input_ids.dims[1] === this.max_length - 1 ? force(scores, this.eos_token_id) : scores;
  }
}

/** Raises the score of the end tokens more and more after a given number of new tokens. */
export class ExponentialDecayLengthPenalty extends LogitsProcessor {
  readonly regulation_start: number;
  readonly regulation_factor: number;
  readonly eos_token_id: readonly number[];

  /**
   * @param exponential_decay_length_penalty [new tokens before it starts, factor per token].
   * @param eos_token_id End tokens.
   * @param input_ids_seq_length Length of the prompt.
   */
  constructor(
    exponential_decay_length_penalty: readonly [number, number],
    eos_token_id: number | readonly number[],
    input_ids_seq_length: number
  ) {
    super();
    this.regulation_start = exponential_decay_length_penalty[0] + input_ids_seq_length;
    this.regulation_factor = exponential_decay_length_penalty[1];
    this.eos_token_id = idList(eos_token_id, 'eos_token_id');
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const steps = input_ids.dims[1]! - this.regulation_start;
    if (steps <= 0) {
      return scores;
    }
    const growth = Math.fround(this.regulation_factor ** steps - 1);
    return editRows(scores, (row, r) => {
      for (const id of this.eos_token_id) {
        const score = scoreRow(scores, r)[id]!;
        if (Number.isFinite(score)) {
          row[id] = score + Math.fround(Math.abs(score) * growth);
        }
      }
    });
  }
}
