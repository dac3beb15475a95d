import { mergeOwn } from './merge-own';
import type { GenerationTokenizer, GenerativeModel } from './model';
import type { ResolvedParameters } from './parameters';
import { StopStringCriteria } from './stop-strings';
import {
  ConfidenceCriteria,
  EosTokenCriteria,
  MaxLengthCriteria,
  MaxTimeCriteria,
  StoppingCriteriaList,
  type StoppingCriteriaLike
} from './stopping-criteria';

/**
 * The criteria the parameters ask for, and the caller's own.
 *
 * @param own The caller's. One of a built-in class replaces the built-in one.
 * @throws {TypeError} If there are stop strings and no tokenizer.
 */
export function buildCriteria(
  p: ResolvedParameters,
  model: GenerativeModel,
  eos: readonly number[] | undefined,
  tokenizer: GenerationTokenizer | undefined,
  own: readonly StoppingCriteriaLike[]
): StoppingCriteriaList {
  const builtIn: StoppingCriteriaLike[] = [new MaxLengthCriteria(p.max_length, model.config.max_position_embeddings)];
  if (p.max_time !== undefined) {
    builtIn.push(new MaxTimeCriteria(p.max_time));
  }
  if (p.stop_strings !== undefined) {
    if (!tokenizer) {
      throw new TypeError(
        "There are one or more stop strings, either in the arguments to `generate` or in the model's generation " +
          "config, but we could not locate a tokenizer. When generating with stop strings, you must pass the model's " +
          'tokenizer to the `tokenizer` argument of `generate`.'
      );
    }
    builtIn.push(new StopStringCriteria(tokenizer, p.stop_strings));
  }
  if (eos) {
    builtIn.push(new EosTokenCriteria(eos));
  }
  if (p.is_assistant && p.assistant_confidence_threshold !== undefined && p.assistant_confidence_threshold > 0) {
    builtIn.push(new ConfidenceCriteria(p.assistant_confidence_threshold));
  }
  return new StoppingCriteriaList(mergeOwn(builtIn, own));
}
