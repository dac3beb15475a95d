/** A JSON object. */
export type Fields = { [key: string]: unknown };

/**
 * The type of a field: a union of int, number, bool, string, list, dict, null, written with ' | '; or any.
 */
export type FieldType = string;

/** What is known about the configuration of one model type. */
export interface ConfigEntry {
  /** Python's class, e.g. 'Qwen2Config'. */
  readonly name: string;
  /** Each field's default and type. */
  readonly fields: { readonly [field: string]: readonly [value: unknown, type: FieldType] };
  /** Other names of fields: hidden_size → n_embd. */
  readonly aliases?: { readonly [name: string]: string };
  /** Rotary base when the file has none. Default 10000. */
  readonly default_theta?: number;
  /** Fields that are configurations themselves, and of which model type. */
  readonly parts?: { readonly [field: string]: string };
  /** Python's class refuses a hidden size that is no multiple of the number of heads. */
  readonly checks_heads?: boolean;
}

/** JSON keys that would reach an object's prototype; they never become properties. */
const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);

/** Whether a key of a file may become a property. */
export function isSafeKey(key: string): boolean {
  return !UNSAFE.has(key);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * A deep copy of JSON, without keys that would reach a prototype, and with Python's `{"__float__": "Infinity"}` decoded.
 */
export function cloneJson<T>(value: T): T {
  if (Array.isArray(value)) {
    return value.map(cloneJson) as T;
  }
  if (!isFields(value)) {
    return value;
  }
  const keys = Object.keys(value);
  if (keys.length === 1 && keys[0] === '__float__') {
    return specialFloat(value['__float__']) as T;
  }
  const copy: Fields = {};
  for (const key of keys) {
    if (isSafeKey(key)) {
      copy[key] = cloneJson(value[key]);
    }
  }
  return copy as T;
}

function specialFloat(name: unknown): unknown {
  switch (name) {
    case 'Infinity':
      return Infinity;
    case '-Infinity':
      return -Infinity;
    case 'NaN':
      return NaN;
    default:
      return { __float__: name };
  }
}
