/**
 * SmolLM3: Llama whose every fourth layer has no positions (NoPE), with an optional sliding window.
 * Source: transformers/models/smollm3/modular_smollm3.py
 */
import type { Family } from './architecture';
import { flag, list } from './fields';
import { layers, llamaArchitecture, llamaBlock } from './llama';
import { windowed } from './qwen2';

export const smollm3: Family = {
  model_type: 'smollm3',
  classes: { config: 'SmolLM3Config', base: 'SmolLM3Model', causal_lm: 'SmolLM3ForCausalLM' },
  architecture: (config, task) => {
    const block = llamaBlock(config);
    const rotates = list<number>(config, 'no_rope_layers');
    const blocks = flag(config, 'use_sliding_window') ? windowed(config, block) : layers(config, () => block);
    return llamaArchitecture(
      config,
      task,
      blocks.map((layer, i) => {
        const { rope, ...still } = layer.attention;
        return { ...layer, attention: rotates?.[i] === 0 ? still : { ...still, rope: rope! } };
      })
    );
  }
};
