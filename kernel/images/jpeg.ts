/**
 * JPEG to pixels, baseline and progressive. Own code for one measured reason: the library tried (jpeg-js 0.4.4) is up
 * to 20 levels away from Pillow at chroma edges, and processors have to agree to one.
 * @see https://www.w3.org/Graphics/JPEG/itu-t81.pdf
 */
import { HuffmanTable, readScan, zigzag } from './jpeg-entropy';
import type { Component } from './jpeg-entropy';
import { inverseTransform, toRgb, upsample } from './jpeg-samples';
import { RawImage, checkSize } from './picture';

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly progressive: boolean;
  readonly components: readonly Component[];
  readonly maxH: number;
  readonly maxV: number;
}

interface State {
  readonly quantisation: (Uint16Array | undefined)[];
  readonly dc: (HuffmanTable | undefined)[];
  readonly ac: (HuffmanTable | undefined)[];
  restartInterval: number;
  frame?: Frame;
  jfif: boolean;
  /** Adobe's colour transform, where the file says. */
  adobe?: number;
  exif?: Uint8Array;
}

const kinds: Readonly<Record<number, string>> = {
  0xc3: 'lossless',
  0xc5: 'hierarchical',
  0xc6: 'hierarchical',
  0xc7: 'lossless hierarchical',
  0xc9: 'arithmetic-coded',
  0xca: 'arithmetic-coded',
  0xcb: 'lossless arithmetic-coded',
  0xcd: 'hierarchical',
  0xce: 'hierarchical',
  0xcf: 'hierarchical'
};

/** Whether the bytes begin as a JPEG does. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Decodes a JPEG.
 *
 * @param bytes The file.
 * @param name Shown in errors.
 * @returns The picture, in mode L, RGB or CMYK, and the EXIF block if there is one. Not turned by its orientation.
 * @throws {SyntaxError} If the file is broken, cut short, or of a kind outside baseline and progressive.
 * @throws {RangeError} If it has too many pixels.
 */
export function decodeJpeg(bytes: Uint8Array, name = 'the JPEG'): { image: RawImage; exif?: Uint8Array } {
  const state: State = { quantisation: [], dc: [], ac: [], restartInterval: 0, jfif: false };
  try {
    readMarkers(bytes, state, name);
  } catch (error) {
    if (error instanceof SyntaxError && !error.message.startsWith('Cannot')) {
      throw new SyntaxError(`Cannot decode ${name} as a JPEG must be whole and sound: found ${error.message}`);
    }
    throw error;
  }
  return { image: toImage(state), ...(state.exif && { exif: state.exif }) };
}

function readMarkers(bytes: Uint8Array, state: State, name: string): void {
  let scans = 0;
  for (let at = 2; ;) {
    while (at < bytes.length && bytes[at] !== 0xff) {
      at++; // libjpeg skips stray bytes between segments
    }
    while (bytes[at] === 0xff) {
      at++;
    }
    if (at >= bytes.length) {
      if (scans > 0 && !state.frame!.progressive) {
        return; // only the end marker is missing
      }
      throw new SyntaxError('the end of the file before the end of the picture');
    }
    const marker = bytes[at++]!;
    if (marker === 0xd9) {
      if (scans === 0) {
        throw new SyntaxError('no picture data');
      }
      return;
    }
    if (marker === 0 || marker === 1 || (marker >= 0xd0 && marker <= 0xd7)) {
      continue;
    }
    const length = at + 1 < bytes.length ? (bytes[at]! << 8) | bytes[at + 1]! : 0;
    if (length < 2 || at + length > bytes.length) {
      throw new SyntaxError(`a segment (marker ${marker.toString(16)}) that goes beyond the file`);
    }
    const body = bytes.subarray(at + 2, at + length);
    at += length;
    if (marker === 0xda) {
      at = startScan(bytes, at, body, state);
      scans++;
    } else {
      readSegment(marker, body, state, name, bytes.length);
    }
  }
}

