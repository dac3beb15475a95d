import type { Runtime } from './load';

/** One parameter as the checkpoint has it. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: string;
}

/** Parameters of a model by their names in the checkpoint; a tied one is listed once. No data is read. */
export function namedParameters({ architecture, weights, checkpoint }: Runtime): Parameter[] {
  const counts = layerCounts(architecture.stacks.map(s => [s.prefix, s.blocks.length] as const));
  const names = new Set<string>();
  for (const [canonical, entry] of Object.entries(architecture.weights)) {
    const source = typeof entry === 'string' ? { name: entry } : entry;
    for (let i = 0; i < counts(canonical); i++) {
      for (let n = 0; n < (source.join ?? 1); n++) {
        const found = weights.find(source.name.replaceAll('{i}', String(i)).replace('{n}', String(n)));
        if (found !== undefined) {
          names.add(found);
        }
      }
    }
  }
  return checkpoint.names
    .filter(n => names.has(n) && !architecture.buffers?.some(pattern => pattern.test(n)))
    .map(name => {
      const { dims, stored } = checkpoint.info(name);
      return { name, dims, dtype: stored };
    });
}

function layerCounts(prefixes: readonly (readonly [string, number])[]): (canonical: string) => number {
  return canonical => {
    if (!canonical.includes('blocks.{i}.')) {
      return 1;
    }
    return prefixes.find(([prefix]) => canonical.startsWith(`${prefix}blocks.`))?.[1] ?? 0;
  };
}
