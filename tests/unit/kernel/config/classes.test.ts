import { configClass } from '../../../../kernel/config/classes';
import { PretrainedConfig } from '../../../../kernel/config/config';
import { configFieldDocs } from '../../../../kernel/config/field-docs';
import { Qwen2Config } from '../../../../kernel/config/qwen2-config';
import { configDefaults, configTypes, registerConfig } from '../../../../kernel/config/table';

describe('Qwen2Config', () => {
  it('has every field with Python’s default', () => {
    const config = new Qwen2Config();
    const defaults = configDefaults('qwen2');
    for (const [field, value] of Object.entries(defaults)) {
      if (!['sliding_window', 'layer_types', 'rope_parameters'].includes(field)) {
        expect([field, config[field]]).toEqual([field, value]);
      }
    }
    expect([config.sliding_window, config.layer_types.length, config.rope_theta]).toEqual([null, 32, 10000]);
    expect(config.model_type).toBe('qwen2');
  });

  it('reads a file through fromDict() as its own class', () => {
    const config = Qwen2Config.fromDict({ model_type: 'qwen2', num_hidden_layers: 2 });
    expect(config).toBeInstanceOf(Qwen2Config);
    expect(config.layer_types).toEqual(['full_attention', 'full_attention']);
  });
});

describe('configClass()', () => {
  it('gives one class per model type, named as in Python', () => {
    const Llama = configClass('llama');
    expect(Llama).toBe(configClass('llama'));
    expect(Llama.name).toBe('LlamaConfig');
    const config = new Llama({ hidden_size: 64, num_attention_heads: 4 });
    expect([config.model_type, config['head_dim'], config instanceof PretrainedConfig]).toEqual(['llama', 16, true]);
    expect(String(config)).toMatch(/^LlamaConfig \{\n {2}"attention_bias": false/);
  });

  it('refuses a model type it does not know', () => {
    expect(() => configClass('foobar')).toThrow(/must be a known one: current value is foobar/);
  });

  it('knows a model type that was added', () => {
    registerConfig('mine', { name: 'MineConfig', fields: { width: [8, 'int'], depth: [2, 'int | null'] } });
    expect(new (configClass('mine'))({ depth: null }).to_dict()).toMatchObject({ width: 8, depth: null });
    expect(() => new (configClass('mine'))({ width: 'x' })).toThrow(
      /width must be a whole number: current value is "x"/
    );
    expect(configTypes()).toContain('mine');
  });
});

describe('configFieldDocs', () => {
  it('explains every field of a Qwen2.5 config.json', () => {
    const fields = Object.keys(configDefaults('qwen2')).concat([
      'architectures',
      'model_type',
      'torch_dtype',
      'transformers_version',
      'rope_theta'
    ]);
    expect(fields.filter(field => !configFieldDocs[field])).toEqual([]);
  });
});
