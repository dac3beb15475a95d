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

/**
 * Fields and defaults of SigLIP's vision tower.
 * Source: transformers/models/siglip/configuration_siglip.py
 */
export const siglipVisionConfig: ConfigEntry = {
  name: 'SiglipVisionConfig',
  fields: {
    hidden_size: [768, 'int'],
    intermediate_size: [3072, 'int'],
    num_hidden_layers: [12, 'int'],
    num_attention_heads: [12, 'int'],
    num_channels: [3, 'int'],
    image_size: [224, 'int'],
    patch_size: [16, 'int'],
    hidden_act: ['gelu_pytorch_tanh', 'string'],
    layer_norm_eps: [1e-6, 'number'],
    attention_dropout: [0, 'number']
  }
};
