/**
 * One stack as a session: what to feed it for a run, and what comes back.
 */
import type * as ort from 'onnxruntime-common';
import { cacheNames, maskName, ropeNames } from '../graph/attention';
import type { BuiltGraph, Target } from '../graph/builder';
import { takesRows } from '../graph/head';
import type { EditSite } from '../graph/names';
import { editInputs } from '../graph/names';
import { buildStack } from '../graph/stack';
import type { Engine, ProgressEvent } from '../host/host';
import type { Block, Stack } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import type { LayerCache } from './cache';
import type { Mask } from './masks';
import { addBias, attentionMask, keyMask } from './masks';
import { alibiBias, defaultPositions, lognScale, relativeBias, rotaryAngles } from './positions';
import { openSession } from './session';
import type { LookupTable } from './table';
import { inTurn } from './turns';
import type { WeightReader } from './weights';

type Ints = ArrayLike<number | bigint>;

/** An edit of one site in all layers: value · mul + add, arrays broadcast over the value (see graph/hooks.ts). */
export interface SiteEdit {
  readonly mul: { readonly data: Float32Array; readonly dims: readonly number[] };
  readonly add: { readonly data: Float32Array; readonly dims: readonly number[] };
}

export interface StackRun {
  readonly batch: number;
  /** Positions of this run (without the past). */
  readonly queries: number;
  /** Row-major [batch, queries]; needed where no embeddings are given, or positions come from ids. */
  readonly ids?: Ints | undefined;
  /** [batch, queries, dim], instead of looking ids up. */
  readonly embeds?: Float32Array | undefined;
  /** [batch, patch, channels · size²]. */
  readonly patches?: Float32Array | undefined;
  readonly typeIds?: Ints | undefined;
  /** Row-major [batch, queries]. */
  readonly positions?: Int32Array | undefined;
  /** Row-major [batch, past + queries]. */
  readonly padding?: Ints | undefined;
  /** A ready additive mask instead of one from padding. */
  readonly mask?: Mask | undefined;
  readonly past?: readonly LayerCache[] | undefined;
  /** Positions before this run; layers with a window hold only the last of them. */
  readonly seen?: number | undefined;
  /** Bring back all positions of layers with a window, not only those they need. */
  readonly keepAll?: boolean | undefined;
  readonly cross?: { readonly layers: readonly LayerCache[]; readonly padding?: Ints | undefined } | undefined;
  /** Flattened rows (b · queries + q) a row-taking head keeps. */
  readonly rows?: readonly number[] | undefined;
  /** Row-major [n, hidden_size]: states put through the final norm and the row-taking head after the rows kept. */
  readonly lens?: Float32Array | undefined;
  readonly edits?: ReadonlyMap<EditSite, SiteEdit> | undefined;
  /** Lengths rotary frequencies are made for, one for all rows or one each; default the last position's. */
  readonly ropeLengths?: readonly number[] | undefined;
  /** Names of values to bring back. */
  readonly fetch: readonly string[];
  /** Bring back keys and values. */
  readonly cache: boolean;
}

export interface StackResult {
  readonly values: ReadonlyMap<string, Tensor>;
  readonly present?: LayerCache[];
}

export class StackRunner {
  private constructor(
    readonly stack: Stack,
    readonly target: Target,
    readonly graph: BuiltGraph,
    readonly engine: Engine,
    private readonly session: ort.InferenceSession,
    readonly tables: { readonly [canonical: string]: LookupTable },
    private readonly padId: number | undefined
  ) {}

  /** Builds the graph, brings the weights, opens the session. */
  static async create(
    engine: Engine,
    stack: Stack,
    target: Target,
    reader: WeightReader,
    options: {
      padId?: number | undefined;
      progress?: ((event: ProgressEvent) => void) | undefined;
      signal?: AbortSignal | undefined;
    } = {}
  ): Promise<StackRunner> {
    const graph = buildStack(stack, target);
    const tables: { [canonical: string]: LookupTable } = {};
    for (const name of tableNames(stack)) {
      tables[name] = await reader.table(`${stack.prefix}${name}`, options.signal);
    }
    const onGpu = engine.device === 'webgpu' && stack.causal;
    const preferred = Object.fromEntries(
      onGpu
        ? stack.blocks.flatMap((_, i) => {
            const names = cacheNames(i, stack.prefix);
            const window = stack.blocks[i]!.attention.window === undefined ? [] : [names.window_k, names.window_v];
            return [names.present_k, names.present_v, ...window].map(n => [n, 'gpu-buffer'] as const);
          })
        : []
    );
    const session = await openSession(
      engine,
      graph,
      reader,
      options,
      onGpu ? { preferredOutputLocation: preferred } : {}
    );
    return new StackRunner(stack, target, graph, engine, session, tables, options.padId);
  }

