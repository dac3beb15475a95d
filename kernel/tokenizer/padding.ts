/** Options of a tokenizer call, and padding. */
import type { Encoding, Side, TruncationStrategy } from './encoding';
import { brief } from './json';

export type Padding = boolean | 'longest' | 'max_length' | 'do_not_pad';
export type Truncation = boolean | TruncationStrategy | 'do_not_truncate' | null;

/** Options of `tokenizer(text, options)`, as in Python. */
export interface CallOptions {
  /** Second text of a pair; with a batch, as many as texts. */
  text_pair?: string | readonly string[] | null;
  /** Whether the special tokens the model expects are put around the text. Default true. */
  add_special_tokens?: boolean;
  /** true or 'longest': to the longest row; 'max_length': to max_length. Default false. */
  padding?: Padding;
  /** true or 'longest_first', 'only_first', 'only_second'. Default false, true when only max_length is given. */
  truncation?: Truncation;
  /** In tokens. Default: the model's. */
  max_length?: number | null;
  /** Tokens an overflowing row repeats of the one before. Default 0. */
  stride?: number;
  pad_to_multiple_of?: number | null;
  padding_side?: Side | null;
  /** Whether special tokens in the text are taken as ordinary text. Default: the tokenizer's. */
  split_special_tokens?: boolean | null;
  return_attention_mask?: boolean | null;
  return_token_type_ids?: boolean | null;
  return_offsets_mapping?: boolean;
  return_special_tokens_mask?: boolean;
  return_overflowing_tokens?: boolean;
  return_length?: boolean;
  /** false or null: plain numbers, one row per text; otherwise tensors. Default true. */
  return_tensors?: boolean | 'pt' | 'np' | null;
}

const OPTION_NAMES: readonly (keyof CallOptions)[] = [
  'text_pair',
  'add_special_tokens',
  'padding',
  'truncation',
  'max_length',
  'stride',
  'pad_to_multiple_of',
  'padding_side',
  'split_special_tokens',
  'return_attention_mask',
  'return_token_type_ids',
  'return_offsets_mapping',
  'return_special_tokens_mask',
  'return_overflowing_tokens',
  'return_length',
  'return_tensors'
];

/** @throws {TypeError} If an option is unknown: it would do nothing. */
export function checkOptions(options: object, allowed: readonly string[] = OPTION_NAMES): void {
  for (const name of Object.keys(options)) {
    if (!allowed.includes(name)) {
      throw new TypeError(`Cannot take the option ${brief(name)} as the tokenizer knows ${allowed.join(', ')}`);
    }
  }
}

export interface LengthPlan {
  /** 'longest', a number of tokens, or no padding. */
  pad: 'longest' | number | undefined;
  truncate: { maxLength: number; strategy: TruncationStrategy } | undefined;
}

/**
 * What the padding and truncation options amount to.
 *
 * @throws {RangeError} If an option has no such value or the two contradict each other.
 * @see transformers/tokenization_utils_base.py, _get_padding_truncation_strategies
 */
export function planLengths(
  options: Pick<CallOptions, 'padding' | 'truncation' | 'max_length' | 'pad_to_multiple_of'>,
  modelMaxLength: number
): LengthPlan {
  const padding = readPadding(options.padding);
  let maxLength = options.max_length ?? undefined;
  if (maxLength !== undefined && (!Number.isInteger(maxLength) || maxLength < 0)) {
    throw new RangeError(`Cannot use max_length as it must be an integer of at least 0: current value is ${maxLength}`);
  }
  const asked =
    maxLength !== undefined &&
    padding === undefined &&
    (options.truncation === undefined || options.truncation === null)
      ? true // a length alone means: cut to it
      : options.truncation;
  let strategy = readTruncation(asked);
  let pad = padding;
  if (maxLength === undefined) {
    // Python's sentinel for "no limit" is far above this.
    const unlimited = modelMaxLength > 1e20;
    maxLength = unlimited ? undefined : modelMaxLength;
    if (unlimited) {
      strategy = undefined;
      pad = pad === 'max_length' ? undefined : pad;
    }
  }
  const multiple = options.pad_to_multiple_of ?? undefined;
  if (multiple !== undefined && (!Number.isInteger(multiple) || multiple < 1)) {
    throw new RangeError(
      `Cannot use pad_to_multiple_of as it must be an integer of at least 1: current value is ${multiple}`
    );
  }
  if (strategy && pad && multiple && maxLength !== undefined && maxLength % multiple !== 0) {
    throw new RangeError(
      `Cannot truncate and pad as the length must be a multiple of pad_to_multiple_of ${multiple}: ` +
        `current value is ${maxLength}`
    );
  }
  return {
    pad: pad === 'max_length' ? maxLength : pad,
    truncate: strategy && maxLength !== undefined ? { maxLength, strategy } : undefined
  };
}

function readPadding(padding: unknown): 'longest' | 'max_length' | undefined {
  switch (padding) {
    case undefined:
    case null:
    case false:
    case 'do_not_pad':
      return undefined;
    case true:
    case 'longest':
      return 'longest';
    case 'max_length':
      return 'max_length';
    default:
      throw new RangeError(
        "Cannot pad as padding must be true, false, 'longest', 'max_length' or 'do_not_pad': " +
          `current value is ${brief(padding)}`
      );
  }
}

function readTruncation(truncation: unknown): TruncationStrategy | undefined {
  switch (truncation) {
    case undefined:
    case null:
    case false:
    case 'do_not_truncate':
      return undefined;
    case true:
      return 'longest_first';
    case 'longest_first':
    case 'only_first':
    case 'only_second':
      return truncation;
    default:
      throw new RangeError(
        "Cannot truncate as truncation must be true, false, 'longest_first', 'only_first', 'only_second' or " +
          `'do_not_truncate': current value is ${brief(truncation)}`
      );
  }
}

/** Length rows are padded to. */
export function paddedLength(
  lengths: readonly number[],
  pad: 'longest' | number,
  multiple: number | undefined
): number {
  const target = pad === 'longest' ? lengths.reduce((most, length) => Math.max(most, length), 0) : pad;
  return multiple ? Math.ceil(target / multiple) * multiple : target;
}

/** An encoding with its attention mask, padded to `length`; longer ones stay as they are. */
export function padEncoding(
  encoding: Encoding,
  length: number,
  pad: { id: number; token: string; typeId: number; side: Side }
): { encoding: Encoding; mask: number[] } {
  const count = Math.max(0, length - encoding.ids.length);
  const join = <T>(values: readonly T[], filler: T): T[] => {
    const fill = new Array<T>(count).fill(filler);
    return pad.side === 'right' ? [...values, ...fill] : [...fill, ...values];
  };
  const mask = join(new Array<number>(encoding.ids.length).fill(1), 0);
  if (count === 0) {
    return { encoding, mask };
  }
  return {
    encoding: {
      ids: join(encoding.ids, pad.id),
      typeIds: join(encoding.typeIds, pad.typeId),
      tokens: join(encoding.tokens, pad.token),
      offsets: join(encoding.offsets, [0, 0]),
      words: join(encoding.words, null),
      sequenceIds: join(encoding.sequenceIds, null),
      specialTokensMask: join(encoding.specialTokensMask, 1),
      overflowing: []
    },
    mask
  };
}
