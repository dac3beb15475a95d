import type { Tensor } from '../tensor/tensor';
import { checkAcceptedInputs, accepts } from './accepted-inputs';
import { assistedDecoding } from './assisted';
import { asTensor } from './batch';
import { beamSearch } from './beam-search';
import type { Decoding } from './decoding';
import { setLengths } from './length-limits';
import type { GenerationCache, GenerationTokenizer, GenerativeModel } from './model';
import {
  addEncoderOutputs,
  addMaskAndPositions,
  decoderStart,
  expandInputs,
  normalizeInputs,
  takePrompt,
  type Prompt
} from './model-inputs';
import type { GenerateOutput } from './output';
import {
  checkModelConfig,
  mergeParameters,
  type GenerationOptions,
  type MergedOptions,
  type ResolvedParameters
} from './parameters';
import { checkCompanions } from './parameter-checks';
import { UnbatchedClassifierFreeGuidanceLogitsProcessor } from './processors/guidance';
import { buildProcessors, mergeOwn } from './processor-table';
import { defaultGenerator, RandomGenerator } from './random';
import { tokenRows } from './rows';
import { sample } from './sample';
import { specialTokens, type SpecialTokens } from './special-tokens';
import { StopStringCriteria } from './stop-strings';
import {
  ConfidenceCriteria,
  EosTokenCriteria,
  MaxLengthCriteria,
  MaxTimeCriteria,
  StoppingCriteriaList,
  type StoppingCriteriaLike
} from './stopping-criteria';
import { defaultSignal } from './turn';
import { warn } from './warnings';

/**
 * Generates token ids from a prompt, as `generate` of transformers does.
 *
 * @param model The model.
 * @param options Inputs of the model (input_ids, attention_mask …), parameters of generation, and what is described at
 *   GenerationOptions.
 * @returns Prompt and answer, int64 [B × num_return_sequences, S]; with return_dict_in_generate an object. Ended by a
 *   signal, it is what there is so far, with the property `aborted`.
 * @throws {TypeError} If an option or input is unknown, missing or of the wrong type.
 * @throws {RangeError} If a parameter is out of range or parameters contradict each other.
 * @see transformers/generation/utils.py, GenerationMixin.generate
 * @example
 * ```ts
 * const ids = await model.generate({ ...tokenizer('Once upon a time'), max_new_tokens: 20 });
 * tokenizer.decode(ids.tolist()[0]);
 * ```
 */
export async function generate(model: GenerativeModel, options: GenerationOptions): Promise<Tensor | GenerateOutput> {
  const streamer = options.streamer ?? undefined;
  let ended = false;
  const once = streamer && {
    put: (value: Tensor) => streamer.put(value),
    end: () => {
      ended = true;
      return streamer.end();
    }
  };
  try {
    return await run(model, options, once);
  } finally {
    // Whoever reads the stream is not left waiting when generation fails.
    if (once && !ended) {
      await once.end();
    }
  }
}

