import { PretrainedConfig } from './config';
import type { Fields } from './entry';

/** Rotary position settings of one model, or of one kind of layer. */
export interface RopeParameters {
  /** 'default', 'linear', 'dynamic', 'yarn', 'longrope' or 'llama3'. */
  rope_type: string;
  /** Base of the frequencies. */
  rope_theta: number;
  /** How much longer texts may be than in training; for scaled types. */
  factor?: number;
  /** Length of training; for scaled types. */
  original_max_position_embeddings?: number;
  [key: string]: unknown;
}

/**
 * Configuration of Qwen2 and Qwen2.5. Defaults are Python's; a missing field of config.json has the default given here.
 *
 * @example A tiny model
 * const config = new Qwen2Config({ hidden_size: 64, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 2 });
 *
 * @see transformers/models/qwen2/configuration_qwen2.py
 */
export class Qwen2Config extends PretrainedConfig {
  static override model_type = 'qwen2';

  /** Rows of the embedding, width of the logits. Default 151936. */
  declare vocab_size: number;
  /** Width of the residual stream. Default 4096. */
  declare hidden_size: number;
  /** Width of the MLP's inner layer. Default 22016. */
  declare intermediate_size: number;
  /** Number of blocks. Default 32. */
  declare num_hidden_layers: number;
  /** Query heads per block; divides `hidden_size`. Default 32. */
  declare num_attention_heads: number;
  /** Key and value heads per block; divides `num_attention_heads`, null means as many. Default 32. */
  declare num_key_value_heads: number;
  /** Function in the MLP. Default 'silu'. */
  declare hidden_act: string;
  /** Longest text in tokens. Default 32768. */
  declare max_position_embeddings: number;
  /** Standard deviation of initial weights; does nothing at inference. Default 0.02. */
  declare initializer_range: number;
  /** Added under the root of every RMSNorm. Default 1e-6. */
  declare rms_norm_eps: number;
  /** Whether `forward` returns `past_key_values` by default. Default true. */
  declare use_cache: boolean;
  /** Whether the output layer is the embedding. Default false. */
  declare tie_word_embeddings: boolean;
  /** Rotary positions: `{ rope_type: 'default', rope_theta: 10000 }` by default. */
  declare rope_parameters: RopeParameters;
  /** Version 4's name of `rope_parameters.rope_theta`, readable and writable. */
  declare rope_theta: number;
  /** Version 4's name of `rope_parameters`. */
  declare rope_scaling: RopeParameters | null;
  /** Whether some blocks look at a window only. Default false. */
  declare use_sliding_window: boolean;
  /** Positions in the window; null while `use_sliding_window` is false. Default 4096. */
  declare sliding_window: number | null;
  /** First block with a window. Default 28. */
  declare max_window_layers: number;
  /** 'full_attention' or 'sliding_attention' per block; derived where it is not given. */
  declare layer_types: string[];
  /** Dropout of training; does nothing at inference. Default 0. */
  declare attention_dropout: number;
  /** Default null. */
  declare pad_token_id: number | null;
  /** Default null. */
  declare bos_token_id: number | null;
  /** One token or several that end a text. Default null. */
  declare eos_token_id: number | number[] | null;
  /** Version 4's name of `dtype`. */
  declare torch_dtype: string | null;

  /** @param fields Keys as in config.json. */
  constructor(fields: Fields = {}) {
    super(fields);
  }
}
