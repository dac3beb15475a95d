/** The tokenizer a cell sees: Python's `PreTrainedTokenizerFast`, name for name. */
import type { Tensor } from '../tensor/tensor';
import type { Backend } from './backend';
import { BatchEncoding, int64Tensor } from './batch-encoding';
import { checkText, gatherColumns, readPairs, stackRows } from './batch-inputs';
import type { PaddableInputs } from './batch-inputs';
import { renderChat } from './chat-template';
import type { ChatMessage } from './chat-template';
import { CLIP_END_OF_WORD } from './classes';
import { DecodeStream } from './decode-stream';
import type { Encoding, Side } from './encoding';
import { readIds } from './ids';
import type { Ids } from './ids';
import { brief } from './json';
import { checkOptions, paddedLength, padEncoding, planLengths } from './padding';
import type { CallOptions, Padding } from './padding';
import type { ChatTemplates, Settings } from './settings';
import { labelTokens, tokenText } from './token-strings';
import type { Spelling } from './token-strings';
import { pythonStrip } from './text/characters';
import { defineHidden, TokenizerVocabulary } from './vocabulary';

export type { CallOptions } from './padding';
export type { ChatMessage } from './chat-template';
export type { AddedToken } from './added-vocabulary';
export { BatchEncoding } from './batch-encoding';
export { DecodeStream } from './decode-stream';
export type { Ids } from './ids';

export interface DecodeOptions {
  /** Whether special tokens are left out. Default false. */
  skip_special_tokens?: boolean;
  /** Whether spaces before punctuation are removed. Default: the tokenizer's; never for byte-pair vocabularies. */
  clean_up_tokenization_spaces?: boolean | null;
}

export interface ChatTemplateOptions {
  /** JSON schemas of the tools the model may call. */
  tools?: readonly unknown[] | null;
  documents?: readonly unknown[] | null;
  /** Jinja source, or the name of one of the tokenizer's templates. */
  chat_template?: string | null;
  /** Whether the start of the assistant's answer is put at the end. Default false. */
  add_generation_prompt?: boolean;
  /** Whether the last message is left open, for the model to go on with it; a string names the field. Default false. */
  continue_final_message?: boolean | string;
  /** Whether the text is encoded. Default true. */
  tokenize?: boolean;
  /** Whether all inputs of the model are returned, or input_ids alone. Default true. */
  return_dict?: boolean;
  padding?: Padding;
  truncation?: boolean;
  max_length?: number | null;
  return_tensors?: CallOptions['return_tensors'];
  /** Further options of the tokenizer's call. */
  tokenizer_kwargs?: CallOptions;
  /** Anything else is a variable of the template. */
  [variable: string]: unknown;
}

/** What `encode` takes. */
export type EncodeOptions = Pick<
  CallOptions,
  | 'text_pair'
  | 'add_special_tokens'
  | 'padding'
  | 'truncation'
  | 'max_length'
  | 'stride'
  | 'padding_side'
  | 'split_special_tokens'
  | 'pad_to_multiple_of'
>;

const CLASS = 'PreTrainedTokenizer';

/** Tokenizers that have warned about a long text. */
const warned = new WeakSet<object>();

/**
 * A tokenizer: `await AutoTokenizer.from_pretrained(…)` gives one. Call it to encode.
 *
 * @example Encode, look, decode
 * ```ts
 * const inputs = tokenizer('Hello world', { return_offsets_mapping: true });
 * inputs.input_ids.dims;                    // [1, 2]
 * tokenizer.batch_decode(inputs.input_ids); // ['Hello world']
 * ```
 */
export interface PreTrainedTokenizer {
  /**
   * Encodes a text or a batch of texts.
   *
   * @param text One text, or several.
   * @returns Tensors [batch, tokens]; a single text is a batch of one.
   * @throws {RangeError} If rows differ in length: pass `padding: true`, or `return_tensors: false` for plain numbers.
   */
  (text: string | readonly string[], options?: CallOptions): BatchEncoding;
}

