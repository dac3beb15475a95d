/**
 * Ministral: Mistral whose layers have a sliding window or not, by `layer_types`. A Mistral configuration that has
 * `layer_types` is read as one.
 * Source: transformers/models/ministral/modular_ministral.py
 */
import type { Family } from './architecture';
import { list, optionalNum } from './fields';
import { layers, llamaArchitecture, llamaBlock } from './llama';

export const ministral: Family = {
  model_type: 'ministral',
  classes: { config: 'MinistralConfig', base: 'MinistralModel', causal_lm: 'MinistralForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const types = list<string>(config, 'layer_types');
    const window = optionalNum(config, 'sliding_window');
    return llamaArchitecture(
      config,
      task,
      layers(config, i =>
        types?.[i] === 'sliding_attention' && window !== undefined
          ? { ...block, attention: { ...block.attention, window } }
          : block
      )
    );
  }
};
