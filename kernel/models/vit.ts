/**
 * ViT: pre-norm encoder over image patches and a class token.
 * Source: transformers/models/vit/modeling_vit.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Block, Family, Head, Norm, Task } from './architecture';
import { classes, pooler } from './bert';
import { activation, flag, num, optionalNum, size } from './fields';
import { affine, layers } from './llama';

function vitBlock(config: PretrainedConfig, norm: Norm): Block {
  const heads = size(config, 'num_attention_heads');
  const head_dim = size(config, 'hidden_size') / heads;
  const bias = flag(config, 'qkv_bias', true);
  return {
    attention: {
      heads,
      kv_heads: heads,
      head_dim,
      scale: Math.pow(head_dim, -0.5),
      bias: { q: bias, k: bias, v: bias, o: true }
    },
    mlp: {
      size: size(config, 'intermediate_size'),
      activation: activation(config, 'hidden_act'),
      gated: false,
      bias: { in: true, out: true }
    },
    norm_placement: 'pre',
    residual: 'sequential',
    ln1: norm,
    ln2: norm
  };
}

function heads(config: PretrainedConfig, task: Task): readonly Head[] {
  const width = size(config, 'hidden_size');
  if (task === 'image_classification') {
    const classify = { op: 'linear', name: 'classifier', in: width, out: classes(config), bias: true } as const;
    return [{ output: 'logits', from: 'last_hidden_state', steps: [{ op: 'first' }, classify] }];
  }
  const act = config['pooler_act'] === undefined ? 'tanh' : activation(config, 'pooler_act');
  return [pooler(width, optionalNum(config, 'pooler_output_size') ?? width, act)];
}

export const vit: Family = {
  model_type: 'vit',
  classes: { config: 'ViTConfig', base: 'ViTModel', image_classification: 'ViTForImageClassification' },
  architecture: (config, task) => {
    const norm: Norm = { type: 'layer', eps: num(config, 'layer_norm_eps'), bias: true };
    const image_size = size(config, 'image_size');
    const patch_size = size(config, 'patch_size');
    const layer = 'vit.encoder.layer.{i}';
    const embeddings = 'vit.embeddings';
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: size(config, 'hidden_size'),
          embedding: {
            patches: { image_size, patch_size, channels: size(config, 'num_channels'), bias: true, cls: true },
            positions: { rows: Math.floor(image_size / patch_size) ** 2 + 1, offset: 0, from: 'arange' }
          },
          blocks: layers(config, () => vitBlock(config, norm)),
          final_norm: norm,
          last_hidden_normed: false,
          ropes: {},
          causal: false,
          heads: heads(config, task)
        }
      ],
      weights: {
        cls_token: `${embeddings}.cls_token`,
        'pos_embed.weight': `${embeddings}.position_embeddings`,
        ...affine('patch_embed', `${embeddings}.patch_embeddings.projection`),
        ...affine('blocks.{i}.attn.q', `${layer}.attention.attention.query`),
        ...affine('blocks.{i}.attn.k', `${layer}.attention.attention.key`),
        ...affine('blocks.{i}.attn.v', `${layer}.attention.attention.value`),
        ...affine('blocks.{i}.attn.o', `${layer}.attention.output.dense`),
        ...affine('blocks.{i}.ln1', `${layer}.layernorm_before`),
        ...affine('blocks.{i}.ln2', `${layer}.layernorm_after`),
        ...affine('blocks.{i}.mlp.in', `${layer}.intermediate.dense`),
        ...affine('blocks.{i}.mlp.out', `${layer}.output.dense`),
        ...affine('ln_final', 'vit.layernorm'),
        ...affine('pooler', 'vit.pooler.dense'),
        ...affine('classifier', 'classifier')
      },
      base_prefix: 'vit.',
      ignore: [/pooler\.dense/, /^classifier\./]
    };
  }
};
