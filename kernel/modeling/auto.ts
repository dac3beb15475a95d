/** The Auto classes: the right class for a configuration. */
import type { PretrainedConfig } from '../config/config';
import type { Task } from '../models/architecture';
import { allFamilies, getFamily } from '../models/registry';
import { AutoConfig } from './auto-config';
import { modelClass } from './classes';
import './written-classes';
import type { PretrainedOptions } from './load';
import { resolveModel } from './load';
import type { PreTrainedModel } from './pretrained-model';

type Registered = typeof PreTrainedModel;

function autoClass(name: string, task: Task) {
  const registered = new Map<string, Registered>();
  return class {
    static readonly name = name;

    /** The class this Auto class picks for a configuration. */
    static classFor(config: PretrainedConfig): Registered {
      const own = registered.get(config.model_type);
      if (own) {
        return own;
      }
      const Class = modelClass(getFamily(config.model_type), task, config.architectures);
      if (!Class) {
        const fitting = allFamilies()
          .filter(f => f.classes[task])
          .map(f => f.classes.config)
          .sort();
        throw new TypeError(
          `Unrecognized configuration class ${getFamily(config.model_type).classes.config} for this kind of AutoModel: ${name}.\nModel type should be one of ${fitting.join(', ')}.`
        );
      }
      return Class;
    }

    /**
     * Loads a model with the class its config.json asks for (api.md, Loading).
     * @throws {TypeError} If the family has no class for this task.
     */
    static async from_pretrained(model: string, options: PretrainedOptions = {}): Promise<PreTrainedModel> {
      const config =
        options.config ?? (await AutoConfig.fromFolder(await resolveModel(model, options), options, model));
      return (this.classFor(config) as any).from_pretrained(model, { ...options, config });
    }

    /** A model of this configuration with fresh random weights, seeded. */
    static async from_config(config: PretrainedConfig, options: PretrainedOptions = {}): Promise<PreTrainedModel> {
      return (this.classFor(config) as any).from_config(config, options);
    }

    /**
     * Makes a class known for a configuration class.
     *
     * @param Config Its `model_type` is what config.json has to say.
     * @param Class A class that extends one of the library's.
     * @param options `exist_ok`: takes the place of a built-in class.
     * @throws {RangeError} If there is a built-in class.
     */
    static register(
      Config: { readonly model_type: string; readonly name?: string },
      Class: Registered,
      { exist_ok = false }: { exist_ok?: boolean } = {}
    ): void {
      const { model_type } = Config;
      if (!exist_ok && allFamilies().some(f => f.model_type === model_type && f.classes[task])) {
        throw new RangeError(`'${Config.name ?? model_type}' is already used by a Transformers model.`);
      }
      registered.set(model_type, Class);
    }
  };
}

export const AutoModel = autoClass('AutoModel', 'base');
export const AutoModelForCausalLM = autoClass('AutoModelForCausalLM', 'causal_lm');
export const AutoModelForMaskedLM = autoClass('AutoModelForMaskedLM', 'masked_lm');
export const AutoModelForSequenceClassification = autoClass(
  'AutoModelForSequenceClassification',
  'sequence_classification'
);
export const AutoModelForSeq2SeqLM = autoClass('AutoModelForSeq2SeqLM', 'seq2seq_lm');
export const AutoModelForImageClassification = autoClass('AutoModelForImageClassification', 'image_classification');
export const AutoModelForZeroShotImageClassification = autoClass(
  'AutoModelForZeroShotImageClassification',
  'zero_shot_image_classification'
);
