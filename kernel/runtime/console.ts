/** `console`, printing to the cell. */
import { inspect } from './inspect';

type Writer = (stream: 'stdout' | 'stderr', text: string) => void;

/** Node's `console`, without what needs a terminal. `write` finds the cell; groups are the session's. */
export function createConsole(write: Writer, clear: () => void): Record<string, (...args: never[]) => void> {
  const timers = new Map<string, number>();
  const counts = new Map<string, number>();
  let indent = '';
  const print = (stream: 'stdout' | 'stderr', args: readonly unknown[]): void => {
    const text = format(args);
    write(stream, `${indent ? indent + text.replace(/\n/g, `\n${indent}`) : text}\n`);
  };
  const out = (...args: unknown[]): void => print('stdout', args);
  const err = (...args: unknown[]): void => print('stderr', args);
  const elapsed = (label: string): string | undefined => {
    const start = timers.get(label);
    return start === undefined ? undefined : duration(performance.now() - start);
  };
  const noTimer = (label: string): void => err(`Warning: no timer '${label}': start it with console.time('${label}')`);
  return {
    log: out,
    info: out,
    debug: out,
    dirxml: out,
    warn: err,
    error: err,
    dir: (value: unknown, options?: object) => out(inspect(value, options)),
    trace: (...args: unknown[]) => {
      const frames = (new Error().stack ?? '').split('\n').slice(2);
      err(`Trace: ${format(args)}\n${frames.join('\n')}`);
    },
    assert: (condition?: unknown, ...args: unknown[]) => {
      if (!condition) {
        err(...(args.length > 0 ? [`Assertion failed: ${format(args)}`] : ['Assertion failed']));
      }
    },
    table: (data: unknown, columns?: readonly string[]) => out(table(data, columns) ?? format([data])),
    group: (...args: unknown[]) => {
      if (args.length > 0) {
        out(...args);
      }
      indent += '  ';
    },
    groupCollapsed: (...args: unknown[]) => {
      if (args.length > 0) {
        out(...args);
      }
      indent += '  ';
    },
    groupEnd: () => {
      indent = indent.slice(2);
    },
    time: (label = 'default') => void timers.set(label, performance.now()),
    timeEnd: (label = 'default') => {
      const text = elapsed(label);
      timers.delete(label);
      return text === undefined ? noTimer(label) : out(`${label}: ${text}`);
    },
    timeLog: (label = 'default', ...args: unknown[]) => {
      const text = elapsed(label);
      return text === undefined ? noTimer(label) : out(`${label}: ${text}`, ...args);
    },
    count: (label = 'default') => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      out(`${label}: ${counts.get(label)}`);
    },
    countReset: (label = 'default') => void counts.delete(label),
    clear
  } as Record<string, (...args: never[]) => void>;
}

/**
 * Joins arguments as `console.log` does: `%s %d %i %f %j %o %O %c %%` in a first string, the rest inspected.
 *
 * @see {@link https://console.spec.whatwg.org/#formatter}
 */
export function format(args: readonly unknown[]): string {
  const [first, ...rest] = args;
  if (typeof first !== 'string') {
    return args.map(show).join(' ');
  }
  if (rest.length === 0) {
    return first;
  }
  let used = 0;
  const text = first.replace(/%([sdifjoOc%])/g, (directive, letter: string) => {
    if (letter === '%') {
      return '%';
    }
    if (used >= rest.length) {
      return directive;
    }
    const value = rest[used++];
    switch (letter) {
      case 's':
        return typeof value === 'string' ? value : show(value);
      case 'd':
        return typeof value === 'bigint' ? `${value}n` : String(typeof value === 'object' ? NaN : Number(value));
      case 'i':
        return typeof value === 'bigint' ? `${value}n` : String(parseInt(String(value), 10));
      case 'f':
        return String(parseFloat(String(value)));
      case 'j':
        return json(value);
      case 'c':
        return '';
      default:
        return inspect(value);
    }
  });
  return [text, ...rest.slice(used).map(show)].join(' ');
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : inspect(value);
}

function json(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'undefined';
  } catch {
    return '[Circular]';
  }
}

/** Milliseconds as text with a fitting unit. */
export function duration(ms: number): string {
  if (ms < 1e-3) {
    return `${(ms * 1e6).toPrecision(3)} ns`;
  }
  if (ms < 1) {
    return `${(ms * 1e3).toPrecision(3)} µs`;
  }
  if (ms < 1000) {
    return `${ms.toPrecision(3)} ms`;
  }
  if (ms < 60_000) {
    return `${(ms / 1000).toPrecision(3)} s`;
  }
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Rows × columns as text; undefined if the value is no table. */
function table(data: unknown, only?: readonly string[]): string | undefined {
  if (typeof data !== 'object' || data === null) {
    return undefined;
  }
  const entries: [string, unknown][] =
    data instanceof Map ? [...data].map(([k, v]) => [show(k), v]) : Object.entries(data);
  const names: string[] = only ? [...only] : [];
  let hasValues = false;
  for (const [, row] of entries) {
    if (typeof row !== 'object' || row === null) {
      hasValues = true;
    } else if (!only) {
      for (const key of Object.keys(row)) {
        if (!names.includes(key)) {
          names.push(key);
        }
      }
    }
  }
  const header = ['(index)', ...names, ...(hasValues ? ['Values'] : [])];
  const rows = entries.map(([index, row]) => {
    const isObject = typeof row === 'object' && row !== null;
    const cells = names.map(n => (isObject && n in row ? inspect((row as Record<string, unknown>)[n]) : ''));
    return [index, ...cells, ...(hasValues ? [isObject ? '' : inspect(row)] : [])];
  });
  const widths = header.map((h, i) => Math.max(h.length, ...rows.map(r => r[i]!.length)) + 2);
  const line = (left: string, middle: string, right: string): string =>
    left + widths.map(w => '─'.repeat(w)).join(middle) + right;
  const text = (cells: string[]): string => `│${cells.map((c, i) => ` ${c}`.padEnd(widths[i]!)).join('│')}│`;
  return [line('┌', '┬', '┐'), text(header), line('├', '┼', '┤'), ...rows.map(text), line('└', '┴', '┘')].join('\n');
}
