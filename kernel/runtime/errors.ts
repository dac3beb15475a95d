/** What went wrong, told in the cell's own lines. */
import type { ErrorContent } from '../protocol/messages';
import { inspect } from './inspect';

/** Text that is not TypeScript. The message carries the line and a caret under the place. */
export class CellSyntaxError extends SyntaxError {
  override readonly name = 'SyntaxError';

  /**
   * @param reason What the parser said, without a position.
   * @param source The whole cell.
   * @param line From 1.
   * @param column From 0.
   */
  constructor(
    readonly reason: string,
    readonly source: string,
    readonly line: number,
    readonly column: number
  ) {
    super(`${reason} (line ${line}, column ${column + 1})`);
  }
}

/** A compiled cell, as far as tracebacks need it. */
export interface CellSource {
  readonly source: string;
  /** How the traceback calls it, e.g. `cell 3`. */
  readonly label: string;
  /** Position in the source of a position in the evaluated script. */
  original(line: number, column: number): { line: number; column: number };
}

/** A place in a cell. */
export interface CellPosition {
  name: string;
  line: number;
  column: number;
}

interface Frame {
  label: string;
  at?: CellPosition;
}

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;
const green = (text: string): string => `\u001b[32m${text}\u001b[39m`;
const dim = (text: string): string => `\u001b[2m${text}\u001b[22m`;

/** Errors by where awaits of cells passed them on: engines lose async frames that cross other promises. */
const awaitSites = new WeakMap<object, CellPosition[]>();

/** Notes that an error came out of an `await` of a cell. Position is the source's. */
export function noteAwait(error: unknown, at: CellPosition): void {
  if (typeof error !== 'object' || error === null) {
    return;
  }
  const sites = awaitSites.get(error) ?? [];
  if (!sites.some(s => s.name === at.name && s.line === at.line && s.column === at.column)) {
    awaitSites.set(error, [...sites, at]);
  }
}

/**
 * Describes a thrown value as a Jupyter error.
 *
 * @param thrown Anything: not only errors are thrown.
 * @param cells Finds a cell by the file name in stack frames.
 */
export function describeError(thrown: unknown, cells: (name: string) => CellSource | undefined): ErrorContent {
  if (thrown instanceof CellSyntaxError) {
    return describeSyntaxError(thrown);
  }
  const { ename, evalue } = nameAndMessage(thrown);
  const traceback = [`${red(ename)}: ${evalue}`, ...trace(thrown, cells)];
  const seen = new Set<unknown>([thrown]);
  for (let cause = causeOf(thrown); cause !== undefined && !seen.has(cause); cause = causeOf(cause)) {
    seen.add(cause);
    const inner = nameAndMessage(cause);
    traceback.push(`Caused by ${red(inner.ename)}: ${inner.evalue}`, ...trace(cause, cells));
  }
  for (const inner of aggregated(thrown).slice(0, 5)) {
    const { ename, evalue } = nameAndMessage(inner);
    traceback.push(`  - ${red(ename)}: ${evalue}`);
  }
  return { ename, evalue, traceback };
}

function describeSyntaxError(error: CellSyntaxError): ErrorContent {
  const { source, line, column } = error;
  return {
    ename: 'SyntaxError',
    evalue: error.message,
    traceback: [`${red('SyntaxError')}: ${error.message}`, ...excerpt(source, line, column)]
  };
}

/** Whether a value is an error, of this realm or another. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]' || isDomException(value);
}

function isDomException(value: unknown): boolean {
  return typeof DOMException !== 'undefined' && value instanceof DOMException;
}

/** Characters of a message that are shown: somebody throws whole files. */
const longest = 10_000;

function nameAndMessage(thrown: unknown): { ename: string; evalue: string } {
  const { ename, evalue } = wholeMessage(thrown);
  return {
    ename,
    evalue: evalue.length > longest ? `${evalue.slice(0, longest)}… (${evalue.length} characters)` : evalue
  };
}

function wholeMessage(thrown: unknown): { ename: string; evalue: string } {
  if (!isError(thrown)) {
    const kind = thrown === null ? 'null' : typeof thrown === 'object' ? 'object' : typeof thrown;
    return { ename: `Thrown ${kind}`, evalue: typeof thrown === 'string' ? thrown : safely(() => inspect(thrown)) };
  }
  const ename = safely(() => String(thrown.name || thrown.constructor?.name || 'Error'));
  return { ename, evalue: readable(safely(() => String(thrown.message))) };
}

function safely(text: () => string): string {
  try {
    return text();
  } catch (error) {
    return `(cannot be shown: ${String(error)})`;
  }
}

