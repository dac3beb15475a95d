/** Finds what an expression such as `a.b[0].c` names, without running code that may do something. */
import type { SessionScope } from './scope';

/** Whether getters of a class may be called: those of the library are known to have no side effects. */
export type IsTrusted = (constructor: unknown) => boolean;

export type Found = { value: unknown } | undefined;

/** An expression of names, dots and literal indices, ending at `end`; '' if there is none. */
export function chainBefore(code: string, end: number): string {
  const found =
    /(?:[\p{L}_$][\p{L}\d_$]*|\))(?:\s*\??\.\s*[\p{L}_$][\p{L}\d_$]*|\[(?:\d+|'[^'\n]*'|"[^"\n]*")\])*$/u.exec(
      code.slice(Math.max(0, end - 500), end)
    );
  const chain = found?.[0] ?? '';
  // A call before the dot is not run.
  return chain.startsWith(')') ? '' : chain;
}

/** The keys of a chain: `a?.b[0]['c']` gives a, b, 0, c. */
export function chainKeys(chain: string): string[] {
  return [...chain.matchAll(/([\p{L}_$][\p{L}\d_$]*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]/gu)].map(
    m => m[1] ?? m[2] ?? m[3] ?? m[4]!
  );
}

/** Looks a chain up. Undefined if some step does not exist or would have to call a getter that is not trusted. */
export function lookup(scope: SessionScope, keys: readonly string[], isTrusted: IsTrusted): Found {
  const [first, ...rest] = keys;
  if (first === undefined || !(first in scope.variables)) {
    return undefined;
  }
  let found: Found =
    scope.isVariable(first) || scope.isBuiltin(first) ? { value: scope.variables[first] } : global(first);
  for (const key of rest) {
    if (!found) {
      return undefined;
    }
    found = step(found.value, key, isTrusted);
  }
  return found;
}

function global(name: string): Found {
  const descriptor = descriptorOf(globalThis, name);
  // Getters of the global object (location, navigator, crypto) only read.
  return descriptor && { value: (globalThis as Record<string, unknown>)[name] };
}

/** One property, by its descriptor along the prototype chain. */
export function step(value: unknown, key: string, isTrusted: IsTrusted): Found {
  if (value === null || value === undefined) {
    return undefined;
  }
  const found = descriptorOf(Object(value) as object, key);
  if (!found) {
    return undefined;
  }
  const { descriptor, owner } = found;
  if ('value' in descriptor) {
    return { value: descriptor.value as unknown };
  }
  const maker = Object.getOwnPropertyDescriptor(owner, 'constructor')?.value as unknown;
  if (!descriptor.get || !(isTrusted(maker) || isNative(descriptor.get))) {
    return undefined;
  }
  try {
    return { value: descriptor.get.call(value) as unknown };
  } catch {
    return undefined;
  }
}

function descriptorOf(value: object, key: string): { descriptor: PropertyDescriptor; owner: object } | undefined {
  // Reading descriptors of a proxy runs its traps.
  for (let at: object | null = value, i = 0; at && i < 50; at = Object.getPrototypeOf(at) as object | null, i++) {
    const descriptor = Object.getOwnPropertyDescriptor(at, key);
    if (descriptor) {
      return { descriptor, owner: at };
    }
  }
  return undefined;
}

function isNative(getter: () => unknown): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(Function.prototype.toString.call(getter));
}

/** Names of all properties a value answers to, nearest first. */
export function propertyNames(value: unknown): string[] {
  const names = new Set<string>();
  for (
    let at = Object(value) as object | null, i = 0;
    at && i < 50;
    at = Object.getPrototypeOf(at) as object | null, i++
  ) {
    // Indices of arrays and letters of strings help nobody.
    const own = ArrayBuffer.isView(at) || (Array.isArray(at) && at.length > 1000) ? [] : Object.getOwnPropertyNames(at);
    for (const name of own) {
      if (at !== Object.prototype || !name.startsWith('__')) {
        names.add(name);
      }
    }
  }
  return [...names];
}
