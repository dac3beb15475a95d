/**
 * Qwen2 and Qwen2.5: Llama with biases on q, k and v, and an optional sliding window on the upper layers.
 * Source: transformers/models/qwen2/modular_qwen2.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Block, Family } from './architecture';
import { list, optionalNum } from './fields';
import { layers, llamaArchitecture, llamaBlock } from './llama';

/** The block for every layer, with the sliding window where `layer_types` says so. */
export function windowed(config: PretrainedConfig, block: Block): Block[] {
  const types = list<string>(config, 'layer_types');
  const window = optionalNum(config, 'sliding_window');
  return layers(config, i =>
    types?.[i] === 'sliding_attention' && window !== undefined
      ? { ...block, attention: { ...block.attention, window } }
      : block
  );
}

export const qwen2: Family = {
  model_type: 'qwen2',
  classes: { config: 'Qwen2Config', base: 'Qwen2Model', causal_lm: 'Qwen2ForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const attention = { ...block.attention, bias: { q: true, k: true, v: true, o: false } };
    return llamaArchitecture(config, task, windowed(config, { ...block, attention }));
  }
};
