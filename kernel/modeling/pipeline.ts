/** `pipeline()`: model, tokenizer and image processor of a task under one call. */
import type { PretrainedConfig } from '../config/config';
import type { ImageProcessor } from '../images/image-processor';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import {
  AutoModel,
  AutoModelForCausalLM,
  AutoModelForImageClassification,
  AutoModelForMaskedLM,
  AutoModelForSequenceClassification,
  AutoModelForZeroShotImageClassification
} from './auto';
import { AutoConfig } from './auto-config';
import { AutoImageProcessor } from './auto-processor';
import { AutoTokenizer } from './auto-tokenizer';
import type { PretrainedOptions } from './load';
import { notice } from './notice';
import type { Options, Pipeline, PipelineParts } from './pipeline-base';
import type { FeatureExtractionOptions } from './pipeline-feature-extraction';
import { FeatureExtractionPipeline } from './pipeline-feature-extraction';
import type { FillMaskOptions } from './pipeline-fill-mask';
import { FillMaskPipeline } from './pipeline-fill-mask';
import type { ImageClassificationOptions } from './pipeline-image-classification';
import { ImageClassificationPipeline } from './pipeline-image-classification';
import type { TextClassificationOptions } from './pipeline-text-classification';
import { TextClassificationPipeline } from './pipeline-text-classification';
import type { TextGenerationOptions } from './pipeline-text-generation';
import { TextGenerationPipeline } from './pipeline-text-generation';
import type { ZeroShotImageOptions } from './pipeline-zero-shot-image-classification';
import { ZeroShotImageClassificationPipeline } from './pipeline-zero-shot-image-classification';
import { PreTrainedModel } from './pretrained-model';

/** A pipeline's parts, as many of them as its task needs. */
type Whole = Required<PipelineParts>;

interface TaskEntry {
  readonly Pipeline: new (parts: Whole, options: Options) => Pipeline;
  readonly Auto: { from_pretrained(name: string, options: PretrainedOptions): Promise<PreTrainedModel> };
  readonly needs: readonly ('tokenizer' | 'image_processor')[];
  /** Repository and revision Python falls back to. */
  readonly model: readonly [string, string];
}

const TASKS: { readonly [task: string]: TaskEntry } = {
  'feature-extraction': {
    Pipeline: FeatureExtractionPipeline,
    Auto: AutoModel,
    needs: ['tokenizer'],
    model: ['distilbert/distilbert-base-cased', '6ea8117']
  },
  'fill-mask': {
    Pipeline: FillMaskPipeline,
    Auto: AutoModelForMaskedLM,
    needs: ['tokenizer'],
    model: ['distilbert/distilroberta-base', 'fb53ab8']
  },
  'image-classification': {
    Pipeline: ImageClassificationPipeline,
    Auto: AutoModelForImageClassification,
    needs: ['image_processor'],
    model: ['google/vit-base-patch16-224', '3f49326']
  },
  'text-classification': {
    Pipeline: TextClassificationPipeline,
    Auto: AutoModelForSequenceClassification,
    needs: ['tokenizer'],
    model: ['distilbert/distilbert-base-uncased-finetuned-sst-2-english', '714eb0f']
  },
  'text-generation': {
    Pipeline: TextGenerationPipeline,
    Auto: AutoModelForCausalLM,
    needs: ['tokenizer'],
    model: ['HuggingFaceTB/SmolLM3-3B', 'a07cc9a']
  },
  'zero-shot-image-classification': {
    Pipeline: ZeroShotImageClassificationPipeline,
    Auto: AutoModelForZeroShotImageClassification,
    needs: ['tokenizer', 'image_processor'],
    model: ['openai/clip-vit-base-patch32', '3d74acf']
  }
};

const ALIASES: { readonly [task: string]: string } = { 'sentiment-analysis': 'text-classification' };

/** Options of `from_pretrained` that `pipeline` takes; all others are options of its calls. */
const LOADING = [
  'adapter',
  'attn_implementation',
  'cache_dir',
  'device',
  'device_map',
  'dtype',
  'gguf_file',
  'ignore_mismatched_sizes',
  'local_files_only',
  'low_cpu_mem_usage',
  'progress_callback',
  'revision',
  'subfolder',
  'token',
  'torch_dtype',
  'trust_remote_code',
  'use_safetensors'
] as const;

/** Of these, what also says where a tokenizer or an image processor is. */
const PLACE = ['cache_dir', 'local_files_only', 'revision', 'subfolder', 'token', 'trust_remote_code'] as const;

