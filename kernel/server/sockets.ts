/** The main thread's end of the thread of the sockets. */
import { Worker } from 'node:worker_threads';
import type { ConnectionInfo } from './connection';
import type { FromSockets, SocketThreadData, ToSockets } from './socket-thread';
import type { JupyterMessage } from './wire';

export interface Sockets {
  send(message: JupyterMessage): void;
  /** Sends what waits, and closes. */
  close(): Promise<void>;
}

/**
 * Starts the thread and waits until its sockets are bound.
 *
 * @param script The entry whose code runs in the thread.
 * @throws {Error} If a socket cannot be bound.
 */
export async function openSockets(
  script: URL,
  connection: ConnectionInfo,
  interruptBuffer: SharedArrayBuffer,
  receive: (message: JupyterMessage) => void
): Promise<Sockets> {
  const thread = new Worker(script, { workerData: { connection, interruptBuffer } satisfies SocketThreadData });
  const post = (message: ToSockets): void => thread.postMessage(message);
  await new Promise<void>((resolve, reject) => {
    thread.on('message', (message: FromSockets) => {
      switch (message.type) {
        case 'ready':
          return resolve();
        case 'failed':
          return reject(new Error(`Cannot start the kernel as its sockets must be bound: ${message.message}`));
        case 'message':
          return receive(message.message);
      }
    });
    thread.once('error', reject);
  });
  const ended = new Promise<void>(resolve => thread.once('exit', () => resolve()));
  return {
    send: message => post({ type: 'send', message }),
    close: () => {
      post({ type: 'close' });
      return ended;
    }
  };
}
