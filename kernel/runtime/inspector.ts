/** Answers `inspect_request` and `?name`: type, signature, documentation, value. */
import { HTML, MARKDOWN, TEXT } from '../protocol/mime';
import type { MimeBundle } from '../protocol/messages';
import { className, inspect } from './inspect';
import { chainBefore, chainKeys, lookup, step, type Found, type IsTrusted } from './lookup';
import type { SessionScope } from './scope';
import { escapeHtml } from './tags';

/** What the library's docstrings say, by `name` or `Class.member`. Made at build time. */
export interface DocTable {
  [name: string]: { signature?: string; doc?: string };
}

export interface InspectorOptions {
  scope: SessionScope;
  isTrusted: IsTrusted;
  docs: DocTable;
  /** What the types say about the place, where docs have nothing. */
  typed?: { signature: string; doc: string };
}

/**
 * Describes what stands at the cursor, or the function whose arguments the cursor is in.
 *
 * @param cursor Offset in UTF-16 units.
 * @returns Undefined if nothing known stands there.
 */
export function inspectAt(
  code: string,
  cursor: number,
  detail: 0 | 1,
  options: InspectorOptions
): MimeBundle | undefined {
  const word = /^[\p{L}\d_$]*/u.exec(code.slice(cursor))![0];
  const here = chainBefore(code, cursor + word.length);
  const called = calleeBefore(code, cursor);
  for (const chain of [here, called]) {
    const described = chain && describe(chain, detail, options);
    if (described) {
      return described;
    }
  }
  return undefined;
}

/** The expression before the parenthesis that is still open at the cursor. */
function calleeBefore(code: string, cursor: number): string {
  let depth = 0;
  for (let i = cursor - 1; i >= 0 && cursor - i < 5000; i--) {
    const letter = code[i]!;
    if (')]}'.includes(letter)) {
      depth++;
    } else if ('([{'.includes(letter)) {
      if (depth === 0 && letter === '(') {
        return chainBefore(code, i);
      }
      depth = Math.max(0, depth - 1);
    }
  }
  return '';
}

/** Describes `a.b.c`. */
export function describe(chain: string, detail: 0 | 1, options: InspectorOptions): MimeBundle | undefined {
  const keys = chainKeys(chain);
  const found = lookup(options.scope, keys, options.isTrusted);
  const doc = documented(keys, found, options) ?? options.typed;
  if (!found && !doc) {
    return undefined;
  }
  const parts: [string, string][] = [];
  const isFunction = typeof found?.value === 'function';
  const signature = doc?.signature ?? (isFunction ? signatureOf(found.value as object, keys.at(-1)!) : undefined);
  if (signature) {
    parts.push(['Signature', signature]);
  }
  if (found) {
    parts.push(['Type', typeName(found.value)]);
    if (!isFunction) {
      parts.push(['Value', inspect(found.value, { depth: 1, max_length: 2000, max_items: 20, max_string: 500 })]);
    }
  }
  if (detail === 1 && isFunction) {
    parts.push(['Source', Function.prototype.toString.call(found.value).slice(0, 20_000)]);
  }
  const text = [
    ...parts.map(([k, v]) => (v.includes('\n') ? `${k}:\n${v}` : `${k}: ${v}`)),
    ...(doc?.doc ? ['', doc.doc] : [])
  ];
  const fenced = parts.map(([k, v]) => (k === 'Type' ? `**Type:** ${v}` : `**${k}:**\n\`\`\`typescript\n${v}\n\`\`\``));
  const rows = parts.map(([k, v]) => `<p><b>${k}:</b></p><pre>${escapeHtml(v)}</pre>`);
  return {
    [TEXT]: text.join('\n'),
    [MARKDOWN]: [...fenced, ...(doc?.doc ? [doc.doc] : [])].join('\n\n'),
    [HTML]: [...rows, ...(doc?.doc ? [`<pre style="white-space:pre-wrap">${escapeHtml(doc.doc)}</pre>`] : [])].join('')
  };
}

function documented(keys: readonly string[], found: Found, { scope, isTrusted, docs }: InspectorOptions) {
  const has = (name: string): boolean => Object.hasOwn(docs, name);
  const member = keys.at(-1)!;
  if (keys.length === 1) {
    // A user's own variable of the same name is not what the docs describe.
    const own = typeof found?.value === 'function' ? ((found.value as { name?: unknown }).name as string) : undefined;
    return has(member) && !scope.isVariable(member)
      ? docs[member]
      : own && scope.isBuiltin(own) && has(own)
        ? docs[own]
        : undefined;
  }
  const parent = lookup(scope, keys.slice(0, -1), isTrusted);
  const exported = keys.length === 2 && scope.isBuiltin(keys[0]!) && !scope.isVariable(keys[0]!) ? [keys[0]!] : [];
  for (const name of [...exported, ...classNames(parent?.value)]) {
    if (has(`${name}.${member}`)) {
      return docs[`${name}.${member}`];
    }
  }
  return undefined;
}

/** Names of a value's classes, or of a class and its parents. */
function classNames(value: unknown): string[] {
  const names: string[] = [];
  let at: object | null =
    typeof value === 'function'
      ? value
      : value
        ? ((step(value, 'constructor', () => false)?.value as object | undefined) ?? null)
        : null;
  for (let i = 0; typeof at === 'function' && i < 30; i++) {
    const { name } = at as { name: string };
    if (name) {
      names.push(name);
    }
    at = Object.getPrototypeOf(at) as object | null;
  }
  return names;
}

function typeName(value: unknown): string {
  if (value === null || (typeof value !== 'object' && typeof value !== 'function')) {
    return value === null ? 'null' : typeof value;
  }
  return typeof value === 'function'
    ? /^class\b/.test(Function.prototype.toString.call(value))
      ? 'class'
      : 'function'
    : className(value);
}

/** Parameters as the source has them; native functions only tell how many. */
function signatureOf(value: object, name: string): string | undefined {
  const source = Function.prototype.toString.call(value);
  if (/\[native code\]/.test(source)) {
    const length = (value as { length: number }).length;
    return `${name}(${Array.from({ length }, (_, i) => `arg${i + 1}`).join(', ')})`;
  }
  if (/^class\b/.test(source)) {
    const parameters = /\bconstructor\s*\(/.exec(source);
    return `new ${name}${parameters ? balanced(source, parameters.index + parameters[0].length - 1) : '()'}`;
  }
  const open = source.indexOf('(');
  const arrow = source.indexOf('=>');
  if (open < 0 || (arrow >= 0 && arrow < open)) {
    return `${name}(${source
      .slice(0, arrow)
      .replace(/^async\s+/, '')
      .trim()})`;
  }
  return `${/^async\b/.test(source) ? 'async ' : ''}${name}${balanced(source, open)}`;
}

/** The text from an opening parenthesis to its closing one, without line breaks. */
function balanced(source: string, open: number): string {
  let depth = 0;
  for (let i = open; i < source.length; i++) {
    depth += '([{'.includes(source[i]!) ? 1 : ')]}'.includes(source[i]!) ? -1 : 0;
    if (depth === 0) {
      return source
        .slice(open, i + 1)
        .replace(/__scope\./g, '')
        .replace(/\s+/g, ' ');
    }
  }
  return '(…)';
}
