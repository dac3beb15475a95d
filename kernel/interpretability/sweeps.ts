/** One edit tried at every layer and head, or layer and position, many to a batch. */
import type { EditSite } from '../graph/names';
import { Tensor } from '../tensor/tensor';
import type { ActivationCache } from './activation-cache';
import { headLabels } from './attribution';
import type { Edit } from './edits';
import { headsOf } from './edits';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';
import { runSize, runWithHooks } from './run-with-hooks';

/** A number per batch row from the logits of a run, [batch, pos, vocab_size]. */
export type Metric =
  | ((logits: Tensor) => number | readonly number[])
  | { readonly target: number; readonly minus?: number; readonly pos?: number };

export interface SweepOptions {
  /** Where to edit: head sites sweep layer × head, stream sites layer × position. */
  readonly site: EditSite;
  readonly metric: Metric;
  /** Sweep positions rather than heads at a head site. */
  readonly by?: 'head' | 'pos';
  /** Runs per batch. Default 16. */
  readonly batch_size?: number;
  /** Only these layers. */
  readonly layers?: readonly number[];
  /** Stops between batches. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 … 1. */
  readonly on_progress?: (done: number) => void;
}

export interface Sweep {
  /** [layers, heads or positions]: the metric with that edit. */
  readonly values: Tensor;
  /** Row and column labels. */
  readonly labels: { readonly layers: readonly string[]; readonly columns: readonly string[] };
  /** The metric without an edit. */
  readonly baseline: number;
}

/** Zero (or mean) ablation of each head or position in turn. */
export function ablationSweep(
  model: InspectableModel,
  inputs: Inputs,
  options: SweepOptions & { readonly set?: 'zero' | 'mean' }
): Promise<Sweep> {
  const set = options.set ?? 'zero';
  return sweep(model, inputs, options, at => ({ at, set }));
}

/**
 * Activation patching: each head's or position's activation is replaced by that of another run (`from`: its cache, or
 * its inputs).
 */
export async function patchingSweep(
  model: InspectableModel,
  inputs: Inputs,
  options: SweepOptions & { readonly from: ActivationCache | Inputs }
): Promise<Sweep> {
  const { from } = options;
  const cache = isCache(from) ? from : (await runWithCache(model, from, { names: [options.site] })).cache;
  return sweep(model, inputs, options, at => ({ at, from: cache }));
}

function isCache(value: unknown): value is ActivationCache {
  return typeof (value as ActivationCache).get === 'function' && typeof (value as ActivationCache).keys === 'function';
}

async function sweep(
  model: InspectableModel,
  inputs: Inputs,
  options: SweepOptions,
  edit: (at: Edit['at']) => Edit
): Promise<Sweep> {
  const stack = model.architecture.stacks.at(-1)!;
  const size = runSize(inputs);
  if (size.batch !== 1) {
    throw new RangeError(
      `Cannot sweep as inputs must be one prompt (the batch holds the edits): current batch is ${size.batch}`
    );
  }
  const { site } = options;
  const layers = options.layers ?? stack.blocks.map((_, i) => i);
  const heads = headsOf(stack, site, 0);
  const byHead = (options.by ?? (heads ? 'head' : 'pos')) === 'head';
  if (byHead && !heads) {
    throw new RangeError(`Cannot sweep heads at ${site} as the site must have heads (q, k, v, z, pattern)`);
  }
  const columns = byHead ? heads!.count : size.pos;
  const plain = await model.run({ ...inputs, ...kept(options.metric, size.pos) }, {});
  const baseline = measure(options.metric, plain.output['logits'], size.pos)[0]!;
  const places = layers.flatMap((layer, row) =>
    Array.from({ length: columns }, (_, column) => ({ layer, row, column }))
  );
  const values = new Float32Array(places.length);
  const step = options.batch_size ?? 16;
  for (let from = 0; from < places.length; from += step) {
    options.signal?.throwIfAborted();
    const chosen = places.slice(from, from + step);
    const edits = chosen.map(({ layer, column }, batch) =>
      edit({ site, layer, batch, ...(byHead ? { head: column } : { pos: column }) })
    );
    const { output } = await runWithHooks(
      model,
      { ...repeat(inputs, chosen.length), ...kept(options.metric, size.pos) },
      edits
    );
    measure(options.metric, output['logits'], size.pos).forEach(
      (v, i) => (values[chosen[i]!.row * columns + chosen[i]!.column] = v)
    );
    options.on_progress?.(Math.min(1, (from + step) / places.length));
    await nextTask();
  }
  return {
    values: new Tensor('float32', values, [layers.length, columns]),
    labels: {
      layers: layers.map(l => `L${l}`),
      columns: byHead
        ? headLabels(stack)
            .slice(0, columns)
            .map(l => l.replace(/^L\d+/, ''))
        : Array.from({ length: columns }, (_, i) => String(i))
    },
    baseline
  };
}

/** Lets messages in, so that an interrupt can be heard. */
function nextTask(): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, 0));
}

/** Every tensor input said `times` times. */
function repeat(inputs: Inputs, times: number): Inputs {
  return Object.fromEntries(
    Object.entries(inputs).map(([key, value]) => {
      if (value instanceof Tensor) {
        const one = value.dims.length === 1 ? value.unsqueeze(0) : value;
        return [
          key,
          Tensor.cat(
            Array.from({ length: times }, () => one),
            0
          )
        ];
      }
      if (Array.isArray(value)) {
        const row = Array.isArray(value[0]) ? value[0] : value;
        return [key, Array.from({ length: times }, () => row)];
      }
      return [key, value];
    })
  );
}

/** Only the row of logits a metric looks at is computed, where it says which. */
function kept(metric: Metric, length: number): Inputs {
  if (typeof metric === 'function') {
    return { use_cache: false };
  }
  return { use_cache: false, logits_to_keep: [position(metric.pos, length)] };
}

function position(pos: number | undefined, length: number): number {
  const at = pos === undefined ? length - 1 : pos < 0 ? length + pos : pos;
  if (!Number.isInteger(at) || at < 0 || at >= length) {
    throw new RangeError(`Cannot measure at position ${pos} as the metric's pos must be within ${length}`);
  }
  return at;
}

/**
 * The metric of each batch row.
 *
 * @param logits [batch, pos or 1, vocab_size].
 * @param length Positions of the run.
 */
export function measure(metric: Metric, logits: Tensor, length: number): number[] {
  const [batch, pos, vocab] = logits.dims as [number, number, number];
  if (typeof metric === 'function') {
    const result = metric(logits);
    return typeof result === 'number' ? [result] : [...result];
  }
  const data = logits.data as Float32Array;
  const at = pos === 1 ? 0 : position(metric.pos, length);
  return Array.from({ length: batch }, (_, b) => {
    const start = (b * pos + at) * vocab;
    return data[start + metric.target]! - (metric.minus === undefined ? 0 : data[start + metric.minus]!);
  });
}