export class PreTrainedTokenizer extends TokenizerVocabulary {
  /** Python's class name. */
  declare readonly class_name: string;
  declare name_or_path: string;
  /** Longest input the model takes, in tokens; 1e30 when unknown. */
  declare model_max_length: number;
  declare padding_side: Side;
  declare truncation_side: Side;
  /** What a call returns by default. */
  declare model_input_names: string[];
  declare clean_up_tokenization_spaces: boolean;
  declare split_special_tokens: boolean;
  declare pad_token_type_id: number;
  /** Jinja source, or several by name. */
  declare chat_template: ChatTemplates | undefined;

  /**
   * @param backend The pipeline.
   * @param settings What the configuration files say.
   */
  constructor(backend: Backend, settings: Settings) {
    super();
    // An instance is a function, so that it can be called; its methods come from the class.
    const self = ((text: string | readonly string[], options?: CallOptions) =>
      self.__call__(text, options)) as unknown as this;
    Object.setPrototypeOf(self, new.target.prototype);
    defineHidden(self, {
      class_name: settings.className,
      name_or_path: settings.nameOrPath,
      model_max_length: settings.modelMaxLength,
      padding_side: settings.paddingSide,
      truncation_side: settings.truncationSide,
      model_input_names: [...settings.modelInputNames],
      clean_up_tokenization_spaces: settings.cleanUpTokenizationSpaces,
      split_special_tokens: settings.splitSpecialTokens,
      pad_token_type_id: settings.padTokenTypeId,
      chat_template: settings.chatTemplate
    });
    TokenizerVocabulary.setUp(self, backend, settings);
    return self;
  }

  // ——— encoding

  /** The same as calling the tokenizer. */
  __call__(text: string | readonly string[], options: CallOptions = {}): BatchEncoding {
    checkOptions(options);
    const texts = typeof text === 'string' ? [text] : text;
    const pairs = readPairs(text, options.text_pair);
    texts.forEach((item, i) => checkText(item, Array.isArray(text) ? `text ${i}` : 'the text'));
    const plan = planLengths(options, this.model_max_length);
    if (plan.pad !== undefined) {
      this.requirePadToken();
    }
    const rowsOf = (detail: boolean): PaddedRow[] => {
      const rows = texts.flatMap((item, sample) => {
        const encoding = this.backend.encode(item, pairs?.[sample], {
          addSpecialTokens: options.add_special_tokens ?? true,
          detail,
          splitSpecialTokens: options.split_special_tokens ?? this.split_special_tokens,
          truncation: plan.truncate && { ...plan.truncate, stride: options.stride ?? 0, side: this.truncation_side }
        });
        const parts = options.return_overflowing_tokens ? [encoding, ...encoding.overflowing] : [encoding];
        return parts.map(part => ({ encoding: part, sample }));
      });
      return this.padRows(rows, options, plan.pad);
    };
    const detail = options.return_offsets_mapping ?? false;
    const padded = rowsOf(detail);
    this.warnAboutLength(padded, options);
    const rows = (): Encoding[] => (detail ? padded : rowsOf(true)).map(row => row.encoding);
    return new BatchEncoding(this.fieldsOf(padded, options), rows);
  }

  /**
   * Encodes a text to ids.
   *
   * @returns Ids, special tokens included unless `add_special_tokens: false`.
   */
  encode(text: string, options: EncodeOptions = {}): number[] {
    const encoding = this.__call__(text, { ...options, return_tensors: false, return_attention_mask: false });
    return (encoding.input_ids as unknown as number[][])[0]!;
  }

  /** Token texts of a text, without special tokens unless asked for. */
  tokenize(text: string, options: { pair?: string; add_special_tokens?: boolean } = {}): string[] {
    checkOptions(options, ['pair', 'add_special_tokens']);
    checkText(text, 'the text');
    return this.backend.encode(text, options.pair, {
      addSpecialTokens: options.add_special_tokens ?? false,
      detail: true,
      splitSpecialTokens: this.split_special_tokens
    }).tokens;
  }

