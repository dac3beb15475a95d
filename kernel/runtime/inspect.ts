/** Any value as readable text, like Node's util.inspect, in any host. */

export interface InspectOptions {
  /** Levels of nesting shown before `[Object]`. Default 3. */
  depth?: number;
  /** Elements shown of an array, map, set or object. Default 100. */
  max_items?: number;
  /** Characters shown of a string. Default 10,000. */
  max_string?: number;
  /** Characters of the whole text. Default 200,000. */
  max_length?: number;
  /** Width beyond which a list is broken into lines. Default 88. */
  width?: number;
}

type Settings = Required<InspectOptions>;

/** Defaults of every display; `display_options()` changes them. */
export const inspectDefaults: Settings = {
  depth: 3,
  max_items: 100,
  max_string: 10_000,
  max_length: 200_000,
  width: 88
};

/** Node's protocol, which many libraries implement. */
const custom = Symbol.for('nodejs.util.inspect.custom');

/**
 * Describes a value.
 *
 * @param value Anything. Getters are not called and proxies not run beyond reading own keys.
 * @returns Text; circular references appear as `[Circular]`.
 */
export function inspect(value: unknown, options: InspectOptions = {}): string {
  const settings = { ...inspectDefaults, ...options };
  if (typeof value === 'string' && value.length > settings.max_string) {
    return quote(value, settings);
  }
  const text = new Inspector(settings).any(value, 0);
  return truncate(text, settings.max_length);
}

/** Cuts a text and says how to see the rest. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) {
    return text;
  }
  const rest = text.length - limit;
  return `${cut(text, limit)}… ${rest.toLocaleString('en')} more characters: display(x, { max_length: Infinity }) shows all`;
}

/** The first characters, never half a surrogate pair. */
function cut(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}

