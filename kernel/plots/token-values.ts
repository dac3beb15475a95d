import type { FigureJson, Scale, TokensData } from '../protocol/view';
import { layout } from './figure';
import { dense } from './input';
import type { Values } from './input';
import { packF32 } from './pack';
import { axisLabel, rounded } from './strings';
import { tokenStrings } from './tokens';
import { View } from './view';

export interface TokensViewOptions {
  /** One number per token. */
  values?: Values;
  /** What the number is. Default 'value'. */
  label?: string;
  unit?: string;
  /** Several numbers per token, to choose from. */
  metrics?: { readonly [label: string]: Values };
  title?: string;
  note?: string;
}

/**
 * Shows a text's tokens coloured by a number: surprisal, attention, anything per token.
 *
 * @param tokens Token strings.
 * @throws {TypeError} If numbers and tokens differ in length.
 * @example
 * const { surprisal, entropy } = await model.token_stats(inputs);
 * tokens_view(tokens, { metrics: { surprisal, entropy } });
 */
export function tokens_view(tokens: readonly string[], options: TokensViewOptions = {}): View {
  const strings = tokenStrings(tokens);
  const given = options.metrics ?? (options.values === undefined ? {} : { [options.label ?? 'value']: options.values });
  const metrics = Object.entries(given).map(([label, values]) => {
    const { data } = dense(values, label);
    if (data.length !== strings.length) {
      throw new TypeError(
        `Cannot colour tokens by ${label} as there must be one number for each of ${strings.length} tokens: there are ${data.length}`
      );
    }
    const scale: Scale = data.some(v => v < 0) ? 'diverging' : 'sequential';
    return { label, unit: options.unit ?? '', scale, values: packF32({ shape: [data.length], data }), data };
  });
  const title = options.title ?? (metrics.length > 0 ? `Tokens by ${metrics[0]!.label}` : 'Tokens');
  const data: TokensData = { tokens: strings, metrics: metrics.map(({ data: _data, ...m }) => m), metric: 0 };
  const figure = (): FigureJson => ({
    data: metrics
      .slice(0, 1)
      .map(m => ({ type: 'bar', x: strings.map((_, i) => i), y: Array.from(m.data, v => rounded(v, 5)) })),
    layout: layout(title, {
      xaxis: {
        tickvals: strings.map((_, i) => i),
        ticktext: strings.map(s => axisLabel(s)),
        tickangle: -60,
        automargin: true
      },
      height: 320
    })
  });
  return new View({
    document: { version: 1, kind: 'tokens', title, ...(options.note ? { note: options.note } : {}), data },
    figure,
    table: {
      columns: ['position', 'token', ...metrics.map(m => m.label)],
      rows: strings.map((s, i) => [i, s, ...metrics.map(m => rounded(m.data[i]!, 5))])
    }
  });
}
