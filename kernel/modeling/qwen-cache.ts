import { DynamicCache } from '../inference/cache';
import { Tensor } from '../tensor/tensor';
import type { ImageSpan } from './fusion';

/** Where inputs say which images were spliced into them, for the cache of the pass. */
export const IMAGE_SPANS: unique symbol = Symbol('image spans');

/** Keys and values of one layer, each [batch, position, head, head_dim]. */
export type QWenPast = readonly [keys: Tensor, values: Tensor];

/**
 * The cache as QWen v1 has it: a list of (keys, values) per layer, [batch, position, head, head_dim]. It reads like the
 * tuple of the original (`past[0][1].dims`) and works like any other cache (`crop`, `reorder_cache` …).
 */
export class QWenCache extends DynamicCache {
  [layer: number]: QWenPast;
  /** Images spliced into each row; library code only. */
  images: readonly ImageSpan[] | undefined;

  /**
   * @param pairs As any cache takes them, [batch, head, position, head_dim]; `from_legacy_cache` takes the original's.
   */
  constructor(pairs: Iterable<readonly [Tensor, Tensor]> = []) {
    super(pairs);
    return new Proxy(this, {
      get: (target, key) =>
        typeof key === 'string' && /^\d+$/.test(key) ? target.layer(Number(key)) : Reflect.get(target, key, target)
    });
  }

  /**
   * Makes a cache of the original's tuple.
   *
   * @param past One (keys, values) per layer, each [batch, position, head, head_dim].
   */
  static from_legacy_cache(past: readonly QWenPast[]): QWenCache {
    past.forEach((pair, i) => {
      if (!Array.isArray(pair) || pair.length < 2 || !(pair[0] instanceof Tensor) || pair[0].dims.length !== 4) {
        throw new TypeError(
          `Cannot use past_key_values as layer ${i} must be [keys, values], Tensors of shape [batch, ` +
            'position, head, head_dim]'
        );
      }
    });
    return new QWenCache(past.map(([k, v]) => [swapped(k), swapped(v)] as const));
  }

  /** A cache of the common kind as one of this kind; the layers are shared, and the other is not to be used again. */
  static adopt(cache: DynamicCache): QWenCache {
    return Object.assign(new QWenCache(), cache) as QWenCache;
  }

  /** The tuple of the original; tensors must be in memory (`await cache.download()` on a GPU). */
  to_legacy_cache(): QWenPast[] {
    return [...this];
  }

  override *[Symbol.iterator](): Iterator<QWenPast> {
    for (let i = 0; i < this.length; i++) {
      yield this.layer(i)!;
    }
  }

  /** Keys and values of a layer, each [batch, position, head, head_dim]. */
  override get(layer: number): { keys: Tensor; values: Tensor } {
    const { keys, values } = super.get(layer);
    return { keys: swapped(keys), values: swapped(values) };
  }

  override reorder_cache(indices: ArrayLike<number | bigint>): void {
    if (this.images) {
      this.images = Array.from(indices, row => this.images![Number(row)]!);
    }
    super.reorder_cache(indices);
  }

  override clone(): DynamicCache {
    const copy = super.clone() as QWenCache;
    copy.images = this.images;
    return copy;
  }

  private layer(i: number): QWenPast | undefined {
    if (i >= this.length) {
      return undefined;
    }
    const { keys, values } = this.get(i);
    return [keys, values];
  }
}

/** Swaps the two middle axes: [batch, head, position, d] ↔ [batch, position, head, d]. */
function swapped(t: Tensor): Tensor {
  const [batch, n, m, d] = t.dims as [number, number, number, number];
  const from = t.data as Float32Array;
  const data = new Float32Array(from.length);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        const at = ((b * n + i) * m + j) * d;
        data.set(from.subarray(at, at + d), ((b * m + j) * n + i) * d);
      }
    }
  }
  return new Tensor('float32', data, [batch, m, n, d]);
}
