/** Processors: a tokenizer and an image processor under one call. */
import type { Tensor } from '../tensor/tensor';
import { Callable } from './callable';
import type { ImageCallOptions, ImageProcessor, ImagesInput } from './image-processor';

/** What a processor asks of a tokenizer. */
export interface TokenizerLike {
  (text: string | string[], options?: Record<string, unknown>): object | Promise<object>;
  decode(ids: unknown, options?: Record<string, unknown>): string;
  batch_decode(ids: unknown, options?: Record<string, unknown>): string[];
}

/** Text, images, and the options of either: those an image processor knows are its, the rest the tokenizer's. */
export interface ProcessorInputs {
  text?: string | string[] | null;
  images?: ImagesInput | null;
  /** Options for the images alone. */
  images_kwargs?: ImageCallOptions;
  /** Options for the text alone. */
  text_kwargs?: Record<string, unknown>;
  [option: string]: unknown;
}

const imageOptions = new Set([
  'do_convert_rgb',
  'do_resize',
  'size',
  'resample',
  'do_center_crop',
  'crop_size',
  'do_rescale',
  'rescale_factor',
  'do_normalize',
  'image_mean',
  'image_std',
  'do_pad',
  'pad_size',
  'input_data_format'
]);

type Arguments = [inputs: ProcessorInputs];
type Result = Promise<Record<string, Tensor>>;

/** An instance is also a function. */
export interface Processor {
  (...args: Arguments): Result;
}

/**
 * Tokenizer and image processor in one. Instances are called like functions, with one object as Python's keywords.
 */
export class Processor extends Callable<Arguments, Result> {
  readonly image_processor: ImageProcessor;
  readonly tokenizer: TokenizerLike;

  /**
   * @param image_processor Makes `pixel_values`.
   * @param tokenizer Makes `input_ids` and the rest.
   */
  constructor(image_processor: ImageProcessor, tokenizer: TokenizerLike) {
    super();
    if (typeof image_processor !== 'function' || typeof tokenizer !== 'function') {
      throw new TypeError('Cannot make a processor as it needs an image processor and a tokenizer');
    }
    this.image_processor = image_processor;
    this.tokenizer = tokenizer;
  }

  /**
   * Prepares text, images, or both.
   *
   * @returns What the tokenizer gives, and `pixel_values`.
   * @throws {TypeError} If there is neither text nor an image.
   */
  async _call(inputs: ProcessorInputs): Result {
    const { text, images, images_kwargs, text_kwargs, return_tensors, ...options } = inputs;
    const hasText = text !== undefined && text !== null;
    const hasImages = images !== undefined && images !== null;
    if (!hasText && !hasImages) {
      throw new TypeError('Cannot process inputs as text or images must be given: there are neither');
    }
    const split = Object.entries(options);
    const forText = Object.fromEntries(split.filter(([k]) => !imageOptions.has(k)));
    const forImages = Object.fromEntries(split.filter(([k]) => imageOptions.has(k)));
    if (!hasText && Object.keys(forText).length > 0) {
      throw new TypeError(`Cannot process images as these options are not known: ${Object.keys(forText).join(', ')}`);
    }
    const tokens = hasText
      ? await this.tokenizer(text, {
          ...forText,
          ...text_kwargs,
          ...(return_tensors !== undefined && { return_tensors })
        })
      : {};
    const pixels = hasImages ? await this.image_processor(images, { ...forImages, ...images_kwargs }) : {};
    return { ...(tokens as Record<string, Tensor>), ...pixels };
  }

  decode(ids: unknown, options?: Record<string, unknown>): string {
    return this.tokenizer.decode(ids, options);
  }

  batch_decode(ids: unknown, options?: Record<string, unknown>): string[] {
    return this.tokenizer.batch_decode(ids, options);
  }

  get model_input_names(): string[] {
    return ['input_ids', 'attention_mask', 'pixel_values'];
  }
}

