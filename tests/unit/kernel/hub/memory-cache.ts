/** A FileCache in memory: what the tests of downloads put files into. */
import type { ByteSource, CachedFile, CacheWriter, FileCache } from '../../../../kernel/host/host';
import { MemorySource } from '../checkpoint/memory-folder';

export class MemoryCache implements FileCache {
  readonly place = 'memory';
  private readonly _files = new Map<string, Uint8Array>();
  private readonly _partial = new Map<string, Uint8Array>();

  open(key: string): Promise<ByteSource | undefined> {
    const bytes = this._files.get(key);
    return Promise.resolve(bytes && new MemorySource(key, bytes));
  }

  create(key: string, _size: number, resume = false): Promise<CacheWriter> {
    let bytes: Uint8Array = (resume && this._partial.get(key)) || new Uint8Array(0);
    return Promise.resolve({
      written: bytes.length,
      write: chunk => {
        const longer = new Uint8Array(bytes.length + chunk.length);
        longer.set(bytes);
        longer.set(chunk, bytes.length);
        bytes = longer;
        return Promise.resolve();
      },
      close: () => {
        this._files.set(key, bytes);
        this._partial.delete(key);
        return Promise.resolve();
      },
      pause: () => {
        this._partial.set(key, bytes);
        return Promise.resolve();
      },
      abort: () => Promise.resolve()
    });
  }

  list(): Promise<CachedFile[]> {
    return Promise.resolve([...this._files].map(([key, { length }]) => ({ key, size: length, used: 0 })));
  }

  delete(key: string): Promise<void> {
    this._files.delete(key);
    return Promise.resolve();
  }

  clear(): Promise<number> {
    this._files.clear();
    return Promise.resolve(0);
  }
}
