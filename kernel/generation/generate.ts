import type { Tensor } from '../tensor/tensor';
import { accepts, checkAcceptedInputs } from './accepted-inputs';
import { asTensor } from './batch';
import { buildCriteria } from './criteria-table';
import { decodingFor } from './decoding-mode';
import { setLengths } from './length-limits';
import type { GenerationCache, GenerativeModel } from './model';
import { normalizeInputs } from './model-inputs';
import type { GenerateOutput } from './output';
import { checkCompanions } from './parameter-checks';
import { checkModelConfig, mergeParameters, type GenerationOptions } from './parameters';
import { UnbatchedClassifierFreeGuidanceLogitsProcessor } from './processors/guidance';
import { buildProcessors } from './processor-table';
import { preparePrompt } from './prompt';
import { defaultGenerator, RandomGenerator } from './random';
import { defaultSignal } from './turn';

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
  const cell = defaultSignal();
  const signal = {
    get aborted(): boolean {
      return Boolean(ownSignal?.aborted || cell?.aborted);
    }
  };
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
  const decode = decodingFor(parameters, assistant_model != null, streamer !== undefined);
  const kwargs = normalizeInputs(merged.modelInputs);
  if (parameters.output_attentions) {
    kwargs['output_attentions'] = true;
  }
  if (parameters.output_hidden_states) {
    kwargs['output_hidden_states'] = parameters.output_hidden_states;
  }
  checkAcceptedInputs(model, kwargs);

  const given = inputs == null ? undefined : asTensor(inputs, 'inputs');
  const { prompt, special, ids, maskLength } = await preparePrompt(model, given, kwargs, parameters);
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
  const criteria = buildCriteria(parameters, model, special.eos, tokenizer ?? undefined, [
    ...(stopping_criteria ?? [])
  ]);
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

function checkCache(kwargs: Readonly<Record<string, unknown>>): GenerationCache | undefined {
  const cache = kwargs['past_key_values'];
  if (Array.isArray(cache)) {
    throw new TypeError(
      'Passing a tuple of `past_key_values` is not supported anymore. Please use a `Cache` instance.'
    );
  }
  return cache as GenerationCache | undefined;
}
