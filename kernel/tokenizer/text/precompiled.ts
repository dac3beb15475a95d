/**
 * SentencePiece's compiled normalisation rules: a double-array trie from byte strings to replacements.
 * @huggingface/tokenizers stands NFKC in for it; this reads the table itself.
 *
 * @see https://github.com/huggingface/spm_precompiled
 */
import { asString, brief } from '../json';
import type { AlignedText } from './aligned-text';
import { decodeUtf8, encodeUtf8 } from './byte-level';

/**
 * Reads a `precompiled_charsmap`.
 *
 * @param value Base64 text, or the bytes.
 * @throws {SyntaxError} If the table is cut off.
 */
export function readPrecompiled(value: unknown, where: string): (source: AlignedText) => AlignedText {
  if (value === null || value === undefined || value === '') {
    return source => source;
  }
  const bytes = value instanceof Uint8Array ? value : fromBase64(asString(value, where), where);
  if (bytes.length === 0) {
    return source => source;
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const trieSize = bytes.length >= 4 ? view.getUint32(0, true) : Infinity;
  if (4 + trieSize > bytes.length || trieSize % 4 !== 0) {
    throw new SyntaxError(
      `Cannot read ${where} as its trie must lie within its ${bytes.length} bytes: it needs ${trieSize}`
    );
  }
  const trie = new Uint32Array(trieSize / 4);
  for (let i = 0; i < trie.length; i++) {
    trie[i] = view.getUint32(4 + i * 4, true);
  }
  const replacements = bytes.subarray(4 + trieSize);
  const cache = new Map<string, string | undefined>();
  const lookup = (text: string): string | undefined => {
    if (!cache.has(text)) {
      if (cache.size > 10_000) {
        cache.clear();
      }
      const at = shortestPrefix(trie, encodeUtf8(text));
      cache.set(text, at < 0 ? undefined : readUntilNul(replacements, at));
    }
    return cache.get(text);
  };
  return source => applyRules(source, lookup);
}

/** Value of the shortest key that `key` starts with, or -1: Rust takes the first that a common-prefix search gives. */
function shortestPrefix(trie: Uint32Array, key: Uint8Array): number {
  const unitAt = (index: number): number => trie[index] ?? 0;
  let node = 0;
  let unit = unitAt(node);
  node ^= offset(unit);
  for (const byte of key) {
    if (byte === 0) {
      break;
    }
    node ^= byte;
    unit = unitAt(node);
    if ((unit & 0x800000ff) >>> 0 !== byte) {
      return -1;
    }
    node ^= offset(unit);
    if (((unit >>> 8) & 1) === 1) {
      return unitAt(node) & 0x7fffffff;
    }
  }
  return -1;
}

/** Offset to the children of a double-array unit. */
function offset(unit: number): number {
  return (unit >>> 10) << ((unit & (1 << 9)) >>> 6);
}

function readUntilNul(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return decodeUtf8(bytes.subarray(at, end < 0 ? bytes.length : end));
}

let segmenter: Intl.Segmenter | undefined;

function applyRules(source: AlignedText, lookup: (text: string) => string | undefined): AlignedText {
  const chars: string[] = [];
  const changes: number[] = [];
  let modified = false;
  const replace = (old: string, text: string): void => {
    modified = true;
    const added = [...text];
    const difference = added.length - [...old].length;
    for (const char of added) {
      chars.push(char);
      changes.push(0);
    }
    // Where characters are added the last ones count as inserted; where removed, the last one counts them.
    for (let i = 1; i <= difference && i <= changes.length; i++) {
      changes[changes.length - i] = 1;
    }
    if (difference < 0 && changes.length) {
      changes[changes.length - 1]! += difference;
    }
  };
  // Printable ASCII has no rule in any known table, yet one could be there: only the segmentation is skipped.
  const plain = /^[\x20-\x7e]*$/.test(source.text);
  segmenter ??= new Intl.Segmenter('und', { granularity: 'grapheme' });
  for (const grapheme of plain ? source.text : graphemes(segmenter, source.text)) {
    if (encodeUtf8(grapheme).length < 6) {
      const text = lookup(grapheme);
      if (text !== undefined) {
        replace(grapheme, text);
        continue;
      }
    }
    for (const char of grapheme) {
      const text = lookup(char);
      if (text !== undefined) {
        replace(char, text);
      } else {
        chars.push(char);
        changes.push(0);
      }
    }
  }
  return modified ? source.transform(chars, changes) : source;
}

/** Window the segmenter looks at: its time per grapheme grows with the length of the text it is given. */
const WINDOW = 256;

function* graphemes(segmenter: Intl.Segmenter, text: string): Iterable<string> {
  let size = WINDOW;
  for (let begin = 0; begin < text.length;) {
    const part = text.slice(begin, begin + size);
    const found = Array.from(segmenter.segment(part), item => item.segment);
    // The last one may go on beyond the window.
    const whole = begin + part.length >= text.length ? found : found.slice(0, -1);
    yield* whole;
    const length = whole.reduce((sum, grapheme) => sum + grapheme.length, 0);
    begin += length;
    size = length === 0 ? size * 2 : WINDOW;
  }
}

/** @throws {SyntaxError} If the text is not base64. */
export function fromBase64(text: string, where: string): Uint8Array {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    throw new SyntaxError(`Cannot read ${where} as it must be base64: current value is ${brief(text)}`);
  }
  return Uint8Array.from(binary, char => char.charCodeAt(0));
}
