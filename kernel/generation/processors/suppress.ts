/** Processors that forbid given tokens, or all but the tokens a function allows. */
import { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, rowMax, scoreRow, tokenRows } from '../rows';
import { suppress } from './length';

/** Forbids tokens everywhere. */
export class SuppressTokensLogitsProcessor extends LogitsProcessor {
  readonly suppress_tokens: readonly number[];

  constructor(suppress_tokens: Iterable<number>) {
    super();
    this.suppress_tokens = [...suppress_tokens];
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return suppress(scores, this.suppress_tokens);
  }
}

/** Forbids tokens at the first generated position only. */
export class SuppressTokensAtBeginLogitsProcessor extends LogitsProcessor {
  readonly begin_suppress_tokens: readonly number[];

  constructor(
    begin_suppress_tokens: Iterable<number>,
    public begin_index: number
  ) {
    super();
    this.begin_suppress_tokens = [...begin_suppress_tokens];
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return input_ids.dims[1] === this.begin_index ? suppress(scores, this.begin_suppress_tokens) : scores;
  }
}

/** Ids that may follow; `sent` are the tokens so far, int64 [S]. */
export type PrefixAllowedTokensFn = (batch_id: number, sent: Tensor) => readonly number[] | Promise<readonly number[]>;

/** Allows only what a function of the tokens so far allows. */
export class PrefixConstrainedLogitsProcessor extends LogitsProcessor {
  constructor(
    private readonly _prefix_allowed_tokens_fn: PrefixAllowedTokensFn,
    private readonly _num_beams: number
  ) {
    super();
  }

  override async __call__(input_ids: Tensor, scores: Tensor): Promise<Tensor> {
    const beams = this._num_beams;
    const rows = tokenRows(input_ids);
    const batch = Math.floor(rows.length / beams);
    const allowed: (readonly number[])[] = [];
    for (let r = 0; r < batch * beams; r++) {
      const batchId = Math.floor(r / beams);
      const sent = new Tensor('int64', BigInt64Array.from(rows[r]!, BigInt), [rows[r]!.length]);
      const ids = await this._prefix_allowed_tokens_fn(batchId, sent);
      if (!ids.length) {
        throw new RangeError(
          `\`prefix_allowed_tokens_fn\` returned an empty list for batch ID ${batchId}.` +
            'This means that the constraint is unsatisfiable. Please check your implementation' +
            'of `prefix_allowed_tokens_fn` '
        );
      }
      allowed.push(ids);
    }
    const masked = editRows(scores, (row, r) => {
      row.fill(-Infinity);
      allowed[r]?.forEach(id => (row[id] = scoreRow(scores, r)[id]!));
    });
    // Where no allowed token of any beam is possible any more, the constraint alone decides.
    const stuck = Array.from({ length: batch }, (_, b) =>
      Array.from({ length: beams }, (_unused, k) => rowMax(scoreRow(masked, b * beams + k))).every(x => x === -Infinity)
    );
    return editRows(masked, (row, r) => {
      if (stuck[Math.floor(r / beams)]) {
        allowed[r]!.forEach(id => (row[id] = 0));
      }
    });
  }
}
