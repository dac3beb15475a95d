/** Vocabularies in files of their own: vocab.json, merges.txt, vocab.txt and *.tiktoken. */
import { brief } from '../json';
import { checkPieceLength } from './merges';
import { fromBase64 } from '../text/precompiled';
import { encodeBytes } from '../text/byte-level';
import { trailingSpace } from '../text/characters';

/**
 * Reads merges.txt: one pair per line, best first.
 *
 * @throws {SyntaxError} If a line is not two tokens.
 */
export function readMergesFile(bytes: Uint8Array, name = 'merges.txt'): [string, string][] {
  const merges: [string, string][] = [];
  splitLines(bytes).forEach((line, i) => {
    if (line.startsWith('#version')) {
      return;
    }
    const parts = line.split(' ');
    if (parts.length !== 2) {
      throw new SyntaxError(`Cannot read ${name} as line ${i + 1} must be two tokens: current value is ${brief(line)}`);
    }
    merges.push(parts as [string, string]);
  });
  return merges;
}

/** Reads vocab.txt: one token per line, its id the line's number from 0. */
export function readVocabText(bytes: Uint8Array): Map<string, number> {
  return new Map(splitLines(bytes).map((line, id) => [line.slice(0, line.length - trailingSpace(line)), id]));
}

/**
 * Reads a *.tiktoken file: base64 of a token's bytes and its rank per line.
 *
 * @returns Tokens in the byte alphabet → rank, which is the id.
 * @throws {SyntaxError} If a line does not fit or a single byte is missing.
 */
export function readTiktoken(bytes: Uint8Array, name: string): Map<string, number> {
  const ranks = new Map<string, number>();
  splitLines(bytes).forEach((line, i) => {
    if (line === '') {
      return;
    }
    const where = `${name}, line ${i + 1}`;
    const match = /^(\S+) (\d{1,8})$/.exec(line.trimEnd());
    if (!match) {
      throw new SyntaxError(
        `Cannot read ${where} as it must be a base64 token and its rank: current value is ${brief(line)}`
      );
    }
    ranks.set(encodeBytes(fromBase64(match[1]!, where)), Number(match[2]));
  });
  for (let byte = 0; byte < 256; byte++) {
    if (!ranks.has(encodeBytes(Uint8Array.of(byte)))) {
      throw new SyntaxError(`Cannot read ${name} as it must have all 256 bytes: 0x${byte.toString(16)} is missing`);
    }
  }
  return ranks;
}

/**
 * The merges ranks stand for: two tokens may be joined if the result is a token, lowest rank first. What tiktoken does
 * with ranks alone, as pairs.
 *
 * @see transformers/convert_slow_tokenizer.py, TikTokenConverter
 */
export function mergesOfRanks(ranks: ReadonlyMap<string, number>): [string, string][] {
  const merges: { pair: [string, string]; rank: number }[] = [];
  for (const [token, rank] of ranks) {
    checkPieceLength(token);
    const found: [string, string][] = [];
    for (let i = 1; i < token.length; i++) {
      const left = token.slice(0, i);
      const right = token.slice(i);
      if (ranks.has(left) && ranks.has(right)) {
        found.push([left, right]);
      }
    }
    found.sort((a, b) => ranks.get(a[0])! - ranks.get(b[0])! || ranks.get(a[1])! - ranks.get(b[1])!);
    merges.push(...found.map(pair => ({ pair, rank })));
  }
  merges.sort((a, b) => a.rank - b.rank);
  return merges.map(merge => merge.pair);
}

function splitLines(bytes: Uint8Array): string[] {
  const lines = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).split('\n');
  if (lines.at(-1) === '') {
    lines.pop();
  }
  return lines.map(line => (line.endsWith('\r') ? line.slice(0, -1) : line));
}
