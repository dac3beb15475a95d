/** Files behind URLs, read by range requests. */
import type { ByteSource } from '../host/host';
import { checkRange } from './range';
import { ReadAhead } from './read-ahead';
import { fetchWithRetry } from './retry';

export interface HttpOptions {
  /** Sent with every request: XSRF token, authorization. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Milliseconds before further attempts; see `retry.ts`. */
  readonly waits?: readonly number[];
}

/** The first request asks for this much and keeps it: small files need no second one, headers of large ones neither. */
const firstRange = 256 * 1024;

/** What is read whole, at most, from a server that ignores ranges. */
const largestWhole = 1024 ** 3;

/**
 * Opens the file at a URL.
 *
 * @returns A source, or undefined if there is no such file (404, 410, or an HTML page in its place).
 * @throws {RangeError} If the server ignores ranges and the file is too large to be read whole.
 * @throws {Error} If the server cannot be reached or refuses.
 */
export async function openUrl(url: string, options: HttpOptions = {}): Promise<ByteSource | undefined> {
  const response = await fetchWithRetry(
    url,
    { headers: { ...options.headers, Range: `bytes=0-${firstRange - 1}` }, ...withSignal(options.signal) },
    options.waits
  );
  if (response.status === 404 || response.status === 410 || isPage(url, response)) {
    await response.body?.cancel();
    return undefined;
  }
  if (response.status === 416) {
    await response.body?.cancel();
    return new WholeSource(url, new Uint8Array(0), identityOf(url, response, 0)); // no byte 0: the file is empty
  }
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`Cannot open ${url} as the server must allow it: it answers ${response.status}`);
  }
  if (response.status !== 206) {
    return wholeSource(url, response);
  }
  const size = Number(/\/(\d+)\s*$/.exec(response.headers.get('Content-Range') ?? '')?.[1] ?? NaN);
  if (!Number.isSafeInteger(size)) {
    await response.body?.cancel();
    throw new Error(
      `Cannot open ${url} as the server must say its size: Content-Range is absent or not readable from here`
    );
  }
  const head = new Uint8Array(await response.arrayBuffer());
  const identity = identityOf(url, response, size);
  return head.length === size
    ? new WholeSource(url, head, identity)
    : new ReadAhead(new HttpSource(url, size, identity, head, options));
}

