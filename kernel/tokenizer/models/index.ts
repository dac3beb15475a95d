/** Choosing a model by its `type`. */
import { asObject, brief, get } from '../json';
import { Bpe } from './bpe';
import type { Model } from './model';
import { Unigram } from './unigram';
import { WordLevel, WordPiece } from './word-piece';

export type { Model, TokenSink } from './model';

/**
 * Reads the `model` of a tokenizer.json. Old files have no `type`: it is told from the fields, as Python does.
 *
 * @throws {SyntaxError} If the type is unknown or a field does not fit.
 */
export function readModel(value: unknown, where = 'model'): Model {
  const config = asObject(value, where);
  const type = get(config, 'type') ?? guessType(config);
  switch (type) {
    case 'BPE':
      return new Bpe(config, where);
    case 'WordPiece':
      return new WordPiece(config, where);
    case 'Unigram':
      return new Unigram(config, where);
    case 'WordLevel':
      return new WordLevel(config, where);
    default:
      throw new SyntaxError(
        `Cannot read ${where}.type as it must be BPE, WordPiece, Unigram or WordLevel: current value is ${brief(type)}`
      );
  }
}

function guessType(config: Record<string, unknown> | { readonly [key: string]: unknown }): string {
  if (get(config, 'merges') !== undefined) {
    return 'BPE';
  }
  if (Array.isArray(get(config, 'vocab'))) {
    return 'Unigram';
  }
  return get(config, 'continuing_subword_prefix') !== undefined ? 'WordPiece' : 'WordLevel';
}
