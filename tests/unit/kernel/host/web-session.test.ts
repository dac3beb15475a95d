import type * as ort from 'onnxruntime-common';
import type { ExternalTensor } from '../../../../kernel/host/host';
import { LazyBytes } from '../../../../kernel/host/lazy-bytes';

type Create = typeof ort.InferenceSession.create;
type Mounts = { path: string; data: Uint8Array }[];

const tensor = (values: number[]): ExternalTensor => ({
  path: 'w',
  byteLength: values.length,
  bytes: () => Uint8Array.from(values)
});

/** The module afresh: whether lazy arrays work is remembered in it. */
async function load(): Promise<typeof import('../../../../kernel/host/web-session')> {
  jest.resetModules();
  return import('../../../../kernel/host/web-session');
}

const create = (make: (mounts: Mounts) => unknown): Create =>
  (async (_: Uint8Array, options: { externalData: Mounts }) => make(options.externalData)) as unknown as Create;

describe('createWebSession()', () => {
  it('gives arrays that are made when they are asked for', async () => {
    const { createWebSession } = await load();
    let calls = 0;
    const counted = { ...tensor([1, 2, 3, 4]), bytes: () => (calls++, Uint8Array.of(1, 2, 3, 4)) };
    const session = await createWebSession(
      create(([mount]) => {
        expect(mount!.data).toBeInstanceOf(Uint8Array);
        expect([mount!.data.byteLength, calls]).toEqual([4, 0]);
        return mount!.data.subarray(1, 3);
      }),
      new Uint8Array(0),
      [counted],
      {}
    );
    expect(session).toEqual(Uint8Array.of(2, 3));
    expect(calls).toBe(1);
  });

  it('gives whole arrays, from then on, to an engine that copies them otherwise', async () => {
    const { createWebSession } = await load();
    const seen: boolean[] = [];
    // An engine that looks at the buffer finds a lazy array empty.
    const engine = create(([mount]) => {
      seen.push(mount!.data.constructor === Uint8Array);
      if (mount!.data.buffer.byteLength !== 2) {
        throw new Error('no data');
      }
      return 'session';
    });
    expect(await createWebSession(engine, new Uint8Array(0), [tensor([1, 2])], {})).toBe('session');
    expect(await createWebSession(engine, new Uint8Array(0), [tensor([1, 2])], {})).toBe('session');
    expect(seen).toEqual([false, true, true]);
  });

  it('blames the model, not the arrays, where both ways fail', async () => {
    const { createWebSession } = await load();
    const seen: boolean[] = [];
    const broken = create(([mount]) => {
      seen.push(mount!.data.constructor === Uint8Array);
      throw new Error('bad model');
    });
    for (let i = 0; i < 2; i++) {
      await expect(createWebSession(broken, new Uint8Array(0), [tensor([1])], {})).rejects.toThrow('bad model');
    }
    expect(seen).toEqual([false, true, false, true]);
  });
});

describe('createWebSession() without memory', () => {
  it.each([
    "Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc",
    "Can't create a session. failed to allocate a buffer of size 5."
  ])('says how much was needed and what to do: %s', async message => {
    const { createWebSession } = await load();
    const engine = create(() => {
      throw new Error(message);
    });
    const large = { ...tensor([]), byteLength: 3 * 2 ** 20, bytes: () => new Uint8Array(3 * 2 ** 20) };
    const made = createWebSession(engine, new Uint8Array(0), [large], {});
    await expect(made).rejects.toThrow(RangeError);
    await expect(made).rejects.toThrow(/its 3 MiB of weights.*must fit into its memory.*use dtype 'q8'/);
  });
});

describe('LazyBytes', () => {
  it('remembers what its tensor threw', () => {
    const failing = {
      ...tensor([1]),
      bytes: () => {
        throw new Error('gone');
      }
    };
    const lazy = new LazyBytes(failing);
    expect(() => lazy.subarray(0, 1)).toThrow('gone');
    expect(lazy.failure).toEqual(new Error('gone'));
  });
});
