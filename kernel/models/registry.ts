/** The families known, by `model_type`: adding one is a file beside this and a line here. */
import type { Family } from './architecture';
import { bart } from './bart';
import { bert } from './bert';
import { clip, clip_text_model, clip_vision_model } from './clip';
import { distilbert } from './distilbert';
import { falcon } from './falcon';
import { gemma2 } from './gemma2';
import { gemma3_text } from './gemma3_text';
import { gpt2 } from './gpt2';
import { gpt_neox } from './gpt_neox';
import { llama } from './llama';
import { ministral } from './ministral';
import { llava } from './llava';
import { mistral } from './mistral';
import { olmo2 } from './olmo2';
import { opt } from './opt';
import { phi3 } from './phi3';
import { qwen } from './qwen';
import { qwen2 } from './qwen2';
import { qwen3 } from './qwen3';
import { roberta } from './roberta';
import { smollm3 } from './smollm3';
import { stablelm } from './stablelm';
import { t5 } from './t5';
import { vit } from './vit';

const families = new Map<string, Family>();

for (const family of [
  bart,
  bert,
  clip,
  clip_text_model,
  clip_vision_model,
  distilbert,
  falcon,
  gemma2,
  gemma3_text,
  gpt2,
  gpt_neox,
  llama,
  llava,
  ministral,
  mistral,
  olmo2,
  opt,
  phi3,
  qwen,
  qwen2,
  qwen3,
  roberta,
  smollm3,
  stablelm,
  t5,
  vit
]) {
  families.set(family.model_type, family);
}

/** A family as a cell writes it: class names may be left out. */
export type FamilyDescription = Omit<Family, 'classes'> & { readonly classes?: Family['classes'] };

/**
 * Adds or replaces a family (`register_family` in a cell); the Auto classes know it from then on.
 *
 * @param description `model_type` as in config.json, `architecture`: from configuration and task to the architecture,
 *   and `classes`: names by task. Default a base and a causal language model, `MyTypeModel` and `MyTypeForCausalLM`
 *   for `my-type`.
 * @throws {TypeError} If one of the first two is missing.
 *
 * @example
 * register_family({ model_type: 'my-llama', architecture: (config, task) => ({ ...description of it… }) });
 */
export function registerFamily(description: FamilyDescription): void {
  const { model_type, architecture } = description;
  if (typeof model_type !== 'string' || model_type === '') {
    throw new TypeError(
      `Cannot register a family as model_type must be a text: current value is ${String(model_type)}`
    );
  }
  if (typeof architecture !== 'function') {
    throw new TypeError(
      `Cannot register ${model_type} as architecture must be a function of configuration and task: it is ${typeof architecture}`
    );
  }
  const title = model_type
    .split(/[^A-Za-z0-9]+/)
    .map(word => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
  const classes = { config: `${title}Config`, base: `${title}Model`, causal_lm: `${title}ForCausalLM` };
  families.set(model_type, { classes, ...description });
}

/** @throws {RangeError} If no family describes the model type. */
export function getFamily(model_type: string): Family {
  const family = families.get(model_type);
  if (!family) {
    throw new RangeError(
      `The checkpoint you are trying to load has model type \`${model_type}\` but Loupe does not recognize this architecture: known are ${modelTypes().join(', ')}. register_family({...}) adds one`
    );
  }
  return family;
}

export function modelTypes(): string[] {
  return [...families.keys()].sort();
}

export function allFamilies(): Family[] {
  return [...families.values()];
}
