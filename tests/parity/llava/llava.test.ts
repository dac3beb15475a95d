import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import { LlavaForConditionalGeneration } from '../../../kernel/modeling/llava';
import { Tensor } from '../../../kernel/tensor/tensor';
import { difference, readExpected, readRuns } from '../qwen/expected';

const folder = join(__dirname, 'fixtures');
// float32 sums in another order over three models, hidden states up to 20: worst seen 5.2e-5.
const close = 1e-4;
const expected = readExpected(folder);
const runs = readRuns(folder) as unknown as {
  [name: string]: { input_ids: number[][]; attention_mask?: number[][]; sequences: number[][] };
};
const ids = (t: unknown): number[] => Array.from((t as Tensor).data, Number);

/** The first images of the fixture. */
function pixels(count: number): Tensor {
  const { data } = expected.get('pixel_values')!;
  return new Tensor('float32', data.slice(0, count * 3 * 32 * 32), [count, 3, 32, 32]);
}

let model: LlavaForConditionalGeneration;
beforeAll(async () => {
  setHost(createNodeHost());
  model = (await AutoModelForCausalLM.from_pretrained(folder)) as LlavaForConditionalGeneration;
});
afterAll(() => model.dispose());

describe('LlavaForConditionalGeneration, compared with Python', () => {
  it('is what the Auto class gives', () => {
    expect(model).toBeInstanceOf(LlavaForConditionalGeneration);
    expect(readFileSync(join(folder, 'config.json'), 'utf8')).toContain('"llava"');
  });

  it.each([
    ['one', 1],
    ['two', 2]
  ] as const)('forward() gives logits and image features of %s', async (name, count) => {
    const out = await model({ input_ids: runs[name]!.input_ids, pixel_values: pixels(count) });
    expect(difference(out.logits, expected.get(`${name}.logits`))).toBeLessThan(close);
    expect(difference(out.image_hidden_states, expected.get(`${name}.features`))).toBeLessThan(close);
  });

  it('forward() gives hidden states, attentions and the loss', async () => {
    const { input_ids } = runs['one']!;
    const labels = input_ids.map(row => row.map(id => (id === 90 ? -100 : id)));
    const out = await model({
      input_ids,
      labels,
      pixel_values: pixels(1),
      output_hidden_states: true,
      output_attentions: true
    });
    expect(difference(out.loss, expected.get('one.loss'))).toBeLessThan(close);
    (out.hidden_states as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`one.hidden_states.${i}`))).toBeLessThan(close)
    );
    (out.attentions as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`one.attentions.${i}`))).toBeLessThan(close)
    );
  });

  it('generate() gives the ids, of one picture and of a padded batch', async () => {
    const options = { eos_token_id: null, pad_token_id: 0 };
    const one = await model.generate({
      input_ids: runs['one']!.input_ids,
      pixel_values: pixels(1),
      max_new_tokens: 8,
      ...options
    });
    expect(ids(one)).toEqual(runs['one']!.sequences[0]);
    const { input_ids, attention_mask, sequences } = runs['batch']!;
    const both = await model.generate({
      input_ids,
      attention_mask,
      pixel_values: pixels(2),
      max_new_tokens: 5,
      ...options
    });
    expect(ids(both)).toEqual(sequences.flat());
  });
});

describe('LlavaForConditionalGeneration with bad input', () => {
  it('forward() refuses another number of placeholders than features', async () => {
    await expect(model({ input_ids: [[5, 90, 6]], pixel_values: pixels(1) })).rejects.toThrow(
      /as many placeholder tokens 90 as image features \(16\): current number is 1/
    );
  });

  it('forward() refuses pixels of another size', async () => {
    const wrong = new Tensor('float32', new Float32Array(3 * 16 * 16), [1, 3, 16, 16]);
    await expect(model({ input_ids: runs['one']!.input_ids, pixel_values: wrong })).rejects.toThrow(/pixel_values.*32/);
  });
});
