/** Reads the `mappings` of a source map of one source (https://tc39.es/ecma426/). */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

type Position = { line: number; column: number };

/**
 * Returns a function from generated to original positions. Lines count from 1, columns from 0. Decoding waits for the
 * first call: most cells never throw.
 */
export function sourceMap(mappings: string): (line: number, column: number) => Position {
  let lines: { column: number; to: Position }[][] | undefined;
  return (line, column) => {
    lines ??= decode(mappings);
    const segments = lines[line - 1] ?? [];
    let best: { column: number; to: Position } | undefined;
    for (const segment of segments) {
      if (segment.column > column) {
        break;
      }
      best = segment;
    }
    best ??= segments[0];
    return best ? { line: best.to.line, column: best.to.column + Math.max(0, column - best.column) } : { line, column };
  };
}

function decode(mappings: string): { column: number; to: Position }[][] {
  let originalLine = 0;
  let originalColumn = 0;
  return mappings.split(';').map(line => {
    let column = 0;
    const segments: { column: number; to: Position }[] = [];
    for (const text of line.split(',')) {
      const fields = vlq(text);
      if (fields.length >= 4) {
        column += fields[0]!;
        originalLine += fields[2]!;
        originalColumn += fields[3]!;
        segments.push({ column, to: { line: originalLine + 1, column: originalColumn } });
      } else if (fields.length > 0) {
        column += fields[0]!;
      }
    }
    return segments;
  });
}

function vlq(text: string): number[] {
  const out: number[] = [];
  let value = 0;
  let shift = 0;
  for (const letter of text) {
    const digit = digits.indexOf(letter);
    value |= (digit & 31) << shift;
    if (digit & 32) {
      shift += 5;
    } else {
      out.push(value & 1 ? -(value >> 1) : value >> 1);
      value = 0;
      shift = 0;
    }
  }
  return out;
}
