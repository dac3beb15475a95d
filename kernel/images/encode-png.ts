import { zlibSync } from 'fflate';
import type { RawImage } from './picture';

/**
 * Writes a picture as a PNG file, for showing it.
 *
 * @param image Any mode; print colours and 16-bit grey become RGB, as `toRGB` makes it.
 * @see https://www.w3.org/TR/png-3/
 */
export function encodePng(image: RawImage): Uint8Array {
  const picture = image.mode === 'CMYK' || image.mode === 'I;16' ? image.toRGB() : image;
  const { data, width, height, channels } = picture;
  const head = new Uint8Array(13);
  const view = new DataView(head.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  head.set([8, [0, 4, 2, 6][channels - 1]!], 8);
  const line = width * channels;
  const raw = new Uint8Array(height * (line + 1)); // each line begins with its filter, 0
  for (let y = 0; y < height; y++) {
    raw.set(data.subarray(y * line, (y + 1) * line), y * (line + 1) + 1);
  }
  const signature = Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10);
  return concat([signature, chunk('IHDR', head), chunk('IDAT', zlibSync(raw)), chunk('IEND', new Uint8Array())]);
}

/** A `data:` address of a picture. */
export function pngAddress(image: RawImage): string {
  return `data:image/png;base64,${base64(encodePng(image))}`;
}

/** Base64 of bytes; in pieces, as a call takes only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  }
  return btoa(binary);
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + body.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, body.length);
  out.set(
    [...type].map(c => c.charCodeAt(0)),
    4
  );
  out.set(body, 8);
  view.setUint32(8 + body.length, checksum(out.subarray(4, 8 + body.length)));
  return out;
}

/** CRC-32. */
function checksum(bytes: Uint8Array): number {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let k = 0; k < 8; k++) {
      sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
    }
  }
  return ~sum >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
