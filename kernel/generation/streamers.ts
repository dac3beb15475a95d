import type { Tensor } from '../tensor/tensor';
import type { GenerationTokenizer } from './model';

/** Receives tokens while `generate` runs: first the prompt, then each new token, then `end`. */
export abstract class BaseStreamer {
  /**
   * @param value Tokens: the prompt [B, S] first, then the newest of each row [B] (or several, [1, n], when decoding is
   * assisted).
   */
  abstract put(value: Tensor): void | Promise<void>;
  /** Called once when no token follows. */
  abstract end(): void | Promise<void>;
}

/** Options of the text streamers; what is not theirs is passed on to `tokenizer.decode`. */
export interface TextStreamerOptions {
  /** Leave the prompt out. Default false. */
  skip_prompt?: boolean;
  /** Called with each piece of finished text instead of printing it. */
  callback_function?: (text: string, stream_end: boolean) => void;
  /** Called with the ids of each `put`, the prompt's included unless it is skipped. */
  token_callback_function?: (tokens: number[]) => void;
  /** An option of `decode`, e.g. skip_special_tokens. */
  [decode_option: string]: unknown;
}

/**
 * Prints text as it is generated, word by word.
 *
 * @example
 * ```ts
 * const streamer = new TextStreamer(tokenizer, { skip_prompt: true, skip_special_tokens: true });
 * await model.generate({ ...inputs, streamer, max_new_tokens: 20 });
 * ```
 */
export class TextStreamer extends BaseStreamer {
  readonly skip_prompt: boolean;
  readonly decode_kwargs: Record<string, unknown>;
  /** Tokens not yet printed as a whole line. */
  token_cache: number[] = [];
  print_len = 0;
  next_tokens_are_prompt = true;
  readonly #callback: ((text: string, stream_end: boolean) => void) | undefined;
  readonly #tokenCallback: ((tokens: number[]) => void) | undefined;

  /**
   * @param tokenizer Makes text of tokens.
   * @param options Options, or as in Python only whether to skip the prompt.
   */
  constructor(
    readonly tokenizer: GenerationTokenizer,
    options: TextStreamerOptions | boolean = {}
  ) {
    super();
    const { skip_prompt = false, callback_function, token_callback_function, ...decode } = asOptions(options);
    this.skip_prompt = skip_prompt;
    this.decode_kwargs = decode;
    this.#callback = callback_function;
    this.#tokenCallback = token_callback_function;
  }

  override put(value: Tensor): void {
    if (value.dims.length > 1 && value.dims[0]! > 1) {
      throw new RangeError('TextStreamer only supports batch size 1');
    }
    if (this.skip_prompt && this.next_tokens_are_prompt) {
      this.next_tokens_are_prompt = false;
      return;
    }
    const ids = Array.from(value.data, Number);
    this.#tokenCallback?.(ids);
    this.token_cache.push(...ids);
    const text = this.tokenizer.decode(this.token_cache, this.decode_kwargs);
    let printable: string;
    if (text.endsWith('\n')) {
      // A line is done: nothing that follows can change it.
      printable = text.slice(this.print_len);
      this.token_cache = [];
      this.print_len = 0;
    } else if (text.length > 0 && isChineseChar([...text].pop()!.codePointAt(0)!)) {
      // Each CJK character stands for itself.
      printable = text.slice(this.print_len);
      this.print_len += printable.length;
    } else {
      // The last word may still grow.
      printable = text.slice(this.print_len, Math.max(text.lastIndexOf(' ') + 1, this.print_len));
      this.print_len += printable.length;
    }
    this.on_finalized_text(printable, false);
  }

  override end(): void {
    let printable = '';
    if (this.token_cache.length) {
      printable = this.tokenizer.decode(this.token_cache, this.decode_kwargs).slice(this.print_len);
      this.token_cache = [];
      this.print_len = 0;
    }
    this.next_tokens_are_prompt = true;
    this.on_finalized_text(printable, true);
  }

