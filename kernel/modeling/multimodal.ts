/**
 * The whole chain around MQwen: CLIP's vision tower, the projector, the language model with its adapter, and the
 * processor that makes prompt and pixels.
 */
import { asTensor } from '../generation/batch';
import type { GenerationOptions } from '../generation/parameters';
import { Callable } from '../images/callable';
import type { ImageProcessor, ImagesInput } from '../images/image-processor';
import { IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD, ViTImageProcessor } from '../images/image-processors';
import { clip_vision_model } from '../models/clip';
import { Tensor } from '../tensor/tensor';
import { AutoConfig } from './auto-config';
import { AutoImageProcessor } from './auto-processor';
import { AutoTokenizer } from './auto-tokenizer';
import { modelClass } from './classes';
import type { PretrainedOptions } from './load';
import { resolveModel } from './load';
import type { MQWenOtherConfig } from './mqwen';
import { MQWenLMHeadModel } from './mqwen';
import type { PreTrainedModel } from './pretrained-model';
import { Projector, sequentialProjector } from './projector';
import { streamed } from './qwen';
import { decode_tokens, get_stop_words_ids, make_context } from './qwen-context';
import type { ContextOptions, QWenTokenizerLike, Turn } from './qwen-context';
import { openTensorFile } from './tensor-file';

/** Where the parts are: folders or repository ids. */
export interface MMultiModalParts {
  /** QWen v1 and its tokenizer. */
  language_model: string;
  /** CLIP, whole or the vision tower. */
  vision_model: string;
  /** Folder of other_params.safetensors or other_params.bin. */
  projector: string;
  /** Folder of a LoRA adapter for the language model. */
  adapter?: string;
  /** Where the tokenizer is, if not with the language model. */
  tokenizer?: string;
}

/** Options of loading: those of every model, and: */
export interface MMultiModalOptions extends PretrainedOptions {
  other_config?: Partial<MQWenOtherConfig>;
  /**
   * 'clip' (default): as in training, CLIP's processor. 'imagenet': as the original's test script, squashed to a square
   * (bilinear) with ImageNet's means; done on bytes here, so a level of 255 may differ from its floats.
   */
  preprocessing?: 'clip' | 'imagenet';
}

/** What the processor takes. */
export interface MQWenPrompt extends Pick<ContextOptions, 'system' | 'max_window_size'> {
  /** The question; the image goes where it has the placeholder, or in front. */
  text: string;
  images?: ImagesInput | null;
  history?: readonly Turn[];
}

type ProcessorResult = Promise<{ input_ids: Tensor; pixel_values?: Tensor }>;

/** An instance is also a function. */
export interface MQWenProcessor {
  (prompt: MQWenPrompt): ProcessorResult;
}

/** Makes ChatML prompts with an image placeholder, and pixels. Instances are called like functions. */
export class MQWenProcessor extends Callable<[MQWenPrompt], ProcessorResult> {
  /** @param placeholder The token that stands for the image. Default <|extra_0|>. */
  constructor(
    readonly image_processor: ImageProcessor,
    readonly tokenizer: QWenTokenizerLike,
    readonly placeholder = '<|extra_0|>'
  ) {
    super();
  }

  /**
   * @returns `input_ids` [1, pos] with one placeholder if there is an image, and `pixel_values` [1, 3, height, width].
   */
  async _call({ text, images, history = [], system, max_window_size }: MQWenPrompt): ProcessorResult {
    const hasImage = images !== undefined && images !== null;
    const mentioned = [text, ...history.flat()].some(t => t.includes(this.placeholder));
    const query = hasImage && !mentioned ? `${this.placeholder} ${text}` : text;
    const [, ids] = make_context(this.tokenizer, query, {
      history,
      system: system ?? 'You are a helpful assistant.',
      ...(max_window_size === undefined ? {} : { max_window_size }),
      ...(hasImage ? { placeholder: this.placeholder } : {})
    });
    return {
      input_ids: asTensor([ids], 'input_ids'),
      ...(hasImage ? await this.image_processor(images) : {})
    };
  }
}

/** Options of `answer`: those of `generate`, and of the prompt. */
export type AnswerOptions = Omit<MQWenPrompt, 'text' | 'images'> & GenerationOptions;

