/**
 * LLaVA: a vision tower and a projector whose features stand among a language model's embeddings. The description is
 * the language model's; tower and projector run before it (modeling/llava.ts).
 * Source: transformers/models/llava/modeling_llava.py
 */
import { PretrainedConfig } from '../config/config';
import type { Architecture, Family, WeightMap } from './architecture';
import { clip_vision_model } from './clip';
import { llama } from './llama';
import { mistral } from './mistral';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { siglipVision } from './siglip';

const languages: ReadonlyMap<string, Family> = new Map([llama, mistral, qwen2, qwen3].map(f => [f.model_type, f]));

/** What other versions called the weights, and what llava-hf's checkpoints call them. */
const renames: readonly (readonly [RegExp, string])[] = [
  [/^model\.language_model\./, 'language_model.model.'],
  [/^lm_head\./, 'language_model.lm_head.'],
  [/^(model\.)?vision_tower\.(vision_model\.)?/, 'vision_tower.'],
  [/^model\.multi_modal_projector\./, 'multi_modal_projector.']
];

/** One of the two configurations inside, with its class's defaults. */
export function llavaPart(config: PretrainedConfig, key: 'text_config' | 'vision_config'): PretrainedConfig {
  const value = config[key];
  if (value instanceof PretrainedConfig) {
    return value;
  }
  if (typeof value !== 'object' || value === null) {
    throw new TypeError(
      `Cannot build llava as ${key} in config.json must be an object: current value is ${String(value)}`
    );
  }
  const model_type = key === 'text_config' ? 'llama' : clip_vision_model.model_type;
  return PretrainedConfig.fromDict({ model_type, ...(value as Record<string, unknown>) });
}

/** The same weights under the names they have inside a LLaVA checkpoint. */
function inside(architecture: Architecture, rename: (name: string) => string, others: readonly RegExp[]): Architecture {
  const weights: WeightMap = Object.fromEntries(
    Object.entries(architecture.weights).map(([canonical, entry]) => [
      canonical,
      typeof entry === 'string' ? rename(entry) : { ...entry, name: rename(entry.name) }
    ])
  );
  const { base_prefix: _own, ...rest } = architecture;
  return { ...rest, weights, renames, ignore: [...(architecture.ignore ?? []), ...others] };
}

export const llava: Family = {
  model_type: 'llava',
  classes: { config: 'LlavaConfig', causal_lm: 'LlavaForConditionalGeneration' },
  architecture: (config, task) => {
    const text = llavaPart(config, 'text_config');
    const family = languages.get(text.model_type);
    if (!family) {
      throw new RangeError(
        `Cannot build llava as text_config.model_type must be one of ${[...languages.keys()].join(', ')}: ` +
          `current value is ${text.model_type}`
      );
    }
    return inside(family.architecture(text, task), name => `language_model.${name}`, [
      /vision_tower\./,
      /multi_modal_projector\./
    ]);
  }
};

const towers: ReadonlyMap<string, Family> = new Map([clip_vision_model, siglipVision].map(f => [f.model_type, f]));

/**
 * The vision tower inside a LLaVA checkpoint.
 *
 * @param model_type Of `vision_config`.
 * @throws {RangeError} If it is no tower known here.
 */
export function llavaVision(model_type: string): Family {
  const family = towers.get(model_type);
  if (!family) {
    throw new RangeError(
      `Cannot build llava as vision_config.model_type must be one of ${[...towers.keys()].join(', ')}: ` +
        `current value is ${model_type}`
    );
  }
  return {
    ...family,
    architecture: (config, task) =>
      inside(family.architecture(config, task), name => name.replace(/^vision_model\./, 'vision_tower.'), [
        /language_model\./,
        /lm_head\./,
        /multi_modal_projector\./
      ])
  };
}
