import type { Tensor } from '../tensor/tensor';
import { tokenRows } from './rows';
import { warnOnce } from './warnings';

/** Which rows are done: one boolean for all, or one per row (a list, or a tensor [B]). */
export type StoppingVerdict = boolean | readonly boolean[] | Tensor;

/** Scores of the steps so far, or undefined when they are not kept (see `output_scores`). */
export type StepScores = readonly Tensor[] | undefined;

export type StoppingCriteriaFunction = (
  input_ids: Tensor,
  scores: StepScores
) => StoppingVerdict | Promise<StoppingVerdict>;

/** What `generate` takes in `stopping_criteria`. */
export type StoppingCriteriaLike = StoppingCriteria | StoppingCriteriaFunction | { _call: StoppingCriteriaFunction };

/**
 * Base of everything that ends a text. A subclass overrides `__call__`.
 *
 * @example Stop after a given token
 * ```ts
 * class StopAt extends StoppingCriteria {
 *   __call__(input_ids: Tensor) {
 *     return input_ids.tolist().map(ids => ids.at(-1) === 13);
 *   }
 * }
 * ```
 */
export abstract class StoppingCriteria {
  /**
   * @param input_ids Tokens so far, prompt included, int64 [B, S].
   * @param scores Scores of the steps so far; only with return_dict_in_generate and output_scores.
   * @returns true for the rows that are done.
   */
  abstract __call__(input_ids: Tensor, scores: StepScores): StoppingVerdict | Promise<StoppingVerdict>;
}

/** Stops at a length, the prompt included. */
export class MaxLengthCriteria extends StoppingCriteria {
  constructor(
    readonly max_length: number,
    readonly max_position_embeddings?: number
  ) {
    super();
  }

  override __call__(input_ids: Tensor): boolean {
    const length = input_ids.dims[1]!;
    const done = length >= this.max_length;
    if (this.max_position_embeddings !== undefined && !done && length > this.max_position_embeddings) {
      warnOnce(
        "This is a friendly reminder - the current text generation call has exceeded the model's predefined maximum " +
          `length (${this.max_position_embeddings}). Depending on the model, you may observe exceptions, performance ` +
          'degradation, or nothing at all.'
      );
    }
    return done;
  }
}

/** Stops when a time has passed since the criterion was made. */
export class MaxTimeCriteria extends StoppingCriteria {
  readonly initial_timestamp: number;

  /**
   * @param max_time Seconds.
   * @param initial_timestamp When the time starts, in seconds since 1970. Default now.
   */
  constructor(
    readonly max_time: number,
    initial_timestamp?: number
  ) {
    super();
    this.initial_timestamp = initial_timestamp ?? Date.now() / 1000;
  }

  override __call__(): boolean {
    return Date.now() / 1000 - this.initial_timestamp > this.max_time;
  }
}

/** Stops a row at an end token. */
export class EosTokenCriteria extends StoppingCriteria {
  readonly eos_token_id: readonly number[];

  constructor(eos_token_id: number | readonly number[]) {
    super();
    this.eos_token_id = typeof eos_token_id === 'number' ? [eos_token_id] : [...eos_token_id];
  }

  override __call__(input_ids: Tensor): boolean[] {
    return tokenRows(input_ids).map(row => this.eos_token_id.includes(row[row.length - 1]!));
  }
}

/** Ends an assistant's draft when it was unsure of its last token. */
export class ConfidenceCriteria extends StoppingCriteria {
  constructor(readonly assistant_confidence_threshold: number) {
    super();
  }

  override __call__(input_ids: Tensor, scores: StepScores): boolean {
    const last = scores?.[scores.length - 1];
    if (!last) {
      throw new TypeError('Cannot tell how sure the assistant is as its scores must be kept: set output_scores');
    }
    const vocab = last.dims[1]!;
    const row = (last.data as Float32Array).subarray(0, vocab);
    const ids = tokenRows(input_ids)[0]!;
    let max = -Infinity;
    row.forEach(x => (max = Math.max(max, x)));
    let sum = 0;
    row.forEach(x => (sum += Math.exp(x - max)));
    return Math.exp(row[ids[ids.length - 1]!]! - max) / sum < this.assistant_confidence_threshold;
  }
}

/** Criteria of which any one ends a row. */
export class StoppingCriteriaList extends Array<StoppingCriteriaLike> {
  /** @param criteria What it holds at first. */
  constructor(criteria: Iterable<StoppingCriteriaLike> = []) {
    super();
    this.push(...criteria);
  }

  /** Adds one, as Python's lists do. */
  append(criterion: StoppingCriteriaLike): void {
    this.push(criterion);
  }

  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /**
   * @param input_ids Tokens so far, int64 [B, S].
   * @param scores Scores of the steps so far, if they are kept.
   * @returns One boolean per row.
   */
  async __call__(input_ids: Tensor, scores: StepScores): Promise<boolean[]> {
    const done = new Array<boolean>(input_ids.dims[0]!).fill(false);
    for (const criterion of this) {
      const verdict = await applyCriterion(criterion, input_ids, scores);
      if (typeof verdict === 'boolean') {
        done.fill(true, 0, verdict ? done.length : 0);
        continue;
      }
      const rows = Array.isArray(verdict)
        ? verdict
        : Array.from(((verdict as Tensor)?.data ?? []) as ArrayLike<unknown>, Boolean);
      if (rows.length !== done.length) {
        throw new TypeError(
          `Cannot go on after ${criterionName(criterion)} as it must return one boolean, or one for each of ` +
            `${done.length} rows: current value is ${Array.isArray(verdict) ? `[${verdict}]` : String(verdict)}`
        );
      }
      rows.forEach((stop, r) => (done[r] ||= Boolean(stop)));
    }
    return done;
  }

  /** The length of the first MaxLengthCriteria. */
  get max_length(): number | undefined {
    for (const criterion of this) {
      if (criterion instanceof MaxLengthCriteria) {
        return criterion.max_length;
      }
    }
    return undefined;
  }
}

function applyCriterion(
  criterion: StoppingCriteriaLike,
  input_ids: Tensor,
  scores: StepScores
): StoppingVerdict | Promise<StoppingVerdict> {
  if (typeof criterion === 'function') {
    return criterion(input_ids, scores);
  }
  if (isObject(criterion) && '__call__' in criterion) {
    return criterion.__call__(input_ids, scores);
  }
  if (isObject(criterion) && typeof criterion._call === 'function') {
    return criterion._call(input_ids, scores);
  }
  throw new TypeError(
    'Cannot use an element of stopping_criteria as it must be a function or have __call__(input_ids, scores): ' +
      `current value is ${String(criterion)}`
  );
}

function criterionName(criterion: StoppingCriteriaLike): string {
  return typeof criterion === 'function' ? criterion.name || 'a stopping criterion' : criterion.constructor.name;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
