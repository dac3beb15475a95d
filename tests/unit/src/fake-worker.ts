import type { FromKernel, ToKernel } from '../../../kernel/protocol/messages';
import type { IKernelWorker } from '../../../src/worker';

/** A worker made of a function: what it returns is what the kernel sends back. */
export class FakeWorker implements IKernelWorker {
  constructor(private _answer: (message: ToKernel, worker: FakeWorker) => FromKernel | void) {}

  onmessage: IKernelWorker['onmessage'] = null;
  onmessageerror: IKernelWorker['onmessageerror'] = null;
  onerror: IKernelWorker['onerror'] = null;
  readonly received: ToKernel[] = [];
  isTerminated = false;

  postMessage(message: ToKernel): void {
    this.received.push(message);
    const answer = this._answer(message, this);
    if (answer) {
      this.emit(answer);
    }
  }

  /** Sends a message to the page, later, as a real worker does. */
  emit(data: FromKernel): void {
    queueMicrotask(() => this.onmessage?.({ data } as MessageEvent<FromKernel>));
  }

  /** Raises an error event; a script that could not be loaded has no message. */
  raise(message: string | undefined): void {
    this.onerror?.({ message, preventDefault: () => undefined } as unknown as ErrorEvent);
  }

  terminate(): void {
    this.isTerminated = true;
  }
}

/** Reports ready when started, and answers requests with `content`. */
export function echoing(content: (message: ToKernel) => object = () => ({ status: 'ok' })): FakeWorker {
  return new FakeWorker(message => {
    if (message.type === 'start') {
      return { type: 'ready' };
    }
    if ('id' in message) {
      return { type: 'reply', id: message.id, content: content(message) as never };
    }
  });
}
