import type { GraphBuilder } from './builder';
import type { AttentionKind, EditSite, Site } from './names';
import { EDIT_SITES, editInputs, hookName } from './names';

/** Where hook points are being made: the builder, the stack's prefix and the layer. */
export interface Place {
  readonly b: GraphBuilder;
  readonly prefix: string;
  readonly layer: number;
  /** Which attention the attention sites belong to. Only self-attention takes edits. Default 'attn'. */
  readonly kind?: AttentionKind;
}

type Dims = readonly (number | string)[];

/**
 * Makes a value a hook point. `make` is given the name its last node must have. Where the target wants edits:
 *
 *   make ─► raw ─► Mul(edit.<site>.mul[layer]) ─► Add(edit.<site>.add[layer]) ─► blocks.{i}.hook_<site>
 *
 * @param stored Dims in the graph; `dims` is what they mean.
 * @returns The value's name.
 */
export function hook(
  { b, prefix, layer, kind }: Place,
  site: Site,
  stored: Dims,
  dims: Dims,
  make: (name: string) => void
): string {
  const name = hookName(site, layer, prefix, kind);
  if (kind !== 'cross_attn' && isEditSite(site) && b.target.edits.includes(site)) {
    make(`${name}/raw`);
    const inputs = editInputs(site, prefix);
    const axes = stored.map((_, axis) => `edit_${site}_${axis}`);
    const at = (input: string) =>
      b.node('Gather', [b.input(input, 'float32', ['layers', ...axes]), b.ints([layer], [])], { axis: 0 });
    const scaled = b.node('Mul', [`${name}/raw`, at(inputs.mul)]);
    b.node('Add', [scaled, at(inputs.add)], {}, name);
  } else {
    make(name);
  }
  return b.output(name, stored, dims);
}

function isEditSite(site: Site): site is EditSite {
  return (EDIT_SITES as readonly string[]).includes(site);
}
