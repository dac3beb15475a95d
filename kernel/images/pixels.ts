/**
 * Pixels on their way through a processor: bytes as decoded, or real numbers once rescaled. Each step is the numpy code
 * of transformers' PIL backend, in the same precision.
 * @see transformers/image_transforms.py
 */
import { resize } from './resample';

/** Samples with channels interleaved; bytes are 0 to 255, floats whatever the caller gave. */
export interface Pixels {
  readonly data: Uint8Array | Float32Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** A processor's `size`: what sides the result has. */
export interface Size {
  height?: number;
  width?: number;
  shortest_edge?: number;
  longest_edge?: number;
  max_height?: number;
  max_width?: number;
}

/**
 * The sides an image is resized to.
 *
 * @returns [height, width]. The long side of `shortest_edge` is cut, not rounded, as in Python.
 * @throws {TypeError} If `size` has none of the known sets of keys.
 */
export function outputSize(height: number, width: number, size: Size): [number, number] {
  const { shortest_edge: short, longest_edge: long } = size;
  if (short && long) {
    return withinEdges(height, width, short, long);
  }
  if (short) {
    return width <= height
      ? [Math.trunc((short * height) / width), short]
      : [short, Math.trunc((short * width) / height)];
  }
  if (size.max_height && size.max_width) {
    const scale = Math.min(size.max_height / height, size.max_width / width);
    return [Math.trunc(height * scale), Math.trunc(width * scale)];
  }
  if (size.height && size.width) {
    return [size.height, size.width];
  }
  throw new TypeError(
    'Cannot resize as size must have height and width, shortest_edge (and longest_edge), or max_height and ' +
      'max_width: ' +
      `current keys are ${Object.keys(size).join(', ') || 'none'}`
  );
}

function withinEdges(height: number, width: number, short: number, long: number): [number, number] {
  let size = short;
  let raw: number | undefined;
  const [least, most] = [Math.min(height, width), Math.max(height, width)];
  if ((most / least) * short > long) {
    raw = (long * least) / most;
    size = roundHalfEven(raw);
  }
  if ((height <= width && height === size) || (width <= height && width === size)) {
    return [height, width];
  }
  return width < height
    ? [Math.trunc(((raw ?? size) * height) / width), size]
    : [size, Math.trunc(((raw ?? size) * width) / height)];
}

function roundHalfEven(v: number): number {
  const low = Math.floor(v);
  return v - low === 0.5 ? low + (low % 2) : Math.round(v);
}

/**
 * Resizes. Real numbers in [0, 1] go through bytes and back, whole numbers are taken as bytes.
 *
 * @throws {RangeError} If real numbers are outside both ranges.
 */
export function resizePixels(image: Pixels, height: number, width: number, resample: number): Pixels {
  if (image.data instanceof Uint8Array) {
    return resize({ ...image, data: image.data }, width, height, resample);
  }
  const scaled = inUnitRange(image.data);
  const bytes = Uint8Array.from(image.data, v => Math.trunc(scaled ? Math.fround(v * 255) : v));
  const out = resize({ ...image, data: bytes }, width, height, resample);
  return scaled ? { ...out, data: Float32Array.from(out.data, v => v * (1 / 255)) } : out;
}

/** Whether floats are in [0, 1] rather than whole numbers of 0 to 255. */
function inUnitRange(data: Float32Array): boolean {
  const whole = data.every(v => Math.abs(v - Math.trunc(v)) <= 1e-8 + 1e-5 * Math.abs(Math.trunc(v)));
  const [low, high] = data.reduce(([a, b], v) => [Math.min(a, v), Math.max(b, v)], [Infinity, -Infinity]);
  const most = whole ? 255 : 1;
  if (!(low >= 0 && high <= most)) {
    throw new RangeError(
      `Cannot resize as pixels must be in [0, ${most}]: current range is [${low}, ${high}]. Give bytes, or ` +
        'numbers from 0 to 1'
    );
  }
  return !whole;
}

/** Cuts the middle out; an image that is too small gets a black border. */
export function centerCrop(image: Pixels, height: number, width: number): Pixels {
  const { channels } = image;
  const out =
    image.data instanceof Uint8Array
      ? new Uint8Array(height * width * channels)
      : new Float32Array(height * width * channels);
  const top = Math.floor((image.height - height) / 2); // negative where a border is added
  const left = Math.floor((image.width - width) / 2);
  for (let y = Math.max(0, -top); y < height && y + top < image.height; y++) {
    const x = Math.max(0, -left);
    const n = Math.min(width, image.width - left) - x;
    if (n > 0) {
      const from = ((y + top) * image.width + x + left) * channels;
      out.set(image.data.subarray(from, from + n * channels), (y * width + x) * channels);
    }
  }
  return { data: out, width, height, channels };
}

/** Puts the image in the top left corner of a larger black one. */
export function padTo(image: Pixels, height: number, width: number): Pixels {
  if (height < image.height || width < image.width) {
    throw new RangeError(
      `Cannot pad as pad_size must be at least the image's size: ${width} x ${height} is less than ` +
        `${image.width} x ${image.height}`
    );
  }
  return place(image, height, width, 0, 0, () => 0);
}

/** Puts the image in the middle of a square with a given colour. */
export function padToSquare(image: Pixels, colour: (channel: number) => number): Pixels {
  const side = Math.max(image.height, image.width);
  const [top, left] = [Math.floor((side - image.height) / 2), Math.floor((side - image.width) / 2)];
  return image.height === image.width ? image : place(image, side, side, top, left, colour);
}

function place(
  image: Pixels,
  height: number,
  width: number,
  top: number,
  left: number,
  colour: (channel: number) => number
): Pixels {
  const { channels } = image;
  const n = height * width * channels;
  const out = image.data instanceof Uint8Array ? new Uint8Array(n) : new Float32Array(n);
  for (let i = 0; i < n; i++) {
    out[i] = colour(i % channels);
  }
  for (let y = 0; y < image.height; y++) {
    const row = image.data.subarray(y * image.width * channels, (y + 1) * image.width * channels);
    out.set(row, ((y + top) * width + left) * channels);
  }
  return { data: out, width, height, channels };
}

/** Multiplies in float64 and rounds to float32, as Python does. */
export function rescale(image: Pixels, factor: number): Pixels {
  return { ...image, data: Float32Array.from(image.data, v => v * factor) };
}

/**
 * (x − mean) / std in float32.
 *
 * @throws {TypeError} If there are neither one nor as many means and deviations as channels.
 */
export function normalize(image: Pixels, mean: number | readonly number[], std: number | readonly number[]): Pixels {
  const { channels } = image;
  const perChannel = (v: number | readonly number[], name: string): Float32Array => {
    if (typeof v !== 'number' && v.length !== channels) {
      throw new TypeError(
        `Cannot normalise as ${name} must have as many values as the image has channels (${channels}): ` +
          `current length is ${v.length}` +
          (channels !== 3 ? '. Pass do_convert_rgb: true to see every image as RGB' : '')
      );
    }
    return Float32Array.from({ length: channels }, (_, c) => (typeof v === 'number' ? v : v[c]!));
  };
  const m = perChannel(mean, 'image_mean');
  const s = perChannel(std, 'image_std');
  const data = new Float32Array(image.data.length);
  for (let i = 0; i < data.length; i++) {
    const c = i % channels;
    data[i] = Math.fround(image.data[i]! - m[c]!) / s[c]!;
  }
  return { ...image, data };
}
