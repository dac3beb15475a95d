import { CellContext, ManualTracker } from '../../../../kernel/runtime/context';
import { describeError } from '../../../../kernel/runtime/errors';
import { Executor } from '../../../../kernel/runtime/executor';
import { Modules } from '../../../../kernel/runtime/modules';
import { Outputs } from '../../../../kernel/runtime/outputs';
import { SessionScope } from '../../../../kernel/runtime/scope';

function session() {
  const scope = new SessionScope();
  const tracker = new ManualTracker();
  const modules = new Modules({
    loupe: () => Promise.resolve({ answer: 42, AutoModel: class AutoModel {}, default: { isDefault: true } })
  });
  const executor = new Executor({ scope, tracker, modules });
  let count = 0;
  const run = async (code: string): Promise<unknown> => {
    const context = new CellContext(null, new Outputs(() => undefined), {
      allowStdin: false,
      silent: false,
      executionCount: ++count
    });
    const result = await executor.run(code, context, `cell-${count}.ts`, `cell ${count}`);
    return result?.value;
  };
  const fail = async (code: string) => {
    try {
      await run(code);
    } catch (error) {
      const told = describeError(error, executor.source);
      return { error, ...told, text: told.traceback.join('\n').replace(/\u001b\[\d+m/g, '') };
    }
    throw new Error('the cell did not fail');
  };
  return { run, fail, scope };
}

describe('Executor.run(): values', () => {
  it.each([
    ['1 + 1', 2],
    ['1 + 1;', undefined],
    ['1 + 1 // two', 2],
    ['1 + 1; // two', undefined],
    ['let a = 1', undefined],
    ['let a = 1; a', 1],
    ["'text'", 'text'],
    ["'use strict'", 'use strict'],
    ['1, 2', 2],
    ['(1, 2)', 2],
    ['if (true) 5', undefined],
    ['', undefined],
    ['// nothing', undefined],
    ['await Promise.resolve(3)', 3],
    ['Promise.resolve(3)', 3],
    ['await (0, Promise.resolve(4))', 4],
    ['const x: number = 2; x satisfies number', 2],
    ['(<T,>(x: T): T => x)(7)', 7],
    ['`a${1 + 1}b`', 'a2b'],
    ['typeof nowhere', 'undefined'],
    ['typeof Math.max', 'function'],
    ['let q; typeof q', 'undefined'],
    ['this', undefined],
    ['function f() { return this } f()', undefined],
    ['let i = 5; i++; i', 6],
    ['let o = { n: 1 }; o.n += 2; o.n', 3],
    ['null ?? 9', 9],
    ['const f = null; f?.(1)', undefined],
    ['const g = (x) => x * 2; g?.(4)', 8],
    ['new Date(0).getTime()', 0],
    ['class A { static x = 3; #p = 4; get p() { return this.#p } } new A().p + A.x', 7],
    ['label: for (const a of [1, 2]) { for (;;) { continue label } } 1', 1],
    ['const tag = (s, ...v) => s.raw.join("|") + v.join(); tag`a${1}b`', 'a|b1'],
    ['abstract class S { abstract f(): void } class T extends S { f() { return 1 } } new T().f()', 1]
  ])('shows %s as %p', async (code, value) => {
    expect(await session().run(code)).toEqual(value);
  });

  it.each([
    ['{ a: 1, b: 2 }', { a: 1, b: 2 }],
    ['{}', {}],
    ['{ let a = 1; a }', undefined],
    ['  { x: [1, { y: 2 }] }  ', { x: [1, { y: 2 }] }]
  ])('reads %s as an object where it can be one', async (code, value) => {
    expect(await session().run(code)).toEqual(value);
  });
});

describe('Executor.run(): variables across cells', () => {
  it('keeps const, let, var, function, class and destructured names', async () => {
    const { run } = session();
    await run('const a = 1; let b = 2; var c = 3; function d() { return 4 } class E { v = 5 }');
    await run(
      'const { f, g: { h = 7 }, ...rest } = { f: 6, g: {}, i: 8, j: 9 }; const [k, , l = 11, ...m] = [10, 0, undefined, 12]'
    );
    expect(await run('[a, b, c, d(), new E().v, f, h, rest, k, l, m]')).toEqual([
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      { i: 8, j: 9 },
      10,
      11,
      [12]
    ]);
  });

  it('lets every kind be declared again as any other', async () => {
    const { run } = session();
    for (const code of ['const x = 1', 'let x = 2', 'var x = 3', 'function x() {}', 'class x {}', 'const [x] = [6]']) {
      await run(code);
    }
    expect(await run('x')).toBe(6);
  });

  it('lets closures see later reassignment and redeclaration', async () => {
    const { run } = session();
    await run('let n = 1; const read = () => n; function call() { return helper() }');
    await run('function helper() { return "first" }');
    expect(await run('[read(), call()]')).toEqual([1, 'first']);
    await run('n = 2; function helper() { return "second" }');
    expect(await run('[read(), call()]')).toEqual([2, 'second']);
    await run('const n = 3');
    expect(await run('read()')).toBe(3);
  });

  it('keeps what ran before a throw', async () => {
    const { run, fail } = session();
    await fail('const a = 1; let b = 2; throw new Error("stop"); const c = 3');
    expect(await run('[a, b, typeof c]')).toEqual([1, 2, 'undefined']);
  });

  it('keeps the old value of a name whose redeclaration was not reached', async () => {
    const { run, fail } = session();
    await run('const a = 1; var v = 5');
    await fail('throw 1; const a = 2; var v = 6');
    expect(await run('[a, v]')).toEqual([1, 5]);
  });

  it('makes functions usable before their line', async () => {
    expect(await session().run('const y = twice(4);\nfunction twice(x) { return 2 * x }\ny')).toBe(8);
  });

  it('keeps var of blocks and loops, and leaves let and const of blocks alone', async () => {
    const { run } = session();
    await run('for (var i = 0; i < 3; i++) { let inner = i; var last = inner } if (true) { const hidden = 1 }');
    expect(await run('[i, last, typeof inner, typeof hidden]')).toEqual([3, 2, 'undefined', 'undefined']);
    await run('for (var key in { p: 1 }) ; for (var [u, { w }] of [[1, { w: 2 }]]) ;');
    expect(await run('[key, u, w]')).toEqual(['p', 1, 2]);
    await run('if (false) var never = 1');
    expect(await run('never')).toBe(undefined);
  });

  it('gives each turn of a loop its own variable', async () => {
    expect(
      await session().run('const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); fs.map(f => f())')
    ).toEqual([0, 1, 2]);
  });

  it('respects shadowing by parameters, blocks, catch clauses and classes', async () => {
    const { run } = session();
    await run('let x = "outer"; class K {}');
    expect(
      await run(`
        const seen = [];
        { let x = 'block'; seen.push(x); }
        (function (x) { seen.push(x); })('parameter');
        ((x = 'default') => seen.push(x))();
        (({ x }) => seen.push(x))({ x: 'destructured' });
        try { throw 'caught' } catch (x) { seen.push(x); }
        for (const x of ['loop']) seen.push(x);
        switch (1) { case 1: let x = 'case'; seen.push(x); }
        (function () { var x = 'var'; seen.push(x); })();
        (function x() { seen.push(typeof x); })();
        seen.push(x);
        seen`)
    ).toEqual(['block', 'parameter', 'default', 'destructured', 'caught', 'loop', 'case', 'var', 'function', 'outer']);
  });

  it('uses the outer variable in a parameter default, whatever the body declares', async () => {
    expect(await session().run('let x = 1; function f(a = x) { var x = 2; return [a, x] } f()')).toEqual([1, 2]);
  });

  it('keeps shorthand properties, also in assignments', async () => {
    const { run } = session();
    await run('let a = 1, b = 2; const o = { a, b };');
    await run('({ a, b = 5 } = { a: 10 });');
    expect(await run('[o, a, b]')).toEqual([{ a: 1, b: 2 }, 10, 5]);
    await run('[a, b] = [b, a];');
    expect(await run('[a, b]')).toEqual([5, 10]);
  });

  it('is not confused by lines that start with a parenthesis or bracket', async () => {
    const { run } = session();
    await run('const f = x => x\nconst n = 1\nconst [p] = [2]\nconst { q } = { q: 3 }\nf(1)\nlet z = n\nf(2)');
    expect(await run('[n, p, q, z]')).toEqual([1, 2, 3, 1]);
  });

  it('gives anonymous functions and classes the name of their variable', async () => {
    const { run } = session();
    await run('const arrow = () => 1; let fn = function () {}; const C = class {}; let later; later = async () => 2');
    expect(await run('[arrow.name, fn.name, C.name, later.name]')).toEqual(['arrow', 'fn', 'C', 'later']);
  });

  it('takes let without a value as undefined, and var as it was', async () => {
    const { run } = session();
    await run('let a = 1; var b = 2');
    await run('let a; var b;');
    expect(await run('[a, b]')).toEqual([undefined, 2]);
  });

  it('supports enums, which start afresh when run again', async () => {
    const { run } = session();
    await run('enum Colour { Red, Green = 5, Blue }\nconst enum Size { S = "s" }');
    expect(await run('[Colour.Red, Colour.Blue, Colour[5], Size.S]')).toEqual([0, 6, 'Green', 's']);
    await run('enum Colour { Black }');
    expect(await run('Colour')).toEqual({ 0: 'Black', Black: 0 });
  });

  it('supports parameter properties, generics, overloads, interfaces and type-only declarations', async () => {
    const { run } = session();
    await run('interface P { x: number }\ntype Q = P & { y?: string };\ndeclare const nothing: Q;');
    await run(
      'class Point<T extends object> { constructor(private x: number, readonly y = 2) {} sum(): number { return this.x + this.y! } }'
    );
    await run('function f(a: string): string;\nfunction f(a: number): number;\nfunction f(a: any) { return a }');
    expect(await run('[new Point<{}>(1).sum(), f(3) as unknown]')).toEqual([3, 3]);
  });

  it('refuses to assign to a constant, in its cell and in later ones', async () => {
    const { run, fail } = session();
    await run('const k = 1; let v = 1');
    for (const code of ['k = 2', 'k++', 'k += 1', '[k] = [2]', 'for (k of [2]) ;', 'const m = 1; m = 2']) {
      const { ename, evalue } = await fail(code);
      expect([ename, evalue.replace(/\b[km]\b/g, 'k')]).toEqual([
        'TypeError',
        'Cannot assign to k as it is a constant: declare it again, as in let k = …'
      ]);
    }
    await run('let k = 5; k = 6');
    expect(await run('k')).toBe(6);
  });

  it('refuses to assign to a name nothing declares, and says how to', async () => {
    const { evalue } = await session().fail('total = 5');
    expect(evalue).toBe('total is not defined: declare it, as in let total = …');
  });

  it('shadows built-in names when declared', async () => {
    const { run } = session();
    await run('function size() { return Map }\nconst Map = 5; let name = "n"; var status = 3');
    expect(await run('[Map, name, status, size()]')).toEqual([5, 'n', 3, 5]);
  });

  it('reaches globals and calls them without the scope as this', async () => {
    const { run } = session();
    expect(await run('await new Promise(r => setTimeout(() => r(structuredClone({ a: 1 })), 1))')).toEqual({ a: 1 });
    expect(await run('globalThis.someGlobal = 4; someGlobal')).toBe(4);
    expect(await run('someGlobal = 5; globalThis.someGlobal')).toBe(5);
    await run('delete globalThis.someGlobal');
  });

  it('runs generators, async generators and for await', async () => {
    const { run } = session();
    await run(
      'function* g() { yield 1; yield* [2, 3] }\nasync function* ag() { for (const x of g()) { await null; yield x } }'
    );
    expect(
      await run(
        'const got = []; for await (const x of ag()) got.push(x); for await (const y of [Promise.resolve(4)]) got.push(y); got'
      )
    ).toEqual([1, 2, 3, 4]);
  });

  it('loops 10 million times over a session variable in less than a second', async () => {
    const { run } = session();
    await run('let sum = 0');
    const start = performance.now();
    await run('for (let i = 0; i < 1e7; i++) { sum += i % 3 }');
    expect(performance.now() - start).toBeLessThan(1000);
    expect(await run('sum')).toBe(9999999);
  });
});

describe('Executor.run(): modules', () => {
  it('imports named, default, renamed and whole modules', async () => {
    const { run } = session();
    await run("import d, { answer, answer as fortyTwo } from 'loupe'\nimport * as all from 'loupe';\nimport 'loupe'");
    expect(await run('[answer, fortyTwo, d.isDefault, all.answer]')).toEqual([42, 42, true, 42]);
    expect(await run("(await import('loupe')).answer")).toBe(42);
  });

  it('keeps line numbers after an import of several lines', async () => {
    const { text } = await session().fail("import {\n  answer,\n  AutoModel\n} from 'loupe'\nnope()");
    expect(text).toContain('cell 1, line 5');
  });

  it('ignores type imports and accepts export', async () => {
    const { run } = session();
    await run(
      "import type { X } from 'nowhere'\nimport { type Y, answer } from 'loupe'\nexport const e = answer\nexport function f() { return e }\nexport class G {}\nexport default f\nexport { e as other }"
    );
    expect(await run('[f(), typeof G]')).toEqual([42, 'function']);
    expect(await run('export default (1 + 2)')).toBe(undefined);
  });

  it('takes imports that are only used as types for types', async () => {
    const { run, fail } = session();
    await run("import { answer, Options } from 'loupe'\nfunction f(o: Options) { return answer }");
    expect(await run('[f({}), typeof Options]')).toEqual([42, 'undefined']);
    expect((await fail("import { Options } from 'loupe'\nOptions.x")).evalue).toContain("no export named 'Options'");
  });

  it('names what is missing', async () => {
    const { fail } = session();
    expect((await fail("import { anwser } from 'loupe'")).evalue).toBe(
      "The module 'loupe' has no export named 'anwser': did you mean answer?"
    );
    expect((await fail("import x from 'left-pad'")).evalue).toBe(
      "Cannot import 'left-pad' as this kernel must know the module: known are loupe"
    );
  });
});

describe('Executor.run(): errors', () => {
  it('maps the stack to TypeScript lines of each cell', async () => {
    const { run, fail } = session();
    await run(
      'interface A {\n  x: number\n}\n\nfunction broken(a: A): number {\n  const y: number = 1;\n  return a.x.y.z;\n}'
    );
    const { ename, text } = await fail('// comment\n\nbroken({ x: 1 });');
    expect(ename).toBe('TypeError');
    expect(text).toContain('at broken (cell 1, line 7)');
    expect(text).toContain('at cell 2, line 3');
    expect(text).toContain('> 7 |   return a.x.y.z;\n        |                ^');
  });

  it('maps columns past removed types', async () => {
    const { text } = await session().fail('const a: Array<number> = [1]; (a as any).missing.x');
    const [, line, caret] = /> 1 (\|.*)\n +(\|.*)/.exec(text)!;
    expect(line!.indexOf('x', 45)).toBe(caret!.indexOf('^'));
  });

  it('shows the line of an await whose callee lost the stack', async () => {
    const { text } = await session().fail(
      'let x = 1\n\nawait new Promise((_, no) => setTimeout(() => no(new RangeError("late")), 1))'
    );
    expect(text).toContain('cell 1, line 3');
  });

  it('shows the line of a last promise that was not awaited', async () => {
    const { text } = await session().fail(
      'const late = () => new Promise((_, no) => setTimeout(() => no(new Error("late")), 1))\n\nlate()'
    );
    expect(text).toContain('cell 1, line 3');
  });

  it.each([
    ['let x = ;', 1, 9],
    ['let a = 1;\nlet b = (2;', 2, 11],
    ['let a; let a', 1, 12],
    ['if (', 1, 5],
    ['return 5', 1, 1],
    ['const s = "abc', 1, 11]
  ])('points at the place in %p', async (code, line, column) => {
    const { ename, error, text } = await session().fail(code);
    expect(ename).toBe('SyntaxError');
    expect(error).toMatchObject({ line, column: column - 1 });
    expect(text).toContain('^');
  });

  it.each([
    ["throw 'text'", 'Thrown string', 'text'],
    ['throw 42', 'Thrown number', '42'],
    ['throw null', 'Thrown null', 'null'],
    ['throw undefined', 'Thrown undefined', 'undefined'],
    ['const o = { a: 1 }; o.self = o; throw o', 'Thrown object', '{ a: 1, self: [Circular] }'],
    ['throw { get message() { throw 1 } }', 'Thrown object', '{ message: [Getter] }']
  ])('describes %s', async (code, ename, evalue) => {
    expect(await session().fail(code)).toMatchObject({ ename, evalue });
  });

  it('speaks of names as the user wrote them', async () => {
    const { run, fail } = session();
    await run('const notFunction = 5; const o = {}');
    expect((await fail('notFunction()')).evalue).toBe('notFunction is not a function');
    expect((await fail('o.missing()')).evalue).toBe('o.missing is not a function');
    expect((await fail('missing()')).evalue).toBe('missing is not defined');
    expect((await fail('new notFunction')).evalue).toBe('notFunction is not a constructor');
  });

  it('tells a recursion once', async () => {
    const { text } = await session().fail('function f(n) {\n  f(n + 1)\n}\nf(0)');
    expect(text).toMatch(/at f \(cell 1, line 2\)[^]*… \d+ more of the same/);
    expect(text.match(/at f/g)!.length).toBeLessThan(3);
  });

  it('accepts a line for the shell, and says how to let go of a value', async () => {
    const { run, fail } = session();
    expect(await run('#!/usr/bin/env node\n5')).toBe(5);
    expect((await fail('let x = 1; delete x')).evalue).toContain('assign undefined to let go of its value');
  });

  it('tells causes', async () => {
    const { text } = await session().fail('throw new Error("outer", { cause: new TypeError("inner") })');
    expect(text).toContain('Caused by TypeError: inner');
  });

  it('goes on after any of these', async () => {
    const { run, fail } = session();
    await run('const kept = 1');
    await fail('let x = ;');
    await fail('throw null');
    expect(await run('kept')).toBe(1);
  });
});