  /** A tensor the engine takes. */
  tensor = (data: Float32Array, dims: readonly number[]): ort.Tensor =>
    new this.engine.ort.Tensor('float32', data, dims);

  async run(run: StackRun): Promise<StackResult> {
    const { stack, graph } = this;
    const { prefix } = stack;
    const past = run.seen ?? run.past?.[0]?.keys.dims[2] ?? 0;
    const feeds: { [name: string]: ort.Tensor } = {};
    const wanted = new Set(graph.inputs.map(i => i.name));
    const feed = (name: string, data: Float32Array, dims: readonly number[]): void => {
      if (wanted.has(name)) {
        feeds[name] = this.tensor(data, dims);
      }
    };
    this.feedEmbedding(run, past, feed);
    this.feedMasks(run, past, feed);
    this.feedEdits(run, feed);
    this.feedCaches(run, feeds);
    if (takesRows(stack.heads)) {
      const rows = run.rows ?? Array.from({ length: run.batch * run.queries }, (_, i) => i);
      feeds[`${prefix}logit_rows`] = new this.engine.ort.Tensor('int64', BigInt64Array.from(rows, BigInt), [
        rows.length
      ]);
      const lens = run.lens ?? new Float32Array(0);
      feeds[`${prefix}lens_states`] = this.tensor(lens, [lens.length / stack.hidden_size, stack.hidden_size]);
    }
    const caches =
      run.cache && stack.causal ? stack.blocks.map((block, i) => presentNames(block, cacheNames(i, prefix), run)) : [];
    const fetches = [...new Set([...run.fetch, ...caches.flatMap(c => [c.keys, c.values])])];
    const results = await inTurn(this.engine, () => this.session.run(feeds, fetches));
    const values = new Map<string, Tensor>();
    for (const name of run.fetch) {
      values.set(name, await this.logical(name, results[name]!, run));
    }
    const present = caches.map(c => ({ keys: results[c.keys]!, values: results[c.values]! }));
    return present.length > 0 ? { values, present } : { values };
  }

  /** Frees the session and the tables. */
  async dispose(): Promise<void> {
    await this.session.release();
  }

  /** Bytes of lookup tables and of weights as the engine holds them. */
  get bytes(): number {
    const weights = this.graph.weights.flatMap(w => w.parts).reduce((n, p) => n + p.initializer.byteLength!, 0);
    return weights + Object.values(this.tables).reduce((n, t) => n + t.bytes, 0);
  }

  private feedEmbedding(
    run: StackRun,
    past: number,
    feed: (name: string, data: Float32Array, dims: readonly number[]) => void
  ): void {
    const { embedding, prefix, ropes, hidden_size } = this.stack;
    const { batch, queries } = run;
    if (embedding.tokens) {
      const data = run.embeds ?? this.tables['embed.weight']!.lookup(run.ids!, embedding.tokens.scale);
      feed(`${prefix}inputs_embeds`, data, [batch, queries, embedding.tokens.dim]);
    }
    if (embedding.patches && run.patches) {
      const { channels, patch_size, cls } = embedding.patches;
      feed(`${prefix}patches`, run.patches, [batch, queries - (cls ? 1 : 0), channels * patch_size * patch_size]);
    }
    const { padding, ids } = run;
    const source = embedding.positions?.from ?? 'arange';
    const positions =
      run.positions ?? defaultPositions(source, { batch, past, queries, padding, ids, padId: this.padId });
    if (embedding.positions) {
      const { offset } = embedding.positions;
      feed(`${prefix}pos_embeds`, this.tables['pos_embed.weight']!.lookup(positions.map(p => p + offset)), [
        batch,
        queries,
        hidden_size
      ]);
    }
    if (embedding.types) {
      const types = run.typeIds ?? new Int32Array(batch * queries);
      feed(`${prefix}type_embeds`, this.tables['type_embed.weight']!.lookup(types), [batch, queries, hidden_size]);
    }
    for (const [name, rope] of Object.entries(ropes)) {
      const names = ropeNames(name, prefix);
      const { cos, sin } = rotaryAngles(rope, positions, run.ropeLengths);
      const dims = [batch, queries, rope.dim / 2];
      feed(names.cos, cos, dims);
      feed(names.sin, sin, dims);
    }
    const logn = this.stack.blocks[0]?.attention.query_scale?.logn;
    if (logn !== undefined) {
      feed(`${prefix}query_scale`, lognScale(logn, positions), [batch, queries, 1]);
    }
  }