  /** Says once, in Python's words, that a text is longer than the model takes. */
  private warnAboutLength(rows: readonly PaddedRow[], options: CallOptions): void {
    const longest = rows.reduce((most, row) => Math.max(most, row.encoding.ids.length), 0);
    if ((options.max_length ?? null) === null && longest > this.model_max_length && !warned.has(this)) {
      warned.add(this);
      console.warn(
        'Token indices sequence length is longer than the specified maximum sequence length for this model ' +
          `(${longest} > ${this.model_max_length}). Running this sequence through the model will result in indexing errors`
      );
    }
  }

  private fieldsOf(padded: readonly PaddedRow[], options: CallOptions): Record<string, unknown> {
    const wants = (asked: boolean | null | undefined, name: string): boolean =>
      asked ?? this.model_input_names.includes(name);
    const lists: Record<string, readonly (readonly number[] | readonly [number, number][])[]> = {
      input_ids: padded.map(row => row.encoding.ids)
    };
    if (wants(options.return_token_type_ids, 'token_type_ids')) {
      lists.token_type_ids = padded.map(row => row.encoding.typeIds);
    }
    if (wants(options.return_attention_mask, 'attention_mask')) {
      lists.attention_mask = padded.map(row => row.mask);
    }
    if (options.return_special_tokens_mask) {
      lists.special_tokens_mask = padded.map(row => row.encoding.specialTokensMask);
    }
    if (options.return_offsets_mapping) {
      lists.offset_mapping = padded.map(row => row.encoding.offsets);
    }
    const perRow: Record<string, readonly number[]> = {};
    if (options.return_length) {
      perRow.length = padded.map(row => row.encoding.ids.length);
    }
    if (options.return_overflowing_tokens) {
      perRow.overflow_to_sample_mapping = padded.map(row => row.sample);
    }
    const asTensors = options.return_tensors !== false && options.return_tensors !== null;
    const fields: Record<string, unknown> = {};
    for (const [name, values] of Object.entries(lists)) {
      fields[name] = asTensors ? stackRows(values, name === 'offset_mapping') : values;
    }
    for (const [name, values] of Object.entries(perRow)) {
      fields[name] = asTensors ? int64Tensor(values, [values.length]) : values;
    }
    return fields;
  }

  private padRows(
    rows: readonly { encoding: Encoding; sample: number }[],
    options: Pick<CallOptions, 'pad_to_multiple_of' | 'padding_side'>,
    pad: 'longest' | number | undefined
  ): PaddedRow[] {
    const lengths = rows.map(row => row.encoding.ids.length);
    const target = pad === undefined ? 0 : paddedLength(lengths, pad, options.pad_to_multiple_of ?? undefined);
    const side = options.padding_side ?? this.padding_side;
    if (side !== 'left' && side !== 'right') {
      throw new RangeError(`Cannot pad as padding_side must be 'left' or 'right': current value is ${brief(side)}`);
    }
    const filler = { id: this.pad_token_id ?? 0, token: this.pad_token ?? '', typeId: this.pad_token_type_id, side };
    return rows.map(({ encoding, sample }) => ({ ...padEncoding(encoding, target, filler), sample }));
  }

