/**
 * Tokens added on top of a model's vocabulary: they are found in the text before anything else happens to it.
 *
 * @see https://github.com/huggingface/tokenizers/blob/main/tokenizers/src/tokenizer/added_vocabulary.rs
 */
import { asId, asObject, asString, booleanField, get } from './json';
import type { JsonObject } from './json';
import { checkId } from './models/model';
import type { Model } from './models/model';
import type { Normalizer } from './normalizers';
import { AlignedText } from './text/aligned-text';
import { leadingSpace, trailingSpace } from './text/characters';

/** A token that is matched whole. */
export interface AddedToken {
  readonly content: string;
  /** Only where it is not part of a longer word. */
  readonly single_word: boolean;
  /** Takes the white space to its left (right) along. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  /** Looked for in the normalised text. */
  readonly normalized: boolean;
  /** Left out by `skip_special_tokens`. */
  readonly special: boolean;
}

/** Makes an added token; special ones are not normalised unless told otherwise. */
export function addedToken(content: string, fields: Partial<Omit<AddedToken, 'content'>> = {}): AddedToken {
  const special = fields.special ?? false;
  return {
    content,
    single_word: fields.single_word ?? false,
    lstrip: fields.lstrip ?? false,
    rstrip: fields.rstrip ?? false,
    normalized: fields.normalized ?? !special,
    special
  };
}

/** @throws {SyntaxError} If a field does not fit. */
export function readAddedToken(value: unknown, where: string, special = false): AddedToken {
  const token: JsonObject = asObject(value, where);
  const isSpecial = booleanField(token, 'special', where, special);
  return addedToken(asString(get(token, 'content'), `${where}.content`), {
    single_word: booleanField(token, 'single_word', where, false),
    lstrip: booleanField(token, 'lstrip', where, false),
    rstrip: booleanField(token, 'rstrip', where, false),
    normalized: booleanField(token, 'normalized', where, !isSpecial),
    special: isSpecial
  });
}

/** Reads one entry of a tokenizer.json's `added_tokens`. */
export function readAddedTokenWithId(value: unknown, where: string): { id: number; token: AddedToken } {
  const id = checkId(asId(get(asObject(value, where), 'id'), `${where}.id`), where);
  return { id, token: readAddedToken(value, where) };
}

/** A part of a text: an added token's id, or text still to be worked on. */
export interface Section {
  readonly source: AlignedText;
  readonly id: number | undefined;
}

interface Matcher {
  readonly first: Uint8Array; // by UTF-16 unit: whether a token starts with it
  readonly root: TrieNode;
}
interface TrieNode {
  readonly next: Map<number, TrieNode>;
  id?: number;
}

const WORD = '[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}]';
const STARTS_WITH_WORD = new RegExp(`^${WORD}`, 'u');
const ENDS_WITH_WORD = new RegExp(`${WORD}$`, 'u');

export class AddedVocabulary {
  private readonly byContent = new Map<string, number>();
  private readonly byId = new Map<number, AddedToken>();
  private readonly specials = new Set<string>();
  /** Text of normalised tokens after normalisation, where that differs. */
  private readonly normalizedText = new Map<number, string>();
  private plainMatcher: Matcher | undefined;
  private normalizedMatcher: Matcher | undefined;

  constructor(
    private readonly model: Model,
    private readonly normalizer: Normalizer | undefined
  ) {}

  /** Tokens by id. */
  get tokens(): ReadonlyMap<number, AddedToken> {
    return this.byId;
  }

  /** Ids by text. */
  get ids(): ReadonlyMap<string, number> {
    return this.byContent;
  }

  isSpecial(content: string): boolean {
    return this.specials.has(content);
  }

  /** Text of a token for decoding: the normalised one, which the decoder expects. */
  decodingText(id: number): string | undefined {
    return this.normalizedText.get(id) ?? this.byId.get(id)?.content;
  }

