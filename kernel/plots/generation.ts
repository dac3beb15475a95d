import type { LogitsData } from '../protocol/view';
import type { Values } from './input';
import { dense } from './input';
import { bars, rank } from './logits';
import { bytesText, rounded } from './strings';
import type { Namer } from './tokens';
import { namer } from './tokens';
import { View } from './view';

/** What `generate` returns with `return_dict_in_generate`, as far as it is shown. */
export interface GenerationLike {
  readonly sequences: Values;
  /** One per step, [batch, vocab]: raw logits, or processed scores. */
  readonly logits?: readonly Values[] | null;
  readonly scores?: readonly Values[] | null;
  readonly past_key_values?: { readonly bytes?: number; get_seq_length?(): number } | null;
}

export interface GenerationViewOptions {
  top_k?: number;
  batch?: number;
  title?: string;
  note?: string;
}

/**
 * Shows generation step by step: after each token, what the model thought likeliest and what was written.
 *
 * @param run What `generate` returns with `return_dict_in_generate: true` and `output_logits` (or `output_scores`).
 * @param tokenizer Names the ids.
 * @throws {TypeError} If the run holds neither logits nor scores.
 */
export function generation_view(run: GenerationLike, tokenizer: Namer, options: GenerationViewOptions = {}): View {
  const steps = run.logits ?? run.scores;
  if (!steps || steps.length === 0) {
    throw new TypeError(
      'Cannot show generation as the run must hold logits: generate({ …, return_dict_in_generate: true, output_logits: true })'
    );
  }
  const { top_k = 8, batch = 0 } = options;
  const name = namer(tokenizer);
  const sequences = dense(run.sequences, 'sequences');
  const [, length] = sequences.shape as [number, number];
  const ids = Array.from(sequences.data.subarray(batch * length, (batch + 1) * length));
  const prompt = length - steps.length;
  const tokens = ids.map(name);
  const positions = steps.map((values, step) => {
    const all = dense(values, 'logits');
    const vocab = all.shape.at(-1)!;
    const row = all.data.subarray(batch * vocab, (batch + 1) * vocab);
    const { top, entropy, logSumExp: total } = rank(row, Math.min(top_k, vocab), name);
    const id = ids[prompt + step]!;
    const better = row.reduce((n, v) => n + (v > row[id]! ? 1 : 0), 0);
    const clean = (v: number): number => rounded(v, 6) as number;
    return {
      position: prompt + step - 1,
      top: top.map(c => ({ ...c, logit: clean(c.logit), p: clean(c.p) })),
      entropy: rounded(entropy) ?? 0,
      target: { id, token: name(id), logit: clean(row[id]!), p: clean(Math.exp(row[id]! - total)), rank: better }
    };
  });
  const data: LogitsData = { tokens, positions, selected: 0 };
  const title = options.title ?? 'Generation, step by step';
  const held = run.past_key_values;
  const cache = held?.bytes
    ? `Key/value cache at the end: ${held.get_seq_length?.() ?? '?'} positions, ${bytesText(held.bytes)}`
    : undefined;
  const note = options.note ?? cache;
  return new View({
    document: { version: 1, kind: 'logits', title, ...(note ? { note } : {}), data },
    figure: () => bars(positions[0]!.top, title),
    table: {
      columns: ['step', 'written', 'probability', 'rank', 'best', 'entropy'],
      rows: positions.map((p, i) => [i, p.target.token, p.target.p, p.target.rank, p.top[0]!.token, p.entropy])
    }
  });
}
