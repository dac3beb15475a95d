import type { Candidate, SamplingData } from '../../kernel/protocol/view';
import type { Component, Context } from './component';
import { slider } from './controls';
import { html } from './dom';
import { candidateList } from './logits';
import { percent, short } from './text';
import { unpack } from './unpack';

/** Named tokens shown. */
const SHOWN = 14;

interface Kept {
  /** How many tokens can still be drawn. */
  readonly count: number;
  readonly entropy: number;
  readonly top: Candidate[];
}

/** Sliders over the warpers of sampling: what remains of the vocabulary, and how likely each token becomes. */
export function sampling(data: SamplingData, context: Context): Component {
  const sorted = unpack(data.sorted).data;
  const state = { temperature: data.temperature, top_k: data.top_k, top_p: data.top_p, min_p: data.min_p };
  const bars = html('div', {});
  const summary = html('p', { class: 'loupe-help' });
  const show = (): void => {
    const kept = sample(sorted, data.top, state);
    bars.replaceChildren(candidateList(kept.top));
    const text = `${kept.count.toLocaleString('en')} of ${sorted.length.toLocaleString('en')} tokens remain, entropy ${short(kept.entropy)} nats`;
    summary.textContent = text;
    context.announce(`${text}; best ${percent(kept.top[0]?.p)}`);
  };
  const control = (
    label: string,
    key: keyof typeof state,
    min: number,
    max: number,
    step: number,
    format?: (v: number) => string
  ) =>
    slider(label, { min, max, step, value: state[key], ...(format ? { format } : {}) }, value => {
      state[key] = value;
      show();
    }).element;
  const element = html(
    'div',
    { class: 'loupe-logits' },
    html(
      'div',
      { class: 'loupe-controls' },
      control('Temperature', 'temperature', 0.05, 3, 0.05, v => v.toFixed(2)),
      control('Top-k', 'top_k', 0, 100, 1, v => (v === 0 ? 'off' : String(v))),
      control('Top-p', 'top_p', 0.05, 1, 0.01, v => v.toFixed(2)),
      control('Min-p', 'min_p', 0, 0.5, 0.01, v => v.toFixed(2))
    ),
    summary,
    bars
  );
  return {
    element,
    redraw: show,
    table: () => {
      const { top } = sample(sorted, data.top, state);
      return { columns: ['token', 'id', 'probability', 'logit'], rows: top.map(c => [c.token, c.id, c.p, c.logit]) };
    }
  };
}

/** Temperature, then top-k, top-p and min-p, in transformers' order, over logits sorted downwards. */
function sample(
  sorted: Float32Array,
  top: SamplingData['top'],
  { temperature, top_k, top_p, min_p }: { temperature: number; top_k: number; top_p: number; min_p: number }
): Kept {
  const best = sorted[0]!;
  let weights = Float64Array.from(sorted, v => Math.exp((v - best) / temperature));
  let count = weights.length;
  if (top_k > 0) {
    count = Math.min(count, top_k);
  }
  const total = (n: number): number => weights.subarray(0, n).reduce((a, b) => a + b, 0);
  let sum = total(count);
  if (top_p < 1) {
    let at = 0;
    let reached = 0;
    while (at < count && reached < top_p * sum) {
      reached += weights[at++]!;
    }
    count = Math.max(1, at);
    sum = total(count);
  }
  if (min_p > 0) {
    const limit = min_p * weights[0]!;
    let at = 0;
    while (at < count && weights[at]! >= limit) {
      at++;
    }
    count = Math.max(1, at);
    sum = total(count);
  }
  weights = weights.map(w => w / sum);
  const entropy = -weights.subarray(0, count).reduce((n, p) => n + (p > 0 ? p * Math.log(p) : 0), 0);
  return {
    count,
    entropy,
    top: top.slice(0, Math.min(SHOWN, count)).map((c, i) => ({ ...c, p: weights[i]! }))
  };
}
