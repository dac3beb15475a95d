import type { ConfigData } from '../../kernel/protocol/view';
import type { Component } from './component';
import { html } from './dom';

/** A configuration, field by field, with what each means. */
export function config(data: ConfigData): Component {
  const groups = data.groups.map(({ title, entries }) =>
    html(
      'tbody',
      {},
      html('tr', {}, html('th', { colspan: 3, scope: 'rowgroup', class: 'loupe-grouphead' }, title)),
      ...entries.map(({ key, value, meaning }) =>
        html(
          'tr',
          {},
          html('th', { scope: 'row', class: 'loupe-key' }, key),
          html('td', { class: 'loupe-value' }, value),
          html('td', { class: 'loupe-muted' }, meaning ?? '')
        )
      )
    )
  );
  return {
    element: html('div', { class: 'loupe-scroll' }, html('table', { class: 'loupe-config' }, ...groups)),
    redraw: () => undefined,
    table: () => ({
      columns: ['field', 'value', 'meaning'],
      rows: data.groups.flatMap(g => g.entries.map(e => [e.key, e.value, e.meaning ?? '']))
    })
  };
}
