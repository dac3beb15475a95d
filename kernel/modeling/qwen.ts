/**
 * QWen v1 as its remote code has it: cache layout, pasts as tuples, its own rules for generation, chat.
 * Source: modeling_qwen.py of Qwen/Qwen-1_8B-Chat
 */
import type { PretrainedConfig } from '../config/config';
import { asTensor } from '../generation/batch';
import type { GenerateOutput } from '../generation/output';
import type { GenerationOptions } from '../generation/parameters';
import type { BaseStreamer } from '../generation/streamers';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { DynamicCache } from '../inference/cache';
import type { WeightOptions } from '../inference/weights';
import type { Task } from '../models/architecture';
import { qwen } from '../models/qwen';
import { Tensor } from '../tensor/tensor';
import type { Assembled } from './assemble';
import { AutoConfig } from './auto-config';
import type { ForwardInputs, Probe } from './forward';
import type { ImageSpan } from './fusion';
import type { PretrainedOptions } from './load';
import { resolveModel } from './load';
import { ModelOutput } from './outputs';
import { PreTrainedModel } from './pretrained-model';
import type { ModelClass } from './pretrained-model';
import { IMAGE_SPANS, QWenCache } from './qwen-cache';
import type { QWenPast } from './qwen-cache';
import { StopWordsLogitsProcessor, decode_tokens, get_stop_words_ids, make_context } from './qwen-context';
import type { ContextOptions, QWenTokenizerLike, Turn } from './qwen-context';

/** Arguments the original takes and does nothing with: positions are always those of the cache. */
const UNUSED = ['position_ids', 'token_type_ids', 'encoder_hidden_states', 'encoder_attention_mask'];

/** What the two QWen classes share. */
export class QWenPreTrainedModel extends PreTrainedModel {
  static override family = qwen;

  /**
   * Loads a model as every class does; further options:
   *
   * @param options `other_config`: keys put on the configuration (MQwen's). Where config.json has `bf16` or `fp16`, the
   *   weights are rounded to it unless `dtype` is given.
   */
  static override async from_pretrained<T extends PreTrainedModel>(
    this: ModelClass<T>,
    name: string,
    options: PretrainedOptions = {}
  ): Promise<T> {
    const config = options.config ?? (await AutoConfig.fromFolder(await resolveModel(name, options), options, name));
    const other = options['other_config'];
    if (other !== undefined && (typeof other !== 'object' || other === null || Array.isArray(other))) {
      throw new TypeError(
        `Cannot load ${name} as other_config must be an object of keys and values: current value is ${String(other)}`
      );
    }
    Object.assign(config, other ?? {});
    return PreTrainedModel.from_pretrained.call(this, name, { ...options, config }) as Promise<T>;
  }

  protected static override async weightOptions(
    checkpoint: Checkpoint,
    options: PretrainedOptions
  ): Promise<WeightOptions> {
    const given = options.dtype ?? options.torch_dtype ?? 'auto';
    const config = options.config!;
    const round = config['bf16'] ? 'bfloat16' : config['fp16'] ? 'float16' : undefined;
    const others = await super.weightOptions(checkpoint, options);
    return given === 'auto' && round ? { ...others, round } : others;
  }

  /** Lengths the last first run settled, for pasts given as tuples, which cannot say. */
  private ropeLengths: readonly number[] | undefined;

  override get dtype(): string {
    const { dtype } = this.runtime.plan;
    return dtype === 'float32' ? (this.config['bf16'] ? 'bfloat16' : this.config['fp16'] ? 'float16' : dtype) : dtype;
  }

  override get forward_parameters(): readonly string[] {
    return [...new Set([...super.forward_parameters, ...UNUSED])];
  }

  override async run(inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
    const embedded = await this.embed_inputs(inputs);
    const own = Object.fromEntries(Object.entries(embedded).filter(([key]) => !UNUSED.includes(key)));
    const useCache = embedded['use_cache'] ?? this.config['use_cache'] ?? true;
    const past = this.readPast(embedded['past_key_values']);
    const cache = past ?? (useCache ? new QWenCache() : undefined);
    const { [IMAGE_SPANS]: spans } = embedded as { [IMAGE_SPANS]?: readonly ImageSpan[] };
    if (cache && spans) {
      cache.images = spans;
    }
    const result = await super.run({ ...own, past_key_values: cache }, probe);
    this.ropeLengths = cache?.ropeLengths ?? this.ropeLengths;
    return result;
  }

