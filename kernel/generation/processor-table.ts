import type { Tensor } from '../tensor/tensor';
import type { GenerativeModel } from './model';
import { LogitsProcessor, LogitsProcessorList, type LogitsProcessorLike } from './logits-processor';
import { mergeOwn } from './merge-own';
import type { ResolvedParameters } from './parameters';
import { NoBadWordsLogitsProcessor, SequenceBiasLogitsProcessor } from './processors/bias';
import { UnbatchedClassifierFreeGuidanceLogitsProcessor } from './processors/guidance';
import {
  ExponentialDecayLengthPenalty,
  ForcedBOSTokenLogitsProcessor,
  ForcedEOSTokenLogitsProcessor,
  MinLengthLogitsProcessor,
  MinNewTokensLengthLogitsProcessor
} from './processors/length';
import { EncoderNoRepeatNGramLogitsProcessor, NoRepeatNGramLogitsProcessor } from './processors/ngram';
import { InfNanRemoveLogitsProcessor, LogitNormalization } from './processors/normalization';
import { EncoderRepetitionPenaltyLogitsProcessor, RepetitionPenaltyLogitsProcessor } from './processors/repetition';
import {
  PrefixConstrainedLogitsProcessor,
  SuppressTokensAtBeginLogitsProcessor,
  SuppressTokensLogitsProcessor,
  type PrefixAllowedTokensFn
} from './processors/suppress';
import { TemperatureLogitsWarper } from './processors/temperature';
import {
  EpsilonLogitsWarper,
  EtaLogitsWarper,
  MinPLogitsWarper,
  TopHLogitsWarper,
  TopKLogitsWarper,
  TopPLogitsWarper,
  TypicalLogitsWarper
} from './processors/truncation';
import { WatermarkLogitsProcessor } from './processors/watermark';
import { tokenRows } from './rows';
import { warn } from './warnings';

/** What the processors of one generation are made from. */
export interface ProcessorContext {
  readonly model: GenerativeModel;
  readonly parameters: ResolvedParameters;
  /** Length of the prompt (or of the decoder's start). */
  readonly promptLength: number;
  /** Ids of the encoder, or of a decoder-only model's prompt; undefined when the prompt is embeddings. */
  readonly encoderIds: Tensor | undefined;
  /** Mask over the prompt, [B, S]: the decoder's for an encoder-decoder model. */
  readonly mask: Tensor | undefined;
  readonly eos: readonly number[] | undefined;
  readonly prefixFn: PrefixAllowedTokensFn | undefined;
  readonly negativeIds: Tensor | undefined;
  readonly negativeMask: Tensor | undefined;
}

/**
 * The processors the parameters ask for, in Python's order; the caller's own stand before the warpers of sampling.
 *
 * @param own The caller's processors. One of a built-in class replaces the built-in one.
 */
export function buildProcessors(context: ProcessorContext, own: readonly LogitsProcessorLike[]): LogitsProcessorList {
  const merged = mergeOwn<LogitsProcessorLike>(basicProcessors(context), own);
  const list = new LogitsProcessorList();
  list.push(...merged, ...warpers(context), ...finalProcessors(context));
  return list;
}

