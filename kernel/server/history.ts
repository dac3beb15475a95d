/** What was run in this session, for `history_request`. */
import type { Json } from '../protocol/messages';

interface Entry {
  line: number;
  input: string;
  output: string | null;
}

/** Entries kept; a long-running session must not grow without end. */
const limit = 10_000;

export class History {
  private readonly entries: Entry[] = [];

  add(line: number, input: string): void {
    this.entries.push({ line, input, output: null });
    if (this.entries.length > limit) {
      this.entries.shift();
    }
  }

  /** Notes the result of the last entry. */
  setOutput(line: number, output: string): void {
    const entry = this.entries.at(-1);
    if (entry?.line === line) {
      entry.output = output;
    }
  }

  /** Answers a `history_request`; only this session is remembered, as session 0. */
  answer(request: { [key: string]: Json }): { status: 'ok'; history: Json[] } {
    const withOutput = request['output'] === true;
    const found = this.find(request).map(({ line, input, output }): Json => [
      0,
      line,
      withOutput ? [input, output] : input
    ]);
    return { status: 'ok', history: found };
  }

  private find(request: { [key: string]: Json }): Entry[] {
    const count = typeof request['n'] === 'number' ? request['n'] : undefined;
    switch (request['hist_access_type']) {
      case 'range': {
        const session = typeof request['session'] === 'number' ? request['session'] : 0;
        const start = typeof request['start'] === 'number' ? request['start'] : 1;
        const stop = typeof request['stop'] === 'number' ? request['stop'] : Infinity;
        return session === 0 ? this.entries.filter(e => e.line >= start && e.line < stop) : [];
      }
      case 'search': {
        const pattern = glob(typeof request['pattern'] === 'string' ? request['pattern'] : '*');
        const matching = this.entries.filter(e => pattern.test(e.input));
        const last = new Map(matching.map(e => [e.input, e]));
        return tail(request['unique'] === true ? matching.filter(e => last.get(e.input) === e) : matching, count);
      }
      default:
        return tail(this.entries, count);
    }
  }
}

function tail(entries: Entry[], count: number | undefined): Entry[] {
  return count === undefined ? entries : count > 0 ? entries.slice(-count) : [];
}

/** Shell wildcards: `*` and `?`. */
function glob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '[\\s\\S]*')
    .replace(/\?/g, '[\\s\\S]');
  return new RegExp(`^${source}$`);
}
