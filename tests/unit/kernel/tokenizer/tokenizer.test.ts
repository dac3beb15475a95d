import { Tensor } from '../../../../kernel/tensor/tensor';
import { PreTrainedTokenizer } from '../../../../kernel/tokenizer/tokenizer';
import { smallTokenizer } from './small';

const HELLO = 259;
const WORLD = 264;
const END = 265;

describe('PreTrainedTokenizer()', () => {
  it('returns int64 tensors with a batch dimension', async () => {
    const tokenizer = await smallTokenizer();
    const { input_ids, attention_mask } = tokenizer('hello world');
    expect(input_ids).toBeInstanceOf(Tensor);
    expect([input_ids.dtype, input_ids.dims, [...input_ids.data]]).toEqual(['int64', [1, 2], [259n, 264n]]);
    expect([...attention_mask.data]).toEqual([1n, 1n]);
  });

  it('is an instance of its class, and of a class derived from it', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer).toBeInstanceOf(PreTrainedTokenizer);
    class Shouting extends PreTrainedTokenizer {
      override tokenize(text: string): string[] {
        return super.tokenize(text).map(token => token.toUpperCase());
      }
    }
    const { backend } = tokenizer as unknown as { backend: ConstructorParameters<typeof Shouting>[0] };
    const derived = new Shouting(backend, {
      className: 'Shouting',
      nameOrPath: '',
      specialTokens: new Map(),
      extraSpecialTokens: [],
      modelSpecialTokens: new Map(),
      modelMaxLength: 10,
      paddingSide: 'right',
      truncationSide: 'right',
      modelInputNames: ['input_ids'],
      cleanUpTokenizationSpaces: false,
      splitSpecialTokens: false,
      padTokenTypeId: 0,
      chatTemplate: undefined,
      addBosToken: undefined,
      addEosToken: undefined
    });
    expect(derived.tokenize('hello')).toEqual(['HELLO']);
    expect([...derived('hello').input_ids.data]).toEqual([259n]);
  });

  it('returns only what the model takes when spread', async () => {
    const tokenizer = await smallTokenizer();
    expect(Object.keys({ ...tokenizer('hello') })).toEqual(['input_ids', 'attention_mask']);
  });

  it('refuses rows of different length and says what to do', async () => {
    const tokenizer = await smallTokenizer();
    expect(() => tokenizer(['hello', 'hello world'])).toThrow(/all rows must have one length.*padding: true/s);
    expect(tokenizer(['hello', 'hello world'], { return_tensors: false }).input_ids).toEqual([[HELLO], [HELLO, WORLD]]);
  });

  it('pads only with a pad token, in the words Python has', async () => {
    const tokenizer = await smallTokenizer();
    expect(() => tokenizer(['hello'], { padding: true })).toThrow(
      /Asking to pad but the tokenizer does not have a padding token/
    );
    tokenizer.pad_token = tokenizer.eos_token;
    tokenizer.padding_side = 'left';
    const { input_ids, attention_mask } = tokenizer(['hello', 'hello world'], { padding: true });
    expect([[...input_ids.data], [...attention_mask.data]]).toEqual([
      [265n, 259n, 259n, 264n],
      [0n, 1n, 1n, 1n]
    ]);
  });

  it('refuses options it does not know and texts that are none', async () => {
    const tokenizer = await smallTokenizer();
    expect(() => tokenizer('hello', { paddding: true } as object)).toThrow(/"paddding"/);
    expect(() => tokenizer(5 as unknown as string)).toThrow(TypeError);
    expect(() => tokenizer(['a', null as unknown as string])).toThrow(/text 1/);
    expect(() => tokenizer('a', { text_pair: ['b'] })).toThrow(TypeError);
    expect(() => tokenizer('a', { padding: 'widest' as 'longest' })).toThrow(RangeError);
  });

  it('refuses a lone surrogate and says where it is', async () => {
    const tokenizer = await smallTokenizer();
    expect(() => tokenizer('ab\ud800c')).toThrow(/lone surrogate is at index 2/);
    expect(tokenizer.decode(tokenizer.encode('ab😀'))).toBe('ab😀');
  });

  it('warns once, in the words of Python, about a text longer than the model takes', async () => {
    const tokenizer = await smallTokenizer({ model_max_length: 3 });
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    tokenizer('abcd');
    tokenizer('abcde');
    tokenizer('abcd', { truncation: true });
    expect(warn.mock.calls.map(call => String(call[0]))).toEqual([expect.stringMatching(/\(4 > 3\)/)]);
    warn.mockRestore();
  });

  it('shows itself as Python does, also in a notebook', async () => {
    const tokenizer = await smallTokenizer();
    expect(String(tokenizer)).toMatch(/^TokenizersBackend\(name_or_path="", vocab_size=265/);
    const display = tokenizer as unknown as Record<symbol, () => Record<string, string>>;
    expect(display[Symbol.for('Jupyter.display')]!()['text/plain']).toBe(String(tokenizer));
    const inputs = tokenizer('hello');
    expect(inputs.to('cuda')).toBe(inputs);
  });

  it('finds places in code points, also of text beyond the basic plane', async () => {
    const tokenizer = await smallTokenizer();
    const encoding = tokenizer('😀 world', { return_offsets_mapping: true });
    expect(encoding.offset_mapping!.dims).toEqual([1, 5, 2]);
    expect([...encoding.offset_mapping!.data].map(Number)).toEqual([0, 1, 0, 1, 0, 1, 0, 1, 1, 7]);
    expect(encoding.char_to_token(0, 3)).toBe(4);
    expect(encoding.token_to_chars(0, 4)).toEqual([1, 7]);
  });
});