function readSegment(marker: number, body: Uint8Array, state: State, name: string, bytes: number): void {
  if (marker === 0xc0 || marker === 0xc1 || marker === 0xc2) {
    if (state.frame) {
      throw new SyntaxError('two frames');
    }
    state.frame = readFrame(body, marker === 0xc2, name, bytes);
  } else if (marker in kinds) {
    throw new SyntaxError(
      `Cannot decode ${name} as only baseline and progressive JPEG are known: it is ${kinds[marker]}`
    );
  } else if (marker === 0xc4) {
    readHuffman(body, state);
  } else if (marker === 0xdb) {
    readQuantisation(body, state);
  } else if (marker === 0xdd) {
    state.restartInterval = (body[0]! << 8) | body[1]!;
  } else if (marker === 0xe0 && text(body, 0, 4) === 'JFIF') {
    state.jfif = true;
  } else if (marker === 0xe1 && text(body, 0, 4) === 'Exif') {
    state.exif ??= body;
  } else if (marker === 0xee && text(body, 0, 5) === 'Adobe' && body.length >= 12) {
    state.adobe = body[11]!;
  }
}

const text = (bytes: Uint8Array, from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));

function readFrame(body: Uint8Array, progressive: boolean, name: string, fileBytes: number): Frame {
  const [precision, height, width, count] = [
    body[0]!,
    (body[1]! << 8) | body[2]!,
    (body[3]! << 8) | body[4]!,
    body[5]!
  ];
  if (precision !== 8) {
    throw new SyntaxError(`samples of ${precision} bits (8 are known)`);
  }
  if (![1, 3, 4].includes(count) || body.length < 6 + 3 * count) {
    throw new SyntaxError(`${count} colour planes (1, 3 and 4 are known)`);
  }
  checkSize(width, height, name);
  const heads = Array.from({ length: count }, (_, i) => body.subarray(6 + 3 * i, 9 + 3 * i));
  const maxH = Math.max(...heads.map(c => c[1]! >> 4));
  const maxV = Math.max(...heads.map(c => c[1]! & 15));
  const components = heads.map(c => {
    const [h, v] = [c[1]! >> 4, c[1]! & 15];
    if (h < 1 || v < 1 || h > 4 || v > 4 || maxH % h !== 0 || maxV % v !== 0) {
      throw new SyntaxError(`sampling factors ${h} x ${v} of ${maxH} x ${maxV}`);
    }
    const blocksAcross = Math.ceil(width / (8 * maxH)) * h;
    const blocksDown = Math.ceil(height / (8 * maxV)) * v;
    if (blocksAcross * blocksDown > 8 * fileBytes) {
      // Every block takes a bit at least: refused before room for the pixels is made.
      throw new SyntaxError(`${width} x ${height} pixels in ${fileBytes} bytes`);
    }
    return {
      id: c[0]!,
      h,
      v,
      table: c[2]!,
      blocksAcross,
      blocksDown,
      width: Math.ceil((width * h) / maxH),
      height: Math.ceil((height * v) / maxV),
      coefficients: new Int16Array(blocksAcross * blocksDown * 64)
    };
  });
  return { width, height, progressive, components, maxH, maxV };
}

function readHuffman(body: Uint8Array, state: State): void {
  for (let at = 0; at + 17 <= body.length;) {
    const kind = body[at]!;
    const counts = body.subarray(at + 1, at + 17);
    const total = counts.reduce((a, b) => a + b, 0);
    if (total > 256 || at + 17 + total > body.length) {
      throw new SyntaxError('a Huffman table that goes beyond its segment');
    }
    const table = new HuffmanTable(counts, body.subarray(at + 17, at + 17 + total));
    (kind >> 4 === 0 ? state.dc : state.ac)[kind & 15] = table;
    at += 17 + total;
  }
}

