/**
 * Byte-pair encoding: joins the pair of neighbours with the lowest rank until no pair has one. Works on ids, and says
 * where each token lies, which @huggingface/tokenizers' model does not.
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/bpe/model.rs
 */
import { booleanField, brief, stringField } from '../json';
import type { JsonObject } from '../json';
import { encodeUtf8 } from '../text/byte-level';
import { readMerges, readVocab, tokensById } from './model';
import type { Model, TokenSink } from './model';

/** Words up to this many symbols are merged by scanning, which is faster than a heap for the usual short word. */
const SCAN_LIMIT = 40;
const CACHE_WORDS = 20_000;
const CACHE_WORD_LENGTH = 128;

interface Word {
  readonly ids: readonly number[];
  readonly begins: readonly number[];
  readonly ends: readonly number[];
}

export class Bpe implements Model {
  readonly type = 'BPE';
  readonly vocab: ReadonlyMap<string, number>;
  readonly tokens: readonly (string | undefined)[];
  /** Ids of a pair, left * span + right → rank. */
  private readonly ranks = new Map<number, number>();
  /** Rank → id of the joined token. */
  private readonly joined: Int32Array;
  private readonly span: number;
  private readonly unknown: number | undefined;
  private readonly prefix: string;
  private readonly suffix: string;
  private readonly fuseUnknown: boolean;
  private readonly byteIds: readonly (number | undefined)[] | undefined;
  private readonly ignoreMerges: boolean;
  /** tiktoken's way: the rank of a pair is the id of the token it makes, and is looked up when first met. */
  private readonly ranksAreIds: boolean;
  private readonly cache = new Map<string, Word>();

  /**
   * @param config The `model` of a tokenizer.json; `ranks_are_ids: true` stands for merges in tiktoken vocabularies.
   * @throws {SyntaxError} If a field does not fit or a merge names a token outside the vocabulary.
   */
  constructor(config: JsonObject, where = 'model') {
    const vocab = readVocab(config.vocab, `${where}.vocab`);
    this.vocab = vocab;
    this.tokens = tokensById(vocab);
    this.span = this.tokens.length;
    this.prefix = stringField(config, 'continuing_subword_prefix', where, '');
    this.suffix = stringField(config, 'end_of_word_suffix', where, '');
    this.fuseUnknown = booleanField(config, 'fuse_unk', where, false);
    this.ignoreMerges = booleanField(config, 'ignore_merges', where, false);
    const unknown = stringField(config, 'unk_token', where, undefined);
    // Python complains only when an unknown character comes along; a missing one then counts as no unknown token.
    this.unknown = unknown === undefined ? undefined : vocab.get(unknown);
    if (booleanField(config, 'byte_fallback', where, false)) {
      this.byteIds = Array.from({ length: 256 }, (_, byte) => vocab.get(byteToken(byte)));
    }
    this.ranksAreIds = booleanField(config, 'ranks_are_ids', where, false);
    if (this.ranksAreIds) {
      this.joined = Int32Array.from({ length: this.span }, (_, id) => id);
      return;
    }
    const merges = readMerges(config, where);
    this.joined = new Int32Array(merges.length);
    const idOf = (token: string, rank: number): number => {
      const id = vocab.get(token);
      if (id === undefined) {
        throw new SyntaxError(
          `Cannot read ${where}.merges[${rank}] as its tokens must be in the vocabulary: ${brief(token)} is not`
        );
      }
      return id;
    };
    merges.forEach(([left, right], rank) => {
      this.joined[rank] = idOf(left + right.slice(this.prefix.length), rank);
      this.ranks.set(idOf(left, rank) * this.span + idOf(right, rank), rank);
    });
  }

  tokenize(word: string, sink: TokenSink): void {
    if (this.ignoreMerges) {
      const id = this.vocab.get(word);
      if (id !== undefined) {
        push(sink, id, 0, word.length);
        return;
      }
    }
    let found = word.length <= CACHE_WORD_LENGTH ? this.cache.get(word) : undefined;
    if (!found) {
      found = this.merge(word);
      if (word.length <= CACHE_WORD_LENGTH) {
        if (this.cache.size >= CACHE_WORDS) {
          this.cache.clear();
        }
        this.cache.set(word, found);
      }
    }
    for (let i = 0; i < found.ids.length; i++) {
      push(sink, found.ids[i]!, found.begins[i]!, found.ends[i]!);
    }
  }

