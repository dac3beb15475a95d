import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { setHost } from '../../../../kernel/host/host';
import { createNodeHost } from '../../../../kernel/host/node';
import { CLIPImageProcessor, ViTImageProcessor, imageProcessorFrom } from '../../../../kernel/images/image-processors';
import { decodeImage } from '../../../../kernel/images/decode';
import { load_image } from '../../../../kernel/images/load';
import { RawImage } from '../../../../kernel/images/picture';
import { outputSize } from '../../../../kernel/images/pixels';
import { Tensor } from '../../../../kernel/tensor/tensor';

const folder = join(__dirname, 'fixtures');
const bytes = (file: string): Uint8Array => Uint8Array.from(readFileSync(join(folder, file)));
const processor = new CLIPImageProcessor();

/** A PNG of one IHDR, one IDAT and IEND; checksums are not looked at. */
function png(width: number, height: number, data: Uint8Array, colour = 2, depth = 8, interlace = 0): Uint8Array {
  const chunk = (type: string, body: Uint8Array): number[] => {
    const length = [body.length >>> 24, (body.length >>> 16) & 255, (body.length >>> 8) & 255, body.length & 255];
    return [...length, ...Buffer.from(type), ...body, 0, 0, 0, 0];
  };
  const head = new Uint8Array(13);
  new DataView(head.buffer).setUint32(0, width);
  new DataView(head.buffer).setUint32(4, height);
  head.set([depth, colour, 0, 0, interlace], 8);
  return Uint8Array.from([
    137,
    80,
    78,
    71,
    13,
    10,
    26,
    10,
    ...chunk('IHDR', head),
    ...chunk('IDAT', data),
    ...chunk('IEND', new Uint8Array())
  ]);
}

