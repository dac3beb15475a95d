import { loadLibrary, statusReporter } from '../../../kernel/compose';
import { defaultSignal } from '../../../kernel/generation/turn';
import { notice, startProgress } from '../../../kernel/modeling/notice';
import type { FromKernel } from '../../../kernel/protocol/messages';
import { KernelSession } from '../../../kernel/runtime/session';

function start() {
  const messages: FromKernel[] = [];
  const session: KernelSession = new KernelSession({
    send: message => messages.push(message),
    library: () => loadLibrary(session),
    globals: {
      notice,
      default_signal: defaultSignal,
      load: (title: string) => {
        const sink = startProgress(title)!;
        sink.event({ phase: 'read', name: 'a', loaded: 1_000_000, total: 2_000_000 });
        sink.event({ phase: 'read', name: 'b', loaded: 2_000_000, total: 2_000_000 });
        sink.done();
      }
    }
  });
  let id = 0;
  const run = async (code: string): Promise<FromKernel[]> => {
    const from = messages.length;
    const content = { code, execution_count: ++id };
    session.handle({ type: 'execute_request', id, parent: id, content });
    while (!messages.slice(from).some(m => m.type === 'reply')) {
      await new Promise(resolve => setTimeout(resolve, 5));
    }
    return messages.slice(from);
  };
  const text = (found: FromKernel[]): string[] =>
    found.flatMap(m =>
      m.type !== 'output'
        ? []
        : m.output.msg_type === 'stream'
          ? [m.output.content.text]
          : m.output.msg_type === 'error'
            ? [m.output.content.evalue]
            : 'data' in m.output.content
              ? [String(m.output.content.data['text/plain'])]
              : []
    );
  return { run, text, session };
}

describe('loadLibrary()', () => {
  it('binds Auto classes, concrete classes and functions in every cell, by import too', async () => {
    const { run, text } = start();
    const code =
      "import { AutoTokenizer as T } from '@huggingface/transformers'\n" +
      '[T === AutoTokenizer, typeof Qwen2ForCausalLM.from_pretrained, typeof attention_view, typeof Tensor]';
    expect(text(await run(code))).toEqual(["[true, 'function', 'function', 'function']"]);
    expect(text(await run('[typeof setHost, typeof setNotices, typeof concreteClasses]'))).toEqual([
      "['undefined', 'undefined', 'undefined']"
    ]);
  });

  it('lets a cell extend a class of the library', async () => {
    const { run, text } = start();
    await run('class Mine extends Qwen2ForCausalLM { forward(inputs) { return super.forward(inputs) } }');
    expect(text(await run('Mine'))).toEqual(['[class Mine extends Qwen2ForCausalLM]']);
  });

  it('sends notices and the progress of loading to the cell, and gives generation the signal of the cell', async () => {
    const { run, text } = start();
    expect(text(await run("Tensor; notice('on WASM')"))).toEqual(['on WASM\n']);
    const shown = text(await run("Tensor; load('tiny')"));
    expect(shown[0]).toMatch(/^tiny: read: +0%\|.*0 kB\/2\.0 MB/);
    expect(shown[1]).toMatch(/^tiny: read: 100%\|.*2\.0 MB\/2\.0 MB/);
    expect(shown.at(-1)).toMatch(/^tiny: [\d.]+ /);
    expect(text(await run('Tensor; default_signal() === interrupt_signal()'))).toEqual(['true']);
  });

  it('displays tensors', async () => {
    const { run, text } = start();
    expect(text(await run("new Tensor('float32', new Float32Array([1, 2.5]), [2])"))[0]).toContain('2.5');
  });
});

describe('statusReporter()', () => {
  it('says what models hold when that has changed', async () => {
    const sent: FromKernel[] = [];
    const report = statusReporter(message => sent.push(message));
    await report();
    await report();
    expect(sent).toEqual([{ type: 'status', status: { models: [] } }]);
  });
});