  /**
   * Pads encoded inputs to one length.
   *
   * @param inputs `input_ids` and its companions, as a call with `return_tensors: false` gives them, or a list of such
   *   inputs of one text each.
   * @throws {RangeError} If there is no pad token or the rows have no common length.
   */
  pad(
    inputs: PaddableInputs | readonly PaddableInputs[],
    options: Pick<
      CallOptions,
      'padding' | 'max_length' | 'pad_to_multiple_of' | 'padding_side' | 'return_attention_mask' | 'return_tensors'
    > = {}
  ): BatchEncoding {
    checkOptions(options, [
      'padding',
      'max_length',
      'pad_to_multiple_of',
      'padding_side',
      'return_attention_mask',
      'return_tensors'
    ]);
    const columns = gatherColumns(inputs);
    const ids = columns.get('input_ids');
    if (!ids) {
      throw new TypeError(`Cannot pad as the inputs must have input_ids: they have ${[...columns.keys()].join(', ')}`);
    }
    const plan = planLengths(
      { ...options, padding: options.padding ?? true, truncation: false },
      this.model_max_length
    );
    if (plan.pad !== undefined) {
      this.requirePadToken();
    }
    const side = options.padding_side ?? this.padding_side;
    const multiple = options.pad_to_multiple_of ?? undefined;
    const target =
      plan.pad === undefined
        ? 0
        : paddedLength(
            ids.map(row => row.length),
            plan.pad,
            multiple
          );
    const fillers: Record<string, number> = {
      input_ids: this.pad_token_id ?? 0,
      attention_mask: 0,
      token_type_ids: this.pad_token_type_id,
      special_tokens_mask: 1
    };
    if (
      (options.return_attention_mask ?? this.model_input_names.includes('attention_mask')) &&
      !columns.has('attention_mask')
    ) {
      columns.set(
        'attention_mask',
        ids.map(row => row.map(() => 1))
      );
    }
    const fields: Record<string, unknown> = {};
    const asTensors = options.return_tensors !== false && options.return_tensors !== null;
    for (const [name, rows] of columns) {
      const filler = fillers[name];
      const full = rows.map(row => {
        const fill = new Array<number>(filler === undefined ? 0 : Math.max(0, target - row.length)).fill(filler ?? 0);
        return side === 'right' ? [...row, ...fill] : [...fill, ...row];
      });
      fields[name] = asTensors ? stackRows(full, false) : full;
    }
    return new BatchEncoding(fields, () => []);
  }

  private requirePadToken(): void {
    if (this.pad_token === null || this.pad_token_id === null) {
      throw new RangeError(
        'Asking to pad but the tokenizer does not have a padding token. Please select a token to use as `pad_token` ' +
          '`(tokenizer.pad_token = tokenizer.eos_token e.g.)` or add a new pad token via ' +
          "`tokenizer.add_special_tokens({'pad_token': '[PAD]'})`."
      );
    }
  }

  // ——— decoding

  /**
   * Decodes ids to text.
   *
   * @param ids One id, a row, or a batch.
   * @returns One text, or one per row of a batch.
   * @throws {RangeError} If an id is negative or no integer.
   */
  decode(ids: readonly (readonly (number | bigint)[])[], options?: DecodeOptions): string[];
  decode(ids: Ids, options?: DecodeOptions): string;
  decode(ids: Ids, options: DecodeOptions = {}): string | string[] {
    checkOptions(options, ['skip_special_tokens', 'clean_up_tokenization_spaces']);
    const rows = readIds(ids);
    return rows.batch
      ? rows.rows.map(row => this.decodeRow(row, options))
      : this.decodeRow(rows.rows[0] ?? [], options);
  }

  /** Decodes a batch: one text per row. */
  batch_decode(rows: Ids, options: DecodeOptions = {}): string[] {
    const decoded = this.decode(rows as readonly (readonly number[])[], options) as string | string[];
    return typeof decoded === 'string' ? [decoded] : decoded;
  }

  /**
   * Decodes ids as they come: for streams. Text is given out once it is final.
   */
  decode_stream(options: DecodeOptions = {}): DecodeStream {
    checkOptions(options, ['skip_special_tokens', 'clean_up_tokenization_spaces']);
    return new DecodeStream(ids => this.decodeRow(ids, options));
  }

