/** Blobs and Files: what a user picked, and files of the origin's private file system. */
import type { ByteSource } from '../host/host';
import { checkRange } from './range';

export class BlobSource implements ByteSource {
  readonly size: number;
  readonly identity: string;
  readonly readSync?: (begin: number, end: number) => Uint8Array;

  /**
   * @param options `identity`: by default from name, size and time of the last change. `synchronous`: false for what
   * only looks like a Blob.
   */
  constructor(
    readonly name: string,
    private readonly _blob: Blob,
    { identity, synchronous = true }: { identity?: string; synchronous?: boolean } = {}
  ) {
    this.size = _blob.size;
    const changed = 'lastModified' in _blob ? (_blob as File).lastModified : 0;
    this.identity = identity ?? `${name}:${_blob.size}:${changed}`;
    if (synchronous && typeof FileReaderSync === 'function') {
      this.readSync = (begin, end) => {
        checkRange(this, begin, end);
        return new Uint8Array(new FileReaderSync().readAsArrayBuffer(_blob.slice(begin, end)));
      };
    }
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    checkRange(this, begin, end);
    return new Uint8Array(await this._blob.slice(begin, end).arrayBuffer());
  }
}
