/**
 * Fewer, larger synchronous requests.
 *
 * Waiting for one request per tensor costs a model's 270 round trips; a block around each read brings its neighbours
 * along. Asynchronous reads are left alone: several of them can be under way at once.
 */
import type { ByteSource } from '../host/host';
import { checkRange } from './range';

/** Bytes of a block: the first where reading has jumped, and at most, after doubling for each that follows on. */
const shortest = 1024 * 1024;
const longest = 8 * 1024 * 1024;

/**
 * Wraps a source's `readSync`.
 *
 * A checkpoint's tensors are asked for in nearly the order they lie in: layer after layer, but a layer's own tensors,
 * and in some files the layers, are sorted by name. So a block begins at the read, and the next one is longer only if
 * it follows on. At most one block is kept.
 */
export class ReadAhead implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly identity: string;
  readonly readSync?: (begin: number, end: number) => Uint8Array;
  private _begin = 0;
  private _bytes = new Uint8Array(0);
  private _length = shortest;

  constructor(private readonly _source: ByteSource) {
    this.name = _source.name;
    this.size = _source.size;
    this.identity = _source.identity;
    const readSync = _source.readSync?.bind(_source);
    if (readSync) {
      this.readSync = (begin, end) => {
        checkRange(this, begin, end);
        if (begin < this._begin || end > this._begin + this._bytes.length) {
          this._length = this._followsOn(begin) ? Math.min(longest, 2 * this._length) : shortest;
          if (end - begin >= this._length) {
            return readSync(begin, end);
          }
          this._bytes = readSync(begin, Math.min(this.size, begin + this._length)) as Uint8Array<ArrayBuffer>;
          this._begin = begin;
        }
        return this._bytes.slice(begin - this._begin, end - this._begin);
      };
    }
  }

  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    return this._source.read(begin, end, signal);
  }

  /** Whether a read begins in the block, or soon after it. */
  private _followsOn(begin: number): boolean {
    return begin >= this._begin && begin <= this._begin + this._bytes.length + shortest;
  }
}
