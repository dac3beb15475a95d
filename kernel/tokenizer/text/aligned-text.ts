/**
 * A text that remembers where each of its characters came from: what offsets are read from. Normalisers replace,
 * insert and remove characters; the alignment says which characters of the original each one stands for, by the rules
 * of Rust's `NormalizedString`, so that offsets equal Python's.
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/tokenizer/normalizer.rs
 */
export class AlignedText {
  /** The text as it is now. */
  readonly text: string;
  /** Where the original of this text starts, in UTF-16 units of the whole input. */
  readonly origin: number;
  // Original [start, end) per UTF-16 unit, from index `base` on; absent while the text is the original.
  private readonly starts: Int32Array | undefined;
  private readonly ends: Int32Array | undefined;
  private readonly base: number;

  constructor(text: string, origin = 0, starts?: Int32Array, ends?: Int32Array, base = 0) {
    this.text = text;
    this.origin = origin;
    this.starts = starts;
    this.ends = ends;
    this.base = base;
  }

  /** Start in the original of the character at UTF-16 unit `unit`. */
  startAt(unit: number): number {
    if (this.starts) {
      return this.starts[this.base + unit]!;
    }
    return this.origin + (isLowSurrogate(this.text.charCodeAt(unit)) && unit > 0 ? unit - 1 : unit);
  }

  /** End in the original of the character at UTF-16 unit `unit`. */
  endAt(unit: number): number {
    if (this.ends) {
      return this.ends[this.base + unit]!;
    }
    return (
      this.origin + (isHighSurrogate(this.text.charCodeAt(unit)) && unit + 1 < this.text.length ? unit + 2 : unit + 1)
    );
  }

  /** The part [begin, end), in UTF-16 units. Its origin is where its first character comes from. */
  slice(begin: number, end: number): AlignedText {
    const origin = begin < this.text.length ? this.startAt(begin) : this.origin;
    if (begin === 0 && end === this.text.length && origin === this.origin) {
      return this;
    }
    const text = this.text.slice(begin, end);
    return this.starts
      ? new AlignedText(text, origin, this.starts, this.ends, this.base + begin)
      : new AlignedText(text, this.origin + begin);
  }

  /** The same alignment under other characters, unit for unit (`text` must be as long). */
  withText(text: string): AlignedText {
    return new AlignedText(text, this.origin, this.starts, this.ends, this.base);
  }

  /**
   * Rewrites the text character by character.
   *
   * @param chars The new characters.
   * @param changes For each: 0 replaces the next old character, 1 is inserted (and stands for what the character before
   *   it stands for), −n replaces one and removes the n after it.
   * @param removed Number of old characters removed before the first new one.
   */
  transform(chars: readonly string[], changes: readonly number[], removed = 0): AlignedText {
    let length = 0;
    for (const char of chars) {
      length += char.length;
    }
    const starts = new Int32Array(length);
    const ends = new Int32Array(length);
    let unit = 0; // in the old text
    const skip = (count: number): void => {
      for (let i = 0; i < count && unit < this.text.length; i++) {
        unit += widthAt(this.text, unit);
      }
    };
    skip(removed);
    let at = 0;
    for (let i = 0; i < chars.length; i++) {
      const change = changes[i]!;
      let start = this.origin;
      let end = this.origin;
      if (change > 0) {
        if (unit > 0) {
          start = this.startAt(unit - 1);
          end = this.endAt(unit - 1);
        }
      } else {
        if (unit < this.text.length) {
          start = this.startAt(unit);
          end = this.endAt(unit);
        }
        skip(1 - change);
      }
      for (let n = chars[i]!.length; n > 0; n--) {
        starts[at] = start;
        ends[at++] = end;
      }
    }
    return new AlignedText(chars.join(''), this.origin, starts, ends);
  }

  /** Keeps the characters for which `keep` holds. */
  filter(keep: (char: string) => boolean): AlignedText {
    const chars: string[] = [];
    const changes: number[] = [];
    let removedFirst = 0;
    for (const char of this.text) {
      if (keep(char)) {
        chars.push(char);
        changes.push(0);
      } else if (chars.length) {
        changes[changes.length - 1]!--;
      } else {
        removedFirst++;
      }
    }
    const kept = chars.length && removedFirst === 0 && changes.every(change => change === 0);
    return kept ? this : this.transform(chars, changes, removedFirst);
  }

  /** Puts `prefix` before the text; it stands for what the first character stands for. An empty text stays empty. */
  prepend(prefix: string): AlignedText {
    const length = this.text.length;
    if (length === 0 || prefix === '') {
      return this;
    }
    const starts = new Int32Array(prefix.length + length).fill(this.startAt(0), 0, prefix.length);
    const ends = new Int32Array(prefix.length + length).fill(this.endAt(0), 0, prefix.length);
    for (let i = 0; i < length; i++) {
      starts[prefix.length + i] = this.startAt(i);
      ends[prefix.length + i] = this.endAt(i);
    }
    return new AlignedText(prefix + this.text, this.origin, starts, ends);
  }

  /**
   * Replaces every match of `pattern`; the replacement stands for the last character of the match.
   *
   * @param pattern A global regular expression.
   * @param content What is put in (not a template: `$` means itself).
   */
  replace(pattern: RegExp, content: string): AlignedText {
    let text = '';
    let last = 0;
    let sameWidths = true;
    const matches: [number, number][] = [];
    for (const match of this.text.matchAll(pattern)) {
      const end = match.index + match[0].length;
      text += this.text.slice(last, match.index) + content;
      last = end;
      sameWidths &&= match[0].length === 1 && content.length === 1;
      matches.push([match.index, end]);
    }
    if (matches.length === 0) {
      return this;
    }
    text += this.text.slice(last);
    if (sameWidths) {
      return this.withText(text);
    }
    const starts = new Int32Array(text.length);
    const ends = new Int32Array(text.length);
    let at = 0;
    let unit = 0;
    const copyTo = (end: number): void => {
      for (; unit < end; unit++, at++) {
        starts[at] = this.startAt(unit);
        ends[at] = this.endAt(unit);
      }
    };
    for (const [begin, end] of matches) {
      copyTo(begin);
      const start = end > 0 ? this.startAt(end - 1) : this.origin;
      const stop = end > 0 ? this.endAt(end - 1) : this.origin;
      starts.fill(start, at, at + content.length);
      ends.fill(stop, at, at + content.length);
      at += content.length;
      unit = end;
    }
    copyTo(this.text.length);
    return new AlignedText(text, this.origin, starts, ends);
  }
}

/** UTF-16 units (1 or 2) of the character at `unit`. */
export function widthAt(text: string, unit: number): number {
  return text.codePointAt(unit)! > 0xffff ? 2 : 1;
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
