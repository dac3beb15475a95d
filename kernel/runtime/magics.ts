/** Lines that speak to the kernel: `%%time`, `?name` and their like. */
import { HTML, JAVASCRIPT, LATEX, MARKDOWN, SVG } from '../protocol/mime';

export type Cell =
  | { kind: 'code'; code: string }
  /** Run once, and say how long it took. */
  | { kind: 'time'; code: string }
  /** Run many times, and say how long one takes. */
  | { kind: 'timeit'; code: string; loops?: number; runs: number }
  /** Show the text as a MIME type. */
  | { kind: 'show'; mime: string; text: string }
  /** `?name` shows documentation, `??name` source too. */
  | { kind: 'inspect'; name: string; detail: 0 | 1 }
  /** `%who` lists the variables, `%lsmagic` the magics. */
  | { kind: 'command'; name: 'who' | 'lsmagic' };

const shown: Record<string, string> = {
  html: HTML,
  markdown: MARKDOWN,
  md: MARKDOWN,
  svg: SVG,
  latex: LATEX,
  javascript: JAVASCRIPT,
  js: JAVASCRIPT
};

/** Cell magics, for completion and messages. */
export const cellMagics = ['%%time', '%%timeit', ...Object.keys(shown).map(n => `%%${n}`)];
/** Line magics. */
export const lineMagics = ['%time', '%timeit', '%who', '%lsmagic'];

/**
 * Reads what a cell asks for.
 *
 * @throws {SyntaxError} If the magic is unknown or its options are.
 */
export function readCell(source: string): Cell {
  const help = /^\s*(?:(\?{1,2})\s*([\w$.]+)|([\w$.]+)(\?{1,2}))\s*;?\s*$/.exec(source);
  if (help) {
    return { kind: 'inspect', name: (help[2] ?? help[3])!, detail: (help[1] ?? help[4])!.length === 2 ? 1 : 0 };
  }
  const magic = /^\s*(%%?)([A-Za-z]+)[ \t]*([^\n]*)(?:\n([\s\S]*))?$/.exec(source);
  if (!magic) {
    return { kind: 'code', code: source };
  }
  const [, mark, name, rest = '', body = ''] = magic as unknown as [string, string, string, string?, string?];
  const isCell = mark === '%%';
  // Line breaks stand for the magic's own lines, so that errors keep their line.
  const before = '\n'.repeat(lines(source, body));
  if (name === 'time') {
    return { kind: 'time', code: isCell ? before + body : `${rest}\n${body}` };
  }
  if (name === 'timeit') {
    const { loops, runs, left } = timeitOptions(rest);
    return { kind: 'timeit', code: isCell ? before + body : `${left}\n${body}`, loops, runs };
  }
  if (!isCell && (name === 'who' || name === 'lsmagic')) {
    return { kind: 'command', name };
  }
  if (isCell && (name === 'typescript' || name === 'ts')) {
    return { kind: 'code', code: before + body };
  }
  if (isCell && Object.hasOwn(shown, name)) {
    return { kind: 'show', mime: shown[name]!, text: body };
  }
  const known = isCell ? cellMagics : lineMagics;
  throw new SyntaxError(`Cannot run ${mark}${name} as it must be a known magic: known are ${known.join(', ')}`);
}

function lines(source: string, body: string): number {
  return source.slice(0, source.length - body.length).split('\n').length - 1;
}

function timeitOptions(text: string): { loops?: number; runs: number; left: string } {
  let loops: number | undefined;
  let runs = 7;
  const left = text.replace(/^(?:-([nr])\s*(\d+)\s*)+/, options => {
    for (const [, letter, value] of options.matchAll(/-([nr])\s*(\d+)/g)) {
      if (letter === 'n') {
        loops = Math.max(1, Number(value));
      } else {
        runs = Math.max(1, Number(value));
      }
    }
    return '';
  });
  if (/^-\w/.test(left)) {
    throw new SyntaxError(
      `Cannot run %timeit as its options must be -n <loops> and -r <runs>: current value is ${left}`
    );
  }
  return { loops, runs, left };
}
