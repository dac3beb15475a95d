import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { fuse_image_features } from '../../../kernel/modeling/fusion';
import { MQWenLMHeadModel, MQWenModel } from '../../../kernel/modeling/mqwen';
import type { QWenCache } from '../../../kernel/modeling/qwen-cache';
import { QWenLMHeadModel } from '../../../kernel/modeling/qwen';
import { Tensor } from '../../../kernel/tensor/tensor';
import { difference, fixtures, readExpected, readRuns } from './expected';

// float32 sums in another order: worst seen 1e-5.
const close = 5e-5;
const PLACEHOLDER = 387;
const other_config = { replace_token_id: PLACEHOLDER, image_context_length: 16, image_feature_hidden_size: 32 };

const runs = readRuns('mqwen');
const expected = readExpected('mqwen');
let model: MQWenLMHeadModel;

beforeAll(async () => {
  setHost(createNodeHost());
  model = await MQWenLMHeadModel.from_pretrained<MQWenLMHeadModel>(join(fixtures, 'qwen'), { other_config });
});
afterAll(() => model.dispose());

const tensor = (name: string): Tensor => {
  const { data, dims } = expected.get(name)!;
  return new Tensor('float32', data, dims);
};

/** Inputs of a run, its images included. */
const inputsOf = (name: string): Record<string, unknown> => ({
  ...runs[name]!.inputs,
  ...(expected.has(`${name}.images`) ? { images: tensor(`${name}.images`) } : {})
});

const ids = (t: unknown): number[] => Array.from((t as Tensor).data, Number);