  /**
   * What happens with finished text: printed, without a line end until the stream ends. A subclass may override it.
   */
  on_finalized_text(text: string, stream_end = false): void {
    if (this.#callback) {
      this.#callback(text, stream_end);
    } else {
      print(stream_end ? `${text}\n` : text);
    }
  }
}

function asOptions(options: TextStreamerOptions | boolean): TextStreamerOptions {
  return typeof options === 'boolean' ? { skip_prompt: options } : options;
}

/** Writes to stdout without a line end; the runtime installs how. */
let print: (text: string) => void = text => {
  const process = (globalThis as { process?: { stdout?: { write?: (text: string) => void } } }).process;
  if (process?.stdout?.write) {
    process.stdout.write(text);
  } else if (text.trim()) {
    console.log(text);
  }
};

/**
 * Says where TextStreamer prints.
 *
 * @param write Writes text to the output of the cell, adding nothing.
 */
export function setPrint(write: (text: string) => void): void {
  print = write;
}

/**
 * Text as an async iterator, for use while `generate` runs.
 *
 * @example
 * ```ts
 * const streamer = new TextIteratorStreamer(tokenizer, { skip_prompt: true });
 * const done = model.generate({ ...inputs, streamer, max_new_tokens: 20 });
 * for await (const text of streamer) {
 *   console.log(text);
 * }
 * await done;
 * ```
 */
export class TextIteratorStreamer extends TextStreamer implements AsyncIterableIterator<string> {
  /** Seconds to wait for the next text; without it, for ever. */
  readonly timeout: number | undefined;
  readonly #queue: (string | undefined)[] = [];
  #wake: (() => void) | undefined;

  constructor(tokenizer: GenerationTokenizer, options: (TextStreamerOptions & { timeout?: number }) | boolean = {}) {
    const { timeout, ...rest } = asOptions(options) as TextStreamerOptions & { timeout?: number };
    super(tokenizer, rest);
    this.timeout = timeout;
  }

  override on_finalized_text(text: string, stream_end = false): void {
    this.#queue.push(text);
    if (stream_end) {
      this.#queue.push(undefined);
    }
    this.#wake?.();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * @throws {RangeError} If nothing comes within `timeout` seconds.
   */
  async next(): Promise<IteratorResult<string>> {
    if (!this.#queue.length) {
      await this.#arrival();
    }
    const value = this.#queue.shift();
    return value === undefined ? { done: true, value: undefined } : { done: false, value };
  }

  #arrival(): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer =
        this.timeout === undefined
          ? undefined
          : setTimeout(() => {
              this.#wake = undefined;
              reject(new RangeError(`Cannot go on reading as text must come within ${this.timeout} s: none has`));
            }, this.timeout * 1000);
      this.#wake = () => {
        this.#wake = undefined;
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** Python's name for the streamer that is read with `async for`; here both are. */
export { TextIteratorStreamer as AsyncTextIteratorStreamer };

/** Calls a function with the ids of each step; `undefined` means the end. */
export class CallbackStreamer extends BaseStreamer {
  constructor(private readonly callback: (ids: number[] | undefined) => void | Promise<void>) {
    super();
  }

  override put(value: Tensor): void | Promise<void> {
    return this.callback(Array.from(value.data, Number));
  }

  override end(): void | Promise<void> {
    return this.callback(undefined);
  }
}

/** CJK ideographs, as BERT's tokenizer counts them. */
function isChineseChar(cp: number): boolean {
  return (
    (cp >= 0x4e00 && cp <= 0x9fff) ||
    (cp >= 0x3400 && cp <= 0x4dbf) ||
    (cp >= 0x20000 && cp <= 0x2a6df) ||
    (cp >= 0x2a700 && cp <= 0x2b73f) ||
    (cp >= 0x2b740 && cp <= 0x2b81f) ||
    (cp >= 0x2b820 && cp <= 0x2ceaf) ||
    (cp >= 0xf900 && cp <= 0xfaff) ||
    (cp >= 0x2f800 && cp <= 0x2fa1f)
  );
}
