import { ReadAhead } from '../../../../kernel/hub/read-ahead';
import { MemorySource } from '../checkpoint/memory-folder';

const KiB = 1024;
const MiB = 1024 * KiB;
const bytes = new Uint8Array(40 * MiB).map((_, i) => (i * 31) >> 4);

/** Comparison of megabytes: toEqual() takes seconds for one. */
function same(read: Uint8Array, begin: number, end: number): boolean {
  return Buffer.compare(read, bytes.subarray(begin, end)) === 0;
}

function source(): { inner: MemorySource; ahead: ReadAhead; read(begin: number, length: number): void } {
  const inner = new MemorySource('m', bytes);
  const ahead = new ReadAhead(inner);
  const read = (begin: number, length: number): void =>
    expect(same(ahead.readSync!(begin, begin + length), begin, begin + length)).toBe(true);
  return { inner, ahead, read };
}

describe('ReadAhead', () => {
  it('reads in blocks that double while reading goes on', () => {
    const { inner, read } = source();
    for (let at = 0; at < 30 * MiB; at += 200 * KiB) {
      read(at, 200 * KiB);
    }
    const lengths = inner.reads.map(([begin, end]) => Math.round((end - begin) / MiB));
    expect(lengths).toEqual([2, 4, 8, 8, 8, 8].slice(0, lengths.length));
    expect(lengths.length).toBeGreaterThanOrEqual(5);
  });

  it('brings the neighbours of a read along, also for those asked for before', () => {
    const { inner, read } = source();
    read(20 * MiB, 100);
    read(20 * MiB + 500 * KiB, 100);
    read(20 * MiB + 10, 100);
    expect(inner.reads).toEqual([[20 * MiB, 21 * MiB]]);
  });

  it('does not fetch much beyond reads that jump', () => {
    const { inner, read } = source();
    [30, 10, 20, 5].forEach(at => read(at * MiB, 100 * KiB));
    expect(inner.reads.map(([begin, end]) => end - begin)).toEqual([MiB, MiB, MiB, MiB]);
  });

  it('leaves long reads and asynchronous ones as they are', async () => {
    const { inner, ahead, read } = source();
    read(20 * MiB, 3 * MiB);
    expect(same(await ahead.read(5, 10), 5, 10)).toBe(true);
    expect(inner.reads).toEqual([
      [20 * MiB, 23 * MiB],
      [5, 10]
    ]);
  });

  it('stops at the end of the file, and gives copies', () => {
    const { inner, ahead, read } = source();
    const near = 40 * MiB - 100;
    ahead.readSync!(near, near + 10).fill(0);
    read(near, 10);
    expect(inner.reads).toEqual([[near, 40 * MiB]]);
    expect(() => ahead.readSync!(0, 40 * MiB + 1)).toThrow(/within its 41943040 bytes/);
  });

  it('has no synchronous reading where its source has none', () => {
    const plain = { name: 'p', size: 1, identity: 'p', read: () => Promise.resolve(new Uint8Array(1)) };
    expect(new ReadAhead(plain).readSync).toBeUndefined();
  });
});
