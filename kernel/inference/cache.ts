import type * as ort from 'onnxruntime-common';
import { Tensor } from '../tensor/tensor';

/** Keys and values of one layer, [batch, kv_head, pos, head_dim], in memory or on the device. */
export interface LayerCache {
  readonly keys: ort.Tensor;
  readonly values: ort.Tensor;
}

type TensorFactory = (data: Float32Array, dims: readonly number[]) => ort.Tensor;

/**
 * Keys and values of the positions seen so far, as transformers' `DynamicCache`. A model's `forward` returns one and
 * takes it as `past_key_values`; only positions it does not hold are run.
 *
 * Changes (`crop`, `reorder_cache` …) take effect at once where tensors are in memory; on a GPU they are awaited by the
 * next forward, so they need not be awaited in a cell.
 *
 * @example
 * const out = await model({ input_ids });
 * out.past_key_values.get_seq_length(); // positions held
 * out.past_key_values.crop(3);          // forget all but the first three
 */
export class DynamicCache implements Iterable<readonly [Tensor, Tensor]> {
  /** One entry per layer; empty before the first forward. */
  layers: LayerCache[] = [];
  /** Positions seen; a layer with a sliding window holds only the last of them. */
  private seen = 0;
  /** Layers with a window keep all positions from here on, so that they can be cropped. */
  records_past = false;
  /** Encoder keys and values, for encoder-decoder models. */
  cross: LayerCache[] = [];
  /** Lengths the rotary frequencies were made for, where a family keeps those of the first run. Library code only. */
  ropeLengths: readonly number[] | undefined;
  private settling: Promise<void> = Promise.resolve();
  private pending = 0;
  private make: TensorFactory | undefined;

  /** @param pairs Keys and values per layer, each [batch, kv_head, pos, head_dim]. */
  constructor(pairs: Iterable<readonly [Tensor, Tensor]> = []) {
    this.given = [...pairs];
  }

  private given: (readonly [Tensor, Tensor])[];

  /** Called by the model: supplies the way to make device tensors, and waits for changes under way. */
  async settle(make: TensorFactory): Promise<void> {
    this.make = make;
    await this.settling;
    if (this.given.length > 0 && this.layers.length === 0) {
      this.layers = this.given.map(([k, v]) => ({
        keys: make(k.data as Float32Array, k.dims),
        values: make(v.data as Float32Array, v.dims)
      }));
      this.given = [];
      this.seen = this.layers[0]?.keys.dims[2] ?? 0;
    }
  }

  /** Number of layers. */
  get length(): number {
    return this.layers.length || this.given.length;
  }

  get is_initialized(): boolean {
    return this.length > 0;
  }

  /** Positions seen so far. A layer with a sliding window has seen them all but holds only the last. */
  get_seq_length(_layer = 0): number {
    return this.layers.length > 0 ? this.seen : (this.given[0]?.[0].dims[2] ?? 0);
  }

  /** Layers with a sliding window keep all positions from here on, so that later ones can be cropped again. */
  activate_past_recording(): void {
    this.records_past = true;
  }

  /** Batch rows held, 0 when empty. */
  get batch_size(): number {
    return this.layers[0]?.keys.dims[0] ?? this.given[0]?.[0].dims[0] ?? 0;
  }

  /** Bytes of all keys and values. */
  get bytes(): number {
    return [...this.layers, ...this.cross].reduce((n, l) => n + 4 * (l.keys.size + l.values.size), 0);
  }

  /**
   * Keys and values of a layer, each [batch, kv_head, pos, head_dim].
   * @throws {RangeError} If there is no such layer, or it is on the GPU (use `download`).
   */
  get(layer: number): { keys: Tensor; values: Tensor } {
    const i = layer < 0 ? this.length + layer : layer;
    if (this.given[i]) {
      return { keys: this.given[i][0], values: this.given[i][1] };
    }
    const entry = this.layers[i];
    if (!entry) {
      throw new RangeError(
        `Cannot read layer ${layer} of the cache as it must be below ${this.length}: current value is ${layer}`
      );
    }
    return { keys: inMemory(entry.keys), values: inMemory(entry.values) };
  }

  *[Symbol.iterator](): Iterator<readonly [Tensor, Tensor]> {
    for (let i = 0; i < this.length; i++) {
      const { keys, values } = this.get(i);
      yield [keys, values];
    }
  }

  /** Brings all layers into memory, so that `get` and iteration work whatever the device. */
  async download(): Promise<this> {
    await this.settling;
    await this.map(async t => t);
    return this;
  }

  /** Keeps the first `length` positions; a negative length drops that many from the end. */
  crop(length: number): void {
    const held = this.get_seq_length();
    const keep = length < 0 ? held + length : length;
    if (keep >= held) {
      return;
    }
    if (keep < 0) {
      throw new RangeError(`Cannot crop the cache as length must be at least ${-held}: current value is ${length}`);
    }
    const drop = held - keep;
    const short = this.layers.find(l => l.keys.dims[2]! < held);
    if (short && short.keys.dims[2]! <= drop) {
      throw new RangeError(
        `Cannot crop the cache as its sliding-window layers must still hold the positions: they hold the last ${short.keys.dims[2]} of ${held}, ${drop} are to go (activate_past_recording() before generating keeps them)`
      );
    }
    this.seen = keep;
    this.change((data, [b, h, t, d]) => {
      const left = t - drop;
      const out = new Float32Array(b * h * left * d);
      for (let i = 0; i < b * h; i++) {
        out.set(data.subarray(i * t * d, (i * t + left) * d), i * left * d);
      }
      return { data: out, dims: [b, h, left, d] };
    });
  }

