/**
 * Qwen3: Qwen2 without projection biases, plus an RMSNorm on every query and key head before the rotation.
 * Source: transformers/models/qwen3/modular_qwen3.py
 */
import type { Family } from './architecture';
import { llamaArchitecture, llamaBlock, rmsNorm } from './llama';
import { windowed } from './qwen2';

export const qwen3: Family = {
  model_type: 'qwen3',
  classes: { config: 'Qwen3Config', base: 'Qwen3Model', causal_lm: 'Qwen3ForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const attention = { ...block.attention, qk_norm: { norm: rmsNorm(config), scope: 'head' as const } };
    const base = llamaArchitecture(config, task, windowed(config, { ...block, attention }));
    return {
      ...base,
      weights: {
        ...base.weights,
        'blocks.{i}.attn.q_norm.weight': 'model.layers.{i}.self_attn.q_norm.weight',
        'blocks.{i}.attn.k_norm.weight': 'model.layers.{i}.self_attn.k_norm.weight'
      }
    };
  }
};
