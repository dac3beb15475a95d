/**
 * CLIP: a causal text encoder and a ViT whose pooled outputs are projected into one space.
 * Source: transformers/models/clip/modeling_clip.py
 */
import { PretrainedConfig } from '../config/config';
import type { Block, Embedding, Family, Head, Norm, Stack, WeightMap } from './architecture';
import { activation, num, optionalNum, size } from './fields';
import { affine, layers } from './llama';

export function clipNorm(config: PretrainedConfig): Norm {
  return { type: 'layer', eps: num(config, 'layer_norm_eps'), bias: true };
}

function clipBlock(config: PretrainedConfig): Block {
  const heads = size(config, 'num_attention_heads');
  const head_dim = size(config, 'hidden_size') / heads;
  return {
    attention: {
      heads,
      kv_heads: heads,
      head_dim,
      scale: Math.pow(head_dim, -0.5),
      bias: { q: true, k: true, v: true, o: true }
    },
    mlp: {
      size: size(config, 'intermediate_size'),
      activation: activation(config, 'hidden_act'),
      gated: false,
      bias: { in: true, out: true }
    },
    norm_placement: 'pre',
    residual: 'sequential',
    ln1: clipNorm(config),
    ln2: clipNorm(config)
  };
}

export function clipStack(
  config: PretrainedConfig,
  prefix: string,
  embedding: Embedding,
  heads: readonly Head[]
): Stack {
  return {
    prefix,
    hidden_size: size(config, 'hidden_size'),
    embedding,
    blocks: layers(config, () => clipBlock(config)),
    ropes: {},
    causal: false,
    heads
  };
}

function projection(config: PretrainedConfig, which: 'text' | 'visual', output: string, out: number): Head {
  const step = {
    op: 'linear',
    name: `${which}_projection`,
    in: size(config, 'hidden_size'),
    out,
    bias: false
  } as const;
  return { output, from: 'pooler_output', steps: [step] };
}

/** The text tower; `projected` is the width of the shared space, if the projection is wanted. */
function textStack(config: PretrainedConfig, prefix: string, projected?: number): Stack {
  const tokens = { vocab_size: size(config, 'vocab_size'), dim: size(config, 'hidden_size') };
  const positions = { rows: size(config, 'max_position_embeddings'), offset: 0, from: 'arange' } as const;
  const pooled: Head = {
    output: 'pooler_output',
    from: 'last_hidden_state',
    steps: [{ op: 'rows', which: 'end_of_text' }]
  };
  const stack = clipStack(config, prefix, { tokens, positions }, [
    pooled,
    ...(projected === undefined ? [] : [projection(config, 'text', 'text_embeds', projected)])
  ]);
  // Each token sees those before it, but nothing is cached; Python's last hidden state entry is before the final norm.
  return { ...stack, final_norm: clipNorm(config), masked: 'causal', last_hidden_normed: false };
}

/** The vision tower: its last hidden state is not normed, its pooled output is. */
function visionStack(config: PretrainedConfig, prefix: string, projected?: number): Stack {
  const image_size = size(config, 'image_size');
  const patch_size = size(config, 'patch_size');
  const embedding: Embedding = {
    patches: { image_size, patch_size, channels: size(config, 'num_channels'), bias: false, cls: true },
    positions: { rows: Math.floor(image_size / patch_size) ** 2 + 1, offset: 0, from: 'arange' },
    norm: clipNorm(config)
  };
  const pooled: Head = {
    output: 'pooler_output',
    from: 'last_hidden_state',
    steps: [{ op: 'first' }, { op: 'norm', name: 'ln_post', norm: clipNorm(config) }]
  };
  const heads = [pooled, ...(projected === undefined ? [] : [projection(config, 'visual', 'image_embeds', projected)])];
  return { ...clipStack(config, prefix, embedding, heads), last_hidden_normed: false };
}

