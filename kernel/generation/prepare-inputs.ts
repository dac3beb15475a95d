/** From the state of the loop to the inputs of one pass, and on to the state of the next. */
import type { Tensor } from '../tensor/tensor';
import { extend, isTensor, sliceAxis } from './batch';
import type { GenerationCache, GenerationForwardOutput, GenerativeModel } from './model';

/** Inputs of the prompt that are of no use once it is in the cache. */
const PREFILL_ONLY = new Set([
  'mm_encoder_outputs',
  'pixel_values',
  'pixel_mask',
  'input_features',
  'input_features_mask',
  'input_values',
  'input_values_mask',
  'pixel_values_videos',
  'num_local_patches',
  'high_res_pixel_values',
  'image_patches_indices',
  'image_patches',
  'image_sizes',
  'image_sizes_videos',
  'pixel_attention_mask',
  'pixel_values_images',
  'pixel_values_local',
  'patches_grid',
  'image_token_pooling',
  'image_grids',
  'video_token_pooling',
  'video_grids'
]);

/**
 * What transformers' GenerationMixin does in `prepare_inputs_for_generation`: cuts the ids to those not in the cache,
 * positions and token types to the same length, and passes everything else on.
 *
 * @param model Decides between decoder-only and encoder-decoder names.
 * @param input_ids All tokens so far, [B, S].
 * @param kwargs State of the loop: past_key_values, attention_mask, position_ids, inputs_embeds, next_sequence_length
 *   (how many positions are new; absent for all), is_first_iteration, and what the call of `generate` gave beyond its
 *   own options.
 * @returns Inputs of `forward`.
 */
export function prepareInputsForGeneration(
  model: Pick<GenerativeModel, 'is_encoder_decoder'>,
  input_ids: Tensor,
  kwargs: Readonly<Record<string, unknown>>
): Record<string, unknown> {
  const { next_sequence_length, past_key_values, attention_mask, inputs_embeds, is_first_iteration, ...others } =
    kwargs;
  const rest: Record<string, unknown> = { ...others };
  delete rest['labels'];
  const decoder = model.is_encoder_decoder;
  const inputs: Record<string, unknown> = {};
  const count = next_sequence_length as number | undefined;
  const newest = (tensor: Tensor, axis: number): Tensor => {
    const length = tensor.dims[axis]!;
    return count === undefined ? tensor : sliceAxis(tensor, Math.max(0, length - count), length, axis);
  };
  let length: number;
  if (!decoder && isTensor(inputs_embeds) && is_first_iteration) {
    const embeds = newest(inputs_embeds, 1);
    inputs['inputs_embeds'] = embeds;
    length = embeds.dims[1]!;
  } else {
    const ids = newest(input_ids, 1);
    inputs[decoder ? 'decoder_input_ids' : 'input_ids'] = ids;
    length = ids.dims[1]!;
  }
  if (past_key_values != null) {
    inputs['past_key_values'] = past_key_values;
  }
  for (const key of [decoder ? 'decoder_position_ids' : 'position_ids', 'token_type_ids']) {
    const value = rest[key];
    delete rest[key];
    if (isTensor(value)) {
      const all = value.dims[value.dims.length - 1]!;
      inputs[key] = all === length ? value : sliceAxis(value, Math.max(0, all - length), all);
    }
  }
  if (decoder && rest['decoder_attention_mask'] != null) {
    inputs['decoder_attention_mask'] = rest['decoder_attention_mask'];
  }
  if (attention_mask != null) {
    inputs['attention_mask'] = attention_mask;
  }
  for (const [key, value] of Object.entries(rest)) {
    if (PREFILL_ONLY.has(key) && !is_first_iteration && rest['use_cache'] !== false) {
      continue;
    }
    if (value != null && !(key in inputs)) {
      inputs[key] = value;
    }
  }
  return inputs;
}

/**
 * The state after a pass: the cache it returned, and masks, positions and token types that cover the new tokens.
 *
 * @param count New tokens since the state was made. Default 1.
 */
export function updateModelKwargs(
  outputs: GenerationForwardOutput,
  kwargs: Readonly<Record<string, unknown>>,
  isEncoderDecoder: boolean,
  count = 1
): Record<string, unknown> {
  const next: Record<string, unknown> = { ...kwargs };
  if (outputs.past_key_values != null) {
    next['past_key_values'] = outputs.past_key_values;
  }
  const grow = (key: string, value: (last: number, i: number) => number): void => {
    const tensor = next[key];
    if (isTensor(tensor)) {
      next[key] = extend(tensor, count, value);
    }
  };
  grow('token_type_ids', last => last);
  grow(isEncoderDecoder ? 'decoder_position_ids' : 'position_ids', (last, i) => last + 1 + i);
  grow(isEncoderDecoder ? 'decoder_attention_mask' : 'attention_mask', () => 1);
  return next;
}

