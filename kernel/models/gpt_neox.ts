/**
 * GPT-NeoX and Pythia: LayerNorm, partial rotation, q, k and v packed head by head, attention and MLP in parallel.
 * Source: transformers/models/gpt_neox/modeling_gpt_neox.py
 */
import type { Family, Norm } from './architecture';
import { activation, flag, num, size } from './fields';
import { affine, languageHead, layers, packed } from './llama';
import { ropeFromConfig } from './rope';

export const gpt_neox: Family = {
  model_type: 'gpt_neox',
  classes: { config: 'GPTNeoXConfig', base: 'GPTNeoXModel', causal_lm: 'GPTNeoXForCausalLM' },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const heads = size(config, 'num_attention_heads');
    const head_dim = width / heads;
    const norm: Norm = { type: 'layer', eps: num(config, 'layer_norm_eps'), bias: true };
    const bias = flag(config, 'attention_bias', true);
    const layer = 'gpt_neox.layers.{i}';
    const part = (which: number) => ({
      groups: heads,
      size: 3 * head_dim,
      from: which * head_dim,
      to: (which + 1) * head_dim
    });
    const qkv = `${layer}.attention.query_key_value`;
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: { tokens: { vocab_size: size(config, 'vocab_size'), dim: width } },
          blocks: layers(config, () => ({
            attention: {
              heads,
              kv_heads: heads,
              head_dim,
              scale: Math.pow(head_dim, -0.5),
              bias: { q: bias, k: bias, v: bias, o: bias },
              rope: 'default'
            },
            mlp: {
              size: size(config, 'intermediate_size'),
              activation: activation(config, 'hidden_act'),
              gated: false,
              bias: { in: true, out: true }
            },
            norm_placement: 'pre',
            residual: flag(config, 'use_parallel_residual', true) ? 'parallel' : 'sequential',
            ln1: norm,
            ln2: norm
          })),
          final_norm: norm,
          ropes: { default: ropeFromConfig(config, head_dim) },
          causal: true,
          heads: languageHead(config, task)
        }
      ],
      weights: {
        'embed.weight': 'gpt_neox.embed_in.weight',
        ...packed('blocks.{i}.attn.q', qkv, part(0)),
        ...packed('blocks.{i}.attn.k', qkv, part(1)),
        ...packed('blocks.{i}.attn.v', qkv, part(2)),
        ...affine('blocks.{i}.attn.o', `${layer}.attention.dense`),
        ...affine('blocks.{i}.mlp.in', `${layer}.mlp.dense_h_to_4h`),
        ...affine('blocks.{i}.mlp.out', `${layer}.mlp.dense_4h_to_h`),
        ...affine('blocks.{i}.ln1', `${layer}.input_layernorm`),
        ...affine('blocks.{i}.ln2', `${layer}.post_attention_layernorm`),
        ...affine('ln_final', 'gpt_neox.final_layer_norm'),
        'unembed.weight': flag(config, 'tie_word_embeddings') ? 'gpt_neox.embed_in.weight' : 'embed_out.weight'
      },
      base_prefix: 'gpt_neox.',
      ignore: [/\.attention\.(masked_)?bias$/, /rotary_emb\.inv_freq$/]
    };
  }
};
