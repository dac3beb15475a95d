import { Tensor } from '../tensor/tensor';
import { ActivationCache } from './activation-cache';
import { dependencies, derive } from './derived';
import type { HookPoint, NameFilter } from './hook-names';
import { graphName, hookPoints, isDerived, isGlobal, selectPoints } from './hook-names';
import type { InspectableModel, Inputs } from './model';

/** Positions to keep: one, the last, all, or a range. */
export type Pos = number | 'last' | 'all' | { readonly from?: number; readonly to?: number };

export interface CacheOptions {
  /** Which activations; by default all that are read directly, without patterns where those take over 64 MiB. */
  readonly names?: NameFilter;
  /** Which positions (query positions of patterns). Default 'all'. */
  readonly pos?: Pos;
}

/** Largest set of patterns kept without being asked for. */
const PATTERN_LIMIT = 64 * 2 ** 20;

/**
 * Runs a forward and keeps activations.
 *
 * @param inputs As for `forward`.
 * @returns The forward's logits (or last hidden state), its whole output, and the cache.
 */
export async function runWithCache(
  model: InspectableModel,
  inputs: Inputs,
  options: CacheOptions = {}
): Promise<{ logits: Tensor; output: { readonly [key: string]: any }; cache: ActivationCache }> {
  const { stacks } = model.architecture;
  const points = choosePoints(model, inputs, options.names);
  const stackOf = (p: HookPoint) => stacks[p.stack]!;
  const isComputed = (p: HookPoint): boolean =>
    isDerived(p.site) || p.site === 'ln_final_scale' || p.site === 'ln_final_normalized';
  const fetch = points.flatMap(p => (isComputed(p) ? dependencies(p, stackOf(p)) : [graphName(p, stackOf(p).prefix)]));
  const { output, values } = await model.run(inputs, { fetch: [...new Set(fetch)] });
  const held = new Map(values);
  const kept = new Map<string, Tensor>();
  for (const point of points) {
    const stack = stackOf(point);
    const value = isComputed(point)
      ? await derive(point, stack, held, model, inputs)
      : held.get(graphName(point, stack.prefix))!;
    kept.set(point.name, takePositions(value, point, options.pos ?? 'all'));
  }
  const layers = stacks.at(-1)!.blocks.length;
  return {
    logits: output['logits'] ?? output['last_hidden_state'],
    output,
    cache: new ActivationCache(kept, layers, stacks.length === 1 ? stacks[0]!.prefix : '')
  };
}

/** Name, dims and bytes of activations a run would keep, without running. */
export interface ScanEntry {
  readonly name: string;
  readonly dims: readonly number[];
  readonly bytes: number;
}

/**
 * What `run_with_cache` would keep: dims and bytes, from the configuration alone.
 *
 * @param size Batch and positions, or inputs with input_ids.
 */
export function scan(
  model: InspectableModel,
  inputs: Inputs,
  options: CacheOptions = {}
): { entries: ScanEntry[]; bytes: number } {
  const points = choosePoints(model, inputs, options.names);
  const entries = points.map(p => {
    const dims = pointDims(model, p, inputSize(inputs));
    return { name: p.name, dims, bytes: 4 * dims.reduce((a, b) => a * b, 1) };
  });
  return { entries, bytes: entries.reduce((n, e) => n + e.bytes, 0) };
}

function choosePoints(model: InspectableModel, inputs: Inputs, names: NameFilter | undefined): HookPoint[] {
  const { stacks } = model.architecture;
  const points = hookPoints(stacks);
  const layers = stacks.at(-1)!.blocks.length;
  if (names !== undefined) {
    return selectPoints(points, names, layers);
  }
  const direct = points.filter(p => !isDerived(p.site) && !(isGlobal(p.site) && p.site.startsWith('ln_final')));
  const size = inputSize(inputs);
  const patterns = direct.filter(p => p.site === 'pattern');
  const bytes = patterns.reduce((n, p) => n + 4 * pointDims(model, p, size).reduce((a, b) => a * b, 1), 0);
  return bytes > PATTERN_LIMIT ? direct.filter(p => p.site !== 'pattern') : direct;
}

function inputSize(inputs: Inputs): { batch: number; pos: number } {
  const given = inputs['input_ids'] ?? inputs['inputs_embeds'] ?? inputs['decoder_input_ids'];
  if (given instanceof Tensor) {
    return given.dims.length === 1 ? { batch: 1, pos: given.dims[0]! } : { batch: given.dims[0]!, pos: given.dims[1]! };
  }
  if (Array.isArray(given)) {
    return Array.isArray(given[0]) ? { batch: given.length, pos: given[0].length } : { batch: 1, pos: given.length };
  }
  return { batch: 1, pos: 1 };
}

/** Dims of a point for a run of that size. */
function pointDims(
  model: InspectableModel,
  point: HookPoint,
  { batch, pos }: { batch: number; pos: number }
): number[] {
  const stack = model.architecture.stacks[point.stack]!;
  const block = stack.blocks[Math.max(point.layer, 0)]!;
  const attention = point.kind === 'attn' ? block.attention : block.cross_attention!;
  const { heads, kv_heads, head_dim } = attention;
  switch (point.site) {
    case 'q':
    case 'rot_q':
    case 'z':
      return [batch, pos, heads, head_dim];
    case 'k':
    case 'v':
    case 'rot_k':
      return [batch, pos, kv_heads, head_dim];
    case 'pattern':
    case 'attn_scores':
      return [batch, heads, pos, pos];
    case 'result':
      return [batch, pos, heads, stack.hidden_size];
    case 'mlp_pre':
    case 'mlp_pre_linear':
    case 'mlp_post':
      return [batch, pos, block.mlp.size];
    case 'ln1_scale':
    case 'ln2_scale':
    case 'ln_final_scale':
      return [batch, pos, 1];
    default:
      return [batch, pos, stack.hidden_size];
  }
}

/** Keeps some positions; the axis stays unless one position is asked for. */
function takePositions(value: Tensor, point: HookPoint, pos: Pos): Tensor {
  if (pos === 'all') {
    return value;
  }
  const axis = point.site === 'pattern' || point.site === 'attn_scores' ? 2 : 1;
  const length = value.dims[axis]!;
  const index = (p: number): number => (p < 0 ? length + p : p);
  const single = typeof pos === 'number' || pos === 'last';
  const from = single ? index(pos === 'last' ? -1 : (pos as number)) : index((pos as { from?: number }).from ?? 0);
  const to = single ? from + 1 : index((pos as { to?: number }).to ?? length);
  if (!(from >= 0 && to <= length && from < to)) {
    throw new RangeError(
      `Cannot keep positions ${JSON.stringify(pos)} as they must be within ${length}: from ${from} to ${to}`
    );
  }
  const ranges = value.dims.map((_, i) => (i === axis ? ([from, to] as [number, number]) : null));
  const part = value.slice(...ranges);
  return single ? part.squeeze(axis) : part;
}
