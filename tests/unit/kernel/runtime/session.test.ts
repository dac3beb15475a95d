import { AsyncLocalStorage } from 'node:async_hooks';
import type { CellContext } from '../../../../kernel/runtime/context';
import { StorageTracker } from '../../../../kernel/runtime/context';
import { KernelSession, type SessionOptions } from '../../../../kernel/runtime/session';
import type { ExecuteContent, FromKernel, Output } from '../../../../kernel/protocol/messages';

class Model {
  config = { hidden_size: 8, num_layers: 2 };
  get device() {
    return 'wasm';
  }
  /** A method. */
  generate(options: object) {
    return options;
  }
}

class Client {
  readonly messages: FromKernel[] = [];
  readonly session: KernelSession;
  private next = 1;
  private readonly replies = new Map<number, (content: never) => void>();
  onInput: (() => void) | undefined;

  constructor(options: Partial<SessionOptions> = {}) {
    this.session = new KernelSession({
      library: () => Promise.resolve({ Model, answer: 42 }),
      docs: () => Promise.resolve({ 'Model.generate': { signature: 'generate(options)', doc: 'Writes text.' } }),
      completeString: (callee, text) =>
        Promise.resolve(callee.endsWith('from_pretrained') ? ['SmolLM2', 'Smart'].filter(n => n.startsWith(text)) : []),
      ...options,
      send: message => {
        this.messages.push(structuredClone(message));
        if (message.type === 'reply') {
          this.replies.get(message.id)?.(message.content as never);
        }
        if (message.type === 'input_request') {
          this.onInput?.();
        }
      }
    });
  }

  ask(message: object): Promise<any> {
    const id = this.next++;
    return new Promise(resolve => {
      this.replies.set(id, resolve);
      this.session.handle({ ...message, id } as never);
    });
  }

  run(code: string, more: Partial<ExecuteContent> = {}): Promise<any> {
    const n = this.next;
    return this.ask({ type: 'execute_request', parent: n, content: { code, execution_count: n, ...more } });
  }

  outputs(parent?: number): Output[] {
    return this.messages.flatMap(m =>
      m.type === 'output' && (parent === undefined || m.parent === parent) ? [m.output] : []
    );
  }

  text(name = 'stdout', parent?: number): string {
    return this.outputs(parent)
      .flatMap(o => (o.msg_type === 'stream' && o.content.name === name ? [o.content.text] : []))
      .join('');
  }

  result(): any {
    return this.outputs()
      .flatMap(o => (o.msg_type === 'execute_result' ? [o.content] : []))
      .at(-1);
  }
}

const sleep = (ms: number) => new Promise(resolve => setTimeout(resolve, ms));

