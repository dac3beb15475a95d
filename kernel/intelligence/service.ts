/**
 * What TypeScript's language service says about a cell. Executed cells are modules; each imports the names it uses from
 * the last cell that declared them, on its first line, so that lines stay what they are.
 */
import type * as TypeScript from 'typescript';

type Ts = typeof TypeScript;

export interface TypedCompletion {
  name: string;
  /** TypeScript's word: `method`, `const`, `class` … */
  kind: string;
}

export interface TypedHelp {
  signature: string;
  doc: string;
}

export interface TypeFault {
  /** From 1. */
  line: number;
  /** From 0. */
  column: number;
  message: string;
}

interface Cell {
  text: string;
  names: readonly string[];
  version: number;
}

/**
 * Faults that say nothing in a notebook: modules only the host finds, names that exist at run time, assignment to what
 * is an import only here, an abstract member that the library would have filled in.
 */
const ignored = new Set([
  1375, 1378, 2304, 2305, 2307, 2349, 2367, 2503, 2515, 2539, 2550, 2552, 2580, 2584, 2632, 2686, 2691, 5097, 7016
]);

/**
 * Whether a fault is the cell's rather than of declarations that say less than is true: a missing property of a union, an
 * object that is not quite of a described shape and arithmetic on data that may be int64 are left alone.
 */
function isPlain(message: string): boolean {
  const [first] = message.split('\n') as [string];
  const target = /^(?:Argument of type|Type) '.*' is not assignable to (?:parameter of )?type '(.*)'\.$/.exec(
    first
  )?.[1];
  if (target !== undefined) {
    return /^(string|number|boolean|bigint|symbol|"[^"]*"( \| "[^"]*")*)$/.test(target);
  }
  return !/does not exist on type '.*\|/.test(first) && !/\bbigint\b/.test(message);
}

/** What callable objects inherit, and nobody wants to see first. */
const ofFunctions = new Set([
  'apply',
  'arguments',
  'bind',
  'call',
  'caller',
  'length',
  'name',
  'prototype',
  'toString'
]);

export class IntelligenceService {
  private readonly cells = new Map<string, Cell>();
  /** Name → file of the cell that declared it last. */
  private readonly owners = new Map<string, string>();
  private readonly service: TypeScript.LanguageService;
  private extra: { text: string; version: number } = { text: '', version: 0 };
  private next = 1;
  private version = 1;

  /**
   * @param ts The compiler.
   * @param files Declarations by name: TypeScript's libraries, `/globals.d.ts`, `/cell-module.d.ts`.
   */
  constructor(
    private readonly ts: Ts,
    private readonly files: { readonly [name: string]: string }
  ) {
    this.service = ts.createLanguageService(this.host(), ts.createDocumentRegistry());
  }

  /** Adds a cell that was run. */
  commit(code: string): void {
    const file = `/cell-${this.next++}.tsx`;
    this.setCell(file, code);
    this.cells.get(file)!.names.forEach(name => this.owners.set(name, file));
  }

  /** Declares names that the library binds at run time only: the classes of every family. */
  declare(lines: readonly string[]): void {
    this.extra = { text: lines.join('\n'), version: this.extra.version + 1 };
  }

  /** Completions at an offset, best first. */
  complete(code: string, offset: number): TypedCompletion[] {
    const { file, shift } = this.current(code);
    const found = this.service.getCompletionsAtPosition(file, offset + shift, {
      includeCompletionsWithInsertText: false,
      includeCompletionsForModuleExports: false
    });
    return (found?.entries ?? [])
      .filter(e => e.kind !== this.ts.ScriptElementKind.warning && !e.name.startsWith('_'))
      .sort((a, b) => {
        const late = Number(ofFunctions.has(a.name)) - Number(ofFunctions.has(b.name));
        return late || (a.sortText < b.sortText ? -1 : a.sortText > b.sortText ? 1 : 0);
      })
      .map(({ name, kind }) => ({ name, kind }));
  }

