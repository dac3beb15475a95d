/** Answers `complete_request` from what is there at run time. Types complete in the page's language service. */
import { cellMagics, lineMagics } from './magics';
import { chainBefore, chainKeys, lookup, propertyNames, step, type IsTrusted } from './lookup';
import type { SessionScope } from './scope';

/** Offers completions inside a string argument, e.g. model names in `from_pretrained('…`. */
export type StringCompleter = (callee: string, text: string) => Promise<string[]>;

export interface CompleterOptions {
  scope: SessionScope;
  isTrusted: IsTrusted;
  moduleNames: readonly string[];
  completeString?: StringCompleter;
}

export interface Completion {
  matches: string[];
  /** Offsets in UTF-16 units. */
  start: number;
  end: number;
  /** What each match is, in the front end's words. */
  types: string[];
}

const keywords = (
  'abstract as async await break case catch class const continue debugger declare default delete do else enum export ' +
  'extends false finally for from function get if implements import in instanceof interface keyof let namespace new ' +
  'null of private protected public readonly return satisfies set static super switch this throw true try type typeof ' +
  'undefined var void while with yield'
).split(' ');

/**
 * Completes code.
 *
 * @param cursor Offset in UTF-16 units.
 */
export async function complete(code: string, cursor: number, options: CompleterOptions): Promise<Completion> {
  const before = code.slice(0, cursor);
  const inString = await completeInString(before, options);
  if (inString) {
    return inString;
  }
  const magic = /^\s*(%{1,2}\w*)$/.exec(before);
  if (magic) {
    return matching([...cellMagics, ...lineMagics], magic[1]!, cursor, () => 'magic');
  }
  const prefix = /[\p{L}_$][\p{L}\d_$]*$/u.exec(before)?.[0] ?? '';
  const head = before.slice(0, before.length - prefix.length);
  const dot = /\??\.\s*$/.exec(head);
  if (dot && !/\d\.$/.test(head)) {
    return completeMember(head.slice(0, dot.index), prefix, cursor, options);
  }
  return completeName(prefix, cursor, options);
}

async function completeInString(before: string, options: CompleterOptions): Promise<Completion | undefined> {
  const imported = /(?:\bfrom|\bimport|\bimport\s*\()\s*(['"])([^'"\n]*)$/.exec(before);
  if (imported) {
    return matching(options.moduleNames, imported[2]!, before.length, () => 'module');
  }
  const call = /([\p{L}_$][\p{L}\d_$.]*)\s*\(\s*(?:\{[^{}]*\b[\w$]+\s*:\s*)?(['"`])([^'"`\n]*)$/u.exec(before);
  if (call && options.completeString) {
    const names = await options.completeString(call[1]!, call[3]!);
    return matching(names, call[3]!, before.length, () => 'path');
  }
  const key = /([\p{L}_$][\p{L}\d_$.[\]]*)\[\s*(['"])([^'"\n]*)$/u.exec(before);
  if (key) {
    const found = lookup(options.scope, chainKeys(key[1]!), options.isTrusted);
    return found && matching(Object.keys(Object(found.value) as object), key[3]!, before.length, () => 'property');
  }
  return undefined;
}

function completeMember(head: string, prefix: string, cursor: number, options: CompleterOptions): Completion {
  const chain = chainBefore(head, head.length);
  const found = literal(head) ?? lookup(options.scope, chainKeys(chain), options.isTrusted);
  if (!chain && !literal(head)) {
    return { matches: [], start: cursor - prefix.length, end: cursor, types: [] };
  }
  // What every object has is offered only once something is typed.
  const common = prefix ? [] : Object.getOwnPropertyNames(Object.prototype);
  const names = found ? propertyNames(found.value).filter(n => !common.includes(n)) : [];
  const shown = names.filter(n => /^[\p{L}_$][\p{L}\d_$]*$/u.test(n) && (prefix.startsWith('_') || !n.startsWith('_')));
  return matching(shown, prefix, cursor, name => {
    const member = step(found!.value, name, options.isTrusted);
    return member ? kind(member.value) : 'property';
  });
}

/** The value of a string or array literal before the dot, for its methods. */
function literal(head: string): { value: unknown } | undefined {
  return /['"`]$/.test(head)
    ? { value: '' }
    : /\]$/.test(head) && /(^|[=(,\s])\[[^[\]]*\]$/.test(head)
      ? { value: [] }
      : undefined;
}

function completeName(prefix: string, cursor: number, { scope }: CompleterOptions): Completion {
  const variables = scope.names();
  const known = new Set(variables);
  const builtins = scope.builtinNames().filter(n => !known.has(n));
  // Everything the host has, but only when something is typed: the list is long.
  const globals = prefix ? propertyNames(globalThis).filter(n => !known.has(n) && !scope.isBuiltin(n)) : [];
  const words = prefix ? keywords : [];
  return matching([...variables, ...builtins, ...words, ...globals], prefix, cursor, name => {
    if (!scope.isVariable(name) && !scope.isBuiltin(name)) {
      return keywords.includes(name) ? 'keyword' : 'global';
    }
    const value = scope.variables[name];
    return kind(value);
  });
}

function kind(value: unknown): string {
  if (typeof value !== 'function') {
    return value !== null && typeof value === 'object' ? 'instance' : 'property';
  }
  return /^class\b/.test(Function.prototype.toString.call(value)) ? 'class' : 'function';
}

/**
 * Joins what types know with what is there: first the names of the types, which are meant to be used, then the rest.
 *
 * @param found What is there, with the place being completed.
 * @param typed The language service's names at that place, best first.
 */
export function withTypes(
  found: Completion,
  typed: readonly { name: string; kind: string }[],
  code: string
): Completion {
  const prefix = code.slice(found.start, found.end);
  const isMember = /\.\s*$/.test(code.slice(0, found.start)) || /[{,]\s*$/.test(code.slice(0, found.start));
  if (found.types.some(t => t === 'path' || t === 'module' || t === 'magic') || (!prefix && !isMember)) {
    return found;
  }
  const kinds = new Map(typed.map(({ name, kind }) => [name, kind === 'method' ? 'function' : kind]));
  const match = matching([...kinds.keys()], prefix, found.end, name => kinds.get(name)!);
  const rest = found.matches.map((name, i) => ({ name, type: found.types[i]! })).filter(({ name }) => !kinds.has(name));
  // Names in another case only count where none fits exactly.
  const fitting = match.matches[0]?.startsWith(prefix) ? rest.filter(({ name }) => name.startsWith(prefix)) : rest;
  return {
    ...found,
    matches: [...match.matches, ...fitting.map(r => r.name)],
    types: [...match.types, ...fitting.map(r => r.type)]
  };
}

/** Names that begin with the prefix; in another case, if none does so in this one. */
function matching(
  names: readonly string[],
  prefix: string,
  cursor: number,
  type: (name: string) => string
): Completion {
  const lower = prefix.toLowerCase();
  const exact = names.filter(n => n.startsWith(prefix));
  const found = exact.length > 0 ? exact : names.filter(n => n.toLowerCase().startsWith(lower));
  const matches = [...new Set(found)].slice(0, 1000);
  return { matches, start: cursor - prefix.length, end: cursor, types: matches.map(type) };
}