describe('KernelSession: execute_request', () => {
  it('shows the result, then replies', async () => {
    const client = new Client();
    expect(await client.run('1 + 1')).toMatchObject({ status: 'ok', execution_count: 1, payload: [] });
    expect(client.messages.map(m => m.type)).toEqual(['output', 'reply']);
    expect(client.result()).toEqual({ data: { 'text/plain': '2' }, metadata: {}, execution_count: 1 });
  });

  it('keeps the last result in _', async () => {
    const client = new Client();
    await client.run('6 * 7');
    await client.run('_ + 1');
    expect(client.result().data['text/plain']).toBe('43');
  });

  it('replies with the error after showing it, and aborts what waits', async () => {
    const client = new Client();
    const [a, b, c] = await Promise.all([client.run('throw new TypeError("no")'), client.run('1'), client.run('2')]);
    expect(a).toMatchObject({ status: 'error', ename: 'TypeError', evalue: 'no' });
    expect([b.status, c.status]).toEqual(['aborted', 'aborted']);
    expect(client.outputs().map(o => o.msg_type)).toEqual(['error']);
    expect(await client.run('3')).toMatchObject({ status: 'ok' });
  });

  it('runs what waits after an error if stop_on_error is false', async () => {
    const client = new Client();
    const [, b] = await Promise.all([client.run('throw 1', { stop_on_error: false }), client.run('1')]);
    expect(b.status).toBe('ok');
  });

  it('says nothing when silent', async () => {
    const client = new Client();
    expect(await client.run('console.log(1); 2', { silent: true })).toMatchObject({ status: 'ok' });
    expect(client.outputs()).toEqual([]);
  });

  it('evaluates user expressions', async () => {
    const client = new Client();
    const { user_expressions } = await client.run('const u = 5', { user_expressions: { a: 'u * 2', b: 'nope' } });
    expect(user_expressions.a).toEqual({ status: 'ok', data: { 'text/plain': '10' }, metadata: {} });
    expect(user_expressions.b).toMatchObject({ status: 'error', ename: 'ReferenceError' });
  });

  it('binds the exports of the library, loading it only when a name asks for it', async () => {
    const library = jest.fn(() => Promise.resolve({ answer: 42 }));
    const client = new Client({ library });
    await client.run('const own = 1; own + Math.abs(-2)');
    expect(library).not.toHaveBeenCalled();
    await client.run('answer');
    expect(client.result().data['text/plain']).toBe('42');
    await client.run("import { answer as a, display as d } from 'transformers'; [a, d === display]");
    expect(client.result().data['text/plain']).toBe('[42, true]');
    await client.run('const answer = 1');
    await client.run('answer');
    expect(client.result().data['text/plain']).toBe('1');
    expect(library).toHaveBeenCalledTimes(1);
  });

  it('says so when the library cannot be loaded, and tries again', async () => {
    let tries = 0;
    const client = new Client({
      library: () => (tries++ ? Promise.resolve({ answer: 1 }) : Promise.reject(new Error('offline')))
    });
    expect(await client.run('answer')).toMatchObject({ status: 'error', evalue: 'offline' });
    expect(await client.run('answer')).toMatchObject({ status: 'ok' });
  });
});

describe('KernelSession: start', () => {
  it('runs cells even where the host could not be made', async () => {
    const client = new Client({ start: () => Promise.reject(new Error('no host here')) });
    client.session.handle({ type: 'start', options: {} });
    await sleep(5);
    expect(client.messages.at(-1)).toEqual({ type: 'ready' });
    expect(client.text('stderr')).toContain('no host here');
    expect(await client.run('1')).toMatchObject({ status: 'ok' });
  });
});

describe('KernelSession: printing', () => {
  it('joins 10,000 prints into few messages', async () => {
    const client = new Client();
    await client.run('for (let i = 0; i < 10000; i++) console.log(i)');
    expect(client.text().split('\n')).toHaveLength(10001);
    expect(client.outputs().length).toBeLessThan(50);
  });

  it('sends what a long loop prints before the loop ends', async () => {
    const client = new Client();
    await client.run(
      'for (let i = 0; i < 3; i++) { console.log(i); const t = performance.now(); while (performance.now() - t < 150); }'
    );
    expect(client.outputs().length).toBeGreaterThan(1);
  });

  it('keeps the order of stdout, stderr and displays', async () => {
    const client = new Client();
    await client.run('console.log("a"); console.error("b"); display(1); console.log("c"); 2');
    expect(client.outputs().map(o => (o.msg_type === 'stream' ? o.content.text : o.msg_type))).toEqual([
      'a\n',
      'b\n',
      'display_data',
      'c\n',
      'execute_result'
    ]);
  });

  it('cuts a 100 MB string and says how to see the rest', async () => {
    const client = new Client();
    await client.run('"x".repeat(100_000_000)');
    const text = client.result().data['text/plain'];
    expect(text.length).toBeLessThan(11000);
    expect(text).toContain('99,990,000 more characters: display(x, { max_string: Infinity }) shows all');
    await client.run('console.log("y".repeat(100_000_000))');
    expect(client.text().length).toBeLessThanOrEqual(2_000_000);
    expect(client.text('stderr')).toContain('output truncated: 98,000,001 more characters');
  });

  it('shows more where asked to', async () => {
    const client = new Client();
    await client.run('display("x".repeat(20000), { max_string: Infinity, max_length: Infinity });');
    expect(client.outputs()[0]).toMatchObject({ content: { data: { 'text/plain': `'${'x'.repeat(20000)}'` } } });
  });

  it('formats as console.log does', async () => {
    const client = new Client();
    await client.run(
      'console.log("%s is %d", "n", 5, { a: [1] }); console.group("g"); console.log("in\\nner"); console.groupEnd(); console.log("out")'
    );
    expect(client.text()).toBe('n is 5 { a: [1] }\ng\n  in\n  ner\nout\n');
  });

  it('draws tables, counts, times and asserts', async () => {
    const client = new Client();
    await client.run(
      'console.table([{ a: 1, b: "x" }, { a: 2 }]); console.count(); console.count(); console.time("t"); console.timeEnd("t"); console.assert(1 > 2, "wrong")'
    );
    expect(client.text()).toContain(
      "│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │ 'x' │\n│ 1       │ 2 │     │"
    );
    expect(client.text()).toContain('default: 2\n');
    expect(client.text()).toMatch(/t: [\d.]+ [nµm]s\n/);
    expect(client.text('stderr')).toBe('Assertion failed: wrong\n');
  });
});

