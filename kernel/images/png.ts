/**
 * PNG to pixels: every colour type, depth and interlacing, in the modes Pillow opens them in. Inflating is fflate's;
 * the rest is here because the library tried (fast-png 8.0.0) misreads interlaced images below 8 bits and sets no
 * bound on what the data may inflate to.
 * @see https://www.w3.org/TR/png-3/
 */
import { Unzlib } from 'fflate';
import { RawImage, checkSize } from './picture';

interface Header {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly colour: number;
  readonly interlaced: boolean;
}

const signature = [137, 80, 78, 71, 13, 10, 26, 10];
/** Colour type → samples per pixel and allowed depths. */
const colours: Readonly<Record<number, { samples: number; depths: readonly number[] }>> = {
  0: { samples: 1, depths: [1, 2, 4, 8, 16] },
  2: { samples: 3, depths: [8, 16] },
  3: { samples: 1, depths: [1, 2, 4, 8] },
  4: { samples: 2, depths: [8, 16] },
  6: { samples: 4, depths: [8, 16] }
};
/** Adam7: x and y of the first pixel, then the steps. */
const passes = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2]
] as const;

/** Whether the bytes begin as a PNG does. */
export function isPng(bytes: Uint8Array): boolean {
  return signature.every((b, i) => bytes[i] === b);
}

/**
 * Decodes a PNG.
 *
 * @param bytes The file.
 * @param name Shown in errors.
 * @returns The first picture; transparency as an alpha channel, palettes resolved, 16-bit colour cut to its high byte.
 *   `keyed`: transparency was one colour. `exif`: the EXIF block, if there is one.
 * @throws {SyntaxError} If the file is broken or cut short.
 * @throws {RangeError} If it has too many pixels or inflates to more than they need.
 */
