/**
 * Post-processors: put special tokens around encoded texts, join pairs, and trim offsets.
 *
 * @see https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/processors
 */
import { emptyEncoding, mergeEncodings } from './encoding';
import type { Encoding } from './encoding';
import { asArray, asId, asObject, asString, booleanField, brief, get } from './json';
import type { JsonObject } from './json';
import { isWhitespace } from './text/characters';

export interface PostProcessor {
  /** Number of special tokens added to one text, or to a pair. */
  added(pair: boolean): number;
  /** Works on one or two encodings; returns what is then joined in order. */
  process(encodings: readonly Encoding[], addSpecialTokens: boolean): Encoding[];
}

/**
 * Reads the `post_processor` of a tokenizer.json.
 *
 * @returns The post-processor, or undefined for null.
 * @throws {SyntaxError} If the type is unknown or a field does not fit.
 */
export function readPostProcessor(value: unknown, where = 'post_processor'): PostProcessor | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const config = asObject(value, where);
  const type = asString(get(config, 'type'), `${where}.type`);
  switch (type) {
    case 'TemplateProcessing':
      return template(config, where);
    case 'BertProcessing':
      return clsAndSep(config, where, false);
    case 'RobertaProcessing':
      return clsAndSep(config, where, true);
    case 'ByteLevel': {
      const trim = booleanField(config, 'trim_offsets', where, true);
      const prefixed = booleanField(config, 'add_prefix_space', where, true);
      return {
        added: () => 0,
        process: encodings => encodings.map(encoding => (trim ? trimOffsets(encoding, prefixed) : encoding))
      };
    }
    case 'Sequence': {
      const steps = asArray(get(config, 'processors'), `${where}.processors`)
        .map((step, i) => readPostProcessor(step, `${where}.processors[${i}]`))
        .filter(step => step !== undefined);
      return {
        added: pair => steps.reduce((sum, step) => sum + step.added(pair), 0),
        process: (encodings, add) => steps.reduce((all, step) => step.process(all, add), [...encodings])
      };
    }
    default:
      throw new SyntaxError(
        `Cannot read ${where}.type as it must be a known post-processor: current value is ${brief(type)}`
      );
  }
}

/**
 * Joins one text or a pair, with special tokens where the post-processor puts them.
 *
 * @param processor The post-processor, if any.
 * @param encodings One or two encodings.
 */
export function postProcess(
  processor: PostProcessor | undefined,
  encodings: readonly Encoding[],
  addSpecialTokens: boolean
): Encoding {
  const typed = encodings.map((encoding, i) => withSequence(encoding, i, i));
  return mergeEncodings(processor ? processor.process(typed, addSpecialTokens) : typed);
}

interface SpecialPiece {
  readonly ids: readonly number[];
  readonly tokens: readonly string[];
  readonly typeId: number;
}
type TemplatePiece = SpecialPiece | { readonly sequence: 0 | 1; readonly typeId: number };

function template(config: JsonObject, where: string): PostProcessor {
  const special = asObject(get(config, 'special_tokens') ?? {}, `${where}.special_tokens`);
  const read = (key: 'single' | 'pair'): TemplatePiece[] =>
    asArray(get(config, key), `${where}.${key}`).map((item, i) => readPiece(item, special, `${where}.${key}[${i}]`));
  const single = read('single');
  const pair = read('pair');
  const count = (pieces: readonly TemplatePiece[]): number =>
    pieces.reduce((sum, piece) => sum + ('ids' in piece ? piece.ids.length : 0), 0);
  return {
    added: isPair => count(isPair ? pair : single),
    process: (encodings, add) => {
      const parts: Encoding[] = [];
      for (const piece of encodings.length > 1 ? pair : single) {
        if ('sequence' in piece) {
          const encoding = encodings[piece.sequence];
          if (encoding) {
            parts.push(withSequence(encoding, piece.sequence, piece.typeId));
          }
        } else if (add) {
          parts.push(specialEncoding(piece.ids, piece.tokens, piece.typeId));
        }
      }
      return parts;
    }
  };
}

