/** Processors that raise or lower the score of given token sequences. */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, tokenRows } from '../rows';

/** Token sequences and what is added to the score of their last token. */
export type SequenceBias =
  | readonly (readonly [readonly number[], number])[]
  | ReadonlyMap<readonly number[], number>
  | Readonly<Record<string, number>>;

const isId = (id: unknown): boolean => Number.isInteger(id) && (id as number) >= 0;

/**
 * Adds a bias to the last token of a sequence whenever the tokens before it have been generated. Biases of one token
 * always apply.
 */
export class SequenceBiasLogitsProcessor extends LogitsProcessor {
  /** One entry per sequence; the last bias given for a sequence counts. */
  readonly sequence_bias: readonly (readonly [readonly number[], number])[];

  /**
   * @param sequence_bias [[[ids], bias], …] as in Python; also a Map of id lists, or an object keyed by "1,2".
   * @throws {RangeError} With Python's text if the list is empty or holds something else.
   */
  constructor(sequence_bias: SequenceBias) {
    super();
    const entries = biasEntries(sequence_bias);
    const byKey = new Map<string, readonly [readonly number[], number]>();
    entries.forEach(entry => byKey.set(entry[0].join(), entry));
    this.sequence_bias = [...byKey.values()];
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return addBias(this.sequence_bias, input_ids, scores);
  }
}

function addBias(
  entries: readonly (readonly [readonly number[], number])[],
  input_ids: Tensor,
  scores: Tensor
): Tensor {
  const vocab = scores.dims[1]!;
  const invalid = entries.flatMap(([ids]) => ids.filter(id => id >= vocab));
  if (invalid.length) {
    throw new RangeError(
      `The model vocabulary size is ${vocab}, but the following tokens were being biased: [${invalid.join(', ')}]`
    );
  }
  const rows = tokenRows(input_ids);
  return editRows(scores, (row, r) => {
    const seen = rows[r]!;
    // The biases of a token are summed first and added once, as in Python.
    const bias = new Map<number, number>();
    for (const [ids, value] of entries) {
      const prefix = ids.length - 1;
      const start = seen.length - prefix;
      if (prefix < 0 || start < 0 || !ids.every((id, i) => i === prefix || id === seen[start + i])) {
        continue;
      }
      const last = ids[prefix]!;
      bias.set(last, Math.fround((bias.get(last) ?? 0) + Math.fround(value)));
    }
    bias.forEach((value, id) => (row[id] = row[id]! + value));
  });
}

function biasEntries(given: SequenceBias): (readonly [readonly number[], number])[] {
  const shown = (): string => JSON.stringify(given instanceof Map ? [...given] : given);
  if (given instanceof Map || (given && typeof given === 'object' && !Array.isArray(given))) {
    const entries: [readonly number[], number][] =
      given instanceof Map
        ? [...given.entries()]
        : Object.entries(given).map(([key, bias]) => [
            key
              .replace(/[()[\]\s]/g, '')
              .split(',')
              .filter(Boolean)
              .map(Number),
            bias as number
          ]);
    if (!entries.length) {
      throw new RangeError(
        `\`sequence_bias\` has to be a non-empty dictionary, or non-empty list of lists but is ${shown()}.`
      );
    }
    if (entries.some(([ids]) => !Array.isArray(ids) || !ids.length || !ids.every(isId))) {
      throw new RangeError(
        `Each key in \`sequence_bias\` has to be a non-empty tuple of positive integers, but is ${shown()}.`
      );
    }
    if (entries.some(([, bias]) => typeof bias !== 'number')) {
      throw new TypeError(`\`sequence_bias\` has to be a dict with floats as values, but is ${shown()}.`);
    }
    return entries;
  }
  if (!Array.isArray(given) || !given.length) {
    throw new RangeError(
      `\`sequence_bias\` has to be a non-empty dictionary, or non-empty list of lists but is ${shown()}.`
    );
  }
  const valid = given.every(
    pair =>
      Array.isArray(pair) &&
      Array.isArray(pair[0]) &&
      pair[0].length &&
      pair[0].every(isId) &&
      typeof pair[1] === 'number'
  );
  if (!valid) {
    throw new RangeError(
      'Each element in `sequence_bias` has to be a non-empty list of lists of positive integers and float, ' +
        `but is ${shown()}.`
    );
  }
  return given as (readonly [readonly number[], number])[];
}

/** Forbids token sequences: the last token, once the others stand before it. End tokens stay allowed. */
export class NoBadWordsLogitsProcessor extends LogitsProcessor {
  /** The forbidden sequences, end tokens left out. */
  readonly bad_words_ids: readonly (readonly number[])[];

  constructor(bad_words_ids: readonly (readonly number[])[], eos_token_id?: number | readonly number[]) {
    super();
    const shown = (): string => JSON.stringify(bad_words_ids);
    if (!Array.isArray(bad_words_ids) || !bad_words_ids.length) {
      throw new RangeError(`\`bad_words_ids\` has to be a non-empty list, but is ${shown()}.`);
    }
    if (bad_words_ids.some(ids => !Array.isArray(ids))) {
      throw new TypeError(`\`bad_words_ids\` has to be a list of lists, but is ${shown()}.`);
    }
    if (bad_words_ids.some(ids => !ids.every(isId))) {
      throw new RangeError(`Each list in \`bad_words_ids\` has to be a list of positive integers, but is ${shown()}.`);
    }
    const eos = eos_token_id === undefined ? [] : typeof eos_token_id === 'number' ? [eos_token_id] : eos_token_id;
    this.bad_words_ids = bad_words_ids.filter(ids => !(ids.length === 1 && eos.includes(ids[0]!)));
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    return addBias(
      this.bad_words_ids.map(ids => [ids, -Infinity] as const),
      input_ids,
      scores
    );
  }
}
