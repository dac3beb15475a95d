/**
 * OLMo 2: Llama with norms after attention and MLP instead of before, and RMSNorm over whole query and key vectors.
 * Source: transformers/models/olmo2/modular_olmo2.py
 */
import type { Block, Family } from './architecture';
import { layers, llamaArchitecture, llamaBlock, rmsNorm } from './llama';

export const olmo2: Family = {
  model_type: 'olmo2',
  classes: { config: 'Olmo2Config', base: 'Olmo2Model', causal_lm: 'Olmo2ForCausalLM' },
  architecture: (config, task) => {
    const { ln1, ln2, ...block } = llamaBlock(config);
    const norm = rmsNorm(config);
    const after: Block = {
      ...block,
      attention: { ...block.attention, qk_norm: { norm, scope: 'full' } },
      ln1_post: ln1!,
      ln2_post: norm
    };
    const base = llamaArchitecture(
      config,
      task,
      layers(config, () => after)
    );
    const layer = 'model.layers.{i}';
    return {
      ...base,
      weights: {
        ...base.weights,
        'blocks.{i}.ln1_post.weight': `${layer}.post_attention_layernorm.weight`,
        'blocks.{i}.ln2_post.weight': `${layer}.post_feedforward_layernorm.weight`,
        'blocks.{i}.attn.q_norm.weight': `${layer}.self_attn.q_norm.weight`,
        'blocks.{i}.attn.k_norm.weight': `${layer}.self_attn.k_norm.weight`
      }
    };
  }
};
