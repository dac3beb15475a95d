import { GenerationConfig } from '../../../../kernel/config/generation-config';
import { mergeParameters } from '../../../../kernel/generation/parameters';
import { resetWarnings } from '../../../../kernel/generation/warnings';

describe('mergeParameters()', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    resetWarnings();
    jest.spyOn(console, 'warn').mockImplementation(message => void warnings.push(String(message)));
  });
  afterEach(() => jest.restoreAllMocks());

  it("mergeParameters() prefers the call, then the config given, then the model's, then the defaults", () => {
    const { parameters } = mergeParameters(
      { top_k: 1, do_sample: true },
      { top_k: 2, top_p: 0.2 },
      { top_k: 3, top_p: 0.3, temperature: 0.4 }
    );
    expect(parameters).toMatchObject({ top_k: 1, top_p: 0.2, temperature: 0.4, num_beams: 1, repetition_penalty: 1 });
  });

  it('mergeParameters() lets a null in a config fall through, and a null of the call switch off', () => {
    const { parameters } = mergeParameters(
      { top_k: null, do_sample: true },
      { temperature: null },
      { top_k: 3, temperature: 0.4 }
    );
    expect(parameters.top_k).toBeUndefined();
    expect(parameters.temperature).toBe(0.4);
    expect(mergeParameters({ top_k: undefined }, null, { top_k: 3 }).parameters.top_k).toBe(3);
  });

  it('mergeParameters() keeps switching off possible for what must have a value', () => {
    const { parameters } = mergeParameters({ num_beams: null, max_length: null, do_sample: null }, null, {
      num_beams: 4,
      do_sample: true
    });
    expect(parameters).toMatchObject({ num_beams: 1, max_length: 20, do_sample: false });
  });

  it('mergeParameters() returns what is no parameter as inputs of the model', () => {
    const { modelInputs } = mergeParameters({ input_ids: [[1]], images: 'x', max_new_tokens: 2 }, null, {});
    expect(modelInputs).toEqual({ input_ids: [[1]], images: 'x' });
  });

  it('mergeParameters() takes keys of its own of a config as known, as Python does', () => {
    const { modelInputs, parameters } = mergeParameters({ chat_format: 'y' }, null, { chat_format: 'x' });
    expect(modelInputs).toEqual({});
    expect(parameters['chat_format']).toBe('y');
  });

  it('mergeParameters() says whether a length was set anywhere', () => {
    expect(mergeParameters({}, null, {}).hasDefaultMaxLength).toBe(true);
    expect(mergeParameters({}, null, { max_length: 9 }).hasDefaultMaxLength).toBe(false);
    expect(mergeParameters({}, { max_length: 9 }, {}).hasDefaultMaxLength).toBe(false);
    expect(mergeParameters({ min_length: 1 }, null, {}).hasDefaultMinLength).toBe(false);
  });

  it('mergeParameters() reads a GenerationConfig, methods and all', () => {
    const own = new GenerationConfig({
      eos_token_id: [2, 3],
      top_k: 7,
      do_sample: true,
      transformers_version: '5.23.0'
    });
    const { parameters } = mergeParameters({}, null, own);
    expect(parameters).toMatchObject({ eos_token_id: [2, 3], top_k: 7, do_sample: true });
    expect(Object.values(parameters).some(value => typeof value === 'function')).toBe(false);
  });

  it('mergeParameters() changes neither of the configs', () => {
    const own = Object.freeze({ top_k: 3 });
    const given = Object.freeze({ top_p: 0.5 });
    expect(() => mergeParameters({ top_k: 9, do_sample: true }, given, own)).not.toThrow();
  });

  it('mergeParameters() does not take a cache_implementation from a file', () => {
    expect(
      mergeParameters({}, null, { cache_implementation: 'hybrid' }).parameters['cache_implementation']
    ).toBeUndefined();
  });

  it('mergeParameters() warns of sampling parameters without sampling, unless do_sample is given', () => {
    mergeParameters({ temperature: 0.5 }, null, {});
    expect(warnings).toEqual([
      "The following generation flags are not valid and may be ignored: ['temperature']. Set `TRANSFORMERS_VERBOSITY=info` for more details."
    ]);
    warnings.length = 0;
    resetWarnings();
    mergeParameters({ do_sample: false }, null, { temperature: 0.5 });
    expect(warnings).toEqual([]);
  });
});
