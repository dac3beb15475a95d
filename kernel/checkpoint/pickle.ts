/**
 * An unpickler that builds numbers, text, lists, tuples, dictionaries and what the caller allows by name, and runs
 * nothing: a name that is not allowed is refused before anything is done with it.
 *
 * @see {@link https://github.com/python/cpython/blob/main/Lib/pickletools.py} opcodes
 */

/** A pickle that breaks the rules, or asks for what is not allowed. */
export class PickleError extends Error {
  override name = 'PickleError';
}

/** The pickle goes on beyond the bytes given. */
export class PickleTruncated extends PickleError {
  constructor(readonly need: number) {
    super(`Cannot read the pickle as it must end within its bytes: it needs ${need}`);
  }
}

/** Tuples are arrays of their own class, so that they differ from lists. */
export class PickleTuple extends Array<unknown> {
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** What a pickle may ask for by name. */
export interface PickleGlobal {
  /** Module and name, e.g. `torch._utils._rebuild_tensor_v2`. */
  readonly name: string;
  /** Makes the result of calling it; absent for names that are only mentioned. */
  readonly call?: (args: readonly unknown[]) => unknown;
}

export interface PickleRules {
  /** Looks an allowed name up. */
  readonly find: (name: string) => PickleGlobal | undefined;
  /** Makes the object of a persistent id. */
  readonly persistent: (id: unknown) => unknown;
}

const mark = Symbol('mark');
const utf8 = new TextDecoder('utf-8');

/**
 * Reads one pickle.
 *
 * @param bytes Begins with the pickle.
 * @returns Its value (dictionaries as Map), and where it ends.
 * @throws {PickleError} If it is damaged or asks for a name that is not allowed; the message says which.
 */
export function unpickle(bytes: Uint8Array, rules: PickleRules): { value: unknown; end: number } {
  return new Machine(bytes, rules).run();
}

class Machine {
  private _at = 0;
  private readonly _stack: unknown[] = [];
  private readonly _memo = new Map<number, unknown>();
  private readonly _view: DataView;

  constructor(
    private readonly _bytes: Uint8Array,
    private readonly _rules: PickleRules
  ) {
    this._view = new DataView(_bytes.buffer, _bytes.byteOffset, _bytes.byteLength);
  }

  run(): { value: unknown; end: number } {
    for (;;) {
      const code = this._u8();
      if (code === 0x2e) {
        return { value: this._pop(), end: this._at };
      }
      this._step(code);
    }
  }

  private _step(code: number): void {
    const stack = this._stack;
    switch (code) {
      case 0x80: // PROTO
        if (this._u8() > 5) {
          throw new PickleError('Cannot read the pickle as its protocol must be at most 5');
        }
        return;
      case 0x95: // FRAME
        this._skip(8);
        return;
      case 0x28: // MARK
        stack.push(mark);
        return;
      case 0x30: // POP
        stack.pop();
        return;
      case 0x31: // POP_MARK
        this._toMark();
        return;
      case 0x32: // DUP
        stack.push(this._top());
        return;
      case 0x4e: // NONE
        stack.push(null);
        return;
      case 0x88: // NEWTRUE
        stack.push(true);
        return;
      case 0x89: // NEWFALSE
        stack.push(false);
        return;
      case 0x4a: // BININT
        stack.push(this._view.getInt32(this._skip(4), true));
        return;
      case 0x4b: // BININT1
        stack.push(this._u8());
        return;
      case 0x4d: // BININT2
        stack.push(this._view.getUint16(this._skip(2), true));
        return;
      case 0x8a: // LONG1
        stack.push(this._long(this._u8()));
        return;
      case 0x47: // BINFLOAT
        stack.push(this._view.getFloat64(this._skip(8), false));
        return;
      case 0x58: // BINUNICODE
      case 0x54: // BINSTRING
        stack.push(this._text(this._u32()));
        return;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(this._text(this._u8()));
        return;
      case 0x8d: // BINUNICODE8
        stack.push(this._text(this._u64()));
        return;
      case 0x42: // BINBYTES
        stack.push(this._raw(this._u32()));
        return;
      case 0x43: // SHORT_BINBYTES
        stack.push(this._raw(this._u8()));
        return;
      default:
        this._structure(code);
    }
  }

