import { join } from 'node:path';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import { AutoModel, AutoModelForCausalLM, memory, PretrainedConfig, Tensor } from '../../../../kernel/index';
import type { PreTrainedModel } from '../../../../kernel/index';
import {
  bfloat16ToFloat32,
  float16ToFloat32,
  float32ToBfloat16,
  float32ToFloat16
} from '../../../../kernel/tensor/dtype';

const stored = join(__dirname, '../../../parity/fixtures/qwen2/gqa-tied');
const halves = join(__dirname, '../../../parity/fixtures/llama/bfloat16-shards');
const options = { device: 'cpu', local_files_only: true };
const input_ids = [[5, 9, 2, 30, 7, 41, 3, 66]];

/** Wide enough for blocks of 32 weights: a model as from_config makes it, but with weights that matter. */
const config = PretrainedConfig.fromDict({
  model_type: 'qwen2',
  hidden_size: 128,
  intermediate_size: 256,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 200,
  max_position_embeddings: 64,
  initializer_range: 0.08
});

beforeAll(() => setHost(createNodeHost()));

async function logitsOf(model: PreTrainedModel): Promise<number[]> {
  const { logits } = await model({ input_ids });
  return Array.from((logits as Tensor).data, Number);
}

/** Root of the mean squared difference, relative to the root of the mean square. */
function distance(a: readonly number[], b: readonly number[]): number {
  const square = (values: readonly number[]): number => values.reduce((n, v) => n + v * v, 0);
  return Math.sqrt(square(a.map((v, i) => v - b[i]!)) / square(b));
}

describe('dtype of from_pretrained and from_config', () => {
  let exact: number[];
  let bytes: number;
  beforeAll(async () => {
    const model = await AutoModelForCausalLM.from_config(config, { ...options, dtype: 'float32' });
    exact = await logitsOf(model);
    bytes = (await memory()).bytes_ram;
    await model.dispose();
  });

  // One weight's rounding error relative to the weights' deviation is 0.014 % (11 bits of mantissa), 0.11 % (8 bits),
  // 0.5 % and 8 % (8 and 4 bits, one scale per 32 weights); over two layers and the head it grows about fivefold: 0.06 %,
  // 0.53 %, 2.4 %, 26 % are seen. The lower bound shows that something was rounded.
  it.each([
    ['float16', 1e-4, 1.5e-3],
    ['bfloat16', 1e-3, 1.2e-2],
    ['q8', 5e-3, 5e-2],
    ['q4', 5e-2, 0.5]
  ] as const)('%s gives logits between %d and %d of those of float32', async (dtype, least, most) => {
    const model = await AutoModelForCausalLM.from_config(config, { ...options, dtype });
    expect(model.dtype).toBe(dtype);
    const off = distance(await logitsOf(model), exact);
    await model.dispose();
    expect(off).toBeGreaterThan(least);
    expect(off).toBeLessThan(most);
  });

  it.each([
    ['q8', 0.25, 0.5],
    ['q4', 0.1, 0.3]
  ] as const)('%s holds between %d and %d of the memory of float32', async (dtype, least, most) => {
    const model = await AutoModelForCausalLM.from_config(config, { ...options, dtype });
    const share = (await memory()).bytes_ram / bytes;
    await model.dispose();
    expect(share).toBeGreaterThan(least);
    expect(share).toBeLessThan(most);
  });

  it.each([
    ['float16', (v: Float32Array) => float16ToFloat32(float32ToFloat16(v))],
    ['bfloat16', (v: Float32Array) => bfloat16ToFloat32(float32ToBfloat16(v))]
  ] as const)('%s rounds each weight as Python does', async (dtype, round) => {
    const model = await AutoModelForCausalLM.from_pretrained(stored, { ...options, dtype });
    const other = await AutoModelForCausalLM.from_pretrained(stored, { ...options, dtype: 'float32' });
    const name = 'layers.0.attn.q.weight';
    const whole = await other.runtime.weight(name, [32, 32]).catch(() => undefined);
    const canonical = whole ? name : await firstMatrix(other);
    const expected = round((await other.runtime.weight(canonical, [32, 32])).slice());
    expect(Array.from(await model.runtime.weight(canonical, [32, 32]))).toEqual(Array.from(expected));
    await model.dispose();
    await other.dispose();
  });

  it('takes torch_dtype and torch. names as Python users write them', async () => {
    const model = await AutoModelForCausalLM.from_pretrained(stored, { ...options, torch_dtype: 'torch.bfloat16' });
    expect(model.dtype).toBe('bfloat16');
    await model.dispose();
  });

  it("'auto' loses nothing of bfloat16 weights", async () => {
    const auto = await AutoModelForCausalLM.from_pretrained(halves, { ...options, dtype: 'auto' });
    const rounded = await AutoModelForCausalLM.from_pretrained(halves, { ...options, dtype: 'bfloat16' });
    expect(await logitsOf(auto)).toEqual(await logitsOf(rounded));
    await auto.dispose();
    await rounded.dispose();
  });

  it.each(['int8', 'fp16', 'Q4', 'float64', '', 7])('%j is refused with what there is', async dtype => {
    await expect(AutoModelForCausalLM.from_pretrained(stored, { ...options, dtype: dtype as string })).rejects.toThrow(
      `Cannot load the model as dtype must be one of auto, float32, float16, bfloat16, q8, q4: current value is ${dtype}`
    );
  });

  it('takes q8 for encoders too', async () => {
    const bert = join(__dirname, '../../../parity/fixtures/bert/base');
    const model = await AutoModel.from_pretrained(bert, { ...options, dtype: 'q8' });
    const whole = await AutoModel.from_pretrained(bert, options);
    const ids = { input_ids: [[5, 9, 2, 30]] };
    const numbers = async (m: PreTrainedModel): Promise<number[]> =>
      Array.from(((await m(ids)).last_hidden_state as Tensor).data, Number);
    expect(distance(await numbers(model), await numbers(whole))).toBeLessThan(0.05);
    await model.dispose();
    await whole.dispose();
  });
});

describe('device of from_pretrained', () => {
  it.each(['cuda', 'mps', 'gpu', ''])('%j is refused with what there is', async device => {
    await expect(AutoModelForCausalLM.from_pretrained(stored, { ...options, device })).rejects.toThrow(
      `Cannot load the model as device must be one of auto, webgpu, wasm, cpu: current value is ${device}`
    );
  });

  it('takes device_map in its place, also as an object', async () => {
    for (const device_map of ['cpu', { '': 'cpu' }]) {
      const model = await AutoModelForCausalLM.from_pretrained(stored, { local_files_only: true, device_map });
      expect(model.device).toBe('cpu');
      await model.dispose();
    }
  });

  it('that the host lacks is refused with those it has', async () => {
    setHost({ ...createNodeHost(), devices: async () => ['cpu'] });
    await expect(AutoModelForCausalLM.from_pretrained(stored, { ...options, device: 'webgpu' })).rejects.toThrow(
      'Cannot load the model on webgpu as it must be one of cpu here'
    );
    setHost(createNodeHost());
  });
});

/** A canonical weight of dims [32, 32]. */
async function firstMatrix(model: PreTrainedModel): Promise<string> {
  const { architecture } = model.runtime;
  const names = Object.keys(architecture.weights).map(name => name.replace('{i}', '0'));
  for (const name of names) {
    const values = await model.runtime.weight(name, [32, 32]).catch(() => undefined);
    if (values?.length === 1024 && name.endsWith('.weight')) {
      return name;
    }
  }
  throw new Error(`no square matrix among ${names.join(', ')}`);
}
