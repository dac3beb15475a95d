import { AsyncLocalStorage } from 'node:async_hooks';
import { StorageTracker, type CellContext } from '../../../../kernel/runtime/context';
import { KernelSession } from '../../../../kernel/runtime/session';
import { JupyterKernel } from '../../../../kernel/server/jupyter-kernel';
import { newHeader, type JupyterMessage } from '../../../../kernel/server/wire';

/** A kernel and its session, without sockets. */
function start() {
  const sent: JupyterMessage[] = [];
  let ended: boolean | undefined;
  const session: KernelSession = new KernelSession({
    send: message => kernel.receive(message),
    tracker: new StorageTracker(new AsyncLocalStorage<CellContext>())
  });
  const kernel = new JupyterKernel({
    send: message => sent.push(structuredClone(message)),
    toSession: message => session.handle(message),
    shutdown: restart => (ended = restart),
    version: '1.2.3',
    session: 'kernel-session'
  });
  const ask = (msg_type: string, content: object = {}, channel: JupyterMessage['channel'] = 'shell') => {
    const header = newHeader(msg_type, 'client-session', 'me');
    const message = { channel, identities: [Buffer.from('id')], header, parent_header: {}, metadata: {}, buffers: [] };
    kernel.handle({ ...message, content: content as never });
    return header.msg_id;
  };
  const of = (id: string) => sent.filter(m => (m.parent_header as { msg_id?: string }).msg_id === id);
  const reply = async (id: string): Promise<JupyterMessage> => {
    for (;;) {
      const idle = of(id).find(m => m.header.msg_type === 'status' && m.content['execution_state'] === 'idle');
      if (idle) {
        return of(id).find(m => m.header.msg_type.endsWith('_reply'))!;
      }
      await new Promise(resolve => setTimeout(resolve, 5));
    }
  };
  return { kernel, sent, ask, of, reply, ended: () => ended };
}

describe('JupyterKernel', () => {
  it('wraps a cell in busy, execute_input, outputs, reply, idle', async () => {
    const { ask, of, reply } = start();
    const id = ask('execute_request', { code: 'console.log("a"); 1' });
    const answer = await reply(id);
    expect(of(id).map(m => m.header.msg_type)).toEqual([
      'status',
      'execute_input',
      'stream',
      'execute_result',
      'execute_reply',
      'status'
    ]);
    expect(answer).toMatchObject({ channel: 'shell', content: { status: 'ok', execution_count: 1, payload: [] } });
    expect(Buffer.from(answer.identities[0]!).toString()).toBe('id');
    expect(answer.header).toMatchObject({ session: 'kernel-session', username: 'me' });
  });

  it('counts only what goes into the history', async () => {
    const { ask, reply } = start();
    const counts: unknown[] = [];
    for (const more of [{}, { store_history: false }, { silent: true }, {}]) {
      counts.push((await reply(ask('execute_request', { code: '1', ...more }))).content['execution_count']);
    }
    expect(counts).toEqual([1, 1, 1, 2]);
    const { content } = await reply(ask('history_request', { hist_access_type: 'tail', n: 9, output: true }));
    expect(content['history']).toEqual([
      [0, 1, ['1', '1']],
      [0, 2, ['1', '1']]
    ]);
  });

  it('aborts what was sent before an error could be seen, and runs what comes after', async () => {
    const { ask, reply } = start();
    const ids = ['throw 1', '1', '2'].map(code => ask('execute_request', { code }));
    const states = [];
    for (const id of ids) {
      states.push((await reply(id)).content['status']);
    }
    expect(states).toEqual(['error', 'aborted', 'aborted']);
    expect((await reply(ask('execute_request', { code: '3' }))).content['status']).toBe('ok');
  });

  it('answers completions while a cell runs, and says busy again afterwards', async () => {
    const { ask, of, reply, sent } = start();
    const cell = ask('execute_request', { code: 'await new Promise(r => setTimeout(r, 100))' });
    const answer = await reply(ask('complete_request', { code: 'JSON.par', cursor_pos: 8 }));
    expect(answer.content['matches']).toEqual(['parse']);
    expect(of(cell).some(m => m.header.msg_type === 'execute_reply')).toBe(false);
    expect(sent.at(-1)!.content).toEqual({ execution_state: 'busy' });
    await reply(cell);
  });

  it('asks for input where the cell came from', async () => {
    const { ask, sent, reply, kernel } = start();
    const id = ask('execute_request', { code: 'await input("n? ", { password: true })', allow_stdin: true });
    while (!sent.some(m => m.channel === 'stdin')) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    const asked = sent.find(m => m.channel === 'stdin')!;
    expect(asked.content).toEqual({ prompt: 'n? ', password: true });
    expect(Buffer.from(asked.identities[0]!).toString()).toBe('id');
    kernel.handle({ ...asked, header: newHeader('input_reply', 's'), content: { value: 'x' } });
    expect((await reply(id)).content['status']).toBe('ok');
  });

  it('interrupts, and answers on the channel that asked', async () => {
    const { ask, reply } = start();
    const cell = ask('execute_request', { code: 'await new Promise(() => {})' });
    await new Promise(resolve => setTimeout(resolve, 20));
    expect(await reply(ask('interrupt_request', {}, 'control'))).toMatchObject({ channel: 'control' });
    expect((await reply(cell)).content).toMatchObject({ status: 'error', ename: 'KeyboardInterrupt' });
  });

  it('says goodbye before it ends', async () => {
    const { ask, reply, ended, sent } = start();
    const answer = await reply(ask('shutdown_request', { restart: true }, 'control'));
    expect(answer.content).toEqual({ status: 'ok', restart: true });
    expect(sent.some(m => m.channel === 'iopub' && m.header.msg_type === 'shutdown_reply')).toBe(true);
    await new Promise(resolve => setTimeout(resolve, 10));
    expect(ended()).toBe(true);
  });

  it('tells what it is', async () => {
    const { ask, reply } = start();
    expect((await reply(ask('kernel_info_request'))).content).toMatchObject({
      status: 'ok',
      protocol_version: '5.4',
      implementation_version: '1.2.3',
      language_info: { name: 'typescript', file_extension: '.ts' }
    });
  });

  it('passes comms on, with buffers', async () => {
    const { ask, sent, reply } = start();
    const code =
      "comms.register_target('t', (comm, m) => comm.send({ got: m.data }, {}, [new Uint8Array([7]).buffer]));";
    await reply(ask('execute_request', { code }));
    ask('comm_open', { comm_id: 'c', target_name: 't', data: 5 });
    const answer = sent.find(m => m.header.msg_type === 'comm_msg')!;
    expect(answer).toMatchObject({ channel: 'iopub', content: { comm_id: 'c', data: { got: 5 } } });
    expect([...answer.buffers[0]!]).toEqual([7]);
    expect((await reply(ask('comm_info_request', {}))).content['comms']).toEqual({ c: { target_name: 't' } });
  });
});
