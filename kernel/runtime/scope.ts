/** The variables of a session: one object that every cell reads and writes. */

/**
 * Creates the scope. Three levels are chained by prototype, so that a lookup costs no more than a property access:
 *
 *   variables (own)  →  built-ins (library exports, display …; accessors)  →  globals (a Proxy that ends the chain)
 *
 * Reading an unknown name throws ReferenceError; so does assigning one that no cell has declared.
 */
export class SessionScope {
  /** What compiled cells see as `__scope`. */
  readonly variables: Record<string, unknown>;
  /** What assignments to constants go through: they throw. */
  readonly constants: Record<string, unknown>;
  private readonly builtins: Record<string, unknown>;
  private readonly declared = new Set<string>();
  private readonly constantNames = new Set<string>();

  constructor(globals: object = globalThis) {
    const end: object = new Proxy(Object.create(null) as object, {
      has: (_, name) => name in globals,
      get: (_, name) => {
        if (name in globals) {
          return (globals as Record<PropertyKey, unknown>)[name];
        }
        if (typeof name === 'symbol') {
          return undefined;
        }
        throw new ReferenceError(`${name} is not defined`);
      },
      set: (_, name, value, receiver) => {
        if (this.declared.has(String(name))) {
          return define(receiver as object, name, value);
        }
        if (name in globals) {
          return Reflect.set(globals, name, value);
        }
        throw new ReferenceError(`${String(name)} is not defined: declare it, as in let ${String(name)} = …`);
      },
      getPrototypeOf: () => null
    });
    this.builtins = Object.create(end) as Record<string, unknown>;
    // Made by a constructor, so that the engine keeps it as a fast object rather than a dictionary.
    const Variables = function (this: object) {} as unknown as new () => Record<string, unknown>;
    Variables.prototype = this.builtins;
    this.variables = new Variables();
    this.constants = new Proxy(this.variables, {
      set: (_, name) => {
        throw new TypeError(
          `Cannot assign to ${String(name)} as it is a constant: declare it again, as in let ${String(name)} = …`
        );
      }
    });
  }

  /** Notes what a cell is about to declare. Values arrive as the cell runs. */
  declare(names: readonly string[], constants: readonly string[]): void {
    for (const name of names) {
      this.declared.add(name);
      this.constantNames.delete(name);
    }
    for (const name of constants) {
      this.constantNames.add(name);
    }
  }

  /** Sets a variable from outside a cell. */
  set(name: string, value: unknown): void {
    this.declared.add(name);
    define(this.variables, name, value);
  }

  isVariable(name: string): boolean {
    return Object.hasOwn(this.variables, name);
  }

  isConstant(name: string): boolean {
    return this.constantNames.has(name);
  }

  /** Names of the session's variables, in order of first declaration. */
  names(): string[] {
    return Object.keys(this.variables);
  }

  /** Names of the built-ins. */
  builtinNames(): string[] {
    return Object.getOwnPropertyNames(this.builtins);
  }

  isBuiltin(name: string): boolean {
    return Object.hasOwn(this.builtins, name);
  }

  /** Adds a built-in. A cell may shadow it by a declaration; an assignment without one is an error. */
  addBuiltin(name: string, get: () => unknown): void {
    const declared = this.declared;
    Object.defineProperty(this.builtins, name, {
      configurable: true,
      enumerable: true,
      get,
      set(this: object, value: unknown) {
        if (!declared.has(name)) {
          throw new TypeError(
            `Cannot assign to ${name} as it is built in: declare it, as in let ${name} = …, to shadow it`
          );
        }
        define(this, name, value);
      }
    });
  }
}

function define(target: object, name: PropertyKey, value: unknown): boolean {
  return Reflect.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
