/** Pictures in a real browser worker: the pixels Node has, and the formats only a browser decodes. */
import { createReadStream, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import esbuild from 'esbuild';
import { type Browser, chromium, type Page } from 'playwright-core';
import { decodeImage } from '../../kernel/images/decode';
import { CLIPImageProcessor } from '../../kernel/images/image-processors';
import { BROWSER_FLAGS, ROOT } from './lab';

const pictures = join(ROOT, 'tests/unit/kernel/images/fixtures');
let folder: string;
let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loupe-images-'));
  await esbuild.build({
    absWorkingDir: ROOT,
    entryPoints: ['tests/ui/images-worker.ts'],
    bundle: true,
    format: 'esm',
    outdir: folder,
    logLevel: 'error'
  });
  server = createServer((request, response) => {
    const name = basename(new URL(request.url!, 'http://x').pathname);
    if (name === 'page.html') {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<!doctype html><title>images</title>');
    } else if (name.endsWith('.js')) {
      response.writeHead(200, { 'Content-Type': 'text/javascript' });
      createReadStream(join(folder, name)).pipe(response);
    } else if (/\.(png|jpg)$/.test(name)) {
      createReadStream(join(pictures, name)).pipe(response);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env['LOUPE_CHROMIUM'] ?? '/usr/bin/chromium',
    args: BROWSER_FLAGS
  });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page.html`);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs one check in a worker of the page. */
async function check(name: string, argument = ''): Promise<any> {
  const answer = await page.evaluate(
    ([n, a]) =>
      new Promise<{ result?: unknown; error?: string }>(resolve => {
        const worker = new Worker('/images-worker.js', { type: 'module' });
        worker.onmessage = ({ data }) => {
          worker.terminate();
          resolve(data as { result?: unknown; error?: string });
        };
        worker.postMessage([n, a]);
      }),
    [name, argument] as const
  );
  expect(answer.error).toBeUndefined();
  return answer.result;
}

describe('pictures in a browser worker', () => {
  it.each([
    'rgba.png',
    'grey16.png',
    'palette4-interlaced.png',
    'jpeg-420.jpg',
    'jpeg-progressive.jpg',
    'jpeg-cmyk.jpg'
  ])("decodeImage() and CLIPImageProcessor give the pixels of %s that Node has, and so Python's", async file => {
    const got = await check('file', `/${file}`);
    const bytes = Uint8Array.from(readFileSync(join(pictures, file)));
    const { image } = await decodeImage(bytes);
    expect([got.width, got.height, got.mode]).toEqual([image.width, image.height, image.mode]);
    expect(got.data).toEqual(Array.from(image.data));
    const options = { size: 20, crop_size: 16, do_rescale: false, do_normalize: false };
    const { pixel_values } = await new CLIPImageProcessor(options)(bytes);
    expect(got.processed).toEqual(Array.from(pixel_values.data as Uint8Array));
  });

  it('load_image() takes a canvas, ImageData, Blobs and their addresses, and WebP to within a few levels', async () => {
    const [canvas, data, png, webp, address] = await check('others');
    expect(canvas.data.slice(0, 3)).toEqual([200, 100, 50]);
    expect([data, png, address]).toEqual([canvas, canvas, canvas]);
    expect([webp.width, webp.height, webp.mode]).toEqual([8, 6, 'RGB']);
    // Flat areas: lossy WebP halves the resolution of colour only at edges.
    expect(Math.max(...[0, 1, 2].map(c => Math.abs(webp.data[c] - canvas.data[c])))).toBeLessThanOrEqual(4);
  });
});
