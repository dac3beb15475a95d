import { tokenTensor } from '../../../../kernel/generation/rows';
import {
  CallbackStreamer,
  setPrint,
  TextIteratorStreamer,
  TextStreamer
} from '../../../../kernel/generation/streamers';
import { Tensor } from '../../../../kernel/tensor/tensor';

/** Tokens are pieces of text. */
const PIECES = ['Hello', ' wor', 'ld', ' and', '\n', ' 你', '好', '!', ' x'];
const options: Record<string, unknown>[] = [];
const tokenizer = {
  decode: (ids: readonly number[], given: Record<string, unknown> = {}) => {
    options.push(given);
    return ids.map(id => PIECES[id]!).join('');
  }
};

const one = (id: number): Tensor => new Tensor('int64', BigInt64Array.of(BigInt(id)), [1]);

/** What a streamer finishes at each step. */
function pieces(ids: number[], skip_prompt = false, prompt: number[] = []): [string, boolean][] {
  const out: [string, boolean][] = [];
  const streamer = new TextStreamer(tokenizer, {
    skip_prompt,
    callback_function: (text, end) => out.push([text, end])
  });
  if (prompt.length) {
    streamer.put(tokenTensor([prompt]));
  }
  ids.forEach(id => streamer.put(one(id)));
  streamer.end();
  return out;
}

describe('TextStreamer', () => {
  it('TextStreamer holds the last word back until it is complete', () => {
    expect(pieces([0, 1, 2, 3])).toEqual([
      ['', false],
      ['Hello ', false],
      ['', false],
      ['world ', false],
      ['and', true]
    ]);
  });

  it('TextStreamer finishes a line and each CJK character at once', () => {
    expect(pieces([0, 4, 5, 6, 7])).toEqual([
      ['', false],
      ['Hello\n', false],
      [' 你', false],
      ['好', false],
      ['', false],
      ['!', true]
    ]);
  });

  it('TextStreamer leaves the prompt out on request, also in a second text', () => {
    expect(pieces([2], true, [0, 1])).toEqual([
      ['', false],
      ['ld', true]
    ]);
    const out: string[] = [];
    const streamer = new TextStreamer(tokenizer, { skip_prompt: true, callback_function: text => out.push(text) });
    for (let text = 0; text < 2; text++) {
      streamer.put(tokenTensor([[0, 1]]));
      streamer.put(one(2));
      streamer.end();
    }
    expect(out.join('')).toBe('ldld');
  });

  it('TextStreamer passes other options on to decode and prints without line ends until the end', () => {
    const printed: string[] = [];
    setPrint(text => printed.push(text));
    const streamer = new TextStreamer(tokenizer, { skip_special_tokens: true });
    streamer.put(one(0));
    streamer.put(one(1));
    streamer.end();
    expect(printed).toEqual(['', 'Hello ', 'wor\n']);
    expect(options.at(-1)).toEqual({ skip_special_tokens: true });
  });

  it('TextStreamer throws on a batch', () => {
    expect(() => new TextStreamer(tokenizer).put(tokenTensor([[0], [1]]))).toThrow(
      'TextStreamer only supports batch size 1'
    );
  });

  it('TextStreamer gives ids to token_callback_function', () => {
    const ids: number[][] = [];
    const streamer = new TextStreamer(tokenizer, {
      token_callback_function: t => ids.push(t),
      callback_function: () => undefined
    });
    streamer.put(tokenTensor([[0, 1]]));
    streamer.put(one(2));
    expect(ids).toEqual([[0, 1], [2]]);
  });
});

describe('TextIteratorStreamer', () => {
  it('TextIteratorStreamer yields what comes before and after it is read', async () => {
    const streamer = new TextIteratorStreamer(tokenizer);
    streamer.put(one(0));
    streamer.put(one(1));
    setTimeout(() => {
      streamer.put(one(4));
      streamer.end();
    }, 2);
    const texts: string[] = [];
    for await (const text of streamer) {
      texts.push(text);
    }
    expect(texts).toEqual(['', 'Hello ', 'wor\n', '']);
  });

  it('TextIteratorStreamer gives up after its timeout', async () => {
    const streamer = new TextIteratorStreamer(tokenizer, { timeout: 0.005 });
    await expect(streamer.next()).rejects.toThrow('Cannot go on reading as text must come within 0.005 s: none has');
  });
});

describe('CallbackStreamer', () => {
  it('CallbackStreamer gives ids, and undefined at the end', async () => {
    const seen: unknown[] = [];
    const streamer = new CallbackStreamer(ids => void seen.push(ids));
    await streamer.put(tokenTensor([[1, 2]]));
    await streamer.put(one(3));
    await streamer.end();
    expect(seen).toEqual([[1, 2], [3], undefined]);
  });
});