function readPiece(value: unknown, special: JsonObject, where: string): TemplatePiece {
  const piece = asObject(value, where);
  const sequence = get(piece, 'Sequence');
  if (sequence !== undefined) {
    const fields = asObject(sequence, `${where}.Sequence`);
    const id = asString(get(fields, 'id'), `${where}.Sequence.id`);
    if (id !== 'A' && id !== 'B') {
      throw new SyntaxError(`Cannot read ${where}.Sequence.id as it must be "A" or "B": current value is ${brief(id)}`);
    }
    return { sequence: id === 'A' ? 0 : 1, typeId: asId(get(fields, 'type_id') ?? 0, `${where}.Sequence.type_id`) };
  }
  const fields = asObject(get(piece, 'SpecialToken'), `${where}.SpecialToken`);
  const id = asString(get(fields, 'id'), `${where}.SpecialToken.id`);
  const found = asObject(get(special, id), `special_tokens[${brief(id)}]`);
  const ids = asArray(get(found, 'ids'), `special_tokens[${brief(id)}].ids`).map(item =>
    asId(item, 'special token id')
  );
  const tokens = asArray(get(found, 'tokens') ?? [id], `special_tokens[${brief(id)}].tokens`).map(item =>
    asString(item, 'special token')
  );
  return { ids, tokens, typeId: asId(get(fields, 'type_id') ?? 0, `${where}.SpecialToken.type_id`) };
}

/** BERT's `[CLS] A [SEP] B [SEP]`, or RoBERTa's `<s> A </s> </s> B </s>` with type 0 throughout. */
function clsAndSep(config: JsonObject, where: string, roberta: boolean): PostProcessor {
  const read = (key: 'cls' | 'sep'): { ids: number[]; tokens: string[] } => {
    const pair = asArray(get(config, key), `${where}.${key}`);
    return { ids: [asId(pair[1], `${where}.${key}[1]`)], tokens: [asString(pair[0], `${where}.${key}[0]`)] };
  };
  const cls = read('cls');
  const sep = read('sep');
  const trim = roberta && booleanField(config, 'trim_offsets', where, true);
  const prefixed = booleanField(config, 'add_prefix_space', where, true);
  return {
    added: pair => (pair ? (roberta ? 4 : 3) : 2),
    process: (encodings, add) => {
      const parts: Encoding[] = [];
      encodings.forEach((encoding, i) => {
        const typeId = roberta ? 0 : i;
        const text = withSequence(trim ? trimOffsets(encoding, prefixed) : encoding, i, typeId);
        if (!add) {
          parts.push(text);
          return;
        }
        if (i === 0) {
          parts.push(specialEncoding(cls.ids, cls.tokens, typeId));
        } else if (roberta) {
          parts.push(specialEncoding(sep.ids, sep.tokens, typeId));
        }
        parts.push(text, specialEncoding(sep.ids, sep.tokens, typeId));
      });
      return parts;
    }
  };
}

function specialEncoding(ids: readonly number[], tokens: readonly string[], typeId: number): Encoding {
  return {
    ...emptyEncoding(),
    ids: [...ids],
    tokens: ids.map((_, i) => tokens[i] ?? ''),
    typeIds: ids.map(() => typeId),
    offsets: ids.map(() => [0, 0]),
    words: ids.map(() => null),
    sequenceIds: ids.map(() => null),
    specialTokensMask: ids.map(() => 1)
  };
}

function withSequence(encoding: Encoding, sequence: number, typeId: number): Encoding {
  return {
    ...encoding,
    typeIds: encoding.ids.map(() => typeId),
    sequenceIds: encoding.ids.map(() => sequence),
    overflowing: encoding.overflowing.map(part => withSequence(part, sequence, typeId))
  };
}

/** Leaves the white space at a token's ends out of its offsets; a space that was put before the text is none. */
function trimOffsets(encoding: Encoding, prefixed: boolean): Encoding {
  const isSpace = (char: string): boolean => char === '\u0120' || isWhitespace(char);
  const offsets = encoding.offsets.map(([begin, end], i): [number, number] => {
    const chars = [...(encoding.tokens[i] ?? '')];
    let leading = chars.findIndex(char => !isSpace(char));
    leading = leading < 0 ? chars.length : leading;
    let trailing = 0;
    while (trailing < chars.length && isSpace(chars[chars.length - 1 - trailing]!)) {
      trailing++;
    }
    if (leading === 1 && prefixed && (i === 0 || begin === 0)) {
      leading = 0;
    }
    const start = Math.min(begin + leading, end);
    return [start, trailing > 0 && end >= trailing ? Math.max(end - trailing, start) : end];
  });
  return { ...encoding, offsets, overflowing: encoding.overflowing.map(part => trimOffsets(part, prefixed)) };
}
