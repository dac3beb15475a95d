/**
 * Gemma 2: Llama with four norms per block stored as w − 1, soft caps on scores and logits, scaled embeddings, and
 * every second layer looking through a sliding window.
 * Source: transformers/models/gemma2/modular_gemma2.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Architecture, Block, Family, Head, Stack, Task, WeightMap } from './architecture';
import { activation, flag, num, optionalNum, size, withFields } from './fields';
import { llamaArchitecture, llamaBlock, rmsNorm } from './llama';
import { windowed } from './qwen2';

/** The block of Gemma 2 and 3. */
export function gemmaBlock(config: PretrainedConfig): Block {
  const base = llamaBlock(withFields(config, { hidden_act: config['hidden_activation'] }));
  const norm = rmsNorm(config);
  const softcap = optionalNum(config, 'attn_logit_softcapping');
  return {
    ...base,
    mlp: { ...base.mlp, activation: activation(config, 'hidden_activation') },
    attention: {
      ...base.attention,
      scale: Math.pow(num(config, 'query_pre_attn_scalar'), -0.5),
      ...(softcap === undefined ? {} : { softcap })
    },
    ln1_post: norm,
    ln2_post: norm
  };
}

/** Gemma's architecture from its blocks. */
export function gemmaArchitecture(config: PretrainedConfig, task: Task, blocks: readonly Block[]): Architecture {
  if (flag(config, 'use_bidirectional_attention')) {
    throw new RangeError(
      `Cannot build ${config.model_type} as use_bidirectional_attention must be false: current value is true`
    );
  }
  const base = llamaArchitecture(config, task, blocks);
  const stack = base.stacks[0]!;
  const cap = optionalNum(config, 'final_logit_softcapping');
  const tokens = { ...stack.embedding.tokens!, scale: Math.fround(Math.sqrt(size(config, 'hidden_size'))) };
  const capped = (head: Head): Head =>
    cap === undefined ? head : { ...head, steps: [...head.steps, { op: 'softcap', cap }] };
  const scaled: Stack = { ...stack, embedding: { ...stack.embedding, tokens }, heads: stack.heads.map(capped) };
  return { ...base, stacks: [scaled], weights: gemmaWeights(base.weights) };
}

/** Llama's names with Gemma's four norms; every norm is stored as w − 1. */
function gemmaWeights(base: WeightMap): WeightMap {
  const layer = 'model.layers.{i}';
  const norm = (name: string) => ({ name: `${name}.weight`, plus: 1 });
  return {
    ...base,
    'blocks.{i}.ln1.weight': norm(`${layer}.input_layernorm`),
    'blocks.{i}.ln1_post.weight': norm(`${layer}.post_attention_layernorm`),
    'blocks.{i}.ln2.weight': norm(`${layer}.pre_feedforward_layernorm`),
    'blocks.{i}.ln2_post.weight': norm(`${layer}.post_feedforward_layernorm`),
    'blocks.{i}.attn.q_norm.weight': norm(`${layer}.self_attn.q_norm`),
    'blocks.{i}.attn.k_norm.weight': norm(`${layer}.self_attn.k_norm`),
    'ln_final.weight': norm('model.norm')
  };
}

export const gemma2: Family = {
  model_type: 'gemma2',
  classes: { config: 'Gemma2Config', base: 'Gemma2Model', causal_lm: 'Gemma2ForCausalLM' },
  architecture: (config, task) => gemmaArchitecture(config, task, windowed(config, gemmaBlock(config)))
};
