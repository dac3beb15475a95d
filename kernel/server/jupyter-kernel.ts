/**
 * The kernel as a Jupyter client sees it: Jupyter messages on one side, a KernelSession on the other. Which thread or
 * socket carries the messages is not known here.
 */
import type { FromKernel, Json, Output, ToKernel } from '../protocol/messages';
import { History } from './history';
import { newHeader, type Channel, type Header, type JupyterMessage } from './wire';

export interface JupyterKernelOptions {
  /** Sends a message to the clients. */
  send(message: JupyterMessage): void;
  /** Hands a message to the session, whose answers come to `receive`. */
  toSession(message: ToKernel): void;
  /** Called once a client has asked the kernel to end, after the reply is on its way. */
  shutdown(restart: boolean): void;
  version: string;
  /** Identifies this run of the kernel in headers. */
  session: string;
}

type Content = { [key: string]: Json };

export class JupyterKernel {
  private readonly history = new History();
  private readonly replies = new Map<number, (content: Content) => void>();
  /** Requests whose cells may still ask for input: where to ask. */
  private readonly origins = new Map<string, JupyterMessage>();
  private nextId = 1;
  private executionCount = 0;
  private executing: Promise<void> = Promise.resolve();
  private current: JupyterMessage | undefined;
  private abortUntil = 0;
  private received = 0;

  constructor(private readonly options: JupyterKernelOptions) {}

  /** Tells clients that the kernel starts; once, first. */
  start(): void {
    this.publish('status', { execution_state: 'starting' }, undefined);
  }

  /** Takes a client's message. */
  handle(message: JupyterMessage): void {
    const { msg_type } = message.header;
    const content = message.content;
    switch (msg_type) {
      case 'execute_request': {
        const number = ++this.received;
        this.executing = this.executing.then(() => this.execute(message, number)).catch(() => undefined);
        return;
      }
      case 'kernel_info_request':
        return this.answer(message, 'kernel_info_reply', () => kernelInfo(this.options.version));
      case 'complete_request':
      case 'inspect_request':
      case 'is_complete_request':
      case 'comm_info_request':
        return this.answer(message, msg_type.replace('_request', '_reply'), () =>
          this.ask({ type: msg_type, content: { detail_level: 0, ...content } } as never)
        );
      case 'history_request':
        return this.answer(message, 'history_reply', () => this.history.answer(content));
      case 'interrupt_request':
        return this.answer(message, 'interrupt_reply', () => {
          this.options.toSession({ type: 'interrupt' });
          return { status: 'ok' };
        });
      case 'shutdown_request': {
        const restart = content['restart'] === true;
        return this.answer(message, 'shutdown_reply', () => {
          this.publish('shutdown_reply', { status: 'ok', restart }, message.header);
          // After the idle status that follows the reply.
          setTimeout(() => this.options.shutdown(restart), 0);
          return { status: 'ok', restart };
        });
      }
      case 'comm_open':
      case 'comm_msg':
      case 'comm_close': {
        const buffers = message.buffers.map(b => new Uint8Array(b).buffer);
        this.busy(message);
        this.options.toSession({ type: 'comm', kind: msg_type, content, metadata: message.metadata, buffers });
        return this.idle(message);
      }
      case 'input_reply':
        return this.options.toSession({ type: 'input_reply', value: String(content['value'] ?? '') });
    }
  }

  /** Takes a message of the session. */
  receive(message: FromKernel): void {
    switch (message.type) {
      case 'reply':
        this.replies.get(message.id)?.(message.content as Content);
        this.replies.delete(message.id);
        return;
      case 'output': {
        const { msg_type, content } = message.output;
        this.noteResult(message.output);
        return this.publish(msg_type, content as unknown as Content, parentOf(message.parent) ?? this.current?.header);
      }
      case 'comm': {
        const buffers = (message.buffers ?? []).map(b => new Uint8Array(b));
        const parent = parentOf(message.parent) ?? this.current?.header;
        return this.publish(message.kind, message.content as Content, parent, message.metadata as Content, buffers);
      }
      case 'input_request': {
        const parent = parentOf(message.parent);
        const origin = (parent && this.origins.get(parent.msg_id)) ?? this.current;
        return origin && this.send('stdin', 'input_request', message.content, origin.header, origin.identities);
      }
    }
  }

  private async execute(message: JupyterMessage, number: number): Promise<void> {
    this.current = message;
    this.busy(message);
    try {
      const reply = number <= this.abortUntil ? { status: 'aborted' } : await this.run(message);
      this.send('shell', 'execute_reply', reply, message.header, message.identities, {
        started: new Date().toISOString(),
        status: reply['status']!
      });
    } finally {
      this.idle(message);
      this.current = undefined;
    }
  }

