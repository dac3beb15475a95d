/**
 * Decoded pixels in Pillow's modes, and Pillow's conversions between them, to the last bit.
 */

import { base64, encodePng, pngAddress } from './encode-png';

/** Pillow's names: greyscale, with alpha, colour, with alpha, print colours, 16-bit greyscale. */
export type PictureMode = 'L' | 'LA' | 'RGB' | 'RGBA' | 'CMYK' | 'I;16';

const channelsOf: Readonly<Record<PictureMode, number>> = { L: 1, LA: 2, RGB: 3, RGBA: 4, CMYK: 4, 'I;16': 1 };

/** Pictures larger than this are refused before any pixel is decoded, as Pillow refuses decompression bombs. */
export const maxPixels = 178_956_970;

/**
 * Throws unless a picture of this size may be decoded.
 *
 * @param width Pixels.
 * @param height Pixels.
 * @param name Shown in errors.
 * @throws {RangeError} If there is no pixel, or more than 178 956 970 (Pillow's limit).
 */
export function checkSize(width: number, height: number, name: string): void {
  if (!(width > 0 && height > 0)) {
    throw new RangeError(
      `Cannot decode ${name} as width and height must be positive: current size is ${width} x ${height}`
    );
  }
  if (width * height > maxPixels) {
    throw new RangeError(
      `Cannot decode ${name} as it may have at most ${maxPixels} pixels: current size is ${width} x ${height}. ` +
        'Make the picture smaller first'
    );
  }
}

/**
 * A decoded image: rows from the top, channels interleaved.
 *
 * @example A picture made by hand
 * ```ts
 * const dot = new RawImage(new Uint8Array([255, 0, 0]), 1, 1, 3);
 * ```
 */
export class RawImage {
  readonly data: Uint8Array | Uint16Array;
  readonly width: number;
  readonly height: number;
  readonly mode: PictureMode;

  /**
   * @param data Samples, row by row, channels interleaved: height · width · channels of them.
   * @param width Pixels.
   * @param height Pixels.
   * @param kind Channels (1 grey, 2 grey with alpha, 3 RGB, 4 RGBA) or a Pillow mode.
   * @throws {TypeError} If the number of samples is not height · width · channels.
   */
  constructor(
    data: Uint8Array | Uint8ClampedArray | Uint16Array,
    width: number,
    height: number,
    kind: 1 | 2 | 3 | 4 | PictureMode
  ) {
    this.mode = typeof kind === 'number' ? (['L', 'LA', 'RGB', 'RGBA'] as const)[kind - 1]! : kind;
    if (!(this.mode in channelsOf)) {
      throw new TypeError(`Cannot make an image as channels must be 1, 2, 3 or 4: current value is ${kind}`);
    }
    checkSize(width, height, 'the image');
    const want = width * height * channelsOf[this.mode];
    if (data.length !== want) {
      throw new TypeError(
        `Cannot make an image as ${width} x ${height} in mode ${this.mode} takes ${want} samples: current ` +
          `length is ${data.length}`
      );
    }
    if (data instanceof Uint16Array !== (this.mode === 'I;16')) {
      throw new TypeError(`Cannot make an image in mode ${this.mode} of ${data.constructor.name}`);
    }
    this.data = data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer, data.byteOffset, data.length) : data;
    this.width = width;
    this.height = height;
  }

  /** Samples per pixel. */
  get channels(): number {
    return channelsOf[this.mode];
  }

  /** [width, height], as in Pillow. */
  get size(): [number, number] {
    return [this.width, this.height];
  }

  /** Whether pixels have an alpha channel. */
  get hasAlpha(): boolean {
    return this.mode === 'LA' || this.mode === 'RGBA';
  }

  /**
   * The picture in RGB with alpha dropped, as Pillow's `convert('RGB')`. 16-bit grey is cut off at 255, as there.
   */
  toRGB(): RawImage {
    const { data, mode } = this;
    if (mode === 'RGB') {
      return this;
    }
    const n = this.width * this.height;
    const out = new Uint8Array(3 * n);
    const step = this.channels;
    for (let i = 0, p = 0, o = 0; i < n; i++, p += step, o += 3) {
      if (mode === 'RGBA') {
        out[o] = data[p]!;
        out[o + 1] = data[p + 1]!;
        out[o + 2] = data[p + 2]!;
      } else if (mode === 'CMYK') {
        const light = 255 - data[p + 3]!;
        for (let c = 0; c < 3; c++) {
          out[o + c] = Math.max(0, light - mulDiv255(data[p + c]!, light));
        }
      } else {
        out[o] = out[o + 1] = out[o + 2] = Math.min(255, data[p]!);
      }
    }
    return new RawImage(out, this.width, this.height, 3);
  }

  /**
   * The picture in RGB, transparency laid over white: what processors with `do_convert_rgb` see.
   * @see transformers.image_transforms.convert_to_rgb
   */
  overWhite(): RawImage {
    if (!this.hasAlpha) {
      return this.toRGB();
    }
    const { data } = this;
    const n = this.width * this.height;
    const out = new Uint8Array(3 * n);
    const grey = this.mode === 'LA';
    for (let i = 0; i < n; i++) {
      const at = i * this.channels;
      const alpha = data[at + (grey ? 1 : 3)]!;
      // Pillow's AlphaComposite.c on an opaque background, 7 extra bits.
      const front = alpha << 7;
      const back = (255 << 7) - front;
      for (let c = 0; c < 3; c++) {
        const sum = data[at + (grey ? 0 : c)]! * front + 255 * back + (0x80 << 7);
        out[3 * i + c] = ((sum >> 8) + sum) >> 15;
      }
    }
    return new RawImage(out, this.width, this.height, 3);
  }

  /**
   * Turned as a camera's EXIF orientation says.
   *
   * @param orientation 1 (upright) to 8.
   */
  oriented(orientation: number): RawImage {
    if (!(orientation >= 2 && orientation <= 8)) {
      return this;
    }
    const swap = orientation >= 5;
    const { width, height, channels, data } = this;
    const [w, h] = swap ? [height, width] : [width, height];
    const out = data.slice();
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        // Where the upright pixel (x, y) lies in the stored picture.
        const [u, v] = swap ? [y, x] : [x, y];
        const flipX = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8;
        const flipY = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7;
        const from = ((flipY ? height - 1 - v : v) * width + (flipX ? width - 1 - u : u)) * channels;
        const to = (y * w + x) * channels;
        for (let c = 0; c < channels; c++) {
          out[to + c] = data[from + c]!;
        }
      }
    }
    return new RawImage(out, w, h, this.mode);
  }

  /** The picture as a `data:` address, for HTML and plots. */
  toDataURL(): string {
    return pngAddress(this);
  }

  /** Deno's display protocol: the picture itself. */
  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    return { 'image/png': base64(encodePng(this)), 'text/plain': this.toString() };
  }

  toString(): string {
    return `RawImage(${this.width} x ${this.height}, ${this.mode})`;
  }
}

/** a · b / 255 rounded, by Pillow's MULDIV255. */
export function mulDiv255(a: number, b: number): number {
  const t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}
