/**
 * Patterns of `Split` and `Replace`: Oniguruma expressions, translated to JavaScript by @huggingface/tokenizers, and
 * the ways a text is cut at their matches.
 */
import { SplitPreTokenizer } from '@huggingface/tokenizers';
import { asObject, asString, brief, get } from '../json';
import type { AlignedText } from './aligned-text';

export type SplitBehavior = 'Removed' | 'Isolated' | 'MergedWithPrevious' | 'MergedWithNext' | 'Contiguous';

const BEHAVIORS: readonly SplitBehavior[] = [
  'Removed',
  'Isolated',
  'MergedWithPrevious',
  'MergedWithNext',
  'Contiguous'
];

/** @throws {SyntaxError} If `value` names no behaviour. Absent means Isolated. */
export function readBehavior(value: unknown, where: string): SplitBehavior {
  const name = value ?? 'Isolated';
  // "merged_with_previous" is how Python spells it; files have "MergedWithPrevious".
  const behavior = BEHAVIORS.find(item => item.toLowerCase() === String(name).replaceAll('_', '').toLowerCase());
  if (!behavior) {
    throw new SyntaxError(
      `Cannot read ${where}.behavior as it must be one of ${BEHAVIORS.join(', ')}: current value is ${brief(value)}`
    );
  }
  return behavior;
}

/**
 * Reads `{ "Regex": … }` or `{ "String": … }`.
 *
 * @throws {SyntaxError} If it is neither, cannot be translated, or could take unbounded time on some text.
 */
export function readPattern(value: unknown, where: string): RegExp {
  const pattern = asObject(value, where);
  const literal = get(pattern, 'String');
  if (literal !== undefined) {
    return new RegExp(escapeRegExp(asString(literal, `${where}.String`)), 'gu');
  }
  return compilePattern(asString(get(pattern, 'Regex'), `${where}.Regex`), where);
}

/**
 * Translates an Oniguruma expression to a global JavaScript one.
 *
 * @throws {SyntaxError} If it cannot be translated or nests repetitions.
 */
export function compilePattern(source: string, where: string): RegExp {
  refuseNestedRepetition(source, where);
  let compiled: RegExp | null;
  try {
    compiled = new SplitPreTokenizer({
      type: 'Split',
      pattern: { Regex: source },
      behavior: 'Isolated',
      invert: false
    } as ConstructorParameters<typeof SplitPreTokenizer>[0]).pattern;
  } catch (error) {
    throw new SyntaxError(
      `Cannot read ${where} as its expression must be one JavaScript can run: ${brief(source)} ` +
        `(${(error as Error).message})`
    );
  }
  if (!compiled) {
    throw new SyntaxError(`Cannot read ${where} as it must hold an expression: current value is ${brief(source)}`);
  }
  return compiled;
}

