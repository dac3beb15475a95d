/**
 * Qwen2 and Qwen2.5: Llama with biases on q, k and v, and an optional sliding window on the upper layers.
 * Source: transformers/models/qwen2/modular_qwen2.py
 */
import type { Family } from './architecture';
import { list, optionalNum } from './fields';
import { layers, llamaArchitecture, llamaBlock } from './llama';

export const qwen2: Family = {
  model_type: 'qwen2',
  classes: { config: 'Qwen2Config', base: 'Qwen2Model', causal_lm: 'Qwen2ForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const types = list<string>(config, 'layer_types');
    const window = optionalNum(config, 'sliding_window');
    const blocks = layers(config, i => ({
      ...block,
      attention: {
        ...block.attention,
        bias: { q: true, k: true, v: true, o: false },
        ...(types?.[i] === 'sliding_attention' && window !== undefined ? { window } : {})
      }
    }));
    return llamaArchitecture(config, task, blocks);
  }
};