  private decodeRow(ids: readonly number[], options: DecodeOptions): string {
    let text = this.backend.decode(ids, options.skip_special_tokens ?? false);
    const endOfWord = this.endOfWord;
    if (endOfWord !== '') {
      text = pythonStrip(text.replaceAll(endOfWord, ' '));
    }
    const cleans = options.clean_up_tokenization_spaces ?? this.clean_up_tokenization_spaces;
    // Python leaves byte-pair text alone: the rules are for WordPiece and would eat real spaces.
    return cleans && this.backend.model.type !== 'BPE' ? cleanUp(text) : text;
  }

  /** Joins token texts to text. */
  convert_tokens_to_string(tokens: readonly string[]): string {
    return this.backend.decodeTokens(tokens);
  }

  /**
   * A readable text per token, for labels in views.
   *
   * @param ids A row of ids.
   * @returns One string per id: " world" for "Ġworld" and "▁world"; a character spread over tokens shows in each, as
   *   "é (1/2)"; a byte that never becomes a character shows as "\xF0".
   */
  token_strings(ids: Ids): string[] {
    const row = readIds(ids).rows.flat();
    const spelling = this.spelling;
    return labelTokens(
      row.map(id => {
        const added = this.backend.added.tokens.get(id);
        const token = this.backend.idToToken(id);
        if (token === undefined) {
          return { text: `[${id}]` };
        }
        return added ? { text: token } : tokenText(token, spelling, this.endOfWord);
      })
    );
  }

  private get spelling(): Spelling {
    const { model } = this.backend;
    if (model.type === 'WordPiece') {
      return 'word-piece';
    }
    if (model.type === 'Unigram' || model.vocab.has('\u2581')) {
      return 'sentencepiece';
    }
    return model.type === 'BPE' ? 'byte-level' : 'plain';
  }

  private get endOfWord(): string {
    return this.class_name === 'CLIPTokenizer' ? CLIP_END_OF_WORD : '';
  }

  // ——— chat templates

  /**
   * Writes a conversation the way the model was trained to read it, and encodes it.
   *
   * @param conversation Messages with `role` and `content`, or several conversations.
   * @returns The model's inputs; input_ids alone with `return_dict: false`; text with `tokenize: false` (one per
   *   conversation for several).
   * @throws {RangeError} If the tokenizer has no template and none is passed.
   */
  apply_chat_template(
    conversation: readonly ChatMessage[] | readonly (readonly ChatMessage[])[],
    options: ChatTemplateOptions & { tokenize: false }
  ): string;
  apply_chat_template(
    conversation: readonly ChatMessage[] | readonly (readonly ChatMessage[])[],
    options: ChatTemplateOptions & { return_dict: false }
  ): Tensor;
  apply_chat_template(
    conversation: readonly ChatMessage[] | readonly (readonly ChatMessage[])[],
    options?: ChatTemplateOptions
  ): BatchEncoding;
  apply_chat_template(
    conversation: readonly ChatMessage[] | readonly (readonly ChatMessage[])[],
    options: ChatTemplateOptions = {}
  ): string | string[] | Tensor | BatchEncoding {
    const {
      tools = null,
      documents = null,
      chat_template = null,
      add_generation_prompt = false,
      continue_final_message = false,
      tokenize = true,
      return_dict = true,
      padding = false,
      truncation = false,
      max_length = null,
      return_tensors,
      tokenizer_kwargs = {},
      ...variables
    } = options;
    for (const name of ['return_assistant_tokens_mask', 'sanitize_control_tokens']) {
      if (variables[name]) {
        throw new RangeError(
          `Cannot apply the chat template with ${name} as only Python's tokenizers have it: leave it out`
        );
      }
    }
    if (!Array.isArray(conversation) || conversation.length === 0) {
      throw new RangeError('Cannot apply chat template to an empty conversation. Provide at least one message.');
    }
    if (continue_final_message && add_generation_prompt) {
      throw new RangeError(
        'continue_final_message and add_generation_prompt are not compatible. Use continue_final_message when you ' +
          'want the model to continue the final message, and add_generation_prompt when you want to add a header ' +
          'that will prompt it to start a new assistant message instead.'
      );
    }
    const template = this.get_chat_template(chat_template, tools);
    const batched = Array.isArray(conversation[0]);
    const chats = (batched ? conversation : [conversation]) as readonly (readonly ChatMessage[])[];
    const texts = chats.map(chat =>
      renderChat(template, chat, {
        tools: tools ?? undefined,
        documents: documents ?? undefined,
        add_generation_prompt,
        continue_final_message,
        variables: { ...this.special_tokens_map, ...variables }
      })
    );
    if (!tokenize) {
      return batched ? texts : texts[0]!;
    }
    const encoding = this.__call__(texts, {
      padding,
      truncation,
      max_length,
      ...(return_tensors === undefined ? {} : { return_tensors }),
      ...tokenizer_kwargs,
      add_special_tokens: false
    });
    return return_dict ? encoding : encoding.input_ids;
  }

