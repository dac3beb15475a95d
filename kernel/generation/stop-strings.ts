import type { Tensor } from '../tensor/tensor';
import type { GenerationTokenizer } from './model';
import { tokenRows } from './rows';
import { StoppingCriteria } from './stopping-criteria';

const PREFIX = 'abcdef';

/**
 * Stops a row when its text has come to the end of a given string, even where the string begins or ends inside a token.
 *
 * Python prepares a table over the whole vocabulary; here the newest tokens are looked at one by one, with the same
 * verdict: a stop string occurs in the text and its end lies in the last token.
 */
export class StopStringCriteria extends StoppingCriteria {
  readonly stop_strings: readonly string[];
  readonly #pieces: TokenPieces;
  readonly #targets: readonly string[];
  /** No token further back can be part of a match. */
  readonly #longest: number;

  /**
   * @param tokenizer The model's tokenizer.
   * @param stop_strings One string or several, none empty.
   */
  constructor(tokenizer: GenerationTokenizer, stop_strings: string | readonly string[]) {
    super();
    this.stop_strings = typeof stop_strings === 'string' ? [stop_strings] : [...stop_strings];
    if (!this.stop_strings.length || this.stop_strings.some(text => typeof text !== 'string' || !text)) {
      throw new TypeError(
        `Cannot stop as stop_strings must be texts, none empty: current value is ${JSON.stringify(stop_strings)}`
      );
    }
    this.#pieces = new TokenPieces(tokenizer);
    this.#targets = this.stop_strings.map(text => this.#pieces.form(text));
    this.#longest = Math.max(...this.#targets.map(text => text.length));
  }

  override __call__(input_ids: Tensor): boolean[] {
    return tokenRows(input_ids).map(row => {
      const pieces = row.slice(-this.#longest).map(id => this.#pieces.of(id));
      const last = pieces.pop() ?? '';
      const before = pieces.join('');
      const text = before + last;
      return this.#targets.some(target => {
        // The end of the match must lie in the last token, after its beginning.
        const from = Math.max(0, before.length + 1 - target.length);
        return last.length > 0 && text.indexOf(target, from) >= 0;
      });
    });
  }
}

/**
 * The text of single tokens. With byte-level and byte-fallback tokenizers a character may be split between tokens, so
 * texts are compared byte by byte: each byte is one UTF-16 unit here.
 */
class TokenPieces {
  readonly #cache = new Map<number, string>();
  readonly #bytes: 'level' | 'fallback' | undefined;
  readonly #base: readonly string[];

  constructor(private readonly tokenizer: GenerationTokenizer) {
    const { encode, convert_ids_to_tokens, convert_tokens_to_string } = tokenizer;
    if (!encode || !convert_ids_to_tokens || !convert_tokens_to_string) {
      throw new TypeError(
        'Cannot use stop_strings as the tokenizer must have encode, convert_ids_to_tokens and convert_tokens_to_string'
      );
    }
    this.#bytes = this.#string(['Ġ']) === ' ' ? 'level' : this.#string(['<0x41>']) === 'A' ? 'fallback' : undefined;
    const ids = tokenizer.encode!(PREFIX, { add_special_tokens: false });
    this.#base = this.tokenizer.convert_ids_to_tokens!(ids).map(token => token ?? '');
  }

  /** A text in the form tokens have here. */
  form(text: string): string {
    return this.#bytes ? binary(new TextEncoder().encode(text)) : text;
  }

  of(id: number): string {
    let piece = this.#cache.get(id);
    if (piece === undefined) {
      const token = this.tokenizer.convert_ids_to_tokens!([id])[0];
      // A NUL pair is in no stop string: an id without a token matches nothing.
      piece = token == null ? '\0\0' : this.#piece(token);
      this.#cache.set(id, piece);
    }
    return piece;
  }

  #piece(token: string): string {
    if (this.#bytes === 'level') {
      const bytes = [...token].map(char => byteOf(char));
      if (bytes.every(byte => byte !== undefined)) {
        return binary(bytes as number[]);
      }
    }
    const byte = this.#bytes === 'fallback' ? /^<0x([0-9a-fA-F]{2})>$/.exec(token) : null;
    if (byte) {
      return String.fromCharCode(parseInt(byte[1]!, 16));
    }
    // After other text, as the decoder may treat a token at the beginning differently.
    const text = this.#string([...this.#base, token]);
    const at = text.indexOf(PREFIX);
    return this.form(at < 0 ? text : text.slice(at + PREFIX.length));
  }

  #string(tokens: readonly string[]): string {
    return this.tokenizer.convert_tokens_to_string!(tokens);
  }
}

function binary(bytes: ArrayLike<number>): string {
  return Array.from(bytes, byte => String.fromCharCode(byte)).join('');
}

/** The byte a character of a byte-level vocabulary stands for: GPT-2's printable alphabet. */
function byteOf(char: string): number | undefined {
  const code = char.codePointAt(0)!;
  if ((code >= 33 && code <= 126) || (code >= 161 && code <= 172) || (code >= 174 && code <= 255)) {
    return code;
  }
  const shifted = code - 256;
  // Bytes without a printable character of their own, in order: 0–32, 127–160, 173.
  return shifted < 0 || shifted > 67 ? undefined : shifted <= 32 ? shifted : shifted <= 66 ? shifted + 94 : 173;
}
