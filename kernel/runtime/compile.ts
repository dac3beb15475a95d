/**
 * One cell's JavaScript → a function over the session's scope.
 *
 * What a cell declares at its top becomes a property of the scope object, and every name that no inner scope declares is
 * read from it. So closures see later reassignments, a cell that throws keeps what ran before, and names can be declared
 * again; while variables of inner blocks and functions stay native and fast. Rewriting is by text edits that keep lines.
 *
 *   const { a, b = f() } = await g();   →   ;({ a: __scope.a, b: __scope.b = (0,__scope.f)() } =
 *                                  __cell.resume(await __cell.wait(__cell.begin(), (0,__scope.g)(), 27)));
 */
import {
  parse,
  type AnyNode,
  type Class,
  type Expression,
  type Function as FunctionNode,
  type Identifier
} from 'acorn';
import type {
  ImportDeclaration,
  Literal,
  ModuleDeclaration,
  Pattern,
  Program,
  Statement,
  VariableDeclaration,
  VariableDeclarator
} from 'acorn';
import { Edits, offsetOf, position, type Edited } from './edits';
import { CellSyntaxError } from './errors';
import { NameScope, children, lexicalNames, patternNames, varNames } from './names';
import { NeedsFullCompiler, transpile, type FullCompiler, type Transpiled } from './transpile';
import { sourceMap } from './source-map';

export interface Compiled {
  /** A script whose value is `async (__scope, __cell) => result`. */
  readonly code: string;
  /** Names the cell declares at its top, in order. */
  readonly declared: readonly string[];
  /** Those of them declared with `const` or by an import. */
  readonly constants: readonly string[];
  /** Names read or written that the cell does not declare. */
  readonly free: ReadonlySet<string>;
  /** Where in the TypeScript source a position of `code` comes from. Lines from 1, columns from 0. */
  original(line: number, column: number): { line: number; column: number };
  /** The same for an offset in the JavaScript before rewriting, which await sites carry. */
  originalOffset(offset: number): { line: number; column: number };
}

export interface CompileOptions {
  /** File name in stack traces. */
  name: string;
  /** Whether a name is a variable of the session already. */
  isVariable?(name: string): boolean;
  /** Whether it was last declared with `const`. */
  isConstant?(name: string): boolean;
  /** Check for an interrupt on each turn of a loop. Needs shared memory to be of use. */
  interruptible?: boolean;
  /** For cells the fast transpiler cannot do. */
  fullCompiler?: FullCompiler;
}

/** On each turn of a loop: looks at the flag every 32nd time, as an atomic read costs several times a plain turn. */
const tick = 'if(!(__turn=__turn+1&31))__cell.tick();';

/** Names every realm has: read directly, so that numeric code does not pay for a lookup, unless the session has its own. */
const intrinsics = new Set(
  (
    'undefined NaN Infinity globalThis eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI ' +
    'encodeURIComponent escape unescape Object Function Boolean Symbol Error AggregateError EvalError RangeError ' +
    'ReferenceError SyntaxError TypeError URIError Number BigInt Math Date String RegExp Array Int8Array Uint8Array ' +
    'Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array Float32Array ' +
    'Float64Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry ArrayBuffer SharedArrayBuffer DataView Atomics ' +
    'JSON Promise Reflect Proxy Intl WebAssembly'
  ).split(' ')
);

/**
 * Compiles a cell.
 *
 * @param source TypeScript as typed.
 * @returns JavaScript to evaluate, and what it declares.
 * @throws {CellSyntaxError} If the source is not valid.
 */
export async function compile(source: string, options: CompileOptions): Promise<Compiled> {
  const { transpiled, program } = await parseCell(source, options.fullCompiler);
  const rewriter = new Rewriter(transpiled.code, { ...options, typeScript: source });
  const edited = rewriter.run(program);
  const original = (line: number, column: number) => {
    const at = position(transpiled.code, edited.original(offsetOf(edited.text, line, column)));
    return transpiled.original(at.line, at.column);
  };
  return {
    code: `${edited.text}\n//# sourceURL=${options.name}`,
    declared: rewriter.declared,
    constants: rewriter.constants,
    free: rewriter.free,
    original,
    originalOffset: offset => {
      const at = position(transpiled.code, offset);
      return transpiled.original(at.line, at.column);
    }
  };
}

