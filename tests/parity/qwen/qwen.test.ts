import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { AutoModel, AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import type { PreTrainedModel } from '../../../kernel/modeling/pretrained-model';
import type { QWenLMHeadModel } from '../../../kernel/modeling/qwen';
import { QWenCache } from '../../../kernel/modeling/qwen-cache';
import { Tensor } from '../../../kernel/tensor/tensor';
import type { Expected, Run } from './expected';
import { difference, fixtures, readExpected, readRuns } from './expected';

// float32 sums in another order, over three layers with logits up to 8: worst seen 2.1e-5 (70 positions).
const close = 5e-5;

beforeAll(() => {
  setHost(createNodeHost());
});

const load = (folder: string): Promise<PreTrainedModel> =>
  AutoModelForCausalLM.from_pretrained(join(fixtures, folder), { trust_remote_code: true });

/** Runs a case, and before it those whose cache it goes on from. */
async function follow(model: PreTrainedModel, runs: { [name: string]: Run }, name: string): Promise<any> {
  const { inputs, after } = runs[name]!;
  const past = after === undefined ? undefined : (await follow(model, runs, after)).past_key_values;
  return model({ ...inputs, ...(past ? { past_key_values: past } : {}) });
}

describe.each(['qwen', 'qwen-plain'])('QWenLMHeadModel on %s, compared with a plain PyTorch one', folder => {
  const runs = readRuns(folder);
  const expected = readExpected(folder);
  let model: PreTrainedModel;
  beforeAll(async () => void (model = await load(folder)));
  afterAll(() => model.dispose());

  it.each(['short', 'long', 'long_step', 'edge_step_1', 'edge_step_2', 'very_long'])(
    'forward() gives the logits of %s',
    async name => {
      const out = await follow(model, runs, name);
      expect(difference(out.logits, expected.get(`${name}.logits`))).toBeLessThan(close);
    }
  );

  it.each(['greedy', 'greedy_long'])('generate() gives the ids of %s', async name => {
    const { inputs, sequences } = runs[name]!;
    const length = (inputs['input_ids'] as number[][])[0]!.length;
    const out = (await model.generate({
      ...inputs,
      max_new_tokens: sequences![0]!.length - length,
      eos_token_id: null
    })) as Tensor;
    expect(Array.from(out.data, Number)).toEqual(sequences![0]);
  });
});

describe('QWenLMHeadModel', () => {
  const runs = readRuns('qwen');
  const expected = readExpected('qwen');
  let model: QWenLMHeadModel;
  beforeAll(async () => void (model = (await load('qwen')) as QWenLMHeadModel));
  afterAll(() => model.dispose());

  it('is what the Auto class gives for model_type qwen, auto_map or not', () => {
    expect(model.constructor.name).toBe('QWenLMHeadModel');
    expect(model.config['seq_length']).toBe(24);
  });

  it('forward() gives hidden states and attentions of every layer', async () => {
    const out = await model({ ...runs['short']!.inputs, output_hidden_states: true, output_attentions: true });
    expect(out.keys()).toEqual(['logits', 'past_key_values', 'hidden_states', 'attentions']);
    compareStates(out, expected, 'short');
    const long = await model({ ...runs['long']!.inputs, output_attentions: true });
    (long.attentions as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`long.attentions.${i}`))).toBeLessThan(close)
    );
  });

  it('forward() returns pasts as [batch, position, head, head_dim] per layer', async () => {
    const past = (await model(runs['short']!.inputs)).past_key_values as QWenCache;
    expect(past).toBeInstanceOf(QWenCache);
    expect(past.length).toBe(3);
    for (let i = 0; i < 3; i++) {
      expect(difference(past[i]![0], expected.get(`short.keys.${i}`))).toBeLessThan(close);
      expect(difference(past[i]![1], expected.get(`short.values.${i}`))).toBeLessThan(close);
      expect(past.get(i).keys.dims).toEqual([2, 9, 4, 8]);
    }
    expect(past[3]).toBeUndefined();
  });

  it('forward() takes a past as a tuple and keeps the NTK factor of the first run', async () => {
    const first = await model(runs['long']!.inputs);
    const tuple = (first.past_key_values as QWenCache).to_legacy_cache();
    const out = await model({ ...runs['long_step']!.inputs, past_key_values: tuple });
    expect(difference(out.logits, expected.get('long_step.logits'))).toBeLessThan(close);
  });

  it('forward() keeps the NTK factor with each cache, whatever else the model ran', async () => {
    const { past_key_values } = await model(runs['long']!.inputs);
    await model(runs['very_long']!.inputs);
    await model(runs['short']!.inputs);
    const out = await model({ ...runs['long_step']!.inputs, past_key_values });
    expect(difference(out.logits, expected.get('long_step.logits'))).toBeLessThan(close);
  });

  it('forward() masks a longer piece after a past causally', async () => {
    const out = await follow(model, runs, 'piece');
    expect(difference(out.logits, expected.get('piece.logits'))).toBeLessThan(close);
  });

  it.each(['padded', 'padded_long', 'padded_long_step'])('forward() equals where tokens are real in %s', async name => {
    const out = await follow(model, runs, name);
    const want = expected.get(`${name}.logits`)!;
    const [batch, length, vocab] = want.dims as [number, number, number];
    const mask = runs[name]!.inputs['attention_mask'] as number[][];
    let most = 0;
    for (let b = 0; b < batch; b++) {
      for (let q = 0; q < length; q++) {
        for (let v = 0; mask[b]!.at(q - length) === 1 && v < vocab; v++) {
          const at = (b * length + q) * vocab + v;
          most = Math.max(most, Math.abs((out.logits.data as Float32Array)[at]! - want.data[at]!));
        }
      }
    }
    expect(most).toBeLessThan(close);
  });

  it.each(['head_mask_1d', 'head_mask_2d'])('forward() multiplies attentions by %s', async name => {
    const out = await model({ ...runs[name]!.inputs, output_attentions: true });
    expect(difference(out.logits, expected.get(`${name}.logits`))).toBeLessThan(close);
    (out.attentions as Tensor[]).forEach((t, i) =>
      expect(difference(t, expected.get(`${name}.attentions.${i}`))).toBeLessThan(close)
    );
  });

  it('forward() gives the loss of labels, −100 left out', async () => {
    const out = await model(runs['loss']!.inputs);
    expect(difference(out.loss, expected.get('loss.loss'))).toBeLessThan(close);
  });

  it('forward() takes embeddings', async () => {
    const out = await model(runs['embeds']!.inputs);
    expect(difference(out.logits, expected.get('embeds.logits'))).toBeLessThan(close);
  });

  it('forward() does nothing with position_ids, token_type_ids and encoder arguments, as the original', async () => {
    const { inputs } = runs['short']!;
    const out = await model({
      ...inputs,
      position_ids: [[8, 7, 6, 5, 4, 3, 2, 1, 0]],
      token_type_ids: inputs['input_ids'],
      encoder_hidden_states: null,
      encoder_attention_mask: [[1]]
    });
    expect(difference(out.logits, expected.get('short.logits'))).toBeLessThan(close);
  });

  it('forward() returns a tuple without attentions when return_dict is false', async () => {
    const inputs = { ...runs['loss']!.inputs, output_hidden_states: true, output_attentions: true, return_dict: false };
    const out = (await model(inputs)) as unknown as [Tensor, Tensor, QWenCache, Tensor[]];
    expect(out).toHaveLength(4);
    expect(out[0].dims).toEqual([]);
    expect(out[1].dims).toEqual([2, 7, 592]);
    expect(out[2][0]![0].dims).toEqual([2, 7, 4, 8]);
    expect(out[3]).toHaveLength(4);
  });

  it('prepare_inputs_for_generation() keeps the original rules', () => {
    const ids = new Tensor('int64', BigInt64Array.of(1n, 2n, 3n), [1, 3]);
    const mask = new Tensor('int64', BigInt64Array.of(0n, 1n, 1n), [1, 3]);
    const embeds = new Tensor('float32', new Float32Array(96), [1, 3, 32]);
    const first = model.prepare_inputs_for_generation(ids, {
      attention_mask: mask,
      inputs_embeds: embeds,
      use_cache: true
    });
    expect(Object.keys(first).sort()).toEqual(['inputs_embeds', 'use_cache']);
    expect(first['inputs_embeds']).toBe(embeds);
    const past = QWenCache.from_legacy_cache([
      [
        new Tensor('float32', new Float32Array(32), [1, 1, 4, 8]),
        new Tensor('float32', new Float32Array(32), [1, 1, 4, 8])
      ]
    ]);
    const second = model.prepare_inputs_for_generation(ids, {
      attention_mask: mask,
      inputs_embeds: embeds,
      past_key_values: past
    });
    expect(Array.from((second['input_ids'] as Tensor).data, Number)).toEqual([3]);
    expect('attention_mask' in second).toBe(false);
    expect(second['past_key_values']).toBe(past);
    const two = new Tensor('int64', BigInt64Array.of(1n, 2n, 3n, 4n), [2, 2]);
    expect(model.prepare_inputs_for_generation(two, { attention_mask: mask })['attention_mask']).toBe(mask);
  });

  it('generate() ends a row at a stop word', async () => {
    const { inputs, sequences } = runs['greedy']!;
    const length = (inputs['input_ids'] as number[][])[0]!.length;
    const [first, second] = sequences![0]!.slice(length) as [number, number];
    const out = (await model.generate({
      ...inputs,
      max_new_tokens: 6,
      eos_token_id: 384,
      stop_words_ids: [[first, second]]
    })) as Tensor;
    expect(Array.from(out.data, Number).slice(length)).toEqual([first, second, 384]);
  });

  it('generate() with beams and a batch gives each row what it gets alone', async () => {
    const rows = (runs['short']!.inputs['input_ids'] as number[][]).map(row => [row]);
    const options = { max_new_tokens: 4, num_beams: 3, eos_token_id: null, pad_token_id: 0 };
    const alone = await Promise.all(
      rows.map(async row => (await model.generate({ input_ids: row, ...options })) as Tensor)
    );
    const both = (await model.generate({ input_ids: rows.flat(), ...options })) as Tensor;
    expect(Array.from(both.data, Number)).toEqual(alone.flatMap(t => Array.from(t.data, Number)));
  });
});

