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
