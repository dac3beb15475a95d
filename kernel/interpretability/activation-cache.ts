import type { Tensor } from '../tensor/tensor';
import type { AnySite, GlobalSite } from './hook-names';
import { canonicalName, isGlobal, layerIndex, siteName } from './hook-names';

/**
 * Activations by name, as TransformerLens's ActivationCache.
 *
 * | site | shape |
 * |---|---|
 * | embed, pos_embed, resid_pre, resid_mid, resid_post, attn_out, mlp_out | [batch, pos, d_model] |
 * | q, rot_q, z | [batch, pos, head, d_head] |
 * | k, v, rot_k | [batch, pos, kv_head, d_head] |
 * | attn_scores, pattern | [batch, head, query_pos, key_pos] |
 * | result | [batch, pos, head, d_model] |
 * | mlp_pre, mlp_pre_linear, mlp_post | [batch, pos, d_mlp] |
 * | ln1_scale, ln2_scale, ln_final_scale | [batch, pos, 1] |
 *
 * @example
 * const { cache } = await model.run_with_cache(inputs, { names: ['pattern'] });
 * cache.get('pattern', 5);                 // layer 5
 * cache.get('blocks.5.attn.hook_pattern'); // the same
 */
export class ActivationCache implements Iterable<readonly [string, Tensor]> {
  constructor(
    private readonly values: ReadonlyMap<string, Tensor>,
    private readonly layers: number,
    private readonly prefix = ''
  ) {}

  /** True if the cache holds a name or a site of a layer. */
  has(name: string, layer?: number): boolean {
    return this.values.has(this.fullName(name, layer));
  }

  /**
   * One activation.
   *
   * @param name A hook name, or a site with its layer (negative: from the end).
   * @throws {RangeError} If it was not kept.
   */
  get(name: AnySite | GlobalSite | (string & {}), layer?: number): Tensor {
    const full = this.fullName(name, layer);
    const value = this.values.get(full);
    if (!value) {
      throw new RangeError(
        `Cannot read ${full} as the cache must hold it: it holds ${this.summary()}. Add the site to run_with_cache's names`
      );
    }
    return value;
  }

  /** One head's attention, [query_pos, key_pos], of the first (or given) batch row. */
  pattern(layer: number, head: number, batch = 0): Tensor {
    return this.get('pattern', layer).at(batch, head);
  }

  keys(): string[] {
    return [...this.values.keys()];
  }

  /** Number of activations held. */
  get size(): number {
    return this.values.size;
  }

  /** Bytes held. */
  get bytes(): number {
    return [...this.values.values()].reduce((n, t) => n + t.data.byteLength, 0);
  }

  *[Symbol.iterator](): Iterator<readonly [string, Tensor]> {
    yield* this.values;
  }

  /**
   * One site of all layers, stacked: [layer, …].
   * @throws {RangeError} If a layer is missing.
   */
  stack_activation(site: AnySite): Tensor {
    const all = Array.from({ length: this.layers }, (_, i) => this.get(site, i));
    const first = all[0]!;
    return (first.constructor as typeof Tensor).stack(all);
  }

  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    const lines = this.keys()
      .slice(0, 40)
      .map(k => `${k.padEnd(36)} [${this.values.get(k)!.dims.join(', ')}]`);
    const more = this.size > 40 ? [`… and ${this.size - 40} more`] : [];
    return {
      'text/plain': [
        `ActivationCache: ${this.size} activations, ${(this.bytes / 2 ** 20).toFixed(1)} MiB`,
        ...lines,
        ...more
      ].join('\n')
    };
  }

  private fullName(name: string, layer?: number): string {
    if (layer !== undefined) {
      return siteName(name as AnySite, layerIndex(layer, this.layers), this.prefix);
    }
    return isGlobal(name) ? siteName(name, -1, this.prefix) : canonicalName(name, this.layers);
  }

  private summary(): string {
    const keys = this.keys();
    return keys.length > 6
      ? `${keys.slice(0, 6).join(', ')} and ${keys.length - 6} more`
      : keys.join(', ') || 'nothing';
  }
}
