/** Finding a vocabulary where there is no tokenizer.json. */
import type { TokenizerClass } from '../classes';
import { chooseClass } from '../classes';
import { get, isObject, parseJson } from '../json';
import type { JsonObject } from '../json';
import { LLAMA3_SPLIT, QWEN2_SPLIT } from '../text/split-expressions';
import { generateMerges } from './merges';
import { PIECE, readSentencePiece } from './sentencepiece';
import type { SentencePieceModel } from './sentencepiece';
import { mergesOfRanks, readMergesFile, readTiktoken, readVocabText } from './vocab-files';

/** A vocabulary: a pipeline, or (with `known`) what that class builds one from. */
export interface FoundVocabulary {
  readonly spec: JsonObject;
  /** Settings that come with it, below those of tokenizer_config.json. */
  readonly config: JsonObject;
  readonly known: TokenizerClass | undefined;
}

interface Files {
  read(name: string): Promise<Uint8Array | undefined>;
  list?(): Promise<readonly string[] | undefined>;
}

const SENTENCEPIECE_FILES = ['tokenizer.model', 'spiece.model', 'sentencepiece.bpe.model', 'spm.model'];
/**
 * Looks for a vocabulary, the class's own file first.
 *
 * @param known The class, if it is one that builds its own pipeline.
 * @param className The class's name in tokenizer_config.json.
 * @param config tokenizer_config.json.
 */
export async function findVocabulary(
  files: Files,
  known: TokenizerClass | undefined,
  className: string | undefined,
  config: JsonObject
): Promise<FoundVocabulary | undefined> {
  const sentencePiece = [...new Set([known?.files.vocab ?? '', ...SENTENCEPIECE_FILES])].filter(name =>
    name.endsWith('.model')
  );
  for (const name of sentencePiece) {
    const bytes = await files.read(name);
    if (bytes) {
      return looksLikeTiktoken(bytes)
        ? llama3(bytes, name, config)
        : fromSentencePiece(readSentencePiece(bytes, name), known);
    }
  }
  const tiktoken = await findTiktoken(files);
  if (tiktoken) {
    return /^(qwen\.tiktoken)$/i.test(tiktoken.name) || className === 'QWenTokenizer'
      ? qwen(tiktoken.bytes, tiktoken.name)
      : llama3(tiktoken.bytes, tiktoken.name, config);
  }
  const vocab = await files.read('vocab.json');
  if (vocab) {
    const merges = await files.read('merges.txt');
    return {
      spec: { model: { vocab: parseJson(vocab, 'vocab.json'), merges: merges ? readMergesFile(merges) : [] } },
      config: {},
      // Only byte-level vocabularies come in these files; GPT-2's way is the plain one.
      known: known?.model === 'BPE' ? known : chooseClass('GPT2Tokenizer', undefined, false).known
    };
  }
  const text = await files.read('vocab.txt');
  return (
    text && {
      spec: { model: { vocab: readVocabText(text) } },
      config: {},
      known: known?.model === 'WordPiece' ? known : chooseClass('BertTokenizer', undefined, false).known
    }
  );
}

async function findTiktoken(files: Files): Promise<{ name: string; bytes: Uint8Array } | undefined> {
  const listed = ((await files.list?.()) ?? []).filter(name => name.endsWith('.tiktoken'));
  for (const name of [...listed, 'qwen.tiktoken', 'tiktoken.model']) {
    const bytes = await files.read(name);
    if (bytes) {
      return { name, bytes };
    }
  }
  return undefined;
}

/** Llama 3's tokenizer.model is a tiktoken file: lines of base64 and a number. */
function looksLikeTiktoken(bytes: Uint8Array): boolean {
  return /^[A-Za-z0-9+/]+={0,2} \d+\r?\n/.test(new TextDecoder().decode(bytes.subarray(0, 200)));
}

