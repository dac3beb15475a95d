/** Where the drafts of assisted decoding come from. */
import { Tensor } from '../tensor/tensor';
import { accepts } from './accepted-inputs';
import { extend, isTensor, sliceAxis } from './batch';
import type { DecodingContext } from './decoding';
import { LogitsProcessorList } from './logits-processor';
import type { GenerationCache, GenerationTokenizer, GenerativeModel } from './model';
import { addEncoderOutputs } from './model-inputs';
import { GLOBAL_DEFAULTS } from './parameters';
import { MinLengthLogitsProcessor, MinNewTokensLengthLogitsProcessor } from './processors/length';
import { scoreRow, tokenTensor } from './rows';
import { sample } from './sample';
import { ConfidenceCriteria, EosTokenCriteria, MaxLengthCriteria, StoppingCriteriaList } from './stopping-criteria';

/** Tokens that may follow, and the scores they were chosen by where there are such. */
export interface Draft {
  readonly ids: readonly number[];
  readonly scores?: readonly Float32Array[];
}

export interface CandidateGenerator {
  /** @param ids All tokens so far. */
  draft(ids: readonly number[]): Promise<Draft>;
  /** Learns how many tokens of the last draft were right. */
  update(matches: number, drafted: number): void;
  /** Frees caches, and leaves behind what it learnt. */
  finish(): Promise<void>;
}

/** Drafts by copying what followed the last n-gram where it occurred before. */
export class PromptLookupCandidateGenerator implements CandidateGenerator {
  readonly #tokens: number;
  readonly #ngram: number;

  constructor(private readonly context: DecodingContext) {
    this.#tokens = context.parameters.prompt_lookup_num_tokens!;
    this.#ngram = context.parameters.max_matching_ngram_size ?? 2;
  }

  async draft(ids: readonly number[]): Promise<Draft> {
    const { parameters, eos } = this.context;
    const length = ids.length;
    if (parameters.max_length === length + 1) {
      return { ids: [] };
    }
    for (let n = Math.min(this.#ngram, length - 1); n > 0; n--) {
      const last = ids.slice(-n);
      for (let at = 0; at + n <= length; at++) {
        if (!last.every((id, k) => ids[at + k] === id)) {
          continue;
        }
        const end = Math.min(at + n + this.#tokens, length, parameters.max_length);
        const found = await this.#allowed(ids, ids.slice(at + n, end));
        if (found.length) {
          const stop = found.findIndex(id => eos?.includes(id));
          return { ids: stop < 0 ? found : found.slice(0, stop) };
        }
      }
    }
    return { ids: [] };
  }

  /** The beginning of a draft that no processor forbids: a forbidden token would only be thrown away. */
  async #allowed(ids: readonly number[], draft: readonly number[]): Promise<readonly number[]> {
    const vocab = this.context.model.config.vocab_size;
    if (vocab === undefined || !this.context.processors.length) {
      return draft;
    }
    const even = new Tensor('float32', new Float32Array(vocab).fill(1), [1, vocab]);
    for (let k = 0; k < draft.length; k++) {
      const scores = await this.context.processors.__call__(tokenTensor([[...ids, ...draft.slice(0, k)]]), even);
      if (!(scoreRow(scores, 0)[draft[k]!]! > -3.4e38)) {
        return draft.slice(0, k);
      }
    }
    return draft;
  }

  update(): void {}

  async finish(): Promise<void> {}
}

/** Drafts with a smaller model of the same vocabulary. */
export class AssistedCandidateGenerator implements CandidateGenerator {
  #count: number;
  readonly #schedule: string;
  readonly #threshold: number;
  #kwargs: Record<string, unknown> | undefined;
  #cache: GenerationCache | undefined;

  constructor(
    private readonly context: DecodingContext,
    protected readonly assistant: GenerativeModel
  ) {
    const own = assistant.generation_config as Record<string, unknown>;
    const setting = <T>(key: keyof typeof GLOBAL_DEFAULTS): T =>
      (own[key] ?? context.parameters[key] ?? GLOBAL_DEFAULTS[key]) as T;
    this.#count = setting<number>('num_assistant_tokens');
    this.#schedule = setting<string>('num_assistant_tokens_schedule');
    this.#threshold = setting<number>('assistant_confidence_threshold');
  }