describe('decodeImage() with bad input', () => {
  it('refuses a picture of too many pixels before it makes room for them', async () => {
    await expect(decodeImage(png(60_000, 60_000, new Uint8Array()))).rejects.toThrow(
      /at most 178956970 pixels: current size is 60000 x 60000/
    );
    const jpeg = bytes('jpeg-420.jpg');
    const frame = jpeg.findIndex((b, i) => b === 0xff && jpeg[i + 1] === 0xc0);
    jpeg.set([0xff, 0xff, 0xff, 0xff], frame + 5);
    await expect(decodeImage(jpeg)).rejects.toThrow(/current size is 65535 x 65535/);
    jpeg.set([0x30, 0, 0x30, 0], frame + 5);
    await expect(decodeImage(jpeg)).rejects.toThrow(/found 12288 x 12288 pixels in \d+ bytes/);
  });

  it('refuses data that inflate to more than the header announces, early', async () => {
    const bomb = deflateSync(new Uint8Array(300_000_000));
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeImage(png(1, 1, bomb))).rejects.toThrow(/must inflate to the 4 bytes its header announces/);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  it('refuses sizes of zero and unknown kinds', async () => {
    await expect(decodeImage(png(0, 5, new Uint8Array()))).rejects.toThrow(/must be positive: current size is 0 x 5/);
    await expect(decodeImage(png(2, 2, new Uint8Array(), 5))).rejects.toThrow(
      /colour type and depth: current values are 5 and 8/
    );
    await expect(decodeImage(png(2, 2, new Uint8Array(), 2, 4))).rejects.toThrow(
      /colour type and depth: current values are 2 and 4/
    );
    await expect(decodeImage(png(2, 2, deflateSync(new Uint8Array(4)), 3))).rejects.toThrow(/inflat|PLTE|pixels/);
  });

  it.each(['rgb.png', 'palette4-interlaced.png', 'jpeg-420.jpg', 'jpeg-progressive.jpg'])(
    'fails with one clear error wherever %s is cut short',
    async file => {
      const whole = bytes(file);
      for (let i = 1; i < 40; i++) {
        const cut = whole.slice(0, Math.floor((whole.length * i) / 40));
        const outcome = await decodeImage(cut, file).then(
          () => 'read',
          (e: Error) => e
        );
        if (outcome !== 'read') {
          expect((outcome as Error).constructor.name).toMatch(/^(SyntaxError|TypeError|RangeError)$/);
          expect((outcome as Error).message).toMatch(new RegExp(`^Cannot decode ${file.replace('.', '\\.')} as `));
        } else {
          // All pixels were there: only what follows them is missing.
          expect(i).toBeGreaterThan(36);
        }
      }
    }
  );

  it.each(['rgba.png', 'rgb16-interlaced.png', 'jpeg-422.jpg', 'jpeg-progressive.jpg', 'jpeg-444-restart.jpg'])(
    'never hangs nor throws anything else on damaged copies of %s',
    async file => {
      let seed = 1;
      const random = (n: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % n;
      for (let i = 0; i < 150; i++) {
        const copy = bytes(file);
        for (let k = 0; k < 4; k++) {
          copy[random(copy.length)] = random(256);
        }
        const outcome = await decodeImage(copy, file).then(
          d => d.image,
          (e: Error) => e
        );
        if (outcome instanceof Error) {
          expect(outcome.message).toMatch(/^Cannot /);
        }
      }
    }
  );

  it('names a format only the browser knows, and the first bytes of what is no picture', async () => {
    await expect(decodeImage(Uint8Array.from(Buffer.from('RIFF\0\0\0\0WEBPVP8 ')))).rejects.toThrow(
      /it is WebP, which only the browser/
    );
    await expect(decodeImage(Uint8Array.of(1, 2, 3))).rejects.toThrow(/PNG or JPEG: its first bytes are 01 02 03/);
    await expect(decodeImage(new Uint8Array())).rejects.toThrow(/\(none\)/);
  });
});

describe('load_image() with bad input', () => {
  beforeAll(() => setHost(createNodeHost({ cwd: folder })));

  it('reads a path beside the notebook, and says when there is none', async () => {
    expect((await load_image('rgb.png')).size).toEqual([83, 61]);
    expect((await load_image(join(folder, 'rgb.png'))).mode).toBe('RGB');
    await expect(load_image('missing.png')).rejects.toThrow(/missing\.png as there must be such a file/);
  });

  it('says why an address could not be loaded', async () => {
    await expect(load_image('http://127.0.0.1:1/cat.png')).rejects.toThrow(/must be reachable.*CORS/s);
    await expect(load_image('data:image/png;base64,AAAA')).rejects.toThrow(/first bytes are 00 00 00/);
  });

  it.each([
    [null, /it is null/],
    [42, /it is number/],
    [{ width: 2 }, /it is Object/],
    [[[1, 2], [3]], /equally long/],
    [
      [
        [
          [1, 2],
          [3, 4]
        ],
        [
          [1, 2],
          [3, 4]
        ]
      ],
      /first or last axis must be 1, 3 or 4 channels/
    ],
    [new Tensor('bool', new Uint8Array(4), [2, 2]), /dtype must be uint8, int or float32: current value is bool/],
    [{ data: new Uint8Array(5), width: 2, height: 1 }, /channels must be 1, 2, 3 or 4: current value is 2.5/]
  ])('refuses %p', async (image, message) => {
    await expect(load_image(image as never)).rejects.toThrow(message);
  });
});

describe('image processors with bad input', () => {
  const grey = new RawImage(new Uint8Array(4), 2, 2, 1);

  it('refuse unknown options, sizes without keys, and lists of nothing', async () => {
    await expect(processor(grey, { sizes: 3 } as never)).rejects.toThrow(/not known: sizes/);
    await expect(processor(grey, { size: { longest_edge: 5 } })).rejects.toThrow(/current keys are longest_edge/);
    await expect(processor(grey, { size: { height: 0, width: 5 } })).rejects.toThrow(/positive whole number/);
    await expect(processor(grey, { resample: 9 })).rejects.toThrow(/Pillow's filters\): current value is 9/);
    await expect(processor([])).rejects.toThrow(/the list is empty/);
    expect(() => new CLIPImageProcessor({ do_resize: 'yes' as never })).toThrow(
      /do_resize must be true or false: current value is "yes"/
    );
    expect(() => outputSize(1, 1, {})).toThrow(/current keys are none/);
  });

  it('refuse a grey picture where three means are given, and say what helps', async () => {
    await expect(new ViTImageProcessor()(grey)).rejects.toThrow(
      /channels \(1\): current length is 3\. Pass do_convert_rgb: true/
    );
  });

  it('refuse results of different sizes, and say what helps', async () => {
    const wide = new RawImage(new Uint8Array(12), 4, 1, 3);
    const tall = new RawImage(new Uint8Array(12), 1, 4, 3);
    await expect(processor([wide, tall], { do_center_crop: false })).rejects.toThrow(
      /all processed images must have one size/
    );
  });

  it('refuse pixels outside their range', async () => {
    await expect(processor([[[300, 0, 0]]])).rejects.toThrow(
      /pixels must be in \[0, 255\]: current range is \[0, 300\]/
    );
    await expect(processor([[[1.5, 0, 0]]])).rejects.toThrow(/pixels must be in \[0, 1\]/);
  });

  it('imageProcessorFrom() names the classes it knows', () => {
    expect(() => imageProcessorFrom({ image_processor_type: 'SamImageProcessor' })).toThrow(
      /"SamImageProcessor"; known are CLIPImageProcessor/
    );
    expect(imageProcessorFrom({ feature_extractor_type: 'CLIPFeatureExtractor', size: 100 }).settings.size).toEqual({
      shortest_edge: 100
    });
    expect(imageProcessorFrom({}, 'vit')).toBeInstanceOf(ViTImageProcessor);
  });
});
