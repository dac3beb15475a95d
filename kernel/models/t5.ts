/**
 * T5: encoder-decoder with RMSNorm, no scale on the scores, and a relative position bias shared by all layers.
 * Source: transformers/models/t5/modeling_t5.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Attention, Block, Family, Norm, Stack, Task, WeightMap } from './architecture';
import { activation, flag, num, size } from './fields';

function t5Attention(config: PretrainedConfig): Attention {
  const heads = size(config, 'num_heads');
  return {
    heads,
    kv_heads: heads,
    head_dim: size(config, 'd_kv'),
    scale: 1,
    bias: { q: false, k: false, v: false, o: false }
  };
}

function t5Block(config: PretrainedConfig, isDecoder: boolean): Block {
  const norm: Norm = { type: 'rms', eps: num(config, 'layer_norm_epsilon') };
  return {
    attention: t5Attention(config),
    ...(isDecoder ? { cross_attention: t5Attention(config), ln_cross: norm } : {}),
    mlp: {
      size: size(config, 'd_ff'),
      activation: activation(config, 'dense_act_fn'),
      gated: flag(config, 'is_gated_act'),
      bias: { in: false, out: false }
    },
    norm_placement: 'pre',
    residual: 'sequential',
    ln1: norm,
    ln2: norm
  };
}

function t5Stack(config: PretrainedConfig, prefix: 'encoder.' | 'decoder.', task: Task): Stack {
  const isDecoder = prefix === 'decoder.';
  const width = size(config, 'd_model');
  const vocab_size = size(config, 'vocab_size');
  const block = t5Block(config, isDecoder);
  const unembed = { op: 'linear', name: 'unembed', in: width, out: vocab_size, bias: false } as const;
  const scaled = flag(config, 'scale_decoder_outputs', flag(config, 'tie_word_embeddings', true));
  const scale = { op: 'scale', by: Math.pow(width, -0.5) } as const;
  return {
    prefix,
    hidden_size: width,
    embedding: { tokens: { vocab_size, dim: width } },
    blocks: Array.from({ length: size(config, isDecoder ? 'num_decoder_layers' : 'num_layers') }, () => block),
    final_norm: block.ln1 as Norm,
    ropes: {},
    causal: isDecoder,
    relative_bias: {
      buckets: size(config, 'relative_attention_num_buckets'),
      max_distance: size(config, 'relative_attention_max_distance'),
      bidirectional: !isDecoder,
      heads: size(config, 'num_heads')
    },
    heads:
      isDecoder && task === 'seq2seq_lm'
        ? [
            {
              output: 'logits',
              from: 'last_hidden_state',
              steps: [{ op: 'rows' }, ...(scaled ? [scale] : []), unembed]
            }
          ]
        : []
  };
}

function t5Weights(side: 'encoder' | 'decoder', isGated: boolean): WeightMap {
  const layer = `${side}.block.{i}.layer`;
  const to = `${side}.blocks.{i}`;
  const mlp = side === 'encoder' ? 1 : 2;
  const attention = (kind: string, name: string, which: number): WeightMap =>
    Object.fromEntries(
      ['q', 'k', 'v', 'o'].map(site => [`${to}.${kind}.${site}.weight`, `${layer}.${which}.${name}.${site}.weight`])
    );
  const dense = `${layer}.${mlp}.DenseReluDense`;
  return {
    [`${side}.embed.weight`]: { name: 'shared.weight', or: `${side}.embed_tokens.weight` },
    [`${side}.relative_bias.weight`]: `${side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight`,
    ...attention('attn', 'SelfAttention', 0),
    [`${to}.ln1.weight`]: `${layer}.0.layer_norm.weight`,
    ...(side === 'decoder'
      ? { ...attention('cross_attn', 'EncDecAttention', 1), [`${to}.ln_cross.weight`]: `${layer}.1.layer_norm.weight` }
      : {}),
    [`${to}.ln2.weight`]: `${layer}.${mlp}.layer_norm.weight`,
    ...(isGated
      ? { [`${to}.mlp.gate.weight`]: `${dense}.wi_0.weight`, [`${to}.mlp.in.weight`]: `${dense}.wi_1.weight` }
      : { [`${to}.mlp.in.weight`]: `${dense}.wi.weight` }),
    [`${to}.mlp.out.weight`]: `${dense}.wo.weight`,
    [`${side}.ln_final.weight`]: `${side}.final_layer_norm.weight`
  };
}

export const t5: Family = {
  model_type: 't5',
  classes: { config: 'T5Config', base: 'T5Model', seq2seq_lm: 'T5ForConditionalGeneration' },
  architecture: (config, task) => {
    const isGated = flag(config, 'is_gated_act');
    return {
      stacks: [t5Stack(config, 'encoder.', task), t5Stack(config, 'decoder.', task)],
      weights: {
        ...t5Weights('encoder', isGated),
        ...t5Weights('decoder', isGated),
        // Tied unless the checkpoint has a head of its own (T5 v1.1, Flan-T5).
        'decoder.unembed.weight': { name: 'lm_head.weight', or: 'shared.weight' }
      },
      ignore: [/embed_tokens\.weight$/, /^lm_head\.weight$/, /EncDecAttention\.relative_attention_bias/]
    };
  }
};
