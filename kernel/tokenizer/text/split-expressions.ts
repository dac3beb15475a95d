/** The expressions byte-level vocabularies split text with, in Oniguruma's syntax as their files have them. */

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const SPACES = '\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';
const UPPER = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const LOWER = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const BEFORE = '[^\\r\\n\\p{L}\\p{N}]?';

/** Qwen, Qwen2 and Qwen3: every digit by itself. */
export const QWEN2_SPLIT = `${CONTRACTIONS}|${BEFORE}\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`;

/** Qwen3.5: marks count as letters. */
export const QWEN35_SPLIT =
  `${CONTRACTIONS}|${BEFORE}[\\p{L}\\p{M}]+` + `|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|${SPACES}`;

/** Llama 3 and cl100k: digits by threes. */
export const LLAMA3_SPLIT = `${CONTRACTIONS}|${BEFORE}\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|${SPACES}`;

/** Mistral's tekken: words are cut where capitals begin. */
export const TEKKEN_SPLIT =
  `${BEFORE}${UPPER}*${LOWER}+|${BEFORE}${UPPER}+${LOWER}*` + `|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`;

/** GPT-4o and Llama 4: the same, with contractions and digits by threes. */
export const GPT4O_SPLIT =
  `${BEFORE}${UPPER}*${LOWER}+${CONTRACTIONS}?|${BEFORE}${UPPER}+${LOWER}*${CONTRACTIONS}?` +
  `|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|${SPACES}`;

/** CLIP: words, single digits, runs of anything else. */
export const CLIP_SPLIT =
  '<\\|startoftext\\|>|<\\|endoftext\\|>' + "|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+";