  /**
   * The template a conversation is written with.
   *
   * @param chat_template Source or name; by default the tokenizer's, and of several the one for tools if there are any.
   * @param tools Tools the model may call.
   * @throws {RangeError} If there is none.
   */
  get_chat_template(chat_template: string | null = null, tools: readonly unknown[] | null = null): string {
    const own = this.chat_template;
    if (own instanceof Map) {
      const named = chat_template === null ? undefined : (own.get(chat_template) as string | undefined);
      if (named !== undefined) {
        return named;
      }
      if (chat_template !== null) {
        return chat_template;
      }
      const chosen = (tools && own.get('tool_use')) || own.get('default');
      if (typeof chosen === 'string') {
        return chosen;
      }
      throw new RangeError(
        'This model has multiple chat templates with no default specified! Please either pass a chat template or the ' +
          'name of the template you wish to use to the `chat_template` argument. Available template names are ' +
          `${[...(own.keys() as Iterable<string>)].sort().join(', ')}.`
      );
    }
    const template = chat_template ?? own;
    if (typeof template !== 'string') {
      throw new RangeError(
        'Cannot use chat template functions because tokenizer.chat_template is not set and no template argument was ' +
          'passed! For information about writing templates and setting the tokenizer.chat_template attribute, please ' +
          'see the documentation at https://huggingface.co/docs/transformers/main/en/chat_templating'
      );
    }
    return template;
  }

  /** As Python prints it, shortened. */
  override toString(): string {
    const special = Object.entries(this.special_tokens_map)
      .map(([name, token]) => `${name}=${JSON.stringify(token)}`)
      .join(', ');
    return (
      `${this.class_name}(name_or_path=${JSON.stringify(this.name_or_path)}, vocab_size=${this.vocab_size}, ` +
      `model_max_length=${this.model_max_length}, padding_side=${JSON.stringify(this.padding_side)}, ${special})`
    );
  }

  /** How a notebook shows it. */
  [Symbol.for('Jupyter.display')](): Record<string, string> {
    return { 'text/plain': this.toString() };
  }

  get [Symbol.toStringTag](): string {
    return CLASS;
  }
}

/** A row of a batch. */
interface PaddedRow {
  readonly encoding: Encoding;
  readonly mask: readonly number[];
  /** Index of the text it comes from. */
  readonly sample: number;
}

/** Python's clean-up of WordPiece text. */
function cleanUp(text: string): string {
  return text
    .replaceAll(' .', '.')
    .replaceAll(' ?', '?')
    .replaceAll(' !', '!')
    .replaceAll(' ,', ',')
    .replaceAll(" ' ", "'")
    .replaceAll(" n't", "n't")
    .replaceAll(" 'm", "'m")
    .replaceAll(" 's", "'s")
    .replaceAll(" 've", "'ve")
    .replaceAll(" 're", "'re");
}