describe('QWenModel', () => {
  it('forward() gives the last hidden state and, as a tuple, hidden, presents and all hidden states', async () => {
    const expected = readExpected('qwen');
    const runs = readRuns('qwen');
    const model = await AutoModel.from_pretrained(join(fixtures, 'qwen'));
    expect(model.constructor.name).toBe('QWenModel');
    const out = await model({ ...runs['short']!.inputs, output_attentions: true, output_hidden_states: true });
    expect(difference(out.last_hidden_state, expected.get('short.hidden_states.3'))).toBeLessThan(close);
    compareStates(out, expected, 'short');
    const tuple = (await model({
      ...runs['short']!.inputs,
      output_hidden_states: true,
      return_dict: false
    })) as unknown as unknown[];
    expect(tuple).toHaveLength(3);
    await model.dispose();
  });
});

describe('QWenLMHeadModel on a bfloat16 checkpoint', () => {
  it(
    'rounds weights to bfloat16 and computes in float32: as near PyTorch in bfloat16 as PyTorch in float32 ' + 'is',
    async () => {
      const model = await load('qwen-bf16');
      expect(model.dtype).toBe('bfloat16');
      const [exact, half] = [readExpected('qwen'), readExpected('qwen-bf16')];
      for (const name of ['short', 'long', 'very_long']) {
        const { logits } = await model(readRuns('qwen-bf16')[name]!.inputs);
        // The fixture's float32 weights are bfloat16 numbers, so float32 PyTorch computes the same model.
        expect(difference(logits, exact.get(`${name}.logits`))).toBeLessThan(close);
        const own = difference(exact.get(`${name}.logits`)!, half.get(`${name}.logits`));
        expect(difference(logits, half.get(`${name}.logits`))).toBeLessThan(own + close);
      }
      await model.dispose();
    }
  );
});

function compareStates(out: any, expected: Expected, name: string): void {
  expect(out.hidden_states).toHaveLength(4);
  expect(out.attentions).toHaveLength(3);
  (out.hidden_states as Tensor[]).forEach((t, i) =>
    expect(difference(t, expected.get(`${name}.hidden_states.${i}`))).toBeLessThan(close)
  );
  (out.attentions as Tensor[]).forEach((t, i) =>
    expect(difference(t, expected.get(`${name}.attentions.${i}`))).toBeLessThan(close)
  );
}