async function parseCell(
  source: string,
  fullCompiler?: FullCompiler
): Promise<{ transpiled: Transpiled; program: Program }> {
  const trimmed = source.trim();
  if (trimmed.startsWith('{') && trimmed.endsWith('}')) {
    // A cell that is one object literal reads as a block: try it as an expression first.
    try {
      const inner = transpile(`(${source}\n)`);
      const original: Transpiled['original'] = (line, column) => {
        const at = inner.original(line, column);
        return at.line === 1 ? { line: 1, column: Math.max(0, at.column - 1) } : at;
      };
      const transpiled = { code: inner.code, original };
      return { transpiled, program: parseScript(transpiled, source) };
    } catch {
      // A block after all.
    }
  }
  try {
    const transpiled = transpile(source);
    return { transpiled, program: parseScript(transpiled, source) };
  } catch (error) {
    if (!(error instanceof NeedsFullCompiler) || !fullCompiler) {
      throw error;
    }
    const { code, mappings } = await fullCompiler(source);
    // The compiler writes every semicolon, but a last one means that the value is not shown.
    const shown = endsWithSemicolon(source) ? code : code.replace(/;\s*$/, '');
    const transpiled = { code: shown, original: sourceMap(mappings) };
    return { transpiled, program: parseScript(transpiled, source) };
  }
}

