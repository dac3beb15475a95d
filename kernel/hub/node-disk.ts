/** Files and folders of the disk as byte sources and model folders (Node only). */
import { closeSync, openSync, promises as fs, readSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ByteSource, ModelFolder } from '../host/host';
import { checkRange } from './range';

/** One read call of the operating system takes less than 2 GiB. */
const longestRead = 1 << 28;

/**
 * A file of the disk. It is opened for each read, so nothing has to be closed.
 */
export class FileSource implements ByteSource {
  readonly size: number;
  readonly identity: string;

  /** @throws {Error} If there is no such file. */
  constructor(readonly name: string) {
    const path = realpathSync(name);
    const { size, mtimeMs } = statSync(path);
    this.size = size;
    this.identity = `${path}:${size}:${mtimeMs}`;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    const out = this._allocate(begin, end);
    const file = await fs.open(this.name);
    try {
      for (let at = 0; at < out.length;) {
        signal?.throwIfAborted();
        const { bytesRead } = await file.read(out, at, Math.min(out.length - at, longestRead), begin + at);
        at += this._check(bytesRead, begin + at, end);
      }
    } finally {
      await file.close();
    }
    return out;
  }

  readSync(begin: number, end: number): Uint8Array {
    const out = this._allocate(begin, end);
    const file = openSync(this.name, 'r');
    try {
      for (let at = 0; at < out.length;) {
        const bytesRead = readSync(file, out, at, Math.min(out.length - at, longestRead), begin + at);
        at += this._check(bytesRead, begin + at, end);
      }
    } finally {
      closeSync(file);
    }
    return out;
  }

  private _allocate(begin: number, end: number): Uint8Array {
    checkRange(this, begin, end);
    return new Uint8Array(end - begin);
  }

  private _check(bytesRead: number, at: number, end: number): number {
    if (bytesRead === 0) {
      throw new RangeError(
        `Cannot read ${this.name} up to ${end} as the file must still be that long: it ends at ${at}`
      );
    }
    return bytesRead;
  }
}

/** A folder of the disk. */
export class DiskFolder implements ModelFolder {
  constructor(
    readonly name: string,
    readonly gguf?: string
  ) {}

  async open(file: string): Promise<ByteSource | undefined> {
    const path = join(this.name, file);
    return (await isFile(path)) ? new FileSource(path) : undefined;
  }

  async list(): Promise<string[]> {
    const entries = await fs.readdir(this.name, { withFileTypes: true });
    // Snapshots of the Hugging Face cache hold links to files.
    return entries.filter(entry => entry.isFile() || entry.isSymbolicLink()).map(entry => entry.name);
  }
}

export async function isFile(path: string): Promise<boolean> {
  return fs.stat(path).then(
    stat => stat.isFile(),
    () => false
  );
}

export async function isFolder(path: string): Promise<boolean> {
  return fs.stat(path).then(
    stat => stat.isDirectory(),
    () => false
  );
}
