/** Image files to pixels, by their first bytes. */
import { exifOrientation } from './exif';
import { decodeJpeg, isJpeg } from './jpeg';
import { RawImage, checkSize } from './picture';
import { decodePng, isPng } from './png';

/** A decoded file, before and without its EXIF orientation. */
export interface Decoded {
  readonly image: RawImage;
  /** 1 (upright) to 8. */
  readonly orientation: number;
  /** Alpha was not stored but stands for one transparent colour. */
  readonly keyed?: boolean;
}

/** What a browser worker offers for other formats; absent in Node. */
interface BrowserImaging {
  createImageBitmap?(blob: unknown, options?: unknown): Promise<{ width: number; height: number; close(): void }>;
  OffscreenCanvas?: new (
    width: number,
    height: number
  ) => {
    getContext(
      kind: '2d',
      options?: unknown
    ): {
      drawImage(image: unknown, x: number, y: number): void;
      getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
    };
  };
}

const known: readonly { name: string; test: (b: Uint8Array) => boolean }[] = [
  { name: 'GIF', test: b => ascii(b, 0, 3) === 'GIF' },
  { name: 'WebP', test: b => ascii(b, 0, 4) === 'RIFF' && ascii(b, 8, 12) === 'WEBP' },
  { name: 'BMP', test: b => ascii(b, 0, 2) === 'BM' },
  { name: 'AVIF', test: b => ascii(b, 4, 8) === 'ftyp' && /avif|avis|mif1/.test(ascii(b, 8, 12)) },
  { name: 'TIFF', test: b => ['II*\0', 'MM\0*'].includes(ascii(b, 0, 4)) },
  { name: 'SVG', test: b => /^\s*<(\?xml|svg)/.test(ascii(b, 0, 64)) }
];

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return String.fromCharCode(...bytes.subarray(from, to));
}

/**
 * Decodes an image file: PNG and JPEG everywhere, to Pillow's pixels; what else the browser can show (WebP, GIF, AVIF,
 * BMP) in the browser only, where its own decoder may differ from Pillow's by a level or two, and partly transparent
 * pixels by more (a canvas stores colours multiplied by their alpha).
 *
 * @param bytes The file.
 * @param name Shown in errors.
 * @throws {SyntaxError} If the file is broken.
 * @throws {RangeError} If it has more than 178 956 970 pixels.
 * @throws {TypeError} If its format is not known here.
 */
export async function decodeImage(bytes: Uint8Array, name = 'the image'): Promise<Decoded> {
  if (isPng(bytes) || isJpeg(bytes)) {
    const { image, exif, keyed } = isPng(bytes) ? decodePng(bytes, name) : { ...decodeJpeg(bytes, name), keyed: false };
    return { image, orientation: exif ? exifOrientation(exif) : 1, keyed };
  }
  const format = known.find(k => k.test(bytes))?.name;
  const host = globalThis as unknown as BrowserImaging;
  if (format && host.createImageBitmap && host.OffscreenCanvas) {
    return { image: await decodeInBrowser(bytes, name, host), orientation: 1 };
  }
  const first = [...bytes.subarray(0, 8)].map(b => b.toString(16).padStart(2, '0')).join(' ');
  throw new TypeError(
    `Cannot decode ${name} as it must be PNG or ` +
      `JPEG${host.createImageBitmap ? ' or a format the browser shows' : ''}: ` +
      (format ? `it is ${format}, which only the browser kernel decodes` : `its first bytes are ${first || '(none)'}`)
  );
}

async function decodeInBrowser(bytes: Uint8Array, name: string, host: BrowserImaging): Promise<RawImage> {
  let bitmap;
  try {
    bitmap = await host.createImageBitmap!(new Blob([bytes.slice()]), {
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none'
    });
  } catch (error) {
    throw new SyntaxError(`Cannot decode ${name} as the browser must be able to show it: ${String(error)}`);
  }
  checkSize(bitmap.width, bitmap.height, name);
  const context = new host.OffscreenCanvas!(bitmap.width, bitmap.height).getContext('2d', { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const image = new RawImage(data, bitmap.width, bitmap.height, 4);
  bitmap.close();
  return opaque(data) ? image.toRGB() : image;
}

function opaque(rgba: Uint8ClampedArray): boolean {
  for (let i = 3; i < rgba.length; i += 4) {
    if (rgba[i] !== 255) {
      return false;
    }
  }
  return true;
}
