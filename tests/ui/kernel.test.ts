import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Lab, OUTPUT, waitFor } from './lab';
import { bounded, Notebook, plain } from './notebook';

/** The whole kernel: the page side with the real worker. */
describe('the kernel in JupyterLab', () => {
  let lab: Lab;
  let page: Page;
  const requests: string[] = [];
  beforeAll(async () => {
    lab = await Lab.start();
    page = await lab.newPage();
    lab.browser.contexts()[0]!.on('request', request => requests.push(request.url()));
  });
  afterAll(() => lab?.stop());

  const open = (name: string, cells: string[]): Promise<Notebook> => lab.notebook(name, cells, { page });

  it('a TypeScript cell runs', async () => {
    const notebook = await open('types.ipynb', [
      'interface Point { x: number; y: number }\nconst p: Point = { x: 1, y: 2 };\np.x + p.y',
      'p.x = 10; console.log(`x is ${p.x}`); p',
      'await Promise.resolve(7) as number;',
      'throw new RangeError("too far")'
    ]);
    expect(plain(await notebook.run(0))).toBe('3');
    expect(plain(await notebook.run(1))).toContain('x is 10');
    expect(await notebook.run(2)).toEqual([]);
    expect(plain(await notebook.run(3))).toContain('RangeError: too far');
    await notebook.screenshot(join(OUTPUT, 'kernel-types.png'));
  });

  it('no byte of the engine is fetched before a model is', async () => {
    const notebook = await open('engine.ipynb', ['AutoModelForCausalLM.name', '1 + 1']);
    await notebook.run(0);
    await notebook.run(1);
    expect(requests.some(url => url.includes('/static/kernel/chunks/'))).toBe(true); // requests of workers are seen
    expect(requests.filter(url => /\.wasm|\/ort|static\/kernel\/chunks\/ort/.test(url))).toEqual([]);
  });

  it('a kernel starts and answers within a second or so', async () => {
    const notebook = await open('quick.ipynb', ['1 + 1']);
    const started = Date.now();
    await notebook.restart();
    expect(plain(await notebook.run(0))).toBe('2');
    // Aim 1 s; the bound leaves room for a busy test machine.
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it('an interrupt stops a cell that awaits and keeps variables', async () => {
    const notebook = await open('interrupt.ipynb', ['let kept = 1; await new Promise(() => undefined)', 'kept + 1']);
    const { done } = await notebook.start(0);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await new Promise(resolve => setTimeout(resolve, 500));
    await notebook.interrupt();
    await bounded(done, 5000, 'the cell did not end');
    expect(await notebook.text(0)).toContain('KeyboardInterrupt');
    expect(plain(await notebook.run(1))).toBe('2');
  });

  it('restart gets out of an endless loop', async () => {
    const notebook = await open('loop.ipynb', ['let kept = 1; while (true);', 'typeof kept']);
    const { done } = await notebook.start(0);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await bounded(notebook.restart(), 5000, 'the kernel did not restart');
    expect(plain(await notebook.run(1))).toContain('undefined');
    await bounded(done, 5000, 'the cell did not end');
  });

  it('input() asks in the page and gets the answer', async () => {
    const notebook = await open('input.ipynb', ['const name = await input("name? "); `hello ${name}`']);
    const { done } = await notebook.start(0);
    const field = page.locator('.jp-Stdin-input:visible');
    await field.fill('Ada');
    await field.press('Enter');
    await bounded(done, 10000, 'the cell did not end');
    expect(await notebook.text(0)).toContain('hello Ada');
  });

  it('a type error is shown, and the cell runs all the same', async () => {
    const notebook = await open('wrong.ipynb', ['const n: number = "five" as any as string;\n`${n}!`']);
    expect(plain(await notebook.run(0))).toContain('five!');
    // The first time the compiler is still loading when the cell ends.
    const isTold = async (): Promise<boolean> =>
      (await notebook.text(0)).includes("Type 'string' is not assignable to type 'number'");
    await waitFor(isTold, 45000);
    await notebook.screenshot(join(OUTPUT, 'kernel-type-error.png'));
  });

  it('completion and inspection answer', async () => {
    const notebook = await open('complete.ipynb', ['const config = { hidden_size: 64, model_type: "llama" }']);
    await notebook.run(0);
    const matches = await page.evaluate(async () => {
      const panel = (window as unknown as { jupyterapp: any }).jupyterapp.shell.currentWidget;
      const kernel = panel.sessionContext.session.kernel;
      const reply = await kernel.requestComplete({ code: 'config.hid', cursor_pos: 10 });
      return reply.content.matches as string[];
    });
    expect(matches.some(match => match.endsWith('hidden_size'))).toBe(true);
  });

  it('completion answers while a cell runs, and the kernel stays busy', async () => {
    const notebook = await open('busy.ipynb', [
      'const config = { hidden_size: 64 }',
      'await new Promise(resolve => setTimeout(resolve, 4000)); "done"'
    ]);
    await notebook.run(0);
    const { done } = await notebook.start(1);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    const asked = Date.now();
    const matches = await page.evaluate(async () => {
      const panel = (window as unknown as { jupyterapp: any }).jupyterapp.shell.currentWidget;
      const reply = await panel.sessionContext.session.kernel.requestComplete({ code: 'config.hid', cursor_pos: 10 });
      return reply.content.matches as string[];
    });
    expect(matches.some(match => match.endsWith('hidden_size'))).toBe(true);
    expect(Date.now() - asked).toBeLessThan(2500);
    expect((await notebook.kernel()).status).toBe('busy');
    await done;
    expect(await notebook.text(1)).toContain('done');
    expect((await notebook.kernel()).status).toBe('idle');
  });

  it('output of many prints and of a huge string arrives, and the kernel goes on', async () => {
    const notebook = await open('large.ipynb', [
      'for (let i = 0; i < 10000; i++) console.log(i);',
      '"x".repeat(100_000_000)',
      '6 * 7'
    ]);
    expect(plain(await notebook.run(0))).toContain('9999');
    expect(plain(await notebook.run(1)).length).toBeLessThan(10_000_000);
    expect(plain(await notebook.run(2))).toBe('42');
  });
});
