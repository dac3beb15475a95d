import type { Table } from '../../kernel/protocol/view';
import { html } from './dom';
import { short } from './text';

/** Rows drawn; the whole table goes into the export. */
const MOST_ROWS = 500;
const MOST_COLUMNS = 130;

/** A view's values as a table. */
export function tableElement(table: Table, caption: string): HTMLElement {
  const columns = table.columns.slice(0, MOST_COLUMNS);
  const head = html('tr', {}, ...columns.map(c => html('th', { scope: 'col' }, c)));
  const body = table.rows.slice(0, MOST_ROWS).map(row =>
    html(
      'tr',
      {},
      ...row.slice(0, MOST_COLUMNS).map((value, i) => {
        const number = typeof value === 'number' || value === null;
        const text = number ? short(value, 4) : value;
        return i === 0 && !number
          ? html('th', { scope: 'row' }, text)
          : html('td', number ? { class: 'loupe-number' } : {}, text);
      })
    )
  );
  const left = table.rows.length - body.length;
  const cut = table.columns.length - columns.length;
  return html(
    'div',
    { class: 'loupe-tablebox', tabindex: 0, role: 'region', 'aria-label': `${caption}, as a table` },
    html(
      'table',
      { class: 'loupe-table' },
      html('caption', {}, caption),
      html('thead', {}, head),
      html('tbody', {}, ...body)
    ),
    left > 0 || cut > 0
      ? html('p', { class: 'loupe-help' }, `${left} more rows and ${cut} more columns are in the JSON export.`)
      : undefined
  );
}
