/** Processors that make tokens of the text so far less (or more) likely. */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, tokenRows } from '../rows';

/** Multiplies negative scores and divides positive ones, once per token however often it occurs. */
function penalize(row: Float32Array, ids: Iterable<number>, penalty: number): void {
  const p = Math.fround(penalty);
  for (const id of new Set(ids)) {
    if (id < row.length) {
      const score = row[id]!;
      row[id] = score < 0 ? score * p : score / p;
    }
  }
}

function checkPenalty(penalty: number): void {
  if (typeof penalty !== 'number' || !(penalty > 0)) {
    throw new RangeError(`\`penalty\` has to be a strictly positive float, but is ${penalty}`);
  }
}

/**
 * Penalises tokens that occurred, the prompt included.
 *
 * @see {@link https://arxiv.org/abs/1909.05858}
 */
export class RepetitionPenaltyLogitsProcessor extends LogitsProcessor {
  /**
   * @param penalty Above 1 discourages, below 1 encourages repetition.
   * @param prompt_ignore_length Leading tokens that do not count: a number, or one per row.
   */
  constructor(
    readonly penalty: number,
    readonly prompt_ignore_length?: number | readonly number[]
  ) {
    super();
    checkPenalty(penalty);
    if (typeof prompt_ignore_length === 'number' && prompt_ignore_length < 0) {
      throw new RangeError(`\`prompt_ignore_length\` has to be a positive integer, but is ${prompt_ignore_length}`);
    }
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const rows = tokenRows(input_ids);
    const skip = this.prompt_ignore_length;
    if (skip !== undefined && typeof skip !== 'number' && skip.length !== rows.length) {
      throw new RangeError('Incompatible `prompt_ignore_length` batch size');
    }
    return editRows(scores, (row, r) => {
      const from = typeof skip === 'number' ? skip : (skip?.[r] ?? 0);
      penalize(row, rows[r]!.slice(from), this.penalty);
    });
  }
}

/** Favours tokens of the encoder's input: a penalty above 1 makes them more likely. */
export class EncoderRepetitionPenaltyLogitsProcessor extends LogitsProcessor {
  readonly penalty: number;

  constructor(
    penalty: number,
    readonly encoder_input_ids: Tensor
  ) {
    super();
    checkPenalty(penalty);
    this.penalty = 1 / penalty;
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    const rows = tokenRows(this.encoder_input_ids);
    const perRow = Math.max(1, Math.floor(scores.dims[0]! / rows.length));
    return editRows(scores, (row, r) => penalize(row, rows[Math.floor(r / perRow)]!, this.penalty));
  }
}
