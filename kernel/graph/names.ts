/**
 * Names of values, as TransformerLens publishes them; notebooks depend on them.
 * @see https://github.com/TransformerLensOrg/TransformerLens (ActivationCache)
 *
 * | site | name | dims |
 * |---|---|---|
 * | resid_pre, resid_mid, resid_post | blocks.{i}.hook_resid_* | [batch, pos, d_model] |
 * | attn_out, mlp_out | blocks.{i}.hook_*_out | [batch, pos, d_model] |
 * | q, rot_q, z | blocks.{i}.attn.hook_* | [batch, pos, head, d_head] |
 * | k, v | blocks.{i}.attn.hook_* | [batch, pos, kv_head, d_head] |
 * | pattern | blocks.{i}.attn.hook_pattern | [batch, head, query_pos, key_pos] |
 * | mlp_pre, mlp_pre_linear, mlp_post | blocks.{i}.mlp.hook_* | [batch, pos, d_mlp] |
 *
 * resid_pre of layer i > 0 is resid_post of layer i − 1: `located()` tells the value that holds a site.
 * q and k are after bias and before norm and rotation; pattern is after mask and softmax; z is before W_O.
 */

/** Sites whose value can be changed inside the graph: value · mul + add, both fed per layer. */
export const EDIT_SITES = [
  'resid_pre',
  'q',
  'k',
  'v',
  'pattern',
  'z',
  'attn_out',
  'resid_mid',
  'mlp_post',
  'mlp_out',
  'resid_post'
] as const;
export type EditSite = (typeof EDIT_SITES)[number];

/** Sites that can be read. */
export const READ_SITES = [...EDIT_SITES, 'rot_q', 'mlp_pre', 'mlp_pre_linear'] as const;
export type Site = (typeof READ_SITES)[number];

const PATHS: { readonly [site in Site]: string } = {
  resid_pre: 'hook_resid_pre',
  resid_mid: 'hook_resid_mid',
  resid_post: 'hook_resid_post',
  attn_out: 'hook_attn_out',
  mlp_out: 'hook_mlp_out',
  q: 'attn.hook_q',
  k: 'attn.hook_k',
  v: 'attn.hook_v',
  rot_q: 'attn.hook_rot_q',
  pattern: 'attn.hook_pattern',
  z: 'attn.hook_z',
  mlp_pre: 'mlp.hook_pre',
  mlp_pre_linear: 'mlp.hook_pre_linear',
  mlp_post: 'mlp.hook_post'
};

/** Self-attention, or attention from a decoder to its encoder. */
export type AttentionKind = 'attn' | 'cross_attn';

/** The hook name of a site: `hookName('z', 5)` is `blocks.5.attn.hook_z`. */
export function hookName(site: Site, layer: number, prefix = '', kind: AttentionKind = 'attn'): string {
  return `${prefix}blocks.${layer}.${PATHS[site].replace(/^attn\./, `${kind}.`)}`;
}

/** The site and layer under which the graph holds a value: resid_pre lives on as the previous layer's resid_post. */
export function located(site: Site, layer: number): { site: Site; layer: number } {
  return site === 'resid_pre' && layer > 0 ? { site: 'resid_post', layer: layer - 1 } : { site, layer };
}

/** Names of the graph inputs that edit a site; first axis is the layer. */
export function editInputs(site: EditSite, prefix = ''): { mul: string; add: string } {
  return { mul: `${prefix}edit.${site}.mul`, add: `${prefix}edit.${site}.add` };
}