  async draft(ids: readonly number[]): Promise<Draft> {
    const { parameters: p } = this.context;
    const count = Math.min(Math.trunc(this.#count), p.max_length - ids.length - 1);
    if (count <= 0) {
      return { ids: [] };
    }
    const least = Math.max(Math.min(count, p.min_length - ids.length), 0);
    return this.run(ids, count, least);
  }

  /** Lets the assistant go on by at most `count` tokens. */
  protected async run(ids: readonly number[], count: number, least: number): Promise<Draft> {
    const { parameters: p, eos } = this.context;
    this.#kwargs ??= await this.#inputs();
    // The newest token is the main model's: the assistant has not seen it.
    const surplus = (this.#cache?.get_seq_length() ?? 0) - (ids.length - 1);
    if (surplus > 0) {
      await this.#cache!.crop(-surplus);
    }
    const processors = new LogitsProcessorList();
    processors.push(...this.context.processors.filter(each => !(each instanceof MinLengthLogitsProcessor)));
    const criteria = new StoppingCriteriaList();
    criteria.push(new MaxLengthCriteria(ids.length + count));
    if (eos) {
      criteria.push(new EosTokenCriteria(eos));
      least > 0 && processors.push(new MinNewTokensLengthLogitsProcessor(ids.length, least, eos));
    }
    if (this.#threshold > 0) {
      criteria.push(new ConfidenceCriteria(this.#threshold));
    }
    const output = await sample({
      ...this.context,
      model: this.assistant,
      input_ids: tokenTensor([ids]),
      parameters: {
        ...p,
        is_assistant: true,
        return_dict_in_generate: true,
        output_scores: true,
        output_logits: false,
        output_attentions: false,
        output_hidden_states: false,
        prefill_chunk_size: undefined
      },
      processors,
      criteria,
      kwargs: fitted(
        { ...this.#kwargs, ...(this.#cache ? { past_key_values: this.#cache } : {}) },
        ids.length,
        this.assistant
      ),
      maskLength: ids.length,
      streamer: undefined,
      hold: outputs => void (this.#cache = outputs.past_key_values ?? undefined)
    });
    this.#cache = output.past_key_values;
    const drafted = Array.from(output.sequences.data, Number).slice(ids.length);
    return { ids: drafted, scores: output.scores!.map(scores => scoreRow(scores, 0)) };
  }

  /** The main model's inputs, as far as the assistant reads them. */
  async #inputs(): Promise<Record<string, unknown>> {
    const { kwargs, prompt } = this.context;
    const entries = Object.entries(kwargs).filter(([name]) => {
      return (
        !['encoder_outputs', 'past_key_values', 'inputs_embeds', 'output_attentions', 'output_hidden_states'].includes(
          name
        ) &&
        (name === 'use_cache' || accepts(this.assistant, name))
      );
    });
    const inputs = Object.fromEntries(entries);
    await addEncoderOutputs(this.assistant, prompt, inputs, { output_attentions: false, output_hidden_states: false });
    return inputs;
  }

  /** Frees the assistant's cache. */
  protected async forget(): Promise<void> {
    await this.#cache?.dispose?.();
    this.#cache = undefined;
  }

  update(matches: number, drafted: number): void {
    if (this.#schedule === 'heuristic' || this.#schedule === 'heuristic_transient') {
      this.#count = matches === drafted ? this.#count + 2 : Math.max(1, this.#count - 1);
    }
  }

  async finish(): Promise<void> {
    await this.forget();
    if (this.#schedule === 'heuristic') {
      (this.assistant.generation_config as Record<string, unknown>)['num_assistant_tokens'] = this.#count;
    }
  }
}

/** Masks and positions cut or grown to a length. */
function fitted(kwargs: Record<string, unknown>, length: number, model: GenerativeModel): Record<string, unknown> {
  const prefix = model.is_encoder_decoder ? 'decoder_' : '';
  const fit = (name: string, next: (last: number, i: number) => number): void => {
    const tensor = kwargs[name];
    if (isTensor(tensor)) {
      kwargs[name] = fitLength(tensor, length, next);
    }
  };
  fit(`${prefix}attention_mask`, () => 1);
  fit(`${prefix}position_ids`, (last, i) => last + 1 + i);
  fit('token_type_ids', last => last);
  return kwargs;
}

/** The tensor with `length` positions: cut, or grown by `next`. */
export function fitLength(tensor: Tensor, length: number, next: (last: number, i: number) => number): Tensor {
  const held = tensor.dims[tensor.dims.length - 1]!;
  return held >= length ? sliceAxis(tensor, 0, length) : extend(tensor, length - held, next);
}

/**
 * Drafts with a model of another vocabulary: texts are exchanged, not tokens. What the main model chooses is not
 * affected, only how often a draft is right.
 */
export class DifferentTokenizersCandidateGenerator extends AssistedCandidateGenerator {
  constructor(
    context: DecodingContext,
    assistant: GenerativeModel,
    private readonly tokenizer: GenerationTokenizer,
    private readonly assistantTokenizer: GenerationTokenizer
  ) {
    // Processors and masks speak of the main model's tokens.
    super(
      { ...context, processors: new LogitsProcessorList(), kwargs: { use_cache: true }, eos: undefined },
      assistant
    );
  }

  protected override async run(ids: readonly number[], count: number): Promise<Draft> {
    const plain = { skip_special_tokens: true };
    const text = this.tokenizer.decode(ids, plain);
    const before = this.assistantTokenizer.encode!(text);
    const { ids: drafted } = await super.run(before, count, 0);
    await this.forget();
    const continued = this.assistantTokenizer.decode([...before, ...drafted], plain);
    if (!continued.startsWith(text)) {
      return { ids: [] };
    }
    return { ids: this.tokenizer.encode!(continued.slice(text.length), { add_special_tokens: false }).slice(0, count) };
  }
}
