/** What of generation a cell can name. */
export { LogitsProcessor, LogitsProcessorList } from './logits-processor';
export { NoBadWordsLogitsProcessor, SequenceBiasLogitsProcessor } from './processors/bias';
export { UnbatchedClassifierFreeGuidanceLogitsProcessor } from './processors/guidance';
export {
  ExponentialDecayLengthPenalty,
  ForcedBOSTokenLogitsProcessor,
  ForcedEOSTokenLogitsProcessor,
  MinLengthLogitsProcessor,
  MinNewTokensLengthLogitsProcessor
} from './processors/length';
export { EncoderNoRepeatNGramLogitsProcessor, NoRepeatNGramLogitsProcessor } from './processors/ngram';
export { InfNanRemoveLogitsProcessor, LogitNormalization } from './processors/normalization';
export { EncoderRepetitionPenaltyLogitsProcessor, RepetitionPenaltyLogitsProcessor } from './processors/repetition';
export {
  PrefixConstrainedLogitsProcessor,
  SuppressTokensAtBeginLogitsProcessor,
  SuppressTokensLogitsProcessor
} from './processors/suppress';
export { TemperatureLogitsWarper } from './processors/temperature';
export {
  EpsilonLogitsWarper,
  EtaLogitsWarper,
  MinPLogitsWarper,
  TopHLogitsWarper,
  TopKLogitsWarper,
  TopPLogitsWarper,
  TypicalLogitsWarper
} from './processors/truncation';
export { WatermarkLogitsProcessor } from './processors/watermark';
export { set_seed } from './random';
export { StopStringCriteria } from './stop-strings';
export {
  ConfidenceCriteria,
  EosTokenCriteria,
  MaxLengthCriteria,
  MaxTimeCriteria,
  StoppingCriteria,
  StoppingCriteriaList
} from './stopping-criteria';
export {
  AsyncTextIteratorStreamer,
  BaseStreamer,
  CallbackStreamer,
  TextIteratorStreamer,
  TextStreamer
} from './streamers';
