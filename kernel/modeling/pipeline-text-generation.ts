import type { GenerateOutput } from '../generation/output';
import type { GenerationOptions, GenerationParameters } from '../generation/parameters';
import { GenerationConfig } from '../config/generation-config';
import { Tensor } from '../tensor/tensor';
import type { ChatMessage, ChatTemplateOptions, PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline } from './pipeline-base';
import { textTensors } from './pipeline-text';

/** Options of a call; the rest are those of `generate`. */
export interface TextGenerationOptions extends BatchOptions, GenerationOptions {
  /** false: only what was added. Default true. */
  return_full_text?: boolean | null;
  /** Token ids (`generated_token_ids`) instead of text. Default false. */
  return_tensors?: boolean | null;
  /** Texts are what is returned by default. */
  return_text?: boolean | null;
  /** As the tokenizer's. */
  clean_up_tokenization_spaces?: boolean | null;
  skip_special_tokens?: boolean | null;
  /** Text put before every prompt and not returned. */
  prefix?: string | null;
  /** 'hole': a prompt too long loses its beginning. Default: it is left as it is. */
  handle_long_generation?: 'hole' | null;
  /** Texts that end the answer. */
  stop_sequence?: string | readonly string[] | null;
  truncation?: boolean | null;
  padding?: boolean | string | null;
  add_special_tokens?: boolean | null;
  /** The last message of a chat is gone on with. Default: where it is the assistant's. */
  continue_final_message?: boolean | null;
  /** Options of the tokenizer, or of the chat template. */
  tokenizer_encode_kwargs?: Options | null;
  tools?: readonly unknown[] | null;
  documents?: readonly unknown[] | null;
}

export type Chat = readonly ChatMessage[];

/** One answer. */
export interface GeneratedText<T = string> {
  generated_text: T;
  /** With `return_dict_in_generate`: scores … as nested numbers. */
  [output: string]: unknown;
}
export interface GeneratedTokens {
  generated_token_ids: number[];
}

export interface TextGenerationPipeline {
  (inputs: string, options: TextGenerationOptions & { return_tensors: true }): Promise<GeneratedTokens[]>;
  (inputs: string, options?: TextGenerationOptions): Promise<GeneratedText[]>;
  (inputs: readonly string[], options?: TextGenerationOptions): Promise<GeneratedText[][]>;
  (inputs: Chat, options: TextGenerationOptions & { return_full_text: false }): Promise<GeneratedText[]>;
  (inputs: Chat, options?: TextGenerationOptions): Promise<GeneratedText<ChatMessage[]>[]>;
  (inputs: readonly Chat[], options?: TextGenerationOptions): Promise<GeneratedText<ChatMessage[]>[][]>;
}

/** Options that are the pipeline's own; all others are for `generate`. */
const OWN = new Set([
  'return_full_text',
  'return_tensors',
  'return_text',
  'clean_up_tokenization_spaces',
  'skip_special_tokens',
  'prefix',
  'handle_long_generation',
  'stop_sequence',
  'truncation',
  'padding',
  'add_special_tokens',
  'continue_final_message',
  'tokenizer_encode_kwargs',
  'tools',
  'documents',
  'batch_size'
]);

/** What applies where neither the caller nor the model says otherwise. */
const DEFAULTS = { max_new_tokens: 256, do_sample: true, temperature: 0.7 };

/** Only passed on when sampling. */
const SAMPLING = ['temperature', 'top_k', 'top_p', 'min_p', 'top_h', 'typical_p', 'epsilon_cutoff', 'eta_cutoff'];

type ReturnType = 'tensors' | 'new' | 'full';

/**
 * Continues texts and chats. Unless the model's generation_config.json or the caller says otherwise: sampling at
 * temperature 0.7, at most 256 new tokens.
 *
 * @example
 * const generate = await pipeline('text-generation', 'SmolLM2-135M-Instruct');
 * const [{ generated_text }] = await generate('Once upon a time', { max_new_tokens: 20 });
 * const [answer] = await generate([{ role: 'user', content: 'Hello!' }], { return_full_text: false });
 */
export class TextGenerationPipeline extends Pipeline {
  declare readonly tokenizer: PreTrainedTokenizer;

  constructor(parts: PipelineParts & { readonly tokenizer: PreTrainedTokenizer }, options: Options = {}) {
    super(parts, options);
    // A batch of prompts is continued at its right end.
    this.tokenizer.padding_side = 'left';
  }

  protected override check(options: Options): void {
    this.checkBatchSize(options);
    returnType(options);
    const handling = options['handle_long_generation'];
    if (handling !== undefined && handling !== null && handling !== 'hole') {
      throw new RangeError(
        `${String(handling)} is not a valid value for \`handle_long_generation\` parameter expected [None, 'hole']`
      );
    }
  }

  protected override isOne(input: readonly unknown[]): boolean {
    return isMessage(input[0]);
  }

