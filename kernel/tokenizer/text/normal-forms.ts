/**
 * Unicode normal forms with alignment: which old characters each new one stands for, by the rules of Rust's
 * `unicode_normalization_alignments`. JavaScript's `normalize` supplies the data, so no tables are needed; a text that
 * is already in the form is returned at once.
 */
import type { AlignedText } from './aligned-text';
import { NEWER_CANONICAL, NEWER_COMBINING, NEWER_COMPATIBILITY } from './unicode-versions';

export type NormalForm = 'NFC' | 'NFD' | 'NFKC' | 'NFKD';

interface Part {
  char: string;
  change: number;
}

/** From this many marks in a row on, they are sorted here: the engine's time grows with the square of their number. */
const LONG_RUN = 256;
const LONG_RUN_OF_MARKS = new RegExp(`\\p{M}{${LONG_RUN}}`, 'u');

/** Brings a text into a normal form. */
export function normalizeForm(source: AlignedText, form: NormalForm): AlignedText {
  if (!LONG_RUN_OF_MARKS.test(source.text) && source.text.normalize(form) === source.text) {
    return source;
  }
  const decomposed = decompose(source.text, form === 'NFKC' || form === 'NFKD' ? 'NFKD' : 'NFD');
  const parts = form === 'NFC' || form === 'NFKC' ? recompose(decomposed) : decomposed;
  return source.transform(
    parts.map(part => part.char),
    parts.map(part => part.change)
  );
}

/** Characters of the decomposition: the first of each old character replaces it, the others are inserted. */
function decompose(text: string, form: 'NFD' | 'NFKD'): Part[] {
  const parts: Part[] = [];
  const newer = form === 'NFKD' ? NEWER_COMPATIBILITY : NEWER_CANONICAL;
  for (const char of text) {
    let change = 0;
    for (const piece of char < '\u0080' || newer.test(char) ? char : char.normalize(form)) {
      parts.push({ char: piece, change });
      change = 1;
    }
  }
  // Marks are sorted by combining class; each takes its change along.
  for (let begin = 0; begin < parts.length;) {
    let end = begin + 1;
    while (end < parts.length && isMark(parts[end]!.char)) {
      end++;
    }
    if (end - begin > 1) {
      sortMarks(parts, isMark(parts[begin]!.char) ? begin : begin + 1, end);
    }
    begin = end;
  }
  return parts;
}

function sortMarks(parts: Part[], begin: number, end: number): void {
  const marks = parts.slice(begin, end);
  if (marks.length >= LONG_RUN) {
    sortManyMarks(marks).forEach((part, i) => (parts[begin + i] = part));
    return;
  }
  const given = marks.map(part => part.char).join('');
  const wanted = given.normalize('NFD');
  if (wanted === given) {
    return;
  }
  // Equal marks keep their order. Thousands may stand in a row, so each is found without a search.
  const waiting = new Map<string, Part[]>();
  for (const part of marks.reverse()) {
    const same = waiting.get(part.char);
    if (same) {
      same.push(part);
    } else {
      waiting.set(part.char, [part]);
    }
  }
  let at = begin;
  for (const char of wanted) {
    parts[at++] = waiting.get(char)!.pop()!;
  }
}

/** The same for a long run, without asking the engine about all of it: it knows the order of any two marks. */
function sortManyMarks(marks: readonly Part[]): Part[] {
  const chars = [...new Set(marks.map(part => part.char))];
  const combining = chars.filter(isCombining);
  combining.sort((a, b) => (sortsBefore(a, b) ? -1 : sortsBefore(b, a) ? 1 : 0));
  const classes = new Map<string, number>();
  combining.forEach((char, i) => {
    const before = combining[i - 1];
    const known = before === undefined ? 0 : classes.get(before)!;
    classes.set(char, before !== undefined && sortsBefore(before, char) ? known + 1 : known);
  });
  const sorted: Part[] = [];
  let run: Part[] = [];
  const flush = (): void => {
    for (const part of run.sort((a, b) => classes.get(a.char)! - classes.get(b.char)!)) {
      sorted.push(part);
    }
    run = [];
  };
  for (const part of marks) {
    if (classes.has(part.char)) {
      run.push(part);
    } else {
      flush(); // class 0: nothing moves over it
      sorted.push(part);
    }
  }
  flush();
  return sorted;
}

/** Joins what composes: the result stands for the first, and counts the others as removed. */
function recompose(parts: readonly Part[]): Part[] {
  const result: Part[] = [];
  let base: Part | undefined; // the last starter
  let pending: Part[] = []; // marks after it that did not compose
  let lastClass = 0; // class rank of the last pending mark; 0 when none
  const flush = (): void => {
    if (base) {
      result.push(base);
    }
    for (const part of pending) {
      result.push(part);
    }
    pending = [];
    lastClass = 0;
  };
  for (const part of parts) {
    const starter = !isCombining(part.char);
    if (!base) {
      if (starter) {
        base = { ...part };
      } else {
        result.push(part);
      }
      continue;
    }
    const blocked: boolean = lastClass > 0 && (starter || !sortsBefore(pending.at(-1)!.char, part.char));
    const joined: string | undefined = blocked ? undefined : compose(base.char, part.char);
    if (joined !== undefined) {
      base = { char: joined, change: base.change + part.change - 1 };
    } else if (starter) {
      flush();
      base = { ...part };
    } else {
      pending.push(part);
      lastClass = 1;
    }
  }
  flush();
  return result;
}

/** The one character two compose to, if they do. */
function compose(first: string, second: string): string | undefined {
  const joined = (first + second).normalize('NFC');
  const width = joined.codePointAt(0)! > 0xffff ? 2 : 1;
  return joined.length === width && !NEWER_CANONICAL.test(joined) ? joined : undefined;
}

function isMark(char: string): boolean {
  return char >= '\u0300' && /\p{M}/u.test(char) && !NEWER_COMBINING.test(char);
}

/** Whether the canonical combining class is not 0: such a character changes places with one of another class. */
function isCombining(char: string): boolean {
  if (char < '\u0300' || NEWER_COMBINING.test(char)) {
    return false;
  }
  // U+0334 has the lowest class (1), U+0345 the highest (240).
  return sortsBefore('\u0334', char) || sortsBefore(char, '\u0345') || char === '\u0334' || char === '\u0345';
}

/** Whether the class of `first` is below the class of `second`, both being combining. */
function sortsBefore(first: string, second: string): boolean {
  return (second + first).normalize('NFD').startsWith(first.normalize('NFD')) && second !== first;
}
