/**
 * Falcon: rotary or ALiBi positions, multi-query or grouped keys packed with the queries, attention and MLP in
 * parallel in all but the oldest.
 * Source: transformers/models/falcon/modeling_falcon.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Block, Family, Norm, Rope, WeightMap } from './architecture';
import { activation, flag, num, optionalNum, size } from './fields';
import { affine, languageHead, layers, packed } from './llama';
import { ropeFromConfig } from './rope';

interface Layout {
  readonly heads: number;
  readonly kv_heads: number;
  readonly head_dim: number;
}

function layout(config: PretrainedConfig): Layout {
  const heads = size(config, 'num_attention_heads');
  const grouped = flag(config, 'new_decoder_architecture');
  const kv_heads = grouped
    ? (optionalNum(config, 'num_kv_heads') ?? heads)
    : flag(config, 'multi_query', true)
      ? 1
      : heads;
  return { heads, kv_heads, head_dim: size(config, 'hidden_size') / heads };
}

/** How q, k and v lie in `query_key_value`. */
function packing(config: PretrainedConfig, { heads, kv_heads, head_dim: d }: Layout): WeightMap {
  const from = 'transformer.h.{i}.self_attention.query_key_value';
  // Each key/value head is preceded by the query heads it serves; multi-query is one such group.
  const queries = heads / kv_heads;
  const groups = flag(config, 'new_decoder_architecture') || kv_heads === 1 ? kv_heads : heads;
  const per = groups === kv_heads ? queries : 1;
  const rows = (start: number, end: number) => ({ groups, size: (per + 2) * d, from: start * d, to: end * d });
  return {
    ...packed('blocks.{i}.attn.q', from, rows(0, per)),
    ...packed('blocks.{i}.attn.k', from, rows(per, per + 1)),
    ...packed('blocks.{i}.attn.v', from, rows(per + 1, per + 2))
  };
}

function falconBlock(config: PretrainedConfig, norm: Norm): Block {
  const sizes = layout(config);
  const bias = flag(config, 'bias');
  const isNew = flag(config, 'new_decoder_architecture');
  const twoNorms = isNew && (optionalNum(config, 'num_ln_in_parallel_attn') ?? 2) === 2;
  const isParallel = isNew || flag(config, 'parallel_attn', true);
  return {
    attention: {
      ...sizes,
      scale: Math.pow(sizes.head_dim, -0.5),
      bias: { q: bias, k: bias, v: bias, o: bias },
      ...(flag(config, 'alibi') ? {} : { rope: 'default' })
    },
    mlp: {
      size: optionalNum(config, 'ffn_hidden_size') ?? 4 * size(config, 'hidden_size'),
      activation: activation(config, 'activation'),
      gated: false,
      bias: { in: bias, out: bias }
    },
    norm_placement: 'pre',
    residual: isParallel ? 'parallel' : 'sequential',
    ln1: norm,
    ln2: isParallel && !twoNorms ? 'shared' : norm
  };
}

export const falcon: Family = {
  model_type: 'falcon',
  classes: { config: 'FalconConfig', base: 'FalconModel', causal_lm: 'FalconForCausalLM' },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const norm: Norm = { type: 'layer', eps: num(config, 'layer_norm_epsilon'), bias: true };
    const block = falconBlock(config, norm);
    const isAlibi = flag(config, 'alibi');
    const twoNorms = block.residual === 'parallel' && block.ln2 !== 'shared';
    const layer = 'transformer.h.{i}';
    const { heads, head_dim } = block.attention;
    const ropes: { [name: string]: Rope } = isAlibi ? {} : { default: ropeFromConfig(config, head_dim) };
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: { tokens: { vocab_size: size(config, 'vocab_size'), dim: width } },
          blocks: layers(config, () => block),
          final_norm: norm,
          ropes,
          causal: true,
          // Python's eager attention adds ALiBi twice, in the mask and in the scores (5.23, modeling_falcon.py 394 and 775);
          // sdpa adds it once. Numbers here are those of eager, which is what returns attentions.
          ...(isAlibi ? { alibi: { heads, scale: 2 * Math.pow(head_dim, -0.5) } } : {}),
          heads: languageHead(config, task)
        }
      ],
      weights: {
        'embed.weight': 'transformer.word_embeddings.weight',
        ...packing(config, block.attention),
        ...affine('blocks.{i}.attn.o', `${layer}.self_attention.dense`),
        ...affine('blocks.{i}.mlp.in', `${layer}.mlp.dense_h_to_4h`),
        ...affine('blocks.{i}.mlp.out', `${layer}.mlp.dense_4h_to_h`),
        ...affine('blocks.{i}.ln1', twoNorms ? `${layer}.ln_attn` : `${layer}.input_layernorm`),
        ...affine('blocks.{i}.ln2', twoNorms ? `${layer}.ln_mlp` : `${layer}.post_attention_layernorm`),
        ...affine('ln_final', 'transformer.ln_f'),
        'unembed.weight': flag(config, 'tie_word_embeddings', true)
          ? 'transformer.word_embeddings.weight'
          : 'lm_head.weight'
      },
      base_prefix: 'transformer.',
      ignore: [/rotary_emb\.inv_freq$/, /^lm_head\.weight$/]
    };
  }
};