  private merge(word: string): Word {
    const start = this.symbols(word);
    if (start.ids.length < 2) {
      return start;
    }
    return start.ids.length <= SCAN_LIMIT ? this.mergeByScan(start) : this.mergeByHeap(start);
  }

  /** The characters of a word as symbols, with the fallbacks for those the vocabulary lacks. */
  private symbols(word: string): Word {
    const ids: number[] = [];
    const begins: number[] = [];
    const ends: number[] = [];
    let begin = 0;
    let unknownOpen = false; // the last symbol is an unknown one that may still grow
    const affixed = this.prefix !== '' || this.suffix !== '';
    for (let at = 0; at < word.length;) {
      const width = word.codePointAt(at)! > 0xffff ? 2 : 1;
      const char = word.slice(at, at + width);
      const last = at + width >= word.length;
      const symbol = affixed ? (at > 0 ? this.prefix : '') + char + (last ? this.suffix : '') : char;
      at += width;
      const id = this.vocab.get(symbol);
      if (id !== undefined) {
        ids.push(id);
        begins.push(begin);
        ends.push((begin += width));
        unknownOpen = false;
        continue;
      }
      const fallback = this.byteIds && bytesOf(symbol, this.byteIds);
      if (fallback) {
        for (const byteId of fallback) {
          ids.push(byteId);
          begins.push(begin);
          ends.push(begin + width); // each byte stands for the whole character
        }
        begin += width;
        unknownOpen = false;
      } else if (this.unknown !== undefined) {
        if (this.fuseUnknown && unknownOpen) {
          ends[ends.length - 1] = begin += width;
        } else {
          ids.push(this.unknown);
          begins.push(begin);
          ends.push((begin += width));
          unknownOpen = true;
        }
      }
      // Without any fallback the character is dropped, and its neighbours touch.
    }
    return { ids, begins, ends };
  }

  private rankOf(left: number, right: number): number | undefined {
    const key = left * this.span + right;
    let rank = this.ranks.get(key);
    if (rank === undefined && this.ranksAreIds) {
      rank = this.vocab.get(this.tokens[left]! + this.tokens[right]!) ?? -1;
      this.ranks.set(key, rank);
    }
    return rank === -1 ? undefined : rank;
  }

  private mergeByScan({ ids: startIds, begins: startBegins, ends: startEnds }: Word): Word {
    const ids = [...startIds];
    const begins = [...startBegins];
    const ends = [...startEnds];
    const ranks: number[] = []; // rank of the pair starting at each symbol
    const rankAt = (i: number): number => this.rankOf(ids[i]!, ids[i + 1]!) ?? Infinity;
    for (let i = 0; i + 1 < ids.length; i++) {
      ranks.push(rankAt(i));
    }
    for (;;) {
      let best = Infinity;
      let at = -1;
      for (let i = 0; i < ranks.length; i++) {
        if (ranks[i]! < best) {
          best = ranks[i]!;
          at = i;
        }
      }
      if (at < 0) {
        return { ids, begins, ends };
      }
      ids[at] = this.joined[best]!;
      ends[at] = ends[at + 1]!;
      ids.splice(at + 1, 1);
      begins.splice(at + 1, 1);
      ends.splice(at + 1, 1);
      ranks.splice(at, 1);
      if (at > 0) {
        ranks[at - 1] = rankAt(at - 1);
      }
      if (at < ranks.length) {
        ranks[at] = rankAt(at);
      }
    }
  }

