/** What tokenizer_config.json and its neighbours say besides the pipeline: special tokens, sides, lengths. */
import { addedToken, readAddedToken } from './added-vocabulary';
import type { AddedToken } from './added-vocabulary';
import type { Side } from './encoding';
import { asArray, asObject, asString, booleanField, brief, get, isObject, stringField } from './json';
import type { JsonObject } from './json';

/** Names of the special tokens every tokenizer may have, in Python's order. */
export const SPECIAL_TOKEN_NAMES = [
  'bos_token',
  'eos_token',
  'unk_token',
  'sep_token',
  'pad_token',
  'cls_token',
  'mask_token'
] as const;
export type SpecialTokenName = (typeof SPECIAL_TOKEN_NAMES)[number];

/** Python's stand-in for "no limit": int(1e30), the nearest number. */
export const NO_LENGTH_LIMIT = 1e30;

export type ChatTemplates = string | ReadonlyMap<string, string>;

export interface Settings {
  /** Python's class name, e.g. "Qwen2Tokenizer"; "TokenizersBackend" for the generic one. */
  readonly className: string;
  readonly nameOrPath: string;
  readonly specialTokens: ReadonlyMap<SpecialTokenName, AddedToken>;
  /** Further special tokens of the model's own, e.g. `<|image|>`. */
  readonly extraSpecialTokens: readonly AddedToken[];
  /** Named tokens beyond the usual ones, e.g. `image_token`. */
  readonly modelSpecialTokens: ReadonlyMap<string, string>;
  readonly modelMaxLength: number;
  readonly paddingSide: Side;
  readonly truncationSide: Side;
  /** What a call returns by default. */
  readonly modelInputNames: readonly string[];
  readonly cleanUpTokenizationSpaces: boolean;
  readonly splitSpecialTokens: boolean;
  readonly padTokenTypeId: number;
  readonly chatTemplate: ChatTemplates | undefined;
  /** undefined: as the post-processor says. */
  readonly addBosToken: boolean | undefined;
  readonly addEosToken: boolean | undefined;
}

/** What a tokenizer class sets where the files are silent. */
export interface ClassDefaults {
  readonly specialTokens?: Readonly<Partial<Record<SpecialTokenName, string>>>;
  readonly extraSpecialTokens?: readonly string[];
  readonly paddingSide?: Side;
  readonly modelInputNames?: readonly string[];
}

/** The token a special-token field holds: text, or an object with `content`. null and undefined are no token. */
export function readSpecialToken(value: unknown, where: string): AddedToken | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  return typeof value === 'string'
    ? addedToken(value, { special: true, normalized: false })
    : readAddedToken(value, where, true);
}

/**
 * Reads the settings.
 *
 * @param config tokenizer_config.json.
 * @param className The class the tokenizer gets.
 * @param defaults What that class sets.
 * @param known Tokens of `added_tokens_decoder` and of the tokenizer.json by text: a special token named by its text
 *   alone takes its flags from there.
 * @throws {SyntaxError} If a field does not fit.
 */
export function readSettings(
  config: JsonObject,
  className: string,
  defaults: ClassDefaults,
  known: ReadonlyMap<string, AddedToken>,
  nameOrPath = ''
): Settings {
  const where = 'tokenizer_config.json';
  const specialTokens = new Map<SpecialTokenName, AddedToken>();
  for (const name of SPECIAL_TOKEN_NAMES) {
    const given = get(config, name);
    const token =
      given === undefined
        ? readSpecialToken(defaults.specialTokens?.[name], name)
        : readSpecialToken(given, `${where}.${name}`);
    if (token) {
      specialTokens.set(name, known.get(token.content) ?? token);
    }
  }
  const modelSpecialTokens = new Map<string, string>();
  for (const [key, value] of Object.entries(config)) {
    if (key.endsWith('_token') && !(SPECIAL_TOKEN_NAMES as readonly string[]).includes(key)) {
      const token =
        typeof value === 'string' || isObject(value) ? readSpecialToken(value, `${where}.${key}`) : undefined;
      if (token) {
        modelSpecialTokens.set(key, token.content);
      }
    }
  }
  const extra = get(config, 'extra_special_tokens') ?? get(config, 'additional_special_tokens') ?? [];
  let extraSpecialTokens: AddedToken[] = (defaults.extraSpecialTokens ?? []).map(text =>
    addedToken(text, { special: true, normalized: false })
  );
  if (isObject(extra)) {
    for (const [key, value] of Object.entries(extra)) {
      modelSpecialTokens.set(key, readSpecialToken(value, `${where}.extra_special_tokens.${key}`)?.content ?? '');
    }
  } else {
    const listed = asArray(extra, `${where}.additional_special_tokens`)
      .map((item, i) => readSpecialToken(item, `${where}.additional_special_tokens[${i}]`))
      .filter(item => item !== undefined);
    extraSpecialTokens = listed.length ? listed : extraSpecialTokens;
  }
  return {
    className,
    nameOrPath,
    specialTokens,
    extraSpecialTokens,
    modelSpecialTokens,
    modelMaxLength: readLength(get(config, 'model_max_length') ?? get(config, 'max_len')),
    paddingSide: readSide(config, 'padding_side', defaults.paddingSide ?? 'right'),
    truncationSide: readSide(config, 'truncation_side', 'right'),
    modelInputNames: get(config, 'model_input_names')
      ? asArray(get(config, 'model_input_names'), `${where}.model_input_names`).map(name =>
          asString(name, `${where}.model_input_names`)
        )
      : (defaults.modelInputNames ?? ['input_ids', 'attention_mask']),
    cleanUpTokenizationSpaces: booleanField(config, 'clean_up_tokenization_spaces', where, false),
    splitSpecialTokens: booleanField(config, 'split_special_tokens', where, false),
    padTokenTypeId: 0,
    chatTemplate: readChatTemplate(get(config, 'chat_template'), `${where}.chat_template`),
    addBosToken: booleanField(config, 'add_bos_token', where, undefined),
    addEosToken: booleanField(config, 'add_eos_token', where, undefined)
  };
}

/**
 * Reads a chat template: text, a list of { name, template }, or an object from name to text.
 *
 * @throws {SyntaxError} If it is none of these.
 */
export function readChatTemplate(value: unknown, where: string): ChatTemplates | undefined {
  if (value === null || value === undefined) {
    return undefined;
  }
  if (typeof value === 'string') {
    return value;
  }
  const templates = new Map<string, string>();
  if (Array.isArray(value)) {
    value.forEach((item: unknown, i) => {
      const entry = asObject(item, `${where}[${i}]`);
      templates.set(
        stringField(entry, 'name', `${where}[${i}]`, 'default'),
        asString(get(entry, 'template'), `${where}[${i}].template`)
      );
    });
    return templates;
  }
  for (const [name, template] of Object.entries(asObject(value, where))) {
    templates.set(name, asString(template, `${where}.${name}`));
  }
  return templates;
}

function readLength(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : NO_LENGTH_LIMIT;
}

function readSide(config: JsonObject, key: string, fallback: Side): Side {
  const side = stringField(config, key, 'tokenizer_config.json', fallback);
  if (side !== 'left' && side !== 'right') {
    throw new SyntaxError(
      `Cannot read tokenizer_config.json.${key} as it must be "left" or "right": current value is ${brief(side)}`
    );
  }
  return side;
}
