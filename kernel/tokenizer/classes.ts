/**
 * Python's tokenizer classes, as data: what each builds around a vocabulary, whatever the tokenizer.json says. A file
 * written by some converter may hold another normaliser or pre-tokeniser; Python does not look at those for the classes
 * below, so neither do we.
 *
 * @see transformers/models/<name>/tokenization_<name>.py (5.23)
 */
import { get, booleanField } from './json';
import type { JsonObject } from './json';
import type { ClassDefaults, SpecialTokenName } from './settings';
import { CLIP_SPLIT, QWEN2_SPLIT, QWEN35_SPLIT } from './text/split-expressions';

/** What a class builds from. */
export interface ClassParts {
  /** `vocab` and `merges` as the source gives them. */
  readonly vocab: unknown;
  readonly merges: unknown;
  /** SentencePiece's compiled rules, if the source has them: base64 or bytes. */
  readonly charsmap: unknown;
  /** tokenizer_config.json. */
  readonly config: JsonObject;
  /** A special token's text: the configuration's, or the class's own. */
  token(name: SpecialTokenName): string;
}

/** Special tokens and their ids once all are added. */
export interface ClassTokens {
  token(name: SpecialTokenName): string;
  id(name: SpecialTokenName): number;
}

export interface TokenizerClass {
  readonly name: string;
  readonly model: 'BPE' | 'WordPiece' | 'Unigram';
  readonly defaults: ClassDefaults;
  /** Where the vocabulary is when there is no tokenizer.json. */
  readonly files: { readonly vocab: string; readonly merges?: string };
  /** Model, normaliser, pre-tokeniser and decoder. */
  build(parts: ClassParts): JsonObject;
  /** A post-processor the class insists on. */
  postProcessor?(tokens: ClassTokens, config: JsonObject): unknown;
  /** Whether special tokens are added again without their flags (lstrip, …), as the class does last. */
  readonly resetsSpecialTokens?: boolean;
}

const GPT2_TOKENS = { unk_token: '<|endoftext|>', bos_token: '<|endoftext|>', eos_token: '<|endoftext|>' } as const;
const VOCAB_AND_MERGES = { vocab: 'vocab.json', merges: 'merges.txt' } as const;

/** The end of word mark of CLIP. */
export const CLIP_END_OF_WORD = '</w>';

const SENTENCEPIECE_DECODERS = [
  { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
  { type: 'ByteFallback' },
  { type: 'Fuse' }
];

const gpt2: TokenizerClass = {
  name: 'GPT2Tokenizer',
  model: 'BPE',
  defaults: { specialTokens: GPT2_TOKENS },
  files: VOCAB_AND_MERGES,
  build: parts => ({
    model: { type: 'BPE', vocab: parts.vocab, merges: parts.merges },
    normalizer: null,
    pre_tokenizer: byteLevel(parts.config),
    decoder: { type: 'ByteLevel' }
  })
};

const gptNeox: TokenizerClass = {
  ...gpt2,
  name: 'GPTNeoXTokenizer',
  defaults: { specialTokens: { ...GPT2_TOKENS, pad_token: '<|padding|>' } },
  build: parts => ({ ...gpt2.build(parts), normalizer: { type: 'NFC' } }),
  // The class sets it anew from add_bos_token and add_eos_token, which a tokenizer.json makes Python forget.
  postProcessor: () => null
};

const qwen2: TokenizerClass = {
  ...gpt2,
  name: 'Qwen2Tokenizer',
  defaults: { specialTokens: { unk_token: '<|endoftext|>', eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' } },
  build: parts => ({
    ...gpt2.build(parts),
    normalizer: { type: 'NFC' },
    pre_tokenizer: splitBytes(QWEN2_SPLIT, parts.config)
  }),
  resetsSpecialTokens: true
};

const qwen35: TokenizerClass = {
  ...qwen2,
  name: 'Qwen3_5Tokenizer',
  build: parts => ({ ...qwen2.build(parts), pre_tokenizer: splitBytes(QWEN35_SPLIT, parts.config) }),
  resetsSpecialTokens: false
};

const roberta: TokenizerClass = {
  ...gpt2,
  name: 'RobertaTokenizer',
  defaults: {
    specialTokens: {
      bos_token: '<s>',
      eos_token: '</s>',
      sep_token: '</s>',
      cls_token: '<s>',
      unk_token: '<unk>',
      pad_token: '<pad>',
      mask_token: '<mask>'
    }
  },
  postProcessor: (tokens, config) => ({
    type: 'RobertaProcessing',
    sep: [tokens.token('sep_token'), tokens.id('sep_token')],
    cls: [tokens.token('cls_token'), tokens.id('cls_token')],
    trim_offsets: booleanField(config, 'trim_offsets', 'tokenizer_config.json', true),
    add_prefix_space: booleanField(config, 'add_prefix_space', 'tokenizer_config.json', false)
  })
};

const clip: TokenizerClass = {
  name: 'CLIPTokenizer',
  model: 'BPE',
  defaults: {
    specialTokens: {
      unk_token: '<|endoftext|>',
      bos_token: '<|startoftext|>',
      eos_token: '<|endoftext|>',
      pad_token: '<|endoftext|>'
    }
  },
  files: VOCAB_AND_MERGES,
  build: parts => ({
    model: {
      type: 'BPE',
      vocab: parts.vocab,
      merges: parts.merges,
      end_of_word_suffix: CLIP_END_OF_WORD,
      unk_token: parts.token('unk_token')
    },
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'NFC' },
        { type: 'Replace', pattern: { Regex: '\\s+' }, content: ' ' },
        { type: 'Lowercase' }
      ]
    },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: CLIP_SPLIT }, behavior: 'Removed', invert: true },
        { type: 'ByteLevel', add_prefix_space: false, use_regex: true }
      ]
    },
    decoder: { type: 'ByteLevel' }
  }),
  postProcessor: tokens => ({
    type: 'RobertaProcessing',
    sep: [tokens.token('eos_token'), tokens.id('eos_token')],
    cls: [tokens.token('bos_token'), tokens.id('bos_token')],
    trim_offsets: false,
    add_prefix_space: false
  })
};

