import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DiskCache } from '../../../../kernel/hub/node-cache';

let root: string;
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'loupe-cache-')), 'inner');
});
afterEach(() => rmSync(join(root, '..'), { recursive: true }));

async function put(cache: DiskCache, key: string, size: number): Promise<void> {
  const writer = await cache.create(key, size);
  await writer.write(new Uint8Array(size).fill(size));
  await writer.close();
}

describe('DiskCache', () => {
  it('keeps files under any key, across instances', async () => {
    await put(new DiskCache(root, 1000), 'https://host/a:5:"etag"', 5);
    const cache = new DiskCache(root, 1000);
    const source = (await cache.open('https://host/a:5:"etag"'))!;
    expect(await source.read(0, 5)).toEqual(new Uint8Array(5).fill(5));
    expect(await cache.open('other')).toBeUndefined();
    expect(await cache.list()).toMatchObject([{ key: 'https://host/a:5:"etag"', size: 5 }]);
  });

  it('deletes what was used longest ago to make room', async () => {
    const cache = new DiskCache(root, 100);
    const now = jest.spyOn(Date, 'now');
    for (const [time, key] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'c']
    ] as const) {
      now.mockReturnValue(time);
      await put(cache, key, 30);
    }
    now.mockReturnValue(4);
    await cache.open('a');
    now.mockReturnValue(5);
    await put(cache, 'd', 40);
    now.mockRestore();
    expect((await cache.list()).map(file => file.key)).toEqual(['d', 'a', 'c']);
    expect(await cache.open('b')).toBeUndefined();
    expect(readdirSync(root)).toHaveLength(4); // three files and the table
    await expect(cache.create('e', 101)).rejects.toThrow(
      'Cannot keep a file of 101 bytes as the cache may hold at most 100'
    );
  });

  it('shows nothing of a file before it is closed, nor after it is given up', async () => {
    const cache = new DiskCache(root, 100);
    const writer = await cache.create('a', 10);
    await writer.write(new Uint8Array(5));
    expect(await cache.open('a')).toBeUndefined();
    await writer.abort();
    expect(await cache.open('a')).toBeUndefined();
    expect(readdirSync(root).filter(name => name.endsWith('.part'))).toEqual([]);
  });

  it('delete() and clear() remove files; clear() says how much', async () => {
    const cache = new DiskCache(root, 100);
    await put(cache, 'a', 10);
    await put(cache, 'b', 20);
    await cache.delete('a');
    expect((await cache.list()).map(file => file.key)).toEqual(['b']);
    expect(await cache.clear()).toBe(20);
    expect(await cache.list()).toEqual([]);
    await put(cache, 'c', 1);
    expect(await cache.open('c')).toBeDefined();
  });

  it('survives a damaged table of contents', async () => {
    const cache = new DiskCache(root, 100);
    await put(cache, 'a', 10);
    writeFileSync(join(root, 'index.json'), '{"oops"');
    expect(await cache.list()).toEqual([]);
    await put(cache, 'b', 10);
    expect((await cache.list()).map(file => file.key)).toEqual(['b']);
  });

  it('removes what killed processes left unfinished, a day later', async () => {
    const cache = new DiskCache(root, 100);
    await put(cache, 'a', 10);
    const [old, young] = ['old.1.1.part', 'young.1.1.part'].map(name => join(root, name));
    writeFileSync(old!, 'x');
    writeFileSync(young!, 'x');
    utimesSync(old!, 0, 0);
    await put(cache, 'b', 10);
    expect(readdirSync(root).filter(name => name.endsWith('.part'))).toEqual(['young.1.1.part']);
  });
});
