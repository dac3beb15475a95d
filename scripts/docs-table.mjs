/**
 * Docstrings of what a cell can call, as one JSON file that Shift-Tab and `?name` read:
 * `{ "AutoModel.from_pretrained": { "signature": "…", "doc": "…" }, … }`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

/** @returns The table for the exports of kernel/index.ts and the built-ins of every cell. */
export function docsTable(root) {
  const index = join(root, 'kernel/index.ts');
  const builtins = join(root, 'kernel/runtime/builtin-types.ts');
  const program = ts.createProgram([index, builtins], {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2022.d.ts', 'lib.webworker.d.ts', 'lib.webworker.asynciterable.d.ts', 'lib.esnext.disposable.d.ts'],
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true
  });
  const checker = program.getTypeChecker();
  const exportsOf = file => checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(file)));
  const table = {};
  for (const exported of exportsOf(index)) {
    describe(checker, table, exported.name, exported);
  }
  const cell = exportsOf(builtins).find(s => s.name === 'CellBuiltins');
  for (const member of checker.getDeclaredTypeOfSymbol(cell).getProperties()) {
    describe(checker, table, member.name, member);
  }
  return table;
}

/** Writes the table to each of the files. */
export function writeDocs(root, files) {
  const text = JSON.stringify(docsTable(root));
  for (const file of files) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

function describe(checker, table, name, exported) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  if (!(symbol.flags & (ts.SymbolFlags.Value | ts.SymbolFlags.Property))) {
    return;
  }
  const declaration = symbol.valueDeclaration ?? symbol.declarations?.[0];
  const type = checker.getTypeOfSymbolAtLocation(symbol, declaration);
  add(table, name, name, symbol, type, checker);
  const isOurs = member =>
    member.declarations?.some(
      d => !d.getSourceFile().hasNoDefaultLib && !/node_modules/.test(d.getSourceFile().fileName)
    );
  const members = [
    ...type.getProperties(),
    ...type.getConstructSignatures().flatMap(s => s.getReturnType().getProperties())
  ];
  for (const member of members) {
    if (/^[A-Za-z][\w]*$/.test(member.name) && member.name !== 'prototype' && isOurs(member)) {
      const at = member.valueDeclaration ?? member.declarations[0];
      add(table, `${name}.${member.name}`, member.name, member, checker.getTypeOfSymbolAtLocation(member, at), checker);
    }
  }
}

function add(table, key, name, symbol, type, checker) {
  const format = ts.TypeFormatFlags.NoTruncation | ts.TypeFormatFlags.WriteArrowStyleSignature;
  const calls = type.getCallSignatures();
  const news = type.getConstructSignatures();
  const text = (signature, prefix) =>
    `${prefix}${name}${checker.signatureToString(signature, undefined, ts.TypeFormatFlags.NoTruncation)}`;
  const isMemberValue = calls.length === 0 && news.length === 0;
  const signature = isMemberValue
    ? `${name}: ${checker.typeToString(type, undefined, format)}`
    : [...calls.map(s => text(s, '')), ...news.slice(0, 1).map(s => text(s, 'new '))].slice(0, 3).join('\n');
  const doc = [
    ts.displayPartsToString(symbol.getDocumentationComment(checker)),
    ...symbol
      .getJsDocTags(checker)
      .map(({ name: tag, text: parts }) => `@${tag} ${ts.displayPartsToString(parts)}`.trim())
  ]
    .filter(Boolean)
    .join('\n\n');
  if (doc || !isMemberValue) {
    table[key] = {
      signature: signature.length > 1500 ? `${signature.slice(0, 1500)}…` : signature,
      ...(doc ? { doc } : {})
    };
  }
}
