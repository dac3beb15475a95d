/**
 * The parameters of generation: their types, the keys a GenerationConfig has, and how a call's own options, a config
 * given to the call, the model's config and the global defaults are merged.
 */
import { generationKeys, generationParameters } from '../config/defaults';
import { configEntry } from '../config/table';
import type { Tensor } from '../tensor/tensor';
import type { SequenceBias } from './processors/bias';
import type { PrefixAllowedTokensFn } from './processors/suppress';
import type { LogitsProcessorLike } from './logits-processor';
import type { GenerationTokenizer, GenerativeModel } from './model';
import type { StoppingCriteriaLike } from './stopping-criteria';
import type { BaseStreamer } from './streamers';
import { checkParameters } from './parameter-checks';
import { warnOnce } from './warnings';

/** Values null and absent both mean "not set", as None does in Python. */
type Maybe<T> = T | null | undefined;

/** Keys of a watermark; see WatermarkLogitsProcessor. */
export interface WatermarkingConfig {
  greenlist_ratio?: number;
  bias?: number;
  hashing_key?: number;
  seeding_scheme?: 'lefthash' | 'selfhash';
  context_width?: number;
}

/** What a GenerationConfig holds: every parameter of generation that can be kept in a file. */
export interface GenerationParameters {
  /** Length at which a text ends, prompt included. Default 20 more than the prompt. */
  max_length?: Maybe<number>;
  /** New tokens at most; wins over max_length. */
  max_new_tokens?: Maybe<number>;
  /** Length before which no end token may come, prompt included. Default 0. */
  min_length?: Maybe<number>;
  /** New tokens before an end token may come; wins over min_length. */
  min_new_tokens?: Maybe<number>;
  /** When beam search ends: true at num_beams finished texts, false when no better is likely, 'never' when none can. */
  early_stopping?: Maybe<boolean | 'never'>;
  /** Seconds after which no further token is begun. */
  max_time?: Maybe<number>;
  /** Texts that end the output; needs `tokenizer`. */
  stop_strings?: Maybe<string | readonly string[]>;
  /** Sample instead of taking the most likely token. Default false. */
  do_sample?: Maybe<boolean>;
  /** Texts followed at a time by beam search. Default 1, no beam search. */
  num_beams?: Maybe<number>;
  /** Keep keys and values of earlier positions. Default true. */
  use_cache?: Maybe<boolean>;
  /** Sampling: divides the scores. Default 1. */
  temperature?: Maybe<number>;
  /** Sampling: how many of the most likely tokens stay. Default 50; 0 for all. */
  top_k?: Maybe<number>;
  /** Sampling: probability mass of the most likely tokens that stay. Default 1. */
  top_p?: Maybe<number>;
  /** Sampling: least probability, relative to the most likely token's. */
  min_p?: Maybe<number>;
  /** Sampling: share of the entropy that stays. */
  top_h?: Maybe<number>;
  /** Sampling: probability mass of the most typical tokens that stay. Default 1. */
  typical_p?: Maybe<number>;
  /** Sampling: least probability. Default 0. */
  epsilon_cutoff?: Maybe<number>;
  /** Sampling: least probability, lower where the model is unsure. Default 0. */
  eta_cutoff?: Maybe<number>;
  /** Divides scores of tokens that occurred. Default 1. */
  repetition_penalty?: Maybe<number>;
  /** Multiplies scores of tokens of the encoder's input (or of the prompt). Default 1. */
  encoder_repetition_penalty?: Maybe<number>;
  /** Beam search: exponent of the length by which a text's score is divided. Default 1. */
  length_penalty?: Maybe<number>;
  /** Length of n-grams that may occur once only. Default 0, none. */
  no_repeat_ngram_size?: Maybe<number>;
  /** Length of n-grams of the encoder's input (or of the prompt) that may not occur. Default 0, none. */
  encoder_no_repeat_ngram_size?: Maybe<number>;
  /** Token sequences that may not occur. */
  bad_words_ids?: Maybe<readonly (readonly number[])[]>;
  /** Normalise scores after all processors. */
  renormalize_logits?: Maybe<boolean>;
  forced_bos_token_id?: Maybe<number>;
  forced_eos_token_id?: Maybe<number | readonly number[]>;
  /** Replace NaN and infinite scores. */
  remove_invalid_values?: Maybe<boolean>;
  /** [new tokens before it starts, factor]: end tokens become more likely from there on. */
  exponential_decay_length_penalty?: Maybe<readonly [number, number]>;
  suppress_tokens?: Maybe<readonly number[]>;
  begin_suppress_tokens?: Maybe<readonly number[]>;
  /** [[[ids], bias], …] added to the score of a sequence's last token. */
  sequence_bias?: Maybe<SequenceBias>;
  /** Classifier-free guidance: how far to move away from the unconditional scores. 1 is none. */
  guidance_scale?: Maybe<number>;
  watermarking_config?: Maybe<WatermarkingConfig>;
  /** Texts returned per prompt. Default 1. */
  num_return_sequences?: Maybe<number>;
  output_attentions?: Maybe<boolean>;
  output_hidden_states?: Maybe<boolean | readonly number[]>;
  /** Return the processed scores of each step. */
  output_scores?: Maybe<boolean>;
  /** Return the unprocessed logits of each step. */
  output_logits?: Maybe<boolean>;
  /** Return an object instead of the token ids alone. Default false. */
  return_dict_in_generate?: Maybe<boolean>;
  pad_token_id?: Maybe<number>;
  bos_token_id?: Maybe<number>;
  eos_token_id?: Maybe<number | readonly number[]>;
  decoder_start_token_id?: Maybe<number | readonly number[]>;
  /** Set for the assistant of assisted decoding. */
  is_assistant?: Maybe<boolean>;
  /** Tokens an assistant drafts at a time. Default 20. */
  num_assistant_tokens?: Maybe<number>;
  /** Whether that number changes with success. Default 'constant'. */
  num_assistant_tokens_schedule?: Maybe<'heuristic' | 'heuristic_transient' | 'constant'>;
  /** An assistant's draft ends at a token less probable than this. Default 0.4. */
  assistant_confidence_threshold?: Maybe<number>;
  /** Draft from the prompt: how many tokens to copy after a matching n-gram. */
  prompt_lookup_num_tokens?: Maybe<number>;
  /** Longest n-gram looked for. Default 2. */
  max_matching_ngram_size?: Maybe<number>;
  assistant_ensemble_weight?: Maybe<number>;
  /** Positions per pass over the prompt. Default all at once. */
  prefill_chunk_size?: Maybe<number>;
}

