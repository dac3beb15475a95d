/**
 * Unigram language model: the cut of a word into pieces whose scores add up highest (Viterbi).
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/unigram/model.rs
 */
import { asArray, asString, booleanField, brief, get, idField } from '../json';
import type { JsonObject } from '../json';
import { bytesOf, byteToken } from './bpe';
import type { Model, TokenSink } from './model';

/** How much worse than the worst piece an unknown character is. */
const UNKNOWN_PENALTY = 10;

export class Unigram implements Model {
  readonly type = 'Unigram';
  readonly vocab: ReadonlyMap<string, number>;
  readonly tokens: readonly string[];
  private readonly scores: Float64Array;
  /** Lengths of the pieces that start with a UTF-16 unit, ascending: what is worth looking up at a position. */
  private readonly lengths = new Map<number, number[]>();
  private readonly unknown: number | undefined;
  private readonly unknownScore: number;
  private readonly byteIds: readonly (number | undefined)[] | undefined;

  /**
   * @param config The `model` of a tokenizer.json: `vocab` of [piece, score], `unk_id`, `byte_fallback`.
   * @throws {SyntaxError} If a field does not fit.
   */
  constructor(config: JsonObject, where = 'model') {
    const pairs = asArray(get(config, 'vocab'), `${where}.vocab`);
    const tokens: string[] = [];
    const vocab = new Map<string, number>();
    this.scores = new Float64Array(pairs.length);
    const lengths = new Map<number, Set<number>>();
    pairs.forEach((pair, id) => {
      const score: unknown = Array.isArray(pair) ? pair[1] : undefined;
      if (typeof score !== 'number' || Number.isNaN(score)) {
        throw new SyntaxError(
          `Cannot read ${where}.vocab[${id}] as it must be [piece, score]: current value is ${brief(pair)}`
        );
      }
      const piece = asString((pair as unknown[])[0], `${where}.vocab[${id}][0]`);
      tokens.push(piece);
      vocab.set(piece, id);
      this.scores[id] = score;
      if (piece !== '') {
        const first = piece.charCodeAt(0);
        const known = lengths.get(first);
        if (known) {
          known.add(piece.length);
        } else {
          lengths.set(first, new Set([piece.length]));
        }
      }
    });
    for (const [first, known] of lengths) {
      this.lengths.set(
        first,
        [...known].sort((a, b) => a - b)
      );
    }
    this.vocab = vocab;
    this.tokens = tokens;
    this.unknown = idField(config, 'unk_id', where, undefined);
    if (this.unknown !== undefined && this.unknown >= tokens.length) {
      throw new SyntaxError(
        `Cannot read ${where}.unk_id as it must be below the ${tokens.length} pieces: current value is ${this.unknown}`
      );
    }
    this.unknownScore = this.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY;
    if (booleanField(config, 'byte_fallback', where, false)) {
      this.byteIds = Array.from({ length: 256 }, (_, byte) => vocab.get(byteToken(byte)));
    }
  }

  /** @throws {RangeError} If a character is unknown and the model has no `unk_id`. */
  tokenize(word: string, sink: TokenSink): void {
    for (const [begin, end] of this.cut(word)) {
      const surface = word.slice(begin, end);
      const id = this.vocab.get(surface);
      const bytes = id === undefined && this.byteIds ? bytesOf(surface, this.byteIds) : undefined;
      for (const token of bytes ?? [id ?? this.requireUnknown(surface)]) {
        sink.ids.push(token);
        sink.begins.push(begin);
        sink.ends.push(end);
        sink.values.push(id === undefined && !bytes ? surface : undefined);
      }
    }
  }

  /** Best [begin, end) pieces, neighbouring unknown ones joined. */
  private cut(word: string): [number, number][] {
    const size = word.length;
    const best = new Float64Array(size + 1);
    const from = new Int32Array(size + 1).fill(-1);
    const piece = new Int32Array(size + 1);
    for (let at = 0; at < size;) {
      const width = word.codePointAt(at)! > 0xffff ? 2 : 1;
      let single = false;
      for (const length of this.lengths.get(word.charCodeAt(at)) ?? []) {
        const end = at + length;
        if (end > size) {
          break;
        }
        const id = this.vocab.get(word.slice(at, end));
        if (id === undefined) {
          continue;
        }
        const score = this.scores[id]! + best[at]!;
        if (from[end]! < 0 || score > best[end]!) {
          best[end] = score;
          from[end] = at;
          piece[end] = id;
        }
        single ||= length === width;
      }
      if (!single) {
        const end = at + width;
        const score = this.unknownScore + best[at]!;
        if (from[end]! < 0 || score > best[end]!) {
          best[end] = score;
          from[end] = at;
          piece[end] = this.requireUnknown(word.slice(at, end));
        }
      }
      at += width;
    }
    const cuts: [number, number][] = [];
    let unknownOpen = false;
    for (let end = size; end > 0; end = from[end]!) {
      const begin = from[end]!;
      const unknown = piece[end] === this.unknown;
      if (unknown && unknownOpen) {
        cuts[cuts.length - 1]![0] = begin;
      } else {
        cuts.push([begin, end]);
      }
      unknownOpen = unknown;
    }
    return cuts.reverse();
  }

  private requireUnknown(surface: string): number {
    if (this.unknown === undefined) {
      throw new RangeError(
        `Cannot encode ${brief(surface)} as an unknown character needs a model with unk_id: it has none`
      );
    }
    return this.unknown;
  }
}
