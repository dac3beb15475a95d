/**
 * GPT-2: pre-norm decoder with LayerNorm, learned positions and a plain MLP; weights stored [in, out], q, k and v as
 * one matrix.
 * Source: transformers/models/gpt2/modeling_gpt2.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Block, Family, Norm } from './architecture';
import { activation, flag, num, optionalNum, size } from './fields';
import { affine, languageHead, layers } from './llama';

function gpt2Block(config: PretrainedConfig, layer: number): Block {
  const width = size(config, 'hidden_size');
  const heads = size(config, 'num_attention_heads');
  const head_dim = width / heads;
  const norm: Norm = { type: 'layer', eps: num(config, 'layer_norm_epsilon'), bias: true };
  const scale = flag(config, 'scale_attn_weights', true) ? Math.pow(head_dim, -0.5) : 1;
  return {
    attention: {
      heads,
      kv_heads: heads,
      head_dim,
      scale: flag(config, 'scale_attn_by_inverse_layer_idx') ? scale / (layer + 1) : scale,
      bias: { q: true, k: true, v: true, o: true }
    },
    mlp: {
      size: optionalNum(config, 'n_inner') ?? 4 * width,
      activation: activation(config, 'activation_function'),
      gated: false,
      bias: { in: true, out: true }
    },
    norm_placement: 'pre',
    residual: 'sequential',
    ln1: norm,
    ln2: norm
  };
}

export const gpt2: Family = {
  model_type: 'gpt2',
  classes: { config: 'GPT2Config', base: 'GPT2Model', causal_lm: 'GPT2LMHeadModel' },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const blocks = layers(config, i => gpt2Block(config, i));
    const layer = 'transformer.h.{i}';
    const part = (which: number) => {
      const rows = { groups: 1, size: 3 * width, from: which * width, to: (which + 1) * width };
      return {
        weight: { name: `${layer}.attn.c_attn.weight`, transpose: true, rows },
        bias: { name: `${layer}.attn.c_attn.bias`, rows }
      };
    };
    const turned = (to: string, from: string) => ({
      [`${to}.weight`]: { name: `${from}.weight`, transpose: true },
      [`${to}.bias`]: `${from}.bias`
    });
    const qkv = Object.fromEntries(
      (['q', 'k', 'v'] as const).flatMap((site, which) => {
        const { weight, bias } = part(which);
        return [
          [`blocks.{i}.attn.${site}.weight`, weight],
          [`blocks.{i}.attn.${site}.bias`, bias]
        ];
      })
    );
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: {
            tokens: { vocab_size: size(config, 'vocab_size'), dim: width },
            positions: { rows: size(config, 'max_position_embeddings'), offset: 0, from: 'arange' }
          },
          blocks,
          final_norm: blocks[0]!.ln1!,
          ropes: {},
          causal: true,
          heads: languageHead(config, task)
        }
      ],
      weights: {
        'embed.weight': 'transformer.wte.weight',
        'pos_embed.weight': 'transformer.wpe.weight',
        ...qkv,
        ...turned('blocks.{i}.attn.o', `${layer}.attn.c_proj`),
        ...turned('blocks.{i}.mlp.in', `${layer}.mlp.c_fc`),
        ...turned('blocks.{i}.mlp.out', `${layer}.mlp.c_proj`),
        ...affine('blocks.{i}.ln1', `${layer}.ln_1`),
        ...affine('blocks.{i}.ln2', `${layer}.ln_2`),
        ...affine('ln_final', 'transformer.ln_f'),
        'unembed.weight': flag(config, 'tie_word_embeddings', true) ? 'transformer.wte.weight' : 'lm_head.weight'
      },
      base_prefix: 'transformer.',
      ignore: [/\.attn\.(masked_)?bias$/, /^lm_head\.weight$/]
    };
  }
};
