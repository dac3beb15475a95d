/**
 * JPEG coefficients to samples with libjpeg's integer arithmetic (its default "islow" transform, "fancy" upsampling and
 * fixed-point colour conversion), so that pixels are Pillow's to the last bit.
 * @see https://github.com/libjpeg-turbo/libjpeg-turbo jidctint.c, jdsample.c, jdcolor.c
 */
import type { Component } from './jpeg-entropy';

/** A plane of bytes; rows may be longer than what counts. */
export interface Plane {
  readonly data: Uint8Array;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
}

const clamp = (v: number): number => (v < 0 ? 0 : v > 255 ? 255 : v);

/** Inverse transform of all blocks of a component. */
export function inverseTransform(component: Component, quantisation: Uint16Array): Plane {
  const { blocksAcross, blocksDown, coefficients } = component;
  const stride = blocksAcross * 8;
  const data = new Uint8Array(stride * blocksDown * 8);
  const work = new Int32Array(64);
  for (let by = 0; by < blocksDown; by++) {
    for (let bx = 0; bx < blocksAcross; bx++) {
      const offset = (by * blocksAcross + bx) * 64;
      for (let i = 0; i < 64; i++) {
        work[i] = Math.imul(coefficients[offset + i]!, quantisation[i]!);
      }
      for (let x = 0; x < 8; x++) {
        transform8(work, x, 8, 11);
      }
      for (let y = 0; y < 8; y++) {
        transform8(work, 8 * y, 1, 18);
        const to = (by * 8 + y) * stride + bx * 8;
        for (let x = 0; x < 8; x++) {
          data[to + x] = clamp(work[8 * y + x]! + 128);
        }
      }
    }
  }
  return { data, stride, width: component.width, height: component.height };
}

/**
 * Eight-point inverse DCT in place (Loeffler, Ligtenberg and Moschytz), 13-bit constants, result shifted right rounded.
 */
function transform8(w: Int32Array, at: number, step: number, shift: number): void {
  const [i1, i2, i3, i4] = [at + step, at + 2 * step, at + 3 * step, at + 4 * step];
  const [i5, i6, i7] = [at + 5 * step, at + 6 * step, at + 7 * step];
  const mul = Math.imul;
  const half = 1 << (shift - 1);

  let z1 = mul(w[i2]! + w[i6]!, 4433); // 0.541196100
  const even2 = z1 + mul(w[i6]!, -15137); // 1.847759065
  const even3 = z1 + mul(w[i2]!, 6270); // 0.765366865
  const even0 = (w[at]! + w[i4]!) << 13;
  const even1 = (w[at]! - w[i4]!) << 13;
  const e0 = even0 + even3 + half;
  const e3 = even0 - even3 + half;
  const e1 = even1 + even2 + half;
  const e2 = even1 - even2 + half;

  const [a, b, c, d] = [w[i7]!, w[i5]!, w[i3]!, w[i1]!];
  const z5 = mul(a + c + b + d, 9633); // 1.175875602
  z1 = mul(a + d, -7373); // 0.899976223
  const z2 = mul(b + c, -20995); // 2.562915447
  const z3 = mul(a + c, -16069) + z5; // 1.961570560
  const z4 = mul(b + d, -3196) + z5; // 0.390180644
  const o0 = mul(a, 2446) + z1 + z3; // 0.298631336
  const o1 = mul(b, 16819) + z2 + z4; // 2.053119869
  const o2 = mul(c, 25172) + z2 + z3; // 3.072711026
  const o3 = mul(d, 12299) + z1 + z4; // 1.501321110

  w[at] = (e0 + o3) >> shift;
  w[i7] = (e0 - o3) >> shift;
  w[i1] = (e1 + o2) >> shift;
  w[i6] = (e1 - o2) >> shift;
  w[i2] = (e2 + o1) >> shift;
  w[i5] = (e2 - o1) >> shift;
  w[i3] = (e3 + o0) >> shift;
  w[i4] = (e3 - o0) >> shift;
}