/** Takes the names that compilation adds out of an engine's message. */
export function readable(message: string): string {
  return message
    .replace(/\(0 ?, ?__scope\.([\w$]+)\)/g, '$1')
    .replace(/\(intermediate value\)\.__scope\./g, '')
    .replace(/__scope\./g, '')
    .replace(/__cell\.(?:constants\.)?/g, '');
}

function causeOf(value: unknown): unknown {
  return isError(value) ? (value as Error & { cause?: unknown }).cause : undefined;
}

function aggregated(value: unknown): unknown[] {
  const errors = isError(value) ? (value as Error & { errors?: unknown }).errors : undefined;
  return Array.isArray(errors) ? errors : [];
}

function trace(thrown: unknown, cells: (name: string) => CellSource | undefined): string[] {
  const stack = isError(thrown) ? safely(() => String(thrown.stack ?? '')) : '';
  const frames = parseStack(stack, cells);
  const sites = typeof thrown === 'object' && thrown !== null ? (awaitSites.get(thrown) ?? []) : [];
  for (const at of sites) {
    if (!frames.some(f => f.at?.name === at.name && f.at.line === at.line)) {
      frames.push({ label: '', at });
    }
  }
  const lines: string[] = [];
  let folded = 0;
  const fold = (): void => {
    if (folded > 0) {
      lines.push(dim(`    … ${folded} library frame${folded > 1 ? 's' : ''}`));
      folded = 0;
    }
  };
  let last = '';
  let repeated = 0;
  const repeat = (): void => {
    if (repeated > 0) {
      lines.push(dim(`    … ${repeated} more of the same`));
      repeated = 0;
    }
  };
  for (const { label, at } of frames) {
    const cell = at && cells(at.name);
    if (!cell) {
      repeat();
      folded++;
      continue;
    }
    const key = `${at.name}:${at.line}:${label}`;
    if (key === last && folded === 0) {
      // A recursion: one frame tells it all.
      repeated++;
      continue;
    }
    last = key;
    repeat();
    fold();
    const where = `${cell.label}, line ${at.line}`;
    lines.push(`    at ${label ? `${label} (${green(where)})` : green(where)}`);
    lines.push(...excerpt(cell.source, at.line, at.column));
  }
  repeat();
  fold();
  return lines;
}

/** Frames of V8 (`at f (file:1:2)`) and of the other engines (`f@file:1:2`), innermost first. */
function parseStack(stack: string, cells: (name: string) => CellSource | undefined): Frame[] {
  const frames: Frame[] = [];
  for (const line of stack.split('\n')) {
    const found = /^\s*at (?:(.*?) \()?(.*?):(\d+):(\d+)\)?$/.exec(line) ?? /^(.*?)@(.*?):(\d+):(\d+)$/.exec(line);
    if (!found) {
      if (/^\s*at /.test(line)) {
        frames.push({ label: '' });
      }
      continue;
    }
    const name = /([^\s,()/]+)$/.exec(found[2]!)?.[1] ?? '';
    const cell = cells(name);
    if (!cell) {
      frames.push({ label: found[1] ?? '' });
      continue;
    }
    const label = (found[1] ?? '').replace(/^async /, '').replace(/ ?\(?eval at .*$/, '');
    const isBody = /__cell_body|^eval$|^$/.test(label);
    const at = cell.original(Number(found[3]), Number(found[4]) - 1);
    frames.push({ label: isBody ? '' : readable(label), at: { name, ...at } });
  }
  // What called the cell is the kernel, not part of the story.
  const last = frames.map(f => f.at !== undefined).lastIndexOf(true);
  return last < 0 ? frames : frames.slice(0, last + 1);
}

/** The line, its neighbours and a caret. */
function excerpt(source: string, line: number, column: number): string[] {
  const all = source.split('\n');
  const first = Math.max(1, line - 1);
  const last = Math.min(all.length, line + 1);
  const width = String(last).length;
  const out: string[] = [];
  for (let n = first; n <= last; n++) {
    const text = all[n - 1]!;
    const shown = text.length > 160 ? `${text.slice(0, 160)}…` : text;
    const number = String(n).padStart(width);
    if (n === line) {
      out.push(`    ${red('>')} ${number} | ${shown}`);
      if (column <= 160) {
        // Tabs are kept, so that the caret stands under its character.
        out.push(`      ${' '.repeat(width)} | ${text.slice(0, column).replace(/[^\t]/g, ' ')}${red('^')}`);
      }
    } else {
      out.push(`      ${number} | ${shown}`);
    }
  }
  return out;
}