  protected override async preprocess(input: unknown, { all, call }: CallOptions): Promise<Prepared> {
    const options = this.encodeOptions({ all, call });
    let tensors: Tensors;
    if (Array.isArray(input)) {
      if (!isMessage(input[0])) {
        throw new TypeError('Cannot continue the chat as it must be a list of messages with role and content');
      }
      const { add_special_tokens: _ignored, ...others } = options; // a template writes them itself
      const open = continues(input as Chat, all);
      tensors = {
        ...this.tokenizer.apply_chat_template(input as Chat, {
          add_generation_prompt: !open,
          continue_final_message: open,
          tools: (all['tools'] ?? null) as ChatTemplateOptions['tools'] & {},
          documents: (all['documents'] ?? null) as ChatTemplateOptions['documents'] & {},
          ...others
        })
      } as unknown as Tensors;
    } else {
      const prefix = (all['prefix'] ?? this.model.config['prefix'] ?? '') as string;
      tensors = textTensors(
        this.tokenizer,
        typeof input === 'string' ? `${prefix}${input}` : input,
        undefined,
        options
      );
    }
    const { input_ids, attention_mask } = tensors as { input_ids: Tensor; attention_mask?: Tensor };
    const kept =
      all['handle_long_generation'] === 'hole' ? this.lengthKept(input_ids.dims[1]!, { all, call }) : Infinity;
    const skip = Math.max(0, input_ids.dims[1]! - kept);
    const end = (t: Tensor): Tensor => (skip === 0 ? t : t.narrow(1, skip, kept));
    return {
      tensors: {
        input_ids: end(input_ids),
        attention_mask: end(attention_mask ?? Tensor.ones(input_ids.dims, 'int64'))
      },
      note: input
    };
  }

  /** Options of the tokenizer. */
  private encodeOptions({ all, call }: Pick<CallOptions, 'all' | 'call'>): Record<string, unknown> {
    const given: Record<string, unknown> = {
      add_special_tokens: all['add_special_tokens'],
      truncation: all['truncation'],
      padding: all['padding'],
      max_length: call['max_length'] // as in Python: the call's counts for the prompt as well, the pipeline's does not
    };
    const set = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
    return { ...Object.fromEntries(set), ...(all['tokenizer_encode_kwargs'] as Options | undefined) };
  }

  /** How much of a prompt leaves room for what is to come. */
  private lengthKept(length: number, options: Pick<CallOptions, 'all' | 'call'>): number {
    const set = this.settings(this.generateOptions(options));
    const limit = this.tokenizer.model_max_length;
    const fresh = (set['max_new_tokens'] ?? Number(set['max_length']) - length) as number;
    if (fresh < 0) {
      throw new RangeError('We cannot infer how many new tokens are expected');
    }
    if (length + fresh <= limit) {
      return Infinity;
    }
    if (limit - fresh <= 0) {
      throw new RangeError(
        'We cannot use `hole` to handle this generation the number of desired tokens exceeds the models max length'
      );
    }
    return limit - fresh;
  }

  /** What `generate` takes from the caller and the model, rather than from its own defaults. */
  private settings(options: Options): Record<string, unknown> {
    return {
      ...this.model.generation_config.to_diff_dict(),
      ...diff(options['generation_config'] as GenerationParameters | null | undefined),
      ...options
    };
  }

  /** Options of `generate`: the caller's, and the pipeline's defaults where neither caller nor model say otherwise. */
  private generateOptions({ all, call }: Pick<CallOptions, 'all' | 'call'>): Record<string, unknown> {
    const { generation_config: config } = call;
    // A generation_config of the call stands in for everything given with the pipeline.
    const source = config === undefined || config === null ? all : call;
    const given = Object.fromEntries(
      Object.entries(source).filter(([name, value]) => !OWN.has(name) && value !== undefined)
    );
    const stop = all['stop_sequence'] as string | readonly string[] | null | undefined;
    if (stop !== undefined && stop !== null) {
      given['stop_strings'] = typeof stop === 'string' ? [stop] : stop;
    }
    if (given['stop_strings']) {
      given['tokenizer'] ??= this.tokenizer;
    }
    const set = this.settings(given);
    const pad = this.tokenizer.pad_token_id;
    const added: Record<string, unknown> = Object.fromEntries(
      Object.entries({ ...DEFAULTS, ...(pad === null ? {} : { pad_token_id: pad }) }).filter(
        ([name]) => !(name in set) && !(name === 'max_new_tokens' && 'max_length' in set)
      )
    );
    if (!{ ...set, ...added }['do_sample']) {
      SAMPLING.forEach(name => delete added[name]);
    }
    return given['generation_config']
      ? {
          ...given,
          generation_config: new GenerationConfig({
            ...diff(given['generation_config'] as GenerationParameters),
            ...added
          })
        }
      : { ...given, ...added };
  }

