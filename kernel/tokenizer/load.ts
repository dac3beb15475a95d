/** Building a tokenizer from the files of a model. */
import { addedToken, readAddedToken, readAddedTokenWithId } from './added-vocabulary';
import type { AddedToken } from './added-vocabulary';
import { Backend } from './backend';
import { chooseClass, isByteLevelJson } from './classes';
import type { TokenizerClass } from './classes';
import { asArray, asId, get, isObject, parseJson } from './json';
import type { JsonObject } from './json';
import { readPostProcessor } from './post-processors';
import { readSettings, readSpecialToken } from './settings';
import type { Settings, SpecialTokenName } from './settings';
import { findVocabulary } from './sources/find';
import { tokenizerFromGguf } from './sources/gguf';
import { PreTrainedTokenizer } from './tokenizer';

/** Where the files of a model are read from. */
export interface TokenizerFiles {
  /** Bytes of a file by name, or undefined if it is not there. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Names of the files, where that can be told: for `*.tiktoken` files and named chat templates. */
  list?(): Promise<readonly string[] | undefined>;
  /** `model_type` of config.json: with `tokenizer_class` it chooses the class, as in Python. */
  model_type?: string;
  /** `tokenizer_class` of config.json, where tokenizer_config.json has none. */
  tokenizer_class?: string;
  /** Metadata of a GGUF file; then no file is read. */
  gguf?: { metadata: Record<string, unknown> };
}

export interface LoadOptions {
  /** Shown when the tokenizer is printed. */
  name_or_path?: string;
  /** Overrides of tokenizer_config.json, e.g. `padding_side`, `pad_token`, `add_bos_token`. */
  [key: string]: unknown;
}

/**
 * Loads a tokenizer: from GGUF metadata; else from tokenizer.json; else from tokenizer.model, vocab.json with
 * merges.txt, vocab.txt or a *.tiktoken file.
 *
 * @param files The model's files.
 * @param options Overrides of what tokenizer_config.json says.
 * @throws {SyntaxError} If a file does not fit its format.
 * @throws {RangeError} If there is no file to build a tokenizer from.
 *
 * @example From a folder in Node
 * ```ts
 * const read = name => readFile(join(folder, name)).catch(() => undefined);
 * const tokenizer = await loadTokenizer({ read, model_type: 'qwen2' }, { name_or_path: folder });
 * ```
 */
export async function loadTokenizer(files: TokenizerFiles, options: LoadOptions = {}): Promise<PreTrainedTokenizer> {
  const { name_or_path = '', ...overrides } = options;
  if (files.gguf) {
    return fromGguf(files, files.gguf.metadata, overrides, name_or_path);
  }
  const given = await readConfig(files);
  const named = get(given, 'tokenizer_class') ?? files.tokenizer_class;
  const className = typeof named === 'string' ? named : undefined;
  const json = await files.read('tokenizer.json');
  if (json) {
    const spec = parseJson(json, 'tokenizer.json');
    const chosen = chooseClass(className, files.model_type, isByteLevelJson(spec));
    // A tokenizer.json is taken to know by itself whether it adds BOS and EOS.
    const config = withJsonDefaults(
      { ...given, add_bos_token: undefined, add_eos_token: undefined, ...overrides },
      spec
    );
    return build(spec, config, chosen, name_or_path, specialTokensOf(given, spec));
  }
  const chosen = chooseClass(className, files.model_type, false);
  const found = await findVocabulary(files, chosen.known, className, given);
  if (!found) {
    throw new RangeError(
      `Cannot load a tokenizer from ${name_or_path || 'the model'} as it must have one of tokenizer.json, ` +
        'tokenizer.model, vocab.json and merges.txt, vocab.txt, *.tiktoken: none is there'
    );
  }
  const config = { ...found.config, ...given, ...overrides };
  return build(
    found.spec,
    config,
    found.known ? { name: found.known.name, known: found.known } : chosen,
    name_or_path,
    specialTokensOf(given, {})
  );
}

function fromGguf(
  files: TokenizerFiles,
  metadata: JsonObject,
  overrides: JsonObject,
  nameOrPath: string
): PreTrainedTokenizer {
  const { spec, config } = tokenizerFromGguf(metadata);
  const architecture = get(metadata, 'general.architecture');
  const chosen = chooseClass(
    undefined,
    files.model_type ?? (typeof architecture === 'string' ? architecture : undefined),
    false
  );
  const settings = readSettings(
    { ...config, ...overrides },
    chosen.name,
    chosen.known?.defaults ?? {},
    new Map(),
    nameOrPath
  );
  return finish(new Backend(spec), settings, chosen.known, config, []);
}

/**
 * Puts a pipeline and its settings together. For a class that builds its own pipeline only the vocabulary and the
 * post-processor of the tokenizer.json count.
 */
function build(
  spec: JsonObject,
  config: JsonObject,
  { name, known }: { name: string; known: TokenizerClass | undefined },
  nameOrPath: string,
  added: readonly AddedToken[]
): PreTrainedTokenizer {
  const defaults = known?.defaults ?? {};
  const byText = new Map(added.map(token => [token.content, token]));
  const settings = readSettings(config, name, defaults, byText, nameOrPath);
  const model = get(spec, 'model');
  if (!known || !isObject(model)) {
    return finish(new Backend(spec), settings, known, config, added);
  }
  const built = known.build({
    vocab: get(model, 'vocab'),
    merges: get(model, 'merges'),
    charsmap: get(spec, 'charsmap') ?? findCharsmap(get(spec, 'normalizer')),
    config,
    token: special => settings.specialTokens.get(special)?.content ?? ''
  });
  return finish(new Backend({ ...built, post_processor: get(spec, 'post_processor') }), settings, known, config, added);
}

