/** Building a tokenizer from the files of a model. */
import { readAddedToken, readAddedTokenWithId } from './added-vocabulary';
import type { AddedToken } from './added-vocabulary';
import { Backend } from './backend';
import { asArray, asObject, get, isObject, parseJson } from './json';
import type { JsonObject } from './json';
import { readSettings } from './settings';
import { tokenizerFromGguf } from './sources/gguf';
import { PreTrainedTokenizer } from './tokenizer';

/** Where the files of a model are read from. */
export interface TokenizerFiles {
  /** Bytes of a file by name, or undefined if it is not there. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** `model_type` of config.json, which chooses the class where tokenizer_config.json does not. */
  model_type?: string;
  /** Metadata of a GGUF file; then no file is read for the vocabulary. */
  gguf?: { metadata: Record<string, unknown> };
}

export interface LoadOptions {
  /** Shown when the tokenizer is printed. */
  name_or_path?: string;
  /** Overrides of tokenizer_config.json, e.g. `padding_side`, `pad_token`. */
  [key: string]: unknown;
}

/**
 * Loads a tokenizer.
 *
 * @param files The model's files.
 * @param options Overrides of what tokenizer_config.json says.
 * @throws {SyntaxError} If a file does not fit its format.
 * @throws {RangeError} If there is no file to build a tokenizer from.
 */
export async function loadTokenizer(files: TokenizerFiles, options: LoadOptions = {}): Promise<PreTrainedTokenizer> {
  const { name_or_path = '', ...overrides } = options;
  if (files.gguf) {
    const { spec, config } = tokenizerFromGguf(files.gguf.metadata);
    return build(spec, { ...config, ...overrides }, 'TokenizersBackend', name_or_path);
  }
  const config = { ...(await readConfig(files)), ...overrides };
  const json = await files.read('tokenizer.json');
  if (json) {
    return build(parseJson(json, 'tokenizer.json'), config, 'TokenizersBackend', name_or_path);
  }
  throw new RangeError(`Cannot load a tokenizer from ${name_or_path || 'the model'} as it must have a tokenizer.json: it is missing`);
}

function build(spec: JsonObject, config: JsonObject, className: string, nameOrPath: string): PreTrainedTokenizer {
  const known = knownTokens(spec, config);
  const backend = new Backend(spec);
  return new PreTrainedTokenizer(backend, readSettings(config, className, {}, known, nameOrPath));
}

function knownTokens(spec: JsonObject, config: JsonObject): Map<string, AddedToken> {
  const known = new Map<string, AddedToken>();
  const decoder = get(config, 'added_tokens_decoder');
  if (isObject(decoder)) {
    for (const [id, token] of Object.entries(decoder)) {
      const read = readAddedToken(token, `added_tokens_decoder.${id}`);
      known.set(read.content, read);
    }
    return known;
  }
  asArray(get(spec, 'added_tokens') ?? [], 'added_tokens').forEach((token, i) => {
    const read = readAddedTokenWithId(token, `added_tokens[${i}]`).token;
    known.set(read.content, read);
  });
  return known;
}

async function readConfig(files: TokenizerFiles): Promise<JsonObject> {
  const bytes = await files.read('tokenizer_config.json');
  const config: Record<string, unknown> = { ...(bytes ? parseJson(bytes, 'tokenizer_config.json') : {}) };
  const template = await files.read('chat_template.jinja');
  if (template) {
    config.chat_template = new TextDecoder().decode(template);
  } else if (config.chat_template === undefined) {
    const json = await files.read('chat_template.json');
    config.chat_template = json ? get(asObject(parseJson(json, 'chat_template.json'), 'chat_template.json'), 'chat_template') : undefined;
  }
  return config;
}
