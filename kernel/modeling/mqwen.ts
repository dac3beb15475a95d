/**
 * MQwen: QWen v1 with an image in its prompt. The image comes as projected features and takes the place of one
 * placeholder token; everything after that is QWen on a longer prompt.
 *
 * Where the original fails, this works: batches with a mask of the tokens' length (the placeholder's entry becomes as
 * many ones as the image has features), labels of that length (−100 over the image), beam search, decoding a batch.
 */
import type { PretrainedConfig } from '../config/config';
import type { Tensor } from '../tensor/tensor';
import type { ForwardInputs } from './forward';
import type { FusionSpec, ImageSpan } from './fusion';
import { expandRows, spliceFeatures } from './fusion';
import { floats, ints } from './inputs';
import type { ModelParts } from './pretrained-model';
import type { QWenPreTrainedModel } from './qwen';
import { QWenLMHeadModel, QWenModel } from './qwen';
import { IMAGE_SPANS } from './qwen-cache';

/** The three keys of MQwen, in config.json or given as `other_config`. */
export interface MQWenOtherConfig {
  /** Id of the token an image takes the place of (<|extra_0|>, 151646). */
  replace_token_id: number;
  /** Features per image: patches of the vision tower. */
  image_context_length: number;
  /** Width of the projected features; must be the language model's hidden_size. */
  image_feature_hidden_size: number;
}

/** @throws {TypeError} If the features' width is not the model's. */
function checkConfig(config: PretrainedConfig): void {
  const width = config['image_feature_hidden_size'];
  if (width !== null && width !== undefined && width !== config['hidden_size']) {
    throw new TypeError(
      `Cannot make MQwen as image_feature_hidden_size must be the language model's hidden_size ` +
        `(${String(config['hidden_size'])}): ` +
        `current value is ${String(width)}`
    );
  }
}

function fusionSpec(config: PretrainedConfig): FusionSpec {
  const size = (key: string): number => {
    const value = config[key];
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) {
      throw new TypeError(
        `Cannot use images as config.json or other_config must have ${key}, a whole number: current value ` +
          `is ${String(value)}`
      );
    }
    return value;
  };
  return { token: size('replace_token_id'), length: size('image_context_length'), width: size('hidden_size') };
}

/** Puts images among the embeddings; only the first pass of a cache looks at them. */
function embedImages(model: QWenPreTrainedModel, inputs: ForwardInputs): ForwardInputs {
  const { images, ...rest } = inputs;
  const past = model.readPast(rest['past_key_values']);
  const held = past?.get_seq_length() ?? 0;
  const kept = past ? { past_key_values: past } : {};
  if (images === undefined || images === null || held > 0) {
    const mask = past?.images && longerMask(rest, held, past.images);
    return { ...rest, ...kept, ...(mask ? { attention_mask: mask } : {}) };
  }
  if (rest['input_ids'] === undefined || rest['input_ids'] === null) {
    throw new TypeError(
      'Cannot use images with inputs_embeds as the placeholder is found among input_ids: give input_ids, or splice the ' +
        'features into the embeddings yourself and leave images out'
    );
  }
  const spec = fusionSpec(model.config);
  const ids = ints('input_ids', rest['input_ids']);
  const embedding = model.get_input_embeddings();
  const embed = (row: Int32Array): Float32Array => embedding.rows(row).data as Float32Array;
  const { embeds, spans } = spliceFeatures(ids, floats('images', images), embed, spec);
  const length = ids.dims[1]!;
  const { input_ids: _replaced, inputs_embeds: _both, ...others } = rest;
  return {
    ...others,
    ...kept,
    inputs_embeds: embeds,
    ...expanded('attention_mask', rest['attention_mask'], length, spans, 1),
    ...expanded('labels', rest['labels'], length, spans, -100),
    [IMAGE_SPANS]: spans
  };
}

/** Values given for the prompt with its placeholder, brought to the length with the image; others as they are. */
function expanded(
  name: string,
  value: unknown,
  length: number,
  spans: readonly ImageSpan[],
  fill: number
): ForwardInputs {
  if (value === undefined || value === null || (name === 'attention_mask' && rank(value) > 2)) {
    return {};
  }
  const given = ints(name, value);
  const full = length + spans[0]!.extra;
  if (given.dims[1] === full) {
    return {};
  }
  if (given.dims[1] !== length) {
    throw new TypeError(
      `Cannot use ${name} as it must have the prompt's length, ${length} with the placeholder or ${full} ` +
        'with the image: ' +
        `current shape is [${given.dims}]`
    );
  }
  return { [name]: expandRows(given, spans, fill) };
}

function rank(value: unknown): number {
  const dims = (value as { dims?: readonly number[] }).dims;
  return dims ? dims.length : Array.isArray(value) ? 1 + rank(value[0]) : 0;
}

/** A later step's mask of tokens, brought to the length the cache has. */
function longerMask(inputs: ForwardInputs, held: number, spans: readonly ImageSpan[]): Tensor | undefined {
  const { attention_mask: mask, input_ids, inputs_embeds } = inputs;
  if (mask === undefined || mask === null || rank(mask) > 2) {
    return undefined;
  }
  const queries = input_ids ? ints('input_ids', input_ids).dims[1]! : floats('inputs_embeds', inputs_embeds).dims[1]!;
  const given = ints('attention_mask', mask);
  return given.dims[1]! + spans[0]!.extra === held + queries ? expandRows(given, spans, 1) : undefined;
}

/** MQwen without its head. */
export class MQWenModel extends QWenModel {
  constructor(config: PretrainedConfig, parts: ModelParts) {
    super(config, parts);
    checkConfig(config);
  }

  override get forward_parameters(): readonly string[] {
    return ['images', ...super.forward_parameters];
  }

  override async embed_inputs(inputs: ForwardInputs): Promise<ForwardInputs> {
    return embedImages(this, await super.embed_inputs(inputs));
  }
}

/**
 * MQwen with its head.
 *
 * `forward` takes input_ids, images, past_key_values, attention_mask, token_type_ids, position_ids, head_mask,
 * inputs_embeds, encoder_hidden_states, encoder_attention_mask, labels, use_cache, output_attentions,
 * output_hidden_states and return_dict. `images` are projected features [batch, image_context_length, hidden_size];
 * each row of ids has one placeholder, anywhere. Later steps of a cache do not look at `images`.
 *
 * @example
 * const model = await MQWenLMHeadModel.from_pretrained('Qwen-1_8B-Chat', {
 *   other_config: { replace_token_id: 151646, image_context_length: 256, image_feature_hidden_size: 2048 }
 * });
 * const out = await model({ input_ids, images });
 */
export class MQWenLMHeadModel extends QWenLMHeadModel {
  constructor(config: PretrainedConfig, parts: ModelParts) {
    super(config, parts);
    checkConfig(config);
  }

  override get forward_parameters(): readonly string[] {
    return ['images', ...super.forward_parameters];
  }

  override async embed_inputs(inputs: ForwardInputs): Promise<ForwardInputs> {
    return embedImages(this, await super.embed_inputs(inputs));
  }

  /** QWen's rules, with the images passed on at every step. */
  override prepare_inputs_for_generation(
    input_ids: Tensor,
    kwargs: Record<string, unknown> = {}
  ): Record<string, unknown> {
    const inputs = super.prepare_inputs_for_generation(input_ids, kwargs);
    return kwargs['images'] === undefined || kwargs['images'] === null
      ? inputs
      : { ...inputs, images: kwargs['images'] };
  }
}
