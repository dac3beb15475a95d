/** Pictures from wherever a cell has them. */
import { getHost } from '../host/host';
import { readAll } from '../host/read';
import { Tensor } from '../tensor/tensor';
import { decodeImage } from './decode';
import { RawImage } from './picture';
import type { Pixels } from './pixels';

/** What a canvas needs to be one; no DOM type is named in the kernel. */
interface CanvasLike {
  readonly width: number;
  readonly height: number;
  getContext(
    kind: '2d'
  ): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } } | null;
}

/** Decoded pixels by another name: `ImageData`, or the like with 1 to 4 channels. */
export interface ImageDataLike {
  readonly data: Uint8Array | Uint8ClampedArray;
  readonly width: number;
  readonly height: number;
  /** Default: what the length of `data` says. */
  readonly channels?: 1 | 2 | 3 | 4;
}

/** Rows of numbers, [height][width], [height][width][channels] or [channels][height][width]. */
export type NestedPixels = readonly (readonly number[] | readonly (readonly number[])[])[];

/**
 * An image in any form:
 * - a string or URL: `https:`, `data:` or `blob:` address, or a path as `from_pretrained` takes one;
 * - the bytes of a file, or a Blob of them;
 * - decoded pixels: `RawImage`, `ImageData`, a canvas, nested arrays, a Tensor.
 */
export type ImageLike =
  string | URL | Uint8Array | ArrayBuffer | Blob | RawImage | ImageDataLike | CanvasLike | Tensor | NestedPixels;

/** Which axis of an array is the colour channel. */
export type ChannelDimension = 'channels_first' | 'channels_last';

/**
 * Loads an image as Python's `transformers.image_utils.load_image`: turned upright by its EXIF orientation and
 * converted to RGB, with any transparency dropped.
 *
 * @param image An address, a path, bytes, or pixels.
 * @throws {TypeError} If there is no image there.
 *
 * @example Read a picture that lies beside the notebook
 * ```ts
 * const cat = await load_image('cat.png');
 * ```
 */
export async function load_image(image: ImageLike): Promise<RawImage> {
  if (isText(image)) {
    return (await loadText(image)).image.toRGB();
  }
  const raw = await rawImage(image);
  if (raw instanceof RawImage) {
    return raw.toRGB();
  }
  const { data, width, height, channels } = raw;
  const bytes = data instanceof Uint8Array ? data : toBytes(data);
  return new RawImage(bytes, width, height, channels as 1 | 2 | 3 | 4).toRGB();
}

/**
 * An image as a processor's `images` argument: strings as by `load_image`, bytes as Pillow opens them, decoded pixels
 * as they are.
 *
 * @param image The image.
 * @param channelDimension Where the channels of an array are; found out by their number when absent.
 * @param overWhite Whether transparency will be laid over white (`do_convert_rgb`). Default false.
 */
export async function rawImage(
  image: ImageLike,
  channelDimension?: ChannelDimension,
  overWhite = false
): Promise<RawImage | Pixels> {
  if (isText(image)) {
    const loaded = await loadText(image);
    // Python's convert('RGB') drops an alpha channel but leaves a transparent colour for the processor to lay over
    // white.
    return loaded.keyed && overWhite ? loaded.image : loaded.image.toRGB();
  }
  if (image instanceof RawImage) {
    return image;
  }
  if (image instanceof Uint8Array || image instanceof ArrayBuffer || isBlob(image)) {
    const bytes = isBlob(image) ? await image.arrayBuffer() : image;
    return (await decodeImage(bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes))).image;
  }
  if (image instanceof Tensor) {
    const floats = ['float32', 'float64'].includes(image.dtype);
    if (!floats && !['uint8', 'int32', 'int64', 'int8'].includes(image.dtype)) {
      throw new TypeError(
        `Cannot read an image from a Tensor as dtype must be uint8, int or float32: current value is ${image.dtype}`
      );
    }
    return arrange(Array.from(image.data as ArrayLike<number | bigint>, Number), image.dims, channelDimension, floats);
  }
  if (Array.isArray(image)) {
    const dims = shapeOf(image);
    const flat = image.flat(2) as number[];
    if (flat.length !== dims.reduce((a, b) => a * b, 1) || !flat.every(v => typeof v === 'number')) {
      throw new TypeError(
        `Cannot read an image from nested arrays as all rows must be numbers and equally long: first is [${dims}]`
      );
    }
    return arrange(flat, dims, channelDimension, !flat.every(Number.isInteger));
  }
  if (isImageData(image)) {
    const channels = image.channels ?? image.data.length / (image.width * image.height);
    return new RawImage(image.data, image.width, image.height, channels as 1 | 2 | 3 | 4);
  }
  if (isCanvas(image)) {
    const context = image.getContext('2d');
    if (!context) {
      throw new TypeError('Cannot read an image from a canvas as it must have a 2d context');
    }
    return new RawImage(context.getImageData(0, 0, image.width, image.height).data, image.width, image.height, 4);
  }
  const got = image === null ? 'null' : typeof image === 'object' ? (image as object).constructor.name : typeof image;
  throw new TypeError(
    `Cannot read an image as it must be an address, bytes, ImageData, a canvas, a Tensor or an array: it is ${got}`
  );
}