  /** Type, signature and documentation of what stands at an offset, or of the function whose arguments it is in. */
  help(code: string, offset: number): TypedHelp | undefined {
    const { file, shift } = this.current(code);
    const { ts } = this;
    for (const at of [offset + shift, offset + shift - 1]) {
      const info = at >= shift ? this.service.getQuickInfoAtPosition(file, at) : undefined;
      if (info) {
        const tags = (info.tags ?? []).map(t => `@${t.name} ${ts.displayPartsToString(t.text)}`.trim());
        return {
          signature: ts.displayPartsToString(info.displayParts),
          doc: [ts.displayPartsToString(info.documentation), ...tags].filter(Boolean).join('\n\n')
        };
      }
    }
    const items = this.service.getSignatureHelpItems(file, offset + shift, undefined);
    const item = items?.items[items.selectedItemIndex];
    if (!item) {
      return undefined;
    }
    const text = (parts: TypeScript.SymbolDisplayPart[]): string => ts.displayPartsToString(parts);
    const parameters = item.parameters.map(p => text(p.displayParts)).join(text(item.separatorDisplayParts));
    const tags = item.tags.map(t => `@${t.name} ${text(t.text ?? [])}`.trim());
    return {
      signature: `${text(item.prefixDisplayParts)}${parameters}${text(item.suffixDisplayParts)}`,
      doc: [text(item.documentation), ...tags].filter(Boolean).join('\n\n')
    };
  }

  /** Type errors of a cell that is about to run. */
  check(code: string): TypeFault[] {
    const { file, shift } = this.current(code);
    return this.service
      .getSemanticDiagnostics(file)
      .filter(d => d.category === this.ts.DiagnosticCategory.Error && !ignored.has(d.code) && (d.start ?? 0) >= shift)
      .filter(d => d.start! < shift + code.length)
      .map(d => {
        const before = code.slice(0, d.start! - shift).split('\n');
        const message = this.ts.flattenDiagnosticMessageText(d.messageText, '\n');
        return { line: before.length, column: before.at(-1)!.length, message };
      })
      .filter(({ message }) => isPlain(message));
  }

  /** Sets the cell at hand; `shift` is where its text begins in the file. */
  private current(code: string): { file: string; shift: number } {
    const file = '/current.tsx';
    const shift = this.setCell(file, code);
    return { file, shift };
  }

  private setCell(file: string, code: string): number {
    const { ts } = this;
    const source = ts.createSourceFile(file, code, ts.ScriptTarget.ES2022, false, ts.ScriptKind.TSX);
    const names = declaredNames(ts, source);
    const own = new Set(names);
    const byFile = new Map<string, string[]>();
    for (const [name, owner] of this.owners) {
      if (!own.has(name) && code.includes(name)) {
        byFile.set(owner, [...(byFile.get(owner) ?? []), name]);
      }
    }
    const imports = [...byFile]
      .map(([owner, list]) => `import { ${list.join(', ')} } from '${owner.slice(0, -4)}';`)
      .join('');
    const exported = names.filter(name => !alreadyExported(ts, source, name));
    const text = `${imports}${code}\nexport { ${exported.join(', ')} };`;
    if (this.cells.get(file)?.text !== text) {
      this.cells.set(file, { text, names, version: this.version++ });
    }
    return imports.length;
  }