  protected override async run(
    { input_ids, attention_mask }: Tensors,
    rows: readonly Prepared[],
    options: CallOptions
  ): Promise<Tensors> {
    const given = this.generateOptions(options);
    const prefix = (options.all['prefix'] ?? this.model.config['prefix'] ?? '') as string;
    if (prefix !== '' && rows.some(row => typeof row.note === 'string')) {
      // A length counts the caller's text; the prefix comes on top.
      const add = options.all['add_special_tokens'] === true;
      const length = this.tokenizer.encode(prefix, { add_special_tokens: add }).length;
      const set = this.settings(given);
      for (const [whole, fresh] of [
        ['max_length', 'max_new_tokens'],
        ['min_length', 'min_new_tokens']
      ] as const) {
        if (whole in set && !(fresh in set)) {
          given[whole] = (set[whole] as number) + length;
        }
      }
    }
    const isEmpty = input_ids!.dims[1] === 0;
    const output = await this.model.generate({ ...given, ...(isEmpty ? {} : { input_ids, attention_mask }) });
    const group = (t: Tensor): Tensor => t.reshape(rows.length, t.dims[0]! / rows.length, ...t.dims.slice(1));
    if (output instanceof Tensor) {
      return { sequences: group(output), prompt: input_ids! };
    }
    return { ...grouped(output, group), prompt: input_ids! };
  }

  protected override postprocess(
    { sequences, prompt, ...others }: Tensors,
    { note }: Prepared,
    { all, call, init }: CallOptions
  ): (GeneratedText<unknown> | GeneratedTokens)[] {
    const type = returnType(call) ?? returnType(init) ?? 'full';
    const length = prompt!.dims[1]!;
    const found = sequences!.select(0, 0).tolist() as number[][];
    const extra = Object.entries(others).map(
      ([name, value]) => [name, value.select(0, 0).tolist() as unknown[]] as const
    );
    return found.map((ids, i) => {
      if (type === 'tensors') {
        return { generated_token_ids: ids };
      }
      const text = this.tokenizer.decode(ids.slice(length), {
        skip_special_tokens: (all['skip_special_tokens'] ?? true) as boolean,
        clean_up_tokenization_spaces: (all['clean_up_tokenization_spaces'] ?? null) as boolean | null
      });
      const generated_text = type === 'new' ? text : joined(note as string | Chat, text, all);
      return { generated_text, ...Object.fromEntries(extra.map(([name, values]) => [name, values[i]])) };
    });
  }
}

/** Prompt and answer as one. */
function joined(prompt: string | Chat, answer: string, options: Options): string | ChatMessage[] {
  if (typeof prompt === 'string') {
    return prompt + answer;
  }
  const last = prompt.at(-1)!;
  return continues(prompt, options)
    ? [...prompt.slice(0, -1), { role: last.role, content: `${String(last.content)}${answer}` }]
    : [...prompt, { role: 'assistant', content: answer }];
}

function continues(chat: Chat, options: Options): boolean {
  return (options['continue_final_message'] as boolean | null | undefined) ?? chat.at(-1)!.role === 'assistant';
}

function isMessage(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'role' in value && 'content' in value;
}

/** What is returned. @throws {TypeError} If options contradict one another. */
function returnType(options: Options): ReturnType | undefined {
  const { return_full_text: full, return_tensors: tensors, return_text: text } = options;
  const isSet = (value: unknown): boolean => value !== undefined && value !== null;
  const exclusive = (one: string, other: string): TypeError =>
    new TypeError(`\`${one}\` is mutually exclusive with \`${other}\``);
  if (isSet(full) && isSet(text)) {
    throw exclusive('return_text', 'return_full_text');
  }
  if (isSet(full) && isSet(tensors)) {
    throw exclusive('return_full_text', 'return_tensors');
  }
  if (isSet(tensors) && isSet(text)) {
    throw exclusive('return_text', 'return_tensors');
  }
  if (text === false) {
    throw new RangeError('Cannot leave out the text as return_tensors: true is what gives token ids instead');
  }
  return tensors === true ? 'tensors' : isSet(full) ? (full ? 'full' : 'new') : undefined;
}

function diff(config: GenerationParameters | null | undefined): Record<string, unknown> {
  return config ? new GenerationConfig(config as Readonly<Record<string, unknown>>).to_diff_dict() : {};
}

/** What `generate` returned beside the sequences, [prompts, answers, …]; steps follow answers. */
function grouped(output: GenerateOutput, group: (t: Tensor) => Tensor): Record<string, Tensor> {
  const count = output.sequences.dims[0]!;
  const found: Record<string, Tensor> = {};
  for (const [name, value] of Object.entries(output) as [string, unknown][]) {
    if (value instanceof Tensor && value.dims[0] === count) {
      found[name] = group(value);
    } else if (
      Array.isArray(value) &&
      value.length > 0 &&
      value.every(v => v instanceof Tensor && v.dims[0] === count)
    ) {
      found[name] = group(Tensor.stack(value as Tensor[], 1));
    }
  }
  return found;
}
