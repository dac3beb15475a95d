/** The table of contents both file caches keep next to their files. */
import type { CachedFile } from '../host/host';

/** File name → entry. */
export type CacheTable = Map<string, CachedFile>;

/**
 * Reads a stored table. A damaged one counts as empty: a cache may always be made anew.
 */
export function parseTable(text: string | undefined): CacheTable {
  const table: CacheTable = new Map();
  let value: unknown;
  try {
    value = JSON.parse(text ?? '[]');
  } catch {
    return table;
  }
  for (const row of Array.isArray(value) ? (value as unknown[]) : []) {
    const { file, key, size, used } = (row ?? {}) as Record<string, unknown>;
    if (typeof file === 'string' && typeof key === 'string' && typeof size === 'number' && typeof used === 'number') {
      table.set(file, { key, size, used });
    }
  }
  return table;
}

export function formatTable(table: CacheTable): string {
  return JSON.stringify([...table].map(([file, entry]) => ({ file, ...entry })));
}

/** A file name for any key: the first 40 digits of its SHA-256. */
export async function fileName(key: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(key));
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, '0'))
    .join('')
    .slice(0, 40);
}

/**
 * Which files must go so that `size` more bytes fit: the least recently used first.
 *
 * @param limit Bytes the cache may hold.
 * @returns File names to delete.
 * @throws {RangeError} If `size` alone is more than the limit.
 */
export function filesToEvict(table: CacheTable, size: number, limit: number, keep: string): string[] {
  if (size > limit) {
    throw new RangeError(`Cannot keep a file of ${size} bytes as the cache may hold at most ${limit} bytes`);
  }
  const others = [...table].filter(([file]) => file !== keep).sort(([, a], [, b]) => a.used - b.used);
  let total = others.reduce((sum, [, entry]) => sum + entry.size, size);
  const evicted: string[] = [];
  for (const [file, entry] of others) {
    if (total <= limit) {
      break;
    }
    evicted.push(file);
    total -= entry.size;
  }
  return evicted;
}
