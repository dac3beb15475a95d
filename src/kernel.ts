import { KernelMessage } from '@jupyterlab/services';
import { BaseKernel, type IKernel } from '@jupyterlite/services';
import { type ISignal, Signal } from '@lumino/signaling';
import type { ErrorContent, Json, KernelStatus, Output, Parent, StartOptions } from '../kernel/protocol/messages';
import { type Event, WorkerConnection } from './connection';
import type { IKernelWorker } from './worker';

type Header = KernelMessage.IHeader<KernelMessage.MessageType>;

/**
 * The TypeScript kernel as JupyterLab sees it: Jupyter messages on this side, the worker's protocol on the other.
 *
 * Every request is answered, whatever happens to the worker: an exception that left a method here would leave the cell
 * running for ever.
 */
export class TypeScriptKernel extends BaseKernel {
  constructor(options: TypeScriptKernel.IOptions) {
    super({ ...options, sendMessage: message => this._send(message) });
    this._options = options;
    this._connection = this._connect();
  }

  /** Emitted when the state of models or device changes. */
  get statusChanged(): ISignal<this, KernelStatus> {
    return this._statusChanged;
  }

  /** State of models and device, as last reported. */
  get status(): KernelStatus {
    return this._status;
  }

  /** Emitted when an interrupted cell still runs after a while; `restartWorker()` is the remedy. */
  get stuck(): ISignal<this, void> {
    return this._stuck;
  }

  /** Whether a cell is running. */
  get isExecuting(): boolean {
    return this._connection.executing > 0;
  }

  override dispose(): void {
    if (this.isDisposed) {
      return;
    }
    clearTimeout(this._stuckTimer);
    super.dispose();
    this._connection.fail(new Error('The kernel was shut down'));
  }

  /** Asks the running cell to stop; variables and models are kept. */
  interrupt(): void {
    this._connection.interrupt();
    clearTimeout(this._stuckTimer);
    this._stuckTimer = setTimeout(() => {
      if (!this.isDisposed && this.isExecuting) {
        this._stuck.emit();
      }
    }, TypeScriptKernel.PATIENCE);
  }

  /** Ends the worker, running cell included, and starts a new one: variables and models are lost. */
  restartWorker(): void {
    this._connection.fail(
      new Error("The kernel's worker was ended because the cell did not stop; variables and models are lost")
    );
    this._setStatus({});
    if (!this.isDisposed) {
      this._connection = this._connect();
    }
  }

  override async handleMessage(msg: KernelMessage.IMessage): Promise<void> {
    if (this.isDisposed) {
      return;
    }
    // BaseKernel has no case for this one.
    if (msg.header.msg_type === 'comm_info_request') {
      const { content } = msg as KernelMessage.ICommInfoRequestMsg;
      this._reply(msg, 'status', 'iopub', { execution_state: 'busy' });
      this._reply(msg, 'comm_info_reply', 'shell', await this.commInfoRequest(content));
      this._reply(msg, 'status', 'iopub', { execution_state: 'idle' });
      return;
    }
    if (msg.header.msg_type === 'execute_request' && Date.parse(msg.header.date) <= this._failedAt) {
      this._abort(msg);
      return;
    }
    if (msg.header.msg_type !== 'execute_request') {
      return super.handleMessage(msg);
    }
    this._running = msg;
    await super.handleMessage(msg);
    this._running = null;
  }

  /** Handles a message while a cell runs. The idle status that ends it must not make the kernel look idle. */
  async handleAside(msg: KernelMessage.IMessage): Promise<void> {
    await this.handleMessage(msg);
    if (this._running) {
      this._reply(this._running, 'status', 'iopub', { execution_state: 'busy' });
    }
  }

  async kernelInfoRequest(): Promise<KernelMessage.IInfoReplyMsg['content']> {
    return {
      status: 'ok',
      protocol_version: '5.3',
      implementation: 'loupe',
      implementation_version: '0.1.0',
      language_info: {
        name: 'typescript',
        version: '6.0',
        mimetype: 'application/typescript',
        file_extension: '.ts',
        codemirror_mode: { name: 'typescript' },
        pygments_lexer: 'typescript',
        nbconvert_exporter: 'script'
      },
      banner: 'Loupe: transformer models in TypeScript, in this browser',
      help_links: [{ text: 'Loupe', url: 'https://github.com/jupyterlab-loupe/jupyterlab-loupe' }]
    };
  }

