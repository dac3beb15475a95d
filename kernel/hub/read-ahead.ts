/**
 * Fewer, larger requests: a model of 270 tensors costs a dozen instead of 270.
 *
 * A checkpoint's tensors lie in the file roughly in the order they are asked for, but not quite (a layer's are sorted
 * by name), so a miss near the last read fetches a block around it and keeps it.
 */
import type { ByteSource } from '../host/host';
import { checkRange } from './range';

/** Bytes fetched around a read, and the distance that counts as near. */
const block = 8 * 1024 * 1024;
/** Reads longer than this are worth a request of their own. */
const long = block / 2;
/** Blocks begin at multiples of this, so that a little before the read comes along. */
const grain = 1024 * 1024;

interface Block {
  readonly begin: number;
  readonly bytes: Uint8Array;
}

/** Wraps a source whose requests are slow. Keeps at most one block of 8 MiB, until a far read. */
export class ReadAhead implements ByteSource {
  readonly name: string;
  readonly size: number;
  readonly identity: string;
  readonly readSync?: (begin: number, end: number) => Uint8Array;
  private _block: Block | undefined;
  private _last = -Infinity;

  constructor(private readonly _source: ByteSource) {
    this.name = _source.name;
    this.size = _source.size;
    this.identity = _source.identity;
    if (_source.readSync) {
      this.readSync = (begin, end) => {
        checkRange(this, begin, end);
        const held = this._held(begin, end);
        if (held) {
          return held;
        }
        const range = this._plan(begin, end);
        return range
          ? this._keep(range[0], this._source.readSync!(...range), begin, end)
          : this._source.readSync!(begin, end);
      };
    }
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    checkRange(this, begin, end);
    const held = this._held(begin, end);
    if (held) {
      return held;
    }
    const range = this._plan(begin, end);
    return range
      ? this._keep(range[0], await this._source.read(...range, signal), begin, end)
      : this._source.read(begin, end, signal);
  }

  private _held(begin: number, end: number): Uint8Array | undefined {
    const held = this._block;
    if (!held || begin < held.begin || end > held.begin + held.bytes.length) {
      return undefined;
    }
    this._last = end;
    return held.bytes.slice(begin - held.begin, end - held.begin);
  }

  /** The block to fetch, or undefined for a long read or one far from the last. */
  private _plan(begin: number, end: number): [number, number] | undefined {
    const near = Math.abs(begin - this._last) <= block;
    this._last = end;
    if (!near) {
      this._block = undefined;
    }
    if (!near || end - begin > long) {
      return undefined;
    }
    const from = Math.floor(begin / grain) * grain;
    return [from, Math.min(this.size, Math.max(end, from + block))];
  }

  private _keep(from: number, bytes: Uint8Array, begin: number, end: number): Uint8Array {
    this._block = { begin: from, bytes };
    return bytes.slice(begin - from, end - from);
  }
}
