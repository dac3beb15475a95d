/**
 * Edits as data: what to change at which site, layer, head and position, turned into the multiply and add that the
 * graph does there (graph/hooks.ts).
 */
import type { EditSite } from '../graph/names';
import { EDIT_SITES, located } from '../graph/names';
import type { SiteEdit } from '../inference/stack-runner';
import type { Stack } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import type { ActivationCache } from './activation-cache';
import { canonicalName, hookPoints, layerIndex } from './hook-names';

/** Where an edit acts. */
export interface At {
  /** A site ('z'), or a hook name ('blocks.5.attn.hook_z'), which includes its layer. */
  readonly site: EditSite | (string & {});
  readonly layer?: number | readonly number[] | 'all';
  /** Heads, for q, k, v (key/value heads), z and pattern. All by default. */
  readonly head?: number | readonly number[];
  /** Positions (query positions for pattern), negative from the end. All by default. */
  readonly pos?: number | readonly number[] | 'last' | 'all' | { readonly from?: number; readonly to?: number };
  /** Rows of the batch. All by default. */
  readonly batch?: number | readonly number[];
}

/** The point a function edit is called at. */
export interface HookContext {
  readonly name: string;
  readonly site: EditSite;
  readonly layer: number;
}

/** One change. */
export type Edit = { readonly at: At } & (
  | { readonly set: 'zero' | 'mean' | Tensor | readonly unknown[] | number }
  | { readonly scale: number }
  | { readonly add: Tensor | readonly unknown[] | number; readonly times?: number }
  | { readonly from: ActivationCache }
  | { readonly fn: (value: Tensor, hook: HookContext) => Tensor | void | Promise<Tensor | void> }
);

/** The size of a run. */
export interface RunSize {
  readonly batch: number;
  readonly pos: number;
  /** Key positions, for pattern. */
  readonly keys: number;
}

/** An edit with its place resolved: one graph site, one layer, lists of heads, positions and rows. */
export interface Placed {
  readonly edit: Edit;
  /** Site as named by the edit. */
  readonly named: EditSite;
  readonly namedLayer: number;
  /** Site and layer under which the graph holds it. */
  readonly site: EditSite;
  readonly layer: number;
  readonly batch: readonly number[];
  readonly pos: readonly number[];
  readonly heads: readonly number[] | undefined;
}

/** Heads of a site, or undefined where it has none. */
export function headsOf(stack: Stack, site: EditSite, layer: number): { count: number; size: number } | undefined {
  const { heads, kv_heads, head_dim } = stack.blocks[layer]!.attention;
  switch (site) {
    case 'q':
    case 'z':
      return { count: heads, size: head_dim };
    case 'k':
    case 'v':
      return { count: kv_heads, size: head_dim };
    case 'pattern':
      return { count: heads, size: 0 };
    default:
      return undefined;
  }
}

/** Last axis of a two-axis site. */
function widthOf(stack: Stack, site: EditSite, layer: number): number {
  const heads = headsOf(stack, site, layer);
  return heads ? heads.count * heads.size : site === 'mlp_post' ? stack.blocks[layer]!.mlp.size : stack.hidden_size;
}

/**
 * Resolves places.
 * @throws {RangeError} If a site cannot be changed, or a layer, head, position or row is not there.
 */
export function placeEdits(stack: Stack, edits: readonly Edit[], size: RunSize): Placed[] {
  const layers = stack.blocks.length;
  return edits.flatMap(edit => {
    const { site: given, layer: givenLayer } = fromName(stack, edit.at);
    if (!(EDIT_SITES as readonly string[]).includes(given)) {
      throw new RangeError(`Cannot edit ${given} as it must be one of ${EDIT_SITES.join(', ')}`);
    }
    const site = given as EditSite;
    const chosen =
      givenLayer === 'all' ? stack.blocks.map((_, i) => i) : list(givenLayer).map(l => layerIndex(l, layers));
    return chosen.map(layer => {
      if (site === 'resid_mid' && stack.blocks[layer]!.residual === 'parallel') {
        throw new RangeError(
          'Cannot edit resid_mid as attention and MLP run in parallel in this model: there is no stream between them'
        );
      }
      const heads = headsOf(stack, site, layer);
      if (edit.at.head !== undefined && !heads) {
        throw new RangeError(`Cannot edit a head at ${site} as the site must have heads (q, k, v, z, pattern)`);
      }
      const at = located(site, layer);
      return {
        edit,
        named: site,
        namedLayer: layer,
        site: at.site as EditSite,
        layer: at.layer,
        batch: within('batch', edit.at.batch === undefined ? 'all' : edit.at.batch, size.batch),
        pos: within('pos', edit.at.pos ?? 'all', size.pos),
        heads: heads && (edit.at.head === undefined ? range(heads.count) : within('head', edit.at.head, heads.count))
      };
    });
  });
}

