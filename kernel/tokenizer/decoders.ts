/**
 * Decoders: from token texts back to text.
 *
 * @see https://github.com/huggingface/tokenizers/tree/main/tokenizers/src/decoders
 */
import { asArray, asObject, asString, booleanField, brief, get, idField, stringField } from './json';
import type { JsonObject } from './json';
import { decodeUtf8, encodeUtf8, tokenBytes } from './text/byte-level';
import { readPattern } from './text/split-pattern';

/** Turns a list of token texts into another whose concatenation is the text. */
export type Decoder = (tokens: readonly string[]) => readonly string[];

/**
 * Reads the `decoder` of a tokenizer.json.
 *
 * @returns The decoder, or undefined for null.
 * @throws {SyntaxError} If the type is unknown or a field does not fit.
 */
export function readDecoder(value: unknown, where = 'decoder'): Decoder | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  const config = asObject(value, where);
  const type = asString(get(config, 'type'), `${where}.type`);
  switch (type) {
    case 'ByteLevel':
      return byteLevel;
    case 'WordPiece':
      return wordPiece(config, where);
    case 'Metaspace':
      return metaspace(config, where);
    case 'BPEDecoder': {
      const suffix = stringField(config, 'suffix', where, '</w>');
      return tokens => tokens.map((token, i) => token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '));
    }
    case 'CTC':
      return ctc(config, where);
    case 'Sequence': {
      const steps = asArray(get(config, 'decoders'), `${where}.decoders`)
        .map((step, i) => readDecoder(step, `${where}.decoders[${i}]`))
        .filter(step => step !== undefined);
      return tokens => steps.reduce((all, step) => step(all), tokens);
    }
    case 'Replace': {
      const pattern = readPattern(get(config, 'pattern'), `${where}.pattern`);
      const content = stringField(config, 'content', where, '');
      return tokens => tokens.map(token => token.replace(pattern, () => content));
    }
    case 'Fuse':
      return tokens => [tokens.join('')];
    case 'Strip':
      return strip(config, where);
    case 'ByteFallback':
      return byteFallback;
    default:
      throw new SyntaxError(`Cannot read ${where}.type as it must be a known decoder: current value is ${brief(type)}`);
  }
}

/** All bytes of all tokens, decoded at once: one character may be spread over several tokens. */
function byteLevel(tokens: readonly string[]): string[] {
  const parts = tokens.map(token => tokenBytes(token) ?? encodeUtf8(token));
  return [decodeUtf8(concatBytes(parts))];
}

function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function wordPiece(config: JsonObject, where: string): Decoder {
  const prefix = stringField(config, 'prefix', where, '##');
  const cleanup = booleanField(config, 'cleanup', where, true);
  return tokens =>
    tokens.map((token, i) => {
      const joined = i === 0 ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`;
      return cleanup ? cleanUpWordPiece(joined) : joined;
    });
}

/** What Rust's WordPiece decoder cleans: Python's rules and one more. */
function cleanUpWordPiece(text: string): string {
  return text
    .replaceAll(' .', '.')
    .replaceAll(' ?', '?')
    .replaceAll(' !', '!')
    .replaceAll(' ,', ',')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(' do not', " don't")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}

function metaspace(config: JsonObject, where: string): Decoder {
  const replacement = stringField(config, 'replacement', where, '\u2581');
  const prefixed =
    booleanField(config, 'add_prefix_space', where, true) &&
    stringField(config, 'prepend_scheme', where, 'always') !== 'never';
  // In the first token every mark is dropped, not only the leading one: so in Rust.
  return tokens => tokens.map((token, i) => token.replaceAll(replacement, i === 0 && prefixed ? '' : ' '));
}

function ctc(config: JsonObject, where: string): Decoder {
  const pad = stringField(config, 'pad_token', where, '<pad>');
  const delimiter = stringField(config, 'word_delimiter_token', where, '|');
  const cleanup = booleanField(config, 'cleanup', where, true);
  return tokens =>
    tokens
      .filter((token, i) => i === 0 || token !== tokens[i - 1])
      .map(token => {
        const text = token.replaceAll(pad, '');
        return cleanup ? cleanUpWordPiece(text).replaceAll(delimiter, ' ') : text;
      })
      .filter(token => token !== '');
}

function strip(config: JsonObject, where: string): Decoder {
  const content = stringField(config, 'content', where, ' ');
  const start = idField(config, 'start', where, 0);
  const stop = idField(config, 'stop', where, 0);
  return tokens =>
    tokens.map(token => {
      let begin = 0;
      while (begin < start && token.startsWith(content, begin * content.length) && content !== '') {
        begin++;
      }
      const rest = token.slice(begin * content.length);
      let end = rest.length;
      for (let i = 0; i < stop && content !== '' && rest.slice(0, end).endsWith(content); i++) {
        end -= content.length;
      }
      return rest.slice(0, end);
    });
}

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Joins runs of `<0x..>` tokens to text; a run that is not UTF-8 gives one U+FFFD per byte. */
function byteFallback(tokens: readonly string[]): string[] {
  const result: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length) {
      try {
        result.push(strictUtf8.decode(Uint8Array.from(bytes)));
      } catch {
        bytes.forEach(() => result.push('\ufffd'));
      }
      bytes = [];
    }
  };
  for (const token of tokens) {
    const byte = token.length === 6 ? BYTE_TOKEN.exec(token) : null;
    if (byte) {
      bytes.push(parseInt(byte[1]!, 16));
    } else {
      flush();
      result.push(token);
    }
  }
  flush();
  return result;
}
