import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { decodeImage } from '../../../../kernel/images/decode';
import { encodePng } from '../../../../kernel/images/encode-png';
import { load_image } from '../../../../kernel/images/load';
import { RawImage } from '../../../../kernel/images/picture';

describe('encodePng()', () => {
  it.each([1, 2, 3, 4] as const)('writes what decodes to the same pixels, with %d channels', async channels => {
    const data = Uint8Array.from({ length: 7 * 5 * channels }, (_, i) => (i * 37) % 256);
    const { image } = await decodeImage(encodePng(new RawImage(data, 7, 5, channels)));
    expect([image.width, image.height, image.channels]).toEqual([7, 5, channels]);
    expect(image.data).toEqual(data);
  });

  it('has the checksums of the format', () => {
    const png = encodePng(new RawImage(new Uint8Array(3), 1, 1, 3));
    // The IEND chunk of every PNG file.
    expect([...png.slice(-12)]).toEqual([0, 0, 0, 0, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82]);
    const data = Buffer.from(png).indexOf('IDAT') + 4;
    expect([...inflateSync(png.slice(data, -16))]).toEqual([0, 0, 0, 0]);
  });

  it('writes print colours as RGB', async () => {
    const file = readFileSync(join(__dirname, 'fixtures/jpeg-cmyk.jpg'));
    const { image } = await decodeImage(Uint8Array.from(file));
    expect((await decodeImage(encodePng(image))).image.data).toEqual(image.toRGB().data);
  });
});

describe('RawImage', () => {
  const image = new RawImage(Uint8Array.of(1, 2, 3), 1, 1, 3);

  it('toDataURL() gives an address that loads as the picture', async () => {
    expect((await load_image(image.toDataURL())).data).toEqual(image.data);
  });

  it('displays itself as a PNG', () => {
    const shown = (image as unknown as { [key: symbol]: () => Record<string, string> })[
      Symbol.for('Jupyter.display')
    ]!();
    expect(Buffer.from(shown['image/png']!, 'base64').subarray(1, 4).toString()).toBe('PNG');
    expect(shown['text/plain']).toBe('RawImage(1 x 1, RGB)');
  });
});
