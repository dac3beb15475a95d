import { describe } from './input';
import { readableTokens } from './strings';

/** What names ids: a tokenizer, or the vocabulary itself, entry i being the text of id i. */
export type Namer =
  | readonly string[]
  | { decode(ids: number[], options?: { skip_special_tokens?: boolean }): string }
  | { convert_ids_to_tokens(ids: number[]): readonly (string | null | undefined)[] }
  | ((id: number) => string);

/**
 * Checks and reads token strings.
 * @throws {TypeError} If they are not strings.
 */
export function tokenStrings(tokens: readonly string[], what = 'tokens'): string[] {
  if (!Array.isArray(tokens) || tokens.some(t => typeof t !== 'string')) {
    throw new TypeError(
      `Cannot label a view as ${what} must be an array of strings: current value is ${describe(tokens)}. ` +
        'tokenizer.convert_ids_to_tokens(ids) makes one'
    );
  }
  return readableTokens(tokens);
}

/**
 * Makes a function from ids to readable text.
 * @throws {TypeError} If the value names nothing.
 */
export function namer(source: Namer, what = 'tokenizer'): (id: number) => string {
  if (Array.isArray(source)) {
    const readable = readableTokens(source as string[]);
    return id => readable[id] ?? `[${id}]`;
  }
  // A tokenizer can be called, too, so its methods are looked for first.
  const given = Object(source) as { decode?: unknown; convert_ids_to_tokens?: unknown };
  if (typeof given.decode === 'function') {
    return id => (source as { decode(ids: number[]): string }).decode([id]);
  }
  if (typeof given.convert_ids_to_tokens === 'function') {
    // Spelling is judged token by token here, so one Ġ more or less does not change the others.
    return id => {
      const token = (source as { convert_ids_to_tokens(ids: number[]): (string | null)[] }).convert_ids_to_tokens([
        id
      ])[0];
      return token === null || token === undefined ? `[${id}]` : readableTokens([token])[0]!;
    };
  }
  if (typeof source === 'function') {
    return source as (id: number) => string;
  }
  throw new TypeError(
    `Cannot name tokens as ${what} must be a tokenizer, an array of the vocabulary's strings or a function from id to ` +
      `string: current value is ${describe(source)}`
  );
}
