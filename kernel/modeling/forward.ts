/**
 * One pass through one stack: reads what a cell gave, runs (in chunks where nothing inside is asked for), and puts the
 * pieces into Python's shapes.
 */
import type { EditSite } from '../graph/names';
import { hookName } from '../graph/names';
import { takesRows } from '../graph/head';
import { DynamicCache } from '../inference/cache';
import type { Mask } from '../inference/masks';
import type { SiteEdit, StackResult, StackRun, StackRunner } from '../inference/stack-runner';
import type { Stack } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import { expectDims, floats, ints, readMask } from './inputs';
import type { Runtime } from './load';

/** Positions per run of a long prompt: bounds the memory of values nobody asked for. */
const CHUNK = 256;

/** What a caller other than `forward` adds to a run: values to bring back and values to change. */
export interface Probe {
  readonly fetch?: readonly string[];
  readonly edits?: ReadonlyMap<EditSite, SiteEdit>;
}

/** The inputs of a forward as a cell gives them. */
export interface ForwardInputs {
  [key: string]: unknown;
}

export interface StackPass {
  readonly values: ReadonlyMap<string, Tensor>;
  readonly cache: DynamicCache | undefined;
  readonly batch: number;
  readonly queries: number;
  /** Rows kept per batch row by a row-taking head. */
  readonly kept: number;
  readonly hidden_states: readonly (Tensor | null)[] | undefined;
  readonly attentions: readonly Tensor[] | undefined;
  readonly cross_attentions: readonly Tensor[] | undefined;
}

export interface PassOptions {
  readonly runtime: Runtime;
  /** Which of the architecture's stacks. */
  readonly index: number;
  readonly inputs: ForwardInputs;
  /** Names of head outputs to bring back. */
  readonly outputs: readonly string[];
  readonly useCache: boolean;
  readonly probe?: Probe | undefined;
  /** Encoder keys and values. */
  readonly cross?: StackRun['cross'];
  /** Ids that end a text and pad it, for heads that keep one position per row. */
  readonly special?: { readonly eos?: number | undefined; readonly pad?: number | undefined };
}

/** Runs one stack. */
export async function runStack(options: PassOptions): Promise<StackPass> {
  const { runtime, index, inputs, probe } = options;
  const edits = withHeadMask(runtime.architecture.stacks[index]!, probe?.edits, inputs['head_mask']);
  const runner = await runtime.stack(index, edits !== undefined);
  const { stack } = runner;
  const cache = await readCache(runner, inputs['past_key_values'], options.useCache);
  const past = cache?.get_seq_length() ?? 0;
  const base = readInputs(stack, inputs, past);
  const { batch, queries } = base;
  const wanted = wantedStates(stack, inputs);
  const rows = chooseRows(stack, options, base);
  const fetch = [...options.outputs, ...wanted.names, ...(probe?.fetch ?? [])];
  const ropeLengths = frozenLengths(stack, cache, base, past);
  const run: StackRun = {
    ...base,
    ...(rows ? { rows: rows.flat } : {}),
    ...(edits ? { edits } : {}),
    ...(ropeLengths ? { ropeLengths } : {}),
    ...(options.cross ? { cross: options.cross } : {}),
    fetch,
    past: cache?.layers,
    seen: past,
    keepAll: cache?.records_past,
    cache: cache !== undefined
  };
  const chunkable = stack.causal && cache && !edits && !base.mask && !options.cross && fetch.every(n => n === 'logits');
  const result =
    chunkable && queries > CHUNK ? await runChunked(runner, run, cache) : await runWhole(runner, run, cache);
  const pick = (name: string): Tensor => result.get(name)!;
  return {
    values: result,
    cache,
    batch,
    queries,
    kept: rows ? rows.flat.length / batch : queries,
    hidden_states: wanted.hidden?.map(name => (name === null ? null : pick(name))),
    attentions: wanted.attentions?.map(pick),
    cross_attentions: wanted.cross?.map(pick)
  };
}

/**
 * Lengths for frequencies that the first run of a cache settles: each row's positions that are not padding.
 */