/**
 * CLIP's processor.
 *
 * @example
 * ```ts
 * const inputs = await processor({ text: ['a cat', 'a dog'], images: 'cat.png', padding: true });
 * ```
 */
export class CLIPProcessor extends Processor {}

/** SigLIP's processor: text is padded to the length the model was trained with unless told otherwise. */
export class SiglipProcessor extends Processor {
  override async _call(inputs: ProcessorInputs): Result {
    return super._call(
      inputs.text === undefined || inputs.text === null
        ? inputs
        : { padding: 'max_length', truncation: true, ...inputs }
    );
  }
}

/** What LLaVA's processor knows beside tokenizer and image processor (processor_config.json). */
export interface LlavaProcessorOptions {
  /** Pixels per patch of the vision tower. */
  patch_size: number;
  /** 'default' leaves the tower's CLS token out, 'full' keeps it. */
  vision_feature_select_strategy: 'default' | 'full';
  /** Tokens the tower adds to its patches: 1 for a CLS token. Default 0. */
  num_additional_image_tokens?: number;
  /** Stands for an image in a text. Default <image>. */
  image_token?: string;
}

/**
 * LLaVA's processor: each `<image>` in a text becomes as many as the image has features.
 * @see transformers/models/llava/processing_llava.py
 */
export class LlavaProcessor extends Processor {
  readonly patch_size: number;
  readonly vision_feature_select_strategy: 'default' | 'full';
  readonly num_additional_image_tokens: number;
  readonly image_token: string;

  /** @throws {TypeError} If patch_size or vision_feature_select_strategy is missing. */
  constructor(image_processor: ImageProcessor, tokenizer: TokenizerLike, options: LlavaProcessorOptions) {
    super(image_processor, tokenizer);
    const { patch_size, vision_feature_select_strategy: strategy } = options;
    if (!Number.isInteger(patch_size) || patch_size < 1 || (strategy !== 'default' && strategy !== 'full')) {
      throw new TypeError(
        'Cannot make a LLaVA processor as processor_config.json must have patch_size and ' +
          "vision_feature_select_strategy ('default' " +
          `or 'full'): current values are ${String(patch_size)} and ${String(strategy)}`
      );
    }
    this.patch_size = patch_size;
    this.vision_feature_select_strategy = strategy;
    this.num_additional_image_tokens = options.num_additional_image_tokens ?? 0;
    this.image_token = options.image_token ?? '<image>';
  }

  /**
   * @returns What the tokenizer gives, and `pixel_values`.
   * @throws {RangeError} If the texts do not mention as many images as are given.
   */
  override async _call(inputs: ProcessorInputs): Result {
    const { text, images, images_kwargs } = inputs;
    if (text === undefined || text === null || images === undefined || images === null) {
      return super._call(inputs);
    }
    const own = Object.fromEntries(Object.entries(inputs).filter(([key]) => imageOptions.has(key)));
    const { pixel_values } = await this.image_processor(images, { ...own, ...images_kwargs });
    const [count, , height, width] = pixel_values.dims as [number, number, number, number];
    const patches = Math.floor(height / this.patch_size) * Math.floor(width / this.patch_size);
    const tokens =
      patches + this.num_additional_image_tokens - (this.vision_feature_select_strategy === 'default' ? 1 : 0);
    const texts = typeof text === 'string' ? [text] : text;
    const mentioned = texts.reduce((n, t) => n + t.split(this.image_token).length - 1, 0);
    if (mentioned !== count) {
      throw new RangeError(
        `Cannot process inputs as the texts must mention each of ${count} images once as ` +
          `${this.image_token}: current number is ${mentioned}`
      );
    }
    const expanded = texts.map(t => t.replaceAll(this.image_token, this.image_token.repeat(tokens)));
    const rest = Object.fromEntries(
      Object.entries(inputs).filter(([key]) => key !== 'images' && key !== 'images_kwargs' && !imageOptions.has(key))
    );
    return {
      ...(await super._call({ ...rest, text: typeof text === 'string' ? expanded[0]! : expanded })),
      pixel_values
    };
  }
}
