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

/** Python's `str.strip()`: its white space has the ASCII separators, and not U+FEFF. */
export function pythonStrip(text: string): string {
  return pythonStripEnd(text.replace(/^[\p{White_Space}\x1c-\x1f]+/u, ''));
}

/** Python's `str.rstrip()`. */
export function pythonStripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && /[\p{White_Space}\x1c-\x1f]/u.test(text[end - 1]!)) {
    end--;
  }
  return text.slice(0, end);
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
