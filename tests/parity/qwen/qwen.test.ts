import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import type { PreTrainedModel } from '../../../kernel/modeling/pretrained-model';
import { difference, fixtures, readExpected, readRuns } from './expected';

// float32 sums in another order: worst seen 5e-6.
const close = 2e-5;

beforeAll(() => {
  setHost(createNodeHost());
});

describe.each(['qwen', 'qwen-plain', 'qwen-bf16'])('QWenLMHeadModel on %s, compared with a plain PyTorch one', folder => {
  const runs = readRuns(folder);
  const expected = readExpected(folder);
  let model: PreTrainedModel;

  beforeAll(async () => {
    model = await AutoModelForCausalLM.from_pretrained(join(fixtures, folder), { trust_remote_code: true });
  });
  afterAll(() => model.dispose());

  it('is the class of the family', () => {
    expect(model.constructor.name).toBe('QWenLMHeadModel');
  });
  it('forward() x', async () => {
    const out = await model(runs['short']!.inputs);
    console.log(difference(out.logits, expected.get('short.logits')), close);
    const o2 = await model(runs['long']!.inputs);
    console.log(difference(o2.logits, expected.get('long.logits')));
    const o3 = await model({...runs['long_step']!.inputs, past_key_values: o2.past_key_values});
    console.log(difference(o3.logits, expected.get('long_step.logits')));
    const o4 = await model(runs['very_long']!.inputs);
    console.log(difference(o4.logits, expected.get('very_long.logits')));
  });
});
