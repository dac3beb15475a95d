/** Files kept in the origin private file system of the browser. */
import type { ByteSource, CachedFile, CacheWriter, FileCache } from '../host/host';
import { BlobSource } from './blob-source';
import { fileName, filesToEvict, formatTable, parseTable, type CacheTable } from './cache-index';

const folderName = 'loupe';
const indexName = 'index.json';

/**
 * Makes the browser's file cache.
 *
 * @param limit Bytes it may hold, at most; the browser may grant the site less.
 * @returns The cache, or undefined where the browser has no private file system (or refuses it, as in private windows).
 */
export async function openOpfsCache(limit: number): Promise<FileCache | undefined> {
  try {
    const root = await navigator.storage.getDirectory();
    return new OpfsCache(await root.getDirectoryHandle(folderName, { create: true }), limit);
  } catch {
    return undefined;
  }
}

class OpfsCache implements FileCache {
  readonly place = 'the private files of this site (browser storage)';
  private _turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly _folder: FileSystemDirectoryHandle,
    private readonly _limit: number
  ) {}

  async open(key: string): Promise<ByteSource | undefined> {
    const file = await fileName(key);
    const handle = await this._folder.getFileHandle(file).catch(() => undefined);
    if (!handle) {
      return undefined;
    }
    const blob = await handle.getFile();
    const known = await this._update(table => {
      const entry = table.get(file);
      if (entry) {
        table.set(file, { ...entry, used: Date.now() });
      }
      return entry;
    });
    // No entry: writing was never finished (the tab went away).
    return known?.size === blob.size ? new BlobSource(key, blob, { identity: key }) : undefined;
  }

  async create(key: string, size: number, resume = false): Promise<CacheWriter> {
    const file = await fileName(key);
    const limit = await this._room();
    const evicted = await this._update(table => {
      const names = filesToEvict(table, size, limit, file);
      names.forEach(name => table.delete(name));
      // Until it is closed, the file is not a whole one.
      table.delete(file);
      return names;
    });
    for (const name of evicted) {
      await this._remove(name);
    }
    const handle = await this._folder.getFileHandle(file, { create: true });
    const target = await openTarget(handle, resume);
    let written = target.at;
    const keep = async (): Promise<void> => {
      await target.close();
      await this._update(table => table.set(file, { key, size: written, used: Date.now() }));
    };
    return {
      written,
      write: async bytes => {
        await target.write(bytes, written);
        written += bytes.byteLength;
      },
      ...(target.writeSync
        ? {
            writeSync: (bytes: Uint8Array, at: number) => {
              target.writeSync!(bytes, at);
              written = Math.max(written, at + bytes.byteLength);
            }
          }
        : {}),
      close: keep,
      pause: () => target.close(),
      abort: async () => {
        await target.close().catch(() => undefined);
        await this._remove(file);
      }
    };
  }

  async list(): Promise<CachedFile[]> {
    return [...(await this._read()).values()].sort((a, b) => b.used - a.used);
  }

  async delete(key: string): Promise<void> {
    const file = await fileName(key);
    await this._update(table => table.delete(file));
    await this._remove(file);
  }

  async clear(): Promise<number> {
    const total = (await this.list()).reduce((sum, entry) => sum + entry.size, 0);
    for await (const name of (this._folder as unknown as { keys(): AsyncIterable<string> }).keys()) {
      await this._remove(name);
    }
    return total;
  }

  /** Bytes the cache may hold now. */
  private async _room(): Promise<number> {
    const { quota = Infinity, usage = 0 } = await navigator.storage.estimate();
    const own = (await this.list()).reduce((sum, entry) => sum + entry.size, 0);
    return Math.min(this._limit, quota - Math.max(0, usage - own));
  }

  private async _remove(name: string): Promise<void> {
    await this._folder.removeEntry(name).catch(() => undefined);
  }

  private async _read(): Promise<CacheTable> {
    const handle = await this._folder.getFileHandle(indexName).catch(() => undefined);
    return parseTable(handle && (await (await handle.getFile()).text()));
  }

  /** Changes the table, one change at a time. */
  private _update<T>(change: (table: CacheTable) => T): Promise<T> {
    const next = this._turn.then(async () => {
      const table = await this._read();
      const result = change(table);
      const handle = await this._folder.getFileHandle(indexName, { create: true });
      const stream = await handle.createWritable();
      await stream.write(formatTable(table));
      await stream.close();
      return result;
    });
    this._turn = next.catch(() => undefined);
    return next;
  }
}

interface Target {
  /** Bytes already there. */
  readonly at: number;
  write(bytes: Uint8Array, at: number): Promise<void>;
  writeSync?(bytes: Uint8Array, at: number): void;
  close(): Promise<void>;
}

/**
 * A file for writing. A worker writes in place, so that what a closed tab leaves can be gone on with; elsewhere the
 * browser writes to a copy.
 */
async function openTarget(handle: FileSystemFileHandle, resume: boolean): Promise<Target> {
  if (typeof handle.createSyncAccessHandle === 'function') {
    const access = await handle.createSyncAccessHandle();
    if (!resume) {
      access.truncate(0);
    }
    const writeSync = (bytes: Uint8Array, at: number): void => {
      for (let done = 0; done < bytes.byteLength;) {
        done += access.write(bytes.subarray(done) as Uint8Array<ArrayBuffer>, { at: at + done });
      }
    };
    return {
      at: access.getSize(),
      write: async (bytes, at) => writeSync(bytes, at),
      writeSync,
      close: async () => {
        access.flush();
        access.close();
      }
    };
  }
  const at = resume ? (await handle.getFile()).size : 0;
  const stream = await handle.createWritable({ keepExistingData: resume });
  await stream.seek(at);
  return {
    at,
    write: bytes => stream.write(bytes as Uint8Array<ArrayBuffer>),
    close: () => stream.close()
  };
}
