/**
 * Phi-3: Llama with packed projections, partial rotation and LongRoPE.
 * Source: transformers/models/phi3/modular_phi3.py
 */
import type { Family } from './architecture';
import { optionalNum, size } from './fields';
import { layers, llamaArchitecture, llamaBlock, packed } from './llama';

export const phi3: Family = {
  model_type: 'phi3',
  classes: { config: 'Phi3Config', base: 'Phi3Model', causal_lm: 'Phi3ForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const window = optionalNum(config, 'sliding_window');
    const attention = window === undefined ? block.attention : { ...block.attention, window };
    const base = llamaArchitecture(
      config,
      task,
      layers(config, () => ({ ...block, attention }))
    );
    const { heads, kv_heads, head_dim } = attention;
    const q = heads * head_dim;
    const kv = kv_heads * head_dim;
    const rows = (from: number, to: number, size: number) => ({ groups: 1, size, from, to });
    const qkv = 'model.layers.{i}.self_attn.qkv_proj';
    const gateUp = 'model.layers.{i}.mlp.gate_up_proj';
    const inner = size(config, 'intermediate_size');
    return {
      ...base,
      cache_restart: size(config, 'original_max_position_embeddings'),
      weights: {
        ...base.weights,
        ...packed('blocks.{i}.attn.q', qkv, rows(0, q, q + 2 * kv)),
        ...packed('blocks.{i}.attn.k', qkv, rows(q, q + kv, q + 2 * kv)),
        ...packed('blocks.{i}.attn.v', qkv, rows(q + kv, q + 2 * kv, q + 2 * kv)),
        ...packed('blocks.{i}.mlp.gate', gateUp, rows(0, inner, 2 * inner)),
        ...packed('blocks.{i}.mlp.in', gateUp, rows(inner, 2 * inner, 2 * inner))
      }
    };
  }
};
