/**
 * What a cell can call (`import … from 'loupe'`; all of it is also bound in every cell). Importing costs nothing: the
 * inference engine is loaded with the first model.
 */
import { configFieldMeanings } from './config/field-docs';
import { concreteClasses } from './modeling/classes';
import { config_view as drawConfig } from './plots/config';
import type { View } from './plots/view';

export { PretrainedConfig } from './config/config';
export { GenerationConfig } from './config/generation-config';
export * from './generation';
export { getHost, setHost } from './host/host';
export * from './images';
export { ActivationCache } from './interpretability/activation-cache';
export { pca } from './interpretability/pca';
export { DynamicCache } from './inference/cache';
export {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForMaskedLM,
  AutoModelForSeq2SeqLM,
  AutoModelForSequenceClassification,
  AutoModelForZeroShotImageClassification
} from './modeling/auto';
export { AutoConfig } from './modeling/auto-config';
export { AutoImageProcessor, AutoProcessor } from './modeling/auto-processor';
export { AutoTokenizer } from './modeling/auto-tokenizer';
export { fuse_image_features } from './modeling/fusion';
export { memory } from './modeling/memory';
export { memory_plan } from './modeling/memory-plan';
export { MMultiModal, MQWenProcessor } from './modeling/multimodal';
export { setNotices, setProgress } from './modeling/notice';
export { ModelOutput } from './modeling/outputs';
export { pipeline } from './modeling/pipeline';
export { Pipeline } from './modeling/pipeline-base';
export { FeatureExtractionPipeline } from './modeling/pipeline-feature-extraction';
export { FillMaskPipeline } from './modeling/pipeline-fill-mask';
export { ImageClassificationPipeline } from './modeling/pipeline-image-classification';
export { TextClassificationPipeline } from './modeling/pipeline-text-classification';
export { TextGenerationPipeline } from './modeling/pipeline-text-generation';
export { ZeroShotImageClassificationPipeline } from './modeling/pipeline-zero-shot-image-classification';
export { PreTrainedModel } from './modeling/pretrained-model';
export { QWenCache } from './modeling/qwen-cache';
export { StopWordsLogitsProcessor, decode_tokens, get_stop_words_ids, make_context } from './modeling/qwen-context';
export { registerFamily as register_family } from './models/registry';
export * from './plots';
export * from './tensor/factories';
export { Tensor } from './tensor/tensor';
export { PreTrainedTokenizer } from './tokenizer/tokenizer';

/** Classes of every family by name (`Qwen2ForCausalLM`), to be bound beside the exports above. */
export { concreteClasses };

/**
 * Explains a configuration field by field, in words.
 *
 * @param config What `AutoConfig.from_pretrained` returns.
 * @param options `title`, and `docs`: explanations by field, in place of the built-in ones.
 */
export function config_view(
  config: Parameters<typeof drawConfig>[0],
  options: Parameters<typeof drawConfig>[1] = {}
): View {
  return drawConfig(config, { docs: configFieldMeanings, ...options });
}
