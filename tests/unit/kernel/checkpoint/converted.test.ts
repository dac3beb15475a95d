import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { throughCache } from '../../../../kernel/checkpoint/converted';
import type { ExternalTensor } from '../../../../kernel/host/host';
import { DiskCache } from '../../../../kernel/hub/node-cache';

let root: string;
let made: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'loupe-converted-'));
  made = [];
});
afterEach(() => rmSync(root, { recursive: true }));

const content: Record<string, Uint8Array> = {
  'a.q': Uint8Array.of(1, 2, 3),
  'a.s': Uint8Array.of(4),
  b: new Uint8Array(0)
};

function tensors(): ExternalTensor[] {
  return Object.entries(content).map(([path, bytes]) => ({
    path,
    byteLength: bytes.length,
    bytes: () => {
      made.push(path);
      return bytes.slice();
    }
  }));
}

const cache = (limit = 10_000): DiskCache => new DiskCache(root, limit);
const read = (kept: { tensors: readonly ExternalTensor[] }): Record<string, Uint8Array> =>
  Object.fromEntries(kept.tensors.map(tensor => [tensor.path, tensor.bytes()]));

/** Loads once, in an order of the engine's own. */
async function load(key = 'k', limit?: number, whole = true): Promise<boolean> {
  const kept = await throughCache(tensors(), key, cache(limit));
  for (const tensor of [...kept.tensors].reverse()) {
    expect(tensor.bytes()).toEqual(content[tensor.path]);
  }
  await kept.done(whole);
  return kept.fromCache;
}

describe('throughCache()', () => {
  it('converts once, and gives the same bytes from the cache afterwards', async () => {
    expect(await load()).toBe(false);
    expect(made.sort()).toEqual(['a.q', 'a.s', 'b']);
    made = [];
    expect(await load()).toBe(true);
    expect(made).toEqual([]);
    expect(await load('another key')).toBe(false);
  });

  it('keeps nothing of a load that was not whole: given up, or a weight never asked for', async () => {
    await load('k', undefined, false);
    const kept = await throughCache(tensors(), 'k', cache());
    expect(kept.fromCache).toBe(false);
    kept.tensors[0]!.bytes();
    await kept.done(true);
    expect(await load()).toBe(false);
    expect(readdirSync(root).filter(name => name.endsWith('.part'))).toEqual([]);
  });

  it('does without a cache that has no room, or none at all', async () => {
    expect(await load('k', 10)).toBe(false);
    expect(await load('k', 10)).toBe(false);
    const kept = await throughCache(tensors(), 'k', undefined);
    expect(read(kept)).toEqual(content);
    await kept.done(true);
  });

  it('converts again where the kept file is another model', async () => {
    await load();
    const other = [{ path: 'a.q', byteLength: 4, bytes: () => new Uint8Array(4) }];
    const kept = await throughCache(other, 'k', cache());
    expect(kept.fromCache).toBe(false);
    expect(read(kept)).toEqual({ 'a.q': new Uint8Array(4) });
    await kept.done(true);
    expect((await throughCache(other, 'k', cache())).fromCache).toBe(true);
  });
});
