/** The worker of images.test.ts: decodes and processes pictures with what a browser worker has. */
import { decodeImage } from '../../kernel/images/decode';
import { CLIPImageProcessor } from '../../kernel/images/image-processors';
import { load_image } from '../../kernel/images/load';

declare const self: { onmessage: (event: MessageEvent) => void; postMessage(message: unknown): void };

/** Bytes of pixels and their size. */
const plain = ({
  data,
  width,
  height,
  mode
}: {
  data: ArrayLike<number>;
  width: number;
  height: number;
  mode: string;
}): object => ({
  data: Array.from(data),
  width,
  height,
  mode
});

const small = { size: 20, crop_size: 16, do_rescale: false, do_normalize: false };

const checks: Record<string, (argument: string) => Promise<unknown>> = {
  /** A picture of the test's server, whole, and through CLIP's processor. */
  async file(url) {
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    const { pixel_values } = await new CLIPImageProcessor(small)(bytes);
    return { ...plain((await decodeImage(bytes)).image), processed: Array.from(pixel_values.data as Uint8Array) };
  },

  /** The same picture as a canvas, ImageData, WebP (lossless or not) and a Blob's address. */
  async others() {
    const canvas = new OffscreenCanvas(8, 6);
    const context = canvas.getContext('2d')!;
    context.fillStyle = 'rgb(200, 100, 50)';
    context.fillRect(0, 0, 8, 6);
    context.fillStyle = 'rgb(10, 20, 250)';
    context.fillRect(2, 1, 3, 4);
    const webp = await canvas.convertToBlob({ type: 'image/webp', quality: 1 });
    const png = await canvas.convertToBlob({ type: 'image/png' });
    const address = URL.createObjectURL(png);
    const forms = [canvas, context.getImageData(0, 0, 8, 6), png, webp, address] as const;
    return Promise.all(forms.map(async form => plain(await load_image(form as never))));
  }
};

self.onmessage = async ({ data: [check, argument] }) => {
  try {
    self.postMessage({ result: await checks[check as string]!(argument as string) });
  } catch (error) {
    self.postMessage({ error: String(error) });
  }
};
