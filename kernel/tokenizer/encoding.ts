/** One encoded text: parallel lists, one entry per token; and how they are cut and joined. */

/** Which end is cut off, or padded. */
export type Side = 'left' | 'right';

export interface Encoding {
  ids: number[];
  /** Which text of a pair, by the post-processor's rule. */
  typeIds: number[];
  /** Token text. */
  tokens: string[];
  /** [start, end) in the input, in code points; [0, 0] for tokens that were added. */
  offsets: [number, number][];
  /** Index of the word in its text, null for tokens that were added. */
  words: (number | null)[];
  /** 0 or 1 for the text of the pair a token came from, null for tokens that were added. */
  sequenceIds: (number | null)[];
  /** 1 for tokens that were added. */
  specialTokensMask: number[];
  /** What truncation cut off, as further encodings. */
  overflowing: Encoding[];
}

/** An encoding without tokens. */
export function emptyEncoding(): Encoding {
  return {
    ids: [],
    typeIds: [],
    tokens: [],
    offsets: [],
    words: [],
    sequenceIds: [],
    specialTokensMask: [],
    overflowing: []
  };
}

/** Tokens [begin, end) of an encoding, without its overflow. */
export function sliceEncoding(encoding: Encoding, begin: number, end: number): Encoding {
  return {
    ids: encoding.ids.slice(begin, end),
    typeIds: encoding.typeIds.slice(begin, end),
    tokens: encoding.tokens.slice(begin, end),
    offsets: encoding.offsets.slice(begin, end),
    words: encoding.words.slice(begin, end),
    sequenceIds: encoding.sequenceIds.slice(begin, end),
    specialTokensMask: encoding.specialTokensMask.slice(begin, end),
    overflowing: []
  };
}

/** Puts encodings one after the other; overflow is combined in every way, as in Rust's `merge_with`. */
export function mergeEncodings(parts: readonly Encoding[]): Encoding {
  return parts.reduce(mergeTwo, emptyEncoding());
}

function mergeTwo(first: Encoding, second: Encoding): Encoding {
  const overflowing: Encoding[] = [];
  for (const part of first.overflowing) {
    overflowing.push(mergeTwo(part, { ...second, overflowing: [] }));
    for (const other of second.overflowing) {
      overflowing.push(mergeTwo(part, other));
    }
  }
  for (const other of second.overflowing) {
    overflowing.push(mergeTwo({ ...first, overflowing: [] }, other));
  }
  return {
    ids: first.ids.concat(second.ids),
    typeIds: first.typeIds.concat(second.typeIds),
    tokens: first.tokens.concat(second.tokens),
    offsets: first.offsets.concat(second.offsets),
    words: first.words.concat(second.words),
    sequenceIds: first.sequenceIds.concat(second.sequenceIds),
    specialTokensMask: first.specialTokensMask.concat(second.specialTokensMask),
    overflowing
  };
}

/**
 * Cuts an encoding to `maxLength` tokens; the rest becomes overflow, each part repeating `stride` tokens of the one
 * before.
 *
 * @throws {RangeError} If `stride` is not below `maxLength`.
 */
export function truncateEncoding(encoding: Encoding, maxLength: number, stride: number, side: Side): Encoding {
  const length = encoding.ids.length;
  if (maxLength >= length) {
    return encoding;
  }
  if (maxLength === 0) {
    return { ...emptyEncoding(), overflowing: [encoding] };
  }
  if (stride >= maxLength) {
    throw new RangeError(
      `Cannot truncate as stride must be below the ${maxLength} tokens left for text: current value is ${stride}`
    );
  }
  const parts: Encoding[] = [];
  const step = maxLength - stride;
  if (side === 'right') {
    for (let begin = 0; begin < length; begin += step) {
      const end = Math.min(begin + maxLength, length);
      parts.push(sliceEncoding(encoding, begin, end));
      if (end === length) {
        break;
      }
    }
  } else {
    for (let end = length; end > 0; end -= step) {
      const begin = Math.max(0, end - maxLength);
      parts.push(sliceEncoding(encoding, begin, end));
      if (begin === 0) {
        break;
      }
    }
  }
  return { ...parts[0]!, overflowing: parts.slice(1) };
}

export type TruncationStrategy = 'longest_first' | 'only_first' | 'only_second';

/**
 * Cuts one text or a pair so that together they have at most `maxLength` tokens.
 *
 * @throws {RangeError} If the text to be cut is too short for that, or `only_second` has no second text.
 */
export function truncatePair(
  first: Encoding,
  second: Encoding | undefined,
  options: { maxLength: number; strategy: TruncationStrategy; stride: number; side: Side }
): [Encoding, Encoding | undefined] {
  const { maxLength, strategy, stride, side } = options;
  const cut = (encoding: Encoding, length: number): Encoding => truncateEncoding(encoding, length, stride, side);
  if (maxLength <= 0) {
    return [cut(first, 0), second && cut(second, 0)];
  }
  const total = first.ids.length + (second?.ids.length ?? 0);
  const excess = total - maxLength;
  if (excess <= 0) {
    return [first, second];
  }
  if (strategy === 'longest_first') {
    if (!second) {
      return [cut(first, maxLength), undefined];
    }
    const [firstLength, secondLength] = shareLength(first.ids.length, second.ids.length, maxLength);
    return [cut(first, firstLength), cut(second, secondLength)];
  }
  const target = strategy === 'only_first' ? first : second;
  if (!target) {
    throw new RangeError('Cannot truncate with "only_second" as there must be a second text: text_pair is missing');
  }
  if (target.ids.length <= excess) {
    throw new RangeError(
      `Cannot truncate to ${maxLength} tokens with "${strategy}" as that text must be longer than the ${excess} ` +
        `tokens to remove: it has ${target.ids.length}`
    );
  }
  const kept = cut(target, target.ids.length - excess);
  return strategy === 'only_first' ? [kept, second] : [first, kept];
}

/** Lengths of a pair under longest_first: the longer gives way first, then both halve. */
function shareLength(first: number, second: number, maxLength: number): [number, number] {
  const swapped = first > second;
  let shorter = Math.min(first, second);
  let longer = shorter > maxLength ? shorter : Math.max(shorter, maxLength - shorter);
  if (shorter + longer > maxLength) {
    shorter = Math.floor(maxLength / 2);
    longer = shorter + (maxLength % 2);
  }
  return swapped ? [longer, shorter] : [shorter, longer];
}
