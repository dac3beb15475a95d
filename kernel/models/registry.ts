/** The families known, by `model_type`: adding one is a file beside this and a line here. */
import type { Family } from './architecture';
import { llama } from './llama';
import { qwen2 } from './qwen2';

const families = new Map<string, Family>([llama, qwen2].map(family => [family.model_type, family]));

/** Adds or replaces a family (`register_family` in a cell). */
export function registerFamily(family: Family): void {
  families.set(family.model_type, family);
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
