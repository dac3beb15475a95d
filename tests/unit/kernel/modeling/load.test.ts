import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import {
  AutoConfig,
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  memory,
  PretrainedConfig,
  Tensor
} from '../../../../kernel/index';
import type { PreTrainedModel } from '../../../../kernel/index';

const fixtures = join(__dirname, '../../../parity/fixtures');
const qwen = join(fixtures, 'qwen2/gqa-tied');
const options = { device: 'cpu', local_files_only: true };
const input_ids = [[5, 9, 2, 30, 7]];

interface Entry {
  dtype: string;
  shape: number[];
  bytes: Buffer;
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-load-'));
  setHost(createNodeHost({ cwd: folder }));
});
afterAll(() => rmSync(folder, { recursive: true }));

function readTensors(path: string): Map<string, Entry> {
  const file = readFileSync(path);
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.toString('utf8', 8, 8 + length)) as Record<string, any>;
  return new Map(
    Object.entries(header)
      .filter(([name]) => name !== '__metadata__')
      .map(([name, { dtype, shape, data_offsets }]) => {
        const [from, to] = data_offsets as [number, number];
        return [name, { dtype, shape, bytes: file.subarray(8 + length + from, 8 + length + to) } as Entry];
      })
  );
}

/** A copy of a checkpoint with other tensors and another configuration. */
function changed(
  name: string,
  source: string,
  change: (tensors: Map<string, Entry>) => void,
  fields: Readonly<Record<string, unknown>> = {}
): string {
  const tensors = readTensors(join(source, 'model.safetensors'));
  change(tensors);
  let offset = 0;
  const header: Record<string, unknown> = {};
  for (const [key, { dtype, shape, bytes }] of tensors) {
    header[key] = { dtype, shape, data_offsets: [offset, (offset += bytes.length)] };
  }
  const text = Buffer.from(JSON.stringify(header));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  mkdirSync(join(folder, name), { recursive: true });
  const file = Buffer.concat([size, text, ...[...tensors.values()].map(t => t.bytes)]);
  writeFileSync(join(folder, name, 'model.safetensors'), file);
  const config = JSON.parse(readFileSync(join(source, 'config.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(join(folder, name, 'config.json'), JSON.stringify({ ...config, ...fields }));
  return name;
}

async function numbers(model: PreTrainedModel): Promise<number[]> {
  return Array.from(((await model({ input_ids })).logits as Tensor).data, Number);
}

const small = {
  hidden_size: 32,
  intermediate_size: 48,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: 107,
  max_position_embeddings: 64
};

describe('from_config() and save_pretrained()', () => {
  it.each(['qwen2', 'llama', 'phi3', 'gpt_neox', 'gemma2'])(
    'make a folder that loads to the same model: %s',
    async type => {
      const config = PretrainedConfig.fromDict({ model_type: type, ...small, head_dim: 8, pad_token_id: 0 });
      const model = await AutoModelForCausalLM.from_config(config, { ...options, seed: 3 });
      const expected = await numbers(model);
      await model.save_pretrained(`fresh-${type}`);
      await model.dispose();
      expect(readdirSync(join(folder, `fresh-${type}`)).sort()).toEqual([
        'config.json',
        'generation_config.json',
        'model.safetensors'
      ]);
      const [copy, info] = (await AutoModelForCausalLM.from_pretrained(`fresh-${type}`, {
        ...options,
        output_loading_info: true
      })) as unknown as [PreTrainedModel, Record<string, unknown>];
      expect(await numbers(copy)).toEqual(expected);
      expect(info).toEqual({ missing_keys: [], unexpected_keys: [], mismatched_keys: [], error_msgs: [] });
      expect({ ...copy.config.to_dict(), architectures: null, _name_or_path: '' }).toEqual({
        ...config.to_dict(),
        architectures: null,
        _name_or_path: ''
      });
      await copy.dispose();
    }
  );

  it('draw the same weights for the same seed, others for another', async () => {
    const config = PretrainedConfig.fromDict({ model_type: 'qwen2', ...small });
    const logits: number[][] = [];
    for (const seed of [1, 1, 2]) {
      const model = await AutoModelForCausalLM.from_config(config, { ...options, seed });
      logits.push(await numbers(model));
      await model.dispose();
    }
    expect(logits[1]).toEqual(logits[0]);
    expect(logits[2]).not.toEqual(logits[0]);
  });
});

describe('output_loading_info', () => {
  it('names a head made afresh and tensors nothing asked for', async () => {
    const name = changed('bare', join(fixtures, 'bert/base'), tensors => {
      tensors.set('stray.weight', { dtype: 'F32', shape: [1], bytes: Buffer.alloc(4) });
    });
    const [model, info] = (await AutoModelForSequenceClassification.from_pretrained(name, {
      ...options,
      output_loading_info: true
    })) as unknown as [PreTrainedModel, Record<string, string[]>];
    expect(info['missing_keys']!.sort()).toEqual(['classifier.bias', 'classifier.weight']);
    expect(info['unexpected_keys']).toEqual(['stray.weight']);
    expect((await model({ input_ids })).logits.dims).toEqual([1, 2]);
    await model.dispose();
  });
});

describe('ignore_mismatched_sizes', () => {
  const source = join(fixtures, 'bert/classification');
  const classes = { num_labels: 7 };

  it('false names the tensor and both shapes', async () => {
    await expect(
      AutoModelForSequenceClassification.from_pretrained(source, { ...options, ...classes })
    ).rejects.toThrow(/classifier\.\w+ as .* must have shape \[7.*current shape is \[.*ignore_mismatched_sizes/);
  });

  it('true starts the head afresh and says so', async () => {
    const [model, info] = (await AutoModelForSequenceClassification.from_pretrained(source, {
      ...options,
      ...classes,
      ignore_mismatched_sizes: true,
      output_loading_info: true
    })) as unknown as [PreTrainedModel, { mismatched_keys: { name: string; model: number[] }[] }];
    expect(info.mismatched_keys.map(({ name, model: dims }) => [name, dims[0]]).sort()).toEqual([
      ['classifier.bias', 7],
      ['classifier.weight', 7]
    ]);
    expect((await model({ input_ids })).logits.dims).toEqual([1, 7]);
    await model.dispose();
  });
});

describe('from_pretrained() of a broken checkpoint', () => {
  const weight = 'model.layers.1.mlp.up_proj.weight';
  const bad: [string, string, (tensors: Map<string, Entry>) => void, Record<string, unknown>][] = [
    ['a missing tensor', weight, t => t.delete(weight), {}],
    ['a missing norm', 'model.layers.0.input_layernorm.weight', t => t.delete('model.layers.0.input_layernorm.weight'), {}],
    ['missing embeddings', 'model.embed_tokens.weight', t => t.delete('model.embed_tokens.weight'), {}],
    ['a tensor cut short', weight, t => t.set(weight, { ...t.get(weight)!, shape: [47, 32], bytes: t.get(weight)!.bytes.subarray(0, 47 * 32 * 4) }), {}],
    ['a transposed tensor', weight, t => t.set(weight, { ...t.get(weight)!, shape: [32, 48] }), {}],
    ['a norm of another width', 'model.norm.weight', t => t.set('model.norm.weight', { dtype: 'F32', shape: [31], bytes: Buffer.alloc(124) }), {}],
    ['more layers in the configuration', 'model.layers.3.', () => undefined, { num_hidden_layers: 4, layer_types: Array(4).fill('full_attention') }],
    ['another width in the configuration', '', () => undefined, { hidden_size: 64 }],
    ['other heads in the configuration', 'k_proj', () => undefined, { num_key_value_heads: 4 }],
    ['another MLP in the configuration', 'mlp', () => undefined, { intermediate_size: 64 }],
    ['another vocabulary in the configuration', 'model.embed_tokens.weight', () => undefined, { vocab_size: 200 }]
  ]; // prettier-ignore

  it.each(bad)('names the tensor: %s', async (title, tensor, change, fields) => {
    const name = changed(title.replace(/ /g, '-'), qwen, change, fields);
    const before = (await memory()).models.length;
    const error = await AutoModelForCausalLM.from_pretrained(name, options).then(
      () => undefined,
      (e: unknown) => e as Error
    );
    expect(error?.message ?? 'loaded').toContain(tensor || 'weight');
    expect(error?.message).toMatch(/^Cannot .* as .* must /);
    expect(error).toBeInstanceOf(/missing/.test(error!.message) ? RangeError : TypeError);
    expect((await memory()).models).toHaveLength(before);
    const model = await AutoModelForCausalLM.from_pretrained(qwen, options);
    expect((await numbers(model)).every(Number.isFinite)).toBe(true);
    await model.dispose();
  });

  it.each([
    ['hidden_size that the heads do not divide', { hidden_size: 30 }],
    ['no heads', { num_attention_heads: 0 }],
    ['key heads that do not divide the heads', { num_key_value_heads: 3 }],
    ['layers that are no number', { num_hidden_layers: 'three' }],
    ['an activation nobody knows', { hidden_act: 'swoosh' }]
  ])('says what contradicts in the configuration: %s', async (title, fields) => {
    const name = changed(title.replace(/ /g, '_'), qwen, () => undefined, fields);
    await expect(AutoModelForCausalLM.from_pretrained(name, options)).rejects.toThrow(
      new RegExp(Object.keys(fields)[0]!)
    );
  });

  it('says which options there are', async () => {
    await expect(AutoModelForCausalLM.from_pretrained(qwen, { ...options, dtyp: 'q8' })).rejects.toThrow(
      /from_pretrained takes .*dtype.*: also given dtyp/
    );
  });

  it('takes fields of the configuration as options, as Python', async () => {
    const model = await AutoModelForCausalLM.from_pretrained(qwen, { ...options, num_hidden_layers: 1 });
    expect((await model({ input_ids, output_hidden_states: true })).hidden_states).toHaveLength(2);
    await model.dispose();
  });
});

describe('memory() and dispose()', () => {
  it('tell what loaded models hold, and let it go', async () => {
    expect((await memory()).models).toEqual([]);
    const one = await AutoModelForCausalLM.from_pretrained(qwen, options);
    const base = await AutoModel.from_pretrained(qwen, options);
    const held = await memory();
    expect(held.models.map(({ device, dtype }) => [device, dtype])).toEqual([
      ['cpu', 'float32'],
      ['cpu', 'float32']
    ]);
    expect(held.bytes_gpu).toBe(0);
    expect(held.bytes_ram).toBe(held.models.reduce((n, m) => n + m.bytes, 0));
    // Parameters are 4 bytes each; a tied head is held as a matrix beside the table.
    const parameters = 4 * one.num_parameters();
    expect(held.models[0]!.bytes).toBeGreaterThanOrEqual(parameters);
    expect(held.models[0]!.bytes).toBeLessThanOrEqual(parameters + 4 * 107 * 32);
    await one.dispose();
    expect((await memory()).models).toHaveLength(1);
    await base[Symbol.asyncDispose]();
    expect(await memory()).toEqual({ models: [], bytes_ram: 0, bytes_gpu: 0 });
  });

  it('may be asked twice, and by another model meanwhile', async () => {
    const config = await AutoConfig.from_pretrained(qwen);
    const one = await AutoModelForCausalLM.from_pretrained(qwen, { ...options, config });
    const two = await AutoModelForCausalLM.from_pretrained(qwen, { ...options, config });
    const expected = await numbers(two);
    await one.dispose();
    await one.dispose();
    expect(await numbers(two)).toEqual(expected);
    await two.dispose();
  });
});