function fromName(stack: Stack, at: At): { site: string; layer: number | readonly number[] | 'all' } {
  if (at.layer !== undefined) {
    return { site: at.site, layer: at.layer };
  }
  const name = canonicalName(at.site, stack.blocks.length);
  const point = hookPoints([stack]).find(p => p.name === name);
  if (!point || point.layer < 0) {
    throw new RangeError(
      `Cannot edit ${at.site} as the place needs a layer: { site: 'z', layer: 5 } or { site: 'blocks.5.attn.hook_z' }`
    );
  }
  return { site: point.site, layer: point.layer };
}

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

function list(value: number | readonly number[] | 'all'): readonly number[] {
  return typeof value === 'number' ? [value] : value === 'all' ? [] : value;
}

function within(axis: string, value: NonNullable<At['pos']>, length: number): number[] {
  if (value === 'all') {
    return range(length);
  }
  const fix = (i: number): number => {
    const index = i < 0 ? length + i : i;
    if (!Number.isInteger(index) || index < 0 || index >= length) {
      throw new RangeError(`Cannot edit at ${axis} ${i} as it must be within ${length}`);
    }
    return index;
  };
  if (value === 'last') {
    return [length - 1];
  }
  if (typeof value === 'number') {
    return [fix(value)];
  }
  if (Array.isArray(value)) {
    return (value as readonly number[]).map(fix);
  }
  const { from = 0, to = length } = value as { from?: number; to?: number };
  return range(length).filter(i => i >= (from < 0 ? length + from : from) && i < (to < 0 ? length + to : to));
}

/** A value to write or add, broadcast over [batch, pos, (head,) last] of the chosen part. */
type Filler = (b: number, p: number, h: number, i: number) => number;

/** Where the values of `set: 'mean'` and `from` come from: the site's own activations. */
export type Reader = (placed: Placed) => Tensor;

/**
 * Composes edits into one multiply and one add per site.
 *
 * @param read Supplies means' sources; called for `set: 'mean'` only.
 */
export function composeEdits(
  stack: Stack,
  placed: readonly Placed[],
  size: RunSize,
  read: Reader
): Map<EditSite, SiteEdit> {
  const layers = stack.blocks.length;
  const result = new Map<EditSite, SiteEdit>();
  for (const site of new Set(placed.map(p => p.site))) {
    const mine = placed.filter(p => p.site === site);
    const dims = site === 'pattern' ? patternDims(stack, mine, size) : rowDims(stack, site, mine, size);
    const count = layers * dims.reduce((a, b) => a * b, 1);
    const mul = new Float32Array(count).fill(1);
    const add = new Float32Array(count);
    mine.forEach(p => apply(stack, p, dims, mul, add, size, read));
    result.set(site, { mul: { data: mul, dims: [layers, ...dims] }, add: { data: add, dims: [layers, ...dims] } });
  }
  return result;
}

const isPlain = ({ edit }: Placed): boolean => ('set' in edit && edit.set === 'zero') || 'scale' in edit;

/** [rows or 1, width or 1]: a factor on everything needs no more than a number. */
function rowDims(stack: Stack, site: EditSite, mine: readonly Placed[], size: RunSize): number[] {
  const everyRow = mine.every(p => p.pos.length === size.pos && p.batch.length === size.batch);
  const rows = everyRow && mine.every(isPlain) ? 1 : size.batch * size.pos;
  const layer = mine[0]!.layer;
  const heads = headsOf(stack, site, layer);
  const everyHead = mine.every(p => p.heads === undefined || p.heads.length === heads!.count);
  return [rows, everyHead && mine.every(isPlain) ? 1 : widthOf(stack, site, layer)];
}

