/**
 * The pipeline of a tokenizer.json: added tokens → normaliser → pre-tokeniser → model → post-processor, and the decoder
 * for the way back. What Rust's `tokenizers.Tokenizer` is to Python; built here rather than taken from
 * @huggingface/tokenizers because that one keeps no positions (no offsets, no word ids) and departs from Python in the
 * places the tests list. The translation of Oniguruma expressions is that library's.
 */
import { AddedVocabulary, readAddedTokenWithId } from './added-vocabulary';
import type { AddedToken } from './added-vocabulary';
import { readDecoder } from './decoders';
import type { Decoder } from './decoders';
import { truncatePair } from './encoding';
import type { Encoding, Side, TruncationStrategy } from './encoding';
import { asArray, get } from './json';
import type { JsonObject } from './json';
import { readModel } from './models';
import type { Model, TokenSink } from './models';
import { readNormalizer } from './normalizers';
import type { Normalizer } from './normalizers';
import { postProcess, readPostProcessor } from './post-processors';
import type { PostProcessor } from './post-processors';
import { readPreTokenizer } from './pre-tokenizers';
import type { Piece, PreTokenizer } from './pre-tokenizers';
import { AlignedText } from './text/aligned-text';
import { encodeUtf8 } from './text/byte-level';

export interface BackendEncodeOptions {
  addSpecialTokens: boolean;
  /** Whether tokens and offsets are wanted; ids alone are cheaper. */
  detail: boolean;
  /** Whether special tokens in the text are taken as ordinary text. */
  splitSpecialTokens: boolean;
  truncation?: { maxLength: number; strategy: TruncationStrategy; stride: number; side: Side } | undefined;
}

export class Backend {
  readonly model: Model;
  readonly added: AddedVocabulary;
  readonly normalizer: Normalizer | undefined;
  postProcessor: PostProcessor | undefined;
  private readonly preTokenizer: PreTokenizer | undefined;
  private readonly decoder: Decoder | undefined;

  /**
   * @param spec The parsed tokenizer.json, or an object of the same shape built from other files.
   * @throws {SyntaxError} If a part is unknown or does not fit.
   */
  constructor(spec: JsonObject) {
    this.model = readModel(get(spec, 'model'));
    this.normalizer = readNormalizer(get(spec, 'normalizer'));
    this.preTokenizer = readPreTokenizer(get(spec, 'pre_tokenizer'));
    this.postProcessor = readPostProcessor(get(spec, 'post_processor'));
    this.decoder = readDecoder(get(spec, 'decoder'));
    this.added = new AddedVocabulary(this.model, this.normalizer);
    const tokens = asArray(get(spec, 'added_tokens') ?? [], 'added_tokens');
    // As in Rust, the ids written in the file are not used: a token has its id in the model, or the next free one.
    this.added.add(tokens.map((token, i) => readAddedTokenWithId(token, `added_tokens[${i}]`).token));
  }

  /** Number of ids, added tokens included. */
  get size(): number {
    let extra = 0;
    for (const content of this.added.ids.keys()) {
      if (!this.model.vocab.has(content)) {
        extra++;
      }
    }
    return this.model.vocab.size + extra;
  }

  tokenToId(token: string): number | undefined {
    return this.added.ids.get(token) ?? this.model.vocab.get(token);
  }

  idToToken(id: number): string | undefined {
    return this.added.tokens.get(id)?.content ?? this.model.tokens[id];
  }

  /** @returns How many were new. */
  addTokens(tokens: readonly AddedToken[]): number {
    return this.added.add(tokens);
  }

  /**
   * Encodes a text or a pair.
   *
   * @throws {RangeError} If a text holds a lone surrogate.
   */
  encode(text: string, pair: string | undefined, options: BackendEncodeOptions): Encoding {
    let first = this.encodeText(text, options);
    let second = pair === undefined ? undefined : this.encodeText(pair, options);
    if (options.truncation) {
      const added = options.addSpecialTokens ? (this.postProcessor?.added(second !== undefined) ?? 0) : 0;
      const maxLength = options.truncation.maxLength - added;
      if (maxLength < 0) {
        throw new RangeError(
          `Cannot truncate to ${options.truncation.maxLength} tokens as the ${added} special tokens must fit: ` +
            'raise max_length or pass add_special_tokens: false'
        );
      }
      [first, second] = truncatePair(first, second, { ...options.truncation, maxLength });
    }
    return postProcess(this.postProcessor, second ? [first, second] : [first], options.addSpecialTokens);
  }

