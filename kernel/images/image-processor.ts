/** Image processors: pictures to `pixel_values`, equal to Python's PIL backend. */
import { getHost } from '../host/host';
import type { ResolveOptions } from '../host/host';
import { readJson } from '../host/read';
import { Tensor } from '../tensor/tensor';
import { Callable } from './callable';
import { rawImage } from './load';
import type { ChannelDimension, ImageLike } from './load';
import { RawImage } from './picture';
import { centerCrop, normalize, outputSize, padTo, rescale, resizePixels } from './pixels';
import type { Pixels, Size } from './pixels';
import { Resampling } from './resample';

/** Options of `preprocessor_config.json`; each may also be given with a call. */
export interface ImageProcessorOptions {
  do_convert_rgb?: boolean;
  do_resize?: boolean;
  /** Sides in pixels; one number is a square or the short side, as the class's `default_to_square` says. */
  size?: number | readonly number[] | Size;
  /** Pillow's filter: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic, 4 box, 5 Hamming. */
  resample?: number;
  do_center_crop?: boolean;
  crop_size?: number | readonly number[] | Size;
  do_rescale?: boolean;
  rescale_factor?: number;
  do_normalize?: boolean;
  image_mean?: number | readonly number[];
  image_std?: number | readonly number[];
  do_pad?: boolean;
  pad_size?: number | readonly number[] | Size;
  default_to_square?: boolean;
}

/** Options of a call. */
export interface ImageCallOptions extends ImageProcessorOptions {
  /** Where the channels of arrays and Tensors are; found out by their number when absent. */
  input_data_format?: ChannelDimension;
  /** Accepted for Python's sake: results are Tensors whatever it says. */
  return_tensors?: 'pt' | 'np';
}

/** All options, settled. */
export interface ImageSettings {
  do_convert_rgb: boolean;
  do_resize: boolean;
  size: Size;
  resample: number;
  do_center_crop: boolean;
  crop_size: Size | undefined;
  do_rescale: boolean;
  rescale_factor: number;
  do_normalize: boolean;
  image_mean: number | readonly number[];
  image_std: number | readonly number[];
  do_pad: boolean;
  pad_size: Size | undefined;
  default_to_square: boolean;
}

export type ImagesInput = ImageLike | readonly ImageLike[];
type CallArguments = [images: ImagesInput, options?: ImageCallOptions];
type CallResult = Promise<{ pixel_values: Tensor }>;

const optionNames: readonly string[] = [
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
  'default_to_square'
] satisfies (keyof ImageSettings)[];

/** An instance is also a function. */
export interface ImageProcessor {
  (...args: CallArguments): CallResult;
}

/**
 * Turns images into `pixel_values`: convert to RGB, resize, crop, rescale, normalise, pad, each if its `do_` option
 * says so. Instances are called like functions.
 *
 * @example
 * ```ts
 * const processor = new CLIPImageProcessor();
 * const { pixel_values } = await processor('cat.png'); // [1, 3, 224, 224]
 * ```
 */
export class ImageProcessor extends Callable<CallArguments, CallResult> {
  /** Defaults of the class, below those of the file. */
  protected static readonly defaults: ImageProcessorOptions = {};
  readonly model_input_names: readonly string[] = ['pixel_values'];
  /** The options as settled from the class and the file. */
  readonly settings: ImageSettings;
  /** The file's other keys, kept as Python keeps them. */
  readonly extra: Readonly<Record<string, unknown>>;

  /**
   * @param options What `preprocessor_config.json` holds; the class's defaults where absent or null.
   * @throws {TypeError} If an option's value is of the wrong type.
   */
  constructor(options: ImageProcessorOptions & Record<string, unknown> = {}) {
    super();
    const given = Object.entries(options).filter(([, v]) => v !== null && v !== undefined);
    this.settings = settle({
      ...(this.constructor as typeof ImageProcessor).defaults,
      ...Object.fromEntries(given.filter(([k]) => optionNames.includes(k)))
    });
    this.extra = Object.fromEntries(given.filter(([k]) => !optionNames.includes(k)));
  }

  /**
   * Reads `preprocessor_config.json` (or the `image_processor` part of `processor_config.json`) of a model.
   *
   * @param model A folder or repository id, as for models.
   * @param options Where to look, and options that replace the file's.
   * @throws {TypeError} If the model has no such file.
   */
  static async from_pretrained<T extends ImageProcessor>(
    this: new (options?: ImageProcessorOptions & Record<string, unknown>) => T,
    model: string,
    options: ResolveOptions & ImageProcessorOptions = {}
  ): Promise<T> {
    const {
      local_files_only: _l,
      revision: _r,
      subfolder: _s,
      token: _t,
      cache_dir: _c,
      signal: _g,
      progress_callback: _p,
      ...own
    } = options;
    return new this({ ...(await readImageProcessorConfig(model, options)), ...own });
  }

