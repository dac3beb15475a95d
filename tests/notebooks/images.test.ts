/**
 * The two image notebooks on the small models beside them: they run to the end, and what the models say is right.
 * `UPDATE_NOTEBOOKS=1` saves the outputs.
 */
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Lab, OUTPUT } from '../ui/lab';
import { type Output, plain } from '../ui/notebook';
import { NOTEBOOKS, readNotebook, runNotebook, saveOutputs, withCell } from './runner';
import type { NotebookFile } from './runner';

let lab: Lab;
let root: string;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'loupe-images-'));
  cpSync(join(NOTEBOOKS, 'models'), join(root, 'models'), { recursive: true });
  cpSync(join(NOTEBOOKS, 'models/pictures/red-circle.png'), join(root, 'beside.png'));
  for (const name of ['11-clip-and-vlm.ipynb', '12-mqwen-in-a-cell.ipynb']) {
    writeFileSync(join(root, name), JSON.stringify(read(name)));
  }
  lab = await Lab.start({ root });
});

afterAll(async () => {
  await lab?.stop();
  rmSync(root, { recursive: true, force: true });
});

/** The notebook, and a cell that reads a picture beside it. */
const read = (name: string): NotebookFile =>
  withCell(readNotebook(name), "console.log('beside:', (await load_image('beside.png')).size.join(' x '));");

async function run(name: string): Promise<{ outputs: Output[][]; text: string }> {
  const { outputs, ms, notebook } = await runNotebook(lab, name, read(name));
  await notebook.screenshot(join(OUTPUT, name.replace('.ipynb', '.png')));
  console.log(`${name}: ${ms.map(t => (t / 1000).toFixed(1)).join(' ')} s`);
  if (process.env['UPDATE_NOTEBOOKS']) {
    saveOutputs(name, outputs);
  }
  return { outputs, text: outputs.map(cell => plain(cell)).join('\n') };
}

describe('11-clip-and-vlm.ipynb', () => {
  it('finds the caption, answers the questions and draws the maps', async () => {
    const { outputs, text } = await run('11-clip-and-vlm.ipynb');
    const [best] = text.split('\n').filter(line => /^ *\d+\.\d % /.test(line)).sort((a, b) => parseFloat(b) - parseFloat(a));
    expect(best).toMatch(/a red circle on the left$/);
    expect(text).toContain('What shape is it? → It is a circle.');
    expect(text).toContain('What colour is it? → It is red.');
    expect(text).toContain('next token: " circle"');
    expect(outputs.flat().filter(o => o.data?.['application/vnd.plotly.v1+json'])).toHaveLength(8);
  });
});

describe('12-mqwen-in-a-cell.ipynb', () => {
  it('gives the numbers of the built-in class and an answer', async () => {
    const { text } = await run('12-mqwen-in-a-cell.ipynb');
    expect(Number(/largest difference to the built-in: (\S+)/.exec(text)![1])).toBeLessThan(1e-4);
    expect(text).toContain('There is a blue triangle at the top.');
    expect(text).toContain('beside: 128 x 128');
    expect(text).toMatch(/no placeholder: Cannot use images as each row must have the placeholder token/);
    expect(text).toMatch(/two placeholders: .*row 0 has 2/);
    expect(text).toMatch(/pixels instead of features: .*projected features/);
  });
});
