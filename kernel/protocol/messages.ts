/**
 * What crosses the line between the JupyterLab page (or the Node process's ZeroMQ loop) and the kernel worker.
 *
 * Types only: neither the DOM nor worker globals appear here, so both sides can import it. Message contents are the
 * Jupyter messaging protocol's own (https://jupyter-client.readthedocs.io/en/stable/messaging.html), field for field;
 * an envelope adds the `parent` they belong to, because output of background work must reach the cell that started it.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A bundle of representations of one value, keyed by MIME type. */
export type MimeBundle = { [mime: string]: Json };

/** Opaque token naming the request that caused an output: the front end's parent header, or a number in tests. */
export type Parent = Json;

/** Requests the shell side sends; each is answered by exactly one `reply` with the same `id`. */
export type Request =
  | { type: 'execute_request'; id: number; parent: Parent; content: ExecuteContent }
  | { type: 'complete_request'; id: number; content: { code: string; cursor_pos: number } }
  | { type: 'inspect_request'; id: number; content: { code: string; cursor_pos: number; detail_level: 0 | 1 } }
  | { type: 'is_complete_request'; id: number; content: { code: string } }
  | { type: 'comm_info_request'; id: number; content: { target_name?: string } };

export interface ExecuteContent {
  code: string;
  silent?: boolean;
  store_history?: boolean;
  user_expressions?: { [name: string]: string };
  allow_stdin?: boolean;
  stop_on_error?: boolean;
  /** Set by the shell: the number shown in `[n]`. */
  execution_count: number;
  /** A stable identifier of the cell, if the front end gave one; names the cell in tracebacks. */
  cell_id?: string;
}

/** Messages that expect no reply. */
export type Control =
  | { type: 'start'; options: StartOptions }
  /** Ask the running cell to stop: aborts the cell's `AbortSignal` and rejects what it awaits. */
  | { type: 'interrupt' }
  | { type: 'input_reply'; value: string }
  | {
      type: 'comm';
      kind: 'comm_open' | 'comm_msg' | 'comm_close';
      content: Json;
      metadata?: Json;
      buffers?: ArrayBuffer[];
    };

export interface StartOptions {
  /** Base URL for model files, ending in '/': `<base>/loupe/models/`, or a static folder in JupyterLite. */
  modelsUrl?: string;
  /** Base URL of the kernel's own assets (engine .wasm files), ending in '/'. */
  assetsUrl?: string;
  /** The notebook's folder relative to the server root, '' for the root itself. */
  notebookPath?: string;
  /** Extra headers for requests to the server (XSRF token, authorization). */
  headers?: { [name: string]: string };
  /** The int32 flag at index 0 is set to 1 by an interrupt, so that even synchronous loops of library code can stop. */
  interruptBuffer?: SharedArrayBuffer;
  /**
   * Name of a Web Lock the worker holds before it says `ready`, and until it ends: the page then waits for the same lock
   * and so learns when the browser killed the worker. Absent where there are no locks.
   */
  lifeLock?: string;
  /** User settings: device, threads, cache size and so on (see schema/kernel.json). */
  settings?: { [name: string]: Json };
}

export type ToKernel = Request | Control;

/** Everything the kernel sends. */
export type FromKernel =
  | { type: 'ready' }
  | { type: 'reply'; id: number; content: Json }
  | { type: 'output'; parent: Parent; output: Output }
  | { type: 'input_request'; parent: Parent; content: { prompt: string; password: boolean } }
  | {
      type: 'comm';
      parent: Parent;
      kind: 'comm_open' | 'comm_msg' | 'comm_close';
      content: Json;
      metadata?: Json;
      buffers?: ArrayBuffer[];
    }
  /** State of models and device for the status bar and model browser, sent when it changes. */
  | { type: 'status'; status: KernelStatus };

/** IOPub messages. */
export type Output =
  | { msg_type: 'stream'; content: { name: 'stdout' | 'stderr'; text: string } }
  | { msg_type: 'display_data'; content: DisplayContent }
  | { msg_type: 'update_display_data'; content: DisplayContent }
  | { msg_type: 'execute_result'; content: DisplayContent & { execution_count: number } }
  | { msg_type: 'error'; content: ErrorContent }
  | { msg_type: 'clear_output'; content: { wait: boolean } };

export interface DisplayContent {
  data: MimeBundle;
  metadata: { [key: string]: Json };
  transient?: { display_id?: string };
}

export interface ErrorContent {
  ename: string;
  evalue: string;
  traceback: string[];
}

export interface KernelStatus {
  device?: string;
  models?: { name: string; bytes_ram: number; bytes_gpu: number }[];
  tokens_per_second?: number;
  busy?: string;
}
