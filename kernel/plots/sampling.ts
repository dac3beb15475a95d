import { dense } from './input';
import type { Values } from './input';
import { bars, rank } from './logits';
import { packU16 } from './pack';
import { rounded } from './strings';
import type { Namer } from './tokens';
import { namer } from './tokens';
import { View } from './view';

export interface SamplingViewOptions {
  temperature?: number;
  top_k?: number;
  top_p?: number;
  min_p?: number;
  title?: string;
  note?: string;
}

/** Tokens named one by one; the rest of the vocabulary only counts towards the sums. */
const NAMED = 40;

/**
 * Sliders for temperature, top-k, top-p and min-p over real logits: what would remain, and how likely each token is.
 *
 * @param logits The next token's logits; of more positions, the last counts.
 * @param tokenizer Names the ids.
 */
export function sampling_view(
  logits: Values | { logits?: Values },
  tokenizer: Namer,
  options: SamplingViewOptions = {}
): View {
  const given = (logits as { logits?: Values }).logits ?? (logits as Values);
  const all = dense(given, 'logits');
  const vocab = all.shape.at(-1)!;
  const row = all.data.subarray(all.data.length - vocab);
  const name = namer(tokenizer);
  const { top } = rank(row, Math.min(NAMED, vocab), name);
  const sorted = Float32Array.from(row).sort().reverse();
  const title = options.title ?? 'Sampling';
  const shown = top.slice(0, 12);
  return new View({
    document: {
      version: 1,
      kind: 'sampling',
      title,
      ...(options.note ? { note: options.note } : {}),
      data: {
        sorted: packU16({ shape: [vocab], data: sorted }),
        top: top.map(c => ({ id: c.id, token: c.token, logit: rounded(c.logit, 6) as number })),
        context: [],
        temperature: options.temperature ?? 1,
        top_k: options.top_k ?? 0,
        top_p: options.top_p ?? 1,
        min_p: options.min_p ?? 0
      }
    },
    figure: () => bars(shown, title),
    table: {
      columns: ['token', 'id', 'probability', 'logit'],
      rows: shown.map(c => [c.token, c.id, rounded(c.p, 6), rounded(c.logit, 5)])
    }
  });
}
