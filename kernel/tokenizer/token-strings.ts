/**
 * Readable text per token, for labels: unlike decoding each id alone, a character that is spread over several tokens
 * shows in each of them, as "é (1/2)".
 */
import { decodeUtf8, encodeUtf8, tokenBytes } from './text/byte-level';

const BYTE_TOKEN = /^<0x([0-9A-Fa-f]{2})>$/;

/** What a token stands for: bytes of the text, or a text that is shown as it is (special tokens). */
export interface TokenText {
  readonly bytes?: Uint8Array;
  readonly text?: string;
}

/** How a vocabulary spells text. */
export type Spelling = 'byte-level' | 'sentencepiece' | 'word-piece' | 'plain';

/** Reads a vocabulary token. */
export function tokenText(token: string, spelling: Spelling, endOfWord = ''): TokenText {
  switch (spelling) {
    case 'byte-level': {
      const word = endOfWord !== '' && token.endsWith(endOfWord) ? `${token.slice(0, -endOfWord.length)}\u0120` : token;
      const bytes = tokenBytes(word);
      return bytes ? { bytes } : { text: token };
    }
    case 'sentencepiece': {
      const byte = BYTE_TOKEN.exec(token);
      return byte
        ? { bytes: Uint8Array.of(parseInt(byte[1]!, 16)) }
        : { bytes: encodeUtf8(token.replaceAll('\u2581', ' ')) };
    }
    default:
      return { text: token };
  }
}

/**
 * Labels for a sequence of tokens.
 *
 * @returns One string per token. A token with part of a character only shows that character and which part; bytes
 *   that never become a character show as `\xF0`.
 */
export function labelTokens(tokens: readonly TokenText[]): string[] {
  const labels = tokens.map(token => token.text ?? '');
  for (let begin = 0; begin < tokens.length;) {
    if (!tokens[begin]!.bytes) {
      begin++;
      continue;
    }
    let end = begin;
    while (end < tokens.length && tokens[end]!.bytes) {
      end++;
    }
    labelBytes(tokens, begin, end, labels);
    begin = end;
  }
  return labels;
}

function labelBytes(tokens: readonly TokenText[], begin: number, end: number, labels: string[]): void {
  const bytes: number[] = [];
  const owner: number[] = []; // token of each byte
  for (let token = begin; token < end; token++) {
    for (const byte of tokens[token]!.bytes!) {
      bytes.push(byte);
      owner.push(token);
    }
  }
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length === 0) {
      labels[owner[at]!] += `\\x${bytes[at]!.toString(16).toUpperCase().padStart(2, '0')}`;
      at++;
      continue;
    }
    const char = decodeUtf8(Uint8Array.from(bytes.slice(at, at + length)));
    const owners = [...new Set(owner.slice(at, at + length))];
    owners.forEach((token, i) => {
      labels[token] += owners.length === 1 ? char : `${char} (${i + 1}/${owners.length})`;
    });
    at += length;
  }
}

/** Bytes of the UTF-8 character at `at`, 0 if there is none. */
function characterLength(bytes: readonly number[], at: number): number {
  const first = bytes[at]!;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length <= 1 || at + length > bytes.length) {
    return length <= 1 ? length : 0;
  }
  return decodeUtf8(Uint8Array.from(bytes.slice(at, at + length))).includes('\ufffd') &&
    !(first === 0xef && bytes[at + 1] === 0xbf && bytes[at + 2] === 0xbd)
    ? 0
    : length;
}