function fromSentencePiece(model: SentencePieceModel, known: TokenizerClass | undefined): FoundVocabulary {
  const scored = model.pieces.map(({ piece, score }) => [piece, score] as const);
  const type = known?.model ?? (model.model === 'unigram' ? 'Unigram' : 'BPE');
  const ids = new Map(model.pieces.map(({ piece }, id) => [piece, id]));
  const special = model.pieces
    .filter(({ type }) => type === PIECE.CONTROL || type === PIECE.USER_DEFINED)
    .map(({ piece, type }) => ({ content: piece, normalized: false, special: type === PIECE.CONTROL }));
  const vocabulary =
    type === 'BPE'
      ? { type, vocab: ids, merges: generateMerges(ids) }
      : { type, vocab: classVocab(scored, known), unk_id: model.ids.unk };
  const config = { additional_special_tokens: withSentinels(special, known) };
  if (known) {
    return { spec: { model: vocabulary, charsmap: model.charsmap.length ? model.charsmap : undefined }, config, known };
  }
  const steps: JsonObject[] = [{ type: 'Replace', pattern: { String: ' ' }, content: '\u2581' }];
  if (model.charsmap.length) {
    steps.unshift({ type: 'Precompiled', precompiled_charsmap: model.charsmap });
  }
  return {
    spec: {
      model: {
        ...vocabulary,
        byte_fallback: model.byteFallback,
        ...(type === 'BPE' ? { fuse_unk: true, unk_token: model.names.unk } : {})
      },
      normalizer: { type: 'Sequence', normalizers: steps },
      pre_tokenizer: null,
      decoder: {
        type: 'Sequence',
        decoders: [
          { type: 'Replace', pattern: { String: '\u2581' }, content: ' ' },
          ...(model.byteFallback ? [{ type: 'ByteFallback' }, { type: 'Fuse' }] : [])
        ]
      }
    },
    config: {
      ...config,
      ...(model.ids.bos >= 0 ? { bos_token: model.names.bos } : {}),
      ...(model.ids.eos >= 0 ? { eos_token: model.names.eos } : {}),
      ...(model.ids.unk >= 0 ? { unk_token: model.names.unk } : {})
    },
    known
  };
}

/** T5 has a hundred sentinels besides the file's own special tokens. */
function withSentinels(special: readonly JsonObject[], known: TokenizerClass | undefined): readonly unknown[] {
  const extra = known?.defaults.extraSpecialTokens ?? [];
  return special.some(token => extra.includes(String(get(token, 'content')))) ? special : [...special, ...extra];
}

/**
 * Unigram pieces as the class numbers them. XLM-RoBERTa: fairseq's four special tokens, the pieces after
 * SentencePiece's three, the mask. T5: the pieces, then the sentinels from the last to the first.
 */
function classVocab(
  scored: readonly (readonly [string, number])[],
  known: TokenizerClass | undefined
): readonly (readonly [string, number])[] {
  if (known?.name === 'XLMRobertaTokenizer') {
    return [['<s>', 0], ['<pad>', 0], ['</s>', 0], ['<unk>', 0], ...scored.slice(3), ['<mask>', 0]];
  }
  const sentinels = (known?.defaults.extraSpecialTokens ?? []).map(token => [token, 0] as const);
  return [...scored, ...sentinels.reverse()];
}

/** Qwen (the first): ranks, NFC, Qwen2's expression, and special tokens that follow the ranks. */
function qwen(bytes: Uint8Array, name: string): FoundVocabulary {
  const vocab = readTiktoken(bytes, name);
  const special = [
    '<|endoftext|>',
    '<|im_start|>',
    '<|im_end|>',
    ...Array.from({ length: 205 }, (_, i) => `<|extra_${i}|>`)
  ];
  return {
    spec: {
      model: { type: 'BPE', vocab, ranks_are_ids: true, ignore_merges: true },
      normalizer: { type: 'NFC' },
      pre_tokenizer: splitBytes(QWEN2_SPLIT),
      decoder: { type: 'ByteLevel' },
      added_tokens: special.map((content, i) => ({ id: vocab.size + i, content, normalized: false, special: true }))
    },
    config: { padding_side: 'left' },
    known: undefined
  };
}

/** tiktoken files as transformers converts them: Llama 3's expression, specials from the configuration. */
function llama3(bytes: Uint8Array, name: string, config: JsonObject): FoundVocabulary {
  const vocab = readTiktoken(bytes, name);
  const decoder = get(config, 'added_tokens_decoder');
  const named = new Map<number, string>();
  for (const [id, token] of Object.entries(isObject(decoder) ? decoder : {})) {
    const content = isObject(token) ? get(token, 'content') : undefined;
    if (typeof content === 'string' && Number(id) < vocab.size + 100_000) {
      named.set(Number(id), content);
    }
  }
  const last = [...named.keys()].reduce((most, id) => Math.max(most, id), -1);
  const special = Array.from({ length: Math.max(0, last + 1 - vocab.size) }, (_, i) => {
    const id = vocab.size + i;
    return { id, content: named.get(id) ?? `<|reserved_token_${id}|>`, normalized: false, special: true };
  });
  return {
    spec: {
      model: { type: 'BPE', vocab, merges: mergesOfRanks(vocab), ignore_merges: true },
      normalizer: null,
      pre_tokenizer: splitBytes(LLAMA3_SPLIT),
      decoder: { type: 'ByteLevel' },
      added_tokens: special
    },
    config: {},
    known: undefined
  };
}

function splitBytes(pattern: string): JsonObject {
  return {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
      { type: 'ByteLevel', add_prefix_space: false, use_regex: false }
    ]
  };
}
