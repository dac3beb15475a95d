/**
 * Tokenizers from a GGUF file's metadata, built as Python builds them from `gguf_file`.
 *
 * @see transformers/integrations/gguf/gguf_tokenizer_mapping.py
 */
import { asArray, asId, asString, booleanField, brief, get, stringField } from '../json';
import type { JsonObject } from '../json';
import { encodeBytes, encodeUtf8, isByteLevel } from '../text/byte-level';
import { GPT4O_SPLIT, LLAMA3_SPLIT, QWEN2_SPLIT, QWEN35_SPLIT, TEKKEN_SPLIT } from '../text/split-expressions';
import { generateMerges } from './merges';

/** A pipeline and the settings that come with it, in the shapes of tokenizer.json and tokenizer_config.json. */
export interface TokenizerSource {
  readonly spec: JsonObject;
  readonly config: JsonObject;
}

/** Split expressions by `tokenizer.ggml.pre`; others keep the GPT-2 one, as in Python. */
const SPLITS: ReadonlyMap<string, string> = new Map([
  ...[
    'llama3',
    'llama-v3',
    'llama-bpe',
    'falcon3',
    'falcon-h1',
    'pixtral',
    'midm-2.0',
    'lfm2',
    'jina-v5-nano',
    'dbrx',
    'smaug-bpe'
  ].map(name => [name, LLAMA3_SPLIT] as const),
  ['tekken', TEKKEN_SPLIT],
  ...['qwen2', 'deepseek-r1-qwen', 'kormo', 'f2llmv2', 'megrez'].map(name => [name, QWEN2_SPLIT] as const),
  ['qwen35', QWEN35_SPLIT],
  ...['gpt-4o', 'llama4', 'kanana2', 'talkie', 'minimax-m2'].map(name => [name, GPT4O_SPLIT] as const)
]);

const CONTROL = 3;
const USER_DEFINED = 4;

/**
 * Builds the tokenizer a GGUF file describes.
 *
 * @param metadata The file's key–value pairs; arrays as arrays (typed arrays included), integers as number or bigint.
 * @throws {SyntaxError} If a key is missing or does not fit, or the tokenizer type is unknown.
 */
export function tokenizerFromGguf(metadata: JsonObject): TokenizerSource {
  const type = asString(get(metadata, 'tokenizer.ggml.model'), 'tokenizer.ggml.model');
  const architecture = stringField(metadata, 'general.architecture', 'metadata', '');
  const tokens = strings(metadata, 'tokenizer.ggml.tokens');
  if (!tokens) {
    throw new SyntaxError(
      'Cannot read the tokenizer as the GGUF file must have "tokenizer.ggml.tokens": it is missing'
    );
  }
  const built = build(type, architecture, tokens, metadata);
  return {
    spec: { ...built, added_tokens: addedTokens(built.gemma === true ? 'gemma4' : type, built.names, metadata) },
    config: readConfig(type, tokens, metadata)
  };
}

interface Built extends JsonObject {
  readonly names: readonly string[];
  /** Whether it is built as Gemma's class builds it. */
  readonly gemma?: boolean;
}

const DEFAULT_TOKENS: Readonly<Record<string, readonly string[]>> = {
  gpt2: ['<|endoftext|>'],
  llama: ['<s>', '</s>', '<unk>'],
  gemma4: ['<bos>', '<eos>', '<unk>', '<pad>', '<mask>'],
  t5: ['</s>', '<unk>', '<pad>', ...Array.from({ length: 100 }, (_, i) => `<extra_id_${i}>`)]
};

function build(type: string, architecture: string, tokens: readonly string[], metadata: JsonObject): Built {
  switch (type) {
    case 'gpt2':
      return byteLevel(tokens, metadata);
    case 'llama':
      if (/^gemma[23]?$/.test(architecture)) {
        return gemma(tokens, metadata);
      }
      return architecture === 'phi3' ? phi3(tokens, metadata) : llama(tokens, metadata);
    case 'gemma4':
      return gemma(tokens, metadata, false);
    case 't5':
      return unigram(tokens, metadata);
    case 'bert':
      return wordPiece(tokens, metadata);
    default:
      throw new SyntaxError(
        'Cannot read tokenizer.ggml.model as it must be one of gpt2, llama, gemma4, t5, bert: ' +
          `current value is ${brief(type)}`
      );
  }
}

