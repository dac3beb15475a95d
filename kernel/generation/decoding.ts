import type { Tensor } from '../tensor/tensor';
import type { LogitsProcessorList } from './logits-processor';
import type { GenerationForwardOutput, GenerationTokenizer, GenerativeModel } from './model';
import type { Prompt } from './model-inputs';
import type { GenerateOutput } from './output';
import type { ResolvedParameters } from './parameters';
import type { RandomGenerator } from './random';
import type { StoppingCriteriaList } from './stopping-criteria';
import type { BaseStreamer } from './streamers';

/** What every way of decoding is given. */
export interface DecodingContext {
  readonly model: GenerativeModel;
  /** The prompt (or the decoder's start), one row per text, [B, S]. */
  readonly input_ids: Tensor;
  /** What the call gave: the encoder's input of an encoder-decoder model. */
  readonly prompt: Prompt;
  readonly parameters: ResolvedParameters;
  readonly processors: LogitsProcessorList;
  readonly criteria: StoppingCriteriaList;
  /** State handed to prepare_inputs_for_generation. */
  readonly kwargs: Record<string, unknown>;
  /** Length of the attention mask; see `prefill`. */
  readonly maskLength: number | undefined;
  /** End tokens, if the model has any. */
  readonly eos: readonly number[] | undefined;
  readonly pad: number | undefined;
  readonly generator: RandomGenerator;
  readonly streamer: Pick<BaseStreamer, 'put' | 'end'> | undefined;
  /** Ends decoding between two tokens. */
  readonly signal: { readonly aborted: boolean };
  /** Told of every pass, so that its cache is freed should decoding fail. */
  readonly hold: (outputs: GenerationForwardOutput) => void;
  /** Drafts tokens for assisted decoding. */
  readonly assistant: GenerativeModel | undefined;
  readonly tokenizer: GenerationTokenizer | undefined;
  readonly assistantTokenizer: GenerationTokenizer | undefined;
}

/** What a way of decoding returns: always the whole output; the caller decides what to hand on. */
export type Decoding = (context: DecodingContext) => Promise<GenerateOutput>;
