/** The worker of host.test.ts: runs the check the page names, with the browser's host. */
import { createBrowserHost, type BrowserHostOptions } from '../../kernel/host/browser';
import { openCheckpoint } from '../../kernel/checkpoint/open';
import { decode } from '../../kernel/checkpoint/decode';
import { openOpfsCache } from '../../kernel/hub/opfs-cache';
import { twoNodeGraph } from '../unit/kernel/host/two-node-graph';

declare const self: { onmessage: (event: MessageEvent) => void; postMessage(message: unknown): void };

const checks: Record<string, (options: BrowserHostOptions, argument: string) => Promise<unknown>> = {
  async devices(options) {
    return createBrowserHost(options).devices();
  },

  /** x·W + b, with weights that count how often they are made. */
  async engine(options, device) {
    const host = createBrowserHost(options);
    const engine = await host.engine(device as 'wasm');
    const log: string[] = [];
    const [rows, columns] = [64, 32];
    const weight = (path: string, values: Float32Array) => ({
      path,
      byteLength: values.byteLength,
      bytes: () => {
        log.push(path);
        return new Uint8Array(values.buffer);
      }
    });
    const weights = [
      weight(
        'w/W',
        Float32Array.from({ length: rows * columns }, (_, i) => i % columns)
      ),
      weight('w/b', new Float32Array(columns).fill(0.5))
    ];
    const session = await engine.createSession(twoNodeGraph(rows, columns), weights);
    const x = new engine.ort.Tensor('float32', new Float32Array(rows).fill(2), [1, rows]);
    const { y } = await session.run({ x });
    const values = [...((await y!.getData()) as Float32Array)];
    await session.release();
    let failure = '';
    const broken = weights.map(tensor => ({
      ...tensor,
      bytes: () => {
        throw new Error('the file went away');
      }
    }));
    await engine.createSession(twoNodeGraph(rows, columns), broken).catch((error: Error) => (failure = error.message));
    return { description: engine.description, values, log, failure };
  },

  /** A lost device: its engine says so, and a new one works. */
  async lost(options) {
    const devices: { destroy(): void }[] = [];
    const { prototype } = (globalThis as unknown as { GPUAdapter: { prototype: Record<string, unknown> } }).GPUAdapter;
    const { requestDevice } = prototype as {
      requestDevice: (this: unknown, options: unknown) => Promise<{ destroy(): void }>;
    };
    prototype['requestDevice'] = async function (this: unknown, wish: unknown) {
      const device = await requestDevice.call(this, wish);
      devices.push(device);
      return device;
    };
    const host = createBrowserHost(options);
    const first = await host.engine('webgpu');
    const open = (engine: typeof first): ReturnType<typeof first.createSession> => {
      const make = (path: string, count: number) => ({
        path,
        byteLength: count * 4,
        bytes: () => new Uint8Array(new Float32Array(count).fill(1).buffer)
      });
      return engine.createSession(twoNodeGraph(4, 2), [make('w/W', 8), make('w/b', 2)]);
    };
    const run = async (session: Awaited<ReturnType<typeof open>>, { ort }: typeof first): Promise<number> => {
      const { y } = await session.run({ x: new ort.Tensor('float32', new Float32Array(4).fill(1), [1, 4]) });
      return ((await y!.getData()) as Float32Array)[0]!;
    };
    const session = await open(first);
    const before = await run(session, first);
    devices[0]!.destroy();
    const reason = await first.lost;
    const failure = await run(session, first).catch((error: Error) => error.message);
    const second = await host.engine('webgpu');
    return { before, reason, failure, isNew: second !== first, after: await run(await open(second), second) };
  },

  /** All tensors of a model, read with and without waiting; both must agree. */
  async read(options, model) {
    const folder = await createBrowserHost(options).resolve(model);
    const checkpoint = await openCheckpoint(folder);
    let sum = 0;
    for (const name of checkpoint.names) {
      const later = decode(await checkpoint.read(name));
      const now = decode(checkpoint.readSync!(name));
      if (later.some((value, i) => value !== now[i])) {
        throw new Error(`${name} differs`);
      }
      sum += later.reduce((a, b) => a + Math.abs(b), 0);
    }
    return { names: checkpoint.names.length, sum };
  },

  async missing(options, model) {
    return createBrowserHost(options)
      .resolve(model, { local_files_only: true })
      .then(
        () => 'found',
        (error: Error) => error.message
      );
  },

  /** Writes, pauses, goes on, reads, evicts. */
  async cache() {
    const cache = (await openOpfsCache(1000))!;
    await cache.clear();
    const first = await cache.create('a', 600);
    await first.write(new Uint8Array(200).fill(1));
    await first.pause();
    const unfinished = await cache.open('a');
    const second = await cache.create('a', 600, true);
    const resumedAt = second.written;
    await second.write(new Uint8Array(300).fill(2));
    second.writeSync!(new Uint8Array(100).fill(3), 500);
    await second.close();
    const source = (await (await openOpfsCache(1000))!.open('a'))!;
    const bytes = [...(await source.read(198, 202)), ...source.readSync!(599, 600)];
    const other = await cache.create('b', 500);
    await other.write(new Uint8Array(500));
    await other.close();
    const refused = await cache.create('c', 1001).then(
      () => '',
      (error: Error) => error.message
    );
    const keys = (await cache.list()).map(file => file.key);
    const freed = await cache.clear();
    return { unfinished: unfinished === undefined, resumedAt, bytes, keys, refused, freed, left: await cache.list() };
  }
};

self.onmessage = async ({ data }: MessageEvent<{ check: string; options: BrowserHostOptions; argument: string }>) => {
  try {
    self.postMessage({ value: await checks[data.check]!(data.options, data.argument) });
  } catch (error) {
    self.postMessage({ error: String((error as Error).stack) });
  }
};