  /** Opcodes that build containers, remember values and name things. */
  private _structure(code: number): void {
    const stack = this._stack;
    switch (code) {
      case 0x29: // EMPTY_TUPLE
        stack.push(new PickleTuple());
        return;
      case 0x74: // TUPLE
        stack.push(tuple(this._toMark()));
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(tuple(this._take(code - 0x84)));
        return;
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return;
      case 0x6c: // LIST
        stack.push(this._toMark());
        return;
      case 0x61: // APPEND
        this._append(this._take(1));
        return;
      case 0x65: // APPENDS
        this._append(this._toMark());
        return;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return;
      case 0x64: // DICT
        this._fill(this._toMark(), this._push(new Map()));
        return;
      case 0x73: // SETITEM
        this._fill(this._take(2));
        return;
      case 0x75: // SETITEMS
        this._fill(this._toMark());
        return;
      case 0x71: // BINPUT
        this._memo.set(this._u8(), this._top());
        return;
      case 0x72: // LONG_BINPUT
        this._memo.set(this._u32(), this._top());
        return;
      case 0x94: // MEMOIZE
        this._memo.set(this._memo.size, this._top());
        return;
      case 0x68: // BINGET
        stack.push(this._recall(this._u8()));
        return;
      case 0x6a: // LONG_BINGET
        stack.push(this._recall(this._u32()));
        return;
      case 0x63: // GLOBAL
        stack.push(this._global(`${this._line()}.${this._line()}`));
        return;
      case 0x93: {
        // STACK_GLOBAL
        const [module, name] = this._take(2);
        if (typeof module !== 'string' || typeof name !== 'string') {
          throw new PickleError('Cannot read the pickle as names must be text');
        }
        stack.push(this._global(`${module}.${name}`));
        return;
      }
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        this._call();
        return;
      case 0x62: // BUILD: state of an object; of those allowed none has any that matters
        this._take(1);
        return;
      case 0x51: // BINPERSID
        stack.push(this._rules.persistent(this._pop()));
        return;
      default:
        throw new PickleError(
          `Cannot read the pickle as its opcodes must be known: 0x${code.toString(16)} at ${this._at - 1} is not`
        );
    }
  }

  private _global(name: string): PickleGlobal {
    const found = this._rules.find(name);
    if (!found) {
      throw new PickleError(
        `Cannot load the file as it may only name tensors and containers: it names ${JSON.stringify(name.slice(0, 200))}, ` +
          'which could run code; convert it to safetensors where you trust it'
      );
    }
    return found;
  }

  private _call(): void {
    const [callee, args] = this._take(2);
    const known = callee as PickleGlobal | undefined;
    if (typeof known?.call !== 'function' || !Array.isArray(args)) {
      const name = typeof known?.name === 'string' ? known.name : typeof callee;
      throw new PickleError(`Cannot load the file as it may only call what makes tensors: it calls ${name}`);
    }
    this._stack.push(known.call(args));
  }

  private _append(items: readonly unknown[]): void {
    const list = this._top();
    if (!Array.isArray(list) || list instanceof PickleTuple) {
      throw new PickleError('Cannot read the pickle as it must append to a list');
    }
    for (const item of items) {
      list.push(item);
    }
  }

  private _fill(items: readonly unknown[], target: unknown = this._top()): void {
    if (!(target instanceof Map) || items.length % 2 !== 0) {
      throw new PickleError('Cannot read the pickle as it must put pairs into a dictionary');
    }
    for (let i = 0; i < items.length; i += 2) {
      target.set(items[i], items[i + 1]);
    }
  }

  private _push<T>(value: T): T {
    this._stack.push(value);
    return value;
  }

  private _top(): unknown {
    this._needItems(1);
    return this._stack.at(-1);
  }

  private _pop(): unknown {
    this._needItems(1);
    return this._stack.pop();
  }

  private _take(count: number): unknown[] {
    this._needItems(count);
    return this._stack.splice(this._stack.length - count, count);
  }

  private _needItems(count: number): void {
    const below = this._stack.slice(-count);
    if (below.length < count || below.includes(mark)) {
      throw new PickleError(`Cannot read the pickle as ${count} values must be on its stack at ${this._at}`);
    }
  }

  private _toMark(): unknown[] {
    const at = this._stack.lastIndexOf(mark);
    if (at < 0) {
      throw new PickleError(`Cannot read the pickle as a mark must be on its stack at ${this._at}`);
    }
    const items = this._stack.splice(at);
    items.shift();
    return items;
  }

  private _recall(index: number): unknown {
    if (!this._memo.has(index)) {
      throw new PickleError(`Cannot read the pickle as it must remember what it recalls: ${index} is not known`);
    }
    return this._memo.get(index);
  }

  private _line(): string {
    const end = this._bytes.indexOf(0x0a, this._at);
    if (end < 0) {
      throw new PickleTruncated(this._bytes.length + 1);
    }
    const text = utf8.decode(this._bytes.subarray(this._at, end));
    this._at = end + 1;
    return text;
  }

  private _text(length: number): string {
    return utf8.decode(this._raw(length));
  }

  private _raw(length: number): Uint8Array {
    const at = this._skip(length);
    return this._bytes.subarray(at, at + length);
  }

  /** A little-endian two's complement number; bigint beyond 2^53. */
  private _long(length: number): number | bigint {
    let value = 0n;
    const bytes = this._raw(length);
    for (let i = length - 1; i >= 0; i--) {
      value = (value << 8n) | BigInt(bytes[i]!);
    }
    value = length ? BigInt.asIntN(8 * length, value) : 0n;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  private _u8(): number {
    return this._bytes[this._skip(1)]!;
  }

  private _u32(): number {
    return this._view.getUint32(this._skip(4), true);
  }

  private _u64(): number {
    return Number(this._view.getBigUint64(this._skip(8), true));
  }

  /** Passes bytes; returns where they begin. */
  private _skip(length: number): number {
    const at = this._at;
    if (at + length > this._bytes.length) {
      throw new PickleTruncated(at + length);
    }
    this._at = at + length;
    return at;
  }
}

function tuple(items: readonly unknown[]): PickleTuple {
  const made = new PickleTuple();
  for (const item of items) {
    made.push(item); // the constructor would take a single number for a length
  }
  return made;
}