async function loadText(address: string | URL): Promise<{ image: RawImage; keyed: boolean }> {
  const { image, orientation, keyed } = await decodeImage(await fetchBytes(String(address)), shorten(String(address)));
  return { image: image.oriented(orientation), keyed: keyed ?? false };
}

function isText(image: ImageLike): image is string | URL {
  return typeof image === 'string' || image instanceof URL;
}

function isBlob(image: ImageLike): image is Blob {
  return typeof Blob === 'function' && image instanceof Blob;
}

function isImageData(image: ImageLike): image is ImageDataLike {
  const data = (image as ImageDataLike | null)?.data;
  return data instanceof Uint8Array || data instanceof Uint8ClampedArray;
}

function isCanvas(image: ImageLike): image is CanvasLike {
  return typeof (image as CanvasLike | null)?.getContext === 'function';
}

function shapeOf(nested: unknown): number[] {
  const dims: number[] = [];
  for (let at = nested; Array.isArray(at); at = at[0]) {
    dims.push(at.length);
  }
  return dims;
}

/** Numbers of a given shape to interleaved pixels. */
function arrange(
  flat: readonly number[],
  dims: readonly number[],
  where: ChannelDimension | undefined,
  floats: boolean
): Pixels {
  if (dims.length === 4 && dims[0] === 1) {
    return arrange(flat, dims.slice(1), where, floats);
  }
  if (dims.length !== 2 && dims.length !== 3) {
    throw new TypeError(
      `Cannot read an image as an array must be [height, width] with or without channels: current shape is [${dims}]`
    );
  }
  const first = dims.length === 2 || (where ?? inferChannels(dims)) === 'channels_first';
  const [channels, height, width] =
    dims.length === 2
      ? [1, dims[0]!, dims[1]!]
      : first
        ? [dims[0]!, dims[1]!, dims[2]!]
        : [dims[2]!, dims[0]!, dims[1]!];
  const bytes = !floats && flat.every(v => v >= 0 && v <= 255);
  const data = bytes ? new Uint8Array(flat.length) : new Float32Array(flat.length);
  const n = height * width;
  for (let i = 0; i < flat.length; i++) {
    data[first ? (i % n) * channels + Math.floor(i / n) : i] = flat[i]!;
  }
  return { data, width, height, channels };
}

/** Which axis has 1, 3 or 4 entries; the first when both have, as in Python. */
function inferChannels(dims: readonly number[]): ChannelDimension {
  const possible = [1, 3, 4];
  if (possible.includes(dims[0]!)) {
    return 'channels_first';
  }
  if (possible.includes(dims[2]!)) {
    return 'channels_last';
  }
  throw new TypeError(
    `Cannot read an image as its first or last axis must be 1, 3 or 4 channels: current shape is [${dims}]. ` +
      'Pass input_data_format if the channels are another number'
  );
}

/** Floats in [0, 1], or whole numbers, to bytes, as `to_pil_image`. */
function toBytes(data: Float32Array): Uint8Array {
  const whole = data.every(Number.isInteger);
  if (!data.every(v => v >= 0 && v <= (whole ? 255 : 1))) {
    throw new RangeError(`Cannot make an image as pixels must be in [0, ${whole ? 255 : 1}]`);
  }
  return Uint8Array.from(data, v => Math.trunc(whole ? v : Math.fround(v * 255)));
}

async function fetchBytes(address: string): Promise<Uint8Array> {
  if (/^(https?|blob|data):/i.test(address)) {
    let response: Response;
    try {
      response = await fetch(address);
    } catch (error) {
      const why =
        error instanceof Error ? ((error.cause as Error | undefined)?.message ?? error.message) : String(error);
      throw new TypeError(
        `Cannot load ${shorten(address)} as it must be reachable: ${why}. ` +
          'In the browser the other site must also allow it (CORS); a picture beside the notebook always works'
      );
    }
    if (!response.ok) {
      throw new TypeError(
        `Cannot load ${shorten(address)} as the server must have it: its answer is ${response.status} ` +
          `${response.statusText}`
      );
    }
    return new Uint8Array(await response.arrayBuffer());
  }
  const path = address.replace(/^file:\/\//i, '');
  const slash = path.lastIndexOf('/');
  const folder = await getHost().resolve(slash < 0 ? '.' : slash === 0 ? '/' : path.slice(0, slash), {
    local_files_only: true
  });
  const source = await folder.open(path.slice(slash + 1));
  if (!source) {
    throw new TypeError(`Cannot load ${path} as there must be such a file: it is not in ${folder.name}`);
  }
  return readAll(source);
}

function shorten(address: string): string {
  return address.length > 100 ? `${address.slice(0, 100)}…` : address;
}