/**
 * A model that answers questions about images.
 *
 * @example
 * const model = await MMultiModal.from_pretrained({
 *   language_model: 'Qwen-1_8B-Chat', vision_model: 'clip-vit-large-patch14', projector: 'mqwen', adapter: 'mqwen'
 * }, { other_config: { replace_token_id: 151646, image_context_length: 256, image_feature_hidden_size: 2048 } });
 * await model.answer('cat.png', 'What is in the picture?');
 */
export class MMultiModal {
  private constructor(
    readonly language_model: MQWenLMHeadModel,
    readonly vision_model: PreTrainedModel,
    readonly projector: Projector,
    readonly tokenizer: QWenTokenizerLike,
    readonly processor: MQWenProcessor
  ) {}

  /**
   * Loads the parts. If one fails, those loaded before are freed.
   *
   * @throws {TypeError} If the projector fits neither the vision tower nor the language model.
   */
  static async from_pretrained(parts: MMultiModalParts, options: MMultiModalOptions = {}): Promise<MMultiModal> {
    const { other_config, preprocessing = 'clip', ...common } = options;
    const opened: { dispose(): Promise<void> }[] = [];
    const keep = <T extends { dispose(): Promise<void> }>(part: T): T => {
      opened.push(part);
      return part;
    };
    try {
      const vision = keep(await loadVision(parts.vision_model, common));
      const image_processor = await loadImageProcessor(parts.vision_model, vision, preprocessing, common);
      const tokenizer = await AutoTokenizer.from_pretrained(parts.tokenizer ?? parts.language_model, placeOf(common));
      const language = keep(
        await MQWenLMHeadModel.from_pretrained<MQWenLMHeadModel>(parts.language_model, {
          ...common,
          ...(other_config ? { other_config } : {}),
          ...(parts.adapter === undefined ? {} : { adapter: parts.adapter })
        })
      );
      const folder = await resolveModel(parts.projector, common);
      const file = await openTensorFile(folder, ['other_params.safetensors', 'other_params.bin'], common.signal);
      const projector = keep(await Projector.open(language.runtime.engine, file, sequentialProjector, folder.name));
      checkWidths(vision, projector, language);
      const id = language.config['replace_token_id'];
      const token = typeof id === 'number' ? tokenizer.convert_ids_to_tokens(id) : null;
      const processor = new MQWenProcessor(image_processor, tokenizer, token ?? '<|extra_0|>');
      return new MMultiModal(language, vision, projector, tokenizer, processor);
    } catch (error) {
      for (const part of opened.reverse()) {
        await part.dispose();
      }
      throw error;
    }
  }

  /**
   * Images to what the language model takes as `images`: the tower's last layer (not normed) without its CLS token,
   * projected.
   *
   * @param images Pictures in any form, or `pixel_values` [batch, 3, height, width].
   * @returns Shape [batch, image_context_length, hidden_size].
   */
  async encode_images(images: ImagesInput): Promise<Tensor> {
    const ready = images instanceof Tensor && images.dims.length === 4 && images.dtype === 'float32';
    const pixel_values = ready ? images : (await this.processor.image_processor(images)).pixel_values;
    const { last_hidden_state } = await this.vision_model({ pixel_values });
    return this.projector.project(withoutFirst(last_hidden_state as Tensor));
  }