/** [batch or 1, heads, queries or 1, keys or 1]. */
function patternDims(stack: Stack, mine: readonly Placed[], size: RunSize): number[] {
  const everyRow = mine.every(p => p.batch.length === size.batch);
  const everyPos = mine.every(p => p.pos.length === size.pos);
  const plain = mine.every(isPlain);
  return [
    everyRow && plain ? 1 : size.batch,
    stack.blocks[0]!.attention.heads,
    everyPos && plain ? 1 : size.pos,
    plain ? 1 : size.keys
  ];
}

function apply(
  stack: Stack,
  placed: Placed,
  dims: readonly number[],
  mul: Float32Array,
  add: Float32Array,
  size: RunSize,
  read: Reader
): void {
  const { edit, layer, heads } = placed;
  const per = dims.reduce((a, b) => a * b, 1);
  const change = changeOf(placed, read);
  const visit = (index: number, b: number, p: number, h: number, i: number): void => {
    const at = layer * per + index;
    change(mul, add, at, b, p, h, i);
  };
  if (placed.site === 'pattern') {
    const [nb, nh, nq, nk] = dims as [number, number, number, number];
    forEach(nb === 1 ? [0] : placed.batch, (b, bi) =>
      forEach(heads!, (h, hi) =>
        forEach(nq === 1 ? [0] : placed.pos, (q, qi) => {
          for (let k = 0; k < nk; k++) {
            visit(((b * nh + h) * nq + q) * nk + k, bi, qi, hi, k);
          }
        })
      )
    );
    return;
  }
  const [rows, width] = dims as [number, number];
  const shape = headsOf(stack, placed.site, layer);
  const blockSize = width === 1 ? 1 : shape ? shape.size : width;
  const blocks = width === 1 || !shape ? [0] : heads!;
  forEach(rows === 1 ? [0] : placed.batch, (b, bi) =>
    forEach(rows === 1 ? [0] : placed.pos, (p, pi) =>
      forEach(blocks, (h, hi) => {
        const row = rows === 1 ? 0 : b * size.pos + p;
        for (let i = 0; i < blockSize; i++) {
          visit(row * width + h * blockSize + i, bi, pi, hi, i);
        }
      })
    )
  );
  void edit;
}

function forEach(values: readonly number[], visit: (value: number, index: number) => void): void {
  values.forEach(visit);
}

type Change = (mul: Float32Array, add: Float32Array, at: number, b: number, p: number, h: number, i: number) => void;

/** What an edit does to value · mul + add. */
function changeOf(placed: Placed, read: Reader): Change {
  const { edit } = placed;
  if ('scale' in edit) {
    return (mul, add, at) => {
      mul[at]! *= edit.scale;
      add[at]! *= edit.scale;
    };
  }
  if ('add' in edit) {
    const fill = filler(placed, toTensor(edit.add));
    const times = edit.times ?? 1;
    return (_mul, add, at, b, p, h, i) => {
      add[at]! += times * fill(b, p, h, i);
    };
  }
  const set =
    (fill: Filler): Change =>
    (mul, add, at, b, p, h, i) => {
      mul[at] = 0;
      add[at] = fill(b, p, h, i);
    };
  if ('from' in edit) {
    return set(fromCache(placed, edit.from.get(placed.named, placed.namedLayer)));
  }
  if ('set' in edit) {
    if (edit.set === 'zero') {
      return set(() => 0);
    }
    return set(edit.set === 'mean' ? meanOf(placed, read(placed)) : filler(placed, toTensor(edit.set)));
  }
  throw new TypeError('Cannot compose a function edit: it runs stepped');
}

function toTensor(value: Tensor | readonly unknown[] | number): Tensor {
  if (value instanceof Tensor) {
    return value;
  }
  if (typeof value === 'number') {
    return new Tensor('float32', Float32Array.of(value), []);
  }
  if (!Array.isArray(value)) {
    throw new TypeError(
      `Cannot edit as the value must be 'zero', 'mean', a number, a Tensor or nested lists: current value is ${String(value)}`
    );
  }
  return Tensor.tensor(value as never, 'float32');
}

/**
 * A given tensor over the chosen part: dims must broadcast to [batch, pos, (head,) last], from the right; axes chosen
 * by a single number may be left out.
 */