  async _call(images: ImagesInput, options: ImageCallOptions = {}): CallResult {
    return this.preprocess(images, options);
  }

  /**
   * Processes one image or several.
   *
   * @param images An image, or an array of images. An array of numbers is one image.
   * @param options Options for this call, over those of the processor.
   * @returns `pixel_values`, float32 [images, channels, height, width]; uint8 if neither rescaled nor normalised.
   * @throws {TypeError} If an option is unknown, or the results differ in size.
   */
  async preprocess(images: ImagesInput, options: ImageCallOptions = {}): CallResult {
    const { input_data_format, return_tensors: _ignored, ...own } = options;
    const unknown = Object.keys(own).filter(k => !optionNames.includes(k));
    if (unknown.length > 0) {
      throw new TypeError(
        `Cannot process images as these options are not known: ${unknown.join(', ')}; known are ` +
          `${optionNames.join(', ')}`
      );
    }
    const settings = settle({ ...this.settings, ...withoutNull(own) });
    const results: Pixels[] = [];
    for (const image of asList(images)) {
      const raw = await rawImage(image, input_data_format, settings.do_convert_rgb);
      results.push(this.process(settings.do_convert_rgb ? convertRgb(raw) : unconverted(raw), settings));
    }
    return { pixel_values: stack(settings.do_pad ? padded(results, settings.pad_size) : results) };
  }

  /** The steps for one image. Subclasses add theirs. */
  protected process(image: Pixels, s: ImageSettings): Pixels {
    let out = image;
    if (s.do_resize) {
      const [height, width] = outputSize(out.height, out.width, s.size);
      out = resizePixels(out, height, width, s.resample);
    }
    if (s.do_center_crop) {
      out = centerCrop(out, s.crop_size!.height!, s.crop_size!.width!);
    }
    if (s.do_rescale) {
      out = rescale(out, s.rescale_factor);
    }
    if (s.do_normalize) {
      out = normalize(out, s.image_mean, s.image_std);
    }
    return out;
  }

  /** The options in the spelling of `preprocessor_config.json`. */
  to_dict(): Record<string, unknown> {
    return {
      ...this.extra,
      ...Object.fromEntries(Object.entries(this.settings).filter(([, v]) => v !== undefined)),
      image_processor_type: this.constructor.name
    };
  }
}

/**
 * The image processor's options in a model folder.
 *
 * @returns `preprocessor_config.json`, or `image_processor` of `processor_config.json`.
 * @throws {TypeError} If there is neither.
 * @throws {SyntaxError} If the file is not JSON.
 */
export async function readImageProcessorConfig(
  model: string,
  options: ResolveOptions = {}
): Promise<Record<string, unknown>> {
  const folder = await getHost().resolve(model, options);
  for (const file of ['preprocessor_config.json', 'processor_config.json']) {
    const json = await readJson(folder, file);
    if (json === undefined) {
      continue;
    }
    const config = file === 'processor_config.json' ? (json as { image_processor?: unknown }).image_processor : json;
    if (config && typeof config === 'object') {
      return config as Record<string, unknown>;
    }
  }
  throw new TypeError(`Cannot load an image processor from ${folder.name} as it must have a preprocessor_config.json`);
}

function withoutNull<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, v]) => v !== null && v !== undefined)) as Partial<T>;
}

/** Fills in what is the same in every class, and checks. */
function settle(o: ImageProcessorOptions): ImageSettings {
  const square = o.default_to_square ?? true;
  const s: ImageSettings = {
    do_convert_rgb: flag(o, 'do_convert_rgb'),
    do_resize: flag(o, 'do_resize'),
    size: o.size === undefined ? {} : sizeOf(o.size, square, 'size'),
    resample: o.resample ?? Resampling.BILINEAR,
    do_center_crop: flag(o, 'do_center_crop'),
    crop_size: o.crop_size === undefined ? undefined : sizeOf(o.crop_size, true, 'crop_size'),
    do_rescale: flag(o, 'do_rescale'),
    rescale_factor: o.rescale_factor ?? 1 / 255,
    do_normalize: flag(o, 'do_normalize'),
    image_mean: o.image_mean ?? [],
    image_std: o.image_std ?? [],
    do_pad: flag(o, 'do_pad'),
    pad_size: o.pad_size === undefined ? undefined : sizeOf(o.pad_size, true, 'pad_size'),
    default_to_square: square
  };
  if (s.do_center_crop && !(s.crop_size?.height && s.crop_size.width)) {
    throw new TypeError('Cannot process images as crop_size must have height and width when do_center_crop is true');
  }
  if (s.do_normalize && (o.image_mean === undefined || o.image_std === undefined)) {
    throw new TypeError('Cannot process images as image_mean and image_std must be given when do_normalize is true');
  }
  return s;
}

