import { PromiseDelegate } from '@lumino/coreutils';
import type { Control, FromKernel, Json, Request, StartOptions } from '../kernel/protocol/messages';
import type { IKernelWorker } from './worker';

/** A request without its number, which the connection gives it. */
export type Asked = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/** What the kernel sends without being asked. */
export type Event = Exclude<FromKernel, { type: 'ready' } | { type: 'reply' }>;

/**
 * One worker's life: pairs requests with replies, and turns every way a worker can fail into rejected requests, so that
 * nobody waits for an answer that cannot come.
 */
export class WorkerConnection {
  /**
   * @param start Starts the worker; may throw.
   * @param options What the worker is told first; awaited, because settings load asynchronously.
   * @param onEvent Called with each message that answers no request.
   * @param timeout Milliseconds within which the worker has to report that it is ready.
   */
  constructor(
    start: () => IKernelWorker,
    options: () => Promise<StartOptions>,
    onEvent: (event: Event) => void,
    timeout = 60000
  ) {
    this._onEvent = onEvent;
    this._ready.promise.catch(() => undefined); // each request reports the failure; none waiting is no fault
    this._timer = setTimeout(() => {
      this.fail(new Error(`The kernel's worker did not report that it is ready within ${timeout / 1000} s`));
    }, timeout);
    try {
      this._worker = start();
    } catch (error) {
      this.fail(new Error(`Cannot start the kernel's worker: ${message(error)}`));
      return;
    }
    this._worker.onmessage = event => this._receive(event.data);
    this._worker.onerror = event => this._onError(event);
    this._worker.onmessageerror = () => console.error('Loupe: a message from the kernel could not be read');
    options()
      .then(value => this._begin(value))
      .catch(error => this.fail(new Error(`Cannot start the kernel's worker: ${message(error)}`)));
  }

  /** Fulfilled when the worker runs; rejected with the reason if it never will. */
  get ready(): Promise<void> {
    return this._ready.promise;
  }

  /** Whether the worker failed or was ended; such a connection never recovers. */
  get isClosed(): boolean {
    return this._closed !== null;
  }

  /** Number of requests to execute code that have no reply yet. */
  get executing(): number {
    return this._executing;
  }

  /**
   * Asks the worker and waits for its reply.
   *
   * @throws {Error} If the worker cannot be started or ends before it replies; the message says which.
   */
  async request(asked: Asked): Promise<Json> {
    await this._ready.promise;
    if (this._closed) {
      throw this._closed;
    }
    const id = this._nextId++;
    const reply = new PromiseDelegate<Json>();
    this._pending.set(id, reply);
    const isExecution = asked.type === 'execute_request';
    if (isExecution) {
      this._executing++;
      this._setFlag(0);
    }
    try {
      this._worker!.postMessage({ ...asked, id });
      return await reply.promise;
    } finally {
      this._pending.delete(id);
      this._executing -= isExecution ? 1 : 0;
    }
  }

  /** Sends a message that has no reply; dropped if the worker has ended. */
  send(control: Control): void {
    if (this._closed) {
      return;
    }
    this._ready.promise.then(
      () => !this._closed && this._worker!.postMessage(control),
      () => undefined
    );
  }

  /** Asks the running cell to stop, through a message and through the shared flag where there is one. */
  interrupt(): void {
    this._setFlag(1);
    this.send({ type: 'interrupt' });
  }

  /** Ends the worker; requests without a reply are rejected with `reason`. */
  fail(reason: Error): void {
    if (this._closed) {
      return;
    }
    this._closed = reason;
    clearTimeout(this._timer);
    this._released.abort();
    if (this._worker) {
      this._worker.onmessage = this._worker.onerror = this._worker.onmessageerror = null;
      this._worker.terminate();
    }
    this._ready.reject(reason);
    this._pending.forEach(reply => reply.reject(reason));
    this._pending.clear();
  }

  private _begin(options: StartOptions): void {
    if (this._closed) {
      return;
    }
    if (globalThis.crossOriginIsolated) {
      const buffer = new SharedArrayBuffer(4);
      this._flag = new Int32Array(buffer);
      options = { ...options, interruptBuffer: buffer };
    }
    this._worker!.postMessage({ type: 'start', options });
    this._lock = options.lifeLock;
  }

  private _receive(received: FromKernel): void {
    switch (received.type) {
      case 'ready':
        clearTimeout(this._timer);
        this._isReady = true;
        this._ready.resolve();
        this._watchLife();
        break;
      case 'reply':
        this._pending.get(received.id)?.resolve(received.content);
        break;
      default:
        this._onEvent(received);
    }
  }

  /** Before the worker is ready an error means that its script could not load; afterwards it is some callback's. */
  private _onError(event: ErrorEvent): void {
    event.preventDefault?.();
    const text = event.message || 'its script could not be loaded';
    if (this._isReady) {
      this._onEvent({
        type: 'output',
        parent: null,
        output: { msg_type: 'stream', content: { name: 'stderr', text: `${text}\n` } }
      });
    } else {
      this.fail(new Error(`Cannot start the kernel's worker: ${text}`));
    }
  }

  /**
   * Notices the end of a worker that nobody ended. Browsers raise no event for it, but they do free its locks: the
   * worker holds one from before it is ready, and we stand in line for it.
   */
  private _watchLife(): void {
    if (!this._lock || !globalThis.navigator?.locks) {
      return;
    }
    navigator.locks
      .request(this._lock, { signal: this._released.signal }, () => {
        this.fail(new Error("The kernel's worker ended unexpectedly; the browser may have run out of memory"));
      })
      .catch(() => undefined); // aborted by fail()
  }

  private _setFlag(value: 0 | 1): void {
    if (this._flag) {
      Atomics.store(this._flag, 0, value);
    }
  }

  private _onEvent: (event: Event) => void;
  private _worker: IKernelWorker | null = null;
  private _ready = new PromiseDelegate<void>();
  private _isReady = false;
  private _closed: Error | null = null;
  private _pending = new Map<number, PromiseDelegate<Json>>();
  private _nextId = 1;
  private _executing = 0;
  private _flag: Int32Array | null = null;
  private _lock: string | undefined;
  private _released = new AbortController();
  private _timer: ReturnType<typeof setTimeout>;
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
