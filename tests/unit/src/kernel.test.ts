import { KernelMessage } from '@jupyterlab/services';
import type { FromKernel, ToKernel } from '../../../kernel/protocol/messages';
import { TypeScriptKernel } from '../../../src/kernel';
import { echoing, FakeWorker } from './fake-worker';

type Message = KernelMessage.IMessage;

/** A kernel with a fake worker, and what it sends to the front end. */
function start(worker: FakeWorker | (() => FakeWorker), startTimeout?: number) {
  const sent: Message[] = [];
  const kernel = new TypeScriptKernel({
    id: 'k',
    name: 'loupe',
    location: '',
    sendMessage: message => sent.push(message),
    startWorker: () => (typeof worker === 'function' ? worker() : worker),
    startOptions: async () => ({}),
    ...(startTimeout ? { startTimeout } : {})
  });
  return { kernel, sent };
}

function message(msgType: string, content: object, date?: number): Message {
  const made = KernelMessage.createMessage({
    msgType,
    channel: 'shell',
    session: 's',
    content
  } as never) as unknown as Message;
  if (date !== undefined) {
    made.header.date = new Date(date).toISOString();
  }
  return made;
}

const execute = (code: string, date?: number): Message =>
  message('execute_request', { code, store_history: true, silent: false, stop_on_error: true }, date);

const types = (sent: Message[]): string[] =>
  sent.map(m =>
    m.header.msg_type === 'status' ? (m.content as { execution_state: string }).execution_state : m.header.msg_type
  );

const contentOf = (sent: Message[], type: string): any => sent.find(m => m.header.msg_type === type)?.content;