function readQuantisation(body: Uint8Array, state: State): void {
  for (let at = 0; at < body.length;) {
    const wide = body[at]! >> 4 > 0;
    const id = body[at]! & 15;
    const bytes = wide ? 128 : 64;
    if (at + 1 + bytes > body.length) {
      throw new SyntaxError('a quantisation table that goes beyond its segment');
    }
    const table = new Uint16Array(64);
    for (let i = 0; i < 64; i++) {
      const p = at + 1 + (wide ? 2 * i : i);
      table[zigzag[i]!] = wide ? (body[p]! << 8) | body[p + 1]! : body[p]!;
    }
    state.quantisation[id] = table;
    at += 1 + bytes;
  }
}

function startScan(bytes: Uint8Array, at: number, body: Uint8Array, state: State): number {
  const { frame } = state;
  if (!frame) {
    throw new SyntaxError('picture data before a frame header');
  }
  const count = body[0]!;
  if (count < 1 || count > 4 || body.length < 4 + 2 * count) {
    throw new SyntaxError(`a scan of ${count} colour planes`);
  }
  const components = Array.from({ length: count }, (_, i) => {
    const component = frame.components.find(c => c.id === body[1 + 2 * i]!);
    if (!component) {
      throw new SyntaxError(`a scan of colour plane ${body[1 + 2 * i]!}, which the frame lacks`);
    }
    component.quantisation ??= state.quantisation[component.table];
    const tables = body[2 + 2 * i]!;
    const [dc, ac] = [state.dc[tables >> 4], state.ac[tables & 15]];
    return { component, ...(dc && { dc }), ...(ac && { ac }) };
  });
  const [from, to, bits] = [body[1 + 2 * count]!, body[2 + 2 * count]!, body[3 + 2 * count]!];
  if (
    frame.progressive &&
    (from > to || to > 63 || (from === 0 && to > 0) || (from > 0 && count > 1) || (bits & 15) > 13)
  ) {
    throw new SyntaxError(`a progressive scan of coefficients ${from} to ${to} of ${count} planes`);
  }
  return readScan(bytes, at, {
    components,
    progressive: frame.progressive,
    from,
    to,
    high: bits >> 4,
    low: bits & 15,
    restartInterval: state.restartInterval,
    mcusAcross: Math.ceil(frame.width / (8 * frame.maxH)),
    mcusDown: Math.ceil(frame.height / (8 * frame.maxV))
  });
}

function toImage(state: State): RawImage {
  const { width, height, components, maxH, maxV } = state.frame!;
  const count = components.length;
  const pixels = new Uint8Array(width * height * count);
  components.forEach((component, c) => {
    if (!component.quantisation) {
      throw new SyntaxError(`Cannot decode the JPEG as quantisation table ${component.table} is missing`);
    }
    const plane = upsample(inverseTransform(component, component.quantisation), maxH / component.h, maxV / component.v);
    for (let y = 0; y < height; y++) {
      for (let x = 0, o = y * width * count + c, i = y * plane.stride; x < width; x++, o += count, i++) {
        pixels[o] = plane.data[i]!;
      }
    }
  });
  if (count === 3 && isYcc(state)) {
    toRgb(pixels, 3);
  } else if (count === 4) {
    if (state.adobe === 2) {
      toRgb(pixels, 4); // YCCK: its "RGB" is the inverse of CMY
      for (let i = 0; i < pixels.length; i++) {
        pixels[i] = i % 4 === 3 ? pixels[i]! : 255 - pixels[i]!;
      }
    }
    pixels.forEach((v, i) => (pixels[i] = 255 - v)); // Adobe stores ink inverted, and Pillow assumes Adobe
  }
  return new RawImage(pixels, width, height, count === 1 ? 'L' : count === 3 ? 'RGB' : 'CMYK');
}

/** libjpeg's guess at what three planes are. */
function isYcc(state: State): boolean {
  if (state.jfif) {
    return true;
  }
  if (state.adobe !== undefined) {
    return state.adobe !== 0;
  }
  return state.frame!.components.map(c => c.id).join() !== '82,71,66'; // 'R', 'G', 'B'
}