function frozenLengths(
  stack: Stack,
  cache: DynamicCache | undefined,
  base: Base,
  past: number
): readonly number[] | undefined {
  if (!Object.values(stack.ropes).some(r => r.frozen)) {
    return undefined;
  }
  const { batch, queries, padding } = base;
  const total = past + queries;
  const count = (row: number): number =>
    padding!.subarray(row * total, (row + 1) * total).reduce((n, m) => n + (m === 0 ? 0 : 1), 0);
  const kept = past > 0 ? cache?.ropeLengths : undefined;
  const lengths = kept ?? (padding ? Array.from({ length: batch }, (_, row) => count(row)) : [total]);
  if (cache) {
    cache.ropeLengths = lengths;
  }
  return lengths;
}

async function runWhole(
  runner: StackRunner,
  run: StackRun,
  cache: DynamicCache | undefined
): Promise<ReadonlyMap<string, Tensor>> {
  const result = await runner.run(run);
  if (cache && result.present) {
    cache.replace(result.present, run.queries);
  }
  return result.values;
}

/** A long prompt piece by piece; only logits come back, and only of the rows kept. */
async function runChunked(
  runner: StackRunner,
  run: StackRun,
  cache: DynamicCache
): Promise<ReadonlyMap<string, Tensor>> {
  const { batch, queries } = run;
  const past = cache.get_seq_length();
  const rows = run.rows ?? Array.from({ length: batch * queries }, (_, i) => i);
  const vocab = (runner.stack.heads[0]!.steps.find(s => s.op === 'linear') as { out: number }).out;
  const logits = new Float32Array(rows.length * vocab);
  for (let from = 0; from < queries; from += CHUNK) {
    const to = Math.min(from + CHUNK, queries);
    const here = rows
      .map((row, i) => ({ i, b: Math.floor(row / queries), q: row % queries }))
      .filter(r => r.q >= from && r.q < to);
    const dim = run.embeds ? run.embeds.length / (batch * queries) : 1;
    const cut = <A extends Int32Array | Float32Array>(a: A | undefined, width = 1): A | undefined =>
      a && slice(a, batch, queries, from, to, width);
    const result: StackResult = await runner.run({
      ...run,
      queries: to - from,
      ids: cut(run.ids as Int32Array | undefined),
      embeds: cut(run.embeds, dim),
      typeIds: cut(run.typeIds as Int32Array | undefined),
      positions: cut(run.positions),
      padding: run.padding && slice(run.padding as Int32Array, batch, past + queries, 0, past + to, 1),
      past: cache.layers,
      seen: past + from,
      // A row is always asked for: an empty product is no use to any kernel.
      rows: here.length > 0 ? here.map(r => r.b * (to - from) + r.q - from) : [0]
    });
    const got = result.values.get('logits')!.data as Float32Array;
    here.forEach((r, n) => logits.set(got.subarray(n * vocab, (n + 1) * vocab), r.i * vocab));
    cache.replace(result.present!, to - from);
  }
  return new Map([['logits', new Tensor('float32', logits, [rows.length, vocab])]]);
}

/** Columns [from, to) of each row of [batch, length, width]. */
function slice<A extends Int32Array | Float32Array>(
  a: A,
  batch: number,
  length: number,
  from: number,
  to: number,
  width: number
): A {
  const out = new (a.constructor as { new (n: number): A })(batch * (to - from) * width);
  for (let b = 0; b < batch; b++) {
    out.set(a.subarray((b * length + from) * width, (b * length + to) * width) as never, b * (to - from) * width);
  }
  return out;
}

interface Base {
  batch: number;
  queries: number;
  ids?: Int32Array;
  embeds?: Float32Array;
  patches?: Float32Array;
  typeIds?: Int32Array;
  positions?: Int32Array;
  padding?: Int32Array;
  mask?: Mask;
}

