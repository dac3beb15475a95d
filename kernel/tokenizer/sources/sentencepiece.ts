/**
 * SentencePiece models (`tokenizer.model`, `spiece.model`).
 *
 * @see https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto
 */
import { readFields } from './protobuf';

/** Kinds of pieces. */
export const PIECE = { NORMAL: 1, UNKNOWN: 2, CONTROL: 3, USER_DEFINED: 4, UNUSED: 5, BYTE: 6 } as const;

export interface SentencePieceModel {
  readonly pieces: readonly { readonly piece: string; readonly score: number; readonly type: number }[];
  readonly model: 'unigram' | 'bpe' | 'word' | 'char';
  readonly byteFallback: boolean;
  readonly ids: { readonly unk: number; readonly bos: number; readonly eos: number; readonly pad: number };
  readonly names: { readonly unk: string; readonly bos: string; readonly eos: string; readonly pad: string };
  /** Compiled normalisation rules; empty for none. */
  readonly charsmap: Uint8Array;
}

const MODELS = ['unigram', 'bpe', 'word', 'char'] as const;

/**
 * Reads a SentencePiece model file.
 *
 * @throws {SyntaxError} If it is none or has no pieces.
 */
export function readSentencePiece(bytes: Uint8Array, name: string): SentencePieceModel {
  const pieces: { piece: string; score: number; type: number }[] = [];
  let trainer = new Map<number, number | Uint8Array>();
  let charsmap = new Uint8Array();
  for (const { number, value } of readFields(bytes, name)) {
    if (!(value instanceof Uint8Array)) {
      continue;
    }
    if (number === 1) {
      pieces.push(readPiece(value, `${name}, piece ${pieces.length}`));
    } else if (number === 2) {
      trainer = new Map([...readFields(value, `${name}, trainer_spec`)].map(field => [field.number, field.value]));
    } else if (number === 3) {
      for (const field of readFields(value, `${name}, normalizer_spec`)) {
        if (field.number === 2 && field.value instanceof Uint8Array) {
          charsmap = Uint8Array.from(field.value);
        }
      }
    }
  }
  if (pieces.length === 0) {
    throw new SyntaxError(`Cannot read ${name} as a SentencePiece model must have pieces: it has none`);
  }
  const integer = (field: number, fallback: number): number => {
    const value = trainer.get(field);
    return typeof value === 'number' ? value : fallback;
  };
  const text = (field: number, fallback: string): string => {
    const value = trainer.get(field);
    return value instanceof Uint8Array ? decodeText(value, name) : fallback;
  };
  const model = MODELS[integer(3, 1) - 1];
  if (!model) {
    throw new SyntaxError(
      `Cannot read ${name} as its model_type must be 1 (unigram) to 4: current value is ${integer(3, 1)}`
    );
  }
  return {
    pieces,
    model,
    byteFallback: integer(35, 0) !== 0,
    ids: { unk: integer(40, 0), bos: integer(41, 1), eos: integer(42, 2), pad: integer(43, -1) },
    names: { unk: text(45, '<unk>'), bos: text(46, '<s>'), eos: text(47, '</s>'), pad: text(48, '<pad>') },
    charsmap
  };
}

function readPiece(bytes: Uint8Array, where: string): { piece: string; score: number; type: number } {
  let piece = '';
  let score = 0;
  let type: number = PIECE.NORMAL;
  for (const { number, value } of readFields(bytes, where)) {
    if (number === 1 && value instanceof Uint8Array) {
      piece = decodeText(value, where);
    } else if (number === 2 && typeof value === 'number') {
      score = value;
    } else if (number === 3 && typeof value === 'number') {
      type = value;
    }
  }
  if (Number.isNaN(score)) {
    throw new SyntaxError(`Cannot read ${where} as its score must be a number: it is not`);
  }
  return { piece, score, type };
}

function decodeText(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new SyntaxError(`Cannot read ${where} as its text must be UTF-8: it is not`);
  }
}