function basicProcessors(context: ProcessorContext): LogitsProcessor[] {
  const { parameters: p, promptLength, eos, model } = context;
  const list: LogitsProcessor[] = [];
  const promptless = !model.is_encoder_decoder && promptLength === 0;
  if (p.guidance_scale !== undefined && p.guidance_scale !== 1) {
    list.push(
      new UnbatchedClassifierFreeGuidanceLogitsProcessor(
        p.guidance_scale,
        model,
        context.negativeIds,
        context.negativeMask,
        p.use_cache
      )
    );
  }
  if (p.sequence_bias !== undefined) {
    list.push(new SequenceBiasLogitsProcessor(p.sequence_bias));
  }
  if (p.encoder_repetition_penalty !== undefined && p.encoder_repetition_penalty !== 1) {
    const ids = encoderIds(context, 'encoder_repetition_penalty');
    ids && list.push(new EncoderRepetitionPenaltyLogitsProcessor(p.encoder_repetition_penalty, ids));
  }
  if (p.repetition_penalty !== undefined && p.repetition_penalty !== 1) {
    list.push(new RepetitionPenaltyLogitsProcessor(p.repetition_penalty, context.mask && paddingLengths(context.mask)));
    if (promptless) {
      warn(
        'Passing `repetition_penalty` with `inputs_embeds` and without `input_ids` to `generate` will apply the ' +
          'penalty only to newly generated tokens, not to the prompt.'
      );
    }
  }
  if (p.no_repeat_ngram_size !== undefined && p.no_repeat_ngram_size > 0) {
    list.push(new NoRepeatNGramLogitsProcessor(p.no_repeat_ngram_size));
    if (promptless) {
      warn(
        'Passing `no_repeat_ngram_size` with `inputs_embeds` and without `input_ids` to `generate` will apply ' +
          'n-gram constraints only to newly generated tokens, not to the prompt.'
      );
    }
  }
  if (p.encoder_no_repeat_ngram_size !== undefined && p.encoder_no_repeat_ngram_size > 0) {
    const ids = encoderIds(context, 'encoder_no_repeat_ngram_size');
    ids && list.push(new EncoderNoRepeatNGramLogitsProcessor(p.encoder_no_repeat_ngram_size, ids));
  }
  if (p.bad_words_ids !== undefined) {
    list.push(new NoBadWordsLogitsProcessor(p.bad_words_ids, eos));
  }
  if (p.min_length > 0 && eos) {
    list.push(new MinLengthLogitsProcessor(p.min_length, eos));
  }
  if (p.min_new_tokens !== undefined && p.min_new_tokens > 0 && eos) {
    list.push(new MinNewTokensLengthLogitsProcessor(promptLength, p.min_new_tokens, eos));
  }
  if (context.prefixFn) {
    list.push(new PrefixConstrainedLogitsProcessor(context.prefixFn, p.num_beams));
  }
  if (p.forced_bos_token_id !== undefined) {
    list.push(new ForcedBOSTokenLogitsProcessor(p.forced_bos_token_id));
  }
  if (p.forced_eos_token_id !== undefined) {
    list.push(new ForcedEOSTokenLogitsProcessor(p.max_length, p.forced_eos_token_id));
  }
  if (p.remove_invalid_values === true) {
    list.push(new InfNanRemoveLogitsProcessor());
  }
  if (p.exponential_decay_length_penalty !== undefined) {
    if (!eos) {
      throw new RangeError(
        'Cannot use exponential_decay_length_penalty as the model must have an eos_token_id: it has none'
      );
    }
    list.push(new ExponentialDecayLengthPenalty(p.exponential_decay_length_penalty, eos, promptLength));
  }
  if (p.suppress_tokens !== undefined) {
    list.push(new SuppressTokensLogitsProcessor(p.suppress_tokens));
  }
  if (p.begin_suppress_tokens !== undefined) {
    const forced = promptLength <= 1 && p.forced_bos_token_id !== undefined;
    list.push(new SuppressTokensAtBeginLogitsProcessor(p.begin_suppress_tokens, promptLength + (forced ? 1 : 0)));
  }
  return list;
}

/** What sampling does to the scores. With beams, enough tokens stay for each beam to go on at an end token. */
function warpers({ parameters: p, eos }: ProcessorContext): LogitsProcessor[] {
  if (!p.do_sample) {
    return [];
  }
  const list: LogitsProcessor[] = [];
  const keep = p.num_beams > 1 ? (eos?.length ?? 1) + 1 : 1;
  if (p.temperature !== undefined && p.temperature !== 1) {
    list.push(new TemperatureLogitsWarper(p.temperature));
  }
  if (p.top_h !== undefined) {
    list.push(new TopHLogitsWarper(p.top_h));
  }
  if (p.top_k !== undefined && p.top_k !== 0) {
    list.push(new TopKLogitsWarper(p.top_k, -Infinity, keep));
  }
  if (p.top_p !== undefined && !(p.top_p >= 1)) {
    list.push(new TopPLogitsWarper(p.top_p, -Infinity, keep));
  }
  if (p.min_p !== undefined) {
    list.push(new MinPLogitsWarper(p.min_p, -Infinity, keep));
  }
  if (p.typical_p !== undefined && !(p.typical_p >= 1)) {
    list.push(new TypicalLogitsWarper(p.typical_p, -Infinity, keep));
  }
  if (p.epsilon_cutoff !== undefined && p.epsilon_cutoff > 0 && p.epsilon_cutoff < 1) {
    list.push(new EpsilonLogitsWarper(p.epsilon_cutoff, -Infinity, keep));
  }
  if (p.eta_cutoff !== undefined && p.eta_cutoff > 0 && p.eta_cutoff < 1) {
    list.push(new EtaLogitsWarper(p.eta_cutoff, -Infinity, keep));
  }
  return list;
}

function finalProcessors({ parameters: p, model }: ProcessorContext): LogitsProcessor[] {
  const list: LogitsProcessor[] = [];
  if (p.watermarking_config !== undefined) {
    list.push(new WatermarkLogitsProcessor(vocabSize(model), p.watermarking_config));
  }
  if (p.renormalize_logits === true) {
    list.push(new LogitNormalization());
  }
  return list;
}

function vocabSize(model: GenerativeModel): number {
  const size = model.config.vocab_size;
  if (typeof size !== 'number') {
    throw new TypeError(`Cannot watermark as config.vocab_size must be a number: current value is ${String(size)}`);
  }
  return size;
}

function encoderIds({ encoderIds: ids }: ProcessorContext, option: string): Tensor | undefined {
  if (!ids || tokenRows(ids).some(row => row.some(id => id < 0))) {
    warn(
      `Passing \`${option}\` requires some form of \`input_ids\` to be passed to \`generate\`, ignoring the argument.`
    );
    return undefined;
  }
  return ids;
}

/** Leading padding of each row: the position of the first one in its mask. */
function paddingLengths(mask: Tensor): number[] {
  return tokenRows(mask).map(row =>
    Math.max(
      0,
      row.findIndex(x => x !== 0)
    )
  );
}
