import { PretrainedConfig } from '../../../../kernel/config/config';
import { GenerationConfig } from '../../../../kernel/config/generation-config';

describe('GenerationConfig', () => {
  it('keeps unknown keys and drops what is not a parameter', () => {
    const config = new GenerationConfig({
      chat_format: 'chatml',
      transformers_version: '4.4',
      _from_model_config: true
    });
    expect(config.to_diff_dict()).toEqual({ chat_format: 'chatml', transformers_version: '5.23.0' });
  });

  it('writes sorted JSON of what is set', () => {
    expect(new GenerationConfig({ top_k: 5, do_sample: true, top_p: null }).to_json_string()).toBe(
      '{\n  "do_sample": true,\n  "top_k": 5,\n  "transformers_version": "5.23.0"\n}\n'
    );
  });

  it('lists every parameter of Python’s in to_dict()', () => {
    const all = new GenerationConfig().to_dict();
    expect(Object.keys(all)).toEqual(expect.arrayContaining(['max_length', 'min_p', 'prompt_lookup_num_tokens']));
    expect(all['temperature']).toBeNull();
  });

  it('does not reach a prototype', () => {
    const config = new GenerationConfig(
      JSON.parse('{"__proto__":{"polluted":1},"update":1}') as Record<string, unknown>
    );
    expect(config['polluted']).toBeUndefined();
    expect(typeof config.update).toBe('function');
  });
});

// Expected values: what Python 5.23 gives for these config.json files without a generation_config.json.
describe('GenerationConfig.from_model_config()', () => {
  const of = (fields: Record<string, unknown>): Record<string, unknown> => {
    const made = GenerationConfig.from_model_config(PretrainedConfig.fromDict(fields)).to_diff_dict();
    delete made['transformers_version'];
    return made;
  };

  it('counts only keys the file has', () => {
    expect(of({ model_type: 'llama', use_cache: true })).toEqual({ use_cache: true });
  });

  it('takes parameters an old file mixes in, and returns a dict where outputs are asked for', () => {
    const fields = { bos_token_id: 1, eos_token_id: 2, temperature: 0.5, max_length: 30, foo: 1 };
    expect(of({ model_type: 'llama', ...fields, output_attentions: false, output_hidden_states: true })).toEqual({
      bos_token_id: 1,
      eos_token_id: 2,
      max_length: 30,
      temperature: 0.5,
      output_attentions: false,
      output_hidden_states: true,
      return_dict_in_generate: true
    });
  });

  it('forces the first token where BART’s old key says so', () => {
    const fields = { num_beams: 4, bos_token_id: 0, force_bos_token_to_be_generated: true };
    expect(of({ model_type: 'bart', ...fields })).toEqual({ num_beams: 4, bos_token_id: 0, forced_bos_token_id: 0 });
  });

  it('takes the class’s defaults of a configuration made in code', () => {
    const config = new PretrainedConfig({ model_type: 'bart' });
    expect(GenerationConfig.from_model_config(config)).toMatchObject({
      bos_token_id: 0,
      decoder_start_token_id: 2,
      eos_token_id: 2,
      forced_eos_token_id: 2,
      pad_token_id: 1
    });
  });
});
