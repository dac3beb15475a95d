import { Tensor } from '../tensor/tensor';
import { isTensor, sliceAxis } from './batch';
import {
  AssistedCandidateGenerator,
  DifferentTokenizersCandidateGenerator,
  fitLength,
  PromptLookupCandidateGenerator,
  type CandidateGenerator,
  type Draft
} from './candidates';
import type { Decoding, DecodingContext } from './decoding';
import { logitsAt } from './logits';
import type { GenerationCache, GenerationForwardOutput } from './model';
import { StepRecord } from './output';
import { updateModelKwargs } from './prepare-inputs';
import { multinomial } from './random';
import { argmax, scoreRow, softmax, tokenRows, tokenTensor } from './rows';
import { nextTask } from './turn';

/**
 * Decoding with drafts: a draft of several tokens is checked in one pass, and what the model would have chosen itself
 * is kept. Greedy results are those of decoding without drafts; sampled ones have the same distribution.
 *
 * @see {@link https://arxiv.org/abs/2211.17192}
 */
export const assistedDecoding: Decoding = async context => {
  const { parameters: p } = context;
  if (context.kwargs['use_cache'] === false) {
    throw new RangeError('assisted generate requires `use_cache=True`');
  }
  if (context.input_ids.dims[0]! > 1) {
    throw new RangeError('assisted generate is only supported for batch_size = 1');
  }
  if (p.guidance_scale !== undefined && p.guidance_scale !== 1) {
    throw new RangeError(
      'Cannot use guidance_scale with drafts as its own text cannot be taken back: leave one of them out'
    );
  }
  const source = candidateGenerator(context);
  try {
    return await decodeWith(source, context);
  } finally {
    await source.finish();
  }
};

async function decodeWith(source: CandidateGenerator, context: DecodingContext): ReturnType<Decoding> {
  const { model, parameters: p, criteria, signal, streamer, eos } = context;
  const record = new StepRecord(p, model.is_encoder_decoder);
  const ids = [...tokenRows(context.input_ids)[0]!];
  // Positions of a prompt of embeddings that are not among the ids.
  const embedded = isTensor(context.kwargs['inputs_embeds'])
    ? context.kwargs['inputs_embeds'].dims[1]! - ids.length
    : 0;
  let { kwargs } = context;
  let finished = false;
  let aborted = signal.aborted;
  let first = true;
  (kwargs['past_key_values'] as GenerationCache | undefined)?.activate_past_recording?.();
  const known = (kwargs['past_key_values'] as GenerationCache | undefined)?.get_seq_length() ?? 0;
  while (!finished && !aborted) {
    // Without a cache the prompt goes first, alone: layers with a sliding window must know that positions may be taken
    // back before they forget any.
    const draft = first && !context.kwargs['past_key_values'] ? { ids: [] } : await source.draft(ids);
    const drafted = draft.ids.length;
    const checked = await check(context, kwargs, ids, draft.ids, first);
    const { outputs, logits, scores } = checked;
    outputs.past_key_values!.activate_past_recording?.();
    const { tokens, matches } = choose(draft, scores, context);
    let valid = tokens.slice(0, p.max_length - ids.length);
    const end = valid.findIndex(id => eos?.includes(id));
    valid = end < 0 ? valid : valid.slice(0, end + 1);
    const before = ids.length + embedded;
    ids.push(...valid);
    await streamer?.put(tokenTensor([valid]));
    const kept = Math.min(matches, valid.length - 1);
    if (drafted > kept) {
      await outputs.past_key_values!.crop(kept - drafted);
    }
    if (drafted) {
      source.update(kept, drafted);
    }
    kwargs = updateModelKwargs(outputs, kwargs, model.is_encoder_decoder, valid.length);
    valid.forEach((_, i) =>
      record.add(scores[i]!, logits[i]!, stepOutputs(outputs, i, before, first ? before - known : 1))
    );
    finished = (await criteria.__call__(tokenTensor([ids]), record.scores))[0]!;
    first = false;
    await nextTask();
    aborted = !finished && signal.aborted;
  }
  return record.output(tokenTensor([ids]), kwargs, aborted);
}

function candidateGenerator(context: DecodingContext): CandidateGenerator {
  const { assistant, model, parameters: p, tokenizer, assistantTokenizer } = context;
  if (p.prompt_lookup_num_tokens !== undefined || !assistant) {
    if (p.assistant_ensemble_weight !== undefined) {
      throw new RangeError(
        'Setting `assistant_ensemble_weight` requires candidate logits from the assistant model. It is not supported ' +
          'with prompt lookup decoding.'
      );
    }
    return new PromptLookupCandidateGenerator(context);
  }
  const reference =
    '(see https://huggingface.co/docs/transformers/en/generation_strategies#universal-assisted-decoding)';
  if (model.config.vocab_size === assistant.config.vocab_size) {
    if (assistantTokenizer) {
      throw new RangeError(
        '`assistant_tokenizer` is not required when the main and assistant models use the same tokenizer. Please ' +
          `omit \`assistant_tokenizer\` from \`generate()\` ${reference}.`
      );
    }
    return new AssistedCandidateGenerator(context, assistant);
  }
  if (!tokenizer || !assistantTokenizer) {
    throw new RangeError(
      'The main and assistant models have different tokenizers. Please provide `tokenizer` and `assistant_tokenizer` ' +
        `to \`generate()\` ${reference}.`
    );
  }
  return new DifferentTokenizersCandidateGenerator(context, assistant, tokenizer, assistantTokenizer);
}

