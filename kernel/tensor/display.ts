/** A tensor as text, as PyTorch prints it, and as a short HTML table. */
import { isFloat, shown, sizeOf, valueAt, type Dense } from './dense';

const EDGE = 3; // entries shown at each end of a long axis
const THRESHOLD = 1000; // elements above which axes are shortened
const LINE = 80;

interface Formatter {
  readonly width: number;
  format(value: number): string;
}

/** PyTorch prints `1.0000e+05`; JavaScript's exponent has no leading zero. */
function scientific(value: number): string {
  return value.toExponential(4).replace(/e([+-])(\d)$/, 'e$10$2');
}

function special(value: number): string | undefined {
  return Number.isNaN(value) ? 'nan' : value === Infinity ? 'inf' : value === -Infinity ? '-inf' : undefined;
}

function formatter(x: Dense, values: readonly number[]): Formatter {
  const plain = plainFormat(x, values);
  // As in PyTorch, zeros, infinities and NaN do not widen the columns of floats.
  const counted = isFloat(x.dtype) ? values.filter(value => Number.isFinite(value) && value !== 0) : values;
  const width = counted.reduce((most, value) => Math.max(most, plain(value).length), 1);
  return { width, format: value => plain(value).padStart(width) };
}

/** How one number of this tensor is written, by all the numbers shown. */
function plainFormat(x: Dense, values: readonly number[]): (value: number) => string {
  if (x.dtype === 'bool') {
    return value => (value ? 'True' : 'False');
  }
  if (!isFloat(x.dtype)) {
    return String;
  }
  const sizes = values.filter(value => Number.isFinite(value) && value !== 0).map(Math.abs);
  const most = sizes.reduce((a, b) => Math.max(a, b), 0);
  const least = sizes.reduce((a, b) => Math.min(a, b), Infinity);
  const whole = sizes.every(Number.isInteger);
  const wide = sizes.length > 0 && (most / least > 1000 || most > 1e8 || (!whole && least < 1e-4));
  const sign = (value: number, text: string): string => (Object.is(value, -0) ? `-${text}` : text);
  return value =>
    special(value) ??
    sign(value, wide ? scientific(value) : whole ? `${value.toFixed(0).replace(/^-0$/, '0')}.` : value.toFixed(4));
}

/** Which places of an axis are shown; −1 stands for the gap. */
function places(length: number, shorten: boolean): number[] {
  if (!shorten || length <= 2 * EDGE) {
    return Array.from({ length }, (_, i) => i);
  }
  const end = Array.from({ length: EDGE }, (_, i) => length - EDGE + i);
  return [...Array.from({ length: EDGE }, (_, i) => i), -1, ...end];
}

/** All values that will be shown. */
function visible(x: Dense, shorten: boolean): number[] {
  const { dims } = x;
  const found: number[] = [];
  const visit = (axis: number, offset: number): void => {
    if (axis === dims.length) {
      found.push(valueAt(x, offset));
      return;
    }
    for (const place of places(dims[axis]!, shorten)) {
      if (place >= 0) {
        visit(axis + 1, offset * dims[axis]! + place);
      }
    }
  };
  visit(0, 0);
  return found;
}

/** As `repr(tensor)` of PyTorch. */
export function toText(x: Dense): string {
  const size = sizeOf(x.dims);
  const usual = x.dtype === 'float32' || x.dtype === 'int64' || x.dtype === 'bool';
  const suffix = usual ? '' : `, dtype=torch.${x.dtype}`;
  if (size === 0) {
    const dims = x.dims.length === 1 ? '' : `, size=(${x.dims.join(', ')})`;
    const dtype = x.dtype === 'float32' ? '' : `, dtype=torch.${x.dtype}`;
    return `tensor([]${dims}${dtype})`;
  }
  const shorten = size > THRESHOLD;
  const form = formatter(x, visible(x, shorten));
  return `tensor(${nested(x, 0, 0, 7, form, shorten)}${suffix})`;
}

function nested(x: Dense, axis: number, offset: number, indent: number, form: Formatter, shorten: boolean): string {
  const { dims } = x;
  const length = dims[axis];
  if (length === undefined) {
    return form.format(valueAt(x, offset));
  }
  const at = (place: number): number => offset * length + place;
  if (axis === dims.length - 1) {
    const perLine = Math.max(1, Math.floor((LINE - indent) / (form.width + 2)));
    const items = places(length, shorten).map(place => (place < 0 ? ' ...' : form.format(valueAt(x, at(place)))));
    const lines: string[] = [];
    for (let i = 0; i < items.length; i += perLine) {
      lines.push(items.slice(i, i + perLine).join(', '));
    }
    return `[${lines.join(`,\n${' '.repeat(indent + 1)}`)}]`;
  }
  const parts = places(length, shorten).map(place =>
    place < 0 ? '...' : nested(x, axis + 1, at(place), indent + 1, form, shorten)
  );
  return `[${parts.join(`,${'\n'.repeat(dims.length - axis - 1)}${' '.repeat(indent + 1)}`)}]`;
}

const ROWS = 8;
const COLUMNS = 10;

/** A short table with the shape above: the last two axes of the first entry of all others. */
export function toHtml(x: Dense): string {
  const columns = x.dims[x.dims.length - 1] ?? 1;
  const rows = x.dims[x.dims.length - 2] ?? 1;
  const leading = x.dims.slice(0, -2);
  const first = leading.length && sizeOf(x.dims) ? `, [${leading.map(() => '0').join(', ')}] shown` : '';
  const caption = `Tensor ${shown(x.dims)} ${x.dtype}${first}`;
  if (sizeOf(x.dims) === 0) {
    return `<div>${caption}</div>`;
  }
  const shownRows = Math.min(rows, ROWS);
  const shownColumns = Math.min(columns, COLUMNS);
  const values: number[] = [];
  for (let r = 0; r < shownRows; r++) {
    for (let c = 0; c < shownColumns; c++) {
      values.push(valueAt(x, r * columns + c));
    }
  }
  const plain = plainFormat(x, values);
  const body: string[] = [];
  for (let r = 0; r < shownRows; r++) {
    const cells = values.slice(r * shownColumns, (r + 1) * shownColumns).map(value => `<td>${plain(value)}</td>`);
    body.push(`<tr>${cells.join('')}${columns > shownColumns ? '<td>…</td>' : ''}</tr>`);
  }
  if (rows > shownRows) {
    body.push(`<tr>${'<td>⋮</td>'.repeat(shownColumns)}</tr>`);
  }
  return `<table><caption>${caption}</caption><tbody>${body.join('')}</tbody></table>`;
}