  private mergeByHeap(word: Word): Word {
    const count = word.ids.length;
    const ids = Int32Array.from(word.ids);
    const ends = Int32Array.from(word.ends);
    const next = Int32Array.from({ length: count }, (_, i) => (i + 1 < count ? i + 1 : -1));
    const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
    const dead = new Uint8Array(count);
    const heap = new PairHeap(count);
    const offer = (left: number): void => {
      const right = next[left]!;
      const rank = right < 0 ? undefined : this.rankOf(ids[left]!, ids[right]!);
      if (rank !== undefined) {
        heap.push(rank, left, this.joined[rank]!);
      }
    };
    for (let i = 0; i + 1 < count; i++) {
      offer(i);
    }
    while (heap.size > 0) {
      heap.pop();
      const left = heap.position;
      const right = dead[left] ? -1 : next[left]!;
      if (right < 0) {
        continue;
      }
      const rank = this.rankOf(ids[left]!, ids[right]!);
      if (rank === undefined || this.joined[rank] !== heap.id) {
        continue; // one of the two was joined elsewhere since
      }
      ids[left] = heap.id;
      ends[left] = ends[right]!;
      dead[right] = 1;
      next[left] = next[right]!;
      if (next[left]! >= 0) {
        previous[next[left]!] = left;
      }
      if (previous[left]! >= 0) {
        offer(previous[left]!);
      }
      offer(left);
    }
    const result = { ids: [] as number[], begins: [] as number[], ends: [] as number[] };
    for (let i = 0; i >= 0; i = next[i]!) {
      result.ids.push(ids[i]!);
      result.begins.push(word.begins[i]!);
      result.ends.push(ends[i]!);
    }
    return result;
  }
}

/** A binary heap of pairs, lowest rank first and leftmost among equals. */
class PairHeap {
  size = 0;
  /** Of the pair popped last: where its left symbol is, and the id the pair becomes. */
  position = 0;
  id = 0;
  private ranks: Int32Array;
  private positions: Int32Array;
  private ids: Int32Array;

  constructor(capacity: number) {
    this.ranks = new Int32Array(capacity);
    this.positions = new Int32Array(capacity);
    this.ids = new Int32Array(capacity);
  }

  push(rank: number, position: number, id: number): void {
    if (this.size === this.ranks.length) {
      this.ranks = grow(this.ranks);
      this.positions = grow(this.positions);
      this.ids = grow(this.ids);
    }
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.before(rank, position, parent)) {
        break;
      }
      this.move(parent, at);
      at = parent;
    }
    this.put(at, rank, position, id);
  }

  pop(): void {
    this.position = this.positions[0]!;
    this.id = this.ids[0]!;
    const last = --this.size;
    if (last === 0) {
      return;
    }
    const rank = this.ranks[last]!;
    const position = this.positions[last]!;
    const id = this.ids[last]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) {
        break;
      }
      if (child + 1 < last && this.before(this.ranks[child + 1]!, this.positions[child + 1]!, child)) {
        child++;
      }
      if (this.before(rank, position, child)) {
        break;
      }
      this.move(child, at);
      at = child;
    }
    this.put(at, rank, position, id);
  }

  private before(rank: number, position: number, other: number): boolean {
    const otherRank = this.ranks[other]!;
    return rank < otherRank || (rank === otherRank && position < this.positions[other]!);
  }

  private move(from: number, to: number): void {
    this.put(to, this.ranks[from]!, this.positions[from]!, this.ids[from]!);
  }

  private put(at: number, rank: number, position: number, id: number): void {
    this.ranks[at] = rank;
    this.positions[at] = position;
    this.ids[at] = id;
  }
}

function grow(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2 + 16);
  larger.set(array);
  return larger;
}

function push(sink: TokenSink, id: number, begin: number, end: number): void {
  sink.ids.push(id);
  sink.begins.push(begin);
  sink.ends.push(end);
  sink.values.push(undefined);
}

/** How SentencePiece vocabularies spell a byte: `<0x0A>`. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** Ids of the bytes of `symbol`, or undefined unless the vocabulary has them all. */
export function bytesOf(symbol: string, byteIds: readonly (number | undefined)[]): number[] | undefined {
  const ids: number[] = [];
  for (const byte of encodeUtf8(symbol)) {
    const id = byteIds[byte];
    if (id === undefined) {
      return undefined;
    }
    ids.push(id);
  }
  return ids;
}
