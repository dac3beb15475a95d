/** Models run from GGUF files alone: what is rebuilt of configuration and weights must give Python's logits. */
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import { AutoModelForCausalLM, AutoModelForSeq2SeqLM } from '../../../../kernel/index';
import { join } from 'node:path';
import { jsonFixture } from './fixtures';

const records = jsonFixture<Record<string, { logits: number[][] }>>('gguf.json');
const folder = join(__dirname, 'fixtures');

describe('AutoModelForCausalLM.from_pretrained() of a GGUF file', () => {
  beforeAll(() => setHost(createNodeHost({ cwd: folder })));

  it.each(Object.keys(records))("gives Python's logits for %s", async arch => {
    const auto = arch.startsWith('t5') ? AutoModelForSeq2SeqLM : AutoModelForCausalLM;
    const model = await auto.from_pretrained(`${arch}.gguf`, { device: 'cpu', local_files_only: true });
    const decoder = arch.startsWith('t5') ? { decoder_input_ids: [[0, 3, 8]] } : {};
    const { logits } = await model({ input_ids: [[1, 5, 9, 2, 30, 7]], ...decoder });
    const [rows] = logits!.tolist() as number[][][];
    const expected = records[arch]!.logits;
    const scale = Math.max(...expected.flat().map(Math.abs));
    const worst = Math.max(...expected.flatMap((row, i) => row.map((value, j) => Math.abs(value - rows![i]![j]!))));
    // float32 through two layers with weights of deviation 1
    expect(worst / scale).toBeLessThan(1e-4);
    await model.dispose();
  });
});
