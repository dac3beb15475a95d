/**
 * Llama: pre-norm decoder with RMSNorm, rotary positions, grouped-query attention and a gated SiLU MLP.
 * The family most others are written as a difference from.
 * Source: transformers/models/llama/modeling_llama.py
 */
import type { PretrainedConfig } from '../config/config';
import type {
  Architecture,
  Attention,
  Block,
  Family,
  Head,
  Norm,
  Stack,
  Task,
  WeightMap,
  WeightSource
} from './architecture';
import { activation, flag, num, optionalNum, size } from './fields';
import { ropeFromConfig } from './rope';

/** Heads, sizes and biases of a Llama-like attention. */
export function llamaAttention(config: PretrainedConfig): Attention {
  const heads = size(config, 'num_attention_heads');
  const head_dim = optionalNum(config, 'head_dim') ?? size(config, 'hidden_size') / heads;
  const bias = flag(config, 'attention_bias');
  return {
    heads,
    kv_heads: optionalNum(config, 'num_key_value_heads') ?? heads,
    head_dim,
    scale: Math.pow(head_dim, -0.5),
    bias: { q: bias, k: bias, v: bias, o: bias },
    rope: 'default'
  };
}

/** The block every Llama-like layer is. */
export function llamaBlock(config: PretrainedConfig): Block {
  const norm = rmsNorm(config);
  const bias = flag(config, 'mlp_bias');
  return {
    attention: llamaAttention(config),
    mlp: {
      size: size(config, 'intermediate_size'),
      activation: activation(config, 'hidden_act'),
      gated: true,
      bias: { in: bias, out: bias }
    },
    norm_placement: 'pre',
    residual: 'sequential',
    ln1: norm,
    ln2: norm
  };
}

export function rmsNorm(config: PretrainedConfig): Norm {
  return { type: 'rms', eps: num(config, 'rms_norm_eps') };
}

/** The head of a causal language model, on the rows asked for; none for the bare model. */
export function languageHead(config: PretrainedConfig, task: Task, bias = false): readonly Head[] {
  const unembed = {
    op: 'linear',
    name: 'unembed',
    in: size(config, 'hidden_size'),
    out: size(config, 'vocab_size'),
    bias
  } as const;
  return task === 'causal_lm'
    ? [{ output: 'logits', from: 'last_hidden_state', steps: [{ op: 'rows' }, unembed] }]
    : [];
}

/** The stack of a Llama-like decoder from its blocks. */
export function llamaStack(config: PretrainedConfig, task: Task, blocks: readonly Block[]): Stack {
  const width = size(config, 'hidden_size');
  return {
    prefix: '',
    hidden_size: width,
    embedding: { tokens: { vocab_size: size(config, 'vocab_size'), dim: width } },
    blocks,
    final_norm: rmsNorm(config),
    ropes: { default: ropeFromConfig(config, blocks[0]!.attention.head_dim) },
    causal: true,
    heads: languageHead(config, task)
  };
}

/** `count` copies of something per layer, or one made for each. */
export function layers<T>(config: PretrainedConfig, make: (layer: number) => T): T[] {
  return Array.from({ length: size(config, 'num_hidden_layers') }, (_, i) => make(i));
}

/** Weight and bias of a linear map or norm, with the same change to both. */
export function affine(to: string, from: string, change: Partial<WeightSource> = {}): WeightMap {
  const source = (part: string): string | WeightSource =>
    Object.keys(change).length === 0 ? `${from}.${part}` : { name: `${from}.${part}`, ...change };
  return { [`${to}.weight`]: source('weight'), [`${to}.bias`]: source('bias') };
}

/** Rows [from, to) of a packed projection, weight and bias. */
export function packed(to: string, from: string, rows: NonNullable<WeightSource['rows']>): WeightMap {
  return affine(to, from, { rows });
}

/** Checkpoint names of a Llama-like decoder. */
export function llamaWeights(config: PretrainedConfig): WeightMap {
  const layer = 'model.layers.{i}';
  return {
    'embed.weight': 'model.embed_tokens.weight',
    'blocks.{i}.ln1.weight': `${layer}.input_layernorm.weight`,
    'blocks.{i}.ln2.weight': `${layer}.post_attention_layernorm.weight`,
    ...affine('blocks.{i}.attn.q', `${layer}.self_attn.q_proj`),
    ...affine('blocks.{i}.attn.k', `${layer}.self_attn.k_proj`),
    ...affine('blocks.{i}.attn.v', `${layer}.self_attn.v_proj`),
    ...affine('blocks.{i}.attn.o', `${layer}.self_attn.o_proj`),
    ...affine('blocks.{i}.mlp.gate', `${layer}.mlp.gate_proj`),
    ...affine('blocks.{i}.mlp.in', `${layer}.mlp.up_proj`),
    ...affine('blocks.{i}.mlp.out', `${layer}.mlp.down_proj`),
    'ln_final.weight': 'model.norm.weight',
    'unembed.weight': flag(config, 'tie_word_embeddings') ? 'model.embed_tokens.weight' : 'lm_head.weight'
  };
}

/** A Llama-like architecture from one block per layer. */
export function llamaArchitecture(config: PretrainedConfig, task: Task, blocks: readonly Block[]): Architecture {
  return {
    stacks: [llamaStack(config, task, blocks)],
    weights: llamaWeights(config),
    base_prefix: 'model.',
    ignore: [/rotary_emb\.inv_freq$/]
  };
}

export const llama: Family = {
  model_type: 'llama',
  classes: { config: 'LlamaConfig', base: 'LlamaModel', causal_lm: 'LlamaForCausalLM' },
  architecture: (config, task) =>
    llamaArchitecture(
      config,
      task,
      layers(config, () => llamaBlock(config))
    )
};