describe('KernelSession: display', () => {
  it('shows by Symbol.for("Jupyter.display"), _toMime and _toHtml, with text beside', async () => {
    const client = new Client();
    await client.run(`
      display({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>1</b>' }) });
      display({ _toMime: () => [{ 'text/markdown': '*2*' }, { 'text/markdown': { isolated: true } }] });
      display({ _toHtml: () => '<i>3</i>', a: 1 });
      display({ async [Symbol.for('Jupyter.display')]() { await null; return { 'text/html': '4' } } });`);
    const shown = client.outputs().map((o: any) => [o.content.data, o.content.metadata]);
    expect(shown).toMatchObject([
      [{ 'text/html': '<b>1</b>' }, {}],
      [{ 'text/markdown': '*2*', 'text/plain': '*2*' }, { 'text/markdown': { isolated: true } }],
      [{ 'text/html': '<i>3</i>' }, {}],
      [{ 'text/html': '4' }, {}]
    ]);
    expect(shown.every(([data]: any) => typeof data['text/plain'] === 'string')).toBe(true);
  });

  it('makes bundles safe for JSON', async () => {
    const client = new Client();
    await client.run(
      "display({ 'application/json': { a: new Float32Array([1, NaN]), b: 2n, c: undefined, d: new Map([['k', Infinity]]) } }, { raw: true });"
    );
    expect((client.outputs()[0] as any).content.data).toEqual({
      'application/json': { a: [1, null], b: 2, d: { k: null } }
    });
  });

  it('survives a display that throws or is circular', async () => {
    const client = new Client();
    await client.run("class D { [Symbol.for('Jupyter.display')]() { throw new Error('broken') } } new D()");
    expect(client.result().data['text/plain']).toContain('its own display failed: Error: broken');
    await client.run("const c = {}; c.c = c; const v = { _toMime: () => ({ 'application/json': c }) }; v");
    expect(client.result().data['text/plain']).toContain('must not be circular');
  });

  it('leaves out a representation that would stop the page', async () => {
    const client = new Client();
    await client.run("html('x'.repeat(60_000_000))");
    expect(client.result().data).toEqual({
      'text/plain': expect.stringContaining('[text/html of 60,000,000 characters left out')
    });
    const reply = await client.run("throw new Error('y'.repeat(60_000_000))");
    expect(reply.evalue.length).toBeLessThan(11_000);
    expect(JSON.stringify(reply).length).toBeLessThan(100_000);
  });

  it('updates by id, by handle and as Deno does', async () => {
    const client = new Client();
    await client.run(
      "const h1 = display(1, { display_id: 'x' }); display(2, { update: 'x' }); display(3, { display_id: 'x', update: true }); h1.update(4);"
    );
    expect(client.outputs().map((o: any) => [o.msg_type, o.content.data['text/plain'], o.content.transient])).toEqual([
      ['display_data', '1', { display_id: 'x' }],
      ['update_display_data', '2', { display_id: 'x' }],
      ['update_display_data', '3', { display_id: 'x' }],
      ['update_display_data', '4', { display_id: 'x' }]
    ]);
  });

  it('clears output', async () => {
    const client = new Client();
    await client.run('console.log(1); clear_output({ wait: true }); console.log(2)');
    expect(client.outputs().map(o => o.msg_type)).toEqual(['stream', 'clear_output', 'stream']);
  });

  it('escapes values in html and understands JSX', async () => {
    const client = new Client();
    await client.run('const list = ["<a>", "&"]; html`<ul>${list.map(x => html`<li>${x}</li>`)}</ul>`');
    expect(client.result().data['text/html']).toBe('<ul><li>&lt;a&gt;</li><li>&amp;</li></ul>');
    await client.run(
      'const Item = ({ children }) => <li>{children}</li>;\n<ul className="x" style={{ fontSize: 3 }}>{list.map(x => <Item>{x}</Item>)}<br/><></></ul>'
    );
    expect(client.result().data['text/html']).toBe(
      '<ul class="x" style="font-size:3"><li>&lt;a&gt;</li><li>&amp;</li><br></ul>'
    );
  });

  it('draws progress over lists, counts and async sources', async () => {
    const client = new Client();
    await client.run(
      'let n = 0; for (const x of progress([1, 2, 3], { label: "steps" })) n += x; for await (const y of progress(2)) n += y; n'
    );
    expect(client.result().data['text/plain']).toBe('7');
    const bars = client
      .outputs()
      .flatMap((o: any) => (/display/.test(o.msg_type) ? [o.content.data['text/plain']] : []));
    expect(bars[0]).toMatch(/^steps: {3}0%\| +\| 0\/3 /);
    expect(bars.some((b: string) => /^steps: 100%\|█{30}\| 3\/3 /.test(b))).toBe(true);
    expect(bars.at(-1)).toMatch(/2\/2/);
  });
});

