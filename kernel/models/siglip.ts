/**
 * SigLIP's vision tower: CLIP's without a CLS token and without the norm in front, with a bias on the patches, and with
 * its last norm on all positions. Its pooling head is not described, so it serves inside LLaVA and not as a model.
 * Source: transformers/models/siglip/modeling_siglip.py
 */
import type { Family } from './architecture';
import { clipNorm, clipStack, towerWeights } from './clip';
import { size } from './fields';
import { affine } from './llama';

export const siglipVision: Family = {
  model_type: 'siglip_vision_model',
  classes: { config: 'SiglipVisionConfig', base: 'SiglipVisionModel' },
  architecture: config => {
    const image_size = size(config, 'image_size');
    const patch_size = size(config, 'patch_size');
    const embedding = {
      patches: { image_size, patch_size, channels: size(config, 'num_channels'), bias: true, cls: false },
      positions: { rows: Math.floor(image_size / patch_size) ** 2, offset: 0, from: 'arange' }
    } as const;
    return {
      stacks: [{ ...clipStack(config, '', embedding, []), final_norm: clipNorm(config), last_hidden_normed: false }],
      weights: {
        ...affine('patch_embed', 'vision_model.embeddings.patch_embedding'),
        'pos_embed.weight': 'vision_model.embeddings.position_embedding.weight',
        ...towerWeights('', 'vision_model'),
        ...affine('ln_final', 'vision_model.post_layernorm')
      },
      ignore: [/position_ids$/, /vision_(model|tower)\.(vision_model\.)?head\./]
    };
  }
};