function flag(
  options: ImageProcessorOptions,
  key: 'do_convert_rgb' | 'do_resize' | 'do_center_crop' | 'do_rescale' | 'do_normalize' | 'do_pad'
): boolean {
  const value: unknown = options[key] ?? false;
  if (typeof value !== 'boolean') {
    throw new TypeError(
      `Cannot process images as ${key} must be true or false: current value is ${JSON.stringify(value)}`
    );
  }
  return value;
}

/** Older files give one number, or [height, width]. */
function sizeOf(value: number | readonly number[] | Size, square: boolean, name: string): Size {
  const size =
    typeof value === 'number'
      ? square
        ? { height: value, width: value }
        : { shortest_edge: value }
      : Array.isArray(value)
        ? { height: value[0], width: value[1] }
        : (value as Size);
  const known = ['height', 'width', 'shortest_edge', 'longest_edge', 'max_height', 'max_width'];
  for (const [key, side] of Object.entries(size)) {
    if (!known.includes(key) || !(side === null || side === undefined || (Number.isInteger(side) && side > 0))) {
      throw new TypeError(
        `Cannot process images as ${name} must have ${known.join(', ')}, each a positive whole number: ` +
          `current value is ${JSON.stringify(value)}`
      );
    }
  }
  return withoutNull(size) as Size;
}

function asList(images: ImagesInput): readonly ImageLike[] {
  if (!Array.isArray(images)) {
    return [images as ImageLike];
  }
  if (images.length === 0) {
    throw new TypeError('Cannot process images as there must be at least one: the list is empty');
  }
  const depth = (v: unknown): number => (Array.isArray(v) ? 1 + depth(v[0]) : typeof v === 'number' ? 0 : -Infinity);
  const levels = depth(images);
  return levels === 2 || levels === 3 ? [images as unknown as ImageLike] : (images as readonly ImageLike[]);
}

function unconverted(raw: RawImage | Pixels): Pixels {
  if (!(raw instanceof RawImage)) {
    return raw;
  }
  const { data, width, height, channels } = raw;
  return { data: data instanceof Uint16Array ? Float32Array.from(data) : data, width, height, channels };
}

/** @see transformers.image_transforms.convert_to_rgb */
function convertRgb(raw: RawImage | Pixels): Pixels {
  if (raw instanceof RawImage) {
    return unconverted(raw.overWhite());
  }
  const { data, channels } = raw;
  if (channels !== 1 && channels !== 4) {
    return raw;
  }
  const bytes = data instanceof Uint8Array;
  const n = raw.width * raw.height;
  const out = bytes ? new Uint8Array(3 * n) : new Float32Array(3 * n);
  const white = bytes ? 255 : 1;
  for (let i = 0; i < n; i++) {
    const alpha = channels === 4 ? data[4 * i + 3]! / white : 1;
    for (let c = 0; c < 3; c++) {
      const v = channels === 4 ? alpha * data[4 * i + c]! + (1 - alpha) * white : data[i]!;
      out[3 * i + c] = bytes ? roundHalfEven(v) : v;
    }
  }
  return { ...raw, data: out, channels: 3 };
}

/** numpy's round. */
function roundHalfEven(v: number): number {
  const low = Math.floor(v);
  return v - low === 0.5 ? low + (low % 2) : Math.round(v);
}

function padded(images: readonly Pixels[], size: Size | undefined): Pixels[] {
  const height = size?.height ?? Math.max(...images.map(i => i.height));
  const width = size?.width ?? Math.max(...images.map(i => i.width));
  return images.map(i => padTo(i, height, width));
}

/** Interleaved images to one [images, channels, height, width]. */
function stack(images: readonly Pixels[]): Tensor {
  const { width, height, channels, data } = images[0]!;
  const odd = images.find(i => i.width !== width || i.height !== height || i.channels !== channels);
  if (odd) {
    throw new TypeError(
      'Cannot make one batch as all processed images must have one size: ' +
        `there are ${height} x ${width} x ${channels} and ${odd.height} x ${odd.width} x ${odd.channels}. ` +
        'Process them one by one, or with do_center_crop, a fixed size, or do_pad'
    );
  }
  const n = width * height;
  const bytes = data instanceof Uint8Array;
  const out = bytes ? new Uint8Array(images.length * n * channels) : new Float32Array(images.length * n * channels);
  images.forEach((image, b) => {
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < channels; c++) {
        out[(b * channels + c) * n + i] = image.data[i * channels + c]!;
      }
    }
  });
  return new Tensor(bytes ? 'uint8' : 'float32', out, [images.length, channels, height, width]);
}