describe('KernelSession: input', () => {
  it('asks, and gives the answer to the cell', async () => {
    const client = new Client();
    client.onInput = () => client.session.handle({ type: 'input_reply', value: 'Ada' });
    await client.run("const name = await input('name? ', { password: true }); `hello ${name}`", { allow_stdin: true });
    expect(client.result().data['text/plain']).toBe("'hello Ada'");
    expect(client.messages.find(m => m.type === 'input_request')).toMatchObject({
      content: { prompt: 'name? ', password: true }
    });
  });

  it('refuses where the front end cannot answer', async () => {
    const reply = await new Client().run('await input()', { allow_stdin: false });
    expect(reply.evalue).toContain('allow_stdin is false');
  });

  it('can be interrupted, and the next input gets its own answer', async () => {
    const client = new Client();
    const asked = client.run('await input("a")', { allow_stdin: true });
    await sleep(5);
    client.session.handle({ type: 'interrupt' });
    expect(await asked).toMatchObject({ ename: 'KeyboardInterrupt' });
    client.onInput = () => client.session.handle({ type: 'input_reply', value: 'second' });
    await client.run('await input("b")', { allow_stdin: true });
    expect(client.result().data['text/plain']).toBe("'second'");
  });
});

describe('KernelSession: interrupt', () => {
  it.each([
    ['a timer', 'await new Promise(r => setTimeout(r, 900))'],
    ['a promise that never settles', 'await new Promise(() => {})'],
    ['a loop of awaits', 'while (true) await new Promise(r => setTimeout(r, 5))'],
    ['an awaited function', 'async function f() { for (;;) await new Promise(r => setTimeout(r, 5)) } await f()'],
    ['a chain without await', 'new Promise(() => {}).then(x => x)'],
    ['Promise.all', 'await Promise.all([new Promise(() => {}), new Promise(() => {})])'],
    ['for await', 'for await (const x of (async function* () { await new Promise(() => {}) })()) ;']
  ])('ends %s within 300 ms', async (_, code) => {
    const client = new Client();
    const done = client.run(code);
    await sleep(30);
    const start = performance.now();
    client.session.handle({ type: 'interrupt' });
    expect(await done).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
    expect(performance.now() - start).toBeLessThan(300);
    await client.run('1');
    expect(client.result().data['text/plain']).toBe('1');
  });

  it('really stops the loop, and runs finally blocks', async () => {
    const client = new Client();
    const done = client.run(
      'let n = 0, cleaned = false; try { for (;;) { n++; await new Promise(r => setTimeout(r, 2)) } } finally { cleaned = true }'
    );
    await sleep(30);
    client.session.handle({ type: 'interrupt' });
    await done;
    await client.run('n');
    const first = client.result().data['text/plain'];
    await sleep(30);
    await client.run('[n, cleaned]');
    expect(client.result().data['text/plain']).toBe(`[${first}, true]`);
  });

  it('lets a cell catch it and go on', async () => {
    const client = new Client();
    const done = client.run('let got; try { await new Promise(() => {}) } catch (e) { got = e.name } await null; got');
    await sleep(10);
    client.session.handle({ type: 'interrupt' });
    expect(await done).toMatchObject({ status: 'ok' });
    expect(client.result().data['text/plain']).toBe("'KeyboardInterrupt'");
  });

  it('aborts the signal of the running cell, and counts a library that then stops as interrupted', async () => {
    const client = new Client();
    const done = client.run(`
      const signal = interrupt_signal();
      await new Promise(resolve => signal.addEventListener('abort', () => resolve('partial text')));
      console.log('not reached')`);
    await sleep(10);
    client.session.handle({ type: 'interrupt' });
    expect(await done).toMatchObject({ ename: 'KeyboardInterrupt' });
    expect(client.text()).toBe('');
  });

  it('stops a synchronous loop where memory is shared', async () => {
    const client = new Client();
    const interruptBuffer = new SharedArrayBuffer(4);
    client.session.handle({ type: 'start', options: { interruptBuffer } });
    const flag = new Int32Array(interruptBuffer);
    await client.run('globalThis.__flag = 0; 1');
    Object.assign(globalThis, { __raise: () => Atomics.store(flag, 0, 1) });
    const reply = await client.run('let turns = 0; for (;;) { if (++turns === 1000) globalThis.__raise() }');
    expect(reply).toMatchObject({ ename: 'KeyboardInterrupt' });
    // The message that follows the flag is not a second interrupt.
    const next = client.run('await new Promise(r => setTimeout(r, 150)); turns');
    client.session.handle({ type: 'interrupt' });
    expect(await next).toMatchObject({ status: 'ok' });
    // The flag is looked at every 32nd turn.
    expect(Number(client.result().data['text/plain'])).toBeLessThan(1033);
    client.session.handle({ type: 'start', options: {} });
  });

  it('between cells ends background work', async () => {
    const client = new Client();
    await client.run(
      'let ticks = 0; (async () => { for (;;) { ticks++; await new Promise(r => setTimeout(r, 2)) } })().catch(e => (ended = e.name)); let ended;'
    );
    client.session.handle({ type: 'interrupt' });
    await sleep(150);
    await client.run('ticks');
    const before = client.result().data['text/plain'];
    await sleep(20);
    await client.run('ticks');
    expect(client.result().data['text/plain']).toBe(before);
  });
});