  /**
   * Decodes ids. Ids without a token are left out, as in Rust.
   */
  decode(ids: readonly number[], skipSpecialTokens: boolean): string {
    const tokens: string[] = [];
    for (const id of ids) {
      const token = this.added.decodingText(id) ?? this.model.tokens[id];
      if (token !== undefined && !(skipSpecialTokens && this.added.isSpecial(token))) {
        tokens.push(token);
      }
    }
    return this.decodeTokens(tokens);
  }

  /** Joins token texts to text. */
  decodeTokens(tokens: readonly string[]): string {
    return this.decoder ? this.decoder(tokens).join('') : tokens.join(' ');
  }

  private encodeText(text: string, options: BackendEncodeOptions): Encoding {
    const lone = /\p{Surrogate}/u.exec(text);
    if (lone) {
      throw new RangeError(
        `Cannot encode the text as it must be well-formed Unicode: a lone surrogate is at index ${lone.index}`
      );
    }
    const encoding: Encoding = {
      ids: [],
      typeIds: [],
      tokens: [],
      offsets: [],
      words: [],
      sequenceIds: [],
      specialTokensMask: [],
      overflowing: []
    };
    const toPoint = options.detail ? codePointIndex(text) : undefined;
    const offset = (begin: number, end: number): [number, number] =>
      toPoint ? [toPoint[begin] ?? begin, toPoint[end] ?? end] : [begin, end];
    const sink: TokenSink = { ids: encoding.ids, begins: [], ends: [], values: [] };
    let word = 0;
    for (const section of this.added.extract(new AlignedText(text), options.splitSpecialTokens)) {
      if (section.id !== undefined) {
        encoding.ids.push(section.id);
        if (options.detail) {
          const { source } = section;
          encoding.tokens.push(source.text);
          encoding.offsets.push(offset(source.startAt(0), source.endAt(source.text.length - 1)));
          encoding.words.push(word);
        }
        word++;
        continue;
      }
      const start: Piece = { source: section.source };
      for (const piece of this.preTokenizer ? this.preTokenizer([start]) : [start]) {
        if (piece.source.text === '') {
          continue;
        }
        const from = encoding.ids.length;
        sink.begins.length = sink.ends.length = sink.values.length = 0;
        this.model.tokenize(piece.bytes ?? piece.source.text, sink);
        if (options.detail) {
          const place = placer(piece);
          for (let i = from; i < encoding.ids.length; i++) {
            const at = i - from;
            encoding.tokens.push(sink.values[at] ?? this.model.tokens[encoding.ids[i]!] ?? '');
            encoding.offsets.push(offset(...place(sink.begins[at]!, sink.ends[at]!)));
            encoding.words.push(word);
          }
        }
        word++;
      }
    }
    encoding.specialTokensMask = new Array<number>(encoding.ids.length).fill(0);
    return encoding;
  }
}

/** Maps positions in what the model saw to the original text. */
function placer({ source, bytes }: Piece): (begin: number, end: number) => [number, number] {
  if (bytes === undefined || bytes.length === source.text.length) {
    const last = source.text.length - 1;
    return (begin, end) => [source.startAt(Math.min(begin, last)), source.endAt(Math.min(Math.max(end - 1, 0), last))];
  }
  const unitOfByte: number[] = [];
  let unit = 0;
  for (const char of source.text) {
    for (let n = encodeUtf8(char).length; n > 0; n--) {
      unitOfByte.push(unit);
    }
    unit += char.length;
  }
  const last = unitOfByte.length - 1;
  return (begin, end) => [
    source.startAt(unitOfByte[Math.min(begin, last)]!),
    source.endAt(unitOfByte[Math.min(Math.max(end - 1, 0), last)]!)
  ];
}

/** Code points before each UTF-16 unit; undefined where the two counts agree. */
function codePointIndex(text: string): Int32Array | undefined {
  if (!/[\ud800-\udfff]/.test(text)) {
    return undefined;
  }
  const index = new Int32Array(text.length + 1);
  let points = 0;
  for (let unit = 0; unit < text.length; unit++) {
    index[unit] = points;
    if ((text.charCodeAt(unit) & 0xfc00) === 0xd800) {
      index[++unit] = points;
    }
    points++;
  }
  index[text.length] = points;
  return index;
}