async function run(
  model: GenerativeModel,
  options: GenerationOptions,
  streamer: Pick<NonNullable<GenerationOptions['streamer']>, 'put' | 'end'> | undefined
): Promise<Tensor | GenerateOutput> {
  const {
    inputs,
    generation_config,
    logits_processor,
    stopping_criteria,
    prefix_allowed_tokens_fn,
    assistant_model,
    streamer: _streamer,
    negative_prompt_ids,
    negative_prompt_attention_mask,
    tokenizer,
    assistant_tokenizer,
    seed,
    signal: ownSignal,
    trust_remote_code: _trust,
    custom_generate,
    synced_gpus,
    ...rest
  } = options;
  // Asked for before anything is awaited: the cell that calls is the one that can be interrupted.
  const signal = ownSignal ?? defaultSignal();
  if (custom_generate != null || synced_gpus) {
    const name = synced_gpus ? 'synced_gpus' : 'custom_generate';
    throw new RangeError(`Cannot generate with ${name} as only built-in decoding runs here: leave it out`);
  }
  if (generation_config == null) {
    checkModelConfig(model.config);
  }
  const merged = mergeParameters(rest, generation_config, model.generation_config);
  const { parameters } = merged;
  checkCompanions(parameters, options);
  const decode = decodingFor(parameters, assistant_model ?? undefined, streamer !== undefined);
  const kwargs = normalizeInputs(merged.modelInputs);
  if (parameters.output_attentions) {
    kwargs['output_attentions'] = true;
  }
  if (parameters.output_hidden_states) {
    kwargs['output_hidden_states'] = parameters.output_hidden_states;
  }
  checkAcceptedInputs(model, kwargs);

  const hasMask = kwargs['attention_mask'] !== undefined;
  const prompt = takePrompt(
    model,
    inputs === undefined ? undefined : asTensor(inputs, 'inputs'),
    kwargs,
    parameters.bos_token_id
  );
  const batch = prompt.tensor.dims[0]!;
  const special = specialTokens(parameters, model.is_encoder_decoder, hasMask, batch);
  warnOfRightPadding(model, prompt, kwargs['attention_mask'] as Tensor | undefined, special);
  if (prompt.name === 'inputs_embeds' && !model.is_encoder_decoder) {
    parameters.use_cache = true;
  }
  const maskLength = addMaskAndPositions(model, prompt, kwargs, special);
  await addEncoderOutputs(model, prompt, kwargs, {
    output_attentions: parameters.output_attentions,
    output_hidden_states: parameters.output_hidden_states
  });
  const start = model.is_encoder_decoder ? decoderStart(batch, special.decoderStart, kwargs) : prompt.ids;
  const ids = expandInputs(Math.max(parameters.num_beams, parameters.num_return_sequences), start, kwargs);
  await streamer?.put(ids);
  const idsLength = ids.dims[1]!;
  setLengths(merged, prompt, idsLength, model);
  if (accepts(model, 'logits_to_keep') && kwargs['logits_to_keep'] === undefined) {
    kwargs['logits_to_keep'] = 1;
  }
  const ownCache = checkCache(kwargs);
  const processors = buildProcessors(
    {
      model,
      parameters,
      promptLength: idsLength,
      encoderIds: prompt.tensor.dims.length === 2 ? prompt.tensor : undefined,
      mask: kwargs[model.is_encoder_decoder ? 'decoder_attention_mask' : 'attention_mask'] as Tensor | undefined,
      eos: special.eos,
      prefixFn: prefix_allowed_tokens_fn ?? undefined,
      negativeIds: negative_prompt_ids == null ? undefined : asTensor(negative_prompt_ids, 'negative_prompt_ids'),
      negativeMask:
        negative_prompt_attention_mask == null
          ? undefined
          : asTensor(negative_prompt_attention_mask, 'negative_prompt_attention_mask')
    },
    [...(logits_processor ?? [])]
  );
  const criteria = buildCriteria(merged, model, special, tokenizer ?? undefined, [...(stopping_criteria ?? [])]);
  kwargs['use_cache'] = parameters.use_cache;

  let output: GenerateOutput;
  let held: GenerationCache | null | undefined;
  try {
    output = await decode({
      model,
      input_ids: ids,
      prompt,
      parameters,
      processors,
      criteria,
      kwargs,
      maskLength,
      eos: special.eos,
      pad: special.pad,
      generator: seed == null ? defaultGenerator() : new RandomGenerator(seed),
      streamer,
      signal,
      hold: outputs => void (held = outputs.past_key_values),
      assistant: assistant_model ?? undefined,
      tokenizer: tokenizer ?? undefined,
      assistantTokenizer: assistant_tokenizer ?? undefined
    });
    await streamer?.end();
  } catch (error) {
    if (held && held !== ownCache) {
      await held.dispose?.();
    }
    throw error;
  } finally {
    for (const processor of processors) {
      if (processor instanceof UnbatchedClassifierFreeGuidanceLogitsProcessor) {
        await processor.dispose();
      }
    }
  }
  if (parameters.return_dict_in_generate) {
    return output;
  }
  // A cache the call made is of no more use; one the caller gave stays the caller's.
  if (output.past_key_values && output.past_key_values !== ownCache) {
    await output.past_key_values.dispose?.();
  }
  if (output.aborted) {
    Object.defineProperty(output.sequences, 'aborted', { value: true });
  }
  return output.sequences;
}

