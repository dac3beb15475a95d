import type { MatrixData, Table } from '../../kernel/protocol/view';
import type { Component, Context } from './component';
import { segments } from './controls';
import { html } from './dom';
import { MatrixPlot } from './matrix-plot';
import type { Cell } from './matrix-plot';
import { short, visible } from './text';
import { rangeOf } from './theme';
import { unpack } from './unpack';

/** One or more matrices of the same rows and columns: scores of heads, patching maps, a logit lens. */
export function matrix(data: MatrixData, context: Context): Component {
  const sheets = data.sheets.map(s => ({ ...s, data: unpack(s.values).data }));
  let selected = data.sheet;
  const columns = data.column_labels.length;
  const describe = ({ row, column }: Cell): string => {
    const sheet = sheets[selected]!;
    const value = sheet.data[row * columns + column]!;
    const text = sheet.text?.[row]?.[column];
    const label = (labels: readonly string[], i: number, isToken?: boolean): string =>
      isToken ? visible(labels[i]!) : labels[i]!;
    const where = `${data.row_title} ${label(data.row_labels, row, data.row_tokens)}, ${data.column_title} ${label(data.column_labels, column, data.column_tokens)}`;
    const detail = sheet.details?.[row]?.[column];
    return `${where}: ${text === undefined ? '' : `${visible(text)}, `}${sheet.unit ?? ''} ${short(value, 4)}${detail ? ` (${detail})` : ''}`;
  };
  const plot = new MatrixPlot({
    rows: data.row_labels,
    columns: data.column_labels,
    rowTitle: data.row_title,
    columnTitle: data.column_title,
    ...(data.row_tokens ? { rowTokens: true } : {}),
    ...(data.column_tokens ? { columnTokens: true } : {}),
    ...(data.upward ? { upward: true } : {}),
    label: data.sheets[selected]!.label,
    onCell: cell => context.announce(cell ? describe(cell) : '')
  });
  const control = segments(
    data.sheet_title,
    sheets.map(s => s.label),
    selected,
    i => {
      selected = i;
      redraw();
    }
  );
  const box = html('div', { class: 'loupe-scroll' }, plot.element);
  const element = html(
    'div',
    {},
    sheets.length > 1 ? html('div', { class: 'loupe-controls' }, control.element) : undefined,
    box
  );
  const redraw = (): void => {
    const sheet = sheets[selected]!;
    plot.set({
      values: sheet.data,
      range: rangeOf(sheet.data, sheet.scale),
      ...(sheet.text ? { text: sheet.text } : {}),
      ...(sheet.unit ? { unit: sheet.unit } : {})
    });
    plot.draw(Math.max(320, element.clientWidth || 700), context.theme());
  };
  return {
    element,
    redraw,
    picture: () => plot.element,
    table: (): Table => {
      const sheet = sheets[selected]!;
      return {
        columns: [data.row_title, ...data.column_labels.map(c => (data.column_tokens ? visible(c) : c))],
        rows: data.row_labels.map((label, r) => [
          data.row_tokens ? visible(label) : label,
          ...data.column_labels.map((_, c) => sheet.text?.[r]?.[c] ?? sheet.data[r * columns + c]!)
        ])
      };
    }
  };
}
