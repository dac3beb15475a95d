/**
 * Pre-tokenisers: cut a normalised text into the words a model sees.
 *
 * @see https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/pre_tokenizers
 */
import { asArray, asObject, asString, booleanField, brief, get, idField, stringField } from './json';
import type { JsonObject } from './json';
import { AlignedText, widthAt } from './text/aligned-text';
import { BYTE_TO_CHAR, encodeUtf8, toByteLevel } from './text/byte-level';
import { isPunctuation } from './text/characters';
import { readBehavior, readPattern, splitText } from './text/split-pattern';

/** A word on its way to the model. */
export interface Piece {
  readonly source: AlignedText;
  /** The word in the byte alphabet, when a ByteLevel step has run; the model sees this instead of the text. */
  readonly bytes?: string;
}

export type PreTokenizer = (pieces: readonly Piece[]) => Piece[];

const GPT2 = new RegExp(
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+" +
    '|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+',
  'gu'
);
const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}';
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu');
const SPACE = /\p{White_Space}/gu;
const NUMBER = /\p{N}/gu;
// What may be punctuation; `isPunctuation` decides.
const PUNCTUATION = /[!-/:-@[-`{-~\p{P}\u166d\u{111c9}]/gu;

/**
 * Reads the `pre_tokenizer` of a tokenizer.json.
 *
 * @returns The pre-tokeniser, or undefined for null (the whole text is one word).
 * @throws {SyntaxError} If the type is unknown or a field does not fit.
 */
export function readPreTokenizer(value: unknown, where = 'pre_tokenizer'): PreTokenizer | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const config = asObject(value, where);
  const type = asString(get(config, 'type'), `${where}.type`);
  switch (type) {
    case 'Sequence':
      return sequence(config, where);
    case 'ByteLevel':
      return byteLevel(
        booleanField(config, 'add_prefix_space', where, true),
        booleanField(config, 'use_regex', where, true)
      );
    case 'Split': {
      const pattern = readPattern(get(config, 'pattern'), `${where}.pattern`);
      const behavior = readBehavior(get(config, 'behavior'), where);
      const invert = booleanField(config, 'invert', where, false);
      return each(source => splitText(source, pattern, behavior, invert));
    }
    case 'Metaspace':
      return metaspace(config, where);
    case 'BertPreTokenizer':
      return each(source =>
        splitText(source, SPACE, 'Removed').flatMap(word =>
          splitText(word, PUNCTUATION, 'Isolated', false, isPunctuation)
        )
      );
    case 'Whitespace':
      return each(source => splitText(source, WORDS, 'Removed', true));
    case 'WhitespaceSplit':
      return each(source => splitText(source, SPACE, 'Removed'));
    case 'Punctuation': {
      const behavior = readBehavior(get(config, 'behavior'), where);
      return each(source => splitText(source, PUNCTUATION, behavior, false, isPunctuation));
    }
    case 'Digits': {
      const behavior = booleanField(config, 'individual_digits', where, false) ? 'Isolated' : 'Contiguous';
      return each(source => splitText(source, NUMBER, behavior));
    }
    case 'CharDelimiterSplit': {
      const pattern = readPattern({ String: get(config, 'delimiter') }, where);
      return each(source => splitText(source, pattern, 'Removed'));
    }
    case 'FixedLength':
      return fixedLength(idField(config, 'length', where, 5));
    default:
      throw new SyntaxError(
        `Cannot read ${where}.type as it must be a known pre-tokenizer: current value is ${brief(type)}`
      );
  }
}

function each(split: (source: AlignedText) => AlignedText[]): PreTokenizer {
  return pieces => {
    const result: Piece[] = [];
    for (const piece of pieces) {
      for (const source of split(settle(piece))) {
        result.push({ source });
      }
    }
    return result;
  };
}

function sequence(config: JsonObject, where: string): PreTokenizer {
  const steps = asArray(get(config, 'pretokenizers'), `${where}.pretokenizers`)
    .map((step, i) => readPreTokenizer(step, `${where}.pretokenizers[${i}]`))
    .filter(step => step !== undefined);
  return pieces => steps.reduce<Piece[]>((all, step) => step(all), [...pieces]);
}

function byteLevel(addPrefixSpace: boolean, useRegex: boolean): PreTokenizer {
  return pieces => {
    const result: Piece[] = [];
    for (const piece of pieces) {
      let source = settle(piece);
      if (addPrefixSpace && !source.text.startsWith(' ')) {
        source = source.prepend(' ');
      }
      for (const word of useRegex ? splitText(source, GPT2, 'Isolated') : [source]) {
        result.push({ source: word, bytes: toByteLevel(word.text) });
      }
    }
    return result;
  };
}

function metaspace(config: JsonObject, where: string): PreTokenizer {
  const replacement = stringField(config, 'replacement', where, '\u2581');
  if ([...replacement].length !== 1) {
    throw new SyntaxError(
      `Cannot read ${where}.replacement as it must be one character: current value is ${brief(replacement)}`
    );
  }
  const scheme = booleanField(config, 'add_prefix_space', where, true)
    ? stringField(config, 'prepend_scheme', where, 'always')
    : 'never';
  if (!['always', 'first', 'never'].includes(scheme)) {
    throw new SyntaxError(
      `Cannot read ${where}.prepend_scheme as it must be "always", "first" or "never": ` +
        `current value is ${brief(scheme)}`
    );
  }
  const splits = booleanField(config, 'split', where, true);
  const space = / /g;
  const mark = readPattern({ String: replacement }, where);
  return each(source => {
    let text = source.replace(space, replacement);
    const wanted = scheme === 'always' || (scheme === 'first' && text.origin === 0);
    if (wanted && !text.text.startsWith(replacement)) {
      text = text.prepend(replacement);
    }
    return splits ? splitText(text, mark, 'MergedWithNext') : [text];
  });
}

function fixedLength(length: number): PreTokenizer {
  if (length < 1) {
    throw new SyntaxError(`Cannot read pre_tokenizer.length as it must be at least 1: current value is ${length}`);
  }
  return each(source => {
    const parts: AlignedText[] = [];
    let begin = 0;
    while (begin < source.text.length) {
      let end = begin;
      for (let i = 0; i < length && end < source.text.length; i++) {
        end += widthAt(source.text, end);
      }
      parts.push(source.slice(begin, end));
      begin = end;
    }
    return parts;
  });
}

/** The piece as plain aligned text: a step after ByteLevel sees the byte alphabet. */
function settle(piece: Piece): AlignedText {
  if (piece.bytes === undefined) {
    return piece.source;
  }
  if (piece.bytes.length === piece.source.text.length) {
    return piece.source.withText(piece.bytes);
  }
  const chars: string[] = [];
  const changes: number[] = [];
  for (const char of piece.source.text) {
    encodeUtf8(char).forEach((byte, i) => {
      chars.push(BYTE_TO_CHAR[byte]!);
      changes.push(i > 0 ? 1 : 0);
    });
  }
  return piece.source.transform(chars, changes);
}