const bert: TokenizerClass = {
  name: 'BertTokenizer',
  model: 'WordPiece',
  defaults: {
    specialTokens: {
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]'
    },
    modelInputNames: ['input_ids', 'token_type_ids', 'attention_mask']
  },
  files: { vocab: 'vocab.txt' },
  build: ({ vocab, config, token }) => ({
    model: { type: 'WordPiece', vocab, unk_token: token('unk_token') },
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: booleanField(config, 'tokenize_chinese_chars', 'tokenizer_config.json', true),
      strip_accents: booleanField(config, 'strip_accents', 'tokenizer_config.json', null),
      lowercase: booleanField(config, 'do_lower_case', 'tokenizer_config.json', true)
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true }
  }),
  postProcessor: tokens => {
    const [cls, sep] = [tokens.token('cls_token'), tokens.token('sep_token')];
    return template([cls, 'A', sep], [cls, 'A', sep, 'B:1', `${sep}:1`], {
      [cls]: tokens.id('cls_token'),
      [sep]: tokens.id('sep_token')
    });
  }
};

const distilbert: TokenizerClass = {
  ...bert,
  name: 'DistilBertTokenizer',
  defaults: { ...bert.defaults, modelInputNames: ['input_ids', 'attention_mask'] }
};

const llama: TokenizerClass = {
  name: 'LlamaTokenizer',
  model: 'BPE',
  defaults: { specialTokens: { unk_token: '<unk>', bos_token: '<s>', eos_token: '</s>' }, paddingSide: 'left' },
  files: { vocab: 'tokenizer.model' },
  build: ({ vocab, merges, config }) => {
    const prefixed = booleanField(config, 'add_prefix_space', 'tokenizer_config.json', true);
    // "legacy" puts the space before every text between special tokens, not only before the first.
    const legacy = booleanField(config, 'legacy', 'tokenizer_config.json', get(config, 'legacy') === null);
    return {
      model: { type: 'BPE', vocab, merges, fuse_unk: true, byte_fallback: true },
      normalizer: null,
      pre_tokenizer: {
        type: 'Metaspace',
        replacement: '\u2581',
        prepend_scheme: prefixed ? (legacy ? 'always' : 'first') : 'never',
        split: false
      },
      decoder: {
        type: 'Sequence',
        decoders: [...SENTENCEPIECE_DECODERS, ...(prefixed ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : [])]
      }
    };
  }
};

