/** The configuration classes by Python's names: `LlamaConfig`, `BertConfig` … */
import { PretrainedConfig } from './config';
import { Qwen2Config } from './qwen2-config';
import { configEntry, configTypes } from './table';

const classes = new Map<string, typeof PretrainedConfig>([['qwen2', Qwen2Config]]);

/**
 * The class of a model type: what `new` makes has that model type and its defaults.
 *
 * @throws {RangeError} If the model type is not known.
 */
export function configClass(model_type: string): typeof PretrainedConfig {
  const known = classes.get(model_type);
  if (known) {
    return known;
  }
  const entry = configEntry(model_type);
  if (!entry) {
    throw new RangeError(
      `Cannot find a configuration class as model_type must be a known one: current value is ${model_type}; known are ${configTypes().join(', ')}`
    );
  }
  const made = class extends PretrainedConfig {
    static override model_type = model_type;
  };
  Object.defineProperty(made, 'name', { value: entry.name });
  classes.set(model_type, made);
  return made;
}
