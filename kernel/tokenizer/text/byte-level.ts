/**
 * GPT-2's byte alphabet: a printable character for each of the 256 bytes, so that a byte-level vocabulary can be
 * written as text ("Ġ" is the space, "Ċ" the newline).
 *
 * @see https://github.com/openai/gpt-2/blob/master/src/encoder.py
 */

/** Character of each byte. */
export const BYTE_TO_CHAR: readonly string[] = buildAlphabet();

/** Byte of each character; undefined for characters outside the alphabet. */
export const CHAR_TO_BYTE: ReadonlyMap<string, number> = new Map(BYTE_TO_CHAR.map((char, byte) => [char, byte]));

// The same by UTF-16 unit, as every character of the alphabet is below U+0144; -1 outside.
const CODE_TO_BYTE = new Int16Array(0x144).fill(-1);
BYTE_TO_CHAR.forEach((char, byte) => (CODE_TO_BYTE[char.charCodeAt(0)] = byte));

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const PLAIN = /^[!-~]*$/;

/** Writes UTF-8 bytes in the byte alphabet. */
export function encodeBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += BYTE_TO_CHAR[byte]!;
  }
  return text;
}

/** Writes a text's UTF-8 bytes in the byte alphabet. */
export function toByteLevel(text: string): string {
  // Printable ASCII is written as itself, so words are mostly done after the first character.
  if (PLAIN.test(text)) {
    return text;
  }
  if (text.charCodeAt(0) === 0x20) {
    const rest = text.slice(1);
    if (PLAIN.test(rest)) {
      return `\u0120${rest}`;
    }
  }
  return encodeBytes(encoder.encode(text));
}

/** The bytes a token of a byte-level vocabulary stands for, or undefined if it has a character outside the alphabet. */
export function tokenBytes(token: string): Uint8Array | undefined {
  const bytes = new Uint8Array(token.length);
  for (let i = 0; i < token.length; i++) {
    const code = token.charCodeAt(i);
    const byte = code < CODE_TO_BYTE.length ? CODE_TO_BYTE[code]! : -1;
    if (byte < 0) {
      return undefined;
    }
    bytes[i] = byte;
  }
  return bytes;
}

/** Whether every character of `token` belongs to the byte alphabet. */
export function isByteLevel(token: string): boolean {
  return tokenBytes(token) !== undefined;
}

/** Decodes UTF-8; what is not UTF-8 becomes U+FFFD, a byte order mark stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** UTF-8 bytes of a text; a lone surrogate becomes U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  return encoder.encode(text);
}

function buildAlphabet(): string[] {
  const chars: string[] = [];
  let extra = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    chars.push(String.fromCharCode(printable ? byte : extra++));
  }
  return chars;
}
