import type { FigureJson } from '../protocol/view';
import { layout } from './figure';
import { row, shaped } from './input';
import type { Values } from './input';
import { figureView } from './plot';
import { axisLabel, rounded } from './strings';
import { tokenStrings } from './tokens';
import type { View } from './view';

/** What `model.residual_norms` returns. */
export interface NormsLike {
  readonly norms: Values;
  readonly largest?: Values;
  readonly labels: readonly string[];
}

export interface NormsViewOptions {
  batch?: number;
  title?: string;
  note?: string;
}

/**
 * Shows how long the residual vectors are after each layer, one line per position, on a logarithmic axis.
 *
 * @param norms What `model.residual_norms` returns: [layers + 1, batch, pos].
 * @param tokens Token strings, one per position.
 */
export function norms_view(norms: NormsLike, tokens?: readonly string[], options: NormsViewOptions = {}): View {
  const all = shaped(norms.norms, ['layers', 'batch', 'pos'], 'norms');
  const [layers, , positions] = all.shape as [number, number, number];
  const names = tokens ? tokenStrings(tokens) : Array.from({ length: positions }, (_, i) => `position ${i}`);
  const values = Array.from({ length: layers }, (_, l) =>
    Array.from(row(row(all, l), options.batch ?? 0).data, v => rounded(v, 5))
  );
  const title = options.title ?? 'Length of the residual stream';
  const figure = (): FigureJson => ({
    data: names.map((token, pos) => ({
      type: 'scatter',
      mode: 'lines',
      name: `${pos} ${axisLabel(token)}`,
      x: norms.labels,
      y: values.map(v => v[pos]!),
      hovertemplate: `${axisLabel(token)}, %{x}: %{y:.1f}<extra></extra>`
    })),
    layout: layout(title, {
      xaxis: { tickangle: -60, automargin: true, tickfont: { size: 9 } },
      yaxis: { type: 'log', title: { text: '‖x‖' } },
      height: 400,
      margin: { l: 60, r: 20, t: 40, b: 90 }
    })
  });
  return figureView(
    title,
    figure,
    { columns: ['after', ...names], rows: norms.labels.map((l, i) => [l, ...values[i]!]) },
    options.note
  );
}
