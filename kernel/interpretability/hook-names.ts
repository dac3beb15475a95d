/**
 * Hook names, short and long: sites ('pattern'), TransformerLens names ('blocks.5.attn.hook_pattern'), and filters.
 */
import type { AttentionKind, Site } from '../graph/names';
import { hookName, located, READ_SITES } from '../graph/names';
import type { Stack } from '../models/architecture';

/** Values that follow from others and are computed when asked for. */
export const DERIVED_SITES = [
  'rot_k',
  'attn_scores',
  'result',
  'ln1_scale',
  'ln1_normalized',
  'ln2_scale',
  'ln2_normalized'
] as const;
export type DerivedSite = (typeof DERIVED_SITES)[number];

/** Every site of a layer. */
export type AnySite = Site | DerivedSite;

/** Sites that belong to no layer. */
export const GLOBAL_SITES = ['embed', 'pos_embed', 'ln_final_scale', 'ln_final_normalized'] as const;
export type GlobalSite = (typeof GLOBAL_SITES)[number];

/** One point that can be read. */
export interface HookPoint {
  /** TransformerLens name: 'blocks.5.attn.hook_pattern', 'hook_embed', 'ln_final.hook_scale'. */
  readonly name: string;
  readonly site: AnySite | GlobalSite;
  /** −1 for a site of no layer. */
  readonly layer: number;
  /** Which stack of the architecture. */
  readonly stack: number;
  readonly kind: AttentionKind;
}

/** Which points are wanted: sites, names, a pattern, or a test on the name. */
export type NameFilter = readonly string[] | string | RegExp | ((name: string) => boolean);

const DERIVED_PATHS: { readonly [site in DerivedSite]: string } = {
  rot_k: 'attn.hook_rot_k',
  attn_scores: 'attn.hook_attn_scores',
  result: 'attn.hook_result',
  ln1_scale: 'ln1.hook_scale',
  ln1_normalized: 'ln1.hook_normalized',
  ln2_scale: 'ln2.hook_scale',
  ln2_normalized: 'ln2.hook_normalized'
};

const GLOBAL_PATHS: { readonly [site in GlobalSite]: string } = {
  embed: 'hook_embed',
  pos_embed: 'hook_pos_embed',
  ln_final_scale: 'ln_final.hook_scale',
  ln_final_normalized: 'ln_final.hook_normalized'
};

/** TransformerLens's name of a site. */
export function siteName(site: AnySite | GlobalSite, layer: number, prefix = '', kind: AttentionKind = 'attn'): string {
  if (isGlobal(site)) {
    return `${prefix}${GLOBAL_PATHS[site]}`;
  }
  if (isDerived(site)) {
    return `${prefix}blocks.${layer}.${DERIVED_PATHS[site].replace(/^attn\./, `${kind}.`)}`;
  }
  return hookName(site, layer, prefix, kind);
}

export function isDerived(site: string): site is DerivedSite {
  return (DERIVED_SITES as readonly string[]).includes(site);
}

export function isGlobal(site: string): site is GlobalSite {
  return (GLOBAL_SITES as readonly string[]).includes(site);
}

/** The graph value that holds a point that is read directly. */
export function graphName({ site, layer, kind }: HookPoint, prefix: string): string {
  if (isGlobal(site)) {
    return siteName(site, -1, prefix);
  }
  const at = located(site as Site, layer);
  return hookName(at.site, at.layer, prefix, kind);
}

/** All points of an architecture, in the order they are computed. */
export function hookPoints(stacks: readonly Stack[]): HookPoint[] {
  return stacks.flatMap((stack, index) => {
    const { prefix, embedding, blocks } = stack;
    const point = (site: AnySite | GlobalSite, layer: number, kind: AttentionKind = 'attn'): HookPoint => ({
      name: siteName(site, layer, prefix, kind),
      site,
      layer,
      stack: index,
      kind
    });
    const start = [point('embed', -1), ...(embedding.positions ? [point('pos_embed', -1)] : [])];
    const inner = blocks.flatMap((block, layer) => [
      point('resid_pre', layer),
      ...(
        [
          'ln1_scale',
          'ln1_normalized',
          'q',
          'k',
          'v',
          'rot_q',
          'rot_k',
          'attn_scores',
          'pattern',
          'z',
          'result'
        ] as const
      )
        .filter(site => stack.causal || (site !== 'rot_k' && site !== 'attn_scores'))
        .map(site => point(site, layer)),
      point('attn_out', layer),
      ...(block.residual === 'parallel' ? [] : [point('resid_mid', layer)]),
      ...(block.cross_attention
        ? (['q', 'rot_q', 'pattern', 'z'] as const).map(site => point(site, layer, 'cross_attn'))
        : []),
      ...(['ln2_scale', 'ln2_normalized', 'mlp_pre'] as const).map(site => point(site, layer)),
      ...(block.mlp.gated ? [point('mlp_pre_linear', layer)] : []),
      ...(['mlp_post', 'mlp_out', 'resid_post'] as const).map(site => point(site, layer))
    ]);
    const end = stack.final_norm ? [point('ln_final_scale', -1), point('ln_final_normalized', -1)] : [];
    return [...start, ...inner, ...end];
  });
}

/** Other spellings: TransformerLens 3's hook_in / hook_out, and shorthands 'pattern5', 'k6'. */
export function canonicalName(name: string, layers: number): string {
  const alias = name
    .replace(/\.hook_in$/, '.hook_resid_pre')
    .replace(/^(blocks\.-?\d+)\.hook_out$/, '$1.hook_resid_post');
  const short = /^([a-z_]+?)_?(-?\d+)$/.exec(alias);
  const site = short?.[1];
  if (short && site && ([...READ_SITES, ...DERIVED_SITES] as readonly string[]).includes(site)) {
    return siteName(site as AnySite, layerIndex(Number(short[2]), layers));
  }
  return alias.replace(/blocks\.(-\d+)\./, (_, n: string) => `blocks.${layerIndex(Number(n), layers)}.`);
}

/** A layer number, negative ones counted from the end. */
export function layerIndex(layer: number, layers: number): number {
  const index = layer < 0 ? layers + layer : layer;
  if (!Number.isInteger(index) || index < 0 || index >= layers) {
    throw new RangeError(
      `Cannot find layer ${layer} as layers are 0 … ${layers - 1} (or −${layers} … −1 from the end)`
    );
  }
  return index;
}

/**
 * Points a filter picks.
 * @throws {RangeError} If a name or site in a list matches nothing.
 */
export function selectPoints(points: readonly HookPoint[], filter: NameFilter, layers: number): HookPoint[] {
  if (typeof filter === 'function') {
    return points.filter(p => filter(p.name));
  }
  if (filter instanceof RegExp) {
    return points.filter(p => filter.test(p.name));
  }
  const wanted = (typeof filter === 'string' ? [filter] : filter).map(n => canonicalName(n, layers));
  for (const name of wanted) {
    if (!points.some(p => p.name === name || p.site === name)) {
      const sites = [...new Set(points.map(p => p.site))];
      throw new RangeError(
        `Cannot read ${name} as it must be a site (${sites.join(', ')}) or a hook name (blocks.0.attn.hook_pattern)`
      );
    }
  }
  return points.filter(p => wanted.includes(p.name) || wanted.includes(p.site));
}