  async executeRequest(
    content: KernelMessage.IExecuteRequestMsg['content']
  ): Promise<KernelMessage.IExecuteReplyMsg['content']> {
    const header = this.parentHeader;
    const execution_count = this.executionCount;
    const cellId = this.parent?.metadata['cellId'];
    if (this._connection.isClosed && !this.isDisposed) {
      this._connection = this._connect(); // the last worker failed; this cell may have better luck
    }
    try {
      const reply = await this._connection.request({
        type: 'execute_request',
        parent: (header ?? null) as unknown as Parent,
        content: {
          code: content.code,
          silent: content.silent ?? false,
          store_history: content.store_history ?? false,
          user_expressions: (content.user_expressions ?? {}) as { [name: string]: string },
          allow_stdin: content.allow_stdin ?? false,
          stop_on_error: content.stop_on_error ?? true,
          execution_count,
          ...(typeof cellId === 'string' ? { cell_id: cellId } : {})
        }
      });
      if (content.stop_on_error !== false && (reply as { status?: string }).status === 'error') {
        this._failedAt = Date.now();
      }
      return { execution_count, ...(reply as object) } as unknown as KernelMessage.IExecuteReplyMsg['content'];
    } catch (error) {
      const failure: ErrorContent = {
        ename: 'KernelError',
        evalue: error instanceof Error ? error.message : String(error),
        traceback: []
      };
      failure.traceback = [`${failure.ename}: ${failure.evalue}`, 'Run the cell again to start a new worker.'];
      this.publishExecuteError(failure, header);
      this._failedAt = Date.now();
      return { status: 'error', execution_count, ...failure };
    }
  }

  async completeRequest(
    content: KernelMessage.ICompleteRequestMsg['content']
  ): Promise<KernelMessage.ICompleteReplyMsg['content']> {
    const none: Json = {
      status: 'ok',
      matches: [],
      cursor_start: content.cursor_pos,
      cursor_end: content.cursor_pos,
      metadata: {}
    };
    return this._ask({ type: 'complete_request', content }, none);
  }

  async inspectRequest(
    content: KernelMessage.IInspectRequestMsg['content']
  ): Promise<KernelMessage.IInspectReplyMsg['content']> {
    return this._ask({ type: 'inspect_request', content }, { status: 'ok', found: false, data: {}, metadata: {} });
  }

  async isCompleteRequest(
    content: KernelMessage.IIsCompleteRequestMsg['content']
  ): Promise<KernelMessage.IIsCompleteReplyMsg['content']> {
    return this._ask({ type: 'is_complete_request', content }, { status: 'unknown' });
  }

  async commInfoRequest(
    content: KernelMessage.ICommInfoRequestMsg['content']
  ): Promise<KernelMessage.ICommInfoReplyMsg['content']> {
    return this._ask({ type: 'comm_info_request', content }, { status: 'ok', comms: {} });
  }

  inputReply(content: KernelMessage.IInputReplyMsg['content']): void {
    this._connection.send({ type: 'input_reply', value: content.status === 'ok' ? content.value : '' });
  }

  async commOpen(msg: KernelMessage.ICommOpenMsg): Promise<void> {
    this._comm('comm_open', msg);
  }

  async commMsg(msg: KernelMessage.ICommMsgMsg): Promise<void> {
    this._comm('comm_msg', msg);
  }

  async commClose(msg: KernelMessage.ICommCloseMsg): Promise<void> {
    this._comm('comm_close', msg);
  }

  private _connect(): WorkerConnection {
    const { startWorker, startOptions, startTimeout } = this._options;
    return new WorkerConnection(startWorker, startOptions, event => this._onEvent(event), startTimeout);
  }

  private _onEvent(event: Event): void {
    switch (event.type) {
      case 'output':
        this._publish(event.output, header(event.parent));
        break;
      case 'input_request':
        this.inputRequest(event.content, header(event.parent));
        break;
      case 'comm':
        this.handleComm(
          event.kind,
          event.content as unknown as KernelMessage.ICommMsgMsg['content'],
          (event.metadata ?? {}) as KernelMessage.ICommMsgMsg['metadata'],
          event.buffers ?? [],
          header(event.parent)
        );
        break;
      case 'status':
        this._setStatus(event.status);
        break;
    }
  }