describe.each([
  ['by hand', () => undefined],
  ['by AsyncLocalStorage', () => new StorageTracker(new AsyncLocalStorage<CellContext>())]
])('KernelSession: background work, followed %s', (_, tracker) => {
  it('prints under the cell that started it', async () => {
    const client = new Client({ tracker: tracker() });
    await client.run(
      'setTimeout(() => console.log("timer"), 10); (async () => { await new Promise(r => setTimeout(r, 10)); console.log("async"); display("shown") })();'
    );
    await client.run('await new Promise(r => setTimeout(r, 40)); console.log("second")');
    expect(client.text('stdout', 1).split('\n').sort()).toEqual(['', 'async', 'timer']);
    expect(client.outputs(1).some(o => o.msg_type === 'display_data')).toBe(true);
    expect(client.text('stdout', 2)).toBe('second\n');
  });

  it('prints under the cell that calls a function of an earlier cell', async () => {
    const client = new Client({ tracker: tracker() });
    await client.run('async function say(x) { console.log(x); await null; console.log(x + 1) }');
    await client.run('await say(1)');
    expect(client.text('stdout', 2)).toBe('1\n2\n');
  });

  it('shows unhandled rejections under their cell', async () => {
    const client = new Client({ tracker: tracker() });
    await client.run('const thrown = new Error("lost"); ');
    await client.run('1');
    const thrown = client.session.scope.variables['thrown'];
    client.session.reportUnhandled(thrown);
    expect(client.text('stderr', 1)).toContain('lost');
  });
});