  /**
   * A past as this family's cache: one of its own as it is, another cache taken over, the original's tuple of (keys,
   * values) per layer converted. Library code only.
   */
  readPast(given: unknown): QWenCache | undefined {
    if (given === undefined || given === null || given instanceof QWenCache) {
      return given ?? undefined;
    }
    if (given instanceof DynamicCache) {
      return QWenCache.adopt(given);
    }
    if (!Array.isArray(given)) {
      throw new TypeError('Cannot use past_key_values as it must be a cache, or a list of [keys, values] per layer');
    }
    if (given.every(layer => layer === null || layer === undefined)) {
      return undefined;
    }
    const cache = QWenCache.from_legacy_cache(given as QWenPast[]);
    cache.ropeLengths = this.ropeLengths;
    return cache;
  }

  /**
   * One pass. Takes the arguments of the original and `logits_to_keep`; of them position_ids, token_type_ids,
   * encoder_hidden_states and encoder_attention_mask do nothing, as there.
   *
   * @returns Named values; with `return_dict: false` a tuple in which, as in the original, attentions are left out.
   */
  override async forward(inputs: ForwardInputs): Promise<ModelOutput> {
    const output = await this.pass(inputs);
    const asDict = inputs['return_dict'] ?? this.config['return_dict'] ?? true;
    if (asDict) {
      return output;
    }
    const { attentions: _left, ...kept } = output;
    return Object.values(kept) as unknown as ModelOutput;
  }

  /**
   * The original's rules: with a past only the last token is run, the mask is dropped for a batch of one, embeddings
   * serve only without a past.
   */
  override prepare_inputs_for_generation(
    input_ids: Tensor,
    kwargs: Record<string, unknown> = {}
  ): Record<string, unknown> {
    const { past_key_values, inputs_embeds, attention_mask, next_sequence_length } = kwargs;
    const past = past_key_values as { length: number; get_seq_length?(): number } | null | undefined;
    const hasPast =
      past !== undefined && past !== null && (past.get_seq_length ? past.get_seq_length() > 0 : past.length > 0);
    const inputs: Record<string, unknown> = {
      use_cache: kwargs['use_cache'],
      ...(past ? { past_key_values } : {}),
      ...(input_ids.dims[0] !== 1 && attention_mask ? { attention_mask } : {})
    };
    for (const key of ['output_attentions', 'output_hidden_states', 'logits_to_keep']) {
      if (kwargs[key] !== undefined) {
        inputs[key] = kwargs[key];
      }
    }
    if (inputs_embeds && !hasPast) {
      inputs['inputs_embeds'] = inputs_embeds;
    } else {
      // One token, but for what generation over several tokens at a time (a cached prompt, drafts) asks for.
      inputs['input_ids'] = hasPast ? lastTokens(input_ids, Number(next_sequence_length ?? 1)) : input_ids;
    }
    return inputs;
  }
}

function lastTokens(ids: Tensor, count: number): Tensor {
  const [rows, length] = ids.dims as [number, number];
  const data = new BigInt64Array(rows * count);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < count; i++) {
      data[row * count + i] = BigInt(ids.data[(row + 1) * length - count + i]!);
    }
  }
  return new Tensor('int64', data, [rows, count]);
}

/** The model without its head: last_hidden_state, past_key_values, hidden_states, attentions. */
export class QWenModel extends QWenPreTrainedModel {
  static override task: Task = 'base';
}

/** Options of `chat`: those of `generate`, and of the prompt. */
export type ChatOptions = Omit<ContextOptions, 'history' | 'placeholder' | 'chat_format'> & {
  /** Further sequences that end the answer. */
  stop_words_ids?: readonly (readonly number[])[];
} & GenerationOptions;

/** QWen v1 with its head: forward, generate, chat. */
export class QWenLMHeadModel extends QWenPreTrainedModel {
  static override task: Task = 'causal_lm';

  /**
   * Generates as every model does; also ends rows at `stop_words_ids`, of the call or of generation_config.json.
   */
  override generate(options: GenerationOptions = {}): Promise<Tensor | GenerateOutput> {
    const { stop_words_ids, ...rest } = options;
    const given = options.generation_config as { [key: string]: unknown } | null | undefined;
    const own = this.generation_config as unknown as { [key: string]: unknown };
    const words = (stop_words_ids ?? given?.['stop_words_ids'] ?? own['stop_words_ids']) as
      number[][] | null | undefined;
    if (!words) {
      return super.generate(rest);
    }
    const eos = options.eos_token_id ?? given?.['eos_token_id'] ?? own['eos_token_id'];
    const first = Array.isArray(eos) ? (eos[0] as number) : eos;
    if (typeof first !== 'number') {
      throw new TypeError('Cannot stop at stop_words_ids as eos_token_id must be set: it is not');
    }
    return super.generate({
      ...rest,
      logits_processor: [...(options.logits_processor ?? []), new StopWordsLogitsProcessor(words, first)]
    });
  }

