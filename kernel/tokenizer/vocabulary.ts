/** The vocabulary side of a tokenizer: tokens and ids, added tokens, special tokens by name. */
import { addedToken } from './added-vocabulary';
import type { AddedToken } from './added-vocabulary';
import type { Backend } from './backend';
import { readIds } from './ids';
import type { Ids } from './ids';
import { brief } from './json';
import { readPostProcessor } from './post-processors';
import { SPECIAL_TOKEN_NAMES } from './settings';
import type { Settings, SpecialTokenName } from './settings';

/** What `PreTrainedTokenizer` has besides encoding and decoding. */
export abstract class TokenizerVocabulary {
  declare protected readonly backend: Backend;
  declare private readonly special: Map<SpecialTokenName, AddedToken>;
  declare private extra: AddedToken[];
  declare private readonly modelSpecial: Map<string, string>;
  declare private addBos: boolean;
  declare private addEos: boolean;

  /**
   * Makes `self` a tokenizer's vocabulary. Not a constructor, as an instance is a function (it can be called), which a
   * base class cannot create.
   */
  protected static setUp(self: TokenizerVocabulary, backend: Backend, settings: Settings): void {
    defineHidden(self, {
      backend,
      special: new Map(settings.specialTokens),
      extra: [...settings.extraSpecialTokens],
      modelSpecial: new Map(settings.modelSpecialTokens),
      addBos: settings.addBosToken ?? false,
      addEos: settings.addEosToken ?? false
    });
    // Only what is not there yet: the files' own flags (lstrip, …) stay.
    const named = [...self.special.values(), ...[...self.modelSpecial.values()].map(specialToken), ...self.extra];
    backend.addTokens(named.filter(token => !backend.added.ids.has(token.content)));
    if (settings.addBosToken !== undefined || settings.addEosToken !== undefined) {
      self.update_post_processor();
    }
  }

  /**
   * Token text of an id, or texts of several.
   *
   * @returns null for an id without a token.
   */
  convert_ids_to_tokens(ids: number | bigint): string | null;
  convert_ids_to_tokens(ids: Exclude<Ids, number | bigint>, skip_special_tokens?: boolean): (string | null)[];
  convert_ids_to_tokens(ids: Ids, skip_special_tokens = false): string | null | (string | null)[] {
    if (typeof ids === 'number' || typeof ids === 'bigint') {
      return this.backend.idToToken(Number(ids)) ?? null;
    }
    const skipped = new Set(skip_special_tokens ? this.all_special_ids : []);
    return readIds(ids)
      .rows.flat()
      .filter(id => !skipped.has(id))
      .map(id => this.backend.idToToken(id) ?? null);
  }

  /**
   * Id of a token text, or ids of several; the unknown token's id for a text that is none.
   *
   * @returns null where there is no unknown token either.
   */
  convert_tokens_to_ids(tokens: string): number | null;
  convert_tokens_to_ids(tokens: readonly string[]): (number | null)[];
  convert_tokens_to_ids(tokens: string | readonly string[]): number | null | (number | null)[] {
    const idOf = (token: string): number | null => {
      const unknown = this.special.get('unk_token');
      return this.backend.tokenToId(token) ?? (unknown ? (this.backend.tokenToId(unknown.content) ?? null) : null);
    };
    return typeof tokens === 'string' ? idOf(tokens) : tokens.map(idOf);
  }

  /** Number of tokens of the model's vocabulary, without added ones. */
  get vocab_size(): number {
    return this.backend.model.vocab.size;
  }

  /** Number of all tokens: Python's `len(tokenizer)`. */
  get size(): number {
    return this.backend.size;
  }

  /** Token text → id, added tokens included. */
  get_vocab(): Map<string, number> {
    return new Map([...this.backend.model.vocab, ...this.backend.added.ids]);
  }

  /** Added tokens: text → id. */
  get_added_vocab(): Map<string, number> {
    return new Map([...this.backend.added.ids].sort((a, b) => a[1] - b[1]));
  }

  /** Added tokens: id → token. */
  get added_tokens_decoder(): ReadonlyMap<number, AddedToken> {
    return this.backend.added.tokens;
  }

  /**
   * Adds tokens that are matched whole.
   *
   * @param tokens Texts, or objects with `content` and flags.
   * @param special_tokens Whether they are special.
   * @returns How many were new. The model's embedding must have a row for each.
   */
  add_tokens(tokens: string | readonly (string | Partial<AddedToken>)[], special_tokens = false): number {
    const list = typeof tokens === 'string' ? [tokens] : tokens;
    return this.backend.addTokens(list.map(token => readNewToken(token, special_tokens)));
  }

