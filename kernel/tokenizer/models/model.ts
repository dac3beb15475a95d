/** What a vocabulary model is: turns one word into token ids. */
import { asArray, asId, asObject, asString, brief, get } from '../json';
import type { JsonObject } from '../json';

/**
 * Where a model puts the tokens of a word. Positions are UTF-16 units of the word the model was given; `ids` may hold
 * tokens of earlier words, the other lists begin with this one.
 */
export interface TokenSink {
  readonly ids: number[];
  readonly begins: number[];
  readonly ends: number[];
  /** Token text where it is not the vocabulary's (a SentencePiece unknown keeps its surface); undefined elsewhere. */
  readonly values: (string | undefined)[];
}

export interface Model {
  readonly type: 'BPE' | 'WordPiece' | 'Unigram' | 'WordLevel';
  /** Token → id. */
  readonly vocab: ReadonlyMap<string, number>;
  /** Id → token; holes where the vocabulary has none. */
  readonly tokens: readonly (string | undefined)[];
  /** Appends the tokens of a non-empty word. */
  tokenize(word: string, sink: TokenSink): void;
}

/** No known vocabulary is near this; a larger id would only make a sparse table. */
const MAX_ID = 1 << 22;

/**
 * Reads a vocabulary: `{ token: id }`, or an array of tokens (or of [token, score] pairs) in id order.
 *
 * @throws {SyntaxError} If it is neither or an id does not fit.
 */
export function readVocab(value: unknown, where: string): Map<string, number> {
  const vocab = new Map<string, number>();
  if (Array.isArray(value)) {
    value.forEach((item, id) => {
      vocab.set(asString(Array.isArray(item) ? item[0] : item, `${where}[${id}]`), id);
    });
    return vocab;
  }
  if (value instanceof Map) {
    return value as Map<string, number>;
  }
  for (const [token, id] of Object.entries(asObject(value, where))) {
    vocab.set(token, checkId(asId(id, `${where}[${brief(token)}]`), where));
  }
  return vocab;
}

/** @throws {SyntaxError} If no vocabulary can have that id. */
export function checkId(id: number, where: string): number {
  if (id >= MAX_ID) {
    throw new SyntaxError(`Cannot read ${where} as ids must be below ${MAX_ID}: current value is ${id}`);
  }
  return id;
}

/** Id → token of a vocabulary. */
export function tokensById(vocab: ReadonlyMap<string, number>): (string | undefined)[] {
  const tokens: (string | undefined)[] = [];
  for (const [token, id] of vocab) {
    while (tokens.length < id) {
      tokens.push(undefined);
    }
    tokens[id] = token;
  }
  return tokens;
}

/** The pairs of a `merges` array, each "left right" or [left, right]. */
export function readMerges(config: JsonObject, where: string): readonly (readonly [string, string])[] {
  const merges = get(config, 'merges');
  if (merges === undefined || merges === null) {
    return [];
  }
  return asArray(merges, `${where}.merges`).map((merge, i) => readMerge(merge, `${where}.merges[${i}]`));
}

/** @throws {SyntaxError} If it is not two tokens. */
export function readMerge(merge: unknown, where: string): readonly [string, string] {
  const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
  if (!Array.isArray(pair) || pair.length !== 2 || typeof pair[0] !== 'string' || typeof pair[1] !== 'string') {
    throw new SyntaxError(`Cannot read ${where} as a merge must be two tokens: current value is ${brief(merge)}`);
  }
  return pair as [string, string];
}
