/**
 * 10,000 seeded mutations of each tokenizer file and of chat templates. Whatever a file says, loading it and using it
 * must end in a value or in a typed error that says what cannot be done, soon, and touch nothing outside.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderChat } from '../../kernel/tokenizer/chat-template';
import { loadTokenizer } from '../../kernel/tokenizer/load';
import type { TokenizerFiles } from '../../kernel/tokenizer/load';
import { mutated, seeded } from './mutate';

const fixtures = join(__dirname, '../parity/tokenizers');
const mutations = 10_000;
const texts = ['Hello wörld 12', '<s>a</s> \n'];
const encoder = new TextEncoder();

/** A small tokenizer.json with every kind of part that takes parameters. */
function smallJson(model: object, parts: object): Uint8Array {
  return encoder.encode(
    JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [
        { id: 0, content: '<s>', single_word: false, lstrip: true, rstrip: false, normalized: false, special: true },
        { id: 90, content: 'wör', single_word: true, lstrip: false, rstrip: true, normalized: true, special: false }
      ],
      ...parts,
      model
    })
  );
}

const letters = [...'abcdehlortwöH Ġ12▁'];
const bpe = {
  type: 'BPE',
  unk_token: '<unk>',
  continuing_subword_prefix: '',
  end_of_word_suffix: '',
  fuse_unk: true,
  byte_fallback: true,
  vocab: Object.fromEntries(
    ['<s>', '<unk>', '<0x0A>', ...letters, 'll', 'lo', 'llo', 'He'].map((token, id) => [token, id])
  ),
  merges: ['l l', 'l o', 'll o', ['H', 'e']]
};
const jsons: [string, Uint8Array][] = [
  [
    'BPE',
    smallJson(bpe, {
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'NFC' },
          { type: 'Replace', pattern: { Regex: ' {2,}' }, content: ' ' },
          { type: 'Prepend', prepend: '▁' }
        ]
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          {
            type: 'Split',
            pattern: { Regex: "(?i:'s|'t)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|\\s+(?!\\S)|\\s+" },
            behavior: 'Isolated',
            invert: false
          },
          { type: 'Digits', individual_digits: true },
          { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true }
        ]
      },
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
        special_tokens: { '<s>': { id: '<s>', ids: [0], tokens: ['<s>'] } }
      },
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
          { type: 'ByteFallback' },
          { type: 'Fuse' },
          { type: 'Strip', content: ' ', start: 1, stop: 0 }
        ]
      }
    })
  ],
  [
    'Unigram',
    smallJson(
      {
        type: 'Unigram',
        unk_id: 1,
        byte_fallback: false,
        vocab: ['<s>', '<unk>', ...letters, 'ello', 'wö'].map((token, i) => [token, -i / 2])
      },
      {
        normalizer: {
          type: 'Sequence',
          normalizers: [
            { type: 'Nmt' },
            { type: 'NFKD' },
            { type: 'StripAccents' },
            { type: 'Lowercase' },
            { type: 'Strip', strip_left: true, strip_right: true }
          ]
        },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Punctuation', behavior: 'Contiguous' }]
        },
        post_processor: {
          type: 'RobertaProcessing',
          sep: ['<s>', 0],
          cls: ['<s>', 0],
          trim_offsets: true,
          add_prefix_space: true
        },
        decoder: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always' }
      }
    )
  ],
  [
    'WordPiece',
    smallJson(
      {
        type: 'WordPiece',
        unk_token: '<unk>',
        continuing_subword_prefix: '##',
        max_input_chars_per_word: 100,
        vocab: { '<s>': 0, '<unk>': 1, hello: 2, '##o': 3, w: 4, '##orld': 5 }
      },
      {
        normalizer: {
          type: 'BertNormalizer',
          clean_text: true,
          handle_chinese_chars: true,
          strip_accents: null,
          lowercase: true
        },
        pre_tokenizer: { type: 'BertPreTokenizer' },
        post_processor: { type: 'BertProcessing', sep: ['<s>', 0], cls: ['<s>', 0] },
        decoder: { type: 'WordPiece', prefix: '##', cleanup: true }
      }
    )
  ]
];

/** Values that do not belong where they are put. */
const odd: readonly string[] = [
  'null',
  'true',
  '-1',
  '0',
  '1.5',
  '1e308',
  '4294967296',
  '9007199254740993',
  '""',
  '" "',
  '"__proto__"',
  '"constructor"',
  '"a"',
  '"\\ud800"',
  '"(a+)+$"',
  '"(?:a|a)*b"',
  '"[\\\\s\\\\S"',
  '"\\\\"',
  '"(?<=a{1,"',
  '[]',
  '{}',
  '[[]]',
  '{"__proto__":{"polluted":1}}',
  '{"String":""}',
  '{"Regex":"(x*)*y"}',
  '{"Regex":""}',
  '{"type":"Sequence"}',
  '{"type":"ByteLevel"}',
  '{"type":"Metaspace","replacement":"ab"}',
  '{"type":"NFC"}'
];

