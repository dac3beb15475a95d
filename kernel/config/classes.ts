/** The configuration classes by Python's names: `LlamaConfig`, `BertConfig` … */
import { PretrainedConfig } from './config';
import { Qwen2Config } from './qwen2-config';
import { configEntry, configTypes } from './table';

const classes = new Map<string, typeof PretrainedConfig>([['qwen2', Qwen2Config]]);

/**
 * The class of a model type: what `new` makes has that model type and its defaults.
 *
 * @param model_type As in config.json.
 * @param name Name of the class where the model type has no defaults of its own, e.g. for a family a cell registers.
 * @throws {RangeError} If the model type is not known and no name is given.
 */
export function configClass(model_type: string, name?: string): typeof PretrainedConfig {
  const known = classes.get(model_type);
  if (known) {
    return known;
  }
  const title = configEntry(model_type)?.name ?? name;
  if (title === undefined) {
    throw new RangeError(
      `Cannot find a configuration class as model_type must be a known one: current value is ${model_type}; known are ${configTypes().join(', ')}`
    );
  }
  const made = class extends PretrainedConfig {
    static override model_type = model_type;
  };
  Object.defineProperty(made, 'name', { value: title });
  classes.set(model_type, made);
  return made;
}
