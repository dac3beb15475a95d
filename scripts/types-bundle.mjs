/**
 * Declarations for the language service, as one JSON file: TypeScript's own libraries, the library's, and what every
 * cell has. `{ "/lib.es2022.d.ts": "…", "/loupe/kernel/index.d.ts": "…", "/globals.d.ts": "…" }`
 */
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';

const libraries =
  /^lib\.(es5|es20(1[5-9]|2[0-4])(\..*)?|esnext\.disposable|decorators(\.legacy)?|webworker(\.asynciterable|\.iterable)?)\.d\.ts$/;

/** @returns File name → declarations. */
export function typesBundle(root) {
  const index = join(root, 'kernel/index.ts');
  const builtins = join(root, 'kernel/runtime/builtin-types.ts');
  const program = ts.createProgram([index, builtins], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.webworker.d.ts', 'lib.webworker.asynciterable.d.ts', 'lib.esnext.disposable.d.ts'],
    types: [],
    strict: true,
    declaration: true,
    emitDeclarationOnly: true,
    skipLibCheck: true,
    rootDir: root,
    outDir: '/loupe'
  });
  const files = {};
  program.emit(undefined, (name, text) => {
    files[name] = looser(text);
  });
  const folder = dirname(ts.getDefaultLibFilePath({}));
  for (const name of readdirSync(folder).filter(n => libraries.test(n))) {
    files[`/${name}`] = readFileSync(join(folder, name), 'utf8');
  }
  const checker = program.getTypeChecker();
  const exportsOf = file => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const module = file => `/loupe/${relative(root, file).replace(/\\/g, '/').replace(/\.ts$/, '')}`;
  const lines = [];
  for (const exported of exportsOf(index)) {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const { name } = exported;
    if (symbol.flags & ts.SymbolFlags.Value) {
      lines.push(`declare const ${name}: typeof import('${module(index)}').${name};`);
    }
    const isGeneric = symbol.declarations?.some(d => d.typeParameters?.length);
    if (symbol.flags & ts.SymbolFlags.Type && !isGeneric) {
      lines.push(`type ${name} = import('${module(index)}').${name};`);
    }
  }
  const cell = exportsOf(builtins).find(s => s.name === 'CellBuiltins');
  const members = checker
    .getDeclaredTypeOfSymbol(cell)
    .getProperties()
    .map(p => p.name);
  for (const name of members) {
    lines.push(`declare const ${name}: import('${module(builtins)}').CellBuiltins['${name}'];`);
  }
  // The last result, and what only the server kernel has.
  lines.push('declare const _: any;', 'declare const process: any, require: any, Buffer: any, global: any;');
  files['/globals.d.ts'] = lines.join('\n');
  files['/cell-module.d.ts'] = [
    `export * from '${module(index)}';`,
    ...members.map(name => `export declare const ${name}: import('${module(builtins)}').CellBuiltins['${name}'];`)
  ].join('\n');
  return files;
}

/**
 * Declarations as cells want them: a field of config.json or a nested list of numbers that the library treats with
 * care is `any` to somebody who tries things out.
 */
function looser(text) {
  return (
    text
      .replace(/^(\s*(?:readonly )?\[\w+: string\]: )unknown;/gm, '$1any;')
      // Which of the two it is depends on an option: a cell knows which it asked for.
      .replace(/\bTensor \| GenerateOutput\b/g, 'Tensor & GenerateOutput')
      .replace(/^(export type NestedList = )[^;]*;/m, '$1any;')
  );
}

/** Writes the bundle to each of the files. */
export function writeTypes(root, targets) {
  const text = JSON.stringify(typesBundle(root));
  for (const file of targets) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
