/**
 * Gemma 3 (text): Gemma 2 with norms on queries and keys, and a rotation of its own for layers with a window.
 * Source: transformers/models/gemma3/modular_gemma3.py
 */
import type { Family } from './architecture';
import { gemmaArchitecture, gemmaBlock } from './gemma2';
import { list } from './fields';
import { rmsNorm } from './llama';
import { windowed } from './qwen2';
import { ropeFromConfig } from './rope';

export const gemma3_text: Family = {
  model_type: 'gemma3_text',
  classes: { config: 'Gemma3TextConfig', base: 'Gemma3TextModel', causal_lm: 'Gemma3ForCausalLM' },
  architecture: (config, task) => {
    const block = gemmaBlock(config);
    const types = list<string>(config, 'layer_types');
    const attention = { ...block.attention, qk_norm: { norm: rmsNorm(config), scope: 'head' as const } };
    const blocks = windowed(config, { ...block, attention }).map((layer, i) => ({
      ...layer,
      attention: { ...layer.attention, rope: types?.[i] ?? 'full_attention' }
    }));
    const base = gemmaArchitecture(config, task, blocks);
    const rope = (kind: string) => ropeFromConfig(config, attention.head_dim, kind);
    const ropes = { full_attention: rope('full_attention'), sliding_attention: rope('sliding_attention') };
    return { ...base, stacks: [{ ...base.stacks[0]!, ropes }] };
  }
};
