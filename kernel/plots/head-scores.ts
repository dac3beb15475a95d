import type { Values } from './input';
import { shaped } from './input';
import { headNames, layerNames, matrixView } from './matrix';
import type { View } from './view';

export interface HeadScoresViewOptions {
  title?: string;
  note?: string;
}

/**
 * Shows scores of all heads, layer by head, one picture per kind.
 *
 * @param scores What `model.head_scores()` returns, or any `{ kind: [layers, heads] }`.
 * @throws {TypeError} If a kind has other axes.
 * @example
 * head_scores_view(await model.head_scores());
 */
export function head_scores_view(
  scores: { readonly [kind: string]: Values | undefined },
  options: HeadScoresViewOptions = {}
): View {
  const kinds = Object.entries(scores).filter((entry): entry is [string, Values] => entry[1] !== undefined);
  if (kinds.length === 0) {
    throw new TypeError('Cannot show head scores as there must be at least one kind: { induction: [layers, heads] }');
  }
  const sheets = kinds.map(([kind, values]) => {
    const dense = shaped(values, ['layers', 'heads'], kind);
    const isShare = dense.data.every(v => v >= 0 && v <= 1);
    return {
      label: kind.replaceAll('_', ' '),
      values: dense,
      scale: isShare ? ('unit' as const) : ('diverging' as const),
      unit: 'score'
    };
  });
  const [layers, heads] = sheets[0]!.values.shape as [number, number];
  return matrixView(sheets, {
    title: options.title ?? 'Head scores',
    note: options.note,
    sheet_title: 'Kind',
    row_title: 'layer',
    column_title: 'head',
    row_labels: layerNames(layers),
    column_labels: headNames(heads)
  });
}
