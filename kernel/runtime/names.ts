/** Which names a piece of JavaScript declares, and where (ESTree as acorn gives it). */
import type { AnyNode, Pattern, Statement, ModuleDeclaration } from 'acorn';

/** Names declared inside a function, block, class or loop of a cell, and all around it up to the cell itself. */
export class NameScope {
  private readonly names = new Set<string>();

  constructor(readonly outer?: NameScope) {}

  add(names: Iterable<string>): this {
    for (const name of names) {
      this.names.add(name);
    }
    return this;
  }

  has(name: string): boolean {
    return this.names.has(name) || (this.outer?.has(name) ?? false);
  }
}

/** Names a pattern binds: `{ a, b: [c = 1], ...d }` binds a, c, d. */
export function patternNames(pattern: Pattern | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [pattern.name];
    case 'ObjectPattern':
      return pattern.properties.flatMap(p => patternNames(p.type === 'RestElement' ? p.argument : p.value));
    case 'ArrayPattern':
      return pattern.elements.flatMap(patternNames);
    case 'AssignmentPattern':
      return patternNames(pattern.left);
    case 'RestElement':
      return patternNames(pattern.argument);
    default:
      return [];
  }
}

/** Names `let`, `const`, `class` and `function` declare directly in a list of statements. */
export function lexicalNames(statements: readonly (Statement | ModuleDeclaration)[]): string[] {
  return statements.flatMap(statement => {
    const node = statement.type === 'LabeledStatement' ? statement.body : statement;
    switch (node.type) {
      case 'VariableDeclaration':
        return node.kind === 'var' ? [] : node.declarations.flatMap(d => patternNames(d.id));
      case 'ClassDeclaration':
      case 'FunctionDeclaration':
        return [node.id.name];
      default:
        return [];
    }
  });
}

/** Names `var` declares in a node, at any depth, but not inside functions. */
export function varNames(node: AnyNode): string[] {
  switch (node.type) {
    case 'FunctionDeclaration':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
    case 'ClassDeclaration':
    case 'ClassExpression':
      return [];
    case 'VariableDeclaration':
      return node.kind === 'var' ? node.declarations.flatMap(d => patternNames(d.id)) : [];
    default:
      return children(node).flatMap(varNames);
  }
}

/** Child nodes in source order. */
export function children(node: AnyNode): AnyNode[] {
  const out: AnyNode[] = [];
  for (const value of Object.values(node)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (item && typeof item === 'object' && typeof (item as AnyNode).type === 'string') {
        out.push(item as AnyNode);
      }
    }
  }
  return out.sort((a, b) => a.start - b.start);
}
