/** Files kept in a cache folder of the disk (Node only). */
import { promises as fs, writeSync as fsWriteSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteSource, CachedFile, CacheWriter, FileCache } from '../host/host';
import { fileName, filesToEvict, formatTable, parseTable, type CacheTable } from './cache-index';
import { FileSource, isFile } from './node-disk';

const indexName = 'index.json';
/** Milliseconds. No model takes so long to be written. */
const day = 24 * 60 * 60 * 1000;

/** Keeps files in a folder, which is made when the first is written. */
export class DiskCache implements FileCache {
  private _turn: Promise<unknown> = Promise.resolve();

  /**
   * @param place The folder.
   * @param _limit Bytes it may hold.
   */
  constructor(
    readonly place: string,
    private readonly _limit: number
  ) {}

  async open(key: string): Promise<ByteSource | undefined> {
    const file = await fileName(key);
    const path = join(this.place, file);
    if (!(await isFile(path))) {
      return undefined;
    }
    await this._update(table => {
      const entry = table.get(file);
      if (entry) {
        table.set(file, { ...entry, used: Date.now() });
      }
    });
    return new FileSource(path);
  }

  async create(key: string, size: number): Promise<CacheWriter> {
    const file = await fileName(key);
    const evicted = await this._update(table => {
      const names = filesToEvict(table, size, this._limit, file);
      names.forEach(name => table.delete(name));
      return names;
    });
    for (const name of evicted) {
      await fs.rm(join(this.place, name), { force: true });
    }
    await this._removeLeftovers();
    // Another process may be writing the same file: each has its own, and the last to be renamed stays.
    const partial = join(this.place, `${file}.${process.pid}.${Date.now()}.part`);
    const handle = await fs.open(partial, 'wx');
    let written = 0;
    const writeSync = (bytes: Uint8Array, at: number): void => {
      for (let done = 0; done < bytes.byteLength;) {
        done += fsWriteSync(handle.fd, bytes, done, bytes.byteLength - done, at + done);
      }
      written = Math.max(written, at + bytes.byteLength);
    };
    const abort = async (): Promise<void> => {
      await handle.close();
      await fs.rm(partial, { force: true });
    };
    return {
      written: 0,
      write: async bytes => {
        for (let done = 0; done < bytes.byteLength;) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, written);
          done += bytesWritten;
          written += bytesWritten;
        }
      },
      writeSync,
      close: async () => {
        await handle.close();
        await fs.rename(partial, join(this.place, file));
        await this._update(table => table.set(file, { key, size: written, used: Date.now() }));
      },
      pause: abort,
      abort
    };
  }

  async list(): Promise<CachedFile[]> {
    return [...(await this._read()).values()].sort((a, b) => b.used - a.used);
  }

  async delete(key: string): Promise<void> {
    const file = await fileName(key);
    await this._update(table => table.delete(file));
    await fs.rm(join(this.place, file), { force: true });
  }

  async clear(): Promise<number> {
    const total = (await this.list()).reduce((sum, entry) => sum + entry.size, 0);
    await fs.rm(this.place, { recursive: true, force: true });
    return total;
  }

  /** Files whose writing was never ended: their process was killed. */
  private async _removeLeftovers(): Promise<void> {
    for (const name of await fs.readdir(this.place)) {
      const path = join(this.place, name);
      if (name.endsWith('.part') && Date.now() - (await fs.stat(path)).mtimeMs > day) {
        await fs.rm(path, { force: true });
      }
    }
  }

  private async _read(): Promise<CacheTable> {
    return parseTable(await fs.readFile(join(this.place, indexName), 'utf8').catch(() => undefined));
  }

  /** Changes the table, one change at a time. */
  private _update<T>(change: (table: CacheTable) => T): Promise<T> {
    const next = this._turn.then(async () => {
      const table = await this._read();
      const result = change(table);
      await fs.mkdir(this.place, { recursive: true });
      await fs.writeFile(join(this.place, indexName), formatTable(table));
      return result;
    });
    this._turn = next.catch(() => undefined);
    return next;
  }
}
