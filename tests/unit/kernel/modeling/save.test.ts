import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import { AutoModelForCausalLM } from '../../../../kernel/index';

const fixtures = join(__dirname, '../checkpoint/fixtures');
const input_ids = [[1, 5, 9, 2, 30, 7]];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-save-'));
  setHost(createNodeHost({ cwd: folder }));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('save_pretrained()', () => {
  // A tied head, per-head norms, and rows that are stored in another order.
  it.each(['llama', 'qwen2', 'gemma3'])('writes a folder that gives the same logits: %s from GGUF', async arch => {
    const options = { device: 'cpu', local_files_only: true };
    const model = await AutoModelForCausalLM.from_pretrained(join(fixtures, `${arch}.gguf`), options);
    const before = (await model({ input_ids })).logits!.tolist();
    await model.save_pretrained('saved');
    await model.dispose();
    expect(readdirSync(join(folder, 'saved')).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors'
    ]);
    const config = JSON.parse(readFileSync(join(folder, 'saved/config.json'), 'utf8')) as Record<string, unknown>;
    expect(config['architectures']).toEqual([model.constructor.name]);
    const copy = await AutoModelForCausalLM.from_pretrained('saved', options);
    expect((await copy({ input_ids })).logits!.tolist()).toEqual(before);
    await copy.dispose();
  });
});