/** Escapes what a regular expression gives a meaning. */
export function escapeRegExp(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/**
 * Matches and what lies between them, covering the text from start to end.
 *
 * @param accept Which matches count.
 * @returns Flat triples begin, end, 1 for a match or 0.
 */
export function findMatches(text: string, pattern: RegExp, accept?: (match: string) => boolean): number[] {
  const parts: number[] = [];
  let last = 0;
  for (const match of text.matchAll(pattern)) {
    const end = match.index + match[0].length;
    if (accept && !accept(match[0])) {
      continue;
    }
    if (match.index > last) {
      parts.push(last, match.index, 0);
    }
    parts.push(match.index, end, 1);
    last = end;
  }
  if (last < text.length) {
    parts.push(last, text.length, 0);
  }
  return parts;
}

/**
 * Cuts a text at the matches of a pattern.
 *
 * @param source The text.
 * @param pattern A global expression.
 * @param behavior What happens to the matches.
 * @param invert Whether what lies between the matches is the delimiter instead.
 * @param accept Which matches count, by default all.
 * @returns The non-empty parts.
 */
export function splitText(
  source: AlignedText,
  pattern: RegExp,
  behavior: SplitBehavior,
  invert = false,
  accept?: (match: string) => boolean
): AlignedText[] {
  const parts = findMatches(source.text, pattern, accept);
  const cuts: number[] = []; // begin, end
  const isMatch = (i: number): boolean => (parts[i + 2] === 1) !== invert;
  switch (behavior) {
    case 'Isolated':
      for (let i = 0; i < parts.length; i += 3) {
        cuts.push(parts[i]!, parts[i + 1]!);
      }
      break;
    case 'Removed':
      for (let i = 0; i < parts.length; i += 3) {
        if (!isMatch(i)) {
          cuts.push(parts[i]!, parts[i + 1]!);
        }
      }
      break;
    case 'Contiguous':
    case 'MergedWithPrevious': {
      let previous = false;
      for (let i = 0; i < parts.length; i += 3) {
        const match = isMatch(i);
        const joins = behavior === 'Contiguous' ? match === previous : match && !previous;
        if (joins && cuts.length) {
          cuts[cuts.length - 1] = parts[i + 1]!;
        } else {
          cuts.push(parts[i]!, parts[i + 1]!);
        }
        previous = match;
      }
      break;
    }
    case 'MergedWithNext': {
      // From the right, so that a match joins what follows it.
      const reversed: [number, number][] = [];
      let previous = false;
      for (let i = parts.length - 3; i >= 0; i -= 3) {
        const match = isMatch(i);
        if (match && !previous && reversed.length) {
          reversed[reversed.length - 1]![0] = parts[i]!;
        } else {
          reversed.push([parts[i]!, parts[i + 1]!]);
        }
        previous = match;
      }
      for (const [begin, end] of reversed.reverse()) {
        cuts.push(begin, end);
      }
    }
  }
  const result: AlignedText[] = [];
  for (let i = 0; i < cuts.length; i += 2) {
    if (cuts[i + 1]! > cuts[i]!) {
      result.push(source.slice(cuts[i]!, cuts[i + 1]!));
    }
  }
  return result;
}

/**
 * A backtracking engine takes exponential time on a repeated group that can match one text in several ways, and
 * JavaScript cannot stop it. So a group under `*`, `+` or a wide `{n,m}` may hold neither alternatives nor a
 * repetition of its own. No known tokenizer needs one; `(?:[0-9]{3})+` is fine.
 */
function refuseNestedRepetition(source: string, where: string): void {
  const groups: { varies: boolean }[] = [];
  let closed: { varies: boolean } | undefined; // the group that ended just before
  const fail = (): never => {
    throw new SyntaxError(
      `Cannot use ${where} as a repeated group must hold no alternatives or repetitions, which could take for ever: ` +
        brief(source)
    );
  };
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    const group = closed;
    closed = undefined;
    if (char === '\\') {
      const named = /^\\[pPxu]\{[^}]*\}/.exec(source.slice(i, i + 40));
      i += named ? named[0].length - 1 : 1;
    } else if (char === '[') {
      i = skipClass(source, i);
    } else if (char === '(') {
      groups.push({ varies: false });
    } else if (char === ')') {
      closed = groups.pop();
      const outer = groups.at(-1);
      if (closed?.varies && outer) {
        outer.varies = true;
      }
    } else if (char === '|') {
      const inner = groups.at(-1);
      if (inner) {
        inner.varies = true;
      }
    } else {
      const wide = /^\{(\d*),(\d*)\}/.exec(source.slice(i, i + 24));
      const bounded = wide && wide[2] !== '' && Number(wide[2]) <= 8;
      const repeats = char === '*' || char === '+' || (wide !== null && !bounded);
      if (repeats && group?.varies) {
        fail();
      }
      if (repeats || char === '?' || wide) {
        const inner = groups.at(-1);
        if (inner) {
          inner.varies = true;
        }
      }
      if (char === '{' && /^\{\d*,?\d*\}/.test(source.slice(i, i + 24))) {
        i = source.indexOf('}', i);
      }
    }
    // "?" right after "(" belongs to the group's syntax: (?:, (?i:, (?=, (?!, (?<…
    if (char === '(' && source[i + 1] === '?') {
      const syntax = /^\?(?:<[=!]|<[A-Za-z_]\w*>|[a-zA-Z-]*:|[=!>])/.exec(source.slice(i + 1, i + 40));
      i += syntax ? syntax[0].length : 0;
    }
  }
}

function skipClass(source: string, start: number): number {
  let depth = 0;
  for (let i = start; i < source.length; i++) {
    if (source[i] === '\\') {
      i++;
    } else if (source[i] === '[') {
      depth++;
      if (source[i + 1] === '^') {
        i++;
      }
      if (source[i + 1] === ']') {
        i++; // "[]…" holds a literal "]"
      }
    } else if (source[i] === ']' && --depth === 0) {
      return i;
    }
  }
  return source.length;
}
