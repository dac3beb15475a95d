/**
 * BART: encoder-decoder with LayerNorm after every sum and learned positions.
 * Source: transformers/models/bart/modeling_bart.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Attention, Family, Norm, Stack, Task, WeightMap } from './architecture';
import { activation, flag, size } from './fields';
import { affine } from './llama';

const norm: Norm = { type: 'layer', eps: 1e-5, bias: true };

function bartStack(config: PretrainedConfig, side: 'encoder' | 'decoder', task: Task): Stack {
  const width = size(config, 'd_model');
  const heads = size(config, `${side}_attention_heads`);
  const vocab_size = size(config, 'vocab_size');
  const isDecoder = side === 'decoder';
  const attention: Attention = {
    heads,
    kv_heads: heads,
    head_dim: width / heads,
    scale: Math.pow(width / heads, -0.5),
    bias: { q: true, k: true, v: true, o: true }
  };
  const unembed = { op: 'linear', name: 'unembed', in: width, out: vocab_size, bias: true } as const;
  const scale = flag(config, 'scale_embedding') ? { scale: Math.sqrt(width) } : {};
  return {
    prefix: `${side}.`,
    hidden_size: width,
    embedding: {
      tokens: { vocab_size, dim: width, ...scale },
      positions: { rows: size(config, 'max_position_embeddings') + 2, offset: 2, from: 'arange' },
      norm
    },
    blocks: Array.from({ length: size(config, `${side}_layers`) }, () => ({
      attention,
      ...(isDecoder ? { cross_attention: attention, ln_cross: norm } : {}),
      mlp: {
        size: size(config, `${side}_ffn_dim`),
        activation: activation(config, 'activation_function'),
        gated: false,
        bias: { in: true, out: true }
      },
      norm_placement: 'post',
      residual: 'sequential',
      ln1: norm,
      ln2: norm
    })),
    ropes: {},
    causal: isDecoder,
    heads:
      isDecoder && task === 'seq2seq_lm'
        ? [{ output: 'logits', from: 'last_hidden_state', steps: [{ op: 'rows' }, unembed] }]
        : []
  };
}

function attentionWeights(to: string, from: string): WeightMap {
  return {
    ...affine(`${to}.q`, `${from}.q_proj`),
    ...affine(`${to}.k`, `${from}.k_proj`),
    ...affine(`${to}.v`, `${from}.v_proj`),
    ...affine(`${to}.o`, `${from}.out_proj`)
  };
}

function bartWeights(side: 'encoder' | 'decoder'): WeightMap {
  const layer = `model.${side}.layers.{i}`;
  const to = `${side}.blocks.{i}`;
  return {
    [`${side}.embed.weight`]: { name: 'model.shared.weight', or: `model.${side}.embed_tokens.weight` },
    [`${side}.pos_embed.weight`]: `model.${side}.embed_positions.weight`,
    ...affine(`${side}.embed_norm`, `model.${side}.layernorm_embedding`),
    ...attentionWeights(`${to}.attn`, `${layer}.self_attn`),
    ...affine(`${to}.ln1`, `${layer}.self_attn_layer_norm`),
    ...(side === 'decoder'
      ? {
          ...attentionWeights(`${to}.cross_attn`, `${layer}.encoder_attn`),
          ...affine(`${to}.ln_cross`, `${layer}.encoder_attn_layer_norm`)
        }
      : {}),
    ...affine(`${to}.mlp.in`, `${layer}.fc1`),
    ...affine(`${to}.mlp.out`, `${layer}.fc2`),
    ...affine(`${to}.ln2`, `${layer}.final_layer_norm`)
  };
}

export const bart: Family = {
  model_type: 'bart',
  classes: { config: 'BartConfig', base: 'BartModel', seq2seq_lm: 'BartForConditionalGeneration' },
  architecture: (config, task) => ({
    stacks: [bartStack(config, 'encoder', task), bartStack(config, 'decoder', task)],
    weights: {
      ...bartWeights('encoder'),
      ...bartWeights('decoder'),
      'decoder.unembed.weight': flag(config, 'tie_word_embeddings', true)
        ? { name: 'model.shared.weight', or: 'model.decoder.embed_tokens.weight' }
        : 'lm_head.weight',
      'decoder.unembed.bias': 'final_logits_bias'
    },
    base_prefix: 'model.',
    buffers: [/^final_logits_bias$/],
    ignore: [/embed_tokens\.weight$/, /^lm_head\.weight$/, /^final_logits_bias$/]
  })
};