describe('MQWenLMHeadModel, compared with a plain PyTorch one', () => {
  it.each(['start', 'middle', 'end', 'long', 'batch', 'batch_masked', 'no_images', 'head_mask'])(
    'forward() gives the logits of %s',
    async name => {
      const out = await model(inputsOf(name));
      if (name === 'batch_masked') {
        // The second row's first two positions are padding, and what stands there means nothing.
        const [, length, vocab] = out.logits.dims as [number, number, number];
        const want = expected.get('batch_masked.logits')!;
        expect(out.logits.dims).toEqual(want.dims);
        const padding = (i: number): boolean => i >= length * vocab && i < (length + 2) * vocab;
        const most = want.data.reduce(
          (m, v, i) => (padding(i) ? m : Math.max(m, Math.abs(v - Number(out.logits.data[i])))),
          0
        );
        expect(most).toBeLessThan(close);
        return;
      }
      expect(difference(out.logits, expected.get(`${name}.logits`))).toBeLessThan(close);
    }
  );

  it('forward() gives hidden states, attentions and pasts over the expanded length', async () => {
    const out = await model({ ...inputsOf('middle'), output_attentions: true, output_hidden_states: true });
    (out.hidden_states as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`middle.hidden_states.${i}`))).toBeLessThan(close)
    );
    (out.attentions as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`middle.attentions.${i}`))).toBeLessThan(close)
    );
    const past = out.past_key_values as QWenCache;
    [...past].forEach(([k, v], i) => {
      expect(difference(k, expected.get(`middle.keys.${i}`))).toBeLessThan(close);
      expect(difference(v, expected.get(`middle.values.${i}`))).toBeLessThan(close);
    });
  });

  it('forward() goes on from a past, past seq_length, and does not look at images then', async () => {
    const first = await model(inputsOf('middle'));
    const images = tensor('middle.images');
    const second = await model({ ...inputsOf('second'), images, past_key_values: first.past_key_values });
    expect(difference(second.logits, expected.get('second.logits'))).toBeLessThan(close);
    const third = await model({ ...inputsOf('third'), past_key_values: second.past_key_values });
    expect(difference(third.logits, expected.get('third.logits'))).toBeLessThan(close);
  });

  it("forward() gives the loss with −100 over the image, of expanded labels and of the prompt's", async () => {
    const out = await model(inputsOf('loss'));
    expect(difference(out.loss, expected.get('loss.loss'))).toBeLessThan(close);
    const { labels } = inputsOf('loss') as { labels: number[][] };
    const short = [[-100, -100, -100, -100, ...labels[0]!.slice(3 + 16)]];
    const same = await model({ ...inputsOf('loss'), labels: short });
    expect(difference(same.loss, expected.get('loss.loss'))).toBeLessThan(close);
  });

  it('forward() returns the tuple of the original when return_dict is false', async () => {
    const out = (await model({
      ...inputsOf('loss'),
      return_dict: false,
      output_hidden_states: true,
      output_attentions: true
    })) as unknown as unknown[];
    expect(out).toHaveLength(4);
    expect(difference(out[0] as Tensor, expected.get('loss.loss'))).toBeLessThan(close);
  });

  it('forward() takes the fifteen arguments of the original', async () => {
    const out = await model({
      ...inputsOf('loss'),
      past_key_values: null,
      attention_mask: null,
      token_type_ids: null,
      position_ids: null,
      head_mask: null,
      inputs_embeds: null,
      encoder_hidden_states: null,
      encoder_attention_mask: null,
      use_cache: true,
      output_attentions: true,
      output_hidden_states: true,
      return_dict: true
    });
    expect(out.keys()).toEqual(['loss', 'logits', 'past_key_values', 'hidden_states', 'attentions']);
  });

  it('generate() gives the original ids with the placeholder, then the new ones', async () => {
    const { sequences } = runs['greedy']!;
    const out = await model.generate({ ...inputsOf('greedy'), max_new_tokens: 8, eos_token_id: null });
    expect(ids(out)).toEqual(sequences![0]);
  });

  it('generate() decodes a padded batch with images as each row alone', async () => {
    const out = (await model.generate({
      ...inputsOf('batch_greedy'),
      max_new_tokens: 4,
      eos_token_id: null,
      pad_token_id: 0
    })) as Tensor;
    const length = out.dims[1]!;
    expect([ids(out).slice(length - 4, length), ids(out).slice(-4)]).toEqual(runs['batch_greedy']!.sequences);
  });

  it('generate() searches beams with images: scores are those of a pass over the whole text', async () => {
    // 4 + 15 + 4 positions: within seq_length, so that one pass and several have the same rotary frequencies.
    const inputs = { input_ids: [[338, PLACEHOLDER, 126, 98]], images: tensor('greedy.images') };
    const options = { max_new_tokens: 4, eos_token_id: null, return_dict_in_generate: true, output_scores: true };
    const meanLogProbability = async (sequence: number[]): Promise<number> => {
      const { logits } = await model({ ...inputs, input_ids: [sequence] });
      const vocab = logits.dims[2]!;
      const rows = sequence.slice(-4).map((id, i) => {
        const at = sequence.length - 4 + i + 15 - 1;
        const row = Array.from((logits.data as Float32Array).subarray(at * vocab, (at + 1) * vocab));
        return row[id]! - Math.log(row.reduce((s, v) => s + Math.exp(v), 0));
      });
      return rows.reduce((a, b) => a + b, 0) / 4;
    };
    const beams = (await model.generate({ ...inputs, ...options, num_beams: 3 })) as unknown as {
      sequences: Tensor;
      sequences_scores: Tensor;
    };
    const greedy = (await model.generate({ ...inputs, ...options })) as unknown as { sequences: Tensor };
    const best = await meanLogProbability(ids(beams.sequences));
    expect(Math.abs(best - Number(beams.sequences_scores.data[0]))).toBeLessThan(1e-4);
    expect(best).toBeGreaterThan((await meanLogProbability(ids(greedy.sequences))) - 1e-4);
  });

  it('prepare_inputs_for_generation() passes images on at every step', () => {
    const images = tensor('middle.images');
    const input_ids = new Tensor('int64', BigInt64Array.of(1n, 2n), [1, 2]);
    expect(model.prepare_inputs_for_generation(input_ids, { images })['images']).toBe(images);
  });

  it('is what a cell gets by writing the subclass itself', async () => {
    const embedded = (m: QWenLMHeadModel, row: number[]): number[][] =>
      row.length === 0 ? [] : (m.get_input_embeddings()([row]).tolist() as number[][][])[0]!;
    class Own extends QWenLMHeadModel {
      override async forward(inputs: Record<string, any>): Promise<any> {
        const { images, ...rest } = inputs;
        if (!images || rest['past_key_values']) {
          return super.forward(rest);
        }
        const row = (rest['input_ids'] instanceof Tensor ? ids(rest['input_ids']) : rest['input_ids'][0]) as number[];
        const at = row.indexOf(this.config['replace_token_id'] as number);
        const features = ((images as Tensor).tolist() as number[][][])[0]!;
        const inputs_embeds = [
          [...embedded(this, row.slice(0, at)), ...features, ...embedded(this, row.slice(at + 1))]
        ];
        return super.forward({ ...rest, input_ids: undefined, inputs_embeds });
      }
      override prepare_inputs_for_generation(
        input_ids: Tensor,
        kwargs: Record<string, unknown>
      ): Record<string, unknown> {
        return { ...super.prepare_inputs_for_generation(input_ids, kwargs), images: kwargs['images'] };
      }
    }
    const own = await Own.from_pretrained<Own>(join(fixtures, 'qwen'), { other_config });
    const out = await own(inputsOf('middle'));
    expect(difference(out.logits, expected.get('middle.logits'))).toBeLessThan(close);
    const generated = await own.generate({ ...inputsOf('greedy'), max_new_tokens: 8, eos_token_id: null });
    expect(ids(generated)).toEqual(runs['greedy']!.sequences![0]);
    await own.dispose();
  });
});