  private _publish(output: Output, parent: Header | undefined): void {
    switch (output.msg_type) {
      case 'stream':
        return this.stream(output.content, parent);
      case 'display_data':
        return this.displayData(output.content as KernelMessage.IDisplayDataMsg['content'], parent);
      case 'update_display_data':
        return this.updateDisplayData(output.content as KernelMessage.IUpdateDisplayDataMsg['content'], parent);
      case 'execute_result':
        return this.publishExecuteResult(output.content as KernelMessage.IExecuteResultMsg['content'], parent);
      case 'error':
        return this.publishExecuteError(output.content, parent);
      case 'clear_output':
        return this.clearOutput(output.content, parent);
    }
  }

  /** Asks the worker; a worker that cannot answer is not worth an error outside a cell. */
  private async _ask<T>(asked: Parameters<WorkerConnection['request']>[0], otherwise: Json): Promise<T> {
    try {
      return (await this._connection.request(asked)) as unknown as T;
    } catch {
      return otherwise as unknown as T;
    }
  }

  private _comm(kind: 'comm_open' | 'comm_msg' | 'comm_close', msg: KernelMessage.IMessage): void {
    this._connection.send({
      type: 'comm',
      kind,
      content: msg.content as Json,
      metadata: msg.metadata as Json,
      buffers: (msg.buffers ?? []).map(toArrayBuffer)
    });
  }

  /** Answers a cell that was sent before another one failed. */
  private _abort(msg: KernelMessage.IMessage): void {
    this._reply(msg, 'status', 'iopub', { execution_state: 'busy' });
    this._reply(msg, 'execute_reply', 'shell', { status: 'aborted' });
    this._reply(msg, 'status', 'iopub', { execution_state: 'idle' });
  }

  private _reply(msg: KernelMessage.IMessage, msgType: string, channel: 'shell' | 'iopub', content: object): void {
    this._send(
      KernelMessage.createMessage({
        msgType,
        channel,
        session: msg.header.session,
        parentHeader: msg.header,
        content
      } as unknown as Parameters<typeof KernelMessage.createMessage>[0]) as KernelMessage.IMessage
    );
  }

  private _send(message: KernelMessage.IMessage): void {
    // After a restart a new kernel answers under the same id: the old one has to be silent.
    if (this.isDisposed) {
      return;
    }
    if (KernelMessage.isExecuteReplyMsg(message) && message.content.status === 'error') {
      // LiteKernelClient would drop the cells that wait without an answer, and they would show [*] for ever. This cause
      // keeps it from doing so; handleMessage() answers them.
      message.metadata['cause'] = 'interrupt';
    }
    this._options.sendMessage(message);
  }

  private _setStatus(status: KernelStatus): void {
    this._status = status;
    this._statusChanged.emit(status);
  }

  private _options: TypeScriptKernel.IOptions;
  private _connection: WorkerConnection;
  /** The request whose cell is running. */
  private _running: KernelMessage.IMessage | null = null;
  /** When the last cell failed; cells sent before are not run. */
  private _failedAt = 0;
  private _status: KernelStatus = {};
  private _statusChanged = new Signal<this, KernelStatus>(this);
  private _stuck = new Signal<this, void>(this);
  private _stuckTimer: ReturnType<typeof setTimeout> | undefined;
}

export namespace TypeScriptKernel {
  /** Milliseconds an interrupted cell is given before it counts as stuck. */
  export const PATIENCE = 3000;

  export interface IOptions extends IKernel.IOptions {
    /** Starts a worker that speaks kernel/protocol. */
    startWorker: () => IKernelWorker;
    /** What the worker is told first. */
    startOptions: () => Promise<StartOptions>;
    /** Milliseconds within which a worker has to report that it is ready. */
    startTimeout?: number;
  }
}

function header(parent: Parent): Header | undefined {
  return parent === null ? undefined : (parent as unknown as Header);
}

function toArrayBuffer(data: ArrayBufferLike | ArrayBufferView): ArrayBuffer {
  const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength).slice().buffer;
}