  private async run({ header, content, ...message }: JupyterMessage): Promise<Content> {
    const code = String(content['code'] ?? '');
    const silent = content['silent'] === true;
    const store_history = !silent && content['store_history'] !== false;
    if (store_history) {
      this.executionCount++;
    }
    const execution_count = Math.max(1, this.executionCount);
    if (!silent) {
      this.publish('execute_input', { code, execution_count }, header);
    }
    if (store_history) {
      this.history.add(execution_count, code);
    }
    this.origins.set(header.msg_id, { ...message, header, content });
    if (this.origins.size > 1000) {
      this.origins.delete(this.origins.keys().next().value!);
    }
    const reply = await this.ask({
      type: 'execute_request',
      parent: header as unknown as Json,
      content: {
        code,
        silent,
        store_history,
        user_expressions: (content['user_expressions'] ?? {}) as { [name: string]: string },
        allow_stdin: content['allow_stdin'] !== false,
        stop_on_error: content['stop_on_error'] !== false,
        execution_count
      }
    });
    if (reply['status'] === 'error' && content['stop_on_error'] !== false) {
      // Let requests that are on their way arrive, as in Python: they were sent before the error could be seen.
      await new Promise(resolve => setTimeout(resolve, 10));
      this.abortUntil = this.received;
    }
    return { execution_count, ...reply };
  }

  private noteResult(output: Output): void {
    if (output.msg_type === 'execute_result') {
      const text = output.content.data['text/plain'];
      this.history.setOutput(output.content.execution_count, typeof text === 'string' ? text : '');
    }
  }

  /** Answers a request between its busy and idle. */
  private answer(message: JupyterMessage, type: string, make: () => object | Promise<object>): void {
    this.busy(message);
    void (async () => {
      let reply: object;
      try {
        reply = await make();
      } catch (error) {
        const { name, message: evalue } = error as Error;
        reply = { status: 'error', ename: name, evalue, traceback: [] };
      }
      this.send(message.channel, type, { status: 'ok', ...reply } as Content, message.header, message.identities);
      this.idle(message);
    })();
  }

  private ask(request: { type: string; [field: string]: unknown }): Promise<Content> {
    const id = this.nextId++;
    return new Promise(resolve => {
      this.replies.set(id, resolve);
      this.options.toSession({ ...request, id } as unknown as ToKernel);
    });
  }

  private busy({ header }: JupyterMessage): void {
    this.publish('status', { execution_state: 'busy' }, header);
  }

  private idle({ header }: JupyterMessage): void {
    this.publish('status', { execution_state: 'idle' }, header);
    if (this.current && this.current.header.msg_id !== header.msg_id) {
      // Front ends show the last state: a cell is still running.
      this.publish('status', { execution_state: 'busy' }, this.current.header);
    }
  }

  private publish(
    type: string,
    content: Content,
    parent: Header | undefined,
    metadata: Content = {},
    buffers: Uint8Array[] = []
  ): void {
    const topic = Buffer.from(`kernel.${this.options.session}.${type}`);
    this.send('iopub', type, content, parent, [topic], metadata, buffers);
  }

  private send(
    channel: Channel,
    type: string,
    content: Content,
    parent: Header | undefined,
    identities: Uint8Array[],
    metadata: Content = {},
    buffers: Uint8Array[] = []
  ): void {
    const header = newHeader(type, this.options.session, parent?.username);
    this.options.send({ channel, identities, header, parent_header: parent ?? {}, metadata, content, buffers });
  }
}

function parentOf(parent: Json): Header | undefined {
  return parent === null ? undefined : (parent as unknown as Header);
}

/** What `kernel_info_reply` says. */
export function kernelInfo(version: string): Content {
  return {
    status: 'ok',
    protocol_version: '5.4',
    implementation: 'loupe-node',
    implementation_version: version,
    banner: `Loupe ${version}: transformer models in TypeScript (Node.js ${process.versions.node})`,
    language_info: {
      name: 'typescript',
      version: '6.0',
      mimetype: 'application/typescript',
      file_extension: '.ts',
      codemirror_mode: { name: 'typescript' },
      pygments_lexer: 'typescript',
      nbconvert_exporter: 'script'
    },
    help_links: [{ text: 'Loupe', url: 'https://github.com/jupyterlab-loupe/jupyterlab-loupe' }],
    supported_features: [],
    debugger: false
  };
}
