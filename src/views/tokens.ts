import type { Table, TokensData } from '../../kernel/protocol/view';
import type { Component, Context } from './component';
import { segments } from './controls';
import { html } from './dom';
import { short, visible } from './text';
import { rangeOf } from './theme';
import { TokenStrip } from './token-strip';
import { unpack } from './unpack';

/** A text's tokens coloured by a number, with a choice of numbers. */
export function tokens(data: TokensData, context: Context): Component {
  const metrics = data.metrics.map(m => ({ ...m, data: unpack(m.values).data }));
  let selected = data.metric;
  const describe = (i: number): string => {
    const metric = metrics[selected];
    const value = metric ? `: ${metric.label} ${short(metric.data[i]!, 4)} ${metric.unit}` : '';
    const expected = data.expected?.[i]
      ?.slice(0, 3)
      .map(c => visible(c.token))
      .join(', ');
    return `${i} ${visible(data.tokens[i]!)}${value}${expected ? `; expected ${expected}` : ''}`;
  };
  const strip = new TokenStrip(data.tokens, {
    label: 'Tokens',
    onToken: i => context.announce(i === undefined ? '' : describe(i))
  });
  const control = segments(
    'Colour',
    metrics.map(m => m.label),
    selected,
    i => {
      selected = i;
      redraw();
    }
  );
  const redraw = (): void => {
    const metric = metrics[selected];
    if (metric) {
      strip.colour(metric.data, rangeOf(metric.data, metric.scale), context.theme(), i => Number.isNaN(metric.data[i]));
    }
  };
  return {
    element: html(
      'div',
      {},
      metrics.length > 1 ? html('div', { class: 'loupe-controls' }, control.element) : undefined,
      html('div', { class: 'loupe-stripbox' }, strip.element)
    ),
    redraw,
    table: (): Table => ({
      columns: ['position', 'token', ...metrics.map(m => m.label)],
      rows: data.tokens.map((token, i) => [i, visible(token), ...metrics.map(m => m.data[i]!)])
    })
  };
}