const gemma: TokenizerClass = {
  name: 'GemmaTokenizer',
  model: 'BPE',
  defaults: {
    specialTokens: {
      unk_token: '<unk>',
      bos_token: '<bos>',
      eos_token: '<eos>',
      pad_token: '<pad>',
      mask_token: '<mask>'
    },
    paddingSide: 'left'
  },
  files: { vocab: 'tokenizer.model' },
  build: ({ vocab, merges, token }) => ({
    model: { type: 'BPE', vocab, merges, fuse_unk: true, byte_fallback: true, unk_token: token('unk_token') },
    normalizer: { type: 'Replace', pattern: { String: ' ' }, content: '\u2581' },
    pre_tokenizer: { type: 'Split', pattern: { String: ' ' }, behavior: 'MergedWithPrevious', invert: false },
    decoder: { type: 'Sequence', decoders: SENTENCEPIECE_DECODERS }
  })
};

const t5: TokenizerClass = {
  name: 'T5Tokenizer',
  model: 'Unigram',
  defaults: {
    specialTokens: { eos_token: '</s>', unk_token: '<unk>', pad_token: '<pad>' },
    extraSpecialTokens: Array.from({ length: 100 }, (_, i) => `<extra_id_${i}>`)
  },
  files: { vocab: 'spiece.model' },
  build: ({ vocab, charsmap }) => ({
    model: { type: 'Unigram', vocab, unk_id: 2, byte_fallback: false },
    normalizer: charsmap ? { type: 'Precompiled', precompiled_charsmap: charsmap } : null,
    ...words('always')
  }),
  postProcessor: tokens => template(['A', '</s>'], ['A', '</s>', 'B', '</s>'], { '</s>': tokens.id('eos_token') })
};

const xlmRoberta: TokenizerClass = {
  name: 'XLMRobertaTokenizer',
  model: 'Unigram',
  defaults: roberta.defaults,
  files: { vocab: 'sentencepiece.bpe.model' },
  build: ({ vocab, charsmap, config }) => ({
    model: { type: 'Unigram', vocab, unk_id: 3, byte_fallback: false },
    normalizer: charsmap ? { type: 'Precompiled', precompiled_charsmap: charsmap } : null,
    ...words(booleanField(config, 'add_prefix_space', 'tokenizer_config.json', true) ? 'always' : 'never')
  }),
  postProcessor: tokens => {
    const [bos, eos] = [tokens.token('bos_token'), tokens.token('eos_token')];
    return template([bos, 'A', eos], [bos, 'A', eos, eos, 'B', eos], {
      [bos]: tokens.id('bos_token'),
      [eos]: tokens.id('eos_token')
    });
  }
};

const CLASSES: ReadonlyMap<string, TokenizerClass> = new Map([
  ...[gpt2, gptNeox, qwen2, qwen35, roberta, clip, bert, distilbert, llama, gemma, t5, xlmRoberta].map(
    item => [item.name, item] as const
  ),
  ...['BartTokenizer', 'LongformerTokenizer', 'LEDTokenizer'].map(name => [name, roberta] as const),
  ...['ElectraTokenizer', 'MobileBertTokenizer', 'SqueezeBertTokenizer'].map(name => [name, bert] as const),
  ['Phi3Tokenizer', llama]
]);

const BY_MODEL_TYPE: readonly (readonly [string, readonly string[]])[] = [
  [
    'Qwen2Tokenizer',
    ['qwen2', 'qwen2_moe', 'qwen2_vl', 'qwen2_5_vl', 'qwen2_audio', 'qwen3', 'qwen3_moe', 'qwen3_next', 'qwen3_vl']
  ],
  ['Qwen3_5Tokenizer', ['qwen3_5', 'qwen3_5_moe', 'qwen3_5_text', 'qwen3_5_moe_text']],
  [
    'GemmaTokenizer',
    ['gemma', 'gemma2', 'gemma3', 'gemma3_text', 'gemma3n', 'gemma3n_text', 'recurrent_gemma', 't5gemma']
  ],
  ['GPT2Tokenizer', ['gpt2', 'gpt_neo', 'gptj', 'opt', 'phi', 'codegen', 'dbrx', 'starcoder2']],
  ['GPTNeoXTokenizer', ['gpt_neox', 'falcon_mamba', 'mamba', 'mamba2', 'mpt', 'olmo', 'olmoe', 'rwkv', 'xlstm']],
  [
    'BertTokenizer',
    [
      'bert',
      'distilbert',
      'electra',
      'convbert',
      'layoutlm',
      'megatron-bert',
      'nomic_bert',
      'squeezebert',
      'vilt',
      'visual_bert'
    ]
  ],
  ['RobertaTokenizer', ['roberta', 'roberta-prelayernorm', 'bart', 'bridgetower', 'longformer', 'data2vec-text']],
  ['CLIPTokenizer', ['clip', 'clipseg', 'owlvit', 'owlv2', 'xclip']],
  ['T5Tokenizer', ['t5', 'mt5', 'switch_transformers', 'musicgen']],
  ['XLMRobertaTokenizer', ['xlm-roberta', 'jina_embeddings_v3']],
  [
    'TokenizersBackend',
    ['falcon_h1', 'mistral', 'mixtral', 'ministral', 'mistral3', 'olmo2', 'olmo3', 'phi3', 'stablelm', 'umt5']
  ]
];