describe('encode() and decode()', () => {
  it('decode() takes ids as numbers, bigints, tensors and batches', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.decode([HELLO, WORLD])).toBe('hello world');
    expect(tokenizer.decode([259n, 264n])).toBe('hello world');
    expect(tokenizer.decode(HELLO)).toBe('hello');
    expect(tokenizer.decode(new BigInt64Array([259n, 264n]))).toBe('hello world');
    expect(tokenizer.decode([[HELLO], [WORLD]])).toEqual(['hello', ' world']);
    expect(tokenizer.batch_decode(tokenizer('hello').input_ids)).toEqual(['hello']);
    expect(tokenizer.decode([])).toBe('');
  });

  it('decode() leaves special tokens out on request and refuses what is no id', async () => {
    const tokenizer = await smallTokenizer();
    expect(tokenizer.decode([HELLO, END])).toBe('hello<|end|>');
    expect(tokenizer.decode([HELLO, END], { skip_special_tokens: true })).toBe('hello');
    expect(() => tokenizer.decode([-1])).toThrow(RangeError);
    expect(() => tokenizer.decode([1.5])).toThrow(RangeError);
    expect(() => tokenizer.decode([1], { skip_special: true } as object)).toThrow(TypeError);
  });

  it('decode() leaves byte-pair text alone even if told to clean it up, as Python does', async () => {
    const tokenizer = await smallTokenizer({ clean_up_tokenization_spaces: true });
    expect(tokenizer.decode(tokenizer.encode('a , b .'))).toBe('a , b .');
  });

  it('encode() counts special tokens into max_length', async () => {
    const tokenizer = await smallTokenizer(
      {},
      {
        post_processor: {
          type: 'TemplateProcessing',
          single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '<|end|>', type_id: 0 } }],
          pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 0 } }],
          special_tokens: { '<|end|>': { id: '<|end|>', ids: [END], tokens: ['<|end|>'] } }
        }
      }
    );
    expect(tokenizer.encode('hello world')).toEqual([HELLO, WORLD, END]);
    expect(tokenizer.encode('hello world', { max_length: 2 })).toEqual([HELLO, END]);
    expect(tokenizer.encode('hello world', { add_special_tokens: false })).toEqual([HELLO, WORLD]);
    expect(tokenizer.num_special_tokens_to_add()).toBe(1);
  });

  it('decode_stream() holds back incomplete characters and gives the same text in all', async () => {
    const tokenizer = await smallTokenizer();
    const text = 'hello 😀 wörld 你好';
    const stream = tokenizer.decode_stream();
    const parts = tokenizer.encode(text).map(id => stream.push(id));
    expect(parts.join('') + stream.end()).toBe(text);
    expect(parts.every(part => !part.includes('\ufffd'))).toBe(true);
    expect(parts).toContain('😀');
  });

  it('token_strings() shows which part of a character a token has', async () => {
    const tokenizer = await smallTokenizer();
    const ids = tokenizer.encode('é world<|end|>');
    expect(tokenizer.token_strings(ids)).toEqual(['é (1/2)', 'é (2/2)', ' world', '<|end|>']);
    expect(tokenizer.token_strings([0xf0])).toEqual(['\\xF0']);
    expect(tokenizer.token_strings([9999])).toEqual(['[9999]']);
  });

  it('pad() pads rows made elsewhere', async () => {
    const tokenizer = await smallTokenizer({ pad_token: '<|end|>' });
    const padded = tokenizer.pad({ input_ids: [[1], [2, 3]] }, { return_tensors: false, pad_to_multiple_of: 4 });
    expect(padded.input_ids).toEqual([
      [1, END, END, END],
      [2, 3, END, END]
    ]);
    expect(padded.attention_mask).toEqual([
      [1, 0, 0, 0],
      [1, 1, 0, 0]
    ]);
    expect(() => tokenizer.pad({ attention_mask: [[1]] })).toThrow(/input_ids/);
  });
});

