import type { ConfigEntry } from './entry';

/**
 * Fields and defaults of LLaVA. The two configurations inside are of whichever model they name.
 * Source: transformers/models/llava/configuration_llava.py
 */
export const llavaConfig: ConfigEntry = {
  name: 'LlavaConfig',
  fields: {
    vision_config: [null, 'dict | null'],
    text_config: [null, 'dict | null'],
    image_token_index: [32000, 'int'],
    image_seq_length: [576, 'int'],
    projector_hidden_act: ['gelu', 'string'],
    vision_feature_select_strategy: ['default', 'string'],
    vision_feature_layer: [-2, 'int | list'],
    multimodal_projector_bias: [true, 'bool'],
    tie_word_embeddings: [false, 'bool']
  },
  aliases: { image_token_id: 'image_token_index' }
};
