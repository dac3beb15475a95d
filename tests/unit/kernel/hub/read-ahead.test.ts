import { ReadAhead } from '../../../../kernel/hub/read-ahead';
import { MemorySource } from '../checkpoint/memory-folder';

const MiB = 1024 * 1024;
const bytes = new Uint8Array(40 * MiB).map((_, i) => (i * 31) >> 4);

/** Comparison of megabytes: toEqual() takes seconds for one. */
function same(read: Uint8Array, begin: number, end: number): boolean {
  return Buffer.compare(read, bytes.subarray(begin, end)) === 0;
}

function source(): { inner: MemorySource; ahead: ReadAhead } {
  const inner = new MemorySource('m', bytes);
  return { inner, ahead: new ReadAhead(inner) };
}

describe('ReadAhead', () => {
  it('serves a layer whose tensors are asked for out of order from one block', async () => {
    const { inner, ahead } = source();
    const at = 10 * MiB;
    await ahead.read(at, at + 100); // far from anything: as asked
    for (const offset of [5000, 3 * MiB, 2 * MiB, 100, 6 * MiB]) {
      expect(same(await ahead.read(at + offset, at + offset + MiB), at + offset, at + offset + MiB)).toBe(true);
      expect(same(ahead.readSync!(at + offset, at + offset + 7), at + offset, at + offset + 7)).toBe(true);
    }
    expect(inner.reads).toEqual([
      [at, at + 100],
      [at, at + 8 * MiB]
    ]);
  });

  it('leaves long reads and far reads as they are', async () => {
    const { inner, ahead } = source();
    await ahead.read(0, 5 * MiB);
    await ahead.read(30 * MiB, 30 * MiB + 10);
    await ahead.read(MiB, MiB + 10);
    expect(inner.reads).toEqual([
      [0, 5 * MiB],
      [30 * MiB, 30 * MiB + 10],
      [MiB, MiB + 10]
    ]);
  });

  it('stops at the end of the file, and gives copies', async () => {
    const { inner, ahead } = source();
    const near = 39 * MiB;
    await ahead.read(near, near + 10);
    const first = await ahead.read(near + 20, near + 30);
    first.fill(0);
    expect(await ahead.read(near + 20, near + 30)).toEqual(bytes.slice(near + 20, near + 30));
    expect(inner.reads.at(-1)).toEqual([near, 40 * MiB]);
    await expect(ahead.read(0, 40 * MiB + 1)).rejects.toThrow(/within its 41943040 bytes/);
  });
});
