import { nextTask } from '../../../../kernel/generation/turn';

describe('nextTask()', () => {
  it('nextTask() lets messages be handled first', async () => {
    const { port1, port2 } = new MessageChannel();
    let handled = false;
    port1.onmessage = () => (handled = true);
    port2.postMessage(0);
    for (let i = 0; i < 20 && !handled; i++) {
      await nextTask();
    }
    expect(handled).toBe(true);
    port1.close();
  });

  it('nextTask() works where there is no setImmediate, as in a browser', async () => {
    const immediate = globalThis.setImmediate;
    const channels: MessageChannel[] = [];
    const Original = globalThis.MessageChannel;
    (globalThis as { setImmediate?: unknown }).setImmediate = undefined;
    globalThis.MessageChannel = class extends Original {
      constructor() {
        super();
        channels.push(this);
      }
    };
    try {
      const order: string[] = [];
      void Promise.resolve().then(() => order.push('microtask'));
      await Promise.all([nextTask().then(() => order.push('first')), nextTask().then(() => order.push('second'))]);
      expect(order).toEqual(['microtask', 'first', 'second']);
      expect(channels).toHaveLength(1);
    } finally {
      globalThis.setImmediate = immediate;
      globalThis.MessageChannel = Original;
      channels.forEach(channel => channel.port1.close());
    }
  });
});
