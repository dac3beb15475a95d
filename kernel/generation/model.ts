/**
 * What `generate` needs of a model. `modeling/` implements it; the tests implement it with a table of logits.
 *
 * Shapes: B batch rows (prompts × beams or returned sequences), S query positions, K key positions, V vocab_size.
 */
import type { Tensor } from '../tensor/tensor';

/** The key/value cache as generation uses it. A method may work on the device and so return a promise. */
export interface GenerationCache {
  /** Positions seen so far, windows included. */
  get_seq_length(): number;
  /** Forgets the last −n positions; n is negative, as in transformers 5. */
  crop(n: number): void | Promise<void>;
  /** Row i becomes what row `indices[i]` was. */
  reorder_cache(indices: readonly number[]): unknown;
  /** Each row `repeats` times, in place: [a, b] becomes [a, a, b, b]. */
  batch_repeat_interleave(repeats: number): void | Promise<void>;
  /** Sliding-window layers keep what a later crop needs from here on. */
  activate_past_recording?(): void;
  /** Frees what the cache holds. */
  dispose?(): void | Promise<void>;
}

/** What `forward` returns, as far as generation reads it. Absent things are absent. */
export interface GenerationForwardOutput {
  /** Shape [B, kept, V]; the last position is the newest. */
  logits: Tensor;
  past_key_values?: GenerationCache | null | undefined;
  /** One per layer, [B, heads, S, K]. */
  attentions?: readonly Tensor[] | null | undefined;
  hidden_states?: readonly Tensor[] | null | undefined;
  cross_attentions?: readonly Tensor[] | null | undefined;
  decoder_attentions?: readonly Tensor[] | null | undefined;
  decoder_hidden_states?: readonly Tensor[] | null | undefined;
}

/** What an encoder returns; passed on to `forward` as `encoder_outputs`. */
export interface EncoderOutput {
  last_hidden_state: Tensor;
  attentions?: readonly Tensor[] | null | undefined;
  hidden_states?: readonly Tensor[] | null | undefined;
  [key: string]: unknown;
}

export interface GenerationEncoder {
  /** Names `forward` takes; others are not passed on. */
  readonly forward_parameters: Iterable<string>;
  forward(inputs: Record<string, unknown>): Promise<EncoderOutput>;
}

/** The part of a model's configuration that generation reads. */
export interface GenerationModelConfig {
  vocab_size?: number;
  max_position_embeddings?: number;
  is_encoder_decoder?: boolean;
  [key: string]: unknown;
}

/** A model that can generate. */
export interface GenerativeModel {
  readonly config: GenerationModelConfig;
  /** The merged `generation_config.json` of the model: a GenerationConfig or a plain object. */
  generation_config: object;
  readonly is_encoder_decoder: boolean;
  /**
   * Names of the inputs the library's `forward` reads, e.g. input_ids, attention_mask, position_ids, logits_to_keep.
   * A subclass written in a cell need not add its own: a name its class mentions counts as accepted.
   */
  readonly forward_parameters: Iterable<string>;
  /**
   * One pass. A cache given as `past_key_values` belongs to the pass: it is extended in place or replaced by the one
   * in the output.
   */
  forward(inputs: Record<string, unknown>): Promise<GenerationForwardOutput>;
  /** Turns the state of the loop into the inputs of `forward`; a subclass may override it. */
  prepare_inputs_for_generation(
    input_ids: Tensor,
    kwargs: Record<string, unknown>
  ): Record<string, unknown> | Promise<Record<string, unknown>>;
  /** The encoder of an encoder-decoder model. */
  get_encoder?(): GenerationEncoder;
}

/** The part of a tokenizer that stop strings, streamers, token healing and assisted decoding use. */
export interface GenerationTokenizer {
  decode(ids: readonly number[], options?: Record<string, unknown>): string;
  encode?(text: string, options?: Record<string, unknown>): readonly number[];
  convert_ids_to_tokens?(ids: readonly number[]): readonly (string | null | undefined)[];
  convert_tokens_to_string?(tokens: readonly string[]): string;
  convert_tokens_to_ids?(tokens: readonly string[]): readonly (number | null | undefined)[];
  get_vocab?(): ReadonlyMap<string, number> | Readonly<Record<string, number>>;
  readonly bos_token_id?: number | null | undefined;
  readonly pad_token_id?: number | null | undefined;
}
