import { Outputs, outputLimits } from '../../../../kernel/runtime/outputs';
import type { Output } from '../../../../kernel/protocol/messages';

function collect(): { outputs: Outputs; sent: Output[]; text: () => string } {
  const sent: Output[] = [];
  const text = () => sent.map(o => (o.msg_type === 'stream' ? o.content.text : '')).join('');
  return { outputs: new Outputs(output => sent.push(output)), sent, text };
}

describe('Outputs', () => {
  it('sends printed text after a moment, in one message', async () => {
    const { outputs, sent, text } = collect();
    outputs.write('stdout', 'first ');
    const before = sent.length;
    for (let i = 0; i < 100; i++) {
      outputs.write('stdout', 'x');
    }
    await new Promise(resolve => setTimeout(resolve, 60));
    expect(text()).toBe(`first ${'x'.repeat(100)}`);
    expect(sent.length - before).toBeLessThanOrEqual(1);
  });

  it('keeps the order of streams and other outputs', () => {
    const { outputs, sent } = collect();
    outputs.write('stdout', 'a');
    outputs.write('stderr', 'b');
    outputs.emit({ msg_type: 'clear_output', content: { wait: false } });
    expect(sent.map(o => (o.msg_type === 'stream' ? o.content.text : o.msg_type))).toEqual(['a', 'b', 'clear_output']);
  });

  it('drops what is beyond the limit, says how much, and starts anew after clear_output', () => {
    const { outputs, sent, text } = collect();
    const limit = outputLimits.max_stream;
    outputs.write('stdout', 'y'.repeat(limit - 1));
    outputs.write('stdout', 'zzz');
    outputs.write('stdout', 'lost');
    outputs.finish();
    expect(sent.at(-1)).toMatchObject({ content: { name: 'stderr' } });
    expect(text()).toContain('yz\n[output truncated: 6 more characters');
    outputs.emit({ msg_type: 'clear_output', content: { wait: false } });
    outputs.write('stdout', 'again');
    outputs.finish();
    expect(text().endsWith('again')).toBe(true);
  });
});
