import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser, notebookJson, OUTPUT, ROOT, waitFor, whenStarted } from './lab';
import { bounded, Notebook, plain } from './notebook';
import { StaticServer } from './static-server';

/** The same labextension in a site without a server. */
describe('JupyterLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'loupe-lite-'));
  let server: StaticServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(join(folder, 'notebooks'));
    const cells = [
      'const x: number = 1;\nx + 1',
      'let kept = 2; await new Promise(() => undefined)',
      'kept',
      'while (true);',
      'typeof kept'
    ];
    writeFileSync(join(folder, 'notebooks/one.ipynb'), notebookJson(cells, 'loupe'));
    const python = process.env['LOUPE_PYTHON'] ?? join(ROOT, '.venv/bin/python');
    const options = ['--no-model', '--output', join(folder, 'site'), '--notebooks', join(folder, 'notebooks')];
    execFileSync(python, [join(ROOT, 'scripts/lite.py'), ...options], { stdio: 'pipe' });
    server = await StaticServer.start(join(folder, 'site'));
    browser = await launchBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    // Nothing outside the site is needed.
    await page.route(
      url => url.origin !== server.url && url.protocol.startsWith('http'),
      route => route.abort()
    );
    await page.goto(`${server.url}/lab/index.html`);
    await whenStarted(page);
  }, 180000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('a cell runs, is interrupted and restarted as in JupyterLab', async () => {
    const notebook = await Notebook.open(page, 'one.ipynb');
    expect(plain(await notebook.run(0))).toBe('2');
    await notebook.screenshot(join(OUTPUT, 'lite.png'));
    const waiting = await notebook.start(1);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await new Promise(resolve => setTimeout(resolve, 300));
    await notebook.interrupt();
    await bounded(waiting.done, 5000, 'the cell did not end');
    expect(await notebook.text(1)).toContain('KeyboardInterrupt');
    expect(plain(await notebook.run(2))).toBe('2');
    const looping = await notebook.start(3);
    await waitFor(async () => (await notebook.kernel()).status === 'busy', 5000);
    await bounded(notebook.restart(), 5000, 'the kernel did not restart');
    expect(plain(await notebook.run(4))).toContain('undefined');
    await bounded(looping.done, 5000, 'the cell did not end');
  });

  it('a cell that looks for a model that is not there gives an error that says where it looked', async () => {
    const answer = await page.evaluate(async () => {
      const panel = (window as unknown as { jupyterapp: any }).jupyterapp.shell.currentWidget;
      const { kernel } = panel.sessionContext.session;
      let error = '';
      const future = kernel.requestExecute({
        code: "await AutoConfig.from_pretrained('absent-model', { local_files_only: true })"
      });
      future.onIOPub = (message: any) => {
        error += message.content.evalue ?? '';
      };
      await future.done;
      return error;
    });
    expect(answer).toContain('Cannot find model "absent-model"');
  });

  it('no server is asked for anything', () => {
    expect(server.missing.filter(path => !path.startsWith('/loupe/'))).toEqual([]); // the search for the model
  });
});
