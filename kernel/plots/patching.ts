import { shaped } from './input';
import type { Values } from './input';
import { matrixView } from './matrix';
import { tokenStrings } from './tokens';
import type { View } from './view';

/** What a sweep returns. */
export interface SweepLike {
  readonly values: Values;
  readonly labels: { readonly layers: readonly string[]; readonly columns: readonly string[] };
  readonly baseline?: number;
}

export interface PatchingViewOptions {
  /** Token strings, where columns are positions. */
  tokens?: readonly string[];
  /** What the number is. Default 'metric'. */
  unit?: string;
  title?: string;
  note?: string;
}

/**
 * Shows a patching or ablation sweep, layer by head or by position: blue and red either side of zero.
 *
 * @param sweep What `model.patching_sweep` or `model.ablation_sweep` returns.
 * @throws {TypeError} If labels and values disagree.
 */
export function patching_view(sweep: SweepLike, options: PatchingViewOptions = {}): View {
  const values = shaped(sweep.values, ['layers', 'columns'], 'a sweep');
  const [rows, columns] = values.shape as [number, number];
  const tokens = options.tokens && tokenStrings(options.tokens);
  const names = tokens ?? sweep.labels.columns;
  if (names.length !== columns || sweep.labels.layers.length !== rows) {
    throw new TypeError(
      `Cannot show the sweep as there must be ${rows} layer labels and ${columns} ${tokens ? 'tokens' : 'column labels'}: there are ${sweep.labels.layers.length} and ${names.length}`
    );
  }
  const isPositions = tokens !== undefined || !/^H\d/.test(sweep.labels.columns[0] ?? '');
  return matrixView([{ label: 'metric', values, scale: 'diverging', unit: options.unit ?? 'metric' }], {
    title: options.title ?? (isPositions ? 'Patching by layer and position' : 'Patching by layer and head'),
    note: options.note ?? (sweep.baseline === undefined ? undefined : `Without an edit: ${sweep.baseline.toFixed(3)}`),
    sheet_title: 'Metric',
    row_title: 'layer',
    column_title: isPositions ? 'position' : 'head',
    row_labels: [...sweep.labels.layers],
    column_labels: [...names],
    ...(tokens ? { column_tokens: true } : {})
  });
}