describe('MQWenLMHeadModel, looked into', () => {
  it('run_with_cache(), logit_lens() and attribution take images, as forward does', async () => {
    const { cache } = await model.run_with_cache(inputsOf('middle'), { names: ['pattern'] });
    expect(difference(cache.get('pattern', 1), expected.get('middle.attentions.1'))).toBeLessThan(close);
    const lens = await model.logit_lens(inputsOf('middle'), { pos: 'all' });
    const [last] = (lens.logits!.tolist() as number[][][][]).slice(-1);
    const { dims, data } = expected.get('middle.logits')!;
    expect(difference(new Tensor('float32', Float32Array.from(last!.flat(2)), dims), { dims, data })).toBeLessThan(
      close
    );
    const { sum, logit } = await model.direct_logit_attribution(inputsOf('middle'), {
      target: 5,
      by: 'component',
      pos: -1
    });
    expect(Math.abs(Number(sum) - Number(logit))).toBeLessThan(close);
  });

  it('run_with_hooks() changes what happens at an image position', async () => {
    const edit = { at: { site: 'resid_post', layer: 0, pos: 5 }, set: 'zero' } as const;
    const out = await model.run_with_hooks(inputsOf('middle'), [edit]);
    const [, length, vocab] = out.logits.dims as [number, number, number];
    const moved = (position: number): boolean => {
      const want = expected.get('middle.logits')!.data.subarray(position * vocab, (position + 1) * vocab);
      return want.some((v, i) => Math.abs(v - Number(out.logits.data[position * vocab + i])) > 1e-3);
    };
    expect([moved(4), moved(5), moved(length - 1)]).toEqual([false, true, true]);
  });
});

describe('QWenLMHeadModel extended by its embedding step', () => {
  it("gives the built-in's numbers, looking inside included", async () => {
    class Own extends QWenLMHeadModel {
      override async embed_inputs({ images, ...inputs }: Record<string, unknown>): Promise<Record<string, unknown>> {
        if (!images || inputs['past_key_values']) {
          return inputs;
        }
        const token = this.config['replace_token_id'] as number;
        const { inputs_embeds } = fuse_image_features(inputs['input_ids'], images, this.get_input_embeddings(), token);
        return { ...inputs, input_ids: undefined, inputs_embeds };
      }
    }
    const own = await Own.from_pretrained<Own>(join(fixtures, 'qwen'), { other_config });
    const out = await own(inputsOf('middle'));
    expect(difference(out.logits, expected.get('middle.logits'))).toBeLessThan(close);
    const { cache } = await own.run_with_cache(inputsOf('middle'), { names: ['pattern'] });
    expect(difference(cache.get('pattern', 2), expected.get('middle.attentions.2'))).toBeLessThan(close);
    await own.dispose();
  });
});

describe('MQWenModel', () => {
  it('forward() gives the last hidden state over the expanded length', async () => {
    const base = await MQWenModel.from_pretrained<MQWenModel>(join(fixtures, 'qwen'), { other_config });
    const out = await base(inputsOf('middle'));
    expect(difference(out.last_hidden_state, expected.get('middle.hidden_states.3'))).toBeLessThan(close);
    await base.dispose();
  });
});

describe('MQWenLMHeadModel with bad input', () => {
  const images = (dims: number[]): Tensor =>
    new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
  const row = [5, 6, PLACEHOLDER, 7];

  it.each([
    ['no placeholder', { input_ids: [[5, 6, 7]], images: images([1, 16, 32]) }, /row 0 has none.*<\|extra_0\|>/s],
    ['two placeholders', { input_ids: [[PLACEHOLDER, 6, PLACEHOLDER]], images: images([1, 16, 32]) }, /row 0 has 2/],
    [
      'too few features',
      { input_ids: [row], images: images([1, 9, 32]) },
      /image_context_length is 16: current shape is \[1,9,32\]/
    ],
    ['features of another width', { input_ids: [row], images: images([1, 16, 64]) }, /hidden_size is 32.*projector/s],
    ['pixels', { input_ids: [row], images: images([1, 3, 32, 32]) }, /projected features.*vision tower/s],
    ['one image for two rows', { input_ids: [row, row], images: images([1, 16, 32]) }, /one image for each of 2 rows/],
    ['embeddings and images', { inputs_embeds: images([1, 4, 32]), images: images([1, 16, 32]) }, /give input_ids/],
    [
      'a mask of another length',
      { input_ids: [row], images: images([1, 16, 32]), attention_mask: [[1, 1, 1]] },
      /4 with the placeholder or 19 with the image/
    ],
    [
      'labels of another length',
      { input_ids: [row], images: images([1, 16, 32]), labels: [[1, 1, 1, 1, 1]] },
      /labels.*4 with the placeholder or 19/
    ]
  ])('forward() refuses %s, and the model still works', async (_name, inputs, message) => {
    await expect(model(inputs)).rejects.toThrow(message);
    expect(difference((await model(inputsOf('no_images'))).logits, expected.get('no_images.logits'))).toBeLessThan(
      close
    );
  });

  it('from_pretrained() refuses features of another width', async () => {
    const wrong = { ...other_config, image_feature_hidden_size: 4096 };
    await expect(MQWenLMHeadModel.from_pretrained(join(fixtures, 'qwen'), { other_config: wrong })).rejects.toThrow(
      /image_feature_hidden_size must be the language model's hidden_size \(32\): current value is 4096/
    );
  });

  it('forward() says which key is missing when no other_config was given', async () => {
    const bare = await MQWenLMHeadModel.from_pretrained<MQWenLMHeadModel>(join(fixtures, 'qwen'));
    await expect(bare(inputsOf('middle'))).rejects.toThrow(/other_config must have replace_token_id/);
    await bare.dispose();
  });
});
