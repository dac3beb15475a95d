import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import { LlavaForConditionalGeneration } from '../../../kernel/modeling/llava';
import { Tensor } from '../../../kernel/tensor/tensor';
import { difference, readExpected, readRuns } from '../qwen/expected';

interface Runs {
  [name: string]: { input_ids: number[][]; attention_mask?: number[][]; sequences: number[][] };
}

// float32 sums in another order over three models, hidden states up to 20: worst seen 6e-5.
const close = 1e-4;
const ids = (t: unknown): number[] => Array.from((t as Tensor).data, Number);

beforeAll(() => setHost(createNodeHost()));

describe.each(['clip-qwen2', 'siglip-llama'])('LlavaForConditionalGeneration on %s, compared with Python', variant => {
  const folder = join(__dirname, 'fixtures', variant);
  const expected = readExpected(folder);
  const runs = readRuns(folder) as unknown as Runs;
  let model: LlavaForConditionalGeneration;

  /** The first images of the fixture. */
  const pixels = (count: number): Tensor => {
    const { data } = expected.get('pixel_values')!;
    return new Tensor('float32', data.slice(0, count * 3 * 32 * 32), [count, 3, 32, 32]);
  };

  beforeAll(async () => {
    model = (await AutoModelForCausalLM.from_pretrained(folder)) as LlavaForConditionalGeneration;
  });
  afterAll(() => model.dispose());

  it('is what the Auto class gives, with no weight left over', () => {
    expect(model).toBeInstanceOf(LlavaForConditionalGeneration);
    expect(model.runtime.info.unexpected_keys).toEqual([]);
    expect(model.vision_tower.runtime.info.unexpected_keys).toEqual([]);
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
    const all = { output_hidden_states: true, output_attentions: true };
    const out = await model({ input_ids, labels, pixel_values: pixels(1), ...all });
    expect(difference(out.loss, expected.get('one.loss'))).toBeLessThan(close);
    for (const [key, tensors] of [
      ['hidden_states', out.hidden_states],
      ['attentions', out.attentions]
    ] as [string, Tensor[]][]) {
      tensors.forEach((t, i) => expect(difference(t, expected.get(`one.${key}.${i}`))).toBeLessThan(close));
    }
  });

  it('generate() gives the ids, of one picture and of a padded batch', async () => {
    const options = { eos_token_id: null, pad_token_id: 0 };
    const { input_ids: prompt, sequences: answer } = runs['one']!;
    const one = await model.generate({ input_ids: prompt, pixel_values: pixels(1), max_new_tokens: 8, ...options });
    expect(ids(one)).toEqual(answer[0]);
    const { sequences, ...batch } = runs['batch']!;
    const both = await model.generate({ ...batch, pixel_values: pixels(2), max_new_tokens: 5, ...options });
    expect(ids(both)).toEqual(sequences.flat());
  });

  it('run_with_cache() takes pictures', async () => {
    const inputs = { input_ids: runs['one']!.input_ids, pixel_values: pixels(1) };
    const { cache } = await model.run_with_cache(inputs, { names: ['pattern'] });
    expect(difference(cache.get('pattern', 1), expected.get('one.attentions.1'))).toBeLessThan(close);
  });

  it('forward() refuses another number of placeholders than features, and pixels of another size', async () => {
    await expect(model({ input_ids: [[5, 90, 6]], pixel_values: pixels(1) })).rejects.toThrow(
      /as many placeholder tokens 90 as image features \(\d+\): current number is 1/
    );
    const wrong = new Tensor('float32', new Float32Array(3 * 16 * 16), [1, 3, 16, 16]);
    await expect(model({ input_ids: runs['one']!.input_ids, pixel_values: wrong })).rejects.toThrow(/pixel_values.*32/);
  });
});

describe('LlavaForConditionalGeneration.get_image_features()', () => {
  it('takes another layer and strategy, and refuses unknown ones', async () => {
    const folder = join(__dirname, 'fixtures/clip-qwen2');
    const model = (await AutoModelForCausalLM.from_pretrained(folder)) as LlavaForConditionalGeneration;
    const pixel_values = new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);
    const full = await model.get_image_features({ pixel_values, vision_feature_select_strategy: 'full' });
    expect(full.dims).toEqual([1, 17, 32]);
    await expect(model.get_image_features({ pixel_values, vision_feature_layer: 9 })).rejects.toThrow(
      /within 4 hidden states: current value is 9/
    );
    await expect(model.get_image_features({ pixel_values, vision_feature_select_strategy: 'cls' })).rejects.toThrow(
      /'default' or 'full': current value is cls/
    );
    await model.dispose();
  });
});
