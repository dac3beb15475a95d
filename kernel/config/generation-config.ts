/** How a model wants its text generated: `generation_config.json`, or what an old config.json says of it. */
import type { PretrainedConfig } from './config';
import { TRANSFORMERS_VERSION, generationKeys } from './defaults';
import { cloneJson, isFields, isSafeKey, type Fields } from './entry';

/**
 * Parameters of generation. Each is a property of its own name; one that is absent or null is not set, and falls
 * through to what is less specific: options of the call, then the config given to the call, then the model's, then the
 * defaults of transformers.
 *
 * @example Greedy text of at most 50 tokens unless a call says otherwise
 * model.generation_config = new GenerationConfig({ max_new_tokens: 50, do_sample: false });
 */
export class GenerationConfig {
  [key: string]: unknown;
  declare max_length?: number | null;
  declare max_new_tokens?: number | null;
  declare do_sample?: boolean | null;
  declare num_beams?: number | null;
  declare temperature?: number | null;
  declare top_k?: number | null;
  declare top_p?: number | null;
  declare repetition_penalty?: number | null;
  declare pad_token_id?: number | null;
  declare bos_token_id?: number | null;
  declare eos_token_id?: number | readonly number[] | null;

  /**
   * @param fields Parameters; unknown ones (`chat_format`) are kept.
   */
  constructor(fields: Readonly<Fields> = {}) {
    this.update(fields);
  }

  /** Makes one of the content of a generation_config.json. */
  static from_dict(fields: Readonly<Fields>): GenerationConfig {
    return new GenerationConfig(fields);
  }

  /**
   * What a model's configuration says of generation: special tokens, and the parameters old files mix in.
   *
   * As in Python, a configuration read from a file counts with the keys the file has, one made in code with all.
   */
  static from_model_config(config: PretrainedConfig): GenerationConfig {
    const source = config._file ?? config.to_dict();
    const made = new GenerationConfig();
    const take = (fields: Fields): void => {
      for (const key of generationKeys) {
        const value = fields[key];
        if (value !== null && value !== undefined && !(key in made)) {
          made[key] = cloneJson(value);
        }
      }
    };
    take(source);
    if (source['force_bos_token_to_be_generated']) {
      made['forced_bos_token_id'] = made.bos_token_id;
    }
    for (const part of ['decoder', 'generator', 'text_config']) {
      if (isFields(source[part])) {
        take(source[part]);
        break;
      }
    }
    const outputs = ['output_attentions', 'output_hidden_states', 'output_scores', 'output_logits'];
    if (!made['return_dict_in_generate'] && outputs.some(key => made[key])) {
      made['return_dict_in_generate'] = true;
    }
    return made;
  }

  /** Sets several parameters. */
  update(fields: Readonly<Fields>): void {
    for (const [key, value] of Object.entries(cloneJson(fields as Fields))) {
      const bookkeeping = key === 'transformers_version' || key === '_from_model_config' || key === '_commit_hash';
      if (isSafeKey(key) && !bookkeeping && !(key in GenerationConfig.prototype) && value !== undefined) {
        this[key] = value;
      }
    }
  }

  /** All parameters, those not set as null. */
  to_dict(): Fields {
    const out: Fields = {};
    for (const key of generationKeys) {
      out[key] = null;
    }
    for (const key of Object.keys(this)) {
      out[key] = cloneJson(this[key]);
    }
    out['transformers_version'] = TRANSFORMERS_VERSION;
    return out;
  }

  /** The parameters that are set. */
  to_diff_dict(): Fields {
    return Object.fromEntries(Object.entries(this.to_dict()).filter(([, value]) => value !== null));
  }

  /**
   * JSON text as Python writes generation_config.json.
   *
   * @param use_diff Leave out what is not set. Default true.
   */
  to_json_string(use_diff = true): string {
    const fields = use_diff ? this.to_diff_dict() : this.to_dict();
    const sorted = Object.fromEntries(
      Object.keys(fields)
        .sort()
        .map(key => [key, fields[key]])
    );
    return `${JSON.stringify(sorted, null, 2)}\n`;
  }

  toJSON(): Fields {
    return this.to_diff_dict();
  }

  toString(): string {
    return `GenerationConfig ${this.to_json_string()}`;
  }
}
