import { WorkerConnection, type Event } from '../../../src/connection';
import { echoing, FakeWorker } from './fake-worker';

const connect = (worker: FakeWorker, events: Event[] = [], timeout?: number): WorkerConnection =>
  new WorkerConnection(
    () => worker,
    async () => ({}),
    event => events.push(event),
    timeout
  );

const code = (text: string) => ({
  type: 'execute_request' as const,
  parent: null,
  content: { code: text, execution_count: 1 }
});

describe('WorkerConnection', () => {
  const open: WorkerConnection[] = [];
  const track = (connection: WorkerConnection): WorkerConnection => (open.push(connection), connection);
  afterEach(() => open.splice(0).forEach(connection => connection.fail(new Error('the test ended'))));

  it('request() resolves to the reply of that request, in whatever order they come', async () => {
    const worker = new FakeWorker((message, worker) => {
      if (message.type === 'start') {
        return { type: 'ready' };
      }
      if (message.type === 'execute_request') {
        const reply = { type: 'reply' as const, id: message.id, content: message.content.code };
        setTimeout(() => worker.emit(reply), message.content.code === 'slow' ? 20 : 1);
      }
    });
    const connection = track(connect(worker));
    expect(await Promise.all([connection.request(code('slow')), connection.request(code('fast'))])).toEqual([
      'slow',
      'fast'
    ]);
  });

  it('request() waits for a worker that is not ready yet', async () => {
    const worker = new FakeWorker((message, worker) => {
      if (message.type === 'start') {
        setTimeout(() => worker.emit({ type: 'ready' }), 20);
      } else if ('id' in message) {
        return { type: 'reply', id: message.id, content: 1 };
      }
    });
    const connection = track(connect(worker));
    expect(await connection.request(code('x'))).toBe(1);
    expect(worker.received.map(({ type }) => type)).toEqual(['start', 'execute_request']);
  });

  it('executing counts requests to execute until they are answered', async () => {
    const worker = new FakeWorker(message => (message.type === 'start' ? { type: 'ready' } : undefined));
    const connection = track(connect(worker));
    const request = connection.request(code('x'));
    await connection.ready;
    await Promise.resolve();
    expect(connection.executing).toBe(1);
    worker.emit({ type: 'reply', id: 1, content: null });
    await request;
    expect(connection.executing).toBe(0);
  });

  it('request() rejects when the worker cannot be made', async () => {
    const connection = track(
      new WorkerConnection(
        () => {
          throw new Error('no workers here');
        },
        async () => ({}),
        () => undefined
      )
    );
    await expect(connection.request(code('x'))).rejects.toThrow("Cannot start the kernel's worker: no workers here");
    expect(connection.isClosed).toBe(true);
  });

  it('request() rejects when the options cannot be had', async () => {
    const connection = track(
      new WorkerConnection(
        () => echoing(),
        async () => {
          throw new Error('no settings');
        },
        () => undefined
      )
    );
    await expect(connection.request(code('x'))).rejects.toThrow('no settings');
  });

  it.each([
    [undefined, 'its script could not be loaded'],
    ['Uncaught SyntaxError: x', 'Uncaught SyntaxError: x']
  ])('request() rejects when an error comes before ready (%s)', async (message, text) => {
    const worker = new FakeWorker(() => undefined);
    const connection = track(connect(worker));
    const request = connection.request(code('x'));
    worker.raise(message);
    await expect(request).rejects.toThrow(text);
    expect(worker.isTerminated).toBe(true);
  });

  it('request() rejects when the worker never reports that it is ready', async () => {
    const connection = track(connect(new FakeWorker(() => undefined), [], 20));
    await expect(connection.request(code('x'))).rejects.toThrow('did not report that it is ready within 0.02 s');
  });

  it('an error after ready is shown on stderr and ends nothing', async () => {
    const events: Event[] = [];
    const worker = echoing();
    const connection = track(connect(worker, events));
    await connection.ready;
    worker.raise('Uncaught Error: in a callback');
    expect(events).toEqual([
      {
        type: 'output',
        parent: null,
        output: { msg_type: 'stream', content: { name: 'stderr', text: 'Uncaught Error: in a callback\n' } }
      }
    ]);
    expect(await connection.request(code('x'))).toEqual({ status: 'ok' });
  });

  it('fail() rejects what waits and what comes after, and terminates the worker', async () => {
    const worker = new FakeWorker(message => (message.type === 'start' ? { type: 'ready' } : undefined));
    const connection = track(connect(worker));
    const waiting = connection.request(code('x'));
    await connection.ready;
    connection.fail(new Error('the end'));
    await expect(waiting).rejects.toThrow('the end');
    await expect(connection.request(code('y'))).rejects.toThrow('the end');
    expect(worker.isTerminated).toBe(true);
  });

  it('fail() keeps the first reason', async () => {
    const connection = track(connect(echoing()));
    connection.fail(new Error('first'));
    connection.fail(new Error('second'));
    await expect(connection.request(code('x'))).rejects.toThrow('first');
  });

  it('send() and interrupt() after the end do nothing', async () => {
    const worker = echoing();
    const connection = track(connect(worker));
    await connection.ready;
    connection.fail(new Error('the end'));
    connection.interrupt();
    connection.send({ type: 'input_reply', value: 'x' });
    await Promise.resolve();
    expect(worker.received.map(({ type }) => type)).toEqual(['start']);
  });

  it('interrupt() sends a message, and where memory can be shared sets the flag that the next cell clears', async () => {
    Object.assign(globalThis, { crossOriginIsolated: true });
    try {
      const worker = echoing();
      const connection = track(connect(worker));
      await connection.ready;
      const [start] = worker.received;
      const flag = new Int32Array(
        (start as { options: { interruptBuffer: SharedArrayBuffer } }).options.interruptBuffer
      );
      connection.interrupt();
      expect(flag[0]).toBe(1);
      await connection.request(code('x'));
      expect(flag[0]).toBe(0);
      expect(worker.received.map(({ type }) => type)).toEqual(['start', 'interrupt', 'execute_request']);
    } finally {
      delete (globalThis as { crossOriginIsolated?: boolean }).crossOriginIsolated;
    }
  });
});