  /** Makes row i of the batch what row indices[i] was (beam search). */
  reorder_cache(indices: ArrayLike<number | bigint>): void {
    const rows = Array.from(indices, Number);
    if (this.ropeLengths && this.ropeLengths.length > 1) {
      this.ropeLengths = rows.map(row => this.ropeLengths![row]!);
    }
    this.change((data, [b, h, t, d]) => {
      const size = h * t * d;
      const out = new Float32Array(rows.length * size);
      rows.forEach((row, i) => {
        if (row < 0 || row >= b) {
          throw new RangeError(`Cannot reorder the cache as rows must be below ${b}: current value is ${row}`);
        }
        out.set(data.subarray(row * size, (row + 1) * size), i * size);
      });
      return { data: out, dims: [rows.length, h, t, d] };
    }, true);
  }

  /** The same as `reorder_cache`: keeps the given rows of the batch. */
  batch_select_indices(indices: ArrayLike<number | bigint>): void {
    this.reorder_cache(indices);
  }

  /** Repeats every row of the batch `repeats` times in place: a, a, b, b. */
  batch_repeat_interleave(repeats: number): void {
    this.reorder_cache(Array.from({ length: this.batch_size * repeats }, (_, i) => Math.floor(i / repeats)));
  }

  /** Forgets everything and frees device memory. */
  reset(): void {
    this.dispose();
    this.given = [];
  }

  dispose(): void {
    [...this.layers, ...this.cross].forEach(l => {
      l.keys.dispose();
      l.values.dispose();
    });
    this.layers = [];
    this.cross = [];
    this.seen = 0;
    this.ropeLengths = undefined;
  }

  /** A cache with the same contents that can be changed apart from this one. Tensors are shared until either changes. */
  clone(): DynamicCache {
    const copy = new (this.constructor as typeof DynamicCache)(this.given);
    copy.layers = [...this.layers];
    copy.cross = [...this.cross];
    copy.seen = this.seen;
    copy.ropeLengths = this.ropeLengths;
    copy.make = this.make;
    copy.settling = this.settling;
    copy.shared = this.shared = true;
    return copy;
  }

  private shared = false;

  /** Takes over the layers a forward produced over `added` positions; the old ones are freed unless shared. */
  replace(layers: LayerCache[], added: number): void {
    this.seen += added;
    if (!this.shared) {
      this.layers.forEach(l => {
        l.keys.dispose();
        l.values.dispose();
      });
    }
    this.shared = false;
    this.layers = layers;
  }

  private change(
    edit: (data: Float32Array, dims: [number, number, number, number]) => { data: Float32Array; dims: number[] },
    alsoCross = false
  ): void {
    this.given = this.given.map(([k, v]) => [edited(k, edit), edited(v, edit)] as const);
    const apply = async (t: ort.Tensor, data: Float32Array): Promise<ort.Tensor> => {
      const result = edit(data, t.dims as unknown as [number, number, number, number]);
      return this.make!(result.data, result.dims);
    };
    const all = alsoCross ? [...this.layers, ...this.cross] : this.layers;
    if (this.pending === 0 && all.every(l => l.keys.location === 'cpu' && l.values.location === 'cpu')) {
      const now = (t: ort.Tensor): ort.Tensor => {
        const result = edit(t.data as Float32Array, t.dims as unknown as [number, number, number, number]);
        return this.make!(result.data, result.dims);
      };
      this.layers = this.layers.map(l => ({ keys: now(l.keys), values: now(l.values) }));
      if (alsoCross) {
        this.cross = this.cross.map(l => ({ keys: now(l.keys), values: now(l.values) }));
      }
      return;
    }
    this.pending++;
    this.settling = this.settling
      .then(() => this.map(apply, alsoCross))
      .finally(() => {
        this.pending--;
      });
  }

  private async map(fn: (t: ort.Tensor, data: Float32Array) => Promise<ort.Tensor>, alsoCross = true): Promise<void> {
    const one = async (t: ort.Tensor): Promise<ort.Tensor> => {
      const data = (await t.getData()) as Float32Array;
      const result = await fn(t, data);
      return result === t && t.location !== 'cpu' ? this.make!(data, t.dims) : result;
    };
    const each = async (layers: LayerCache[]): Promise<LayerCache[]> => {
      const out: LayerCache[] = [];
      for (const l of layers) {
        const next = { keys: await one(l.keys), values: await one(l.values) };
        if (!this.shared) {
          [l.keys, l.values].forEach(t => t.location !== 'cpu' && t.dispose());
        }
        out.push(next);
      }
      return out;
    };
    this.layers = await each(this.layers);
    if (alsoCross) {
      this.cross = await each(this.cross);
    }
  }
}

function inMemory(t: ort.Tensor): Tensor {
  if (t.location !== 'cpu') {
    throw new RangeError(
      'Cannot read the cache as its tensors must be in memory: they are on the GPU; await cache.download() first'
    );
  }
  return new Tensor('float32', t.data as Float32Array, t.dims);
}

function edited(
  t: Tensor,
  edit: (data: Float32Array, dims: [number, number, number, number]) => { data: Float32Array; dims: number[] }
): Tensor {
  const { data, dims } = edit(t.data as Float32Array, t.dims as unknown as [number, number, number, number]);
  return new Tensor('float32', data, dims);
}