function readInputs(stack: Stack, inputs: ForwardInputs, past: number): Base {
  const { input_ids, inputs_embeds } = inputs;
  if (stack.embedding.patches) {
    return readPatches(stack, inputs['pixel_values']);
  }
  const none = (v: unknown): boolean => v === undefined || v === null;
  if (none(input_ids) === none(inputs_embeds)) {
    throw new TypeError('You must specify exactly one of input_ids or inputs_embeds');
  }
  let batch: number;
  let queries: number;
  const base: Partial<Base> = {};
  if (none(inputs_embeds)) {
    const ids = ints('input_ids', input_ids);
    [batch, queries] = ids.dims as [number, number];
    base.ids = ids.data;
  } else {
    const { data, dims } = floats('inputs_embeds', inputs_embeds);
    expectDims(
      'inputs_embeds',
      dims,
      [undefined, undefined, stack.embedding.tokens!.dim],
      ['batch', 'pos', 'hidden_size']
    );
    [batch, queries] = dims as [number, number];
    base.embeds = data;
  }
  if (batch === 0 || queries === 0) {
    throw new RangeError(
      `Cannot run the model as input must have at least one token: current shape is [${batch}, ${queries}]`
    );
  }
  if (!none(inputs['token_type_ids']) && stack.embedding.types) {
    const { data, dims } = ints('token_type_ids', inputs['token_type_ids']);
    expectDims('token_type_ids', dims, [batch, queries], ['batch', 'pos']);
    base.typeIds = data;
  }
  if (!none(inputs['position_ids'])) {
    const { data, dims } = ints('position_ids', inputs['position_ids']);
    expectDims('position_ids', dims, [dims[0] === 1 ? 1 : batch, queries], ['batch', 'pos']);
    base.positions =
      dims[0] === batch ? data : Int32Array.from({ length: batch * queries }, (_, i) => data[i % queries]!);
  }
  return { ...base, ...readMask(inputs['attention_mask'], batch, past + queries), batch, queries };
}

/** Pixel values [batch, channels, height, width] as unfolded patches. */
function readPatches(stack: Stack, pixels: unknown): Base {
  if (pixels === undefined || pixels === null) {
    throw new TypeError('You have to specify pixel_values');
  }
  const { channels, patch_size: p, image_size, cls } = stack.embedding.patches!;
  const { data, dims } = floats('pixel_values', pixels);
  expectDims(
    'pixel_values',
    dims,
    [undefined, channels, image_size, image_size],
    ['batch', 'channels', 'height', 'width']
  );
  const batch = dims[0]!;
  const side = Math.floor(image_size / p);
  const width = channels * p * p;
  const patches = new Float32Array(batch * side * side * width);
  let at = 0;
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < side; row++) {
      for (let col = 0; col < side; col++) {
        for (let c = 0; c < channels; c++) {
          for (let y = 0; y < p; y++) {
            const start = ((b * channels + c) * image_size + row * p + y) * image_size + col * p;
            patches.set(data.subarray(start, start + p), at);
            at += p;
          }
        }
      }
    }
  }
  return { batch, queries: side * side + (cls ? 1 : 0), patches };
}

async function readCache(runner: StackRunner, given: unknown, useCache: boolean): Promise<DynamicCache | undefined> {
  if (!runner.stack.causal) {
    return undefined;
  }
  if (given === undefined || given === null) {
    const made = useCache ? new DynamicCache() : undefined;
    await made?.settle(runner.tensor);
    return made;
  }
  if (!(given instanceof DynamicCache)) {
    throw new TypeError(
      `Cannot use past_key_values as it must be a DynamicCache (new DynamicCache(pairs) makes one from keys and values): current value is ${Array.isArray(given) ? 'a list' : typeof given}`
    );
  }
  await given.settle(runner.tensor);
  const layers = runner.stack.blocks.length;
  if (given.length !== 0 && given.length !== layers) {
    throw new TypeError(
      `Cannot use past_key_values as it must have ${layers} layers: current number is ${given.length}`
    );
  }
  return given;
}

/** Names of hidden states and attentions asked for. */
function wantedStates(
  stack: Stack,
  inputs: ForwardInputs
): {
  names: string[];
  hidden?: (string | null)[];
  attentions?: string[];
  cross?: string[];
} {
  const { prefix, blocks } = stack;
  const layers = blocks.map((_, i) => i);
  const result: { names: string[]; hidden?: (string | null)[]; attentions?: string[]; cross?: string[] } = {
    names: []
  };
  const asked = inputs['output_hidden_states'];
  if (asked) {
    const all = [
      hookName('resid_pre', 0, prefix),
      ...layers.slice(0, -1).map(i => hookName('resid_post', i, prefix)),
      stack.last_hidden_normed === false
        ? hookName('resid_post', layers.length - 1, prefix)
        : `${prefix}last_hidden_state`
    ];
    const kept = Array.isArray(asked)
      ? new Set(asked.map(i => (Number(i) < 0 ? all.length + Number(i) : Number(i))))
      : undefined;
    result.hidden = all.map((name, i) => (kept && !kept.has(i) ? null : name));
    result.names.push(...result.hidden.filter(n => n !== null));
  }
  if (inputs['output_attentions']) {
    result.attentions = layers.map(i => hookName('pattern', i, prefix));
    result.names.push(...result.attentions);
    if (blocks[0]!.cross_attention) {
      result.cross = layers.map(i => hookName('pattern', i, prefix, 'cross_attn'));
      result.names.push(...result.cross);
    }
  }
  return result;
}