/**
 * The pass over the prompt: all of it, or what the given cache lacks.
 *
 * @param maskLength Length of the mask the call gave, or that an absent one would have; tells whether `input_ids` holds
 *   what the cache holds already.
 * @param chunkSize Positions per pass; absent for all at once.
 * @returns The output of the (last) pass, and the state to go on from.
 * @throws {RangeError} If the cache covers the whole prompt, so that nothing is left to run.
 */
export async function prefill(
  model: GenerativeModel,
  input_ids: Tensor,
  kwargs: Record<string, unknown>,
  maskLength: number | undefined,
  chunkSize: number | undefined,
  isFirstIteration = true
): Promise<{ outputs: GenerationForwardOutput; kwargs: Record<string, unknown> }> {
  const cache = kwargs['past_key_values'] as GenerationCache | null | undefined;
  const embeds = kwargs['inputs_embeds'];
  const useEmbeds = !model.is_encoder_decoder && isTensor(embeds) && isFirstIteration;
  let count: number | undefined;
  if (cache != null) {
    const past = cache.get_seq_length();
    const given = kwargs[model.is_encoder_decoder ? 'decoder_attention_mask' : 'attention_mask'];
    const covered = isTensor(given) ? given.dims[1] : maskLength;
    if (useEmbeds) {
      count = embeds.dims[1]! - past;
    } else if (covered === input_ids.dims[1]) {
      count = input_ids.dims[1]! - past;
    }
    if (count !== undefined && count <= 0) {
      throw new RangeError(
        `Cannot continue from past_key_values as they must be shorter than the prompt of ${count + past} tokens: ` +
          `they hold ${past}. Crop them: past_key_values.crop(${count - 1})`
      );
    }
  }
  if (chunkSize === undefined) {
    const inputs = await model.prepare_inputs_for_generation(input_ids, {
      ...kwargs,
      next_sequence_length: count,
      is_first_iteration: isFirstIteration
    });
    return { outputs: await model.forward({ ...inputs, return_dict: true }), kwargs };
  }
  if (useEmbeds) {
    throw new RangeError(
      'Cannot use prefill_chunk_size as the prompt must be input_ids: current value is inputs_embeds'
    );
  }
  return prefillChunks(model, input_ids, kwargs, count ?? input_ids.dims[1]!, chunkSize, isFirstIteration);
}

async function prefillChunks(
  model: GenerativeModel,
  input_ids: Tensor,
  kwargs: Record<string, unknown>,
  count: number,
  chunkSize: number,
  isFirstIteration: boolean
): Promise<{ outputs: GenerationForwardOutput; kwargs: Record<string, unknown> }> {
  if (kwargs['use_cache'] === false) {
    throw new RangeError('Cannot use prefill chunking without a cache');
  }
  const raw = [...PREFILL_ONLY].filter(key => kwargs[key] != null);
  if (raw.length && count > chunkSize) {
    throw new RangeError(
      `Chunked prefill cannot split the raw multimodal inputs [${raw.map(k => `'${k}'`).join(', ')}] into chunks, so ` +
        'pass `prefill_chunk_size=None` or use a model that pre-encodes them.'
    );
  }
  const all = input_ids.dims[1]!;
  const state = { ...kwargs };
  let outputs: GenerationForwardOutput | undefined;
  for (let begin = all - count; begin < all; begin += chunkSize) {
    const end = Math.min(all, begin + chunkSize);
    const part = { ...state };
    for (const key of ['attention_mask', 'position_ids', 'token_type_ids']) {
      const whole = kwargs[key];
      if (isTensor(whole)) {
        part[key] = sliceAxis(whole, 0, whole.dims[whole.dims.length - 1]! - (all - end));
      }
    }
    const inputs = await model.prepare_inputs_for_generation(sliceAxis(input_ids, 0, end, 1), {
      ...part,
      next_sequence_length: end - begin,
      is_first_iteration: isFirstIteration
    });
    outputs = await model.forward({ ...inputs, return_dict: true });
    if (outputs.past_key_values == null) {
      throw new RangeError('Cannot use prefill chunking without a cache');
    }
    state['past_key_values'] = outputs.past_key_values;
  }
  return { outputs: outputs!, kwargs: { ...kwargs, past_key_values: state['past_key_values'] } };
}
