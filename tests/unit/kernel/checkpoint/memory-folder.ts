/** Byte sources and folders in memory, for tests. */
import type { ByteSource, ModelFolder } from '../../../../kernel/host/host';

export class MemorySource implements ByteSource {
  readonly size: number;
  readonly identity: string;
  /** Ranges read, in order. */
  readonly reads: [number, number][] = [];

  constructor(
    readonly name: string,
    private readonly _bytes: Uint8Array
  ) {
    this.size = _bytes.length;
    this.identity = `${name}:${_bytes.length}`;
  }

  read(begin: number, end: number): Promise<Uint8Array> {
    return Promise.resolve().then(() => this.readSync(begin, end));
  }

  readSync(begin: number, end: number): Uint8Array {
    if (!(begin >= 0 && begin <= end && end <= this.size)) {
      throw new RangeError(`outside ${this.name}: [${begin}, ${end})`);
    }
    this.reads.push([begin, end]);
    return this._bytes.slice(begin, end);
  }
}

export function memoryFolder(files: Record<string, Uint8Array | string>): ModelFolder {
  return {
    name: 'memory',
    open: file => {
      const content = Object.hasOwn(files, file) ? files[file] : undefined;
      const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
      return Promise.resolve(bytes && new MemorySource(`memory/${file}`, bytes));
    },
    list: () => Promise.resolve(Object.keys(files))
  };
}