function endsWithSemicolon(source: string): boolean {
  return /;(?:\s|\/\/[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/.test(source);
}

function parseScript(transpiled: Transpiled, source: string): Program {
  try {
    return parse(transpiled.code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      allowAwaitOutsideFunction: true
    });
  } catch (error) {
    const { pos, message } = error as { pos: number; message: string };
    if (transpiled.code[pos] === '@') {
      throw new NeedsFullCompiler('decorators');
    }
    const at = position(transpiled.code, pos);
    const original = transpiled.original(at.line, at.column);
    const reason = message
      .replace(/ \(\d+:\d+\)$/, '')
      .replace(
        'Deleting local variable in strict mode',
        'Cannot delete a variable: assign undefined to let go of its value'
      );
    throw new CellSyntaxError(reason, source, original.line, original.column);
  }
}

/** Walks the program once, in source order, collecting edits. */
class Rewriter {
  readonly declared: string[] = [];
  readonly constants: string[] = [];
  readonly free = new Set<string>();
  private readonly edits: Edits;
  private readonly own = new Set<string>();
  private readonly ownConstants = new Set<string>();
  /** Own names that the cell reads or writes outside their declaration. */
  private readonly used = new Set<string>();
  private readonly imports: ImportDeclaration[] = [];

  constructor(
    private readonly code: string,
    private readonly options: CompileOptions & { typeScript: string }
  ) {
    this.edits = new Edits(code);
  }

  run(program: Program): Edited {
    const functions = this.declare(program);
    const vars = varNames(program);
    const prologue = [
      ...[...new Set(vars)].map(name => `"${name}" in __scope||(__scope.${name}=void 0);`),
      ...functions.map(name => `__scope.${name}=${name};`)
    ].join('');
    const counter = this.options.interruptible ? 'let __turn=0;' : '';
    this.edits.insert(0, `(async function __cell_body(__scope,__cell){"use strict";${counter}${prologue}`);
    program.body.forEach((node, i) => this.topLevel(node, program.body[i + 1], i === program.body.length - 1));
    // Last, as only now it is known which imports the cell uses.
    this.imports.forEach((node, i) => this.importDeclaration(node, `__m${i}`));
    // On a line of its own: the cell may end in a comment.
    this.edits.insert(this.code.length, '\n})');
    return this.edits.apply();
  }

  /** Notes the cell's own names; returns those of functions, which exist from the start. */
  private declare(program: Program): string[] {
    const functions: string[] = [];
    const add = (names: string[], constant: boolean): void => {
      for (const name of names) {
        if (!this.own.has(name)) {
          this.own.add(name);
          this.declared.push(name);
        }
        if (constant) {
          this.ownConstants.add(name);
          this.constants.push(name);
        }
      }
    };
    for (const statement of program.body) {
      const node = unexported(statement);
      if (node.type === 'ImportDeclaration') {
        add(
          node.specifiers.map(s => s.local.name),
          true
        );
      } else if (node.type === 'VariableDeclaration' && node.kind !== 'var') {
        add(
          node.declarations.flatMap(d => patternNames(d.id)),
          node.kind === 'const'
        );
      } else if (node.type === 'ClassDeclaration' && node.id) {
        add([node.id.name], false);
      } else if (node.type === 'FunctionDeclaration' && node.id) {
        add([node.id.name], false);
        functions.push(node.id.name);
      } else if (node.type === 'LabeledStatement') {
        functions.push(...lexicalNames([node]));
        add(lexicalNames([node]), false);
      }
    }
    add(varNames(program), false);
    return functions;
  }

  private topLevel(statement: Statement | ModuleDeclaration, next: AnyNode | undefined, isLast: boolean): void {
    switch (statement.type) {
      case 'ImportDeclaration':
        return void this.imports.push(statement);
      case 'ExportAllDeclaration':
        return this.edits.replace(statement.start, statement.end, `;await __cell.load(${statement.source.raw});`);
      case 'ExportNamedDeclaration':
        if (!statement.declaration) {
          const load = statement.source ? `;await __cell.load(${statement.source.raw});` : ';';
          return this.edits.replace(statement.start, statement.end, load);
        }
        this.edits.replace(statement.start, statement.declaration.start, ';');
        return this.topLevel(statement.declaration, next, isLast);
      case 'ExportDefaultDeclaration': {
        const { declaration } = statement;
        // Up to the keyword only: a parenthesis may stand before the expression.
        const keywords = /^export\s+default/.exec(this.code.slice(statement.start))![0].length;
        this.edits.replace(statement.start, statement.start + keywords, ';');
        if ((declaration.type === 'FunctionDeclaration' || declaration.type === 'ClassDeclaration') && declaration.id) {
          return this.topLevel(declaration as Statement, next, isLast);
        }
        this.edits.insert(declaration.start, '(');
        this.visit(declaration, undefined, false);
        return this.edits.insert(declaration.end, ')');
      }
      case 'ClassDeclaration':
        this.edits.insert(statement.start, `;__scope.${statement.id.name} = `);
        this.classLike(statement, undefined);
        return this.edits.insert(statement.end, ';');
      case 'VariableDeclaration':
        return this.sessionDeclaration(statement, undefined, ';', isEnum(statement, next));
      case 'ExpressionStatement':
        if (isLast && this.code[statement.end - 1] !== ';') {
          this.edits.insert(statement.start, ';return __cell.result((');
          this.visit(statement.expression, undefined, false);
          return this.edits.insert(statement.end, `),${statement.start})`);
        }
        return this.statements([statement], undefined, false);
      default:
        return this.statements([statement], undefined, false);
    }
  }

  /**
   *   import d, { a as b } from 'm';   →   ;const __m0=await __cell.load('m',["default","a"]);
   *                                        __scope.d=__m0["default"];__scope.b=__m0["a"];
   *
   * A name that the cell's TypeScript uses but its JavaScript does not is taken for a type, and need not be exported.
   */
  private importDeclaration(node: ImportDeclaration, module: string): void {
    const names: string[] = [];
    const sets = node.specifiers.map(specifier => {
      const local = specifier.local.name;
      if (specifier.type === 'ImportNamespaceSpecifier') {
        return `__scope.${local}=${module};`;
      }
      const name = JSON.stringify(
        specifier.type === 'ImportDefaultSpecifier' ? 'default' : exportedName(specifier.imported)
      );
      const isType = !this.used.has(local) && occurs(local, this.options.typeScript) > 1;
      if (isType) {
        return `if(${name} in ${module})__scope.${local}=${module}[${name}];`;
      }
      names.push(name);
      return `__scope.${local}=${module}[${name}];`;
    });
    const text = `;const ${module}=await __cell.load(${node.source.raw},[${names.join()}]);${sets.join('')}`;
    this.edits.replace(node.start, node.end, text);
  }

  /** A declaration whose names live on the scope. */
  private sessionDeclaration(
    node: VariableDeclaration,
    scope: NameScope | undefined,
    before: string,
    resets: boolean
  ): void {
    this.edits.replace(node.start, node.declarations[0]!.start, before);
    for (const declarator of node.declarations) {
      this.sessionDeclarator(declarator, scope, node.kind !== 'var' || resets);
    }
    if (before === ';' && this.code[node.end - 1] !== ';') {
      this.edits.insert(node.end, ';');
    }
  }

  private sessionDeclarator({ id, init }: VariableDeclarator, scope: NameScope | undefined, resets: boolean): void {
    const isPattern = id.type !== 'Identifier';
    if (isPattern) {
      this.edits.insert(id.start, '(');
    }
    this.target(id, scope, true);
    if (init) {
      this.named(init, id, scope, false);
    } else if (resets && !isPattern) {
      this.edits.insert(id.end, ' = void 0');
    }
    if (isPattern) {
      this.edits.insert(init!.end, ')');
    }
  }

  /** Visits a value; an anonymous function keeps the name a plain declaration would have given it. */
  private named(value: Expression, target: Pattern, scope: NameScope | undefined, inFunction: boolean): void {
    const anonymous =
      value.type === 'ArrowFunctionExpression' ||
      ((value.type === 'FunctionExpression' || value.type === 'ClassExpression') && !value.id);
    if (!anonymous || target.type !== 'Identifier' || target.name === '__proto__') {
      return this.visit(value, scope, inFunction);
    }
    this.edits.insert(value.start, `({${target.name}:`);
    this.visit(value, scope, inFunction);
    this.edits.insert(value.end, `}).${target.name}`);
  }

  /** A pattern that is assigned to. `declares`: by its declaration, which may set a constant. */
  private target(pattern: Pattern, scope: NameScope | undefined, declares: boolean, inFunction = false): void {
    switch (pattern.type) {
      case 'Identifier':
        return this.reference(pattern, scope, declares ? 'declare' : 'write');
      case 'MemberExpression':
        return this.visit(pattern, scope, inFunction);
      case 'ArrayPattern':
        return pattern.elements.forEach(e => e && this.target(e, scope, declares, inFunction));
      case 'RestElement':
        return this.target(pattern.argument, scope, declares, inFunction);
      case 'AssignmentPattern':
        this.target(pattern.left, scope, declares, inFunction);
        return this.named(pattern.right, pattern.left, scope, inFunction);
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            this.target(property.argument, scope, declares, inFunction);
            continue;
          }
          if (property.computed) {
            this.visit(property.key, scope, inFunction);
          }
          if (property.shorthand) {
            this.edits.insert(property.start, `${(property.key as Identifier).name}: `);
          }
          this.target(property.value, scope, declares, inFunction);
        }
    }
  }

  /** A name in use: the scope's, unless an inner scope declares it. */
  private reference(
    node: Identifier,
    scope: NameScope | undefined,
    use: 'read' | 'write' | 'declare' | 'call' | 'typeof'
  ): void {
    const { name } = node;
    if (scope?.has(name) || name === 'arguments') {
      return;
    }
    const isOwn = this.own.has(name);
    if (isOwn) {
      if (use !== 'declare') {
        this.used.add(name);
      }
    } else {
      if (intrinsics.has(name) && !this.options.isVariable?.(name)) {
        return;
      }
      this.free.add(name);
    }
    switch (use) {
      case 'read':
      case 'declare':
        return this.edits.insert(node.start, '__scope.');
      case 'write': {
        const isConstant = isOwn ? this.ownConstants.has(name) : this.options.isConstant?.(name);
        return this.edits.insert(node.start, isConstant ? '__cell.constants.' : '__scope.');
      }
      case 'call':
        // The comma drops the scope as `this`.
        this.edits.insert(node.start, '(0,__scope.');
        return this.edits.insert(node.end, ')');
      case 'typeof':
        return this.edits.replace(node.start, node.end, `("${name}" in __scope?__scope.${name}:void 0)`);
    }
  }

  private statements(nodes: readonly AnyNode[], scope: NameScope | undefined, inFunction: boolean): void {
    for (const node of nodes) {
      if (node.type === 'ExpressionStatement') {
        // Its first token may become a parenthesis, which must not continue the line above.
        this.edits.insert(node.start, ';');
      }
      if (node.type === 'VariableDeclaration' && node.kind === 'var' && !inFunction) {
        this.sessionDeclaration(node, scope, ';', false);
      } else {
        this.visit(node, scope, inFunction);
      }
    }
  }

  private visit(node: AnyNode, scope: NameScope | undefined, inFunction: boolean): void {
    const each = (nodes: readonly (AnyNode | null | undefined)[], inner = scope): void =>
      nodes.forEach(child => child && this.visit(child, inner, inFunction));
    switch (node.type) {
      case 'Identifier':
        return this.reference(node, scope, 'read');
      case 'BlockStatement':
      case 'StaticBlock': {
        const isStatic = node.type === 'StaticBlock';
        const inner = new NameScope(scope).add(lexicalNames(node.body));
        if (isStatic) {
          inner.add(node.body.flatMap(varNames));
        }
        return this.statements(node.body, inner, inFunction || isStatic);
      }
      case 'FunctionDeclaration':
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return this.functionLike(node, scope);
      case 'ClassDeclaration':
      case 'ClassExpression':
        return this.classLike(node, scope);
      case 'VariableDeclaration':
        if (node.kind === 'var' && !inFunction) {
          return this.sessionDeclaration(node, scope, '', false);
        }
        for (const { id, init } of node.declarations) {
          this.bindingDefaults(id, scope, inFunction);
          each([init]);
        }
        return;
      case 'CallExpression':
        if (node.callee.type === 'Identifier') {
          this.reference(node.callee, scope, 'call');
        } else {
          each([node.callee]);
        }
        return each(node.arguments);
      case 'TaggedTemplateExpression':
        if (node.tag.type === 'Identifier') {
          this.reference(node.tag, scope, 'call');
        } else {
          each([node.tag]);
        }
        return each([node.quasi]);
      case 'MemberExpression':
        return each([node.object, node.computed ? node.property : undefined]);
      case 'Property':
        if (node.shorthand) {
          this.edits.insert(node.start, `${(node.key as Identifier).name}: `);
          return each([node.value]);
        }
        return each([node.computed ? node.key : undefined, node.value]);
      case 'MethodDefinition':
      case 'PropertyDefinition':
        return each([node.computed ? node.key : undefined, node.value]);
      case 'UnaryExpression':
        if (node.operator === 'typeof' && node.argument.type === 'Identifier') {
          return this.reference(node.argument, scope, 'typeof');
        }
        return each([node.argument]);
      case 'UpdateExpression':
        return node.argument.type === 'Identifier'
          ? this.reference(node.argument, scope, 'write')
          : each([node.argument]);
      case 'AssignmentExpression':
        this.target(node.left, scope, false, inFunction);
        return node.operator === '=' ? this.named(node.right, node.left, scope, inFunction) : each([node.right]);
      case 'AwaitExpression':
        this.edits.replace(node.start, node.start + 'await'.length, '__cell.resume(await __cell.wait(__cell.begin(),');
        each([node.argument]);
        return this.edits.insert(node.end, `,${node.start}))`);
      case 'ImportExpression':
        this.edits.replace(node.start, node.start + 'import'.length, '__cell.import');
        return each([node.source, node.options]);
      case 'MetaProperty':
        if (node.meta.name === 'import') {
          this.edits.replace(node.start, node.end, '__cell.meta');
        }
        return;
      case 'LabeledStatement':
        return each([node.body]);
      case 'BreakStatement':
      case 'ContinueStatement':
        return;
      case 'SwitchStatement': {
        each([node.discriminant]);
        const inner = new NameScope(scope).add(lexicalNames(node.cases.flatMap(c => c.consequent)));
        for (const branch of node.cases) {
          each([branch.test], inner);
          this.statements(branch.consequent, inner, inFunction);
        }
        return;
      }
      case 'CatchClause': {
        const inner = new NameScope(scope).add(patternNames(node.param ?? null));
        if (node.param) {
          this.bindingDefaults(node.param, inner, inFunction);
        }
        return each([node.body], inner);
      }
      case 'ForStatement':
      case 'ForInStatement':
      case 'ForOfStatement':
        return this.forLoop(node, scope, inFunction);
      case 'WhileStatement':
        each([node.test]);
        return this.loopBody(node.body, scope, inFunction);
      case 'DoWhileStatement':
        this.loopBody(node.body, scope, inFunction);
        return each([node.test]);
      default:
        return each(children(node));
    }
  }

  private forLoop(
    node: Extract<AnyNode, { type: 'ForStatement' | 'ForInStatement' | 'ForOfStatement' }>,
    scope: NameScope | undefined,
    inFunction: boolean
  ): void {
    const head = node.type === 'ForStatement' ? node.init : node.left;
    const inner = new NameScope(scope);
    if (head?.type === 'VariableDeclaration' && head.kind !== 'var') {
      inner.add(head.declarations.flatMap(d => patternNames(d.id)));
    }
    if (node.type === 'ForStatement') {
      [node.init, node.test, node.update].forEach(part => part && this.visit(part, inner, inFunction));
    } else {
      if (node.left.type !== 'VariableDeclaration') {
        this.target(node.left, inner, false, inFunction);
      } else if (node.left.kind === 'var' && !inFunction) {
        this.edits.replace(node.left.start, node.left.declarations[0]!.start, '');
        this.target(node.left.declarations[0]!.id, inner, true, inFunction);
      } else {
        this.bindingDefaults(node.left.declarations[0]!.id, inner, inFunction);
      }
      const isAwait = node.type === 'ForOfStatement' && node.await;
      if (isAwait) {
        this.edits.insert(node.right.start, '__cell.iterate(');
      }
      this.visit(node.right, inner, inFunction);
      if (isAwait) {
        this.edits.insert(node.right.end, `,${node.start})`);
      }
    }
    this.loopBody(node.body, inner, inFunction);
  }

  private loopBody(body: Statement, scope: NameScope | undefined, inFunction: boolean): void {
    if (!this.options.interruptible) {
      return this.visit(body, scope, inFunction);
    }
    if (body.type === 'BlockStatement') {
      this.edits.insert(body.start + 1, tick);
      return this.visit(body, scope, inFunction);
    }
    this.edits.insert(body.start, `{${tick}`);
    this.visit(body, scope, inFunction);
    this.edits.insert(body.end, '}');
  }

  private functionLike(node: FunctionNode, scope: NameScope | undefined): void {
    const parameters = new NameScope(scope).add(node.params.flatMap(patternNames));
    if (node.type === 'FunctionExpression' && node.id) {
      parameters.add([node.id.name]);
    }
    node.params.forEach(parameter => this.bindingDefaults(parameter, parameters, true));
    if (node.body.type !== 'BlockStatement') {
      return this.visit(node.body, parameters, true);
    }
    const body = new NameScope(parameters).add(lexicalNames(node.body.body)).add(node.body.body.flatMap(varNames));
    this.statements(node.body.body, body, true);
  }

  private classLike(node: Class, scope: NameScope | undefined): void {
    // Inside, the class's own name is a binding of the class.
    const inner = new NameScope(scope).add(node.id ? [node.id.name] : []);
    if (node.superClass) {
      this.visit(node.superClass, inner, false);
    }
    node.body.body.forEach(member => this.visit(member, inner, false));
  }

  /** Defaults and computed keys of a pattern whose names are native: the names themselves stay as they are. */
  private bindingDefaults(pattern: Pattern, scope: NameScope | undefined, inFunction: boolean): void {
    switch (pattern.type) {
      case 'AssignmentPattern':
        this.bindingDefaults(pattern.left, scope, inFunction);
        return this.visit(pattern.right, scope, inFunction);
      case 'ArrayPattern':
        return pattern.elements.forEach(e => e && this.bindingDefaults(e, scope, inFunction));
      case 'RestElement':
        return this.bindingDefaults(pattern.argument, scope, inFunction);
      case 'ObjectPattern':
        for (const property of pattern.properties) {
          if (property.type === 'RestElement') {
            this.bindingDefaults(property.argument, scope, inFunction);
          } else {
            if (property.computed) {
              this.visit(property.key, scope, inFunction);
            }
            this.bindingDefaults(property.value, scope, inFunction);
          }
        }
    }
  }
}