/** What a call of `generate` takes: the parameters, what cannot be kept in a file, and the model's own inputs. */
export interface GenerationOptions extends GenerationParameters {
  /** The prompt: the same as the model's main input. */
  inputs?: Tensor | readonly (readonly number[])[];
  generation_config?: GenerationParameters | null;
  logits_processor?: Iterable<LogitsProcessorLike> | null;
  stopping_criteria?: Iterable<StoppingCriteriaLike> | null;
  prefix_allowed_tokens_fn?: PrefixAllowedTokensFn | null;
  /** A smaller model with the same tokenizer that drafts tokens. */
  assistant_model?: GenerativeModel | null;
  streamer?: Pick<BaseStreamer, 'put' | 'end'> | null;
  /** For guidance_scale: the unconditional prompt. Default the prompt's last token. */
  negative_prompt_ids?: Tensor | readonly (readonly number[])[] | null;
  negative_prompt_attention_mask?: Tensor | readonly (readonly number[])[] | null;
  tokenizer?: GenerationTokenizer | null;
  assistant_tokenizer?: GenerationTokenizer | null;
  /** Makes sampling repeatable: the draws are those of torch.manual_seed(seed) on the CPU. */
  seed?: number | null;
  /** Ends generation between two tokens; what there is by then is returned, marked `aborted`. */
  signal?: AbortSignal | null;
  /** Accepted for compatibility; only built-in code ever runs. */
  trust_remote_code?: boolean;
  /** Inputs of the model: input_ids, attention_mask, past_key_values, images … */
  [model_input: string]: unknown;
}

/** Defaults of parameters no config sets. */
export const GLOBAL_DEFAULTS = {
  max_length: 20,
  min_length: 0,
  do_sample: false,
  use_cache: true,
  early_stopping: false,
  num_beams: 1,
  temperature: 1,
  top_k: 50,
  top_p: 1,
  typical_p: 1,
  repetition_penalty: 1,
  length_penalty: 1,
  no_repeat_ngram_size: 0,
  encoder_no_repeat_ngram_size: 0,
  num_return_sequences: 1,
  output_scores: false,
  return_dict_in_generate: false,
  remove_invalid_values: false,
  epsilon_cutoff: 0,
  eta_cutoff: 0,
  encoder_repetition_penalty: 1,
  num_assistant_tokens: 20,
  num_assistant_tokens_schedule: 'constant',
  assistant_confidence_threshold: 0.4,
  assistant_lookbehind: 10,
  target_lookbehind: 10,
  num_beam_groups: 1,
  diversity_penalty: 0
} as const;