describe('KernelSession: magics', () => {
  it.each([
    ['%%html\n<b>x</b>', { 'text/html': '<b>x</b>' }],
    ['%%markdown\n# T\n', { 'text/markdown': '# T\n' }],
    ['%%javascript\nalert(1)', { 'application/javascript': 'alert(1)' }]
  ])('%p shows its text', async (code, data) => {
    const client = new Client();
    await client.run(code);
    expect((client.outputs()[0] as any).content.data).toMatchObject(data);
  });

  it('times', async () => {
    const client = new Client();
    await client.run('%%time\nconst t = 5\nt');
    expect(client.result().data['text/plain']).toBe('5');
    expect(client.text()).toMatch(/^Wall time: [\d.]+ [µm]?s\n$/);
    await client.run('%%timeit -n 10 -r 3\nMath.sqrt(2)');
    await client.run('%timeit -n 2 -r 1 await null');
    expect(client.text()).toMatch(/per loop \(mean ± std. dev. of 3 runs, 10 loops each\)\n.*of 1 run, 2 loops each\)/);
  });

  it('keeps line numbers below a magic', async () => {
    const { traceback } = await new Client().run('%%time\n\nnope()');
    expect(traceback.join('\n')).toContain('line 3');
  });

  it('names the known magics when one is unknown', async () => {
    expect((await new Client().run('%%bash\nls')).evalue).toContain(
      '%%bash as it must be a known magic: known are %%time'
    );
  });

  it('shows documentation for ?x, x? and x??', async () => {
    const client = new Client();
    await client.run('const m = new Model(); function twice(x: number) { return 2 * x }');
    for (const code of ['?m.generate', 'm.generate?']) {
      const { payload } = await client.run(code);
      expect(payload[0]).toMatchObject({ source: 'page' });
      expect(payload[0].data['text/plain']).toContain('Signature: generate(options)\nType: function\n\nWrites text.');
    }
    const { payload } = await client.run('twice??');
    expect(payload[0].data['text/plain']).toContain('return 2 * x');
    expect(await client.run('nothing?')).toMatchObject({ status: 'error', ename: 'ReferenceError' });
  });
});

describe('KernelSession: complete_request', () => {
  const complete = async (client: Client, code: string, cursor_pos = [...code].length) =>
    client.ask({ type: 'complete_request', content: { code, cursor_pos } });

  it('offers variables, exports, keywords and globals', async () => {
    const client = new Client();
    await client.run('const myValue = 1');
    expect((await complete(client, 'myV')).matches).toEqual(['myValue']);
    expect((await complete(client, 'Mod')).matches).toContain('Model');
    expect((await complete(client, 'awa')).matches).toContain('await');
    expect((await complete(client, 'structuredC')).matches).toEqual(['structuredClone']);
    expect((await complete(client, '')).matches).toContain('myValue');
  });

  it('offers members along the prototype chain, without calling getters', async () => {
    const client = new Client();
    await client.run(
      'let called = 0; const m = new Model(); const o = { get danger() { called++; return { x: 1 } }, plain: { deep: [{ leaf: 1 }] } }'
    );
    expect((await complete(client, 'm.')).matches).toEqual(expect.arrayContaining(['config', 'device', 'generate']));
    expect((await complete(client, 'm.config.hid')).matches).toEqual(['hidden_size']);
    expect((await complete(client, 'm.device.toUpp')).matches).toEqual(['toUpperCase']);
    expect((await complete(client, 'o.')).matches).toEqual(expect.arrayContaining(['danger', 'plain']));
    expect((await complete(client, 'o.danger.')).matches).toEqual([]);
    expect((await complete(client, 'o.plain.deep[0].l')).matches).toEqual(['leaf']);
    expect((await complete(client, 'o?.plain?.d')).matches).toEqual(['deep']);
    expect((await complete(client, 'o["pl')).matches).toEqual(['plain']);
    expect((await complete(client, '"text".toUpperC')).matches).toEqual(['toUpperCase']);
    await client.run('called');
    expect(client.result().data['text/plain']).toBe('0');
  });

  it('completes after an import line (tslab#56) and in the middle of code', async () => {
    const client = new Client();
    const code = "import { Model } from 'loupe'\nconst x = Mod\nx.foo";
    const { matches, cursor_start, cursor_end } = await complete(client, code, code.indexOf('Mod\n') + 3);
    expect(matches).toContain('Model');
    expect(code.slice(cursor_start, cursor_end)).toBe('Mod');
  });

  it('completes model names and modules inside strings', async () => {
    const client = new Client();
    expect(await complete(client, "await AutoModel.from_pretrained('Smo")).toMatchObject({
      matches: ['SmolLM2'],
      cursor_start: 33,
      cursor_end: 36
    });
    expect((await complete(client, "import { x } from 'trans")).matches).toEqual(['transformers']);
  });

  it('counts positions in code points', async () => {
    const client = new Client();
    await client.run('const varied = 1');
    expect(await complete(client, '"😀😀"; vari')).toMatchObject({
      matches: ['varied'],
      cursor_start: 6,
      cursor_end: 10
    });
  });

  it('answers while a cell runs', async () => {
    const client = new Client();
    const running = client.run('await new Promise(r => setTimeout(r, 100)); 1');
    await sleep(5);
    expect((await complete(client, 'Mod')).matches).toContain('Model');
    expect(client.result()).toBe(undefined);
    await running;
  });
});

