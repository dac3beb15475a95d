import type { GenerationForwardOutput } from '../../../../kernel/generation/model';
import { prepareInputsForGeneration, updateModelKwargs } from '../../../../kernel/generation/prepare-inputs';
import { tokenRows, tokenTensor } from '../../../../kernel/generation/rows';
import { Tensor } from '../../../../kernel/tensor/tensor';

const decoder = { is_encoder_decoder: false };
const rows = (tensor: unknown): unknown => tokenRows(tensor as Tensor);

describe('prepareInputsForGeneration()', () => {
  const ids = tokenTensor([[1, 2, 3, 4]]);

  it('prepareInputsForGeneration() passes all ids unless told how many are new', () => {
    expect(rows(prepareInputsForGeneration(decoder, ids, {})['input_ids'])).toEqual([[1, 2, 3, 4]]);
    expect(rows(prepareInputsForGeneration(decoder, ids, { next_sequence_length: 1 })['input_ids'])).toEqual([[4]]);
  });

  it('prepareInputsForGeneration() cuts positions and token types to the new ids, not the mask', () => {
    const inputs = prepareInputsForGeneration(decoder, ids, {
      next_sequence_length: 2,
      position_ids: tokenTensor([[0, 1, 2, 3]]),
      token_type_ids: tokenTensor([[0, 0, 1, 1]]),
      attention_mask: tokenTensor([[0, 1, 1, 1]])
    });
    expect(rows(inputs['position_ids'])).toEqual([[2, 3]]);
    expect(rows(inputs['token_type_ids'])).toEqual([[1, 1]]);
    expect(rows(inputs['attention_mask'])).toEqual([[0, 1, 1, 1]]);
  });

  it('prepareInputsForGeneration() uses embeddings in the first pass only', () => {
    const inputs_embeds = new Tensor('float32', Float32Array.of(1, 2, 3, 4), [1, 2, 2]);
    const first = prepareInputsForGeneration(decoder, tokenTensor([[]], 0), {
      inputs_embeds,
      is_first_iteration: true
    });
    expect(first['inputs_embeds']).toBe(inputs_embeds);
    expect(first['input_ids']).toBeUndefined();
    const later = prepareInputsForGeneration(decoder, tokenTensor([[7]]), { inputs_embeds, next_sequence_length: 1 });
    expect(later['inputs_embeds']).toBeUndefined();
    expect(rows(later['input_ids'])).toEqual([[7]]);
  });

  it('prepareInputsForGeneration() passes unknown inputs on, but no labels', () => {
    const inputs = prepareInputsForGeneration(decoder, ids, { images: 'x', labels: ids, is_first_iteration: false });
    expect(inputs['images']).toBe('x');
    expect(inputs).not.toHaveProperty('labels');
    expect(inputs).not.toHaveProperty('is_first_iteration');
  });

  it('prepareInputsForGeneration() drops pixel_values after the first pass while there is a cache', () => {
    const has = (kwargs: object): boolean =>
      'pixel_values' in prepareInputsForGeneration(decoder, ids, { pixel_values: 1, ...kwargs });
    expect(has({ is_first_iteration: true })).toBe(true);
    expect(has({})).toBe(false);
    expect(has({ use_cache: false })).toBe(true);
  });

  it("prepareInputsForGeneration() gives an encoder-decoder its decoder ids and the encoder's mask", () => {
    const inputs = prepareInputsForGeneration({ is_encoder_decoder: true }, ids, {
      attention_mask: 'encoder mask',
      decoder_attention_mask: 'decoder mask',
      encoder_outputs: 'encoded',
      next_sequence_length: 1
    });
    expect(rows(inputs['decoder_input_ids'])).toEqual([[4]]);
    expect(inputs).toMatchObject({
      attention_mask: 'encoder mask',
      decoder_attention_mask: 'decoder mask',
      encoder_outputs: 'encoded'
    });
    expect(inputs).not.toHaveProperty('input_ids');
  });
});

describe('updateModelKwargs()', () => {
  it('updateModelKwargs() takes the cache over and lets mask, positions and types cover the new tokens', () => {
    const outputs = { past_key_values: 'cache' } as unknown as GenerationForwardOutput;
    const next = updateModelKwargs(
      outputs,
      {
        attention_mask: tokenTensor([[0, 1]]),
        position_ids: tokenTensor([[0, 5]]),
        token_type_ids: tokenTensor([[0, 2]]),
        images: 'x'
      },
      false,
      2
    );
    expect(rows(next['attention_mask'])).toEqual([[0, 1, 1, 1]]);
    expect(rows(next['position_ids'])).toEqual([[0, 5, 6, 7]]);
    expect(rows(next['token_type_ids'])).toEqual([[0, 2, 2, 2]]);
    expect(next).toMatchObject({ past_key_values: 'cache', images: 'x' });
  });
});