  /**
   * Sets special tokens by name, and adds those the vocabulary lacks.
   *
   * @param tokens E.g. `{ pad_token: '[PAD]', additional_special_tokens: ['<image>'] }`.
   * @param replace_extra_special_tokens Whether additional ones replace those before. Default true.
   * @returns How many were new.
   */
  add_special_tokens(
    tokens: Readonly<Partial<Record<SpecialTokenName, string | Partial<AddedToken>>>> & {
      readonly additional_special_tokens?: readonly (string | Partial<AddedToken>)[];
      readonly extra_special_tokens?: readonly (string | Partial<AddedToken>)[];
    },
    replace_extra_special_tokens = true
  ): number {
    const added: AddedToken[] = [];
    for (const [name, value] of Object.entries(tokens)) {
      if (name === 'additional_special_tokens' || name === 'extra_special_tokens') {
        const listed = (value as readonly (string | Partial<AddedToken>)[]).map(token => readNewToken(token, true));
        this.extra = replace_extra_special_tokens ? listed : [...this.extra, ...listed];
        added.push(...listed);
      } else if (isSpecialName(name)) {
        const token = readNewToken(value as string | Partial<AddedToken>, true);
        this.special.set(name, token);
        added.push(token);
      } else {
        throw new RangeError(
          `Cannot add the special token ${brief(name)} as its name must be one of ${SPECIAL_TOKEN_NAMES.join(', ')}, ` +
            'additional_special_tokens'
        );
      }
    }
    return this.backend.addTokens(added);
  }

  // ——— special tokens

  /** All special tokens: the named ones, then the model's own. */
  get all_special_tokens(): string[] {
    return [...new Set([...this.special.values(), ...this.extra].map(token => token.content))];
  }

  get all_special_ids(): number[] {
    return this.convert_tokens_to_ids(this.all_special_tokens).filter(id => id !== null);
  }

  /** Named special tokens that are set. */
  get special_tokens_map(): Record<string, string> {
    const named = SPECIAL_TOKEN_NAMES.filter(name => this.special.has(name));
    return Object.fromEntries([
      ...named.map(name => [name, this.special.get(name)!.content] as const),
      ...this.modelSpecial
    ]);
  }

  /** Special tokens without a name of their own. */
  get extra_special_tokens(): string[] {
    return this.extra.map(token => token.content);
  }
  get additional_special_tokens(): string[] {
    return this.extra_special_tokens;
  }
  get additional_special_tokens_ids(): number[] {
    return this.convert_tokens_to_ids(this.extra_special_tokens).filter(id => id !== null);
  }

  get bos_token(): string | null {
    return this.getSpecial('bos_token');
  }
  set bos_token(token: string | null) {
    this.setSpecial('bos_token', token);
  }
  get bos_token_id(): number | null {
    return this.getSpecialId('bos_token');
  }
  set bos_token_id(id: number | null) {
    this.setSpecialId('bos_token', id);
  }
  get eos_token(): string | null {
    return this.getSpecial('eos_token');
  }
  set eos_token(token: string | null) {
    this.setSpecial('eos_token', token);
  }
  get eos_token_id(): number | null {
    return this.getSpecialId('eos_token');
  }
  set eos_token_id(id: number | null) {
    this.setSpecialId('eos_token', id);
  }
  get unk_token(): string | null {
    return this.getSpecial('unk_token');
  }
  set unk_token(token: string | null) {
    this.setSpecial('unk_token', token);
  }
  get unk_token_id(): number | null {
    return this.getSpecialId('unk_token');
  }
  set unk_token_id(id: number | null) {
    this.setSpecialId('unk_token', id);
  }
  get sep_token(): string | null {
    return this.getSpecial('sep_token');
  }
  set sep_token(token: string | null) {
    this.setSpecial('sep_token', token);
  }
  get sep_token_id(): number | null {
    return this.getSpecialId('sep_token');
  }
  set sep_token_id(id: number | null) {
    this.setSpecialId('sep_token', id);
  }
  get pad_token(): string | null {
    return this.getSpecial('pad_token');
  }
  set pad_token(token: string | null) {
    this.setSpecial('pad_token', token);
  }
  get pad_token_id(): number | null {
    return this.getSpecialId('pad_token');
  }
  set pad_token_id(id: number | null) {
    this.setSpecialId('pad_token', id);
  }
  get cls_token(): string | null {
    return this.getSpecial('cls_token');
  }
  set cls_token(token: string | null) {
    this.setSpecial('cls_token', token);
  }
  get cls_token_id(): number | null {
    return this.getSpecialId('cls_token');
  }
  set cls_token_id(id: number | null) {
    this.setSpecialId('cls_token', id);
  }
  get mask_token(): string | null {
    return this.getSpecial('mask_token');
  }
  set mask_token(token: string | null) {
    this.setSpecial('mask_token', token);
  }
  get mask_token_id(): number | null {
    return this.getSpecialId('mask_token');
  }
  set mask_token_id(id: number | null) {
    this.setSpecialId('mask_token', id);
  }

