import { builtinConfigs } from './defaults';
import type { ConfigEntry } from './entry';
import { cloneJson, type Fields } from './entry';
import { llavaConfig, siglipVisionConfig } from './llava';
import { qwenConfig } from './qwen';

const entries = new Map<string, ConfigEntry>([
  ...Object.entries(builtinConfigs),
  ['llava', llavaConfig],
  ['siglip_vision_model', siglipVisionConfig],
  ['qwen', qwenConfig]
]);

/** Adds or replaces what is known about a model type's configuration. */
export function registerConfig(model_type: string, entry: ConfigEntry): void {
  entries.set(model_type, entry);
}

/** What is known about a model type, or undefined. */
export function configEntry(model_type: string): ConfigEntry | undefined {
  return entries.get(model_type);
}

/** The model types whose defaults are known, sorted. */
export function configTypes(): string[] {
  return [...entries.keys()].sort();
}

/**
 * Python's default of every field of a model type.
 *
 * @param model_type As in config.json, e.g. 'qwen2'.
 * @returns A new object, fields before anything is derived from them (`layer_types` may be null).
 * @throws {RangeError} If the model type is not known.
 */
export function configDefaults(model_type: string): Fields {
  const entry = entries.get(model_type);
  if (!entry) {
    throw new RangeError(
      `Cannot give defaults as model_type must be a known one: current value is ${model_type}; known are ${configTypes().join(', ')}`
    );
  }
  return Object.fromEntries(Object.entries(entry.fields).map(([field, [value]]) => [field, cloneJson(value)]));
}