  /**
   * Adds tokens; those the model knows keep their ids, the others get the next ones.
   *
   * @returns How many were new or changed.
   */
  add(tokens: readonly AddedToken[]): number {
    let added = 0;
    const size = this.model.vocab.size;
    const highest = [...this.byId.keys()].reduce((most, id) => Math.max(most, id), -1);
    let next = highest >= size || (highest >= 0 && size === 0) ? highest + 1 : size;
    for (const token of tokens) {
      if (token.content === '') {
        continue;
      }
      const known = this.byContent.get(token.content);
      const before = known === undefined ? undefined : this.byId.get(known);
      if (before && sameToken(before, token)) {
        continue;
      }
      const id = known ?? this.model.vocab.get(token.content) ?? next++;
      if (token.normalized && this.normalizer) {
        const text = this.normalizer(new AlignedText(token.content)).text;
        if (text !== token.content) {
          this.normalizedText.set(id, text);
        }
      }
      this.byContent.set(token.content, id);
      this.byId.set(id, token);
      if (token.special) {
        this.specials.add(token.content);
      }
      added++;
    }
    this.plainMatcher = this.buildMatcher(false);
    this.normalizedMatcher = this.buildMatcher(true);
    return added;
  }

  /**
   * Cuts a text at added tokens and normalises what lies between.
   *
   * @param splitSpecial Whether special tokens are taken as ordinary text.
   */
  extract(source: AlignedText, splitSpecial: boolean): Section[] {
    const sections: Section[] = [];
    for (const section of this.split(source, this.plainMatcher, splitSpecial)) {
      if (section.id !== undefined) {
        sections.push(section);
        continue;
      }
      const text = this.normalizer ? this.normalizer(section.source) : section.source;
      for (const part of this.split(text, this.normalizedMatcher, splitSpecial)) {
        sections.push(part);
      }
    }
    return sections;
  }

  private split(source: AlignedText, matcher: Matcher | undefined, splitSpecial: boolean): Section[] {
    const text = source.text;
    if (text === '') {
      return [];
    }
    if (!matcher) {
      return [{ source, id: undefined }];
    }
    const sections: Section[] = [];
    let done = 0;
    for (let at = 0; at < text.length;) {
      const match = matcher.first[text.charCodeAt(at)] ? longestMatch(matcher.root, text, at) : undefined;
      if (!match) {
        at++;
        continue;
      }
      let begin = at;
      let end = match.end;
      at = end;
      const token = this.byId.get(match.id)!;
      if (splitSpecial && this.specials.has(token.content)) {
        continue;
      }
      if (token.single_word && !standsAlone(text, begin, end)) {
        continue;
      }
      if (token.lstrip) {
        begin = Math.max(begin - trailingSpace(text.slice(0, begin)), done);
      }
      if (token.rstrip) {
        end += leadingSpace(text.slice(end));
      }
      if (begin > done) {
        sections.push({ source: source.slice(done, begin), id: undefined });
      }
      if (end > begin) {
        sections.push({ source: source.slice(begin, end), id: match.id });
      }
      done = end;
    }
    if (done < text.length) {
      sections.push({ source: source.slice(done, text.length), id: undefined });
    }
    return sections;
  }

  private buildMatcher(normalized: boolean): Matcher | undefined {
    const first = new Uint8Array(0x10000);
    const root: TrieNode = { next: new Map() };
    let empty = true;
    for (const [id, token] of this.byId) {
      if (token.normalized !== normalized) {
        continue;
      }
      const text = normalized ? (this.normalizedText.get(id) ?? token.content) : token.content;
      if (text === '') {
        continue;
      }
      empty = false;
      first[text.charCodeAt(0)] = 1;
      let node = root;
      for (let i = 0; i < text.length; i++) {
        const code = text.charCodeAt(i);
        let child = node.next.get(code);
        if (!child) {
          child = { next: new Map() };
          node.next.set(code, child);
        }
        node = child;
      }
      node.id = id;
    }
    return empty ? undefined : { first, root };
  }
}

function longestMatch(root: TrieNode, text: string, at: number): { id: number; end: number } | undefined {
  let node: TrieNode | undefined = root;
  let found: { id: number; end: number } | undefined;
  for (let i = at; i < text.length; i++) {
    node = node.next.get(text.charCodeAt(i));
    if (!node) {
      break;
    }
    if (node.id !== undefined) {
      found = { id: node.id, end: i + 1 };
    }
  }
  return found;
}

function standsAlone(text: string, begin: number, end: number): boolean {
  // Two units are enough for the character before.
  const before = begin > 0 && ENDS_WITH_WORD.test(text.slice(Math.max(0, begin - 2), begin));
  return !before && !STARTS_WITH_WORD.test(text.slice(end, end + 2));
}

function sameToken(a: AddedToken, b: AddedToken): boolean {
  return (
    a.content === b.content &&
    a.single_word === b.single_word &&
    a.lstrip === b.lstrip &&
    a.rstrip === b.rstrip &&
    a.normalized === b.normalized &&
    a.special === b.special
  );
}
