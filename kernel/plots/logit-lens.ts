import { dense, row } from './input';
import type { Dense, Values } from './input';
import { logSumExp, topIndices } from './logits';
import { matrixView } from './matrix';
import { percentText } from './strings';
import type { Namer } from './tokens';
import { namer, tokenStrings } from './tokens';
import type { View } from './view';

/** What `model.logit_lens` returns. */
export interface LogitLensLike {
  readonly logits?: Values;
  readonly top_ids?: Values;
  readonly top_logits?: Values;
  readonly labels: readonly string[];
}

export interface LogitLensViewOptions {
  /** Token strings of the prompt. */
  tokens?: readonly string[];
  batch?: number;
  title?: string;
  note?: string;
}

/**
 * Shows what the model would say after each layer: a table of layers by positions, each cell the likeliest token,
 * coloured by its probability. The next tokens are in the details of a cell.
 *
 * @param lens What `model.logit_lens` returns, with all logits.
 * @param tokenizer Names the ids.
 * @throws {TypeError} If the lens holds no logits, or the tokens do not fit.
 */
export function logit_lens_view(lens: LogitLensLike, tokenizer: Namer, options: LogitLensViewOptions = {}): View {
  if (lens.logits === undefined) {
    throw new TypeError('Cannot show the lens as it must hold all logits: call logit_lens without top_k');
  }
  const all = dense(lens.logits, 'a logit lens');
  if (all.shape.length !== 4) {
    throw new TypeError(
      `Cannot show the lens as logits must have the axes [layers, batch, pos, vocab]: current shape is [${all.shape}]`
    );
  }
  const [layers, , positions] = all.shape as [number, number, number];
  const name = namer(tokenizer);
  const tokens = options.tokens && tokenStrings(options.tokens);
  const columns =
    tokens && tokens.length >= positions
      ? tokens.slice(tokens.length - positions)
      : Array.from({ length: positions }, (_, i) => String(i));
  const probabilities = new Float32Array(layers * positions);
  const text: string[][] = [];
  const details: string[][] = [];
  for (let layer = 0; layer < layers; layer++) {
    const cells = Array.from({ length: positions }, (_, pos) =>
      cell(row(row(row(all, layer), options.batch ?? 0), pos), name)
    );
    cells.forEach((c, pos) => (probabilities[layer * positions + pos] = c.probability));
    text.push(cells.map(c => c.token));
    details.push(cells.map(c => c.detail));
  }
  const values: Dense = { shape: [layers, positions], data: probabilities };
  return matrixView([{ label: 'best token', values, scale: 'unit', text, details, unit: 'probability' }], {
    title: options.title ?? 'Logit lens',
    note: options.note,
    sheet_title: 'Shown',
    row_title: 'after',
    column_title: 'position',
    row_labels: [...lens.labels],
    column_labels: [...columns],
    ...(tokens ? { column_tokens: true } : {}),
    upward: true
  });
}

function cell(logits: Dense, name: (id: number) => string): { token: string; probability: number; detail: string } {
  const total = logSumExp(logits.data);
  const best = topIndices(logits.data, 3);
  const p = (id: number): number => Math.exp(logits.data[id]! - total);
  return {
    token: name(best[0]!),
    probability: p(best[0]!),
    detail: best.map(id => `${name(id)} ${percentText(p(id))}`).join(', ')
  };
}
