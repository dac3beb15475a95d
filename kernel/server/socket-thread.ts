/**
 * The thread of the sockets.
 *
 * Cells run on the main thread, as packages and native add-ons expect (`process.chdir`, signals, one ONNX Runtime), and
 * the sockets on this one. So heartbeats are answered during a loop that never ends, an interrupt raises the shared flag
 * that compiled loops and library code read, and a kernel that cannot be stopped in any other way still ends when asked.
 */
import { writeSync } from 'node:fs';
import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { Publisher, Reply, Router } from 'zeromq';
import { address, type ConnectionInfo } from './connection';
import { Wire, type Channel, type JupyterMessage } from './wire';

export interface SocketThreadData {
  connection: ConnectionInfo;
  /** The int32 at 0 becomes 1 when an interrupt is asked for. */
  interruptBuffer: SharedArrayBuffer;
}

export type FromSockets =
  { type: 'ready' } | { type: 'failed'; message: string } | { type: 'message'; message: JupyterMessage };
export type ToSockets = { type: 'send'; message: JupyterMessage } | { type: 'close' };

/** Milliseconds a kernel that was asked to end may take. */
const patience = 3000;

export async function runSocketThread(): Promise<void> {
  const port = parentPort!;
  const { connection, interruptBuffer } = workerData as SocketThreadData;
  try {
    await new SocketThread(port, connection, new Int32Array(interruptBuffer)).run();
  } catch (error) {
    port.postMessage({
      type: 'failed',
      message: error instanceof Error ? error.message : String(error)
    } satisfies FromSockets);
  }
}

class SocketThread {
  private readonly wire: Wire;
  private readonly sending = new Map<Channel, Promise<void>>();

  constructor(
    private readonly port: MessagePort,
    private readonly connection: ConnectionInfo,
    private readonly flag: Int32Array
  ) {
    this.wire = new Wire(connection.key, connection.signature_scheme);
  }

  async run(): Promise<void> {
    const routers = { shell: new Router(), control: new Router(), stdin: new Router() };
    // No limit: a client that reads slowly must not lose output.
    const iopub = new Publisher({ sendHighWaterMark: 0 });
    const heartbeat = new Reply();
    for (const socket of [routers.shell, routers.control, routers.stdin, iopub, heartbeat]) {
      socket.linger = 1000;
    }
    const { connection } = this;
    await Promise.all([
      routers.shell.bind(address(connection, connection.shell_port)),
      routers.control.bind(address(connection, connection.control_port)),
      routers.stdin.bind(address(connection, connection.stdin_port)),
      iopub.bind(address(connection, connection.iopub_port)),
      heartbeat.bind(address(connection, connection.hb_port))
    ]);
    this.port.on('message', (request: ToSockets) => {
      if (request.type === 'send') {
        this.send(request.message, request.message.channel === 'iopub' ? iopub : routers[request.message.channel]);
      } else {
        void this.close([routers.shell, routers.control, routers.stdin, iopub, heartbeat]);
      }
    });
    void this.echo(heartbeat);
    void this.receive('shell', routers.shell);
    void this.receive('control', routers.control);
    void this.receive('stdin', routers.stdin);
    this.port.postMessage({ type: 'ready' } satisfies FromSockets);
  }

  private async receive(channel: Channel, socket: Router): Promise<void> {
    for await (const frames of socket) {
      let message: JupyterMessage;
      try {
        message = this.wire.read(channel, frames);
      } catch (error) {
        log((error as Error).message);
        continue;
      }
      if (message.header.msg_type === 'interrupt_request') {
        Atomics.store(this.flag, 0, 1);
      } else if (message.header.msg_type === 'shutdown_request') {
        this.endWithin(patience);
      }
      this.port.postMessage({ type: 'message', message } satisfies FromSockets);
    }
  }

  /** Ends the process if the main thread, stuck in a loop, does not do so itself. */
  private endWithin(ms: number): void {
    Atomics.store(this.flag, 0, 1);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), ms).unref();
  }

  private async echo(socket: Reply): Promise<void> {
    for await (const frames of socket) {
      await socket.send(frames);
    }
  }

  /** One at a time on each socket, in order. */
  private send(message: JupyterMessage, socket: Router | Publisher): void {
    const before = this.sending.get(message.channel) ?? Promise.resolve();
    const sent = before
      .then(() => socket.send(this.wire.write(message)))
      // A client that has gone is no reason to end.
      .catch((error: unknown) => log(String(error)));
    this.sending.set(message.channel, sent);
  }

  private async close(sockets: readonly { close(): void }[]): Promise<void> {
    await Promise.all(this.sending.values());
    sockets.forEach(s => s.close());
    this.port.close();
  }
}

/** To the server's log; this thread's own console would end up in a cell. */
function log(message: string): void {
  writeSync(2, `loupe-node: ${message}\n`);
}
