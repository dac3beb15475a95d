/** Against Python's AutoConfig, by the cases of make_config_fixtures.py. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { modelTypeOf } from '../../../../kernel/config/auto';
import { PretrainedConfig } from '../../../../kernel/config/config';
import { configDefaults, configTypes } from '../../../../kernel/config/table';

type Fields = Record<string, unknown>;

interface Case {
  name: string;
  input: Fields;
  overrides?: Fields;
  output?: Fields;
  diff?: Fields;
  unused?: Fields;
  error?: string;
}

const { cases, overrides } = JSON.parse(readFileSync(resolve(__dirname, 'configs.json'), 'utf8')) as {
  cases: Case[];
  overrides: Case[];
};

/** As AutoConfig reads it. */
function read(raw: Fields, changes: Fields = {}): [PretrainedConfig, Fields] {
  const model_type = modelTypeOf('{dir}', raw, configTypes());
  return PretrainedConfig.fromDictWithUnused({ ...raw, model_type }, changes);
}

/** Through JSON, as files hold it. */
const plain = (config: PretrainedConfig): Fields => {
  const fields = JSON.parse(config.to_json_string(false)) as Fields;
  delete fields['_name_or_path'];
  return fields;
};

describe('PretrainedConfig.fromDict()', () => {
  it.each(cases.filter(one => one.output))('gives what Python gives for $name', ({ input, output }) => {
    expect(plain(read(input)[0])).toEqual(output);
  });

  it.each(cases.filter(one => one.output))('writes back what Python writes for $name', ({ input, diff }) => {
    expect(JSON.parse(read(input)[0].to_json_string())).toEqual(diff);
  });

  it.each(cases.filter(one => one.output))('reads what it wrote for $name', ({ input }) => {
    const first = read(input)[0];
    expect(plain(read(JSON.parse(first.to_json_string()) as Fields)[0])).toEqual(plain(first));
  });

  it.each(cases.filter(one => one.error))('refuses $name with the sentence Python users know', ({ input, error }) => {
    let message = '';
    try {
      read(input);
    } catch (thrown) {
      message = (thrown as Error).message;
    }
    // Python's dataclass errors repeat themselves over lines; the sentence is the last part of one.
    const sentence = error!.split('ValueError: ').pop()!.replace(/^"|"$/g, '').replace(/\.$/, '');
    if (error!.includes('expected int')) {
      expect(message).toBe('Cannot read config.json as hidden_size must be a whole number: current value is "large"');
    } else if (error!.includes('does not recognize this architecture')) {
      expect(message).toContain('The checkpoint you are trying to load has model type `foobar` but');
    } else {
      expect(message).toContain(sentence);
    }
  });

  it.each(overrides)('replaces fields as Python does: $name', ({ input, overrides: changes, output, unused }) => {
    const [config, left] = read(input, changes);
    expect(plain(config)).toEqual(output);
    delete unused!['name_or_path'];
    expect(left).toEqual(unused);
  });

  it('does not change what it is given', () => {
    const raw = { model_type: 'llama', rope_scaling: { type: 'linear', factor: 2 }, rope_theta: 5 };
    const before = JSON.stringify(raw);
    PretrainedConfig.fromDict(raw, { hidden_size: 64 });
    expect(JSON.stringify(raw)).toBe(before);
  });

  it('reads both spellings of rotary settings and dtype', () => {
    const config = PretrainedConfig.fromDict({ model_type: 'qwen2', rope_theta: 1e6, torch_dtype: 'bfloat16' });
    expect([config['rope_theta'], config.dtype, config['torch_dtype']]).toEqual([1e6, 'bfloat16', 'bfloat16']);
    expect(config['rope_parameters']).toEqual({ rope_theta: 1e6, rope_type: 'default' });
    expect(config['rope_scaling']).toBe(config['rope_parameters']);
    config['rope_theta'] = 7;
    expect(config['rope_parameters']).toEqual({ rope_theta: 7, rope_type: 'default' });
    config['torch_dtype'] = 'float16';
    expect(config.dtype).toBe('float16');
  });

  it('gives the full layers’ base as rope_theta where layers differ', () => {
    const config = PretrainedConfig.fromDict({ model_type: 'gemma3_text', num_hidden_layers: 6 });
    expect(config['rope_theta']).toBe(1e6);
  });

  it('replaces the base of the rotation when rope_theta is an override', () => {
    const raw = { model_type: 'llama', rope_parameters: { rope_type: 'default', rope_theta: 10 } };
    expect(PretrainedConfig.fromDict(raw, { rope_theta: 99 })['rope_parameters']).toEqual({
      rope_type: 'default',
      rope_theta: 99
    });
  });

  it('shortens given layer_types when num_hidden_layers is an override', () => {
    const raw = { model_type: 'qwen2', num_hidden_layers: 3, layer_types: Array(3).fill('full_attention') as string[] };
    expect(PretrainedConfig.fromDict(raw, { num_hidden_layers: 2 })['layer_types']).toHaveLength(2);
  });

  it('understands the first name of LongRoPE', () => {
    const config = PretrainedConfig.fromDict({
      model_type: 'phi3',
      hidden_size: 64,
      num_attention_heads: 4,
      rope_scaling: { type: 'su', short_factor: Array(8).fill(1), long_factor: Array(8).fill(2) }
    });
    expect(config['rope_parameters']).toMatchObject({ rope_type: 'longrope', original_max_position_embeddings: 4096 });
  });

  it('keeps keys that would reach a prototype out', () => {
    const raw = JSON.parse(
      '{"model_type":"llama","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"x":{"__proto__":{"polluted":1}},"to_dict":1,"toString":2,"hasOwnProperty":3}'
    ) as Fields;
    const config = PretrainedConfig.fromDict(raw);
    expect(({} as Fields)['polluted']).toBeUndefined();
    expect(config['polluted']).toBeUndefined();
    expect((config['x'] as Fields)['polluted']).toBeUndefined();
    expect(config.to_dict()['model_type']).toBe('llama');
    expect(String(config)).toContain('LlamaConfig');
    expect(PretrainedConfig.fromDict({ model_type: 'toString' }).model_type).toBe('toString');
    expect(config).toBeInstanceOf(PretrainedConfig);
  });

  it.each<[Fields, RegExp]>([
    [{ num_hidden_layers: 0 }, /num_hidden_layers must be positive: current value is 0/],
    [
      { num_attention_heads: 6, num_key_value_heads: 4, hidden_size: 60 },
      /num_attention_heads must be a multiple of num_key_value_heads: current values are 6 and 4/
    ],
    [{ hidden_size: 50, num_attention_heads: 4 }, /hidden_size and num_attention_heads in config.json contradict/],
    [{ num_hidden_layers: 2.5 }, /num_hidden_layers must be a whole number: current value is 2.5/],
    [{ rms_norm_eps: null }, /rms_norm_eps must be a number: current value is null/],
    [{ rope_parameters: 3 }, /rope_parameters must be an object or null: current value is 3/]
  ])('refuses %j, naming the keys', (fields, message) => {
    expect(() => PretrainedConfig.fromDict({ model_type: 'qwen2', ...fields })).toThrow(message);
  });

  it('keeps an unknown model type’s keys as they are', () => {
    const config = PretrainedConfig.fromDict({ model_type: 'mine', size: 3, rope_theta: 5 });
    expect([config.model_type, config['size'], config['rope_theta']]).toEqual(['mine', 3, 5]);
  });
});

describe('configDefaults()', () => {
  it('gives Python’s defaults', () => {
    expect(configDefaults('qwen2')).toMatchObject({ vocab_size: 151936, hidden_size: 4096, rms_norm_eps: 1e-6 });
  });

  it('refuses a model type it does not know', () => {
    expect(() => configDefaults('foobar')).toThrow(RangeError);
  });
});