/** What a pipeline is loaded from. */
export type PipelineLoadOptions = Pick<PretrainedOptions, (typeof LOADING)[number]> & {
  /** As the second argument. */
  model?: string | PreTrainedModel;
  /** Configuration, or the name of the model that has it. Default the model's. */
  config?: string | PretrainedConfig;
  /** Tokenizer, or the name of the model that has it. Default the model's. */
  tokenizer?: string | PreTrainedTokenizer;
  /** Image processor, or the name of the model that has it. Default the model's. */
  image_processor?: string | ImageProcessor;
  /** Further options of the model's `from_pretrained`. */
  model_kwargs?: PretrainedOptions;
};

/** What `pipeline` takes, by task: options of loading, and of the calls. */
export type PipelineOptions = { [T in keyof PipelineTasks]: PipelineLoadOptions & PipelineTasks[T][1] };

/** A model, its name, or all options with the model among them. */
type ModelArgument<T extends keyof PipelineTasks> = string | PreTrainedModel | PipelineOptions[T] | null;

/** A pipeline of a task known only when it runs. */
export type AnyPipeline = Pipeline & ((input: unknown, options?: Options) => Promise<unknown>);

/** Pipelines and options by task. */
export interface PipelineTasks {
  'feature-extraction': [FeatureExtractionPipeline, FeatureExtractionOptions];
  'fill-mask': [FillMaskPipeline, FillMaskOptions];
  'image-classification': [ImageClassificationPipeline, ImageClassificationOptions];
  'sentiment-analysis': [TextClassificationPipeline, TextClassificationOptions];
  'text-classification': [TextClassificationPipeline, TextClassificationOptions];
  'text-generation': [TextGenerationPipeline, TextGenerationOptions];
  'zero-shot-image-classification': [ZeroShotImageClassificationPipeline, ZeroShotImageOptions];
}

/**
 * Makes a pipeline: loads a model with what prepares its inputs, and returns a function from texts or images to
 * answers, as Python's `pipeline`.
 *
 * @param task 'feature-extraction', 'fill-mask', 'image-classification', 'text-classification' (or
 *   'sentiment-analysis'), 'text-generation' or 'zero-shot-image-classification'.
 * @param model Folder, GGUF file, repository id, or a model. Default the one Python takes for the task.
 * @param options Options of loading (`dtype`, `device`, `tokenizer` …); others are defaults of the calls.
 * @throws {RangeError} If the task is unknown, or nothing is found to load.
 * @throws {TypeError} If an option is unknown, or tokenizer or image processor are missing beside a loaded model.
 *
 * @example
 * const classify = await pipeline('sentiment-analysis', 'distilbert-base-uncased-finetuned-sst-2-english');
 * await classify(['I love this!', 'I hate this!']);
 */
