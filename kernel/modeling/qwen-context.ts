/**
 * QWen v1's way of making prompts and reading answers.
 * Source: qwen_generation_utils.py of Qwen/Qwen-1_8B-Chat
 */
import { LogitsProcessor } from '../generation/logits-processor';
import { Tensor } from '../tensor/tensor';

/** What prompts need of a tokenizer. */
export interface QWenTokenizerLike {
  encode(text: string, options?: { add_special_tokens?: boolean; split_special_tokens?: boolean }): number[];
  decode(ids: readonly number[], options?: { skip_special_tokens?: boolean }): string;
  convert_tokens_to_ids(token: string): number | null;
}

/** A question and its answer. */
export type Turn = readonly [query: string, response: string];

/** Ids of the tokens that begin and end a turn, and that end a text. */
export interface QWenMarks {
  readonly im_start: number;
  readonly im_end: number;
  readonly eod: number;
}

/** @throws {TypeError} If the tokenizer has no ChatML tokens. */
export function chatMarks(tokenizer: QWenTokenizerLike): QWenMarks {
  const id = (token: string): number => {
    const found = tokenizer.convert_tokens_to_ids(token);
    if (typeof found !== 'number') {
      throw new TypeError(`Cannot make a chat prompt as the tokenizer must have the token ${token}: it has not`);
    }
    return found;
  };
  return { im_start: id('<|im_start|>'), im_end: id('<|im_end|>'), eod: id('<|endoftext|>') };
}

/** Ids of a text in which special tokens' spellings are plain text. */
function plain(tokenizer: QWenTokenizerLike, text: string): number[] {
  return tokenizer.encode(text, { add_special_tokens: false, split_special_tokens: true });
}

/** Options of `make_context`. */
export interface ContextOptions {
  history?: readonly Turn[];
  /** Text of the system turn. Default ''. */
  system?: string;
  /**
   * Turns of the history are left out, oldest first, once the prompt without the query would be this long. Default
   * 6144.
   */
  max_window_size?: number;
  chat_format?: 'chatml' | 'raw';
  /** Contents in which this token keeps its meaning: MQwen's image placeholder. */
  placeholder?: string;
}

/**
 * Makes the prompt of a chat: text and ids. Roles and contents are encoded apart, and special tokens spelt out in them
 * are text, so that nobody can end a turn from within.
 *
 * @param tokenizer QWen's.
 * @param query What is asked now.
 * @returns [raw_text, context_tokens].
 * @throws {RangeError} If the chat format is unknown.
 */
export function make_context(
  tokenizer: QWenTokenizerLike,
  query: string,
  options: ContextOptions = {}
): [string, number[]] {
  const { history = [], system = '', max_window_size = 6144, chat_format = 'chatml', placeholder } = options;
  const content = (text: string): number[] => {
    if (placeholder === undefined || !text.includes(placeholder)) {
      return plain(tokenizer, text);
    }
    const id = tokenizer.convert_tokens_to_ids(placeholder)!;
    return text
      .split(placeholder)
      .flatMap((part, i) => [...(i > 0 ? [id] : []), ...(part ? plain(tokenizer, part) : [])]);
  };
  if (chat_format === 'raw') {
    return [query, content(query)];
  }
  if (chat_format !== 'chatml') {
    throw new RangeError(
      `Cannot make a prompt as chat_format must be 'chatml' or 'raw': current value is ${String(chat_format)}`
    );
  }
  const { im_start, im_end } = chatMarks(tokenizer);
  const newline = plain(tokenizer, '\n');
  const turn = (role: string, text: string): { text: string; ids: number[] } => ({
    text: `<|im_start|>${role}\n${text}<|im_end|>`,
    ids: [im_start, ...plain(tokenizer, role), ...newline, ...content(text), im_end]
  });
  const head = turn('system', system);
  let body: number[] = [];
  let bodyText = '';
  for (const [asked, answered] of [...history].reverse()) {
    const [user, assistant] = [turn('user', asked), turn('assistant', answered)];
    const ids = [...newline, ...user.ids, ...newline, ...assistant.ids];
    if (head.ids.length + ids.length + body.length >= max_window_size) {
      break;
    }
    body = [...ids, ...body];
    bodyText = `\n${user.text}\n${assistant.text}${bodyText}`;
  }
  const last = turn('user', query);
  return [
    `${head.text}${bodyText}\n${last.text}\n<|im_start|>assistant\n`,
    [...head.ids, ...body, ...newline, ...last.ids, ...newline, im_start, ...plain(tokenizer, 'assistant'), ...newline]
  ];
}

/** Token sequences that end an answer: ChatML's marks, or for a base model "Human:" and the end of text. */
export function get_stop_words_ids(chat_format: string, tokenizer: QWenTokenizerLike): number[][] {
  const { im_start, im_end, eod } = chatMarks(tokenizer);
  return chat_format === 'raw' ? [plain(tokenizer, 'Human:'), [eod]] : [[im_end], [im_start]];
}

/** The answer's text: new tokens up to the first mark, trimmed. */
export function decode_tokens(tokenizer: QWenTokenizerLike, tokens: readonly number[]): string {
  const { im_start, im_end, eod } = chatMarks(tokenizer);
  const end = tokens.findIndex(t => t === im_start || t === im_end || t === eod);
  return tokenizer.decode(end === -1 ? tokens : tokens.slice(0, end), { skip_special_tokens: false }).trim();
}

/**
 * Ends a row by making `eos_token_id` the likeliest token once a stop sequence has appeared at its end.
 */
export class StopWordsLogitsProcessor extends LogitsProcessor {
  private readonly words: readonly (readonly number[])[];

  /**
   * @param stop_words_ids Sequences of ids.
   * @param eos_token_id The token forced then.
   * @throws {TypeError} If a sequence is empty or holds something other than ids.
   */
  constructor(
    stop_words_ids: readonly (readonly number[])[],
    private readonly eos_token_id: number
  ) {
    super();
    const fits = (word: unknown): boolean =>
      Array.isArray(word) && word.length > 0 && word.every(id => Number.isInteger(id) && id >= 0);
    if (!Array.isArray(stop_words_ids) || !stop_words_ids.every(fits)) {
      throw new TypeError(
        'Cannot stop at stop_words_ids as they must be lists of token ids: current value is ' +
          `${JSON.stringify(stop_words_ids)}`
      );
    }
    this.words = stop_words_ids.filter(word => !(word.length === 1 && word[0] === eos_token_id));
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const [rows, length] = input_ids.dims as [number, number];
    const vocab = scores.dims[1]!;
    const data = Float32Array.from(scores.data as Float32Array);
    for (let row = 0; row < rows; row++) {
      const ids = Array.from(
        input_ids.data.subarray(row * length, (row + 1) * length) as ArrayLike<number | bigint>,
        Number
      );
      if (
        this.words.some(word => word.length <= length && word.every((id, i) => ids[length - word.length + i] === id))
      ) {
        data[row * vocab + this.eos_token_id] = 2 ** 15;
      }
    }
    return new Tensor('float32', data, scores.dims);
  }
}
