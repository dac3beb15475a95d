import { CLIPImageProcessor, LlavaImageProcessor } from '../../../../kernel/images/image-processors';
import { CLIPProcessor, LlavaProcessor, SiglipProcessor } from '../../../../kernel/images/processor';
import type { TokenizerLike } from '../../../../kernel/images/processor';
import { RawImage } from '../../../../kernel/images/picture';
import { Tensor } from '../../../../kernel/tensor/tensor';

/** A tokenizer that remembers how it was called. */
function recorder(): TokenizerLike & { calls: unknown[][] } {
  const calls: unknown[][] = [];
  const call = (text: string | string[], options?: object): object => {
    calls.push([text, options]);
    return { input_ids: new Tensor('int64', BigInt64Array.of(1n), [1, 1]) };
  };
  return Object.assign(call, { calls, decode: () => 'text', batch_decode: () => ['text'] });
}

const picture = new RawImage(new Uint8Array(3 * 40 * 30).fill(128), 40, 30, 3);

describe('CLIPProcessor', () => {
  it('gives tokens and pixels together, each with its own options', async () => {
    const tokenizer = recorder();
    const processor = new CLIPProcessor(new CLIPImageProcessor(), tokenizer);
    const out = await processor({ text: ['a', 'b'], images: picture, padding: true, size: 32, crop_size: 16 });
    expect(Object.keys(out)).toEqual(['input_ids', 'pixel_values']);
    expect(out['pixel_values']!.dims).toEqual([1, 3, 16, 16]);
    expect(tokenizer.calls).toEqual([[['a', 'b'], { padding: true }]]);
  });

  it('gives only what was asked for, and refuses nothing at all', async () => {
    const processor = new CLIPProcessor(new CLIPImageProcessor(), recorder());
    expect(Object.keys(await processor({ text: 'a' }))).toEqual(['input_ids']);
    expect(Object.keys(await processor({ images: [picture, picture] }))).toEqual(['pixel_values']);
    await expect(processor({})).rejects.toThrow(/text or images must be given/);
    await expect(processor({ images: picture, paddin: true })).rejects.toThrow(/not known: paddin/);
  });
});

describe('SiglipProcessor', () => {
  it('pads texts to the full length unless told otherwise', async () => {
    const tokenizer = recorder();
    const processor = new SiglipProcessor(new CLIPImageProcessor(), tokenizer);
    await processor({ text: 'a' });
    await processor({ text: 'a', padding: false });
    expect(tokenizer.calls.map(c => (c[1] as { padding: unknown }).padding)).toEqual(['max_length', false]);
  });
});

describe('LlavaProcessor', () => {
  const make = (tokenizer = recorder(), options = {}): LlavaProcessor =>
    new LlavaProcessor(new LlavaImageProcessor({ size: 28, crop_size: 28 }), tokenizer, {
      patch_size: 14,
      vision_feature_select_strategy: 'default',
      num_additional_image_tokens: 1,
      ...options
    });

  it('repeats <image> as often as the image has features', async () => {
    const tokenizer = recorder();
    const out = await make(tokenizer)({ text: 'USER: <image>\nWhat?', images: picture, padding: true });
    expect(tokenizer.calls).toEqual([['USER: <image><image><image><image>\nWhat?', { padding: true }]]);
    expect(out['pixel_values']!.dims).toEqual([1, 3, 28, 28]);
  });

  it('counts the CLS token in with strategy full', async () => {
    const tokenizer = recorder();
    await make(tokenizer, { vision_feature_select_strategy: 'full' })({ text: '<image>', images: picture });
    expect(tokenizer.calls[0]![0]).toBe('<image>'.repeat(5));
  });

  it('refuses texts that mention another number of images, and missing settings', async () => {
    await expect(make()({ text: 'no image', images: picture })).rejects.toThrow(
      /mention each of 1 images once.*current number is 0/
    );
    expect(() => make(recorder(), { patch_size: null })).toThrow(/patch_size.*current values are null and default/);
  });
});
