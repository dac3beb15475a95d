/**
 * Concrete classes, one per family and task, made from the families' own lists of names.
 */
import { configClass } from '../config/classes';
import type { Family, Task } from '../models/architecture';
import { allFamilies } from '../models/registry';
import { PreTrainedModel } from './pretrained-model';

const made = new Map<string, typeof PreTrainedModel>();

/** Classes the library wrote by hand in place of the generated one (QWen's, MQwen's). */
const written = new Map<string, typeof PreTrainedModel>();

/** Uses a hand-written class for one name. */
export function provideClass(name: string, Class: typeof PreTrainedModel): void {
  written.set(name, Class);
}

/**
 * The model class of a family for a task, or undefined if the family has none.
 *
 * @param architectures Names in config.json; a hand-written class among them is preferred (MQwen's, of family qwen).
 */
export function modelClass(
  family: Family,
  task: Task,
  architectures: readonly string[] | null = null
): typeof PreTrainedModel | undefined {
  const named = architectures?.map(n => written.get(n)).find(C => C?.family === family && C.task === task);
  if (named) {
    return named;
  }
  const name = family.classes[task];
  if (name === undefined) {
    return undefined;
  }
  const known = written.get(name) ?? made.get(name);
  if (known && known.family === family) {
    return known;
  }
  const Class = { [name]: class extends PreTrainedModel {} }[name]!;
  Class.family = family;
  Class.task = task;
  made.set(name, Class);
  return Class;
}

/** Every class by name: models and configurations. */
export function concreteClasses(): { [name: string]: unknown } {
  const all: { [name: string]: unknown } = Object.fromEntries(written);
  for (const family of allFamilies()) {
    const { config, ...tasks } = family.classes;
    all[config] = configClass(family.model_type, config);
    for (const [task, name] of Object.entries(tasks)) {
      all[name] = modelClass(family, task as Task);
    }
  }
  return all;
}