  private feedMasks(
    run: StackRun,
    past: number,
    feed: (name: string, data: Float32Array, dims: readonly number[]) => void
  ): void {
    const { stack } = this;
    const { batch, queries, padding } = run;
    for (const window of new Set(stack.blocks.map(b => b.attention.window))) {
      const layer = stack.blocks.findIndex(b => b.attention.window === window);
      const held = run.past?.[layer]?.keys.dims[2] ?? past;
      let mask = run.mask
        ? lastKeys(run.mask, held + queries)
        : attentionMask({
            batch,
            past,
            held,
            queries,
            causal: stack.causal || stack.masked === 'causal',
            window,
            padding
          });
      if (stack.relative_bias) {
        mask = addBias(mask, relativeBias(stack.relative_bias, this.relativeTable, past, queries));
      }
      if (stack.alibi) {
        mask = addBias(mask, alibiBias(stack.alibi, batch, past + queries, padding));
      }
      feed(maskName(window, stack.prefix), mask.data, mask.dims);
    }
    if (run.cross) {
      const keys = run.cross.layers[0]!.keys.dims[2]!;
      const mask = keyMask(batch, keys, run.cross.padding);
      feed(`${stack.prefix}cross_bias`, mask.data, mask.dims);
    }
  }

  private relativeValues: Float32Array | undefined;

  private get relativeTable(): Float32Array {
    return (this.relativeValues ??= this.tables['relative_bias.weight']!.all());
  }

  private feedEdits(run: StackRun, feed: (name: string, data: Float32Array, dims: readonly number[]) => void): void {
    const layers = this.stack.blocks.length;
    for (const site of this.target.edits) {
      const names = editInputs(site, this.stack.prefix);
      const rank = site === 'pattern' ? 4 : 2;
      const neutral = [layers, ...new Array<number>(rank).fill(1)];
      const edit = run.edits?.get(site);
      const mul = edit?.mul ?? { data: new Float32Array(layers).fill(1), dims: neutral };
      const add = edit?.add ?? { data: new Float32Array(layers), dims: neutral };
      feed(names.mul, mul.data, mul.dims);
      feed(names.add, add.data, add.dims);
    }
  }

  private feedCaches(run: StackRun, feeds: { [name: string]: ort.Tensor }): void {
    const { stack } = this;
    stack.blocks.forEach((block, i) => {
      const names = cacheNames(i, stack.prefix);
      if (stack.causal) {
        const { kv_heads, head_dim } = block.attention;
        const empty = (): ort.Tensor => this.tensor(new Float32Array(0), [run.batch, kv_heads, 0, head_dim]);
        feeds[names.past_k] = run.past?.[i]?.keys ?? empty();
        feeds[names.past_v] = run.past?.[i]?.values ?? empty();
      }
      if (run.cross) {
        feeds[names.cross_k] = run.cross.layers[i]!.keys;
        feeds[names.cross_v] = run.cross.layers[i]!.values;
      }
    });
  }

  /** A fetched value under the dims its name stands for. */
  private async logical(name: string, value: ort.Tensor, run: StackRun): Promise<Tensor> {
    const data = (value.location === 'cpu' ? value.data : await value.getData(true)) as Float32Array;
    const stored = value.dims;
    const wanted = this.graph.readable.get(name)!.dims;
    const dims = wanted.map(d =>
      typeof d === 'number' ? d : d === 'batch' ? run.batch : d === 'pos' ? run.queries : -1
    );
    const unknown = dims.indexOf(-1);
    if (dims.filter(d => d === -1).length === 1) {
      const known = dims.reduce((n, d) => (d === -1 ? n : n * d), 1);
      dims[unknown] = known === 0 ? 0 : data.length / known;
    } else if (unknown !== -1) {
      return new Tensor('float32', data, stored);
    }
    return new Tensor('float32', data, dims);
  }
}

/** Canonical names of the tables a stack looks things up in, without its prefix. */
function tableNames({ embedding, relative_bias }: Stack): string[] {
  return [
    ...(embedding.tokens ? ['embed.weight'] : []),
    ...(embedding.positions ? ['pos_embed.weight'] : []),
    ...(embedding.types ? ['type_embed.weight'] : []),
    ...(relative_bias ? ['relative_bias.weight'] : [])
  ];
}

/** Which outputs become a layer's cache. */
function presentNames(
  block: Block,
  names: ReturnType<typeof cacheNames>,
  run: StackRun
): { keys: string; values: string } {
  return block.attention.window === undefined || run.keepAll
    ? { keys: names.present_k, values: names.present_v }
    : { keys: names.window_k, values: names.window_v };
}

/** The last keys of a given mask, for a layer that no longer holds the first. */
function lastKeys(mask: Mask, keys: number): Mask {
  const [batch, heads, queries, all] = mask.dims as [number, number, number, number];
  if (all === keys) {
    return mask;
  }
  const data = new Float32Array(batch * heads * queries * keys);
  for (let row = 0; row < batch * heads * queries; row++) {
    data.set(mask.data.subarray(row * all + all - keys, (row + 1) * all), row * keys);
  }
  return { data, dims: [batch, heads, queries, keys] };
}
