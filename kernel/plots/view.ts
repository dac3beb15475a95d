import { PLOTLY, TEXT, VIEW } from '../protocol/mime';
import type { Json, MimeBundle } from '../protocol/messages';
import type { FigureJson, Table, ViewDocument } from '../protocol/view';
import { short } from './strings';

/** What a view is made of. */
export interface ViewParts {
  document: ViewDocument;
  /** The first state as a Plotly figure; built when asked for. */
  figure: () => FigureJson;
  /** What is worth reading without a picture. */
  table: Table;
}

/** Rows shown in text. */
const TEXT_ROWS = 12;

/**
 * A picture that displays itself: interactively through Loupe's own renderer, as a Plotly figure elsewhere, and as a
 * short table in plain text.
 *
 * @example
 * const view = attention_view(outputs, tokens);
 * view;          // as a cell's last line: shown
 * view.figure;   // plain Plotly JSON
 */
export class View {
  /** The content of `application/vnd.loupe.view+json`. */
  readonly document: ViewDocument;
  /** The first rows of what is shown, as plain values. */
  readonly table: Table;
  private readonly _makeFigure: () => FigureJson;
  private _figure: FigureJson | undefined;

  constructor(parts: ViewParts) {
    this.document = parts.document;
    this.table = parts.table;
    this._makeFigure = parts.figure;
  }

  /** The view's first state as plain Plotly JSON: `{ data, layout }`. */
  get figure(): FigureJson {
    this._figure ??= this._makeFigure();
    return this._figure;
  }

  get title(): string {
    return this.document.title;
  }

  /** The representations a front end chooses from. */
  [Symbol.for('Jupyter.display')](): MimeBundle {
    return {
      [VIEW]: this.document as unknown as Json,
      [PLOTLY]: this.figure as unknown as Json,
      [TEXT]: this.toString()
    };
  }

  /** Title and table in plain text. */
  toString(): string {
    const { title, note } = this.document;
    return [title, ...(note ? [note] : []), textTable(this.table)].join('\n');
  }
}

/** Aligns a table's columns with blanks. */
export function textTable(table: Table, limit = TEXT_ROWS): string {
  const cells = table.rows
    .slice(0, limit)
    .map(r => r.map(v => (typeof v === 'number' ? short(v) : (v ?? 'NaN'))).map(s => s.replace(/\n/g, '⏎')));
  const lines = [table.columns, ...cells];
  const widths = table.columns.map((_, i) => Math.max(...lines.map(l => (l[i] ?? '').length)));
  const numeric = table.columns.map((_, i) => table.rows.every(r => typeof r[i] === 'number' || r[i] === null));
  const text = lines.map(l =>
    l
      .map((s, i) => (numeric[i] ? s.padStart(widths[i]!) : s.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  );
  if (table.rows.length > limit) {
    text.push(`… ${table.rows.length - limit} more rows`);
  }
  return text.join('\n');
}