const parameterKeys: ReadonlySet<string> = new Set(generationKeys);

type NotNull<T> = { [K in keyof T]: Exclude<T[K], null> };

/** The parameters of one call, merged: what is not set is undefined. */
export interface ResolvedParameters extends NotNull<GenerationParameters> {
  max_length: number;
  min_length: number;
  num_beams: number;
  num_return_sequences: number;
  do_sample: boolean;
  use_cache: boolean;
  early_stopping: boolean | 'never';
  length_penalty: number;
  return_dict_in_generate: boolean;
  [other: string]: unknown;
}

/**
 * Refuses a model configuration that was changed to control generation: that has no effect.
 *
 * @throws {RangeError} With Python's text, if the configuration has parameters of generation that are no field of it.
 */
export function checkModelConfig(config: Readonly<Record<string, unknown>>): void {
  const fields = configEntry(String(config['model_type']))?.fields ?? {};
  const found = generationParameters.filter(key => {
    return key !== 'use_cache' && config[key] != null && !Object.hasOwn(fields, key);
  });
  if (found.length) {
    const shown = found.map(key => `'${key}': ${JSON.stringify(config[key])}`).join(', ');
    throw new RangeError(
      'You have modified the pretrained model configuration to control generation We detected the following values ' +
        `set - {${shown}}. This strategy to control generation is not supported anymore. Please use and modify ` +
        '`model.generation_config` (see ' +
        'https://huggingface.co/docs/transformers/generation_strategies#default-text-generation-configuration )'
    );
  }
}

/** The parameters of a call, and what of its options is input of the model. */
export interface MergedOptions {
  parameters: ResolvedParameters;
  modelInputs: Record<string, unknown>;
  hasDefaultMaxLength: boolean;
  hasDefaultMinLength: boolean;
}

/**
 * Merges, from strongest to weakest: options of the call, the config given to the call, the model's config, defaults.
 *
 * @param options Options of the call that are no argument of `generate` itself. A null sets a parameter to nothing.
 * @param given The config given to the call.
 * @param own The model's config.
 * @throws {RangeError} If a parameter is out of range or parameters contradict each other.
 */
export function mergeParameters(
  options: Readonly<Record<string, unknown>>,
  given: object | null | undefined,
  own: object
): MergedOptions {
  const merged: Record<string, unknown> = Object.create(null);
  const fill = (source: object): void => {
    for (const [key, value] of Object.entries(source)) {
      if (isParameter(key) && merged[key] === undefined && value !== null && typeof value !== 'function') {
        merged[key] = value;
      }
    }
  };
  const isParameter = (key: string): boolean => parameterKeys.has(key) || !key.startsWith('_');
  fill(given ?? {});
  fill(own);
  const custom = new Set(Object.keys(merged).filter(key => !parameterKeys.has(key)));
  fill(GLOBAL_DEFAULTS);

  const modelInputs: Record<string, unknown> = {};
  const set: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) {
      continue;
    }
    if (parameterKeys.has(key) || custom.has(key)) {
      merged[key] = value === null ? undefined : value;
      set.push(key);
    } else {
      modelInputs[key] = value;
    }
  }
  // 'hybrid' is in the files of Gemma; Python drops it too. Other kinds of cache in a file are about memory only.
  if (!set.includes('cache_implementation')) {
    delete merged['cache_implementation'];
  }
  for (const key of ['max_length', 'min_length', 'num_beams', 'num_return_sequences', 'length_penalty'] as const) {
    merged[key] ??= GLOBAL_DEFAULTS[key];
  }
  for (const key of ['do_sample', 'use_cache', 'return_dict_in_generate', 'early_stopping'] as const) {
    merged[key] ??= key === 'use_cache' ? true : GLOBAL_DEFAULTS[key];
  }
  const parameters = merged as unknown as ResolvedParameters;
  checkParameters(parameters, new Set(set));
  if (given && set.length) {
    warnOnce(
      'Passing `generation_config` together with generation-related ' +
        `arguments=({${set.map(k => `'${k}'`).join(', ')}}) ` +
        'is deprecated and will be removed in future versions. Please pass either a `generation_config` object OR ' +
        'all generation parameters explicitly, but not both.'
    );
  }
  const unset = (key: string): boolean =>
    [options, given, own].every(source => {
      return (source as Record<string, unknown> | null | undefined)?.[key] == null;
    });
  return {
    parameters,
    modelInputs,
    hasDefaultMaxLength: unset('max_length'),
    hasDefaultMinLength: unset('min_length')
  };
}