  /**
   * Generates and returns, as the original, only new tokens and of them all but the last (the end token).
   *
   * @param options `input_ids` with a placeholder per row, `pixel_values` (or `images`, projected features), and
   *   options of generate.
   * @returns int64 [batch, new − 1].
   */
  async generate(options: GenerationOptions & { pixel_values?: Tensor }): Promise<Tensor> {
    const { pixel_values, ...rest } = options;
    const images = pixel_values === undefined ? rest['images'] : await this.encode_images(pixel_values);
    const prompt = asTensor(rest['input_ids'], 'input_ids').dims[1]!;
    const out = (await this.language_model.generate({
      ...rest,
      ...(images === undefined ? {} : { images }),
      return_dict_in_generate: false
    })) as Tensor;
    const [rows, length] = out.dims as [number, number];
    const count = Math.max(0, length - prompt - 1);
    const data = new BigInt64Array(rows * count);
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < count; i++) {
        data[row * count + i] = BigInt(out.data[row * length + prompt + i]!);
      }
    }
    return new Tensor('int64', data, [rows, count]);
  }

  /**
   * Answers a question about an image.
   *
   * @param image A picture in any form: an address, a path, bytes, ImageData, an array.
   * @param question The image goes where it has the placeholder, or in front.
   * @param options `system`, `history`, and options of generate.
   * @returns The answer's text.
   */
  async answer(image: ImagesInput, question: string, options: AnswerOptions = {}): Promise<string> {
    const { prompt, generation } = await this.prepare(image, question, options);
    const out = (await this.language_model.generate({ ...generation, return_dict_in_generate: false })) as Tensor;
    return decode_tokens(this.tokenizer, Array.from(out.data as ArrayLike<number | bigint>, Number).slice(prompt));
  }

  /** The same piece by piece: yields the answer so far after each token. */
  async *answer_stream(
    image: ImagesInput,
    question: string,
    options: AnswerOptions = {}
  ): AsyncGenerator<string, void, undefined> {
    const { generation } = await this.prepare(image, question, options);
    yield* streamed(
      streamer => this.language_model.generate({ ...generation, streamer }),
      tokens => decode_tokens(this.tokenizer, tokens)
    );
  }

  /** Frees all parts. */
  async dispose(): Promise<void> {
    await this.projector.dispose();
    await this.language_model.dispose();
    await this.vision_model.dispose();
  }

  private async prepare(
    image: ImagesInput,
    question: string,
    options: AnswerOptions
  ): Promise<{ prompt: number; generation: GenerationOptions }> {
    const { system, history, max_window_size, ...generation } = options;
    const { input_ids, pixel_values } = await this.processor({
      text: question,
      images: image,
      ...(system === undefined ? {} : { system: system as string }),
      ...(history === undefined ? {} : { history: history as readonly Turn[] }),
      ...(max_window_size === undefined ? {} : { max_window_size: max_window_size as number })
    });
    return {
      prompt: input_ids.dims[1]!,
      generation: {
        stop_words_ids: get_stop_words_ids('chatml', this.tokenizer),
        ...generation,
        input_ids,
        images: await this.encode_images(pixel_values!)
      }
    };
  }
}

const PLACE = ['local_files_only', 'revision', 'token', 'cache_dir', 'signal', 'progress_callback'] as const;

function placeOf(options: PretrainedOptions): PretrainedOptions {
  return Object.fromEntries(PLACE.filter(key => options[key] !== undefined).map(key => [key, options[key]]));
}

/** The vision tower of a CLIP, whole or alone. */
async function loadVision(name: string, options: PretrainedOptions): Promise<PreTrainedModel> {
  const config = await AutoConfig.from_pretrained(name, placeOf(options));
  const vision = (config['vision_config'] as typeof config | undefined) ?? config;
  if (vision.model_type !== clip_vision_model.model_type) {
    throw new TypeError(
      `Cannot load ${name} as the vision tower must be CLIP's: its model_type is ${config.model_type}`
    );
  }
  return modelClass(clip_vision_model, 'base')!.from_pretrained(name, { ...options, config: vision });
}

async function loadImageProcessor(
  name: string,
  vision: PreTrainedModel,
  preprocessing: string,
  options: PretrainedOptions
): Promise<ImageProcessor> {
  if (preprocessing === 'clip') {
    return AutoImageProcessor.from_pretrained(name, placeOf(options));
  }
  if (preprocessing !== 'imagenet') {
    throw new RangeError(
      `Cannot load ${name} as preprocessing must be 'clip' or 'imagenet': current value is ${preprocessing}`
    );
  }
  const side = vision.config['image_size'] as number;
  return new ViTImageProcessor({
    do_convert_rgb: true,
    size: { height: side, width: side },
    image_mean: IMAGENET_DEFAULT_MEAN,
    image_std: IMAGENET_DEFAULT_STD
  });
}

function checkWidths(vision: PreTrainedModel, projector: Projector, language: PreTrainedModel): void {
  const [from, to] = [vision.config['hidden_size'], language.config['hidden_size']];
  if (projector.in_features !== from || projector.out_features !== to) {
    throw new TypeError(
      `Cannot put the parts together as the projector must map the vision tower's width to the language model's ` +
        `(${String(from)} → ${String(to)}): it maps ${projector.in_features} → ${projector.out_features}`
    );
  }
}

/** [batch, pos, width] without position 0. */
function withoutFirst(states: Tensor): Tensor {
  const [batch, length, width] = states.dims as [number, number, number];
  const data = new Float32Array(batch * (length - 1) * width);
  for (let b = 0; b < batch; b++) {
    const from = (b * length + 1) * width;
    data.set((states.data as Float32Array).subarray(from, from + (length - 1) * width), b * (length - 1) * width);
  }
  return new Tensor('float32', data, [batch, length - 1, width]);
}
