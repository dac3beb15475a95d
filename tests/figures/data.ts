/**
 * Real data for the figures: SmolLM2-135M-Instruct (Q4_1) on "When Mary and John went to the store, John gave a drink
 * to", written by make_data.py; and facts measured with PyTorch (induction scores, patching, attribution).
 */
import { float16ToFloat32 } from '../../kernel/tensor/dtype';
import { Tensor } from '../../kernel/tensor/tensor';
import golden from './data/golden.json';
import run from './data/smollm2.json';

export { golden, run };

function halves(text: string): Float32Array {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0));
  return float16ToFloat32(new Uint16Array(bytes.buffer));
}

export const tokens: string[] = run.tokens;

export function name(id: number): string {
  return (run.strings as { [id: string]: string })[id] ?? `[${id}]`;
}

/** Per layer [1, 9, 14, 14]. */
export function attentions(): Tensor[] {
  const [layers, heads, t] = run.attention.shape as [number, number, number];
  const lower = halves(run.attention.f16);
  const each = (t * (t + 1)) / 2;
  return Array.from({ length: layers }, (_, l) => {
    const data = new Float32Array(heads * t * t);
    for (let h = 0; h < heads; h++) {
      let at = (l * heads + h) * each;
      for (let i = 0; i < t; i++) {
        data.set(lower.subarray(at, at + i + 1), (h * t + i) * t);
        at += i + 1;
      }
    }
    return new Tensor('float32', data, [1, heads, t, t]);
  });
}

/** [vocab], of the last position. */
export function lastLogits(): Tensor {
  const data = halves(run.logits);
  return new Tensor('float32', data, [data.length]);
}

/** Queries [1, 14, 9, 64] and keys [1, 14, 3, 64] of layer 18, before the rotary embedding. */
export function queriesAndKeys(): { q: Tensor; k: Tensor } {
  return {
    q: new Tensor('float32', halves(run.q), [1, 14, 9, 64]),
    k: new Tensor('float32', halves(run.k), [1, 14, 3, 64])
  };
}

/** A seeded generator, mulberry32. */
export function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Attention as sparse as real attention is: [layers] of [1, heads, t, t], causal. */
export function inventedAttentions(layers: number, heads: number, t: number): Tensor[] {
  const next = random(7);
  return Array.from({ length: layers }, () => {
    const data = new Float32Array(heads * t * t);
    for (let m = 0; m < heads; m++) {
      const sink = next();
      const back = Math.floor(next() * 4);
      const noise = 0.05 + next();
      for (let i = 0; i < t; i++) {
        let sum = 0;
        const row = data.subarray((m * t + i) * t, (m * t + i) * t + i + 1);
        for (let j = 0; j <= i; j++) {
          row[j] = Math.exp(-6 * next() - noise * 3) + (j === 0 ? 4 * sink : 0) + (i - j === back ? 2 * (1 - sink) : 0);
          sum += row[j]!;
        }
        for (let j = 0; j <= i; j++) {
          row[j]! /= sum;
        }
      }
    }
    return new Tensor('float32', data, [1, heads, t, t]);
  });
}

export interface LensLogits {
  layers: number;
  vocab: number;
  data: Float32Array;
  /** The prompt's ids in the small vocabulary. */
  inputs: number[];
  name(id: number): string;
}

let lens: LensLogits | undefined;

/**
 * The logit lens over the words that any layer puts first, and one more that holds the rest of the probability:
 * [31, 14, vocab], or one layer of it.
 */
export function lensLogits(layer?: number): LensLogits {
  lens ??= makeLens();
  if (layer === undefined) {
    return lens;
  }
  const size = tokens.length * lens.vocab;
  return { ...lens, layers: 1, data: lens.data.subarray(layer * size, (layer + 1) * size) };
}

function makeLens(): LensLogits {
  const ids = [...new Set([...run.ids, ...run.lens.ids.flat(2)])];
  const at = new Map(ids.map((id, i) => [id, i]));
  const vocab = ids.length + 1;
  const data = new Float32Array(run.lens.ids.length * tokens.length * vocab);
  run.lens.ids.forEach((positions, l) =>
    positions.forEach((best, pos) => {
      const row = data.subarray((l * tokens.length + pos) * vocab, (l * tokens.length + pos + 1) * vocab).fill(-20);
      best.forEach((id, i) => (row[at.get(id)!] = Math.log(Math.max(1e-9, run.lens.p[l]![pos]![i]!))));
      const rest = 1 - run.lens.p[l]![pos]!.reduce((a, b) => a + b, 0);
      // Spread, so that the rest of the vocabulary never comes first.
      let open = 0;
      row.forEach(v => (open += v === -20 ? 1 : 0));
      row.forEach((v, i) => v === -20 && (row[i] = Math.log(Math.max(1e-9, rest / open))));
    })
  );
  return {
    layers: run.lens.ids.length,
    vocab,
    data,
    inputs: run.ids.map(id => at.get(id)!),
    name: i => (i < ids.length ? name(ids[i]!) : '…')
  };
}

/** 224 × 224 pixels: a bright disc on a slope of colour. */
export function picture(): { data: Uint8Array; width: number; height: number; channels: number } {
  const side = 224;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const inside = (x - 150) ** 2 + (y - 72) ** 2 < 45 ** 2;
      data.set(inside ? [240, 190, 60] : [70 + x / 4, 110 + y / 4, 90], 3 * (y * side + x));
    }
  }
  return { data, width: side, height: side, channels: 3 };
}