/** The server ignored the range: what it sends is the whole file. */
async function wholeSource(url: string, response: Response): Promise<ByteSource> {
  const announced = Number(response.headers.get('Content-Length') ?? 0);
  if (announced > largestWhole) {
    await response.body?.cancel();
    throw new RangeError(
      `Cannot read ${url} as its server must support Range requests for files of more than ${largestWhole} bytes: ` +
        `current size is ${announced}; serve the folder with a server that does`
    );
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  return new WholeSource(url, bytes, identityOf(url, response, bytes.length));
}

/** Static servers of web applications answer with a page for what they do not have. */
function isPage(url: string, response: Response): boolean {
  return /^text\/html\b/.test(response.headers.get('Content-Type') ?? '') && !/\.html?(?:[?#]|$)/.test(url);
}

function identityOf(url: string, response: Response, size: number): string {
  const mark = response.headers.get('ETag') ?? response.headers.get('Last-Modified') ?? '';
  return `${url.replace(/[?#].*$/, '')}:${size}:${mark}`;
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}

/** A file that is in memory already. */
class WholeSource implements ByteSource {
  readonly size: number;

  constructor(
    readonly name: string,
    private readonly _bytes: Uint8Array,
    readonly identity: string
  ) {
    this.size = _bytes.length;
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    signal?.throwIfAborted();
    return this.readSync(begin, end);
  }

  readSync(begin: number, end: number): Uint8Array {
    checkRange(this, begin, end);
    return this._bytes.slice(begin, end);
  }
}

class HttpSource implements ByteSource {
  readonly readSync?: (begin: number, end: number) => Uint8Array;

  constructor(
    readonly name: string,
    readonly size: number,
    readonly identity: string,
    private readonly _head: Uint8Array,
    private readonly _options: HttpOptions
  ) {
    // Only workers may wait for a request, and only there may its answer be an ArrayBuffer.
    if (typeof XMLHttpRequest === 'function' && typeof WorkerGlobalScope === 'function') {
      this.readSync = (begin, end) => {
        checkRange(this, begin, end);
        return end <= this._head.length ? this._head.slice(begin, end) : this._requestAgain(begin, end);
      };
    }
  }

  async read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array> {
    checkRange(this, begin, end);
    if (end <= this._head.length) {
      return this._head.slice(begin, end);
    }
    const stop = signal ?? this._options.signal;
    const out = new Uint8Array(end - begin);
    let done = 0;
    // A stream that breaks off is gone on with where it broke off.
    for (let attempt = 0; done < out.length; attempt++) {
      const init = { headers: this._headers(begin + done, end), ...withSignal(stop) };
      const response = await fetchWithRetry(this.name, init, this._options.waits);
      this._check(response.status, response.headers.get('Content-Range'), response.headers.get('ETag'), begin + done);
      try {
        for await (const chunk of chunksOf(response)) {
          if (done + chunk.length > out.length) {
            throw new RangeError(`Cannot read ${this.name} as ${out.length} bytes must arrive: there are more`);
          }
          out.set(chunk, done);
          done += chunk.length;
        }
      } catch (error) {
        stop?.throwIfAborted();
        if (attempt >= 3 || error instanceof RangeError) {
          throw error;
        }
      }
      if (attempt >= 3 && done < out.length) {
        throw new RangeError(`Cannot read ${this.name} as ${out.length} bytes must arrive: there are ${done}`);
      }
    }
    return out;
  }

  /** A synchronous request has no way to wait: what fails is tried twice more at once. */
  private _requestAgain(begin: number, end: number): Uint8Array {
    for (let attempt = 0; ; attempt++) {
      try {
        return this._request(begin, end);
      } catch (error) {
        if (attempt === 2) {
          throw error;
        }
      }
    }
  }

  private _request(begin: number, end: number): Uint8Array {
    const request = new XMLHttpRequest();
    request.open('GET', this.name, false);
    request.responseType = 'arraybuffer';
    for (const [key, value] of Object.entries(this._headers(begin, end))) {
      request.setRequestHeader(key, value);
    }
    request.send();
    this._check(request.status, request.getResponseHeader('Content-Range'), request.getResponseHeader('ETag'), begin);
    const bytes = new Uint8Array(request.response as ArrayBuffer);
    if (bytes.length !== end - begin) {
      throw new RangeError(`Cannot read ${this.name} as ${end - begin} bytes must arrive: there are ${bytes.length}`);
    }
    return bytes;
  }

  private _headers(begin: number, end: number): Record<string, string> {
    return { ...this._options.headers, Range: `bytes=${begin}-${end - 1}` };
  }

  private _check(status: number, range: string | null, etag: string | null, begin: number): void {
    if (status !== 206 || !range?.replace(/\s+/g, ' ').startsWith(`bytes ${begin}-`)) {
      throw new RangeError(
        `Cannot read ${this.name} from byte ${begin} as the server must answer with that range: it answers ${status}` +
          (range ? ` with ${range}` : '')
      );
    }
    const size = /\/(\d+)\s*$/.exec(range)?.[1];
    if ((size !== undefined && Number(size) !== this.size) || (etag !== null && !this.identity.endsWith(`:${etag}`))) {
      throw new RangeError(`Cannot read ${this.name} as the file must stay the same: it changed while being read`);
    }
  }
}

/** A body's pieces as they arrive. */
async function* chunksOf(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) {
    yield new Uint8Array(await response.arrayBuffer());
    return;
  }
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    // Also where the consumer stops early.
    await reader.cancel().catch(() => undefined);
  }
}