/** The way of decoding the parameters ask for. */
function decodingFor(p: ResolvedParameters, assistant: GenerativeModel | undefined, streams: boolean): Decoding {
  const beams = p.num_beams > 1;
  const moved =
    p['constraints'] != null || p['force_words_ids'] != null
      ? 'Constrained Beam Search'
      : beams && (p['num_beam_groups'] as number) > 1
        ? 'Group Beam Search'
        : !beams && !p.do_sample && (p.top_k ?? 0) > 1 && (p['penalty_alpha'] as number) > 0
          ? 'Contrastive Search'
          : p['dola_layers'] != null
            ? 'Dola Generation'
            : undefined;
  if (moved) {
    const repository = moved === 'Dola Generation' ? 'dola' : moved.toLowerCase().replace(/ /g, '-');
    throw new RangeError(
      `${moved} requires \`trust_remote_code=True\` in your \`generate\` call, since it loads ` +
        `https://hf.co/transformers-community/${repository}.`
    );
  }
  if (beams) {
    if (streams) {
      throw new RangeError(
        '`streamer` cannot be used with beam search (yet!). Make sure that `num_beams` is set to 1.'
      );
    }
    if (assistant || p.prompt_lookup_num_tokens !== undefined) {
      warn(
        "You've set `assistant_model` or `use_mtp`, which triggers assisted generate. Currently, assisted generate " +
          'is only supported with Greedy Search and Sample. However, the base decoding mode (based on current flags) ' +
          `is ${p.do_sample ? 'beam_sample' : 'beam_search'} -- some of the set flags will be ignored.`
      );
    }
    return beamSearch;
  }
  if (assistant || p.prompt_lookup_num_tokens !== undefined) {
    if (p.num_return_sequences > 1) {
      throw new RangeError(
        `num_return_sequences has to be 1 when doing assisted generate, but is ${p.num_return_sequences}.`
      );
    }
    return assistedDecoding;
  }
  return sample;
}

function warnOfRightPadding(
  model: GenerativeModel,
  { tensor }: Prompt,
  mask: Tensor | undefined,
  { pad }: SpecialTokens
): void {
  if (model.is_encoder_decoder || pad === undefined || tensor.dims[0]! <= 1 || tensor.dims.length !== 2) {
    return;
  }
  const sameShape = mask?.dims.length === 2 && mask.dims.every((d, i) => d === tensor.dims[i]);
  const padded = sameShape
    ? tokenRows(mask!).some(row => row[row.length - 1] === 0)
    : tokenRows(tensor).some(row => row[row.length - 1] === pad);
  if (padded) {
    warn(
      'A decoder-only architecture is being used, but right-padding was detected! For correct generation results, ' +
        "please set `padding_side='left'` when initializing the tokenizer."
    );
  }
}

function checkCache(kwargs: Readonly<Record<string, unknown>>): GenerationCache | undefined {
  const cache = kwargs['past_key_values'];
  if (Array.isArray(cache)) {
    throw new TypeError(
      'Passing a tuple of `past_key_values` is not supported anymore. Please use a `Cache` instance.'
    );
  }
  return cache as GenerationCache | undefined;
}

function buildCriteria(
  { parameters: p }: MergedOptions,
  model: GenerativeModel,
  { eos }: SpecialTokens,
  tokenizer: GenerationTokenizer | undefined,
  own: readonly StoppingCriteriaLike[]
): StoppingCriteriaList {
  const builtIn: StoppingCriteriaLike[] = [new MaxLengthCriteria(p.max_length, model.config.max_position_embeddings)];
  if (p.max_time !== undefined) {
    builtIn.push(new MaxTimeCriteria(p.max_time));
  }
  if (p.stop_strings !== undefined) {
    if (!tokenizer) {
      throw new TypeError(
        "There are one or more stop strings, either in the arguments to `generate` or in the model's generation " +
          "config, but we could not locate a tokenizer. When generating with stop strings, you must pass the model's " +
          'tokenizer to the `tokenizer` argument of `generate`.'
      );
    }
    builtIn.push(new StopStringCriteria(tokenizer, p.stop_strings));
  }
  if (eos) {
    builtIn.push(new EosTokenCriteria(eos));
  }
  if (p.is_assistant && p.assistant_confidence_threshold !== undefined && p.assistant_confidence_threshold > 0) {
    builtIn.push(new ConfidenceCriteria(p.assistant_confidence_threshold));
  }
  const criteria = new StoppingCriteriaList();
  criteria.push(...mergeOwn(builtIn, own));
  return criteria;
}