describe('TypeScriptKernel', () => {
  const open: TypeScriptKernel[] = [];
  const track = <T extends { kernel: TypeScriptKernel }>(started: T): T => (open.push(started.kernel), started);
  afterEach(() => open.splice(0).forEach(kernel => kernel.dispose()));

  it('handleMessage() runs a cell between busy and idle, and outputs go to its parent', async () => {
    const worker = new FakeWorker((message, worker): FromKernel | void => {
      if (message.type === 'start') {
        return { type: 'ready' };
      }
      if (message.type === 'execute_request') {
        worker.emit({
          type: 'output',
          parent: message.parent,
          output: { msg_type: 'stream', content: { name: 'stdout', text: message.content.code } }
        });
        return { type: 'reply', id: message.id, content: { status: 'ok', payload: [], user_expressions: {} } };
      }
    });
    const { kernel, sent } = track(start(worker));
    const request = execute('1 + 1');
    await kernel.handleMessage(request);
    expect(types(sent)).toEqual(['busy', 'execute_input', 'stream', 'execute_reply', 'idle']);
    expect(sent.every(m => (m.parent_header as { msg_id: string }).msg_id === request.header.msg_id)).toBe(true);
    expect(contentOf(sent, 'execute_reply')).toMatchObject({ status: 'ok', execution_count: 1 });
  });

  it('handleMessage() passes the cell on as it came', async () => {
    const worker = echoing();
    const { kernel } = track(start(worker));
    const request = message('execute_request', { code: 'x', silent: true, store_history: false, allow_stdin: true });
    request.metadata['cellId'] = 'cell-7';
    await kernel.handleMessage(request);
    expect(worker.received[1]).toMatchObject({
      type: 'execute_request',
      parent: { msg_id: request.header.msg_id },
      content: {
        code: 'x',
        silent: true,
        store_history: false,
        allow_stdin: true,
        execution_count: 0,
        cell_id: 'cell-7'
      }
    });
  });

  it('a worker that fails to load gives an error and a reply', async () => {
    const broken = (): FakeWorker =>
      new FakeWorker((message, worker) => {
        queueMicrotask(() => worker.raise(undefined));
      });
    const { kernel, sent } = track(start(broken));
    await kernel.handleMessage(execute('1'));
    expect(types(sent)).toEqual(['busy', 'execute_input', 'error', 'execute_reply', 'idle']);
    expect(contentOf(sent, 'error').evalue).toContain("Cannot start the kernel's worker");
    expect(contentOf(sent, 'execute_reply').status).toBe('error');
  });

  it('a cell after a failed worker gets a new one', async () => {
    let made = 0;
    const { kernel, sent } = track(
      start(() => (made++ === 0 ? new FakeWorker((_, worker) => queueMicrotask(() => worker.raise('no'))) : echoing()))
    );
    await kernel.handleMessage(execute('1'));
    sent.length = 0;
    await kernel.handleMessage(execute('2', Date.now() + 1000));
    expect(contentOf(sent, 'execute_reply').status).toBe('ok');
  });

  it('requests other than cells answer with nothing when the worker failed', async () => {
    const { kernel, sent } = track(start(new FakeWorker((_, worker) => queueMicrotask(() => worker.raise('no')))));
    await kernel.handleMessage(message('complete_request', { code: 'ab', cursor_pos: 2 }));
    await kernel.handleMessage(message('inspect_request', { code: 'ab', cursor_pos: 2, detail_level: 0 }));
    await kernel.handleMessage(message('is_complete_request', { code: 'ab' }));
    await kernel.handleMessage(message('comm_info_request', {}));
    expect(contentOf(sent, 'complete_reply')).toMatchObject({ matches: [], cursor_start: 2, cursor_end: 2 });
    expect(contentOf(sent, 'inspect_reply')).toMatchObject({ found: false });
    expect(contentOf(sent, 'is_complete_reply')).toEqual({ status: 'unknown' });
    expect(contentOf(sent, 'comm_info_reply')).toEqual({ status: 'ok', comms: {} });
  });

  it('cells sent before one failed are aborted, later ones run', async () => {
    const status = (message: ToKernel): object =>
      'content' in message && (message.content as { code?: string }).code === 'bad'
        ? { status: 'error' }
        : { status: 'ok' };
    const { kernel, sent } = track(start(echoing(status)));
    const queued = execute('queued', Date.now() - 1000);
    await kernel.handleMessage(execute('bad'));
    sent.length = 0;
    await kernel.handleMessage(queued);
    expect(types(sent)).toEqual(['busy', 'execute_reply', 'idle']);
    expect(contentOf(sent, 'execute_reply')).toEqual({ status: 'aborted' });
    sent.length = 0;
    await kernel.handleMessage(execute('later', Date.now() + 1000));
    expect(contentOf(sent, 'execute_reply').status).toBe('ok');
  });

  it('comm_info_request is answered between busy and idle', async () => {
    const { kernel, sent } = track(start(echoing(() => ({ status: 'ok', comms: { a: { target_name: 't' } } }))));
    await kernel.handleMessage(message('comm_info_request', { target_name: 't' }));
    expect(types(sent)).toEqual(['busy', 'comm_info_reply', 'idle']);
    expect(contentOf(sent, 'comm_info_reply').comms).toEqual({ a: { target_name: 't' } });
  });

  it('input_request and input_reply cross while a cell runs', async () => {
    let cell = 0;
    const worker = new FakeWorker((message, worker): FromKernel | void => {
      if (message.type === 'start') {
        return { type: 'ready' };
      }
      if (message.type === 'execute_request') {
        cell = message.id;
        return { type: 'input_request', parent: message.parent, content: { prompt: 'name? ', password: false } };
      }
      if (message.type === 'input_reply') {
        worker.emit({ type: 'reply', id: cell, content: { status: 'ok', value: message.value } });
      }
    });
    const { kernel, sent } = track(start(worker));
    const running = kernel.handleMessage(execute('input()'));
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(contentOf(sent, 'input_request')).toEqual({ prompt: 'name? ', password: false });
    await kernel.handleMessage(message('input_reply', { status: 'ok', value: 'Ada' }));
    await running;
    expect(contentOf(sent, 'execute_reply')).toMatchObject({ status: 'ok', value: 'Ada' });
  });

  it('comm messages cross both ways with buffers', async () => {
    const worker = echoing();
    const { kernel, sent } = track(start(worker));
    const opened = message('comm_open', { comm_id: 'c', target_name: 't', data: {} });
    opened.buffers = [new DataView(new Uint8Array([0, 1, 2, 3]).buffer, 1, 2)];
    await kernel.handleMessage(opened);
    await new Promise(resolve => setTimeout(resolve, 5));
    const got = worker.received.find(m => m.type === 'comm') as Extract<ToKernel, { type: 'comm' }>;
    expect(got.kind).toBe('comm_open');
    expect([...new Uint8Array(got.buffers![0]!)]).toEqual([1, 2]);
    worker.emit({
      type: 'comm',
      parent: null,
      kind: 'comm_msg',
      content: { comm_id: 'c', data: {} },
      buffers: [new Uint8Array([5]).buffer]
    });
    await new Promise(resolve => setTimeout(resolve, 5));
    const back = sent.find(m => m.header.msg_type === 'comm_msg')!;
    expect([...new Uint8Array(back.buffers![0] as ArrayBuffer)]).toEqual([5]);
  });

  it('dispose() terminates the worker, ends what waits and sends no more', async () => {
    const worker = new FakeWorker(message => (message.type === 'start' ? { type: 'ready' } : undefined));
    const { kernel, sent } = start(worker);
    const running = kernel.handleMessage(execute('while (true);'));
    await new Promise(resolve => setTimeout(resolve, 5));
    sent.length = 0;
    kernel.dispose();
    await running;
    expect(worker.isTerminated).toBe(true);
    expect(sent).toEqual([]);
  });

  it('restartWorker() ends the cell with an error and starts a new worker', async () => {
    const workers: FakeWorker[] = [];
    const { kernel, sent } = track(
      start(() => {
        const worker = workers.length
          ? echoing()
          : new FakeWorker(message => (message.type === 'start' ? { type: 'ready' } : undefined));
        workers.push(worker);
        return worker;
      })
    );
    const running = kernel.handleMessage(execute('while (true);'));
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(kernel.isExecuting).toBe(true);
    kernel.restartWorker();
    await running;
    expect(contentOf(sent, 'error').evalue).toContain('did not stop');
    expect(workers.map(worker => worker.isTerminated)).toEqual([true, false]);
  });

  it('status messages are kept and announced', async () => {
    const worker = echoing();
    const { kernel } = track(start(worker));
    const seen: unknown[] = [];
    kernel.statusChanged.connect((_, status) => seen.push(status));
    worker.emit({ type: 'status', status: { device: 'WASM' } });
    await new Promise(resolve => setTimeout(resolve, 5));
    expect(seen).toEqual([{ device: 'WASM' }]);
    expect(kernel.status).toEqual({ device: 'WASM' });
  });

  it('kernel_info_reply says what notebooks need to know, before any worker is ready', async () => {
    const { kernel, sent } = track(start(new FakeWorker(() => undefined)));
    await kernel.handleMessage(message('kernel_info_request', {}));
    expect(contentOf(sent, 'kernel_info_reply')).toMatchObject({
      status: 'ok',
      implementation: 'loupe',
      language_info: { name: 'typescript', file_extension: '.ts', mimetype: 'application/typescript' }
    });
  });
});
