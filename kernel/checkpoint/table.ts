/** A checkpoint as a table of byte ranges: what all formats come down to once their headers are read. */
import type { ByteSource } from '../host/host';
import {
  checkRows,
  CheckpointError,
  missingTensor,
  type Checkpoint,
  type RawTensor,
  type TensorInfo
} from './checkpoint';

/** Where a tensor's bytes are, and what must be done to them. */
export interface Entry {
  readonly info: TensorInfo;
  readonly source: ByteSource;
  /** Range in the source. */
  readonly begin: number;
  readonly end: number;
  /** Turns stored bytes into those of `info.dtype`; absent where they are the same. */
  readonly convert?: (bytes: Uint8Array) => Uint8Array;
  /** True if `convert` works on any number of rows alone, so that some rows can be read without the others. */
  readonly rowwise?: boolean;
}

export interface TableOptions {
  readonly format: Checkpoint['format'];
  readonly metadata: Readonly<Record<string, unknown>>;
  /** All files, in order. */
  readonly sources: readonly ByteSource[];
}

/** @see {@link Checkpoint} */
export class TableCheckpoint implements Checkpoint {
  readonly format: Checkpoint['format'];
  readonly names: readonly string[];
  readonly identity: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly readSync?: (name: string) => RawTensor;
  readonly readRowsSync?: (name: string, begin: number, end: number) => RawTensor;
  private readonly _files: string;

  constructor(
    private readonly _entries: ReadonlyMap<string, Entry>,
    { format, metadata, sources }: TableOptions
  ) {
    this.format = format;
    this.metadata = metadata;
    this.names = [..._entries.keys()];
    this.identity = sources.map(source => source.identity).join('+');
    this._files = sources.map(source => source.name).join(', ');
    if (sources.every(source => source.readSync)) {
      this.readSync = name => {
        const entry = this._entry(name);
        return whole(entry, entry.source.readSync!(entry.begin, entry.end));
      };
      this.readRowsSync = (name, begin, end) => {
        const entry = this._entry(name);
        const range = rowRange(entry, begin, end);
        return rows(entry, entry.source.readSync!(range.begin, range.end), begin, end);
      };
    }
  }

  has(name: string): boolean {
    return this._entries.has(name);
  }

  info(name: string): TensorInfo {
    return this._entry(name).info;
  }

  async read(name: string, signal?: AbortSignal): Promise<RawTensor> {
    const entry = this._entry(name);
    return whole(entry, await entry.source.read(entry.begin, entry.end, signal));
  }

  async readRows(name: string, begin: number, end: number, signal?: AbortSignal): Promise<RawTensor> {
    const entry = this._entry(name);
    const range = rowRange(entry, begin, end);
    return rows(entry, await entry.source.read(range.begin, range.end, signal), begin, end);
  }

  private _entry(name: string): Entry {
    const entry = this._entries.get(name);
    if (!entry) {
      throw missingTensor(name, this._files, this.names);
    }
    return entry;
  }
}

function convert(entry: Entry, bytes: Uint8Array): Uint8Array {
  return entry.convert ? entry.convert(bytes) : bytes;
}

function whole(entry: Entry, stored: Uint8Array): RawTensor {
  const { name, dims, dtype, byteLength, file } = entry.info;
  const bytes = convert(entry, stored);
  if (bytes.byteLength !== byteLength) {
    throw new CheckpointError(file, `it must give ${byteLength} bytes: current length is ${bytes.byteLength}`, name);
  }
  return { name, dims, dtype, bytes };
}

/** The part of the file that must be read to have these rows. */
function rowRange(entry: Entry, begin: number, end: number): { begin: number; end: number } {
  checkRows(entry.info, begin, end);
  if (entry.convert && !entry.rowwise) {
    return entry;
  }
  const size = (entry.end - entry.begin) / Math.max(1, entry.info.dims[0] ?? 1);
  return { begin: entry.begin + begin * size, end: entry.begin + end * size };
}

function rows(entry: Entry, stored: Uint8Array, begin: number, end: number): RawTensor {
  const { name, dims, dtype, byteLength } = entry.info;
  let bytes = convert(entry, stored);
  if (entry.convert && !entry.rowwise) {
    const size = byteLength / Math.max(1, dims[0] ?? 1);
    bytes = bytes.slice(begin * size, end * size);
  }
  return { name, dims: [end - begin, ...dims.slice(1)], dtype, bytes };
}
