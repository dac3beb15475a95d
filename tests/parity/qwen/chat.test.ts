import { join } from 'node:path';
import { setHost } from '../../../kernel/host/host';
import { createNodeHost } from '../../../kernel/host/node';
import { AutoModelForCausalLM } from '../../../kernel/modeling/auto';
import { AutoTokenizer } from '../../../kernel/modeling/auto-tokenizer';
import type { QWenLMHeadModel } from '../../../kernel/modeling/qwen';
import {
  StopWordsLogitsProcessor,
  decode_tokens,
  get_stop_words_ids,
  make_context
} from '../../../kernel/modeling/qwen-context';
import type { Turn } from '../../../kernel/modeling/qwen-context';
import { Tensor } from '../../../kernel/tensor/tensor';
import type { PreTrainedTokenizer } from '../../../kernel/tokenizer/tokenizer';
import { fixtures, readRuns } from './expected';

interface Chat {
  query: string;
  history: [string, string][];
  system: string;
  context: number[];
  ids: number[];
  response: string;
}

const runs = readRuns('qwen');
const chats = ['chat_plain', 'chat_history', 'chat_special'].map(
  name => [name, runs[name] as unknown as Chat] as const
);
let model: QWenLMHeadModel;
let tokenizer: PreTrainedTokenizer;

beforeAll(async () => {
  setHost(createNodeHost());
  model = (await AutoModelForCausalLM.from_pretrained(join(fixtures, 'qwen'))) as QWenLMHeadModel;
  tokenizer = await AutoTokenizer.from_pretrained(join(fixtures, 'qwen'));
});
afterAll(() => model.dispose());

describe('QWen tokenizer from qwen.tiktoken', () => {
  it("encode() gives tiktoken's ids, special tokens' spellings as special tokens", () => {
    const { texts, ids } = runs['tokens'] as unknown as { texts: string[]; ids: number[][] };
    expect(texts.map(text => tokenizer.encode(text))).toEqual(ids);
  });

  it('has the 208 special tokens after the ranks', () => {
    expect(
      tokenizer.convert_tokens_to_ids(['<|endoftext|>', '<|im_start|>', '<|im_end|>', '<|extra_0|>', '<|extra_204|>'])
    ).toEqual([384, 385, 386, 387, 591]);
  });
});

describe('make_context()', () => {
  it.each(chats)('gives the ids of %s', (_name, chat) => {
    const [text, ids] = make_context(tokenizer, chat.query, {
      history: chat.history,
      system: chat.system,
      max_window_size: 60
    });
    expect(ids).toEqual(chat.context);
    expect(text.endsWith(`<|im_start|>user\n${chat.query}<|im_end|>\n<|im_start|>assistant\n`)).toBe(true);
  });

  it('leaves the oldest turns out where the window is short', () => {
    const { query, history, system } = runs['chat_history'] as unknown as Chat;
    const count = (max_window_size: number): number =>
      (make_context(tokenizer, query, { history, system, max_window_size })[0].match(/<\|im_start\|>user/g) ?? [])
        .length;
    expect([count(10), count(60), count(6144)]).toEqual([1, 2, 3]);
  });

  it('gives the bare text in raw format and refuses another', () => {
    expect(make_context(tokenizer, 'Hello', { chat_format: 'raw' })).toEqual(['Hello', tokenizer.encode('Hello')]);
    expect(() => make_context(tokenizer, 'Hello', { chat_format: 'alpaca' as never })).toThrow(
      /'chatml' or 'raw': current value is alpaca/
    );
  });
});

describe('QWenLMHeadModel', () => {
  it.each(chats)('chat() answers as the reference: %s', async (_name, { query, history, system, response }) => {
    const options = { system, max_new_tokens: 10 };
    const [answer, grown] = await model.chat(tokenizer, query, history, options);
    expect(answer).toBe(response);
    expect(grown).toEqual([...history, [query, response]]);
  });

  it('chat_stream() yields the growing answer', async () => {
    const { query, response } = runs['chat_plain'] as unknown as Chat;
    const texts: string[] = [];
    for await (const text of model.chat_stream(tokenizer, query, [], { max_new_tokens: 10 })) {
      texts.push(text);
    }
    expect(texts.at(-1)).toBe(response);
    expect(texts.length).toBeGreaterThan(3);
  });

  it('chat_stream() stops generating when nobody reads on, and the model still works', async () => {
    for await (const _text of model.chat_stream(tokenizer, 'Hello', [], { max_new_tokens: 10 })) {
      break;
    }
    const { query, response } = runs['chat_plain'] as unknown as Chat;
    expect((await model.chat(tokenizer, query, [], { max_new_tokens: 10 }))[0]).toBe(response);
  });

  it('chat_stream() passes a failure on', async () => {
    const read = async (): Promise<void> => {
      for await (const _text of model.chat_stream(tokenizer, 'Hello', [], { temperatur: 1 })) {
        // read to the end
      }
    };
    await expect(read()).rejects.toThrow(/temperatur/);
  });

  it('chat() refuses a model without chat_format, a base model', async () => {
    const { chat_format, ...rest } = { ...(model.generation_config as object) } as Record<string, unknown>;
    const kept = model.generation_config;
    model.generation_config = rest as never;
    const history: Turn[] = [];
    await expect(model.chat(tokenizer, 'Hello', history)).rejects.toThrow(
      /chat_format.*must be 'chatml': current value is null/s
    );
    expect(history).toEqual([]);
    model.generation_config = kept;
    expect(chat_format).toBe('chatml');
  });
});

describe('StopWordsLogitsProcessor', () => {
  it('__call__() raises the end token of rows that end in a stop word, and of no others', () => {
    const processor = new StopWordsLogitsProcessor([[1, 2], [9]], 3);
    const ids = new Tensor('int64', BigInt64Array.of(5n, 1n, 2n, 1n, 2n, 5n), [2, 3]);
    const scores = processor.__call__(ids, new Tensor('float32', new Float32Array(8), [2, 4]));
    expect(Array.from(scores.data, Number)).toEqual([0, 0, 0, 32768, 0, 0, 0, 0]);
  });

  it('constructor refuses words that are no ids', () => {
    expect(() => new StopWordsLogitsProcessor([[]], 3)).toThrow(/lists of token ids: current value is \[\[\]\]/);
  });
});

describe('decode_tokens() and get_stop_words_ids()', () => {
  it('cut at the first mark', () => {
    expect(decode_tokens(tokenizer, [...tokenizer.encode(' Hello '), 386, 10, 385])).toBe('Hello');
    expect(get_stop_words_ids('chatml', tokenizer)).toEqual([[386], [385]]);
    expect(get_stop_words_ids('raw', tokenizer)).toEqual([tokenizer.encode('Human:'), [384]]);
  });
});
