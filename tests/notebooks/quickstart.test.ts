/**
 * The quickstart on the real default model: what it shows equals what Python computes from the same file.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Lab, OUTPUT, ROOT } from '../ui/lab';
import { plain } from '../ui/notebook';
import { readNotebook, runNotebook, saveOutputs, withCell } from './runner';

const golden = JSON.parse(readFileSync(join(ROOT, 'tests/golden/quickstart.json'), 'utf8')) as {
  prompt: string;
  greedy_ids: number[];
  attention: { layer: number; head: number; pattern: number[][] };
};

const name = '00-quickstart.ipynb';
const prompt = JSON.stringify(golden.prompt);
const { layer, head, pattern } = golden.attention;
const check = `
  const ids = await model.generate({ ...tokenizer(${prompt}), max_new_tokens: 12, do_sample: false });
  const { attentions } = await model({ ...tokenizer(${prompt}), output_attentions: true });
  console.log(JSON.stringify({ ids: ids.tolist()[0], pattern: attentions[${layer}].at(0, ${head}).tolist() }));`;

describe(name, () => {
  const file = withCell(readNotebook(name), check);
  let lab: Lab;

  beforeAll(async () => {
    lab = await Lab.start({ files: { [name]: JSON.stringify(file) } });
  });

  afterAll(() => lab?.stop());

  it('runs from the first cell to the last, and its model says what Python says', async () => {
    const { outputs, ms, notebook } = await runNotebook(lab, name, file);
    console.log(`${name}: ${ms.map(t => (t / 1000).toFixed(1)).join(' ')} s`);
    await notebook.page.locator('.loupe-view[data-kind="attention"]').first().scrollIntoViewIfNeeded();
    await notebook.page.mouse.wheel(0, -160);
    await notebook.page.waitForTimeout(500);
    await notebook.screenshot(join(OUTPUT, 'quickstart.png'));
    if (process.env['UPDATE_NOTEBOOKS']) {
      saveOutputs(name, outputs);
    }
    expect(outputs.flat().filter(o => o.data?.['application/vnd.loupe.view+json'])).toHaveLength(3);
    const found = JSON.parse(plain(outputs.at(-1)!)) as { ids: number[]; pattern: number[][] };
    expect(found.ids).toEqual(golden.greedy_ids);
    const worst = Math.max(...pattern.flatMap((row, q) => row.map((v, k) => Math.abs(v - found.pattern[q]![k]!))));
    expect(worst).toBeLessThan(1e-4);
  });
});
