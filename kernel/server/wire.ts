/**
 * Jupyter messages as ZeroMQ frames.
 *
 *   identities … │ <IDS|MSG> │ signature │ header │ parent_header │ metadata │ content │ buffers …
 *
 * @see {@link https://jupyter-client.readthedocs.io/en/stable/messaging.html#the-wire-protocol}
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Json } from '../protocol/messages';

export type Channel = 'shell' | 'control' | 'stdin' | 'iopub';

export interface Header {
  msg_id: string;
  session: string;
  username: string;
  date: string;
  msg_type: string;
  version: string;
}

export interface JupyterMessage {
  channel: Channel;
  /** Who asked, for ROUTER sockets; the topic on iopub. */
  identities: Uint8Array[];
  header: Header;
  parent_header: Header | Record<string, never>;
  metadata: { [key: string]: Json };
  content: { [key: string]: Json };
  buffers: Uint8Array[];
}

const delimiter = '<IDS|MSG>';

/** Turns messages into frames and back, and checks signatures. */
export class Wire {
  private readonly algorithm: string;
  /** Signatures seen, against replays. */
  private readonly seen = new Set<string>();

  constructor(
    private readonly key: string,
    scheme = 'hmac-sha256'
  ) {
    this.algorithm = scheme.replace(/^hmac-/, '');
  }

  /**
   * Reads frames.
   *
   * @throws {Error} If the message is malformed, or its signature is wrong or was used before.
   */
  read(channel: Channel, frames: readonly Uint8Array[]): JupyterMessage {
    const at = frames.findIndex(f => f.length === delimiter.length && text(f) === delimiter);
    if (at < 0 || frames.length < at + 6) {
      throw new Error(
        `Cannot read a message on ${channel} as it must have a delimiter and five frames: it has ${frames.length}`
      );
    }
    const [signature, ...parts] = frames.slice(at + 1, at + 6) as [Uint8Array, ...Uint8Array[]];
    this.check(channel, text(signature), parts);
    const [header, parent_header, metadata, content] = parts.map(p => JSON.parse(text(p)) as never) as never[];
    return {
      channel,
      identities: frames.slice(0, at).map(copy),
      header: header!,
      parent_header: parent_header!,
      metadata: metadata!,
      content: content!,
      buffers: frames.slice(at + 6).map(copy)
    };
  }

  /** Makes the frames of a message. */
  write(message: JupyterMessage): (Uint8Array | string)[] {
    const parts = [message.header, message.parent_header, message.metadata, message.content].map(p =>
      JSON.stringify(p)
    );
    return [...message.identities, delimiter, this.sign(parts), ...parts, ...message.buffers];
  }

  private sign(parts: readonly (string | Uint8Array)[]): string {
    if (!this.key) {
      return '';
    }
    const hmac = createHmac(this.algorithm, this.key);
    parts.forEach(p => hmac.update(p));
    return hmac.digest('hex');
  }

  private check(channel: Channel, signature: string, parts: readonly Uint8Array[]): void {
    if (!this.key) {
      return;
    }
    const expected = Buffer.from(this.sign(parts));
    const given = Buffer.from(signature);
    if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
      throw new Error(
        `Cannot read a message on ${channel} as its signature must be made with the connection's key: it is not`
      );
    }
    if (this.seen.has(signature)) {
      throw new Error(`Cannot read a message on ${channel} as its signature must be new: it was used before`);
    }
    this.seen.add(signature);
    if (this.seen.size > 65536) {
      this.seen.delete(this.seen.values().next().value!);
    }
  }
}

/** Makes a header for a message of this kernel. */
export function newHeader(msg_type: string, session: string, username = 'kernel'): Header {
  return { msg_id: randomUUID(), session, username, date: new Date().toISOString(), msg_type, version: '5.4' };
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** Frames point into ZeroMQ's memory, which may not be moved between threads. */
function copy(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
