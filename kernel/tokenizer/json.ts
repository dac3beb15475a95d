/**
 * Reading untrusted JSON field by field: every value is checked once, where it enters, and an error names the key.
 */

export type JsonObject = { readonly [key: string]: unknown };

/**
 * Parses JSON text.
 *
 * @param text JSON text, or its UTF-8 bytes.
 * @param name File name, for the error.
 * @throws {SyntaxError} If the text is not JSON or its top level is not an object.
 */
export function parseJson(text: string | Uint8Array, name: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(typeof text === 'string' ? text : new TextDecoder().decode(text));
  } catch (error) {
    throw new SyntaxError(`Cannot read ${name} as it must be JSON: ${(error as Error).message}`);
  }
  return asObject(value, name);
}

/** Whether `value` is a JSON object (not null, not an array). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws {SyntaxError} If `value` is not an object. */
export function asObject(value: unknown, where: string): JsonObject {
  if (!isObject(value)) {
    throw new SyntaxError(`Cannot read ${where} as it must be an object: current value is ${brief(value)}`);
  }
  return value;
}

/** @throws {SyntaxError} If `value` is not an array. */
export function asArray(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value)) {
    throw new SyntaxError(`Cannot read ${where} as it must be an array: current value is ${brief(value)}`);
  }
  return value;
}

/** @throws {SyntaxError} If `value` is not a string. */
export function asString(value: unknown, where: string): string {
  if (typeof value !== 'string') {
    throw new SyntaxError(`Cannot read ${where} as it must be a string: current value is ${brief(value)}`);
  }
  return value;
}

/** @throws {SyntaxError} If `value` is not an integer in [0, 2^31). */
export function asId(value: unknown, where: string): number {
  const id = typeof value === 'bigint' ? Number(value) : value;
  if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id > 0x7fffffff) {
    throw new SyntaxError(
      `Cannot read ${where} as it must be a token id (0 … 2147483647): current value is ${brief(value)}`
    );
  }
  return id;
}

/** Own property `key`, or undefined; what hangs on a prototype is never read. */
export function get(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** A string field; `fallback` when absent or null. */
export function stringField<T>(object: JsonObject, key: string, where: string, fallback: T): string | T {
  const value = get(object, key);
  return value === undefined || value === null ? fallback : asString(value, `${where}.${key}`);
}

/** A boolean field; `fallback` when absent or null. */
export function booleanField<T>(object: JsonObject, key: string, where: string, fallback: T): boolean | T {
  const value = get(object, key);
  if (value === undefined || value === null) {
    return fallback;
  }
  if (typeof value !== 'boolean') {
    throw new SyntaxError(`Cannot read ${where}.${key} as it must be true or false: current value is ${brief(value)}`);
  }
  return value;
}

/** An integer field in [0, 2^31); `fallback` when absent or null. */
export function idField<T>(object: JsonObject, key: string, where: string, fallback: T): number | T {
  const value = get(object, key);
  return value === undefined || value === null ? fallback : asId(value, `${where}.${key}`);
}

/** A value cut to one short line, for error messages. */
export function brief(value: unknown): string {
  if (typeof value === 'bigint') {
    return value.toString();
  }
  const text = value === undefined ? 'undefined' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