describe('apply_chat_template()', () => {
  const template =
    '{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}';
  const messages = [{ role: 'user', content: 'hello' }];

  it('encodes by default and returns all inputs', async () => {
    const tokenizer = await smallTokenizer({ chat_template: template });
    const inputs = tokenizer.apply_chat_template(messages, { add_generation_prompt: true });
    expect(tokenizer.batch_decode(inputs.input_ids)).toEqual(['[user]hello[assistant]']);
    expect(inputs.attention_mask.dims).toEqual(inputs.input_ids.dims);
    expect(tokenizer.apply_chat_template(messages, { return_dict: false })).toBeInstanceOf(Tensor);
    expect(tokenizer.apply_chat_template(messages, { tokenize: false })).toBe('[user]hello');
  });

  it('renders several conversations', async () => {
    const tokenizer = await smallTokenizer({ chat_template: template });
    expect(tokenizer.apply_chat_template([messages, messages], { tokenize: false })).toEqual([
      '[user]hello',
      '[user]hello'
    ]);
  });

  it('gives further options and special tokens to the template', async () => {
    const tokenizer = await smallTokenizer({ chat_template: '{{ eos_token }}{{ mood }}' });
    expect(tokenizer.apply_chat_template(messages, { tokenize: false, mood: 'good' })).toBe('<|end|>good');
  });

  it('takes the template for tools when there are tools', async () => {
    const tokenizer = await smallTokenizer({
      chat_template: [
        { name: 'default', template: 'plain' },
        { name: 'tool_use', template: 'tools' }
      ]
    });
    expect(tokenizer.apply_chat_template(messages, { tokenize: false })).toBe('plain');
    expect(tokenizer.apply_chat_template(messages, { tokenize: false, tools: [{}] })).toBe('tools');
    expect(tokenizer.apply_chat_template(messages, { tokenize: false, chat_template: 'tool_use' })).toBe('tools');
  });

  it('says what is missing', async () => {
    const tokenizer = await smallTokenizer();
    expect(() => tokenizer.apply_chat_template(messages)).toThrow(/tokenizer.chat_template is not set/);
    expect(() => tokenizer.apply_chat_template([], { chat_template: 'x' })).toThrow(/empty conversation/);
    expect(() =>
      tokenizer.apply_chat_template(messages, {
        chat_template: 'x',
        add_generation_prompt: true,
        continue_final_message: true
      })
    ).toThrow(/not compatible/);
    expect(() =>
      tokenizer.apply_chat_template(messages, { chat_template: 'x', return_assistant_tokens_mask: true })
    ).toThrow(/return_assistant_tokens_mask/);
  });
});
