/** Character classes as Rust's standard library and its `unicode_categories` crate see them. */

/** Unicode White_Space: what `char::is_whitespace` tests (JavaScript's `\s` adds U+FEFF and lacks U+0085). */
export const WHITE_SPACE = /\p{White_Space}/u;

/** ASCII punctuation and the general category P. */
export const PUNCTUATION = /[!-/:-@[-`{-~\p{P}]/u;

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