function exportedName(node: Identifier | Literal): string {
  return node.type === 'Identifier' ? node.name : String(node.value);
}

/** How often a name stands in a text. */
function occurs(name: string, text: string): number {
  return text.split(new RegExp(`(?<![\\p{L}\\d_$])${name.replace(/\$/g, '\\$')}(?![\\p{L}\\d_$])`, 'u')).length - 1;
}

function unexported(statement: Statement | ModuleDeclaration): AnyNode {
  if (statement.type === 'ExportNamedDeclaration' && statement.declaration) {
    return statement.declaration;
  }
  return statement.type === 'ExportDefaultDeclaration' ? statement.declaration : statement;
}

/** Whether `var E;` is the first half of an enum (`var E; (function (E) {…})(E || (E = {}))`), which starts afresh. */
function isEnum(node: VariableDeclaration, next: AnyNode | undefined): boolean {
  const id = node.declarations[0]!.id;
  return (
    node.kind === 'var' &&
    id.type === 'Identifier' &&
    next?.type === 'ExpressionStatement' &&
    next.expression.type === 'CallExpression' &&
    next.expression.callee.type === 'FunctionExpression' &&
    next.expression.callee.params[0]?.type === 'Identifier' &&
    next.expression.callee.params[0].name === id.name
  );
}
