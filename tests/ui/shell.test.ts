import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { FAKE_WORKER, replaceWorker } from './fake-worker';
import { Lab, OUTPUT, waitFor, whenStarted } from './lab';
import { bounded, Notebook, plain } from './notebook';

/** The page side of the kernel, with a worker that only speaks the protocol and evaluates JavaScript. */
describe('page side', () => {
  let lab: Lab;
  let page: Page;
  beforeAll(async () => {
    lab = await Lab.start();
    page = await lab.newPage(page => replaceWorker(page, FAKE_WORKER));
  });
  afterAll(() => lab?.stop());

  const open = (name: string, cells: string[], kernel?: string): Promise<Notebook> =>
    lab.notebook(name, cells, kernel ? { page, kernel } : { page });
  const withWorker = (name: string, cells: string[], script: string | null): Promise<Notebook> =>
    lab.notebook(name, cells, { prepare: page => replaceWorker(page, script) });

  it('a cell runs, shows its value and counts', async () => {
    const notebook = await open('one.ipynb', ['1 + 1', 'globalThis.kept = 5', 'kept']);
    expect(plain(await notebook.run(0))).toBe('2');
    expect(plain(await notebook.run(1))).toBe('5');
    expect(plain(await notebook.run(2))).toBe('5');
    expect(await notebook.executionCount(2)).toBe(3);
    await notebook.screenshot(join(OUTPUT, 'shell-one.png'));
  });

  it('the worker is told where models and assets are', async () => {
    const notebook = await open('folder-options.ipynb', ['JSON.stringify(options)']);
    const options = JSON.parse(plain(await notebook.run(0)));
    expect(options.modelsUrl).toBe(`${lab.url}/loupe/models/`);
    expect(options.assetsUrl).toBe(`${lab.url}/lab/extensions/jupyterlab-loupe/static/kernel/`);
    expect(options.notebookPath).toBe('');
    expect(options.settings).toMatchObject({ device: 'auto', typeChecking: 'warn' });
    expect((await fetch(`${options.assetsUrl}ort/ort-wasm-simd-threaded.wasm`)).status).toBe(200);
  });

  it('the page is isolated, and an interrupt sets the shared flag', async () => {
    const notebook = await open('isolated.ipynb', [
      'self.crossOriginIsolated && options.interruptBuffer instanceof SharedArrayBuffer',
      'const flag = new Int32Array(options.interruptBuffer); while (flag[0] === 0); "stopped"'
    ]);
    expect(plain(await notebook.run(0))).toBe('true');
    const { done } = await notebook.start(1);
    await new Promise(resolve => setTimeout(resolve, 500));
    await notebook.interrupt();
    await bounded(done, 5000, 'the loop did not stop');
    expect(await notebook.text(1)).toBe('stopped');
  });

  it('python3 runs next to it, and both are listed', async () => {
    const python = await open('python.ipynb', ['print(6 * 7)'], 'python3');
    expect(plain(await python.run(0))).toBe('42\n');
    const ours = await open('beside.ipynb', ['6 * 7']);
    expect(plain(await ours.run(0))).toBe('42');
    const names = await page.evaluate(() => {
      const app = (window as unknown as { jupyterapp: any }).jupyterapp;
      return [...app.serviceManager.sessions.running()].map(session => session.kernel.name as string);
    });
    expect(new Set(names)).toEqual(new Set(['loupe', 'python3']));
    await python.shutdown();
  });

  it('two notebooks have two kernels, which run at once', async () => {
    const [a, b] = [await open('a.ipynb', ['sleep(1500)', 'kept']), await open('b.ipynb', ['globalThis.kept = 7'])];
    const { done } = await a.start(0);
    expect(plain(await b.run(0, 1400))).toBe('7');
    await done;
    expect(plain(await a.run(1))).toContain('kept is not defined');
    expect((await a.kernel()).id).not.toBe((await b.kernel()).id);
  });

  it('a cell that fails cancels those that wait', async () => {
    const notebook = await open('fails.ipynb', ['sleep(500).then(() => { throw new Error("no"); })', '2']);
    const first = await notebook.start(0);
    const second = await notebook.start(1);
    await bounded(Promise.all([first.done, second.done]), 10000, 'the cells did not end');
    expect(await notebook.text(0)).toBe('Error: no');
    expect(await notebook.outputs(1)).toEqual([]);
    expect(await notebook.executionCount(1)).toBeNull();
  });

  it('an interrupt ends a cell that awaits and keeps variables', async () => {
    const notebook = await open('interrupt.ipynb', [
      'globalThis.kept = 1; await sleep(60000)'.replace('await ', ''),
      'kept'
    ]);
    const { done } = await notebook.start(0);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    const asked = Date.now();
    await notebook.interrupt();
    await bounded(done, 5000, 'the cell did not end');
    expect(Date.now() - asked).toBeLessThan(1000);
    expect(await notebook.text(0)).toBe('KeyboardInterrupt: interrupted');
    expect(plain(await notebook.run(1))).toBe('1');
  });

  it('input() asks in the page and gets the answer', async () => {
    const notebook = await open('input.ipynb', ['input("name? ").then(name => "hello " + name)']);
    const { done } = await notebook.start(0);
    const field = page.locator('.jp-Stdin-input:visible');
    await field.fill('Ada', { timeout: 10000 });
    await field.press('Enter');
    await bounded(done, 10000, 'the cell did not end');
    expect(await notebook.text(0)).toContain('hello Ada');
  });

  it('restart gets out of an endless loop', async () => {
    const notebook = await open('loop.ipynb', ['globalThis.kept = 1; while (true);', 'typeof kept']);
    const { done } = await notebook.start(0);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await bounded(notebook.restart(), 5000, 'the kernel did not restart');
    expect(plain(await notebook.run(1, 10000))).toBe('undefined');
    await bounded(done, 5000, 'the cell did not end');
  });

  it('a cell that ignores the interrupt can be stopped, and the next one runs', async () => {
    const notebook = await open('stuck.ipynb', ['while (true);', '3']);
    const { done } = await notebook.start(0);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await notebook.interrupt();
    const stop = page.getByRole('button', { name: 'Stop the worker' });
    await stop.waitFor({ timeout: 10000 });
    await notebook.screenshot(join(OUTPUT, 'shell-stuck.png'));
    await stop.click();
    await bounded(done, 5000, 'the cell did not end');
    expect(await notebook.text(0)).toContain('was ended because the cell did not stop');
    expect(plain(await notebook.run(1, 10000))).toBe('3');
  });

  it('a worker that dies gives an error, and the next cell a new worker', async () => {
    const notebook = await open('dies.ipynb', ['self.close(); sleep(60000)', '4']);
    expect(plain(await notebook.run(0, 10000))).toContain('ended unexpectedly');
    await notebook.screenshot(join(OUTPUT, 'shell-dies.png'));
    expect(plain(await notebook.run(1, 10000))).toBe('4');
  });

  it('the kernel can be changed to python3 and back', async () => {
    const notebook = await open('change.ipynb', ['6 * 7']);
    await notebook.run(0);
    await notebook.changeKernel('python3');
    expect((await notebook.kernel()).name).toBe('python3');
    expect(plain(await notebook.run(0))).toBe('42');
    await notebook.changeKernel('loupe');
    expect((await notebook.kernel()).name).toBe('loupe');
    expect(plain(await notebook.run(0))).toBe('42');
    await notebook.shutdown();
  });

  it('shutting sessions down leaves nothing', async () => {
    const notebook = await open('end.ipynb', ['1']);
    await notebook.run(0);
    const left = await page.evaluate(async () => {
      const { sessions, kernels } = (window as unknown as { jupyterapp: any }).jupyterapp.serviceManager;
      await sessions.shutdownAll();
      await sessions.refreshRunning();
      await kernels.refreshRunning();
      return [[...sessions.running()].length, [...kernels.running()].length];
    });
    expect(left).toEqual([0, 0]);
  });

  it('a reload says that the kernel ended', async () => {
    const page = await lab.newPage(page => replaceWorker(page, FAKE_WORKER));
    const notebook = await lab.notebook('reload.ipynb', ['5'], { page });
    await notebook.run(0);
    await notebook.save();
    await page.reload();
    await whenStarted(page);
    await page.getByText('The TypeScript kernel of reload.ipynb ended').waitFor({ timeout: 15000 });
    await page.screenshot({ path: join(OUTPUT, 'shell-reload.png') });
    await page.close();
  });

  it.each([
    ['that is missing', null],
    ['that cannot be parsed', 'const = ;'],
    ['that throws while loading', 'throw new Error("broken worker");'],
    ['whose import fails', 'import "./nowhere.js";']
  ])('a worker %s gives an error, not a hang', async (_, script) => {
    const notebook = await withWorker('broken.ipynb', ['1 + 1', '2 + 2'], script);
    expect(plain(await notebook.run(0, 20000))).toContain("Cannot start the kernel's worker");
    expect(plain(await notebook.run(1, 20000))).toContain("Cannot start the kernel's worker");
    await notebook.page.close();
  });

  it.each([
    ['the entry', '**/jupyterlab-loupe/static/remoteEntry*.js*'],
    ['the plugins', '**/jupyterlab-loupe/static/lib_src_index*.js*'],
    ['the host', '**/jupyterlab-loupe/static/*services_host*.js*'],
    ['everything', '**/extensions/jupyterlab-loupe/**']
  ])('JupyterLab starts and python3 runs when %s of our bundle cannot be loaded', async (_, pattern) => {
    const notebook = await lab.notebook('without.ipynb', ['print(6 * 7)'], {
      kernel: 'python3',
      prepare: async page => {
        await page.route(pattern, route => route.abort());
      }
    });
    expect(plain(await notebook.run(0))).toBe('42\n');
    await notebook.page.close();
  });
});
