/** Text edits of one source, applied together, with positions mapped back. */

interface Edit {
  begin: number;
  end: number;
  text: string;
}

/** A source after edits; keeps enough to find where a position came from. */
export interface Edited {
  readonly text: string;
  /** Offset in the original of an offset in `text`; inside inserted text, where it was inserted. */
  original(offset: number): number;
}

/** Collects insertions and replacements that do not overlap. At one position they apply in the order they were made. */
export class Edits {
  private readonly edits: Edit[] = [];

  constructor(private readonly source: string) {}

  insert(at: number, text: string): void {
    this.edits.push({ begin: at, end: at, text });
  }

  /** Replaces [begin, end). Line breaks of the replaced text are kept, so that later lines keep their numbers. */
  replace(begin: number, end: number, text: string): void {
    const breaks = this.source.slice(begin, end).replace(/[^\n]/g, '').length;
    this.edits.push({ begin, end, text: text + '\n'.repeat(Math.max(0, breaks - (text.match(/\n/g) ?? []).length)) });
  }

  apply(): Edited {
    // Array.prototype.sort is stable, which keeps the order of edits made at one position.
    const edits = [...this.edits].sort((a, b) => a.begin - b.begin);
    const spans: { out: number; from: number; copied: boolean }[] = [];
    let text = '';
    let at = 0;
    for (const edit of edits) {
      spans.push({ out: text.length, from: at, copied: true });
      text += this.source.slice(at, edit.begin);
      spans.push({ out: text.length, from: edit.begin, copied: false });
      text += edit.text;
      at = Math.max(at, edit.end);
    }
    spans.push({ out: text.length, from: at, copied: true });
    text += this.source.slice(at);
    return {
      text,
      original: offset => {
        let low = 0;
        let high = spans.length - 1;
        while (low < high) {
          const middle = (low + high + 1) >> 1;
          if (spans[middle]!.out <= offset) {
            low = middle;
          } else {
            high = middle - 1;
          }
        }
        const span = spans[low]!;
        return span.copied ? span.from + offset - span.out : span.from;
      }
    };
  }
}

/** Line (from 1) and column (from 0) of an offset. */
export function position(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let next = text.indexOf('\n'); next >= 0 && next < offset; next = text.indexOf('\n', next + 1)) {
    line++;
    start = next + 1;
  }
  return { line, column: offset - start };
}

/** Offset of a line (from 1) and column (from 0), held inside the text. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let i = 1; i < line; i++) {
    const next = text.indexOf('\n', start);
    if (next < 0) {
      return text.length;
    }
    start = next + 1;
  }
  return Math.min(start + column, text.length);
}
