/**
 * WordPiece: the longest known start of a word, then the longest known continuation, and so on.
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/models/wordpiece/mod.rs
 */
import { brief, idField, stringField } from '../json';
import type { JsonObject } from '../json';
import { readVocab, tokensById } from './model';
import type { Model, TokenSink } from './model';

export class WordPiece implements Model {
  readonly type = 'WordPiece';
  readonly vocab: ReadonlyMap<string, number>;
  readonly tokens: readonly (string | undefined)[];
  private readonly unknownToken: string;
  private readonly prefix: string;
  private readonly maxCharacters: number;
  private readonly longest: number;

  constructor(config: JsonObject, where = 'model') {
    this.vocab = readVocab(config.vocab, `${where}.vocab`);
    this.tokens = tokensById(this.vocab);
    this.unknownToken = stringField(config, 'unk_token', where, '[UNK]');
    this.prefix = stringField(config, 'continuing_subword_prefix', where, '##');
    this.maxCharacters = idField(config, 'max_input_chars_per_word', where, 100);
    let longest = 0;
    for (const token of this.vocab.keys()) {
      longest = Math.max(longest, token.length);
    }
    this.longest = longest;
  }

  /** @throws {RangeError} If the word is unknown and the vocabulary has no unknown token. */
  tokenize(word: string, sink: TokenSink): void {
    const before = sink.ids.length;
    const positions = sink.begins.length;
    const tooLong = word.length > this.maxCharacters && [...word].length > this.maxCharacters;
    let begin = 0;
    while (!tooLong && begin < word.length) {
      const prefix = begin > 0 ? this.prefix : '';
      let end = Math.min(word.length, begin + this.longest);
      let id: number | undefined;
      for (; end > begin; end--) {
        const code = word.charCodeAt(end);
        if (code >= 0xdc00 && code <= 0xdfff) {
          continue; // inside a character
        }
        id = this.vocab.get(prefix + word.slice(begin, end));
        if (id !== undefined) {
          break;
        }
      }
      if (id === undefined) {
        break;
      }
      add(sink, id, begin, end);
      begin = end;
    }
    if (begin < word.length) {
      sink.ids.length = before;
      sink.begins.length = sink.ends.length = sink.values.length = positions;
      const unknown = this.vocab.get(this.unknownToken);
      if (unknown === undefined) {
        throw missingUnknown(word, this.unknownToken);
      }
      add(sink, unknown, 0, word.length);
    }
  }
}

/** Whole words only: what the vocabulary lacks is unknown. */
export class WordLevel implements Model {
  readonly type = 'WordLevel';
  readonly vocab: ReadonlyMap<string, number>;
  readonly tokens: readonly (string | undefined)[];
  private readonly unknownToken: string;

  constructor(config: JsonObject, where = 'model') {
    this.vocab = readVocab(config.vocab, `${where}.vocab`);
    this.tokens = tokensById(this.vocab);
    this.unknownToken = stringField(config, 'unk_token', where, '<unk>');
  }

  /** @throws {RangeError} If the word is unknown and the vocabulary has no unknown token. */
  tokenize(word: string, sink: TokenSink): void {
    const id = this.vocab.get(word) ?? this.vocab.get(this.unknownToken);
    if (id === undefined) {
      throw missingUnknown(word, this.unknownToken);
    }
    add(sink, id, 0, word.length);
  }
}

function missingUnknown(word: string, token: string): RangeError {
  return new RangeError(
    `Cannot encode ${brief(word)} as an unknown word needs ${brief(token)} in the vocabulary: it is not there`
  );
}

function add(sink: TokenSink, id: number, begin: number, end: number): void {
  sink.ids.push(id);
  sink.begins.push(begin);
  sink.ends.push(end);
  sink.values.push(undefined);
}