/** One pass over what is new and the draft. */
async function check(
  context: DecodingContext,
  kwargs: Record<string, unknown>,
  ids: readonly number[],
  draft: readonly number[],
  first: boolean
): Promise<{ outputs: GenerationForwardOutput; logits: Tensor[]; scores: Tensor[] }> {
  const { model, processors } = context;
  const all = tokenTensor([[...ids, ...draft]]);
  const state: Record<string, unknown> = { ...kwargs };
  const grow = (name: string, next: (last: number, i: number) => number): void => {
    const tensor = state[name];
    if (isTensor(tensor)) {
      state[name] = fitLength(tensor, tensor.dims[tensor.dims.length - 1]! + draft.length, next);
    }
  };
  const prefix = model.is_encoder_decoder ? 'decoder_' : '';
  grow(`${prefix}attention_mask`, () => 1);
  grow(`${prefix}position_ids`, (last, i) => last + 1 + i);
  grow('token_type_ids', last => last);
  const cache = state['past_key_values'] as GenerationCache | undefined;
  const unseen = cache ? all.dims[1]! - cache.get_seq_length() : undefined;
  const inputs = await model.prepare_inputs_for_generation(all, {
    ...state,
    next_sequence_length: first ? unseen : draft.length + 1,
    is_first_iteration: first
  });
  if ('logits_to_keep' in inputs) {
    inputs['logits_to_keep'] = draft.length + 1;
  }
  const outputs = await model.forward({ ...inputs, return_dict: true });
  context.hold(outputs);
  if (outputs.past_key_values == null) {
    throw new TypeError('assisted decoding requires a cache');
  }
  const logits: Tensor[] = [];
  const scores: Tensor[] = [];
  for (let i = 0; i <= draft.length; i++) {
    const raw = logitsAt(outputs.logits, draft.length + 1 - i);
    logits.push(raw);
    scores.push(await processors.__call__(tokenTensor([[...ids, ...draft.slice(0, i)]]), raw));
  }
  return { outputs, logits, scores };
}

/** The draft's tokens that stand, and the one after them. */
function choose(
  draft: Draft,
  scores: readonly Tensor[],
  context: DecodingContext
): { tokens: number[]; matches: number } {
  const { parameters: p, generator } = context;
  const rows = scores.map(step => scoreRow(step, 0));
  if (p.do_sample && draft.scores) {
    return speculate(draft, rows, context);
  }
  const weight = p.assistant_ensemble_weight;
  const selected = rows.map((row, i) => {
    if (p.do_sample) {
      return multinomial(softmax(row), generator)[0]!;
    }
    const drafted = draft.scores?.[i];
    return argmax(weight !== undefined && drafted ? mixed(softmax(row), softmax(drafted), weight) : row);
  });
  let matches = 0;
  while (matches < draft.ids.length && draft.ids[matches] === selected[matches]) {
    matches++;
  }
  return { tokens: selected.slice(0, matches + 1), matches };
}

function mixed(own: Float32Array, drafted: Float32Array, weight: number): Float32Array {
  return own.map((x, i) => weight * x + (1 - weight) * drafted[i]!);
}

/**
 * Speculative sampling: a drafted token stands with probability p/q; at the first that does not, one is drawn from what
 * the model gives beyond the draft, so that the result has the model's distribution.
 */
function speculate(
  draft: Draft,
  rows: readonly Float32Array[],
  { parameters, generator }: DecodingContext
): { tokens: number[]; matches: number } {
  const weight = parameters.assistant_ensemble_weight;
  const chances = draft.ids.map(() => generator.uniform());
  const at = draft.ids.findIndex((id, i) => {
    const ratio = softmax(rows[i]!)[id]! / softmax(draft.scores![i]!)[id]!;
    return !(chances[i]! <= (weight === undefined ? ratio : 1 - weight + weight * ratio));
  });
  const matches = at < 0 ? draft.ids.length : at;
  const p = softmax(rows[matches]!);
  let rest = p;
  if (at >= 0) {
    const q = softmax(draft.scores![at]!);
    const beyond = p.map((x, v) => Math.max(0, x - q[v]!));
    rest = beyond.some(x => x > 0) ? beyond : p;
  }
  return { tokens: [...draft.ids.slice(0, matches), multinomial(rest, generator)[0]!], matches };
}

/**
 * What one step of several in a pass leaves behind: its query position of attentions and hidden states.
 *
 * @param i Which of the pass's steps.
 * @param before Tokens before the pass's first new one.
 * @param width Query positions of its first step: the whole prompt, later one.
 */
function stepOutputs(
  outputs: GenerationForwardOutput,
  i: number,
  before: number,
  width: number
): GenerationForwardOutput {
  const begin = i === 0 ? 0 : width + i - 1;
  const end = width + i;
  const queries = (t: Tensor): Tensor =>
    sliceAxis(t, begin, Math.min(end, t.dims[t.dims.length - 2]!), t.dims.length - 2);
  const both = (t: Tensor): Tensor => {
    const cut = queries(t);
    return sliceAxis(cut, 0, Math.min(before + i, cut.dims[cut.dims.length - 1]!));
  };
  return {
    logits: outputs.logits,
    attentions: outputs.attentions?.map(both),
    decoder_attentions: outputs.decoder_attentions?.map(both),
    cross_attentions: outputs.cross_attentions?.map(queries),
    hidden_states: outputs.hidden_states?.map(queries),
    decoder_hidden_states: outputs.decoder_hidden_states?.map(queries)
  };
}
