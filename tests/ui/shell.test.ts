import { join } from 'node:path';
import { FAKE_WORKER, replaceWorker } from './fake-worker';
import { Lab, OUTPUT } from './lab';
import { plain } from './notebook';

/** The page side of the kernel, with a worker that only speaks the protocol. */
describe('the kernel in JupyterLab, page side', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await Lab.start();
  });
  afterAll(() => lab?.stop());
  const fake = { prepare: (page: import('playwright-core').Page) => replaceWorker(page, FAKE_WORKER) };

  it('a cell runs and shows its value', async () => {
    const notebook = await lab.notebook('one.ipynb', ['1 + 1'], fake);
    expect(plain(await notebook.run(0))).toBe('2');
    expect(await notebook.executionCount(0)).toBe(1);
    await notebook.screenshot(join(OUTPUT, 'shell-one.png'));
    await notebook.page.close();
  });
});