  /**
   * Answers a question in a conversation, in ChatML.
   *
   * @param tokenizer QWen's.
   * @param query The question.
   * @param history Earlier questions and answers. Not modified.
   * @param options `system`, and options of `generate`.
   * @returns [response, history with this turn].
   * @throws {RangeError} If generation_config.json's chat_format is not 'chatml' (a base model).
   *
   * @example
   * const [answer, history] = await model.chat(tokenizer, 'Hello', []);
   */
  async chat(
    tokenizer: QWenTokenizerLike,
    query: string,
    history: readonly Turn[] | null = [],
    options: ChatOptions = {}
  ): Promise<[string, Turn[]]> {
    const { ids, generation } = this.chatInputs(tokenizer, query, history ?? [], options);
    const out = await this.generate({ ...generation, return_dict_in_generate: false });
    const tokens = Array.from((out as Tensor).data as ArrayLike<number | bigint>, Number).slice(ids.length);
    const response = decode_tokens(tokenizer, tokens);
    return [response, [...(history ?? []), [query, response]]];
  }

  /**
   * The same, piece by piece: yields the answer so far after each token.
   *
   * @example
   * for await (const text of model.chat_stream(tokenizer, 'Hello', [])) display(text, { update: 'answer' });
   */
  async *chat_stream(
    tokenizer: QWenTokenizerLike,
    query: string,
    history: readonly Turn[] | null = [],
    options: ChatOptions = {}
  ): AsyncGenerator<string, void, undefined> {
    const { generation } = this.chatInputs(tokenizer, query, history ?? [], options);
    yield* streamed(
      streamer => this.generate({ ...generation, streamer }),
      tokens => decode_tokens(tokenizer, tokens)
    );
  }

  /** The prompt's ids and the options of generate. */
  protected chatInputs(
    tokenizer: QWenTokenizerLike,
    query: string,
    history: readonly Turn[],
    options: ChatOptions,
    placeholder?: string
  ): { ids: number[]; generation: GenerationOptions } {
    const { system = 'You are a helpful assistant.', max_window_size, stop_words_ids = [], ...generation } = options;
    const settings = { ...(this.generation_config as object), ...(options.generation_config ?? {}) } as {
      [key: string]: unknown;
    };
    const format = settings['chat_format'];
    if (format !== 'chatml') {
      throw new RangeError(
        `Cannot chat with ${this.name_or_path} as chat_format in its generation_config.json must be 'chatml': ` +
          `current value is ${JSON.stringify(format ?? null)}. A base model completes text: use generate`
      );
    }
    const [, ids] = make_context(tokenizer, query, {
      history,
      system: String(system),
      max_window_size: Number(max_window_size ?? settings['max_window_size'] ?? 6144),
      ...(placeholder === undefined ? {} : { placeholder })
    });
    return {
      ids,
      generation: {
        ...generation,
        input_ids: asTensor([ids], 'input_ids'),
        stop_words_ids: [...stop_words_ids, ...get_stop_words_ids('chatml', tokenizer)]
      }
    };
  }
}

/** Runs a generation and yields a text of the tokens so far whenever it changes. Stopping to read stops generation. */
export async function* streamed(
  start: (streamer: Pick<BaseStreamer, 'put' | 'end'>) => Promise<unknown>,
  decode: (tokens: readonly number[]) => string
): AsyncGenerator<string, void, undefined> {
  const tokens: number[] = [];
  let prompt = true;
  let stopped = false;
  let ended = false;
  let wake: () => void = () => {};
  let proceed: () => void = () => {};
  const done = start({
    put: value => {
      if (prompt) {
        prompt = false;
        return undefined;
      }
      tokens.push(...Array.from(value.data as ArrayLike<number | bigint>, Number));
      wake();
      return stopped ? Promise.reject(new StreamClosed()) : new Promise<void>(resolve => (proceed = resolve));
    },
    end: () => undefined
  }).finally(() => {
    ended = true;
    wake();
  });
  done.catch(() => undefined); // awaited below; this keeps a failure before that from counting as unhandled
  let last = '';
  let read = 0;
  try {
    for (;;) {
      if (read === tokens.length && !ended) {
        await new Promise<void>(resolve => (wake = resolve));
      }
      if (read === tokens.length && ended) {
        break;
      }
      read = tokens.length;
      const text = decode(tokens);
      if (text !== last) {
        last = text;
        yield text;
      }
      proceed();
    }
    await done;
  } finally {
    if (!ended) {
      stopped = true;
      proceed();
      await done.catch(error => {
        if (!(error instanceof StreamClosed)) {
          throw error;
        }
      });
    }
  }
}

/** Ends a generation nobody reads any more. */
class StreamClosed extends Error {}

export type { PretrainedConfig };