function byteLevel(tokens: readonly string[], metadata: JsonObject): Built {
  // A token outside the byte alphabet is one that a converter decoded; it is spelt back.
  const names = tokens.map(token => (isByteLevel(token) ? token : encodeBytes(encodeUtf8(token))));
  const split = SPLITS.get(stringField(metadata, 'tokenizer.ggml.pre', 'metadata', ''));
  return {
    names,
    normalizer: null,
    pre_tokenizer: split
      ? {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: split }, behavior: 'Isolated', invert: false },
            { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
          ]
        }
      : { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
    decoder: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: vocabOf(names), merges: merges(names, metadata) }
  };
}

function llama(tokens: readonly string[], metadata: JsonObject): Built {
  return {
    names: tokens,
    normalizer: null,
    // Python's GGUF builder makes a LlamaTokenizer with its defaults, whatever add_space_prefix says.
    pre_tokenizer: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'first', split: false },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        { type: 'Strip', content: ' ', start: 1, stop: 0 }
      ]
    },
    model: {
      type: 'BPE',
      vocab: vocabOf(tokens),
      merges: merges(tokens, metadata),
      fuse_unk: true,
      byte_fallback: true
    }
  };
}

function phi3(tokens: readonly string[], metadata: JsonObject): Built {
  return {
    ...llama(tokens, metadata),
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '\u2581' },
        { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' }
      ]
    },
    pre_tokenizer: null
  };
}

/** Gemma files spell runs of spaces as spaces, and their order, not their scores, is the order of merges. */
function gemma(tokens: readonly string[], metadata: JsonObject, byPosition = true): Built {
  const names = byPosition
    ? tokens.map(token => (token.includes(' ') && token.trim() === '' ? '\u2581'.repeat([...token].length) : token))
    : tokens;
  const positions = byPosition ? new Map(names.map((token, id) => [token, -id])) : undefined;
  return {
    names,
    gemma: true,
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' }
      ]
    },
    model: {
      type: 'BPE',
      vocab: vocabOf(names),
      merges: merges(names, metadata, positions),
      fuse_unk: true,
      byte_fallback: true,
      unk_token: '<unk>'
    }
  };
}

function unigram(tokens: readonly string[], metadata: JsonObject): Built {
  const names = [...tokens];
  const scores = numbers(metadata, 'tokenizer.ggml.scores', tokens.length);
  // T5 files call the first hundred sentinels [PAD32000]…; in text they are <extra_id_99> … <extra_id_0>.
  const blanks = names.flatMap((token, id) => (/^\[PAD\d+\]$/.test(token) ? [id] : []));
  blanks.slice(0, 100).forEach((id, i) => (names[id] = `<extra_id_${99 - i}>`));
  return {
    names,
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'WhitespaceSplit' },
        { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always', split: true }
      ]
    },
    decoder: { type: 'Metaspace', replacement: '\u2581', prepend_scheme: 'always' },
    post_processor: endWith('</s>', names),
    model: {
      type: 'Unigram',
      vocab: names.map((token, id) => [token, scores[id]!]),
      unk_id: Math.min(2, names.length - 1)
    }
  };
}

/** llama.cpp's BERT vocabulary: words start with ▁, continuations are bare. Python cannot read these. */
function wordPiece(tokens: readonly string[], metadata: JsonObject): Built {
  const types = numbers(metadata, 'tokenizer.ggml.token_type', tokens.length, 1);
  const names = tokens.map((token, id) =>
    types[id] === CONTROL || /^\[.*\]$/.test(token) ? token : token.startsWith('\u2581') ? token.slice(1) : `##${token}`
  );
  const idOf = (key: string, fallback: string): [string, number] => {
    const id = get(metadata, `tokenizer.ggml.${key}`);
    const index = id === undefined ? names.indexOf(fallback) : asId(id, `tokenizer.ggml.${key}`);
    return [names[index] ?? fallback, Math.max(0, index)];
  };
  return {
    names,
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    post_processor: {
      type: 'BertProcessing',
      cls: idOf('cls_token_id', '[CLS]'),
      sep: idOf('seperator_token_id', '[SEP]')
    },
    model: { type: 'WordPiece', vocab: vocabOf(names), unk_token: '[UNK]' }
  };
}

function endWith(token: string, names: readonly string[]): unknown {
  const id = names.indexOf(token);
  if (id < 0) {
    return null;
  }
  const end = { SpecialToken: { id: token, type_id: 0 } };
  const a = { Sequence: { id: 'A', type_id: 0 } };
  const b = { Sequence: { id: 'B', type_id: 0 } };
  return {
    type: 'TemplateProcessing',
    single: [a, end],
    pair: [a, end, b, end],
    special_tokens: { [token]: { id: token, ids: [id], tokens: [token] } }
  };
}

