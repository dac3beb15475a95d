/**
 * Pillow's `Image.resize` for 8-bit images: antialiased separable filters, coefficients of 22 fixed-point bits,
 * rounding to a byte after each direction; equal to Pillow to the last bit.
 * @see https://github.com/python-pillow/Pillow/blob/main/src/libImaging/Resample.c
 */
import { mulDiv255 } from './picture';

/** Pillow's numbers (`resample` of preprocessor_config.json). */
export const Resampling = { NEAREST: 0, LANCZOS: 1, BILINEAR: 2, BICUBIC: 3, BOX: 4, HAMMING: 5 } as const;

interface Filter {
  readonly support: number;
  weight(x: number): number;
}

const sinc = (x: number): number => (x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI));

const filters: Readonly<Record<number, Filter>> = {
  1: { support: 3, weight: x => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
  2: { support: 1, weight: x => Math.max(0, 1 - Math.abs(x)) },
  3: {
    support: 2,
    weight: v => {
      const x = Math.abs(v);
      const a = -0.5;
      return x < 1 ? ((a + 2) * x - (a + 3)) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    }
  },
  4: { support: 0.5, weight: x => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  5: {
    support: 1,
    weight: v => {
      const x = Math.abs(v);
      return x === 0 ? 1 : x >= 1 ? 0 : sinc(x) * (0.54 + 0.46 * Math.cos(x * Math.PI));
    }
  }
};

/** Interleaved bytes. */
export interface Bytes {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/**
 * Resizes as Pillow does. Of 2 and 4 channels the last is alpha, and colours are weighted by it.
 *
 * @param image Samples 0 to 255, channels interleaved.
 * @param width Pixels of the result.
 * @param height Pixels of the result.
 * @param resample A value of `Resampling`.
 * @throws {RangeError} If the filter is unknown or a side of the result is below 1.
 */
export function resize(image: Bytes, width: number, height: number, resample: number): Bytes {
  if (!(width >= 1 && height >= 1)) {
    throw new RangeError(`Cannot resize as both sides must be at least 1 pixel: current size is ${width} x ${height}`);
  }
  if (resample !== Resampling.NEAREST && !filters[resample]) {
    throw new RangeError(`Cannot resize as resample must be 0 to 5 (Pillow's filters): current value is ${resample}`);
  }
  if (image.width === width && image.height === height) {
    return image;
  }
  if (resample === Resampling.NEAREST) {
    return nearest(image, width, height);
  }
  const filter = filters[resample]!;
  const alpha = image.channels === 2 || image.channels === 4;
  // Since Pillow 13 the height goes first where it shrinks by more than twice as many pixels as the width; the rounding
  // to bytes in between makes the order visible.
  const first = height < image.height && image.height - height > 2 * (image.width - width);
  const down = (i: Bytes): Bytes => (height === i.height ? i : vertical(i, height, filter));
  const across = (i: Bytes): Bytes => (width === i.width ? i : horizontal(i, width, filter));
  const start = alpha ? premultiply(image) : image;
  const out = first ? across(down(start)) : down(across(start));
  return alpha ? unpremultiply(out) : out;
}

/** For each output position: where its window begins, how long it is, and its fixed-point weights. */
interface Coefficients {
  readonly from: Int32Array;
  readonly count: Int32Array;
  readonly weights: Int32Array;
  /** Weights per output position. */
  readonly stride: number;
}

const precision = 22;
/** Rounds where sums are cut. */
const half = 1 << (precision - 1);

function coefficients(inSize: number, outSize: number, filter: Filter): Coefficients {
  const scale = inSize / outSize;
  const filterScale = Math.max(1, scale);
  const support = filter.support * filterScale;
  const stride = Math.ceil(support) * 2 + 1;
  const from = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const weights = new Int32Array(outSize * stride);
  const exact = new Float64Array(stride);
  const inverse = 1 / filterScale;
  for (let o = 0; o < outSize; o++) {
    const center = (o + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const n = Math.min(inSize, Math.trunc(center + support + 0.5)) - first;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      exact[i] = filter.weight((i + first - center + 0.5) * inverse);
      sum += exact[i]!;
    }
    for (let i = 0; i < n; i++) {
      const w = sum === 0 ? exact[i]! : exact[i]! / sum;
      weights[o * stride + i] = Math.trunc((w < 0 ? -0.5 : 0.5) + w * (1 << precision));
    }
    from[o] = first;
    count[o] = n;
  }
  return { from, count, weights, stride };
}

const toByte = (sum: number): number => {
  const v = sum >> precision;
  return v < 0 ? 0 : v > 255 ? 255 : v;
};

function horizontal(image: Bytes, width: number, filter: Filter): Bytes {
  const { from, count, weights, stride } = coefficients(image.width, width, filter);
  const { data, channels, height } = image;
  const out = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const row = y * image.width;
    for (let x = 0; x < width; x++) {
      if (channels === 3) {
        // The common case in one walk over the window.
        let [r, g, b] = [half, half, half];
        let at = (row + from[x]!) * 3;
        for (let i = 0, w = x * stride; i < count[x]!; i++, w++, at += 3) {
          const weight = weights[w]!;
          r = (r + data[at]! * weight) | 0;
          g = (g + data[at + 1]! * weight) | 0;
          b = (b + data[at + 2]! * weight) | 0;
        }
        const to = (y * width + x) * 3;
        out[to] = toByte(r);
        out[to + 1] = toByte(g);
        out[to + 2] = toByte(b);
        continue;
      }
      for (let c = 0; c < channels; c++) {
        let sum = half;
        let at = (row + from[x]!) * channels + c;
        for (let i = 0, w = x * stride; i < count[x]!; i++, w++, at += channels) {
          sum = (sum + data[at]! * weights[w]!) | 0;
        }
        out[(y * width + x) * channels + c] = toByte(sum);
      }
    }
  }
  return { data: out, width, height, channels };
}

function vertical(image: Bytes, height: number, filter: Filter): Bytes {
  const { from, count, weights, stride } = coefficients(image.height, height, filter);
  const { data, channels, width } = image;
  const line = width * channels;
  const out = new Uint8Array(line * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < line; x++) {
      let sum = half;
      let at = from[y]! * line + x;
      for (let i = 0, w = y * stride; i < count[y]!; i++, w++, at += line) {
        sum = (sum + data[at]! * weights[w]!) | 0;
      }
      out[y * line + x] = toByte(sum);
    }
  }
  return { data: out, width, height, channels };
}

function nearest(image: Bytes, width: number, height: number): Bytes {
  const { channels } = image;
  // Sums as Pillow adds them, so that borders fall alike.
  const places = (inSize: number, outSize: number): Int32Array => {
    const step = inSize / outSize;
    let at = step * 0.5;
    return Int32Array.from({ length: outSize }, () => {
      const place = Math.min(inSize - 1, Math.floor(at));
      at += step;
      return place;
    });
  };
  const [xs, ys] = [places(image.width, width), places(image.height, height)];
  const data = new Uint8Array(width * height * channels);
  for (let y = 0, o = 0; y < height; y++) {
    for (let x = 0; x < width; x++, o += channels) {
      const at = (ys[y]! * image.width + xs[x]!) * channels;
      data.set(image.data.subarray(at, at + channels), o);
    }
  }
  return { data, width, height, channels };
}

function premultiply(image: Bytes): Bytes {
  return mapAlpha(image, mulDiv255);
}

function unpremultiply(image: Bytes): Bytes {
  return mapAlpha(image, (v, a) => (a === 0 || a === 255 ? v : Math.min(255, Math.trunc((255 * v) / a))));
}

function mapAlpha(image: Bytes, f: (value: number, alpha: number) => number): Bytes {
  const { channels } = image;
  const data = image.data.slice();
  for (let i = channels - 1; i < data.length; i += channels) {
    for (let c = 1; c < channels; c++) {
      data[i - c] = f(data[i - c]!, data[i]!);
    }
  }
  return { ...image, data };
}
