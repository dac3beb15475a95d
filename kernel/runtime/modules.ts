/** What `import` in a cell finds. */

/** Finds modules that are not in the table: npm packages and files on the server kernel, URLs where allowed. */
export type ModuleResolver = (specifier: string) => Promise<Record<string, unknown>>;

export interface ModuleTable {
  /** Name → loader; called once, at the first import. */
  readonly [specifier: string]: () => Promise<Record<string, unknown>>;
}

/** The modules of a session. */
export class Modules {
  private readonly loaded = new Map<string, Promise<Record<string, unknown>>>();

  constructor(
    private readonly table: ModuleTable,
    private readonly resolver?: ModuleResolver
  ) {}

  /** Names of the table. */
  get names(): string[] {
    return Object.keys(this.table);
  }

  /**
   * Loads a module.
   *
   * @param names Exports the importing statement takes; each must exist.
   * @throws {SyntaxError} If an export is missing.
   * @throws {Error} If there is no such module here.
   */
  async load(specifier: string, names: readonly string[] = []): Promise<Record<string, unknown>> {
    const module = await this.find(specifier);
    const missing = names.filter(name => !(name in module));
    if (missing.length > 0) {
      const near = missing.flatMap(name => nearest(name, Object.keys(module)));
      const hint = near.length > 0 ? `did you mean ${near.join(', ')}?` : `a type is imported with import type { … }`;
      throw new SyntaxError(
        `The module '${specifier}' has no export named ${missing.map(n => `'${n}'`).join(', ')}: ${hint}`
      );
    }
    return module;
  }

  private find(specifier: string): Promise<Record<string, unknown>> {
    const load = Object.hasOwn(this.table, specifier) ? this.table[specifier] : undefined;
    if (!load) {
      if (this.resolver) {
        return this.resolver(specifier);
      }
      throw new Error(
        `Cannot import '${specifier}' as this kernel must know the module: known are ${this.names.join(', ')}`
      );
    }
    let module = this.loaded.get(specifier);
    if (!module) {
      module = load();
      this.loaded.set(specifier, module);
      // A failed load (a lost connection) may be tried again.
      module.catch(() => this.loaded.delete(specifier));
    }
    return module;
  }
}

/** Names that differ by case or by a letter or two. */
export function nearest(name: string, known: readonly string[]): string[] {
  const wanted = name.toLowerCase().replace(/_/g, '');
  return known
    .map(k => ({ k, d: distance(wanted, k.toLowerCase().replace(/_/g, '')) }))
    .filter(({ d }) => d <= Math.min(2, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.d - b.d)
    .slice(0, 3)
    .map(({ k }) => k);
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) {
    return 3;
  }
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
