/** Character classes as Rust's standard library, its `unicode_categories` crate, and Python see them. */
import { NEWER_COMBINING, NEWER_FORMAT, NEWER_NONSPACING, NEWER_PUNCTUATION } from './unicode-versions';

const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;

/** Unicode White_Space: what `char::is_whitespace` tests (JavaScript's `\s` adds U+FEFF and lacks U+0085). */
export const WHITE_SPACE = /\p{White_Space}/u;

/** Whether Rust takes `char` for punctuation: ASCII's, and the general category P as of its tables. */
export function isPunctuation(char: string): boolean {
  return (PUNCTUATION.test(char) && !NEWER_PUNCTUATION.test(char)) || char === '\u166d' || char === '\u{111c9}';
}

/** Whether Rust takes `char` for a nonspacing mark. */
export function isNonspacingMark(char: string): boolean {
  return (/\p{Mn}/u.test(char) && !NEWER_NONSPACING.test(char)) || char === '\u1734' || char === '\u{1171e}';
}

/** Whether Rust takes `char` for a combining mark. */
export function isCombiningMark(char: string): boolean {
  return (/\p{M}/u.test(char) && !NEWER_COMBINING.test(char)) || char === '\u1cf2' || char === '\u1cf3';
}

/** Control, format, private-use and surrogate characters; unassigned ones are not among them in Rust. */
export function isOther(char: string): boolean {
  return /[\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u.test(char) && !NEWER_FORMAT.test(char);
}

/**
 * Python's `str.strip()`.
 *
 * @param chars Characters to strip; by default white space, which in Python has the ASCII separators, and not U+FEFF.
 */
export function pythonStrip(text: string, chars?: string): string {
  return pythonStripEnd(pythonStripStart(text, chars), chars);
}

/** Python's `str.lstrip()`. */
export function pythonStripStart(text: string, chars?: string): string {
  const list = [...text];
  const begin = list.findIndex(char => !strips(char, chars));
  return begin < 0 ? '' : list.slice(begin).join('');
}

/** Python's `str.rstrip()`. */
export function pythonStripEnd(text: string, chars?: string): string {
  const list = [...text];
  let end = list.length;
  while (end > 0 && strips(list[end - 1]!, chars)) {
    end--;
  }
  return list.slice(0, end).join('');
}

function strips(char: string, chars: string | undefined): boolean {
  return chars === undefined ? /[\p{White_Space}\x1c-\x1f]/u.test(char) : chars.includes(char);
}

/** Whether `char` is Unicode White_Space. */
export function isWhitespace(char: string): boolean {
  return WHITE_SPACE.test(char);
}

/** Number of UTF-16 units of white space at the start of `text`. */
export function leadingSpace(text: string): number {
  return /^\p{White_Space}*/u.exec(text)![0].length;
}

/** Number of UTF-16 units of white space at the end of `text`. */
export function trailingSpace(text: string): number {
  let end = text.length;
  // White space is in the BMP, one unit each.
  while (end > 0 && WHITE_SPACE.test(text[end - 1]!)) {
    end--;
  }
  return text.length - end;
}
