import { inspect } from '../../../../kernel/runtime/inspect';

class Point {
  x = 1;
  #hidden = 2;
  get sum() {
    return this.x + this.#hidden;
  }
}

function circular(): object {
  const a: Record<string, unknown> = { name: 'a' };
  a['self'] = a;
  a['list'] = [a];
  return a;
}

describe('inspect()', () => {
  // Where Node's util.inspect has an opinion, these are its texts.
  it.each([
    [1, '1'],
    [-0, '-0'],
    [10n, '10n'],
    ['a', "'a'"],
    ["it's", '"it\'s"'],
    ['a\nb\\', "'a\\nb\\\\'"],
    ['\u0000\ud800', "'\\u0000\\ud800'"],
    ['😀', "'😀'"],
    [undefined, 'undefined'],
    [null, 'null'],
    [Symbol('s'), 'Symbol(s)'],
    [[1, 'a', null], "[1, 'a', null]"],
    [[], '[]'],
    [{}, '{}'],
    [{ a: 1, 'b-c': { d: [] } }, "{ a: 1, 'b-c': { d: [] } }"],
    [{ [Symbol('k')]: 1 }, '{ [Symbol(k)]: 1 }'],
    [Object.create(null), '[Object: null prototype] {}'],
    [new Point(), 'Point { x: 1 }'],
    [new Map([['a', { b: 1 }]]), "Map(1) {'a' => { b: 1 }}".replace('{', '{ ').replace(/}$/, ' }')],
    [new Set([1, 'b']), "Set(2) { 1, 'b' }"],
    [/a+/g, '/a+/g'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(NaN), 'Invalid Date'],
    [() => 1, '[Function: (anonymous)]'],
    [async function f() {}, '[AsyncFunction: f]'],
    [function* g() {}, '[GeneratorFunction: g]'],
    [Point, '[class Point]'],
    [class Q extends Point {}, '[class Q extends Point]'],
    [new Float32Array([1, 0.1, NaN]), 'Float32Array(3) [1, 0.1, NaN]'],
    [new BigInt64Array(2), 'BigInt64Array(2) [0n, 0n]'],
    [new ArrayBuffer(8), 'ArrayBuffer { byteLength: 8 }'],
    [new WeakMap(), 'WeakMap { <items unknown> }'],
    [new Number(3), '[Number: 3]'],
    [[1, , 3], '[1, <1 empty item>, 3]'], // eslint-disable-line no-sparse-arrays
    [circular(), "{ name: 'a', self: [Circular], list: [[Circular]] }"],
    [
      {
        get a() {
          return 1;
        },
        set b(_: number) {}
      },
      '{ a: [Getter], b: [Setter] }'
    ],
    [new TypeError('no'), '[TypeError: no]']
  ])('shows %p as %s', (value, text) => {
    expect(inspect(value)).toBe(text);
  });

  it('shows the same object twice where it is not inside itself', () => {
    const shared = { v: 1 };
    expect(inspect([shared, shared])).toBe('[{ v: 1 }, { v: 1 }]');
  });

  it('shows both ends of a large typed array', () => {
    expect(inspect(Float32Array.from({ length: 1000 }, (_, i) => i))).toMatch(
      /^Float32Array\(1000\) \[\s*0, 1, 2, .*9, …, 990, .*999\s*\]$/s
    );
  });

  it('limits depth, items, strings and the whole', () => {
    expect(inspect({ a: { b: { c: { d: { e: 1 } } } } })).toBe(
      '{ a: { b: { c: { d: [Object] } } } }'.replace('[Object]', '[Object]')
    );
    expect(inspect({ a: { b: 1 } }, { depth: 0 })).toBe('{ a: [Object] }');
    expect(inspect(Array.from({ length: 150 }, (_, i) => i))).toContain('… 50 more items');
    expect(inspect('x'.repeat(20), { max_string: 5 })).toBe(
      "'xxxxx'… 15 more characters: display(x, { max_string: Infinity }) shows all"
    );
    expect(inspect('x'.repeat(20_000)).length).toBeLessThan(11_000);
    const wide = Array.from({ length: 100 }, () => Array.from({ length: 100 }, () => 'y'.repeat(100)));
    expect(inspect([wide, wide, wide]).length).toBeLessThan(210_000);
  });

  it('shows large holes as one, at once', () => {
    const holes: unknown[] = new Array(1e9);
    expect(inspect(holes)).toBe('[<1000000000 empty items>]');
    holes[5e8] = 'x';
    expect(inspect(holes)).toBe("[<500000000 empty items>, 'x', <499999999 empty items>]");
  });

  it('breaks long lists into lines', () => {
    const text = inspect({ first: 'a'.repeat(50), second: 'b'.repeat(50), nested: { list: [1, 2] } });
    expect(text).toBe(
      `{\n  first: '${'a'.repeat(50)}',\n  second: '${'b'.repeat(50)}',\n  nested: { list: [1, 2] }\n}`
    );
  });

  it('never splits a surrogate pair', () => {
    expect(inspect('😀'.repeat(10), { max_string: 3 })).toMatch(/^'😀'…/);
  });

  it('asks a value that has its own way, and survives one that throws', () => {
    const custom = Symbol.for('nodejs.util.inspect.custom');
    expect(inspect([{ [custom]: () => 'mine' }])).toBe('[mine]');
    expect(
      inspect({
        [custom]: () => {
          throw new Error('broken');
        }
      })
    ).toBe('[Object that cannot be shown: broken]');
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(inspect(proxy)).toContain('cannot be shown');
  });

  it('calls no getters', () => {
    let called = 0;
    inspect({
      get a() {
        called++;
        return 1;
      },
      nested: [
        {
          get b() {
            called++;
            return 2;
          }
        }
      ]
    });
    expect(called).toBe(0);
  });

  it('shows own properties and causes of errors', () => {
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'E1' });
    expect(inspect(error)).toBe("[Error: outer] { code: 'E1', [cause]: [Error: inner] }");
  });
});