  /** Whether the BOS token is put before every text. */
  get add_bos_token(): boolean {
    return this.addBos;
  }
  set add_bos_token(value: boolean) {
    this.addBos = value;
    this.update_post_processor();
  }
  /** Whether the EOS token is put after every text. */
  get add_eos_token(): boolean {
    return this.addEos;
  }
  set add_eos_token(value: boolean) {
    this.addEos = value;
    this.update_post_processor();
  }

  /** Number of special tokens a text (or a pair) gets. */
  num_special_tokens_to_add(pair = false): number {
    return this.backend.postProcessor?.added(pair) ?? 0;
  }

  /** Sets the post-processor by add_bos_token and add_eos_token. */
  update_post_processor(): void {
    const bos = this.bos_token;
    const eos = this.eos_token;
    this.addBos &&= bos !== null;
    this.addEos &&= eos !== null;
    const special: Record<string, unknown> = {};
    const piece = (token: string | null, typeId: number): unknown[] => {
      if (token === null) {
        return [];
      }
      special[token] = { id: token, ids: [this.backend.tokenToId(token) ?? 0], tokens: [token] };
      return [{ SpecialToken: { id: token, type_id: typeId } }];
    };
    const around = (sequence: 'A' | 'B', typeId: number): unknown[] => [
      ...piece(this.addBos ? bos : null, typeId),
      { Sequence: { id: sequence, type_id: typeId } },
      ...piece(this.addEos ? eos : null, typeId)
    ];
    const single = around('A', 0);
    this.backend.postProcessor = readPostProcessor({
      type: 'TemplateProcessing',
      single,
      pair: [...single, ...around('B', 1)],
      special_tokens: special
    });
  }

  private getSpecial(name: SpecialTokenName): string | null {
    return this.special.get(name)?.content ?? null;
  }

  private getSpecialId(name: SpecialTokenName): number | null {
    const token = this.special.get(name);
    return token ? this.convert_tokens_to_ids(token.content) : null;
  }

  private setSpecial(name: SpecialTokenName, token: string | null): void {
    if (token === null || token === undefined) {
      this.special.delete(name);
    } else if (typeof token === 'string') {
      this.special.set(name, specialToken(token));
    } else {
      throw new TypeError(`Cannot set ${name} as it must be a string or null: current value is ${brief(token)}`);
    }
  }

  private setSpecialId(name: SpecialTokenName, id: number | null): void {
    const token = id === null || id === undefined ? null : this.convert_ids_to_tokens(id);
    if (token === null && id !== null && id !== undefined) {
      throw new RangeError(`Cannot set ${name}_id as the vocabulary must have the id: ${id} is not there`);
    }
    this.setSpecial(name, token);
  }
}

/** Defines fields that can be written but do not show up in a spread or a listing. */
export function defineHidden(target: object, fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    Object.defineProperty(target, name, { value, writable: true, configurable: true, enumerable: false });
  }
}

function isSpecialName(name: string): name is SpecialTokenName {
  return (SPECIAL_TOKEN_NAMES as readonly string[]).includes(name);
}

function specialToken(content: string): AddedToken {
  return addedToken(content, { special: true, normalized: false });
}

function readNewToken(token: string | Partial<AddedToken>, special: boolean): AddedToken {
  if (typeof token === 'string') {
    return addedToken(token, { special });
  }
  if (typeof token !== 'object' || token === null || typeof token.content !== 'string') {
    throw new TypeError(
      `Cannot add a token as it must be a string or an object with content: current value is ${brief(token)}`
    );
  }
  return addedToken(token.content, { ...token, special: token.special ?? special });
}
