import { Tensor } from '../tensor/tensor';
import type { Edit } from './edits';
import { hookName } from '../graph/names';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';
import { runSize, runWithHooks } from './run-with-hooks';
import type { Metric } from './sweeps';
import { measure } from './sweeps';

export interface PathPatchingOptions {
  /** The head whose output is taken from the other run. */
  readonly sender: { readonly layer: number; readonly head: number };
  /** The head that receives it, and through which of its inputs. */
  readonly receiver: { readonly layer: number; readonly head: number; readonly site: 'q' | 'k' | 'v' };
  /** Inputs of the other run, with as many tokens. */
  readonly from: Inputs;
  readonly metric: Metric;
}

/** What one path carries. */
export interface PathPatching {
  /** The metric with only that path changed. */
  readonly value: number;
  readonly baseline: number;
  /** The receiver's input along that path, [batch, pos, d_head]. */
  readonly received: Tensor;
}

/**
 * Path patching between two heads: how much one head tells another, and nobody else.
 *
 * The sender's output is replaced by that of the other run while all other heads keep theirs; what then arrives at the
 * receiver's query, key or value is written into a run that is otherwise untouched. MLPs between pass the change on.
 *
 * @throws {RangeError} If the receiver's layer is not after the sender's.
 * @see https://arxiv.org/abs/2304.05969
 */
export async function pathPatching(
  model: InspectableModel,
  inputs: Inputs,
  options: PathPatchingOptions
): Promise<PathPatching> {
  const { sender, receiver, from, metric } = options;
  if (receiver.layer <= sender.layer) {
    throw new RangeError(
      `Cannot patch a path as the receiver's layer must come after the sender's: layers are ${sender.layer} → ${receiver.layer}`
    );
  }
  const stack = model.architecture.stacks.at(-1)!;
  const length = runSize(inputs).pos;
  const own = await runWithCache(model, inputs, { names: ['z'] });
  const other = await runWithCache(model, from, { names: ['z'] });
  const layers = Array.from({ length: receiver.layer - sender.layer }, (_, i) => sender.layer + i);
  const frozen: Edit[] = layers.map(layer => ({ at: { site: 'z', layer }, from: own.cache }));
  const sent: Edit = { at: { site: 'z', layer: sender.layer, head: sender.head }, from: other.cache };
  const name = hookName(receiver.site, receiver.layer, stack.prefix);
  const { values } = await runWithHooks(model, { ...inputs, use_cache: false }, [...frozen, sent], [name]);
  const { heads, kv_heads } = stack.blocks[receiver.layer]!.attention;
  // Keys and values are shared by groups of query heads.
  const head = receiver.site === 'q' ? receiver.head : Math.floor((receiver.head * kv_heads) / heads);
  const received = values
    .get(name)!
    .slice(null, null, [head, head + 1])
    .squeeze(2);
  const edit: Edit = { at: { site: receiver.site, layer: receiver.layer, head }, set: received };
  const patched = await runWithHooks(model, { ...inputs, use_cache: false }, [edit]);
  return {
    value: measure(metric, patched.output['logits'], length)[0]!,
    baseline: measure(metric, own.logits, length)[0]!,
    received
  };
}
