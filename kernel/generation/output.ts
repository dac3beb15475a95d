import type { Tensor } from '../tensor/tensor';
import type { EncoderOutput, GenerationCache, GenerationForwardOutput } from './model';
import type { ResolvedParameters } from './parameters';

/** One tuple per step of one tensor per layer. */
export type PerStep = readonly (readonly Tensor[])[];

interface GenerateOutputBase {
  /** Prompt and answer, int64 [B, S]; only the answer when the prompt was inputs_embeds. */
  sequences: Tensor;
  /** Processed scores of each step, [B, V]. */
  scores?: readonly Tensor[];
  /** Unprocessed logits of each step, [B, V]. */
  logits?: readonly Tensor[];
  past_key_values?: GenerationCache;
  /** There, and true, when a signal ended generation early. */
  aborted?: true;
}

interface BeamPart {
  /** Final scores of the texts, [B]. */
  sequences_scores?: Tensor;
  /** Row each token of each text came from, int32 [B, new tokens]; −1 after its end. */
  beam_indices?: Tensor;
}

export interface GenerateDecoderOnlyOutput extends GenerateOutputBase {
  /** Step 0: [B, heads, P, P] per layer; step k: [B, heads, 1, P + k]. */
  attentions?: PerStep;
  /** Step 0: [B, P, D] per entry; step k: [B, 1, D]. One entry more than layers. */
  hidden_states?: PerStep;
}

export interface GenerateEncoderDecoderOutput extends GenerateOutputBase {
  encoder_attentions?: readonly Tensor[];
  encoder_hidden_states?: readonly Tensor[];
  decoder_attentions?: PerStep;
  cross_attentions?: PerStep;
  decoder_hidden_states?: PerStep;
}

export type GenerateBeamDecoderOnlyOutput = GenerateDecoderOnlyOutput & BeamPart;
export type GenerateBeamEncoderDecoderOutput = GenerateEncoderDecoderOutput & BeamPart;

/** What `generate` returns with return_dict_in_generate. Absent things are absent. */
export type GenerateOutput = GenerateBeamDecoderOnlyOutput & GenerateBeamEncoderDecoderOutput;

/** Collects what each step leaves behind, as far as the parameters ask for it. */
export class StepRecord {
  readonly scores: Tensor[] | undefined;
  readonly logits: Tensor[] | undefined;
  readonly attentions: (readonly Tensor[])[] | undefined;
  readonly crossAttentions: (readonly Tensor[])[] | undefined;
  readonly hiddenStates: (readonly Tensor[])[] | undefined;

  constructor(
    parameters: ResolvedParameters,
    readonly isEncoderDecoder: boolean
  ) {
    const list = <T>(wanted: unknown): T[] | undefined =>
      parameters.return_dict_in_generate && wanted ? [] : undefined;
    this.scores = list(parameters.output_scores);
    this.logits = list(parameters.output_logits);
    this.attentions = list(parameters.output_attentions);
    this.crossAttentions = isEncoderDecoder ? list(parameters.output_attentions) : undefined;
    this.hiddenStates = list(parameters.output_hidden_states);
  }

  /** Keeps one pass: its processed scores and raw logits [B, V], and what `forward` returned beside them. */
  add(scores: Tensor, logits: Tensor, outputs: GenerationForwardOutput): void {
    this.scores?.push(scores);
    this.logits?.push(logits);
    this.attentions?.push(this.#attentions(outputs));
    this.crossAttentions?.push(outputs.cross_attentions ?? []);
    this.hiddenStates?.push(this.#hiddenStates(outputs));
  }

  #attentions(outputs: GenerationForwardOutput): readonly Tensor[] {
    return (this.isEncoderDecoder ? outputs.decoder_attentions : outputs.attentions) ?? [];
  }

  #hiddenStates(outputs: GenerationForwardOutput): readonly Tensor[] {
    return (this.isEncoderDecoder ? outputs.decoder_hidden_states : outputs.hidden_states) ?? [];
  }

  /**
   * The output, with Python's keys in Python's order.
   *
   * @param sequences [B, S].
   * @param beams sequences_scores and beam_indices of beam search.
   */
  output(
    sequences: Tensor,
    kwargs: Readonly<Record<string, unknown>>,
    aborted: boolean,
    beams: { sequences_scores?: Tensor | undefined; beam_indices?: Tensor | undefined } = {}
  ): GenerateOutput {
    const encoder = this.isEncoderDecoder ? (kwargs['encoder_outputs'] as EncoderOutput | undefined) : undefined;
    const all = {
      sequences,
      sequences_scores: beams.sequences_scores,
      scores: this.scores,
      logits: this.logits,
      beam_indices: beams.beam_indices,
      encoder_attentions: this.attentions && encoder?.attentions,
      encoder_hidden_states: this.hiddenStates && encoder?.hidden_states,
      [this.isEncoderDecoder ? 'decoder_attentions' : 'attentions']: this.attentions,
      cross_attentions: this.crossAttentions,
      [this.isEncoderDecoder ? 'decoder_hidden_states' : 'hidden_states']: this.hiddenStates,
      past_key_values: kwargs['past_key_values'],
      aborted: aborted || undefined
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value != null)) as unknown as GenerateOutput;
  }
}