/** Control tokens are special; user-defined ones are matched whole but not special. */
function addedTokens(type: string, names: readonly string[], metadata: JsonObject): unknown[] {
  const types = numbers(metadata, 'tokenizer.ggml.token_type', 0);
  const known = new Set(names);
  const original = strings(metadata, 'tokenizer.ggml.tokens')!;
  // Python builds a class around the vocabulary; its default special tokens are added even if the file has none.
  const defaults = (DEFAULT_TOKENS[type] ?? []).map(content => ({ id: 0, content, normalized: false, special: true }));
  const added = (wanted: number, special: boolean, usable: (token: string) => boolean): unknown[] =>
    original.flatMap((token, id) =>
      types[id] === wanted && usable(token) ? [{ id, content: token, normalized: false, special }] : []
    );
  return [
    ...defaults,
    // In a byte-level vocabulary a control token outside the byte alphabet is a mislabelled one.
    ...added(CONTROL, true, token => type !== 'gpt2' || isByteLevel(token)),
    ...added(USER_DEFINED, false, token => known.has(token))
  ];
}

function readConfig(type: string, tokens: readonly string[], metadata: JsonObject): JsonObject {
  const config: Record<string, unknown> = { tokenizer_class: undefined };
  for (const [name, key] of [
    ['bos_token', 'bos_token_id'],
    ['eos_token', 'eos_token_id'],
    ['unk_token', 'unknown_token_id'],
    ['pad_token', 'padding_token_id']
  ] as const) {
    const id = get(metadata, `tokenizer.ggml.${key}`);
    config[name] = id === undefined ? null : (tokens[asId(id, `tokenizer.ggml.${key}`)] ?? null);
  }
  if (type === 'bert') {
    for (const [name, key, fallback] of [
      ['cls_token', 'cls_token_id', '[CLS]'],
      ['sep_token', 'seperator_token_id', '[SEP]'],
      ['mask_token', 'mask_token_id', '[MASK]'],
      ['unk_token', 'unknown_token_id', '[UNK]'],
      ['pad_token', 'padding_token_id', '[PAD]']
    ] as const) {
      const id = get(metadata, `tokenizer.ggml.${key}`);
      const token = id === undefined ? fallback : tokens[asId(id, `tokenizer.ggml.${key}`)];
      config[name] = token !== undefined && tokens.includes(token) ? token : null;
    }
    config.bos_token = config.eos_token = null;
    config.model_input_names = ['input_ids', 'token_type_ids', 'attention_mask'];
    return config;
  }
  config.chat_template = get(metadata, 'tokenizer.chat_template') ?? null;
  // llama.cpp puts BOS before a SentencePiece vocabulary that does not say otherwise.
  const addBos = booleanField(
    metadata,
    'tokenizer.ggml.add_bos_token',
    'metadata',
    type === 'llama' ? true : undefined
  );
  config.add_bos_token = type === 'gemma4' ? false : addBos;
  config.add_eos_token = booleanField(metadata, 'tokenizer.ggml.add_eos_token', 'metadata', undefined);
  return config;
}

function merges(
  names: readonly string[],
  metadata: JsonObject,
  scores?: ReadonlyMap<string, number>
): readonly (readonly [string, string] | string)[] {
  const listed = strings(metadata, 'tokenizer.ggml.merges');
  if (listed) {
    return listed;
  }
  const given = scores ?? new Map(zip(names, numbers(metadata, 'tokenizer.ggml.scores', names.length)));
  return generateMerges(vocabOf(names), given);
}

function zip(names: readonly string[], values: ArrayLike<number>): [string, number][] {
  return names.map((name, i) => [name, values[i]!]);
}

function vocabOf(names: readonly string[]): Map<string, number> {
  return new Map(names.map((token, id) => [token, id]));
}

function strings(metadata: JsonObject, key: string): readonly string[] | undefined {
  const value = get(metadata, key);
  return value === undefined ? undefined : asArray(value, key).map((item, i) => asString(item, `${key}[${i}]`));
}

/** A numeric array of at least `length`; when absent, zeros (or `fallback`), except that scores must be there. */
function numbers(metadata: JsonObject, key: string, length: number, fallback?: number): ArrayLike<number> {
  const value = get(metadata, key);
  if (value === undefined && (length === 0 || fallback !== undefined)) {
    return new Array<number>(length).fill(fallback ?? 0);
  }
  const list: unknown = ArrayBuffer.isView(value) ? Array.from(value as unknown as ArrayLike<number>) : value;
  const result = asArray(list, key).map(Number);
  if (result.length < length || result.some(Number.isNaN)) {
    throw new SyntaxError(`Cannot read ${key} as it must hold ${length} numbers: it has ${result.length}`);
  }
  return result;
}