/** Rows a row-taking head keeps, row-major by batch. */
function chooseRows(stack: Stack, options: PassOptions, base: Base): { flat: number[] } | undefined {
  const { batch, queries } = base;
  if (!takesRows(stack.heads)) {
    return undefined;
  }
  const which = stack.heads.flatMap(h => h.steps).find(s => s.op === 'rows')?.which;
  if (which) {
    const position =
      which === 'last_token' ? lastToken(base, options.special?.pad) : endOfText(base, options.special?.eos);
    return { flat: Array.from({ length: batch }, (_, b) => b * queries + position(b)) };
  }
  const keep = options.inputs['logits_to_keep'] ?? 0;
  let positions: number[];
  if (typeof keep === 'number') {
    const count = keep === 0 ? queries : Math.min(keep, queries);
    positions = Array.from({ length: count }, (_, i) => queries - count + i);
  } else {
    positions = Array.from(ints('logits_to_keep', keep, 1).data, i => (i < 0 ? queries + i : i));
    const wrong = positions.find(i => i < 0 || i >= queries);
    if (wrong !== undefined) {
      throw new RangeError(`Cannot keep logits as logits_to_keep must be within ${queries} positions: one is ${wrong}`);
    }
  }
  return { flat: Array.from({ length: batch }, (_, b) => positions.map(q => b * queries + q)).flat() };
}

/** `head_mask` ([heads] or [layers, heads]) as a factor on the attention probabilities. */
function withHeadMask(
  stack: Stack,
  edits: ReadonlyMap<EditSite, SiteEdit> | undefined,
  headMask: unknown
): ReadonlyMap<EditSite, SiteEdit> | undefined {
  if (headMask === undefined || headMask === null) {
    return edits;
  }
  const layers = stack.blocks.length;
  const { heads } = stack.blocks[0]!.attention;
  const { data, dims } = floats('head_mask', headMask);
  const perLayer = dims.length === 2;
  expectDims('head_mask', dims, perLayer ? [layers, heads] : [heads], perLayer ? ['layers', 'heads'] : ['heads']);
  const mul = Float32Array.from({ length: layers * heads }, (_, i) => data[perLayer ? i : i % heads]!);
  if (edits?.has('pattern')) {
    throw new RangeError(
      'Cannot apply head_mask as the same run edits attention patterns: scale the heads in the edit instead'
    );
  }
  const mask: SiteEdit = {
    mul: { data: mul, dims: [layers, 1, heads, 1, 1] },
    add: { data: new Float32Array(layers), dims: [layers, 1, 1, 1, 1] }
  };
  return new Map([...(edits ?? []), ['pattern', mask]]);
}

/** The last position that is not padding, by ids as Python's `…ForSequenceClassification` of decoders finds it. */
function lastToken({ batch, queries, ids }: Base, pad: number | undefined): (row: number) => number {
  if (pad === undefined && batch > 1) {
    throw new RangeError('Cannot handle batch sizes > 1 if no padding token is defined.');
  }
  return row => {
    for (let q = queries - 1; ids && pad !== undefined && q >= 0; q--) {
      if (ids[row * queries + q] !== pad) {
        return q;
      }
    }
    return queries - 1;
  };
}

/** The first end-of-text token; CLIP's old configurations (eos 2) mean the highest id instead. */
function endOfText({ queries, ids }: Base, eos: number | undefined): (row: number) => number {
  if (!ids) {
    throw new TypeError('You have to specify input_ids');
  }
  return row => {
    const tokens = Array.from(ids.subarray(row * queries, (row + 1) * queries));
    const found = eos === undefined || eos === 2 ? tokens.indexOf(Math.max(...tokens)) : tokens.indexOf(eos);
    return Math.max(found, 0);
  };
}