/** JSON damaged in its structure: a value replaced, taken out or put elsewhere; the text stays JSON. */
function mutatedJson(bytes: Uint8Array, random: () => number): Uint8Array {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const root: unknown = JSON.parse(new TextDecoder().decode(bytes));
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) {
    const places: [Record<string, unknown>, string][] = [];
    const walk = (value: unknown): void => {
      if (typeof value === 'object' && value !== null) {
        for (const key of Object.keys(value)) {
          places.push([value as Record<string, unknown>, key]);
          walk((value as Record<string, unknown>)[key]);
        }
      }
    };
    walk(root);
    if (places.length === 0) {
      break;
    }
    const [owner, key] = pick(places);
    const kind = random();
    if (kind < 0.6) {
      owner[key] = JSON.parse(pick(odd));
    } else if (kind < 0.75) {
      delete owner[key];
    } else if (kind < 0.9) {
      const [from, name] = pick(places);
      owner[key] = JSON.parse(JSON.stringify(from[name] ?? null));
    } else {
      Object.defineProperty(owner, pick(['__proto__', 'constructor', 'type', 'toString', '']), {
        value: JSON.parse(pick(odd)),
        enumerable: true,
        configurable: true,
        writable: true
      });
    }
  }
  return encoder.encode(JSON.stringify(root));
}

/** Loads and uses a tokenizer; returns what is wrong with how it failed, if anything. */
async function tryFiles(
  files: Record<string, Uint8Array>,
  extra: Partial<TokenizerFiles> = {}
): Promise<string | undefined> {
  const started = performance.now();
  try {
    const tokenizer = await loadTokenizer({ read: async name => files[name], ...extra });
    for (const text of texts) {
      const encoding = tokenizer(text, { return_offsets_mapping: true, return_tensors: false });
      const ids = (encoding.input_ids as unknown as number[][])[0]!;
      tokenizer.decode(ids, { skip_special_tokens: true });
      tokenizer.token_strings(ids);
      if (ids.length > 1000) {
        return `${ids.length} tokens of ${JSON.stringify(text)}`;
      }
    }
    String(tokenizer);
  } catch (error) {
    const typed = error instanceof SyntaxError || error instanceof RangeError;
    if (!typed || !/^Cannot /.test(error.message)) {
      return `untyped: ${error instanceof Error ? (error.stack ?? '').slice(0, 400) : String(error)}`;
    }
  }
  const took = performance.now() - started;
  return took > 2000 ? `took ${took} ms` : undefined;
}

const pollution = ['polluted', 'isAdmin', 'constructor2'];
beforeAll(() => {
  jest.spyOn(console, 'warn').mockImplementation(() => undefined); // of texts longer than a damaged limit
});
afterAll(() => jest.restoreAllMocks());
afterEach(() => {
  for (const name of pollution) {
    expect(({} as Record<string, unknown>)[name]).toBeUndefined();
  }
});

async function fuzz(
  seed: number,
  source: Uint8Array,
  count: number,
  attempt: (bytes: Uint8Array) => Promise<string | undefined>,
  isJson = false
): Promise<void> {
  const random = seeded(seed);
  const faults: unknown[] = [];
  for (let i = 0; i < count && faults.length < 5; i++) {
    // Of JSON files most damage keeps them JSON: the parser would catch the rest.
    const bytes = isJson && random() < 0.8 ? mutatedJson(source, random) : mutated(source, source.length, random);
    const fault = await attempt(bytes);
    if (fault) {
      faults.push({ i, fault, file: new TextDecoder().decode(bytes).slice(0, 2000) });
    }
  }
  expect(faults).toEqual([]);
}