describe('KernelSession: inspect_request', () => {
  const inspect = async (client: Client, code: string, cursor_pos = code.length) =>
    client.ask({ type: 'inspect_request', content: { code, cursor_pos, detail_level: 0 } });

  it('describes values, functions and, inside a call, the function called', async () => {
    const client = new Client();
    await client.run('const m = new Model(); const list = [1, 2]; const add = (a, b = 2) => a + b');
    expect((await inspect(client, 'list')).data['text/plain']).toBe('Type: Array\nValue: [1, 2]');
    expect((await inspect(client, 'add')).data['text/plain']).toBe('Signature: add(a, b = 2)\nType: function');
    expect((await inspect(client, 'm.generate({ x: 1, ')).data['text/plain']).toContain('Writes text.');
    expect((await inspect(client, 'm.generate', 4)).data['text/plain']).toContain('Writes text.');
    expect(await inspect(client, 'unknown_name')).toEqual({ status: 'ok', found: false, data: {}, metadata: {} });
  });
});

describe('KernelSession: is_complete_request', () => {
  it.each([
    ['1 + 1', 'complete'],
    ['function f() {', 'incomplete'],
    ['if (x)', 'incomplete'],
    ['foo(1,', 'incomplete'],
    ['const a =', 'incomplete'],
    ['`text', 'incomplete'],
    ['/* comment', 'incomplete'],
    ['const f = (a) => {', 'incomplete'],
    ['if (a) {} else', 'incomplete'],
    ["const a = '(", 'invalid'],
    ['const s = "abc', 'invalid'],
    ['let x = )', 'invalid'],
    ['await f()', 'complete'],
    ['type A = {', 'incomplete'],
    ['@dec class A {', 'incomplete'],
    ['%%time\nf()', 'incomplete'],
    ['%%time\nf()\n', 'complete'],
    ['?x', 'complete'],
    ['', 'complete']
  ])('calls %p %s', async (code, status) => {
    expect(await new Client().ask({ type: 'is_complete_request', content: { code } })).toMatchObject({ status });
  });

  it('indents after an opening bracket', async () => {
    expect(await new Client().ask({ type: 'is_complete_request', content: { code: '  for (;;) {' } })).toEqual({
      status: 'incomplete',
      indent: '    '
    });
  });
});

