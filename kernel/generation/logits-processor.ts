import type { Tensor } from '../tensor/tensor';
import { scoreData } from './rows';

/** Changes the scores of the next token. The result may be a promise. */
export type LogitsProcessorFunction = (input_ids: Tensor, scores: Tensor) => Tensor | Promise<Tensor>;

/** What `generate` takes in `logits_processor`: processors, functions, or objects with Transformers.js's `_call`. */
export type LogitsProcessorLike = LogitsProcessor | LogitsProcessorFunction | { _call: LogitsProcessorFunction };

/**
 * Base of everything that changes scores before a token is chosen. A subclass overrides `__call__`.
 *
 * @example A processor of one's own
 * ```ts
 * class NoEven extends LogitsProcessor {
 *   __call__(input_ids: Tensor, scores: Tensor) {
 *     const data = scores.data.map((x, i) => i % 2 ? x : -Infinity);
 *     return new Tensor('float32', data, scores.dims);
 *   }
 * }
 * await model.generate({ ...inputs, logits_processor: [new NoEven()] });
 * ```
 */
export abstract class LogitsProcessor {
  /**
   * @param input_ids Tokens so far, prompt included, int64 [B, S].
   * @param scores Scores of the next token, float32 [B, V]: logits, or with beams their log-softmax. Not to be
   *   modified.
   * @returns The new scores, float32 [B, V].
   */
  abstract __call__(input_ids: Tensor, scores: Tensor): Tensor | Promise<Tensor>;
}

/** Processors applied one after the other. */
export class LogitsProcessorList extends Array<LogitsProcessorLike> {
  /** @param processors What it holds at first. */
  constructor(processors: Iterable<LogitsProcessorLike> = []) {
    super();
    this.push(...processors);
  }

  /** Adds one, as Python's lists do. */
  append(processor: LogitsProcessorLike): void {
    this.push(processor);
  }

  /** Array methods that make arrays (map, filter) make plain ones. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /**
   * Applies every processor in turn.
   *
   * @param input_ids Tokens so far, int64 [B, S].
   * @param scores Float32 [B, V].
   * @throws {TypeError} If an element is no processor, or one returns something other than scores of the same shape.
   */
  async __call__(input_ids: Tensor, scores: Tensor): Promise<Tensor> {
    for (const processor of this) {
      const before = scores.dims;
      scores = await applyProcessor(processor, input_ids, scores);
      if (!scores?.dims || scores.dims.length !== 2 || scores.dims[1] !== before[1] || scores.dims[0] !== before[0]) {
        throw new TypeError(
          `Cannot go on after ${processorName(processor)} as it must return scores of shape [${before}]: ` +
            `current value is ${scores?.dims ? `a tensor of shape [${scores.dims}]` : String(scores)}`
        );
      }
      scoreData(scores);
    }
    return scores;
  }
}

function applyProcessor(processor: LogitsProcessorLike, input_ids: Tensor, scores: Tensor): Tensor | Promise<Tensor> {
  if (typeof processor === 'function') {
    return processor(input_ids, scores);
  }
  if (isObject(processor) && '__call__' in processor) {
    return processor.__call__(input_ids, scores);
  }
  if (isObject(processor) && typeof processor._call === 'function') {
    return processor._call(input_ids, scores);
  }
  throw new TypeError(
    'Cannot use an element of logits_processor as it must be a function or have __call__(input_ids, scores): ' +
      `current value is ${String(processor)}`
  );
}

function processorName(processor: LogitsProcessorLike): string {
  return typeof processor === 'function' ? processor.name || 'a logits processor' : processor.constructor.name;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
