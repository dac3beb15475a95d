/** Comm messages: a line between code in a cell and a widget in the page. */
import type { FromKernel, Json, Parent } from '../protocol/messages';
import { newId } from './new-id';

type CommKind = 'comm_open' | 'comm_msg' | 'comm_close';

export interface CommMessage {
  data: Json;
  metadata: Json;
  buffers: ArrayBuffer[];
}

/** One comm; `on_msg` and `on_close` are set by whoever uses it. */
export class Comm {
  on_msg: ((message: CommMessage) => unknown) | undefined;
  on_close: ((message: CommMessage) => unknown) | undefined;
  private isOpen = true;

  constructor(
    readonly comm_id: string,
    readonly target_name: string,
    private readonly manager: CommManager
  ) {}

  /** Sends data, and buffers beside it, to the other side. */
  send(data: Json, metadata: Json = {}, buffers: readonly (ArrayBuffer | ArrayBufferView)[] = []): void {
    if (!this.isOpen) {
      throw new Error(`Cannot send on comm ${this.comm_id} as it must be open: it was closed`);
    }
    this.manager.post('comm_msg', { comm_id: this.comm_id, data }, metadata, buffers.map(toBuffer));
  }

  close(data: Json = {}): void {
    if (this.isOpen) {
      this.closed();
      this.manager.post('comm_close', { comm_id: this.comm_id, data }, {}, []);
    }
  }

  /** Notes that the other side closed. */
  closed(): void {
    this.isOpen = false;
    this.manager.forget(this.comm_id);
  }
}

/** A comm's target: called with each comm that the page opens. */
export type CommTarget = (comm: Comm, message: CommMessage) => unknown;

export class CommManager {
  private readonly comms = new Map<string, Comm>();
  private readonly targets = new Map<string, CommTarget>();

  constructor(
    private readonly send: (message: FromKernel) => void,
    private readonly parent: () => Parent
  ) {}

  /** Answers comms that the page opens under a name. */
  register_target(name: string, target: CommTarget): void {
    this.targets.set(name, target);
  }

  unregister_target(name: string): void {
    this.targets.delete(name);
  }

  /** Opens a comm to a target of the page. */
  open(
    target_name: string,
    data: Json = {},
    metadata: Json = {},
    buffers: readonly (ArrayBuffer | ArrayBufferView)[] = []
  ): Comm {
    const comm = new Comm(newId(), target_name, this);
    this.comms.set(comm.comm_id, comm);
    this.post('comm_open', { comm_id: comm.comm_id, target_name, data }, metadata, buffers.map(toBuffer));
    return comm;
  }

  /** The open comms, as `comm_info_reply` wants them. */
  info(target_name?: string): { [id: string]: { target_name: string } } {
    const all = [...this.comms.values()].filter(c => target_name === undefined || c.target_name === target_name);
    return Object.fromEntries(all.map(c => [c.comm_id, { target_name: c.target_name }]));
  }

  /** Takes a message of the page. */
  async handle(kind: CommKind, content: Json, metadata: Json = {}, buffers: ArrayBuffer[] = []): Promise<void> {
    const { comm_id, target_name, data = {} } = content as { comm_id: string; target_name?: string; data?: Json };
    const message = { data, metadata, buffers };
    if (kind === 'comm_open') {
      const target = this.targets.get(String(target_name));
      if (!target) {
        // The protocol's answer to an unknown target.
        return this.post('comm_close', { comm_id, data: {} }, {}, []);
      }
      const comm = new Comm(comm_id, String(target_name), this);
      this.comms.set(comm_id, comm);
      await target(comm, message);
      return;
    }
    const comm = this.comms.get(comm_id);
    if (kind === 'comm_close') {
      comm?.closed();
      await comm?.on_close?.(message);
    } else {
      await comm?.on_msg?.(message);
    }
  }

  post(kind: CommKind, content: Json, metadata: Json, buffers: ArrayBuffer[]): void {
    this.send({ type: 'comm', parent: this.parent(), kind, content, metadata, buffers });
  }

  forget(comm_id: string): void {
    this.comms.delete(comm_id);
  }
}

/** A buffer of its own: a view may show only part of one, and the cell may go on writing to it. */
function toBuffer(data: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return bytes.slice().buffer;
}