describe('mutated tokenizer files', () => {
  it.each(jsons)('loadTokenizer() survives damage to a tokenizer.json with a %s model', async (_name, source) => {
    await fuzz(11, source, Math.ceil(mutations / jsons.length), bytes => tryFiles({ 'tokenizer.json': bytes }), true);
  });

  it('loadTokenizer() survives damage to a tokenizer_config.json', async () => {
    const config = encoder.encode(
      JSON.stringify({
        tokenizer_class: 'LlamaTokenizer',
        bos_token: {
          __type: 'AddedToken',
          content: '<s>',
          lstrip: false,
          normalized: false,
          rstrip: false,
          single_word: false
        },
        eos_token: '</s>',
        added_tokens_decoder: {
          0: { content: '<s>', lstrip: false, normalized: false, rstrip: false, single_word: false, special: true }
        },
        additional_special_tokens: ['<a>', { content: '<b>' }],
        model_max_length: 512,
        padding_side: 'left',
        add_prefix_space: true,
        chat_template: [{ name: 'default', template: '{{ messages[0].content }}' }],
        clean_up_tokenization_spaces: false
      })
    );
    await fuzz(
      12,
      config,
      mutations,
      bytes => tryFiles({ 'tokenizer.json': jsons[0]![1], 'tokenizer_config.json': bytes }),
      true
    );
  });

  it.each(['llama', 't5'])('loadTokenizer() survives damage to the SentencePiece model of %s', async name => {
    const file = name === 't5' ? 'spiece.model' : 'tokenizer.model';
    const whole = new Uint8Array(readFileSync(join(fixtures, 'fixtures', name, file)));
    // A piece takes about 16 bytes. The first 100 and the specifications at the end keep a run short.
    const source = name === 't5' ? whole : shortenModel(whole);
    const count = name === 't5' ? mutations / 50 : mutations;
    const config = encoder.encode(
      JSON.stringify({ tokenizer_class: name === 't5' ? 'T5Tokenizer' : 'LlamaTokenizer' })
    );
    await fuzz(13, source, count, bytes => tryFiles({ [file]: bytes, 'tokenizer_config.json': config }));
  });

  it('loadTokenizer() survives damage to merges.txt', async () => {
    const vocab = encoder.encode(JSON.stringify(bpe.vocab));
    const merges = encoder.encode('#version: 0.2\nl l\nl o\nll o\nH e\n');
    await fuzz(14, merges, mutations, bytes => tryFiles({ 'vocab.json': vocab, 'merges.txt': bytes }));
  });

  it('loadTokenizer() survives damage to a vocab.json and a vocab.txt', async () => {
    const vocab = encoder.encode(JSON.stringify(bpe.vocab));
    const merges = encoder.encode('#version: 0.2\nl l\nl o\nll o\nH e\n');
    await fuzz(15, vocab, mutations / 2, bytes => tryFiles({ 'vocab.json': bytes, 'merges.txt': merges }), true);
    const text = encoder.encode('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\n##o\nw\n##orld\n1\n##2\n');
    await fuzz(16, text, mutations / 2, bytes => tryFiles({ 'vocab.txt': bytes }));
  });

  it('loadTokenizer() survives damage to a *.tiktoken file', async () => {
    const whole = readFileSync(join(fixtures, 'fixtures/qwen/qwen.tiktoken'), 'utf8').split('\n');
    const source = encoder.encode(`${whole.slice(0, 300).join('\n')}\n`);
    await fuzz(17, source, mutations, bytes => tryFiles({ 'qwen.tiktoken': bytes }));
  });

  it('loadTokenizer() survives damage to GGUF metadata', async () => {
    const whole = JSON.parse(readFileSync(join(fixtures, 'fixtures/gguf-bpe/metadata.json'), 'utf8')) as Record<
      string,
      unknown[]
    >;
    const cut = Object.fromEntries(
      Object.entries(whole).map(([key, value]) => [
        key,
        Array.isArray(value) ? value.slice(0, key.endsWith('merges') ? 3 : 300) : value
      ])
    );
    const source = encoder.encode(JSON.stringify(cut));
    await fuzz(
      18,
      source,
      mutations,
      async bytes => {
        let metadata: unknown;
        try {
          metadata = JSON.parse(new TextDecoder().decode(bytes));
        } catch {
          return undefined; // the GGUF reader would not have given that
        }
        return typeof metadata === 'object' && metadata !== null
          ? tryFiles({}, { gguf: { metadata: metadata as Record<string, unknown> } })
          : undefined;
      },
      true
    );
  });
});

/** A SentencePiece model with its first pieces only: fields 1 are cut, the others stay. */
function shortenModel(bytes: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let pieces = 0;
  for (let at = 0; at < bytes.length;) {
    const start = at;
    const field = bytes[at++]! >> 3;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      length |= (byte & 127) << shift;
      if (byte < 128) {
        break;
      }
    }
    at += length;
    if (field !== 1 || pieces++ < 100) {
      parts.push(bytes.subarray(start, at));
    }
  }
  return Uint8Array.from(parts.flatMap(part => [...part]));
}

describe('mutated chat templates', () => {
  const names = ['qwen2.5', 'llama-3.1', 'mistral', 'gemma-3', 'qwen3', 'zephyr'];
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'Hello' },
    {
      role: 'assistant',
      content: 'Hi',
      tool_calls: [{ id: 'call00001', function: { name: 'f', arguments: { a: 1 } } }]
    }
  ];

  it.each(names)('renderChat() survives damage to the template of %s', async name => {
    const source = new Uint8Array(readFileSync(join(fixtures, 'templates', `${name}.jinja`)));
    await fuzz(19, source, Math.ceil(mutations / names.length), async bytes => {
      const started = performance.now();
      try {
        renderChat(new TextDecoder().decode(bytes), messages, {
          tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
          add_generation_prompt: true,
          continue_final_message: false,
          variables: { bos_token: '<s>', eos_token: '</s>' }
        });
      } catch (error) {
        if (!(error instanceof Error) || !/^Cannot /.test(error.message)) {
          return `untyped: ${String(error)}`;
        }
      }
      return performance.now() - started > 2000 ? 'took more than 2 s' : undefined;
    });
  });
});
