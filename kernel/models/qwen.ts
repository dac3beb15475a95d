/**
 * QWen v1: packed q, k and v with a bias, gate `w2` and input `w1`, dynamic NTK frozen after the first run, log-n.
 * Source: modeling_qwen.py of Qwen/Qwen-1_8B (its remote code)
 */
import type { PretrainedConfig } from '../config/config';
import type { Attention, Family, Rope, WeightMap } from './architecture';
import { flag, num, size } from './fields';
import { languageHead, layers } from './llama';
import { plainFrequencies } from './rope';

/** 2^⌈log2(length / trained) + 1⌉ − 1 beyond the trained length, 1 within it. */
export function ntkAlpha(length: number, trained: number): number {
  return Math.max(2 ** Math.ceil(Math.log2(length / trained) + 1) - 1, 1);
}

function qwenRope(config: PretrainedConfig, dim: number): Rope {
  const base = num(config, 'rotary_emb_base');
  const trained = size(config, 'seq_length');
  const dynamic = flag(config, 'use_dynamic_ntk', true);
  return {
    dim,
    inv_freq: length => plainFrequencies(dynamic ? base * ntkAlpha(length, trained) ** (dim / (dim - 2)) : base, dim),
    attention_scaling: () => 1,
    frozen: dynamic
  };
}

function qwenAttention(config: PretrainedConfig): Attention {
  const heads = size(config, 'num_attention_heads');
  const head_dim = size(config, 'kv_channels');
  if (heads * head_dim !== size(config, 'hidden_size')) {
    throw new TypeError(
      `Cannot build qwen as hidden_size must be num_attention_heads · kv_channels (${heads} · ${head_dim}): ` +
        `current value is ${size(config, 'hidden_size')}`
    );
  }
  const bias = !flag(config, 'no_bias', true);
  return {
    heads,
    kv_heads: heads,
    head_dim,
    scale: flag(config, 'scale_attn_weights', true) ? head_dim ** -0.5 : 1,
    bias: { q: true, k: true, v: true, o: bias },
    rope: 'default',
    ...(flag(config, 'use_logn_attn', true) ? { query_scale: { logn: size(config, 'seq_length') } } : {})
  };
}

function qwenWeights(config: PretrainedConfig): WeightMap {
  const layer = 'transformer.h.{i}';
  const width = size(config, 'hidden_size');
  const packed = (part: number): WeightMap => {
    const site = 'qkv'[part]!;
    const rows = { groups: 1, size: 3 * width, from: part * width, to: (part + 1) * width };
    return {
      [`blocks.{i}.attn.${site}.weight`]: { name: `${layer}.attn.c_attn.weight`, rows },
      [`blocks.{i}.attn.${site}.bias`]: { name: `${layer}.attn.c_attn.bias`, rows }
    };
  };
  const linear = (canonical: string, name: string): WeightMap => ({
    [`blocks.{i}.${canonical}.weight`]: `${layer}.${name}.weight`,
    [`blocks.{i}.${canonical}.bias`]: `${layer}.${name}.bias`
  });
  return {
    'embed.weight': 'transformer.wte.weight',
    'blocks.{i}.ln1.weight': `${layer}.ln_1.weight`,
    'blocks.{i}.ln2.weight': `${layer}.ln_2.weight`,
    ...packed(0),
    ...packed(1),
    ...packed(2),
    ...linear('attn.o', 'attn.c_proj'),
    ...linear('mlp.in', 'mlp.w1'),
    ...linear('mlp.gate', 'mlp.w2'),
    ...linear('mlp.out', 'mlp.c_proj'),
    'ln_final.weight': 'transformer.ln_f.weight',
    'unembed.weight': flag(config, 'tie_word_embeddings') ? 'transformer.wte.weight' : 'lm_head.weight'
  };
}

export const qwen: Family = {
  model_type: 'qwen',
  classes: { config: 'QWenConfig', base: 'QWenModel', causal_lm: 'QWenLMHeadModel' },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const inner = size(config, 'intermediate_size');
    if (inner % 2 !== 0) {
      throw new TypeError(
        `Cannot build qwen as intermediate_size must be even (w1 and w2 have half each): current value is ${inner}`
      );
    }
    const bias = !flag(config, 'no_bias', true);
    const norm = { type: 'rms', eps: num(config, 'layer_norm_epsilon') } as const;
    const attention = qwenAttention(config);
    const rotary = Math.trunc(attention.head_dim * num(config, 'rotary_pct'));
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: { tokens: { vocab_size: size(config, 'vocab_size'), dim: width } },
          blocks: layers(config, () => ({
            attention,
            mlp: { size: inner / 2, activation: 'silu', gated: true, bias: { in: bias, out: bias } },
            norm_placement: 'pre',
            residual: 'sequential',
            ln1: norm,
            ln2: norm
          })),
          final_norm: norm,
          ropes: { default: qwenRope(config, rotary) },
          causal: true,
          heads: languageHead(config, task)
        }
      ],
      weights: qwenWeights(config),
      base_prefix: 'transformer.',
      ignore: [/rotary_emb\.inv_freq$/, /\.logn_tensor$/, /^visual\./]
    };
  }
};