export async function pipeline(
  task: 'text-generation',
  model?: ModelArgument<'text-generation'>,
  options?: PipelineOptions['text-generation']
): Promise<PipelineTasks['text-generation'][0]>;
export async function pipeline(
  task: 'fill-mask',
  model?: ModelArgument<'fill-mask'>,
  options?: PipelineOptions['fill-mask']
): Promise<PipelineTasks['fill-mask'][0]>;
export async function pipeline(
  task: 'text-classification' | 'sentiment-analysis',
  model?: ModelArgument<'text-classification'>,
  options?: PipelineOptions['text-classification']
): Promise<PipelineTasks['text-classification'][0]>;
export async function pipeline(
  task: 'feature-extraction',
  model?: ModelArgument<'feature-extraction'>,
  options?: PipelineOptions['feature-extraction']
): Promise<PipelineTasks['feature-extraction'][0]>;
export async function pipeline(
  task: 'image-classification',
  model?: ModelArgument<'image-classification'>,
  options?: PipelineOptions['image-classification']
): Promise<PipelineTasks['image-classification'][0]>;
export async function pipeline(
  task: 'zero-shot-image-classification',
  model?: ModelArgument<'zero-shot-image-classification'>,
  options?: PipelineOptions['zero-shot-image-classification']
): Promise<PipelineTasks['zero-shot-image-classification'][0]>;
// Not for tasks known above: with any record of options TypeScript would choose this one first.
export async function pipeline<T extends string>(
  task: T & (T extends keyof PipelineTasks ? never : unknown),
  model?: string | PreTrainedModel | Options | null,
  options?: Options
): Promise<AnyPipeline>;
export async function pipeline(task: unknown, model?: unknown, options?: unknown): Promise<Pipeline> {
  const isOptions = typeof model === 'object' && model !== null;
  const {
    model: named,
    config,
    tokenizer,
    image_processor,
    model_kwargs,
    ...rest
  } = { ...((isOptions ? model : options) ?? {}) } as PipelineLoadOptions & Options;
  const given = (isOptions ? named : model) ?? named ?? undefined;
  const { entry, task: name } = taskEntry(task);
  if (given === undefined && tokenizer !== undefined) {
    throw new TypeError(
      'Impossible to instantiate a pipeline with tokenizer specified but not the model as the provided tokenizer may ' +
        'not be compatible with the default model. Please provide a PreTrainedModel class or a path/identifier to a ' +
        'pretrained model when providing tokenizer.'
    );
  }
  const source = given ?? entry.model[0];
  const loading: PretrainedOptions = pick(rest, LOADING);
  if (given === undefined) {
    loading.revision ??= entry.model[1];
    notice(
      `No model was supplied, defaulted to ${entry.model.join(' and revision ')}.\n` +
        'Using a pipeline without specifying a model name and revision in production is not recommended.'
    );
  }
  const calls = Object.fromEntries(Object.entries(rest).filter(([key]) => !LOADING.includes(key as never)));
  const own = source instanceof PreTrainedModel;
  const place = pick(loading, [...PLACE, 'gguf_file']);
  const from = own ? undefined : String(source);
  // Small things first: what is missing is said before weights are read.
  const parts = {
    ...(entry.needs.includes('tokenizer')
      ? { tokenizer: await part('tokenizer', 'a PreTrainedTokenizer', tokenizer ?? from, AutoTokenizer, place) }
      : refuse('tokenizer', tokenizer, name)),
    ...(entry.needs.includes('image_processor')
      ? {
          image_processor: await part(
            'image processor',
            'an ImageProcessor',
            image_processor ?? from,
            AutoImageProcessor,
            pick(loading, PLACE)
          )
        }
      : refuse('image_processor', image_processor, name))
  };
  if (own) {
    const useless = [...Object.keys(loading), ...(config ? ['config'] : []), ...(model_kwargs ? ['model_kwargs'] : [])];
    if (useless.length > 0) {
      throw new TypeError(
        `Cannot make the pipeline as a loaded model takes no options of loading: also given ${useless.join(', ')}`
      );
    }
  }
  const loaded = own
    ? source
    : await entry.Auto.from_pretrained(String(source), {
        ...loading,
        ...model_kwargs,
        ...(config === undefined
          ? {}
          : { config: typeof config === 'string' ? await AutoConfig.from_pretrained(config, place) : config })
      });
  try {
    return new entry.Pipeline({ task: name, model: loaded, ...parts } as Whole, calls);
  } catch (error) {
    if (!own) {
      await loaded.dispose();
    }
    throw error;
  }
}

function taskEntry(task: unknown): { entry: TaskEntry; task: string } {
  if (task === undefined || task === null) {
    throw new TypeError(`Cannot make a pipeline as its task must be given: it is one of ${knownTasks()}`);
  }
  const name = ALIASES[String(task)] ?? String(task);
  const entry = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined;
  if (!entry) {
    throw new RangeError(`Unknown task ${String(task)}, available tasks are ${knownTasks()}`);
  }
  return { entry, task: name };
}

function knownTasks(): string {
  return JSON.stringify([...Object.keys(TASKS), ...Object.keys(ALIASES)].sort()).replaceAll(',', ', ');
}

/** A tokenizer or image processor: as given, or loaded by name. */
async function part<T extends PreTrainedTokenizer | ImageProcessor>(
  what: string,
  kind: string,
  given: string | T | undefined,
  Auto: { from_pretrained(name: string, options: PretrainedOptions): Promise<T> },
  options: PretrainedOptions
): Promise<T> {
  if (given === undefined) {
    throw new TypeError(
      `Impossible to guess which ${what} to use. Please provide ${kind} class or a path/identifier to a pretrained ${what}.`
    );
  }
  return typeof given === 'string' ? Auto.from_pretrained(given, options) : given;
}

function refuse(option: string, given: unknown, task: string): object {
  if (given !== undefined) {
    throw new TypeError(`Cannot make the pipeline as ${task} takes no ${option}: leave it out`);
  }
  return {};
}

function pick(options: Options, names: readonly string[]): PretrainedOptions {
  return Object.fromEntries(names.filter(n => options[n] !== undefined).map(n => [n, options[n]])) as PretrainedOptions;
}