export function decodePng(bytes: Uint8Array, name = 'the PNG'): { image: RawImage; keyed: boolean; exif?: Uint8Array } {
  const fault = (what: string): SyntaxError => new SyntaxError(`Cannot decode ${name} as a PNG must ${what}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  let palette: Uint8Array | undefined;
  let transparency: Uint8Array | undefined;
  let exif: Uint8Array | undefined;
  let inflator: Inflator | undefined;
  let ended = false;
  for (let at = 8; !ended;) {
    if (at + 8 > bytes.length) {
      if (inflator?.complete) {
        break; // Pillow, too, reads a file without IEND when the pixels are all there
      }
      throw fault(`be whole: the file ends at byte ${bytes.length}, within a chunk`);
    }
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const body = bytes.subarray(at + 8, at + 8 + length);
    if (body.length < length && type !== 'IDAT') {
      throw fault(`be whole: the file ends at byte ${bytes.length}, within chunk ${type}`);
    }
    if (!header && type !== 'IHDR') {
      throw fault(`begin with IHDR: current first chunk is ${JSON.stringify(type)}`);
    }
    if (type === 'IHDR') {
      header = readHeader(body, name, fault);
      inflator = new Inflator(scanlineBytes(header), name);
    } else if (type === 'PLTE') {
      palette = body;
    } else if (type === 'tRNS') {
      transparency = body;
    } else if (type === 'eXIf') {
      exif = body;
    } else if (type === 'IDAT') {
      inflator!.push(body, fault);
    } else if (type === 'IEND') {
      ended = true;
    } else if (/^[A-Z]/.test(type)) {
      throw fault(`hold only known critical chunks: current chunk is ${JSON.stringify(type)}`);
    }
    at += 12 + length;
  }
  const samples = unfilter(header!, inflator!.finish(fault), fault);
  const keyed = transparency !== undefined && header!.colour !== 3;
  return { image: toImage(header!, samples, palette, transparency, fault), keyed, ...(exif && { exif }) };
}

function readHeader(body: Uint8Array, name: string, fault: (what: string) => SyntaxError): Header {
  if (body.length !== 13) {
    throw fault(`have an IHDR of 13 bytes: current length is ${body.length}`);
  }
  const view = new DataView(body.buffer, body.byteOffset);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, colour, compression, filter, interlace] = body.subarray(8) as unknown as [
    number,
    number,
    number,
    number,
    number
  ];
  if (!colours[colour]?.depths.includes(depth)) {
    throw fault(`have a known colour type and depth: current values are ${colour} and ${depth}`);
  }
  if (compression !== 0 || filter !== 0 || interlace > 1) {
    throw fault(
      `have compression 0, filter 0 and interlace 0 or 1: current values are ${compression}, ${filter}, ${interlace}`
    );
  }
  checkSize(width, height, name);
  return { width, height, depth, colour, interlaced: interlace === 1 };
}

/** The rows a file holds, pass by pass: pixels across and number of rows. */
function rowsOf(h: Header): { width: number; height: number; pass: readonly [number, number, number, number] }[] {
  const all = h.interlaced ? passes : ([[0, 0, 1, 1]] as const);
  return all
    .map(pass => ({
      pass,
      width: Math.ceil((h.width - pass[0]) / pass[2]),
      height: Math.ceil((h.height - pass[1]) / pass[3])
    }))
    .filter(r => r.width > 0 && r.height > 0);
}

function lineBytes(h: Header, width: number): number {
  return Math.ceil((width * colours[h.colour]!.samples * h.depth) / 8);
}

/** Bytes of all scanlines with their filter bytes. */
function scanlineBytes(h: Header): number {
  return rowsOf(h).reduce((sum, r) => sum + r.height * (1 + lineBytes(h, r.width)), 0);
}

/** Inflates IDAT chunks into a buffer of the size the header announces, and not one byte more. */
class Inflator {
  private readonly out: Uint8Array;
  private length = 0;
  private readonly stream: Unzlib;
  private readonly name: string;

  constructor(size: number, name: string) {
    this.out = new Uint8Array(size);
    this.name = name;
    this.stream = new Unzlib(chunk => {
      if (this.length + chunk.length > this.out.length + slack) {
        throw new RangeError(
          `Cannot decode ${this.name} as its data must inflate to the ${this.out.length} bytes its header announces: ` +
            'it goes on beyond them'
        );
      }
      const room = this.out.length - this.length;
      this.out.set(room < chunk.length ? chunk.subarray(0, room) : chunk, this.length);
      this.length += Math.min(room, chunk.length);
    });
  }

  get complete(): boolean {
    return this.length >= this.out.length;
  }

  push(body: Uint8Array, fault: (what: string) => SyntaxError): void {
    // In small pieces: a kilobyte inflates to a megabyte at most, so a bomb is met early.
    for (let at = 0; at < body.length && !this.complete; at += 4096) {
      try {
        this.stream.push(body.subarray(at, at + 4096));
      } catch (error) {
        if (error instanceof RangeError) {
          throw error;
        }
        throw fault(`hold deflated data: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  finish(fault: (what: string) => SyntaxError): Uint8Array {
    if (!this.complete) {
      throw fault(`hold ${this.out.length} bytes of pixels: current data end after ${this.length}`);
    }
    return this.out;
  }
}

/** Encoders round up to whole blocks now and then; a few bytes too many are harmless. */
const slack = 1 << 16;

/** Undoes the line filters and Adam7: one number per sample, row by row. */
function unfilter(h: Header, raw: Uint8Array, fault: (what: string) => SyntaxError): Uint8Array | Uint16Array {
  const per = colours[h.colour]!.samples;
  const out = h.depth === 16 ? new Uint16Array(h.width * h.height * per) : new Uint8Array(h.width * h.height * per);
  const bpp = Math.max(1, (per * h.depth) >> 3);
  let at = 0;
  for (const { width, height, pass } of rowsOf(h)) {
    const bytes = lineBytes(h, width);
    let above: Uint8Array = new Uint8Array(bytes);
    for (let y = 0; y < height; y++, at += bytes) {
      const filter = raw[at++]!;
      const line = raw.subarray(at, at + bytes);
      if (filter > 4) {
        throw fault(`have line filters 0 to 4: current value is ${filter}`);
      }
      if (filter > 0) {
        undo(filter, line, above, bpp);
      }
      above = line;
      const row = (pass[1] + y * pass[3]) * h.width;
      if (h.depth === 8 && pass[2] === 1) {
        out.set(line, row * per);
        continue;
      }
      for (let x = 0; x < width; x++) {
        const to = (row + pass[0] + x * pass[2]) * per;
        for (let c = 0; c < per; c++) {
          out[to + c] = sample(line, x * per + c, h.depth);
        }
      }
    }
  }
  return out;
}

function undo(filter: number, line: Uint8Array, above: Uint8Array, bpp: number): void {
  const n = line.length;
  if (filter === 1) {
    for (let i = bpp; i < n; i++) {
      line[i] = line[i]! + line[i - bpp]!;
    }
  } else if (filter === 2) {
    for (let i = 0; i < n; i++) {
      line[i] = line[i]! + above[i]!;
    }
  } else if (filter === 3) {
    for (let i = 0; i < n; i++) {
      line[i] = line[i]! + (((i >= bpp ? line[i - bpp]! : 0) + above[i]!) >> 1);
    }
  } else {
    for (let i = 0; i < n; i++) {
      const a = i >= bpp ? line[i - bpp]! : 0;
      const b = above[i]!;
      const c = i >= bpp ? above[i - bpp]! : 0;
      const pa = Math.abs(b - c);
      const pb = Math.abs(a - c);
      const pc = Math.abs(a + b - 2 * c);
      line[i] = line[i]! + (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
    }
  }
}

function sample(line: Uint8Array, i: number, depth: number): number {
  if (depth === 8) {
    return line[i]!;
  }
  if (depth === 16) {
    return (line[2 * i]! << 8) | line[2 * i + 1]!;
  }
  const bit = i * depth;
  return (line[bit >> 3]! >> (8 - depth - (bit & 7))) & ((1 << depth) - 1);
}

function toImage(
  h: Header,
  samples: Uint8Array | Uint16Array,
  palette: Uint8Array | undefined,
  transparency: Uint8Array | undefined,
  fault: (what: string) => SyntaxError
): RawImage {
  const n = h.width * h.height;
  if (h.colour === 3) {
    if (!palette || palette.length === 0 || palette.length % 3 !== 0 || palette.length > 768) {
      throw fault(`have a PLTE of 1 to 256 colours for colour type 3: current length is ${palette?.length ?? 0} bytes`);
    }
    const per = transparency ? 4 : 3;
    const out = new Uint8Array(n * per);
    for (let i = 0; i < n; i++) {
      const index = samples[i]!;
      // Colours past the end of the palette are black, as Pillow has them.
      out[i * per] = palette[3 * index] ?? 0;
      out[i * per + 1] = palette[3 * index + 1] ?? 0;
      out[i * per + 2] = palette[3 * index + 2] ?? 0;
      if (transparency) {
        out[i * per + 3] = transparency[index] ?? 255;
      }
    }
    return new RawImage(out, h.width, h.height, per);
  }
  const per = colours[h.colour]!.samples as 1 | 2 | 3 | 4;
  if (h.depth === 16 && h.colour === 0) {
    return new RawImage(samples as Uint16Array, h.width, h.height, 'I;16');
  }
  const bytes =
    h.depth === 16
      ? Uint8Array.from(samples, v => v >> 8)
      : h.depth < 8
        ? (samples as Uint8Array).map(v => v * (255 / ((1 << h.depth) - 1)))
        : (samples as Uint8Array);
  if (transparency && h.depth <= 8 && (h.colour === 0 || h.colour === 2)) {
    return keyed(h, bytes, samples, transparency, per);
  }
  return new RawImage(bytes, h.width, h.height, per);
}

/** tRNS of grey and colour images: one colour is fully transparent. */
function keyed(h: Header, bytes: Uint8Array, samples: ArrayLike<number>, key: Uint8Array, per: number): RawImage {
  const want = Array.from({ length: per }, (_, c) => ((key[2 * c] ?? 0) << 8) | (key[2 * c + 1] ?? 0));
  const n = h.width * h.height;
  const out = new Uint8Array(n * (per + 1));
  for (let i = 0; i < n; i++) {
    let same = true;
    for (let c = 0; c < per; c++) {
      out[i * (per + 1) + c] = bytes[i * per + c]!;
      same &&= samples[i * per + c] === want[c];
    }
    out[i * (per + 1) + per] = same ? 0 : 255;
  }
  return new RawImage(out, h.width, h.height, (per + 1) as 2 | 4);
}
