import { typescriptCompiler } from '../../../../kernel/compose';
import { compile } from '../../../../kernel/runtime/compile';

/** Evaluates a compiled cell over a plain scope. */
async function evaluate(source: string, scope: Record<string, unknown> = {}, options = {}) {
  const compiled = await compile(source, { name: 'cell-1.ts', ...options });
  let order = 0;
  const cell = {
    begin: () => ++order,
    wait: async (_: number, value: unknown) => ({ value: await value }),
    resume: (box: { value: unknown }) => box.value,
    result: (value: unknown) => ({ value }),
    tick: () => undefined,
    constants: scope
  };
  const result = (await (0, eval)(compiled.code)(scope, cell)) as { value: unknown } | undefined;
  return { compiled, scope, value: result?.value };
}

describe('compile()', () => {
  it('tells what a cell declares, what of it is constant, and what it takes from elsewhere', async () => {
    const source = 'const a = 1, { b: [c] } = q; let d; var e; function f() {} class G {} async function* h() {}';
    const { declared, constants, free } = await compile(source, { name: 'x' });
    expect([...declared].sort()).toEqual(['G', 'a', 'c', 'd', 'e', 'f', 'h']);
    expect(constants).toEqual(['a', 'c']);
    expect([...free]).toEqual(['q']);
  });

  it('counts names of inner functions as taken from elsewhere, and their own as not', async () => {
    const { free } = await compile(
      'function f(p, { q = r }) { let s = t; { const u = s } return () => u + p + Math.PI }',
      { name: 'x' }
    );
    expect([...free].sort()).toEqual(['r', 't', 'u']);
  });

  it('keeps every line where it was', async () => {
    const source =
      "import {\n  x\n} from 'loupe'\n\ninterface I {\n  a: string\n}\nconst {\n  y\n} = z\ntype T =\n  | 'a'\n  | 'b'\nlet w =\n  y";
    const { code } = await compile(source, { name: 'x' });
    const lines = code.split('\n');
    expect(lines[6 + 3]).toContain('= __scope.z');
    expect(lines[14]).toContain('__scope.y');
  });

  it('maps positions back past types and inserted text', async () => {
    const source = 'const a: number = 1; function f(x: Array<string>): string { return x.join(a) }';
    const { code, original } = await compile(source, { name: 'x' });
    const line = code.split('\n')[0]!;
    expect(original(1, line.indexOf('x.join'))).toEqual({ line: 1, column: source.indexOf('x.join') });
    expect(original(1, line.indexOf('a)', line.indexOf('x.join')))).toEqual({
      line: 1,
      column: source.indexOf('a) }')
    });
  });

  it.each([
    'let s = 0; for (let i = 0; i < 3; i++) s += i; s',
    'let n = 0; while (n < 3) n++; n',
    'let m = 0; do m++; while (m < 3); m',
    'let t = ""; for (const k in { a: 1, b: 2 }) t += k; t.length + 1',
    'let u = 0; outer: for (;;) { for (const x of [1, 2, 3]) { u = x; if (x === 3) break outer } } u'
  ])('adds interrupt checks to loops without changing them: %s', async source => {
    const plain = await evaluate(source);
    const compiled = await compile(source, { name: 'x', interruptible: true });
    const cell = { result: (value: unknown) => ({ value }), tick: () => undefined };
    const result = (await (0, eval)(compiled.code)({}, cell)) as { value: unknown };
    expect(result.value).toBe(plain.value);
    expect(plain.value).toBe(3);
  });

  it('looks for an interrupt every 32nd turn of any loop', async () => {
    const source = 'for (let i = 0; i < 8; i++) { let n = 0; while (n < 7) n++; do n++; while (n < 8) }';
    const { code } = await compile(source, { name: 'x', interruptible: true });
    let ticks = 0;
    await (0, eval)(code)({}, { tick: () => ticks++ });
    expect(ticks).toBe(((8 + 8 * 7 + 8) / 32) | 0);
  });

  it('needs the full compiler for decorators and namespaces, and says so without it', async () => {
    for (const source of ['@d class A {}', 'namespace N { export const a = 1 }']) {
      await expect(compile(source, { name: 'x' })).rejects.toThrow(
        'the complete TypeScript compiler is not available here'
      );
    }
  });
});

describe('compile() with the full compiler', () => {
  const options = { fullCompiler: typescriptCompiler };

  it('runs decorators of classes, methods, fields and accessors', async () => {
    const source = `
      const log: string[] = [];
      const note = (value: any, context: any) => { log.push(context.kind + ' ' + String(context.name)); return value };
      const twice = (value: undefined, context: ClassFieldDecoratorContext) => (initial: number) => initial * 2;
      @note
      class A {
        @twice x = 21;
        @note method() { return 1 }
        @note accessor y = 5;
      }
      [log, new A().x, new A().y]`;
    const { value } = await evaluate(source, {}, options);
    expect(value).toEqual([['method method', 'accessor y', 'class A'], 42, 5]);
  });

  it('runs namespaces', async () => {
    const { value, scope } = await evaluate(
      'namespace N { export const a = 1; export function f() { return a + 1 } }\nN.f()',
      {},
      options
    );
    expect(value).toBe(2);
    expect(scope['N']).toEqual({ a: 1, f: expect.any(Function) });
  });

  it('maps lines through its source map', async () => {
    const source = 'namespace N {\n\n\n  export const a = 1\n}\n\n\nmissing.thing';
    const { code, original } = await compile(source, { name: 'x', ...options });
    const lines = code.split('\n');
    const line = lines.findIndex(l => l.includes('missing')) + 1;
    expect(original(line, lines[line - 1]!.indexOf('missing')).line).toBe(8);
  });
});
