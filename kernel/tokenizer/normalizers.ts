/**
 * Normalisers: what happens to a text before it is cut into words.
 *
 * @see https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/normalizers
 */
import { asArray, asObject, asString, booleanField, brief, get, stringField } from './json';
import type { JsonObject } from './json';
import type { AlignedText } from './text/aligned-text';
import { encodeUtf8, BYTE_TO_CHAR } from './text/byte-level';
import {
  isCombiningMark,
  isNonspacingMark,
  isOther,
  isWhitespace,
  leadingSpace,
  trailingSpace
} from './text/characters';
import { normalizeForm } from './text/normal-forms';
import { readPrecompiled } from './text/precompiled';
import { readPattern } from './text/split-pattern';

export type Normalizer = (source: AlignedText) => AlignedText;

/**
 * Reads the `normalizer` of a tokenizer.json.
 *
 * @returns The normaliser, or undefined for null.
 * @throws {SyntaxError} If the type is unknown or a field does not fit.
 */
export function readNormalizer(value: unknown, where = 'normalizer'): Normalizer | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const config = asObject(value, where);
  const type = asString(get(config, 'type'), `${where}.type`);
  switch (type) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD':
      return source => normalizeForm(source, type);
    case 'Sequence': {
      const steps = asArray(get(config, 'normalizers'), `${where}.normalizers`)
        .map((step, i) => readNormalizer(step, `${where}.normalizers[${i}]`))
        .filter(step => step !== undefined);
      return source => steps.reduce((text, step) => step(text), source);
    }
    case 'Lowercase':
      return lowercase;
    case 'BertNormalizer':
      return bert(config, where);
    case 'StripAccents':
      return source =>
        /[\p{M}\u1cf2\u1cf3]/u.test(source.text) ? source.filter(char => !isCombiningMark(char)) : source;
    case 'Strip': {
      const left = booleanField(config, 'strip_left', where, false);
      const right = booleanField(config, 'strip_right', where, false);
      return source => {
        const begin = left ? leadingSpace(source.text) : 0;
        const end = source.text.length - (right ? trailingSpace(source.text) : 0);
        return source.slice(Math.min(begin, end), end);
      };
    }
    case 'Replace': {
      const pattern = readPattern(get(config, 'pattern'), `${where}.pattern`);
      const content = stringField(config, 'content', where, '');
      return source => source.replace(pattern, content);
    }
    case 'Prepend': {
      const prefix = stringField(config, 'prepend', where, '');
      return source => source.prepend(prefix);
    }
    case 'Precompiled':
      return readPrecompiled(get(config, 'precompiled_charsmap'), `${where}.precompiled_charsmap`);
    case 'ByteLevel':
      return byteLevel;
    case 'Nmt':
      return nmt;
    default:
      throw new SyntaxError(
        `Cannot read ${where}.type as it must be a known normalizer: current value is ${brief(type)}`
      );
  }
}

/** Lowercases character by character: without context, so a final sigma becomes σ as in Rust. */
function lowercase(source: AlignedText): AlignedText {
  if (!/\P{ASCII}/u.test(source.text)) {
    return source.withText(source.text.toLowerCase());
  }
  return mapCharacters(source, char => char.toLowerCase());
}

function mapCharacters(source: AlignedText, map: (char: string) => string): AlignedText {
  const chars: string[] = [];
  const changes: number[] = [];
  let changed = false;
  for (const char of source.text) {
    let change = 0;
    const mapped = map(char);
    changed ||= mapped !== char;
    for (const piece of mapped) {
      chars.push(piece);
      changes.push(change);
      change = 1;
    }
  }
  return changed ? source.transform(chars, changes) : source;
}

const CHINESE = new RegExp(
  '[\\u4e00-\\u9fff\\u3400-\\u4dbf\\u{20000}-\\u{2a6df}\\u{2a700}-\\u{2b73f}\\u{2b740}-\\u{2b81f}' +
    '\\u{2b920}-\\u{2ceaf}\\uf900-\\ufaff\\u{2f800}-\\u{2fa1f}]',
  'u'
);
const NEEDS_CLEANING = /[^\x20-\x7e]/;

/**
 * BERT's basic cleaning, by code point. @huggingface/tokenizers works by UTF-16 unit here, which misses CJK and control
 * characters beyond the BMP, and lowercases whole strings, which turns a final Σ into ς.
 */
function bert(config: JsonObject, where: string): Normalizer {
  const clean = booleanField(config, 'clean_text', where, true);
  const isolate = booleanField(config, 'handle_chinese_chars', where, true);
  const lower = booleanField(config, 'lowercase', where, true);
  const strip = booleanField(config, 'strip_accents', where, lower);
  return source => {
    let text = source;
    if (clean && NEEDS_CLEANING.test(text.text)) {
      text = text.filter(char => '\t\n\r'.includes(char) || (char !== '\ufffd' && !isOther(char)));
      text = mapCharacters(text, char => (isWhitespace(char) ? ' ' : char));
    }
    if (isolate && CHINESE.test(text.text)) {
      const chars: string[] = [];
      const changes: number[] = [];
      for (const char of text.text) {
        if (CHINESE.test(char)) {
          chars.push(' ', char, ' ');
          changes.push(0, 1, 1);
        } else {
          chars.push(char);
          changes.push(0);
        }
      }
      text = text.transform(chars, changes);
    }
    if (strip && /\P{ASCII}/u.test(text.text)) {
      text = normalizeForm(text, 'NFD');
      text = text.filter(char => !isNonspacingMark(char));
    }
    return lower ? lowercase(text) : text;
  };
}

function byteLevel(source: AlignedText): AlignedText {
  const chars: string[] = [];
  const changes: number[] = [];
  for (const char of source.text) {
    encodeUtf8(char).forEach((byte, i) => {
      chars.push(BYTE_TO_CHAR[byte]!);
      changes.push(i > 0 ? 1 : 0);
    });
  }
  return source.transform(chars, changes);
}

/** SentencePiece's `nmt` rules: drops control characters and turns odd spaces into plain ones. */
function nmt(source: AlignedText): AlignedText {
  const dropped = /[\u0001-\u0008\u000b\u000e-\u001f\u007f\u008f\u009f]/;
  const spaces = /[\t\n\f\r\u1680\u200b-\u200f\u2028\u2029\u2581\ufeff\ufffd]/;
  const text = dropped.test(source.text) ? source.filter(char => !dropped.test(char)) : source;
  return mapCharacters(text, char => (spaces.test(char) ? ' ' : char));
}
