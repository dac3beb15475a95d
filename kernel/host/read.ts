/** Whole files of a model folder: the small ones (JSON, text). Weights are read in ranges, by `checkpoint/`. */
import type { ByteSource, ModelFolder } from './host';

/** A tokenizer.json of a 256k-token vocabulary is about 35 MB; anything far beyond is not a text file of a model. */
const largest = 512 * 1024 * 1024;

/**
 * Reads a source whole.
 *
 * @throws {RangeError} If it is larger than 512 MiB.
 */
export async function readAll(source: ByteSource, signal?: AbortSignal): Promise<Uint8Array> {
  if (source.size > largest) {
    throw new RangeError(
      `Cannot read ${source.name} whole as it must be at most ${largest} bytes: current size is ${source.size}`
    );
  }
  return source.read(0, source.size, signal);
}

/**
 * Reads a UTF-8 text file of a folder.
 *
 * @returns Its text without a byte order mark, or undefined if the folder has no such file.
 */
export async function readText(folder: ModelFolder, file: string, signal?: AbortSignal): Promise<string | undefined> {
  const source = await folder.open(file);
  return source && new TextDecoder().decode(await readAll(source, signal));
}

/**
 * Reads and parses a JSON file of a folder. Keys named `__proto__` are dropped, so that no later copy of the value can
 * change a prototype.
 *
 * @returns The value, or undefined if the folder has no such file.
 * @throws {SyntaxError} If the file is not valid JSON.
 */
export async function readJson(folder: ModelFolder, file: string, signal?: AbortSignal): Promise<unknown> {
  const text = await readText(folder, file, signal);
  return text === undefined ? undefined : parseJson(text, `${folder.name}/${file}`);
}

/**
 * Parses JSON without `__proto__` keys.
 *
 * @param name Shown in the error.
 * @throws {SyntaxError} If the text is not valid JSON.
 */
export function parseJson(text: string, name: string): unknown {
  // A reviver makes parsing a large tokenizer several times slower: used only where a key could be meant.
  const reviver = /__proto__|\\u005f/i.test(text)
    ? (key: string, value: unknown) => (key === '__proto__' ? undefined : value)
    : undefined;
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    throw new SyntaxError(`Cannot read ${name} as it must be valid JSON: ${(error as Error).message}`);
  }
}