function filler(placed: Placed, value: Tensor): Filler {
  const { at } = placed.edit;
  const isPattern = placed.site === 'pattern';
  const full: { axis: 'b' | 'p' | 'h'; length: number; single: boolean }[] = [
    { axis: 'b', length: placed.batch.length, single: typeof at.batch === 'number' || placed.batch.length === 1 },
    { axis: 'p', length: placed.pos.length, single: typeof at.pos === 'number' || at.pos === 'last' },
    ...(placed.heads ? [{ axis: 'h' as const, length: placed.heads.length, single: typeof at.head === 'number' }] : [])
  ];
  const ordered = isPattern ? [full[0]!, full[2]!, full[1]!] : full;
  const data = value.data as Float32Array;
  const dims = value.dims;
  const lead = dims.slice(0, -1);
  // Axes are matched from the right; single ones may be absent.
  let axes = ordered;
  if (lead.length < axes.length) {
    axes = axes.filter(a => !a.single);
  }
  axes = axes.slice(Math.max(0, axes.length - lead.length));
  const fits =
    lead.length <= axes.length && lead.every((d, i) => d === 1 || d === axes[axes.length - lead.length + i]!.length);
  if (!fits) {
    const want = ordered.map(a => `${{ b: 'batch', p: 'pos', h: 'head' }[a.axis]} ${a.length}`).join(', ');
    throw new TypeError(
      `Cannot edit ${placed.named} as the value must broadcast to [${want}, …]: current shape is [${dims}]`
    );
  }
  const used = axes.slice(axes.length - lead.length);
  const last = dims.length === 0 ? 1 : dims.at(-1)!;
  return (b, p, h, i) => {
    let offset = 0;
    used.forEach((axis, n) => {
      const index = lead[n] === 1 ? 0 : { b, p, h }[axis.axis];
      offset = offset * lead[n]! + index;
    });
    return data[offset * last + (last === 1 ? 0 : i)]!;
  };
}

/** The same part of another run's activation. */
function fromCache(placed: Placed, value: Tensor): Filler {
  const dims = value.dims;
  const data = value.data as Float32Array;
  const row = (b: number): number => {
    const index = placed.batch[b]!;
    if (dims[0] !== 1 && index >= dims[0]!) {
      throw new TypeError(`Cannot patch ${placed.named} as the cache must have batch row ${index}: it has ${dims[0]}`);
    }
    return dims[0] === 1 ? 0 : index;
  };
  const check = (axis: string, index: number, length: number): number => {
    if (index >= length) {
      throw new TypeError(
        `Cannot patch ${placed.named} as the cache must cover ${axis} ${index}: it has ${length}. Both runs must have the same number of tokens, or pos must be given`
      );
    }
    return index;
  };
  if (placed.site === 'pattern') {
    const [, heads, queries, keys] = dims as [number, number, number, number];
    return (b, p, h, i) =>
      data[
        ((row(b) * heads + placed.heads![h]!) * queries + check('pos', placed.pos[p]!, queries)) * keys +
          check('key', i, keys)
      ]!;
  }
  const pos = dims[1]!;
  if (placed.heads) {
    const [heads, size] = dims.slice(2) as [number, number];
    return (b, p, h, i) =>
      data[((row(b) * pos + check('pos', placed.pos[p]!, pos)) * heads + placed.heads![h]!) * size + i]!;
  }
  const width = dims[2]!;
  return (b, p, _h, i) => data[(row(b) * pos + check('pos', placed.pos[p]!, pos)) * width + i]!;
}

/** Mean over batch and positions of each feature (each head's features). */
function meanOf(placed: Placed, value: Tensor): Filler {
  const dims = value.dims;
  const data = value.data as Float32Array;
  if (placed.site === 'pattern') {
    const [batch, heads, queries, keys] = dims as [number, number, number, number];
    return (_b, p, h, i) => {
      let sum = 0;
      for (let b = 0; b < batch; b++) {
        sum += data[((b * heads + placed.heads![h]!) * queries + placed.pos[p]!) * keys + i]!;
      }
      return sum / batch;
    };
  }
  const rows = dims[0]! * dims[1]!;
  const width = data.length / rows;
  const means = new Float64Array(width);
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < width; i++) {
      means[i]! += data[r * width + i]! / rows;
    }
  }
  const size = placed.heads ? dims[3]! : width;
  return (_b, _p, h, i) => means[(placed.heads ? placed.heads[h]! * size : 0) + i]!;
}