  private host(): TypeScript.LanguageServiceHost {
    const { ts, files } = this;
    const text = (name: string): string | undefined =>
      name === '/extra.d.ts' ? this.extra.text : (this.cells.get(name)?.text ?? files[name]);
    const options: TypeScript.CompilerOptions = {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ['lib.es2024.d.ts', 'lib.webworker.d.ts', 'lib.webworker.asynciterable.d.ts', 'lib.esnext.disposable.d.ts'],
      jsx: ts.JsxEmit.Preserve,
      // A notebook is for trying things: only what is surely wrong is a fault.
      strict: false,
      noImplicitAny: false,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: []
    };
    return {
      getCompilationSettings: () => options,
      getScriptFileNames: () => ['/globals.d.ts', '/extra.d.ts', ...this.cells.keys()],
      getScriptVersion: name =>
        name === '/extra.d.ts' ? String(this.extra.version) : String(this.cells.get(name)?.version ?? 0),
      getScriptSnapshot: name => {
        const found = text(name);
        return found === undefined ? undefined : ts.ScriptSnapshot.fromString(found);
      },
      getCurrentDirectory: () => '/',
      getDefaultLibFileName: () => '/lib.es2024.d.ts',
      fileExists: name => text(name) !== undefined,
      readFile: text,
      resolveModuleNameLiterals: (literals, containing) =>
        literals.map(({ text: name }) => {
          const resolvedFileName = resolveName(name, containing, n => text(n) !== undefined);
          return {
            resolvedModule: resolvedFileName
              ? { resolvedFileName, extension: extensionOf(resolvedFileName) }
              : undefined
          };
        })
    };
  }
}

function extensionOf(name: string): string {
  return name.endsWith('.d.ts') ? '.d.ts' : '.tsx';
}

const aliases = new Set(['loupe', 'transformers', '@huggingface/transformers']);

function resolveName(name: string, containing: string, exists: (name: string) => boolean): string | undefined {
  if (aliases.has(name)) {
    return '/cell-module.d.ts';
  }
  if (!/^[./]/.test(name)) {
    return undefined;
  }
  const parts = name.startsWith('/') ? [] : containing.split('/').slice(1, -1);
  for (const part of name.split('/')) {
    if (part === '..') {
      parts.pop();
    } else if (part && part !== '.') {
      parts.push(part);
    }
  }
  const path = `/${parts.join('/')}`;
  return [`${path}.tsx`, `${path}.d.ts`, `${path}/index.d.ts`].find(exists);
}

/** Names a cell declares at its top: values and types. */
function declaredNames(ts: Ts, source: TypeScript.SourceFile): string[] {
  const names = new Set<string>();
  const bind = (name: TypeScript.BindingName): void => {
    if (ts.isIdentifier(name)) {
      names.add(name.text);
    } else {
      name.elements.forEach(e => ts.isBindingElement(e) && bind(e.name));
    }
  };
  for (const node of source.statements) {
    if (ts.isVariableStatement(node)) {
      node.declarationList.declarations.forEach(d => bind(d.name));
    } else if (ts.isImportDeclaration(node)) {
      const clause = node.importClause;
      [clause?.name, ...importedNames(ts, clause)].forEach(n => n && names.add(n.text));
    } else if (
      ts.isFunctionDeclaration(node) ||
      ts.isClassDeclaration(node) ||
      ts.isInterfaceDeclaration(node) ||
      ts.isTypeAliasDeclaration(node) ||
      ts.isEnumDeclaration(node) ||
      ts.isModuleDeclaration(node)
    ) {
      if (node.name && ts.isIdentifier(node.name)) {
        names.add(node.name.text);
      }
    }
  }
  return [...names];
}

function importedNames(ts: Ts, clause: TypeScript.ImportClause | undefined): TypeScript.Identifier[] {
  const bindings = clause?.namedBindings;
  return bindings ? (ts.isNamespaceImport(bindings) ? [bindings.name] : bindings.elements.map(e => e.name)) : [];
}

function alreadyExported(ts: Ts, source: TypeScript.SourceFile, name: string): boolean {
  return source.statements.some(node => {
    const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
    if (!modifiers?.some(m => m.kind === ts.SyntaxKind.ExportKeyword)) {
      return false;
    }
    if (ts.isVariableStatement(node)) {
      return node.declarationList.declarations.some(d => ts.isIdentifier(d.name) && d.name.text === name);
    }
    return 'name' in node && (node.name as TypeScript.Identifier | undefined)?.text === name;
  });
}