/** Model types whose tokenizer_config.json is known to name a wrong class. */
const MISNAMED = new Set([
  'phi3',
  'qwen2',
  'qwen3_5',
  'qwen3_5_moe',
  'qwen3_5_moe_text',
  'modernbert',
  'modernbert-decoder'
]);
const MISTRAL = new Set(['mistral', 'mixtral', 'ministral', 'mistral3']);

const GENERIC = 'TokenizersBackend';

/**
 * The class Python's AutoTokenizer would take.
 *
 * @param named `tokenizer_class` of tokenizer_config.json (or config.json).
 * @param modelType `model_type` of config.json.
 * @param byteLevelJson Whether there is a tokenizer.json with a ByteLevel pre-tokeniser or decoder.
 * @returns The class's name as Python prints it, and the class; undefined for the generic one.
 * @see transformers/models/auto/tokenization_auto.py
 */
export function chooseClass(
  named: string | undefined,
  modelType: string | undefined,
  byteLevelJson: boolean
): { name: string; known: TokenizerClass | undefined } {
  const hub = named?.replace(/Fast$/, '');
  const registered = BY_MODEL_TYPE.find(([, types]) => types.includes(modelType ?? ''))?.[0];
  const misnamed = MISNAMED.has(modelType ?? '');
  let name = hub ?? registered ?? GENERIC;
  if (hub === 'LlamaTokenizer' && byteLevelJson && !misnamed && !MISTRAL.has(modelType ?? '')) {
    name = GENERIC; // Llama 3 files name the SentencePiece class
  } else if (hub !== undefined && registered !== undefined && hub !== registered) {
    name = registered === GENERIC ? GENERIC : misnamed ? registered : hub;
  }
  const known = CLASSES.get(name);
  return { name: known?.name ?? GENERIC, known };
}

/** Whether a tokenizer.json works on bytes. */
export function isByteLevelJson(spec: JsonObject): boolean {
  const uses = (part: unknown): boolean => {
    if (typeof part !== 'object' || part === null) {
      return false;
    }
    const object = part as JsonObject;
    const inner = get(object, 'pretokenizers') ?? get(object, 'decoders');
    return get(object, 'type') === 'ByteLevel' || (Array.isArray(inner) && inner.some(uses));
  };
  return uses(get(spec, 'pre_tokenizer')) || uses(get(spec, 'decoder'));
}

function byteLevel(config: JsonObject): JsonObject {
  const prefixed = booleanField(config, 'add_prefix_space', 'tokenizer_config.json', false);
  return { type: 'ByteLevel', add_prefix_space: prefixed, use_regex: true };
}

function splitBytes(pattern: string, config: JsonObject): JsonObject {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
      { ...byteLevel(config), use_regex: false }
    ]
  };
}

function words(scheme: 'always' | 'never'): JsonObject {
  const metaspace = { type: 'Metaspace', replacement: '\u2581', prepend_scheme: scheme, split: true };
  return {
    pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, metaspace] },
    decoder: metaspace
  };
}

/** A template post-processor; items are "A", "B" or a token, with ":1" for type 1. */
function template(
  single: readonly string[],
  pair: readonly string[],
  ids: Readonly<Record<string, number>>
): JsonObject {
  const piece = (item: string): JsonObject => {
    const typed = item.endsWith(':1');
    const id = typed ? item.slice(0, -2) : item;
    const type_id = typed ? 1 : 0;
    return id === 'A' || id === 'B' ? { Sequence: { id, type_id } } : { SpecialToken: { id, type_id } };
  };
  return {
    type: 'TemplateProcessing',
    single: single.map(piece),
    pair: pair.map(piece),
    special_tokens: Object.fromEntries(
      Object.entries(ids).map(([token, id]) => [token, { id: token, ids: [id], tokens: [token] }])
    )
  };
}
