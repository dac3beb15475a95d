import type { FigureJson } from '../protocol/view';
import { layout } from './figure';
import type { Values } from './input';
import { dense } from './input';
import { headNames, layerNames, matrixView } from './matrix';
import { figureView } from './plot';
import { rounded } from './strings';
import type { View } from './view';

/** What direct logit attribution returns. */
export interface AttributionLike {
  readonly values: Values;
  readonly labels: readonly string[];
  readonly sum?: number;
  readonly logit?: number;
}

export interface AttributionViewOptions {
  title?: string;
  note?: string;
}

/**
 * Shows what components write into a logit: a layer × head map, or one bar per component.
 *
 * @param attribution What `model.direct_logit_attribution` returns.
 */
export function attribution_view(attribution: AttributionLike, options: AttributionViewOptions = {}): View {
  const values = dense(attribution.values, 'an attribution');
  const title = options.title ?? 'Direct logit attribution';
  const { sum, logit } = attribution;
  const note =
    options.note ??
    (sum === undefined || logit === undefined
      ? undefined
      : `All components add up to ${sum.toFixed(3)}; the logit is ${logit.toFixed(3)}`);
  if (values.shape.length === 2) {
    const [layers, heads] = values.shape as [number, number];
    return matrixView([{ label: 'heads', values, scale: 'diverging', unit: 'logit' }], {
      title,
      note,
      sheet_title: 'Part',
      row_title: 'layer',
      column_title: 'head',
      row_labels: layerNames(layers),
      column_labels: headNames(heads)
    });
  }
  const numbers = Array.from(values.data, v => rounded(v, 5));
  const figure = (): FigureJson => ({
    data: [
      {
        type: 'bar',
        x: attribution.labels,
        y: numbers,
        marker: { color: Array.from(values.data, v => (v < 0 ? '#b2182b' : '#2166ac')) },
        hovertemplate: '%{x}: %{y:.3f}<extra></extra>'
      }
    ],
    layout: layout(title, {
      xaxis: { tickangle: -60, automargin: true, tickfont: { size: 9 } },
      yaxis: { title: { text: 'logit' }, zeroline: true },
      height: 380,
      margin: { l: 60, r: 20, t: 40, b: 90 }
    })
  });
  return figureView(
    title,
    figure,
    { columns: ['component', 'logit'], rows: attribution.labels.map((l, i) => [l, numbers[i]!]) },
    note
  );
}