function quote(text: string, { max_string }: Settings): string {
  const shown = text.length > max_string ? cut(text, max_string) : text;
  const mark = !shown.includes("'") ? "'" : !shown.includes('"') ? '"' : !shown.includes('`') ? '`' : "'";
  const escaped = shown.replace(/[\\\x00-\x1f\x7f\ud800-\udfff]/gu, letter => {
    const short: Record<string, string> = {
      '\\': '\\\\',
      '\n': '\\n',
      '\r': '\\r',
      '\t': '\\t',
      '\b': '\\b',
      '\f': '\\f'
    };
    return short[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  const body = `${mark}${mark === "'" ? escaped.replace(/'/g, "\\'") : escaped}${mark}`;
  const rest = text.length - shown.length;
  return rest > 0
    ? `${body}… ${rest.toLocaleString('en')} more characters: display(x, { max_string: Infinity }) shows all`
    : body;
}

class Inspector {
  private readonly path: object[] = [];
  private spent = 0;

  constructor(private readonly settings: Settings) {}

  any(value: unknown, depth: number): string {
    switch (typeof value) {
      case 'string':
        return quote(value, this.settings);
      case 'bigint':
        return `${value}n`;
      case 'number':
        return Object.is(value, -0) ? '-0' : String(value);
      case 'symbol':
        return value.toString();
      case 'function':
      case 'object':
        return value === null ? 'null' : this.object(value, depth);
      default:
        return String(value);
    }
  }

  private object(value: object, depth: number): string {
    if (this.path.includes(value)) {
      return '[Circular]';
    }
    this.path.push(value);
    try {
      return this.known(value, depth);
    } catch (error) {
      // A revoked proxy, or a custom inspector that throws.
      return `[Object that cannot be shown: ${error instanceof Error ? error.message : String(error)}]`;
    } finally {
      this.path.pop();
    }
  }

  private known(value: object, depth: number): string {
    const own = dataProperty(value, custom);
    if (typeof own === 'function') {
      const left = this.settings.depth - depth;
      const text: unknown = own.call(value, left, { ...this.settings, depth: left }, inspect);
      return typeof text === 'string' ? text : text === value ? this.plain(value, depth) : this.any(text, depth);
    }
    const name = className(value);
    if (Array.isArray(value)) {
      const prefix = name === 'Array' ? '' : `${name}(${value.length}) `;
      return this.limited(depth, `[${name}]`, () => this.list(prefix, '[', this.elements(value, depth), ']', depth));
    }
    if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
      return this.typedArray(value as unknown as ArrayLike<number | bigint>, name);
    }
    switch (tag(value)) {
      case 'ArrayBuffer':
      case 'SharedArrayBuffer':
        return `${name} { byteLength: ${(value as ArrayBuffer).byteLength} }`;
      case 'Map': {
        const map = value as Map<unknown, unknown>;
        return this.limited(depth, `[${name}(${map.size})]`, () => {
          const entries = take(map, this.settings.max_items).map(
            ([k, v]) => `${this.any(k, depth + 1)} => ${this.any(v, depth + 1)}`
          );
          return this.list(`${name}(${map.size}) `, '{', more(entries, map.size), '}', depth);
        });
      }
      case 'Set': {
        const set = value as Set<unknown>;
        return this.limited(depth, `[${name}(${set.size})]`, () => {
          const entries = take(set, this.settings.max_items).map(v => this.any(v, depth + 1));
          return this.list(`${name}(${set.size}) `, '{', more(entries, set.size), '}', depth);
        });
      }
      case 'Date':
        return Number.isNaN((value as Date).getTime()) ? 'Invalid Date' : (value as Date).toISOString();
      case 'RegExp':
        return String(value);
      case 'Promise':
        return 'Promise { … }: write await before it to see its value';
      case 'WeakMap':
      case 'WeakSet':
      case 'WeakRef':
        return `${name} { <items unknown> }`;
      case 'Error':
        return this.error(value as Error, depth);
      case 'Number':
      case 'String':
      case 'Boolean':
        return `[${name}: ${this.any((value as { valueOf(): unknown }).valueOf(), depth + 1)}]`;
    }
    if (typeof value === 'function') {
      return this.callable(value);
    }
    return this.plain(value, depth);
  }

  private plain(value: object, depth: number): string {
    const name = className(value);
    const prefix = name === 'Object' ? '' : `${name} `;
    return this.limited(depth, `[${name}]`, () => this.list(prefix, '{', this.properties(value, depth), '}', depth));
  }

  private callable(value: object): string {
    const source = safeSource(value);
    const name = String(dataProperty(value, 'name') || '(anonymous)');
    if (/^class\b/.test(source)) {
      const parent = Object.getPrototypeOf(value) as { name?: string } | null;
      const base = parent && parent !== Function.prototype && parent.name ? ` extends ${parent.name}` : '';
      return `[class ${name}${base}]`;
    }
    const kind = /^async\s*(function\s*)?\*/.test(source)
      ? 'AsyncGeneratorFunction'
      : /^async\b/.test(source)
        ? 'AsyncFunction'
        : /^(function\s*)?\*/.test(source)
          ? 'GeneratorFunction'
          : 'Function';
    return `[${kind}: ${name}]`;
  }

  private error(value: Error, depth: number): string {
    const head = `${value.name}: ${value.message}`;
    const extra = this.properties(value, depth, new Set(['stack', 'message', 'name', 'cause', 'errors']));
    const cause = 'cause' in value && value.cause !== undefined ? [`[cause]: ${this.any(value.cause, depth + 1)}`] : [];
    const all = [...extra, ...cause];
    return all.length === 0 ? `[${head}]` : this.list(`[${head}] `, '{', all, '}', depth);
  }

  private typedArray(value: ArrayLike<number | bigint>, name: string): string {
    const limit = Math.min(this.settings.max_items, 20);
    const shown: string[] = [];
    // The two ends tell more about data than a long beginning.
    const ends = value.length > limit ? Math.floor(limit / 2) : value.length;
    for (let i = 0; i < ends; i++) {
      shown.push(number(value[i]!));
    }
    if (value.length > limit) {
      shown.push('…');
      for (let i = value.length - ends; i < value.length; i++) {
        shown.push(number(value[i]!));
      }
    }
    return this.list(`${name}(${value.length}) `, '[', shown, ']', 0);
  }

  private elements(value: readonly unknown[], depth: number): string[] {
    const out: string[] = [];
    let shown = 0;
    for (let i = 0; i < value.length && out.length < this.settings.max_items; i++) {
      if (!(i in value)) {
        const next = nextIndex(value, i);
        out.push(`<${next - i} empty item${next - i > 1 ? 's' : ''}>`);
        i = next - 1;
        shown = next;
      } else {
        out.push(this.any(value[i], depth + 1));
        shown = i + 1;
      }
      if (this.exhausted(out.at(-1)!)) {
        break;
      }
    }
    const rest = value.length - shown;
    const extra = this.properties(value, depth, undefined, key => !/^\d+$/.test(key));
    return [...out, ...(rest > 0 ? [`… ${rest.toLocaleString('en')} more items`] : []), ...extra];
  }

  private properties(
    value: object,
    depth: number,
    skipped?: ReadonlySet<string>,
    wanted: (key: string) => boolean = () => true
  ): string[] {
    // Object.keys of a long array is a long list: only what is not an index matters there.
    const names = Array.isArray(value) && value.length > 1e5 ? [] : Object.keys(value);
    const keys = names.filter(k => wanted(k) && !skipped?.has(k));
    const symbols = Object.getOwnPropertySymbols(value).filter(
      s => s !== custom && Object.getOwnPropertyDescriptor(value, s)?.enumerable
    );
    const out: string[] = [];
    for (const key of [...keys, ...symbols].slice(0, this.settings.max_items)) {
      const descriptor = Object.getOwnPropertyDescriptor(value, key);
      if (!descriptor) {
        continue;
      }
      const label =
        typeof key === 'symbol' ? `[${key.toString()}]` : /^[\p{L}_$][\p{L}\d_$]*$/u.test(key) ? key : `'${key}'`;
      const shown = 'value' in descriptor ? this.any(descriptor.value, depth + 1) : accessor(descriptor);
      out.push(`${label}: ${shown}`);
      if (this.exhausted(shown)) {
        break;
      }
    }
    const rest = keys.length + symbols.length - out.length;
    return rest > 0 ? [...out, `… ${rest.toLocaleString('en')} more properties`] : out;
  }

  /** Stops adding once the whole text would be cut anyway: width times depth can be enormous. */
  private exhausted(text: string): boolean {
    this.spent += text.length;
    return this.spent > this.settings.max_length * 4;
  }

  private limited(depth: number, brief: string, full: () => string): string {
    return depth > this.settings.depth ? brief : full();
  }

  private list(prefix: string, open: string, items: readonly string[], close: string, depth: number): string {
    if (items.length === 0) {
      return `${prefix}${open}${close}`;
    }
    const space = open === '{' ? ' ' : '';
    const line = `${prefix}${open}${space}${items.join(', ')}${space}${close}`;
    const width = this.settings.width - depth * 2;
    if (line.length <= width && !line.includes('\n')) {
      return line;
    }
    const indent = (text: string): string => `  ${text.replace(/\n/g, '\n  ')}`;
    const rows = items.every(i => i.length <= 12 && !i.includes('\n')) ? fill(items, width) : items;
    return `${prefix}${open}\n${rows.map(indent).join(',\n')}\n${close}`;
  }
}

/** Packs short items into rows. */
function fill(items: readonly string[], width: number): string[] {
  const rows: string[] = [];
  let row = '';
  for (const item of items) {
    if (row && row.length + item.length + 4 > width) {
      rows.push(row);
      row = '';
    }
    row += row ? `, ${item}` : item;
  }
  return row ? [...rows, row] : rows;
}

/** The first element after a hole. */
function nextIndex(value: readonly unknown[], hole: number): number {
  for (let i = hole + 1; i < Math.min(value.length, hole + 10_000); i++) {
    if (i in value) {
      return i;
    }
  }
  // A large hole: the engine keeps such arrays as tables, whose keys are few.
  const key = Object.keys(value).find(k => Number(k) > hole);
  return key === undefined ? value.length : Math.min(Number(key), value.length);
}

function number(value: number | bigint): string {
  if (typeof value === 'bigint') {
    return `${value}n`;
  }
  if (Number.isInteger(value) || !Number.isFinite(value)) {
    return Object.is(value, -0) ? '-0' : String(value);
  }
  return String(Number(value.toPrecision(6)));
}

function accessor({ get, set }: PropertyDescriptor): string {
  return get && set ? '[Getter/Setter]' : get ? '[Getter]' : '[Setter]';
}

function take<T>(items: Iterable<T>, limit: number): T[] {
  const out: T[] = [];
  for (const item of items) {
    if (out.length >= limit) {
      break;
    }
    out.push(item);
  }
  return out;
}

function more(entries: string[], size: number): string[] {
  return size > entries.length ? [...entries, `… ${(size - entries.length).toLocaleString('en')} more items`] : entries;
}

function tag(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Name of the constructor, found without running getters. */
export function className(value: object): string {
  for (let at: object | null = value; at; at = Object.getPrototypeOf(at) as object | null) {
    const constructor = Object.getOwnPropertyDescriptor(at, 'constructor')?.value as unknown;
    if (typeof constructor === 'function') {
      const name = Object.getOwnPropertyDescriptor(constructor, 'name')?.value as unknown;
      if (typeof name === 'string' && name) {
        return name;
      }
    }
  }
  return Object.getPrototypeOf(value) === null ? '[Object: null prototype]' : tag(value);
}

/** A data property along the prototype chain; accessors count as absent. */
export function dataProperty(value: object, key: PropertyKey): unknown {
  for (let at: object | null = value; at; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor) {
      return descriptor.value;
    }
  }
  return undefined;
}

function safeSource(value: object): string {
  try {
    return Function.prototype.toString.call(value);
  } catch {
    return '';
  }
}
