/**
 * Mistral: Llama with a sliding window on all layers.
 * Source: transformers/models/mistral/modular_mistral.py
 */
import type { Family } from './architecture';
import { optionalNum } from './fields';
import { layers, llamaArchitecture, llamaBlock } from './llama';

export const mistral: Family = {
  model_type: 'mistral',
  classes: { config: 'MistralConfig', base: 'MistralModel', causal_lm: 'MistralForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const window = optionalNum(config, 'sliding_window');
    const attention = window === undefined ? block.attention : { ...block.attention, window };
    return llamaArchitecture(
      config,
      task,
      layers(config, () => ({ ...block, attention }))
    );
  }
};
