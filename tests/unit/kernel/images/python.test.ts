import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageProcessorClasses } from '../../../../kernel/images/image-processors';
import { load_image } from '../../../../kernel/images/load';
import type { NestedPixels } from '../../../../kernel/images/load';
import type { Tensor } from '../../../../kernel/tensor/tensor';

const folder = join(__dirname, 'fixtures');

interface Case {
  kind: 'load_image' | 'process' | 'array';
  file?: string;
  path?: boolean;
  name?: string;
  array?: NestedPixels;
  processor: string;
  config: Record<string, unknown>;
  options: Record<string, unknown>;
  dtype: 'uint8' | 'float32';
  dims: number[];
  offset: number;
}

const cases = JSON.parse(readFileSync(join(folder, 'cases.json'), 'utf8')) as Case[];
const blob = readFileSync(join(folder, 'expected.bin'));

function expected(c: Case): Uint8Array | Float32Array {
  const n = c.dims.reduce((a, b) => a * b, 1);
  const bytes = Uint8Array.from(blob.subarray(c.offset, c.offset + n * (c.dtype === 'uint8' ? 1 : 4)));
  return c.dtype === 'uint8' ? bytes : new Float32Array(bytes.buffer);
}

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    most = Math.max(most, Math.abs(a[i]! - b[i]!));
  }
  return most;
}

const bytesOf = (file: string): Uint8Array => new Uint8Array(readFileSync(join(folder, file)));
/** A path in these tests is a data: address, which loads as a path does in Python. */
const address = (file: string): string =>
  `data:image/${file.endsWith('png') ? 'png' : 'jpeg'};base64,${readFileSync(join(folder, file)).toString('base64')}`;

describe('images, compared with Pillow and transformers', () => {
  it.each(cases.filter(c => c.kind === 'load_image'))('load_image() gives the pixels of $file exactly', async c => {
    const image = await load_image(address(c.file!));
    expect([image.height, image.width, image.channels]).toEqual(c.dims);
    expect(maxDifference(image.data, expected(c))).toBe(0);
  });

  it.each(cases.filter(c => c.kind === 'process'))('$processor $config $options on $file equals Python', async c => {
    const processor = new imageProcessorClasses[c.processor]!(c.config);
    const { pixel_values } = await processor(c.path ? address(c.file!) : bytesOf(c.file!), c.options);
    check(pixel_values, c);
  });

  it.each(cases.filter(c => c.kind === 'array'))('$processor on an array of $name equals Python', async c => {
    const { pixel_values } = await new imageProcessorClasses[c.processor]!(c.config)(c.array!, c.options);
    check(pixel_values, c);
  });
});

function check(pixels: Tensor, c: Case): void {
  expect([...pixels.dims]).toEqual(c.dims);
  expect(pixels.dtype).toBe(c.dtype);
  // Bytes are equal; floats differ by float32 rounding at most.
  expect(maxDifference(pixels.data as Float32Array, expected(c))).toBeLessThanOrEqual(c.dtype === 'uint8' ? 0 : 1e-6);
}
