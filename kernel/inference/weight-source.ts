import type { WeightMap, WeightSource } from '../models/architecture';

/** The source of one canonical weight: `blocks.3.…` is looked up as `blocks.{i}.…` and its name filled in. */
export function expandSource(weights: WeightMap, canonical: string): WeightSource | undefined {
  const layer = /(^|\.)blocks\.(\d+)\./.exec(canonical)?.[2];
  const template = layer === undefined ? canonical : canonical.replace(`blocks.${layer}.`, 'blocks.{i}.');
  const entry = weights[template];
  if (entry === undefined) {
    return undefined;
  }
  const source = typeof entry === 'string' ? { name: entry } : entry;
  if (layer === undefined) {
    return source;
  }
  const fill = (name: string): string => name.replaceAll('{i}', layer);
  return { ...source, name: fill(source.name), ...(source.or === undefined ? {} : { or: fill(source.or) }) };
}