/** Checkpoint names of a tower, `prefix` being ours and `tower` theirs. */
export function towerWeights(prefix: string, tower: string): WeightMap {
  const layer = `${tower}.encoder.layers.{i}`;
  const to = `${prefix}blocks.{i}`;
  return {
    ...affine(`${to}.attn.q`, `${layer}.self_attn.q_proj`),
    ...affine(`${to}.attn.k`, `${layer}.self_attn.k_proj`),
    ...affine(`${to}.attn.v`, `${layer}.self_attn.v_proj`),
    ...affine(`${to}.attn.o`, `${layer}.self_attn.out_proj`),
    ...affine(`${to}.ln1`, `${layer}.layer_norm1`),
    ...affine(`${to}.ln2`, `${layer}.layer_norm2`),
    ...affine(`${to}.mlp.in`, `${layer}.mlp.fc1`),
    ...affine(`${to}.mlp.out`, `${layer}.mlp.fc2`)
  };
}

function textWeights(prefix: string): WeightMap {
  return {
    [`${prefix}embed.weight`]: 'text_model.embeddings.token_embedding.weight',
    [`${prefix}pos_embed.weight`]: 'text_model.embeddings.position_embedding.weight',
    ...towerWeights(prefix, 'text_model'),
    ...affine(`${prefix}ln_final`, 'text_model.final_layer_norm'),
    [`${prefix}text_projection.weight`]: 'text_projection.weight'
  };
}

function visionWeights(prefix: string): WeightMap {
  return {
    [`${prefix}cls_token`]: 'vision_model.embeddings.class_embedding',
    [`${prefix}patch_embed.weight`]: 'vision_model.embeddings.patch_embedding.weight',
    [`${prefix}pos_embed.weight`]: 'vision_model.embeddings.position_embedding.weight',
    ...affine(`${prefix}embed_norm`, 'vision_model.pre_layrnorm'),
    ...towerWeights(prefix, 'vision_model'),
    ...affine(`${prefix}ln_post`, 'vision_model.post_layernorm'),
    [`${prefix}visual_projection.weight`]: 'visual_projection.weight'
  };
}

function part(config: PretrainedConfig, key: 'text_config' | 'vision_config'): PretrainedConfig {
  const value = config[key];
  if (!(value instanceof PretrainedConfig)) {
    throw new TypeError(
      `Cannot build ${config.model_type} as ${key} in config.json must be an object: current value is ${String(value)}`
    );
  }
  return value;
}

const ignore = [/position_ids$/];

export const clip: Family = {
  model_type: 'clip',
  classes: { config: 'CLIPConfig', base: 'CLIPModel', zero_shot_image_classification: 'CLIPModel' },
  architecture: config => {
    const projected = size(config, 'projection_dim');
    return {
      stacks: [
        textStack(part(config, 'text_config'), 'text.', projected),
        visionStack(part(config, 'vision_config'), 'vision.', projected)
      ],
      weights: { ...textWeights('text.'), ...visionWeights('vision.'), logit_scale: 'logit_scale' },
      // Read when it is needed, outside the graphs.
      ignore: [...ignore, /^logit_scale$/]
    };
  }
};

export const clip_text_model: Family = {
  model_type: 'clip_text_model',
  classes: { config: 'CLIPTextConfig', base: 'CLIPTextModel', text_projection: 'CLIPTextModelWithProjection' },
  architecture: (config, task) => ({
    stacks: [
      textStack(config, '', task === 'text_projection' ? (optionalNum(config, 'projection_dim') ?? 512) : undefined)
    ],
    weights: textWeights(''),
    base_prefix: 'text_model.',
    ignore: [...ignore, /^vision_model\./, /^visual_projection/, /^logit_scale$/, /^text_projection/]
  })
};

export const clip_vision_model: Family = {
  model_type: 'clip_vision_model',
  classes: { config: 'CLIPVisionConfig', base: 'CLIPVisionModel', vision_projection: 'CLIPVisionModelWithProjection' },
  architecture: (config, task) => ({
    stacks: [
      visionStack(config, '', task === 'vision_projection' ? (optionalNum(config, 'projection_dim') ?? 512) : undefined)
    ],
    weights: visionWeights(''),
    base_prefix: 'vision_model.',
    ignore: [...ignore, /^text_model\./, /^text_projection/, /^logit_scale$/, /^visual_projection/]
  })
};