function finish(
  backend: Backend,
  settings: Settings,
  known: TokenizerClass | undefined,
  config: JsonObject,
  added: readonly AddedToken[]
): PreTrainedTokenizer {
  const named = new Set([...settings.specialTokens.values()].map(token => token.content));
  backend.addTokens(added.map(token => (named.has(token.content) ? { ...token, special: true } : token)));
  const tokenizer = new PreTrainedTokenizer(backend, settings);
  if (known?.postProcessor) {
    const tokens = {
      token: (name: SpecialTokenName): string => tokenizer[name] ?? '',
      id: (name: SpecialTokenName): number => tokenizer[`${name}_id`] ?? 0
    };
    const wanted = known.postProcessor(tokens, config);
    if (wanted === null) {
      tokenizer.update_post_processor();
    } else {
      backend.postProcessor = readPostProcessor(wanted);
    }
  }
  if (known?.resetsSpecialTokens) {
    backend.addTokens(tokenizer.all_special_tokens.map(token => addedToken(token, { special: true })));
  }
  return tokenizer;
}

/** Added tokens: those of the configuration's added_tokens_decoder, else those of the tokenizer.json. */
function specialTokensOf(config: JsonObject, spec: JsonObject): AddedToken[] {
  const decoder = get(config, 'added_tokens_decoder');
  if (isObject(decoder)) {
    return Object.entries(decoder)
      .map(([id, token]) => ({
        id: asId(Number(id), 'added_tokens_decoder'),
        token: readAddedToken(token, `added_tokens_decoder.${id}`)
      }))
      .sort((a, b) => a.id - b.id)
      .map(entry => entry.token);
  }
  const legacy = get(config, 'added_tokens_json');
  const tokens = new Map<number, AddedToken>();
  if (isObject(legacy)) {
    const special = specialTexts(config);
    for (const [content, id] of Object.entries(legacy)) {
      tokens.set(asId(id, 'added_tokens.json'), addedToken(content, { special: special.has(content) }));
    }
  }
  asArray(get(spec, 'added_tokens') ?? [], 'added_tokens').forEach((item, i) => {
    const { id, token } = readAddedTokenWithId(item, `added_tokens[${i}]`);
    tokens.set(id, token);
  });
  return [...tokens].sort((a, b) => a[0] - b[0]).map(([, token]) => token);
}

function specialTexts(config: JsonObject): Set<string> {
  const texts = new Set<string>();
  for (const [key, value] of Object.entries(config)) {
    if (key.endsWith('_token')) {
      const token = typeof value === 'string' || isObject(value) ? readSpecialToken(value, key) : undefined;
      texts.add(token?.content ?? '');
    }
  }
  return texts;
}

/** SentencePiece rules in a normaliser, which classes that build their own take over. */
function findCharsmap(normalizer: unknown): unknown {
  if (!isObject(normalizer)) {
    return undefined;
  }
  const steps = get(normalizer, 'normalizers');
  const all = Array.isArray(steps) ? (steps as unknown[]) : [normalizer];
  const found = all.find(step => isObject(step) && get(step, 'type') === 'Precompiled');
  return isObject(found) ? get(found, 'precompiled_charsmap') : undefined;
}

/** What a tokenizer.json's `padding` and `truncation` say where the configuration is silent. */
function withJsonDefaults(config: JsonObject, spec: JsonObject): JsonObject {
  const padding = get(spec, 'padding');
  const truncation = get(spec, 'truncation');
  const result: Record<string, unknown> = { ...config };
  const side = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : undefined);
  if (isObject(padding)) {
    result.pad_token ??= get(padding, 'pad_token');
    result.padding_side ??= side(get(padding, 'direction'));
  }
  if (isObject(truncation)) {
    result.truncation_side ??= side(get(truncation, 'direction'));
  }
  return result;
}

/** tokenizer_config.json with what older and newer files put elsewhere. */
async function readConfig(files: TokenizerFiles): Promise<JsonObject> {
  const bytes = await files.read('tokenizer_config.json');
  const config: Record<string, unknown> = { ...(bytes ? parseJson(bytes, 'tokenizer_config.json') : {}) };
  if (config.added_tokens_decoder === undefined) {
    const map = await files.read('special_tokens_map.json');
    for (const [key, value] of Object.entries(map ? parseJson(map, 'special_tokens_map.json') : {})) {
      config[key] = value;
    }
    const added = await files.read('added_tokens.json');
    config.added_tokens_json = added ? parseJson(added, 'added_tokens.json') : undefined;
  }
  const template = await readTemplates(files);
  if (template !== undefined) {
    config.chat_template = template;
  }
  return config;
}

/** Templates in files of their own, which come before the configuration's. */
async function readTemplates(files: TokenizerFiles): Promise<unknown> {
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const main = await files.read('chat_template.jinja');
  const names = (await files.list?.()) ?? [];
  const templates: Record<string, string> = main ? { default: decode(main) } : {};
  for (const name of names) {
    const match = /^additional_chat_templates\/([^/]+)\.jinja$/.exec(name);
    const bytes = match ? await files.read(name) : undefined;
    if (bytes) {
      Object.defineProperty(templates, match![1]!, { value: decode(bytes), enumerable: true, configurable: true });
    }
  }
  const found = Object.keys(templates);
  if (found.length === 1 && main) {
    return templates.default;
  }
  if (found.length) {
    return templates;
  }
  const json = await files.read('chat_template.json');
  return json ? get(parseJson(json, 'chat_template.json'), 'chat_template') : undefined;
}
