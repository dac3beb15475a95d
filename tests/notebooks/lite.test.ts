import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { launchBrowser, notebookJson, ROOT, whenStarted } from '../ui/lab';
import { Notebook, plain } from '../ui/notebook';
import { StaticServer } from '../ui/static-server';

const golden = JSON.parse(readFileSync(join(ROOT, 'tests/golden/quickstart.json'), 'utf8')) as {
  prompt: string;
  greedy_ids: number[];
};

/** The default model in a site that any file server can show, with every other address blocked. */
describe('JupyterLite with the default model', () => {
  const folder = mkdtempSync(join(tmpdir(), 'loupe-lite-model-'));
  let server: StaticServer;
  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(join(folder, 'notebooks'));
    const cells = [
      `const name = 'SmolLM2-135M-Instruct';
const tokenizer = await AutoTokenizer.from_pretrained(name);
const model = await AutoModelForCausalLM.from_pretrained(name, { local_files_only: true });`,
      `const inputs = tokenizer(${JSON.stringify(golden.prompt)});
const ids = await model.generate({ ...inputs, max_new_tokens: 12, do_sample: false });
console.log(JSON.stringify(ids.tolist()[0]));`
    ];
    writeFileSync(join(folder, 'notebooks/model.ipynb'), notebookJson(cells, 'loupe'));
    const python = process.env['LOUPE_PYTHON'] ?? join(ROOT, '.venv/bin/python');
    const options = ['--output', join(folder, 'site'), '--notebooks', join(folder, 'notebooks')];
    execFileSync(python, [join(ROOT, 'scripts/lite.py'), ...options], { stdio: 'pipe' });
    server = await StaticServer.start(join(folder, 'site'));
    browser = await launchBrowser();
  }, 180000);

  afterAll(async () => {
    await browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('generates what Python generates', async () => {
    const page = await browser.newPage();
    await page.route(
      url => url.origin !== server.url && url.protocol.startsWith('http'),
      route => route.abort()
    );
    await page.goto(`${server.url}/lab/index.html`);
    await whenStarted(page);
    const notebook = await Notebook.open(page, 'model.ipynb');
    await notebook.run(0, 200000);
    expect(JSON.parse(plain(await notebook.run(1, 100000)))).toEqual(golden.greedy_ids);
  });
});