/**
 * Brings a plane to the picture's size. Chroma at half width or height is interpolated with weights 3:1, other ratios
 * are repeated.
 *
 * @param plane The plane; only its `width` x `height` samples are read.
 * @param across How many times wider the picture is.
 * @param down How many times taller.
 */
export function upsample(plane: Plane, across: number, down: number): Plane {
  if (across === 1 && down === 1) {
    return plane;
  }
  if (across === 2 && down === 1 && plane.width > 2) {
    return mapRows(plane, 2, 1, (out, to, row) => {
      const n = plane.width;
      const at = row * plane.stride;
      const src = plane.data;
      out[to] = src[at]!;
      out[to + 1] = (src[at]! * 3 + src[at + 1]! + 2) >> 2;
      for (let x = 1; x < n - 1; x++) {
        const v = 3 * src[at + x]!;
        out[to + 2 * x] = (v + src[at + x - 1]! + 1) >> 2;
        out[to + 2 * x + 1] = (v + src[at + x + 1]! + 2) >> 2;
      }
      out[to + 2 * n - 2] = (src[at + n - 1]! * 3 + src[at + n - 2]! + 1) >> 2;
      out[to + 2 * n - 1] = src[at + n - 1]!;
    });
  }
  if (across === 1 && down === 2) {
    return mapRows(plane, 1, 2, (out, to, row, sub) => {
      const [near, far] = neighbours(plane, row, sub);
      const bias = sub === 0 ? 1 : 2;
      for (let x = 0; x < plane.width; x++) {
        out[to + x] = (3 * plane.data[near + x]! + plane.data[far + x]! + bias) >> 2;
      }
    });
  }
  if (across === 2 && down === 2 && plane.width > 2) {
    return mapRows(plane, 2, 2, (out, to, row, sub) => {
      const [near, far] = neighbours(plane, row, sub);
      const n = plane.width;
      const sum = (x: number): number => 3 * plane.data[near + x]! + plane.data[far + x]!;
      let [last, here, next] = [0, sum(0), sum(1)];
      out[to] = (here * 4 + 8) >> 4;
      out[to + 1] = (here * 3 + next + 7) >> 4;
      for (let x = 1; x < n - 1; x++) {
        [last, here, next] = [here, next, sum(x + 1)];
        out[to + 2 * x] = (here * 3 + last + 8) >> 4;
        out[to + 2 * x + 1] = (here * 3 + next + 7) >> 4;
      }
      out[to + 2 * n - 2] = (next * 3 + here + 8) >> 4;
      out[to + 2 * n - 1] = (next * 4 + 7) >> 4;
    });
  }
  return mapRows(plane, across, down, (out, to, row) => {
    for (let x = 0; x < plane.width; x++) {
      out.fill(plane.data[row * plane.stride + x]!, to + x * across, to + (x + 1) * across);
    }
  });
}

/** Offsets of a row and of the one above (sub 0) or below (sub 1); at the edges the row itself. */
function neighbours(plane: Plane, row: number, sub: number): [number, number] {
  const other = Math.min(plane.height - 1, Math.max(0, row + (sub === 0 ? -1 : 1)));
  return [row * plane.stride, other * plane.stride];
}

function mapRows(
  plane: Plane,
  across: number,
  down: number,
  fill: (out: Uint8Array, to: number, row: number, sub: number) => void
): Plane {
  const stride = plane.width * across;
  const height = plane.height * down;
  const data = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    fill(data, y * stride, Math.floor(y / down), y % down);
  }
  return { data, stride, width: stride, height };
}

/** Y, Cb, Cr to R, G, B in place of an interleaved row of `step` samples per pixel. */
export function toRgb(pixels: Uint8Array, step: number): void {
  for (let i = 0; i < pixels.length; i += step) {
    const y = pixels[i]!;
    const cb = pixels[i + 1]! - 128;
    const cr = pixels[i + 2]! - 128;
    pixels[i] = clamp(y + ((91881 * cr + 32768) >> 16)); // 1.40200
    pixels[i + 1] = clamp(y + ((-22554 * cb - 46802 * cr + 32768) >> 16)); // 0.34414, 0.71414
    pixels[i + 2] = clamp(y + ((116130 * cb + 32768) >> 16)); // 1.77200
  }
}