describe('KernelSession: comms', () => {
  it('opens, receives, answers and closes', async () => {
    const client = new Client();
    await client.run(`
      const got = [];
      comms.register_target('counter', (comm, { data }) => {
        got.push(['open', data]);
        comm.on_msg = ({ data, buffers }) => { got.push(['msg', data, buffers.length]); comm.send({ echo: data }) };
        comm.on_close = () => got.push(['close']);
      });`);
    const comm = (kind: string, content: object, buffers: ArrayBuffer[] = []) =>
      client.session.handle({ type: 'comm', kind, content, buffers } as never);
    comm('comm_open', { comm_id: 'c1', target_name: 'counter', data: { start: 1 } });
    comm('comm_msg', { comm_id: 'c1', data: 'hello' }, [new ArrayBuffer(2)]);
    expect(await client.ask({ type: 'comm_info_request', content: {} })).toEqual({
      status: 'ok',
      comms: { c1: { target_name: 'counter' } }
    });
    comm('comm_close', { comm_id: 'c1', data: {} });
    await client.run('got');
    expect(client.result().data['text/plain']).toBe("[['open', { start: 1 }], ['msg', 'hello', 1], ['close']]");
    expect(client.messages.filter(m => m.type === 'comm')).toMatchObject([
      { kind: 'comm_msg', content: { comm_id: 'c1', data: { echo: 'hello' } } }
    ]);
  });

  it('sends the part of a buffer that a view shows', async () => {
    const client = new Client();
    await client.run("comms.open('t', {}, {}, [new Uint8Array([1, 2, 3, 4]).subarray(1, 3)]);");
    const [message] = client.messages.filter(m => m.type === 'comm');
    expect([...new Uint8Array((message as { buffers: ArrayBuffer[] }).buffers[0]!)]).toEqual([2, 3]);
  });

  it('closes a comm for which there is no target', () => {
    const client = new Client();
    client.session.handle({
      type: 'comm',
      kind: 'comm_open',
      content: { comm_id: 'x', target_name: 'none', data: {} }
    });
    expect(client.messages).toMatchObject([{ type: 'comm', kind: 'comm_close', content: { comm_id: 'x' } }]);
  });
});

describe('KernelSession: types', () => {
  const faults = [{ line: 2, column: 0, message: 'Type A is not B.\nbecause' }];
  function typed(check: () => Promise<typeof faults>, typeChecking: string) {
    const committed: string[] = [];
    const client = new Client({
      intelligence: {
        complete: () =>
          Promise.resolve([
            { name: 'config', kind: 'property' },
            { name: 'typedOnly', kind: 'method' }
          ]),
        help: () => Promise.resolve({ signature: 'const m: Model', doc: 'From the types.' }),
        check,
        commit: code => void committed.push(code),
        declare: () => undefined
      }
    });
    client.session.handle({ type: 'start', options: { settings: { typeChecking } } });
    return { client, committed };
  }

  it('offers what types know first, then what is there', async () => {
    const { client } = typed(() => Promise.resolve([]), 'off');
    await client.run('const m = new Model(); m.extra = 1');
    const { matches } = await client.ask({ type: 'complete_request', content: { code: 'm.', cursor_pos: 2 } });
    expect(matches.slice(0, 2)).toEqual(['config', 'typedOnly']);
    expect(matches).toContain('extra');
    expect(matches.filter((name: string) => name === 'config')).toHaveLength(1);
  });

  it('asks the types where documentation has nothing, also about what has not run', async () => {
    const { client } = typed(() => Promise.resolve([]), 'off');
    const ask = (code: string) =>
      client.ask({ type: 'inspect_request', content: { code, cursor_pos: code.length, detail_level: 0 } });
    expect((await ask('notYet')).data['text/plain']).toBe('Signature: const m: Model\n\nFrom the types.');
    await client.run('const m = new Model()');
    expect((await ask('m.generate')).data['text/plain']).toContain('Writes text.');
  });

  it('warns under the cell, before it runs once the compiler is there', async () => {
    const { client, committed } = typed(() => Promise.resolve(faults), 'warn');
    await client.run('console.log("first")');
    expect(client.text('stderr')).toBe('');
    await sleep(1600);
    expect(client.text('stderr', 1)).toBe('\u001b[33mType error\u001b[39m, line 2: Type A is not B.\n');
    await client.run('console.log("second")');
    expect(client.outputs(2).map(o => (o.msg_type === 'stream' ? o.content.name : ''))).toEqual(['stderr', 'stdout']);
    expect(committed).toEqual(['console.log("first")', 'console.log("second")']);
  });

  it('does not wait long for a slow compiler', async () => {
    let calls = 0;
    const { client } = typed(() => (calls++ ? new Promise(() => undefined) : Promise.resolve([])), 'warn');
    await client.run('1');
    await sleep(1600);
    const start = performance.now();
    await client.run('2');
    expect(performance.now() - start).toBeLessThan(800);
  });

  it('blocks a cell with type errors where asked to', async () => {
    const { client } = typed(() => Promise.resolve(faults), 'block');
    const reply = await client.run('console.log("not run")');
    expect(reply.evalue).toBe('Cannot run the cell as its types must agree:\nline 2: Type A is not B.');
    expect(client.text()).toBe('');
  });
});
