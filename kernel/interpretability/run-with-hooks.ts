import { EDIT_SITES, hookName } from '../graph/names';
import { Tensor } from '../tensor/tensor';
import type { Edit, Placed, RunSize } from './edits';
import { composeEdits, placeEdits } from './edits';
import type { InspectableModel, Inputs } from './model';

/** What a run with edits needs to know of its inputs. */
export interface EditedRun {
  readonly output: { readonly [key: string]: any };
  readonly values: ReadonlyMap<string, Tensor>;
}

/**
 * Runs a forward with values changed inside.
 *
 * Edits that are data (zero, mean, scale, add, set, from a cache) are done in one run of the graph. A function runs
 * stepped: the graph runs once more for every point a function is called at, which is slower.
 *
 * @param inputs As for `forward`.
 * @param edits Changes, applied in order where they meet.
 * @param fetch Graph values to bring back as well.
 * @throws {RangeError} If a place is not there.
 * @throws {TypeError} If a value's shape does not fit its place.
 */
export async function runWithHooks(
  model: InspectableModel,
  inputs: Inputs,
  edits: readonly Edit[],
  fetch: readonly string[] = []
): Promise<EditedRun> {
  if (!Array.isArray(edits)) {
    throw new TypeError(`Cannot run with hooks as edits must be a list of { at, … }: current value is ${typeof edits}`);
  }
  const stack = model.architecture.stacks.at(-1)!;
  const size = runSize(inputs);
  const placed = placeEdits(stack, edits, size);
  const settled: Placed[] = placed.filter(p => !('fn' in p.edit));
  const calls = placed.filter(p => 'fn' in p.edit).sort(byOrder);
  const means = await readMeans(model, inputs, settled);
  const compose = (): ReturnType<typeof composeEdits> =>
    composeEdits(stack, settled, size, p => means.get(graphNameOf(p, stack.prefix))!);
  for (const call of calls) {
    const name = graphNameOf(call, stack.prefix);
    const { values } = await model.run(inputs, { fetch: [name], ...(settled.length > 0 ? { edits: compose() } : {}) });
    const { edit } = call;
    if (!('fn' in edit)) {
      continue;
    }
    const hook = {
      name: hookName(call.named, call.namedLayer, stack.prefix),
      site: call.named,
      layer: call.namedLayer
    };
    const changed = await edit.fn(values.get(name)!, hook);
    if (changed === undefined) {
      continue;
    }
    if (!(changed instanceof Tensor) || changed.dims.join() !== values.get(name)!.dims.join()) {
      throw new TypeError(
        `Cannot use what the function returned at ${hook.name} as it must be a Tensor of shape [${values.get(name)!.dims}] or nothing: current value is ${changed instanceof Tensor ? `[${changed.dims}]` : typeof changed}`
      );
    }
    settled.push({ ...call, edit: { at: edit.at, set: part(changed, call) } });
  }
  return model.run(inputs, { fetch, ...(settled.length > 0 ? { edits: compose() } : {}) });
}

/** The value a placed edit acts on, by its graph name. */
function graphNameOf(placed: Placed, prefix: string): string {
  return hookName(placed.site, placed.layer, prefix);
}

/** Order of computation. */
function byOrder(a: Placed, b: Placed): number {
  const rank = (p: Placed): number => p.layer * EDIT_SITES.length + EDIT_SITES.indexOf(p.site);
  return rank(a) - rank(b);
}

/** The chosen part of a whole activation, in the shape edits take. */
function part(value: Tensor, placed: Placed): Tensor {
  const all = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
  const pick = (t: Tensor, axis: number, indices: readonly number[]): Tensor =>
    indices.length === t.dims[axis] && indices.every((v, i) => v === i)
      ? t
      : Tensor.cat(
          indices.map(i => t.slice(...t.dims.map((_, a) => (a === axis ? ([i, i + 1] as [number, number]) : null)))),
          axis
        );
  const isPattern = placed.site === 'pattern';
  let out = pick(value, 0, placed.batch);
  out = pick(out, isPattern ? 2 : 1, placed.pos);
  const headAxis = isPattern ? 1 : 2;
  return placed.heads ? pick(out, headAxis, placed.heads.length ? placed.heads : all(value.dims[headAxis]!)) : out;
}

async function readMeans(
  model: InspectableModel,
  inputs: Inputs,
  placed: readonly Placed[]
): Promise<ReadonlyMap<string, Tensor>> {
  const prefix = model.architecture.stacks.at(-1)!.prefix;
  const names = placed.filter(p => 'set' in p.edit && p.edit.set === 'mean').map(p => graphNameOf(p, prefix));
  return names.length === 0 ? new Map() : (await model.run(inputs, { fetch: [...new Set(names)] })).values;
}

/** Batch and positions of a run, from its inputs. */
export function runSize(inputs: Inputs): RunSize {
  const given = inputs['decoder_input_ids'] ?? inputs['input_ids'] ?? inputs['inputs_embeds'] ?? inputs['pixel_values'];
  const past = (inputs['past_key_values'] as { get_seq_length?(): number } | undefined)?.get_seq_length?.() ?? 0;
  const size = (batch: number, pos: number): RunSize => ({ batch, pos, keys: past + pos });
  if (given instanceof Tensor) {
    return given.dims.length === 1 ? size(1, given.dims[0]!) : size(given.dims[0]!, given.dims[1]!);
  }
  if (Array.isArray(given)) {
    return Array.isArray(given[0]) ? size(given.length, given[0].length) : size(1, given.length);
  }
  throw new TypeError('Cannot run with hooks as inputs must have input_ids or inputs_embeds');
}
