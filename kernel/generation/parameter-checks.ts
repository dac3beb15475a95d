/**
 * What parameters may be, alone and together: GenerationConfig.validate of transformers, with its texts, and an error
 * for each option of Python's that this library does not carry out.
 */
import type { ResolvedParameters } from './parameters';
import { warnOnce } from './warnings';

const CACHE_IMPLEMENTATIONS = [
  'static',
  'offloaded_static',
  'sliding_window',
  'hybrid',
  'hybrid_chunked',
  'offloaded_hybrid',
  'offloaded_hybrid_chunked',
  'dynamic',
  'offloaded',
  'quantized',
  'paged'
];

/**
 * @param p Merged parameters.
 * @param set Keys the call itself set; decides which contradictions are worth a warning.
 * @throws {RangeError} If a parameter is out of range or parameters contradict each other.
 */
export function checkParameters(p: ResolvedParameters, set: ReadonlySet<string>): void {
  checkTypes(p);
  checkRanges(p);
  checkSampling(p);
  checkUnsupported(p, set);
  checkReturnSequences(p);
  checkForcedTokens(p);
  warnOfIdle(p, set);
}

const BOOLEANS = [
  'do_sample',
  'use_cache',
  'renormalize_logits',
  'remove_invalid_values',
  'output_attentions',
  'output_scores',
  'output_logits',
  'return_dict_in_generate'
];

const NUMBERS = [
  'max_time',
  'temperature',
  'top_p',
  'min_p',
  'top_h',
  'typical_p',
  'epsilon_cutoff',
  'eta_cutoff',
  'repetition_penalty',
  'encoder_repetition_penalty',
  'length_penalty',
  'guidance_scale',
  'assistant_confidence_threshold'
];

function checkTypes(p: ResolvedParameters): void {
  for (const [keys, type, words] of [
    [BOOLEANS, 'boolean', 'true or false'],
    [NUMBERS, 'number', 'a number']
  ] as const) {
    for (const key of keys) {
      if (p[key] !== undefined && typeof p[key] !== type) {
        throw new TypeError(`Cannot generate as ${key} must be ${words}: current value is ${JSON.stringify(p[key])}`);
      }
    }
  }
}

function checkRanges(p: ResolvedParameters): void {
  if (![undefined, true, false, 'never'].includes(p.early_stopping)) {
    throw new RangeError(`\`early_stopping\` must be a boolean or 'never', but is ${String(p.early_stopping)}.`);
  }
  if (p.max_new_tokens !== undefined && !(p.max_new_tokens > 0)) {
    throw new RangeError(`\`max_new_tokens\` must be greater than 0, but is ${p.max_new_tokens}.`);
  }
  const weight = p.assistant_ensemble_weight;
  if (weight !== undefined && !(weight > 0 && weight < 1)) {
    throw new RangeError(
      `\`assistant_ensemble_weight\` must be in the open interval \`(0.0, 1.0)\`, but is ${weight}. Use \`None\` for ` +
        'standard (lossless) speculative decoding.'
    );
  }
  for (const key of [
    'max_length',
    'max_new_tokens',
    'min_length',
    'min_new_tokens',
    'num_beams',
    'num_return_sequences',
    'prefill_chunk_size',
    'prompt_lookup_num_tokens',
    'max_matching_ngram_size',
    'num_assistant_tokens'
  ] as const) {
    const value = p[key];
    const least = key.startsWith('min_') ? 0 : key === 'max_length' ? -Infinity : 1;
    if (value !== undefined && !(Number.isInteger(value) && (value as number) >= least)) {
      throw new RangeError(
        `Cannot generate as ${key} must be an integer of at least ${least}: current value is ${String(value)}`
      );
    }
  }
}

/** Sampling parameters outside their range, which Python leaves out without a word. */
function checkSampling(p: ResolvedParameters): void {
  if (!p.do_sample) {
    return;
  }
  for (const [key, closed] of [
    ['top_p', true],
    ['typical_p', true],
    ['epsilon_cutoff', false],
    ['eta_cutoff', false]
  ] as const) {
    const value = p[key];
    if (value !== undefined && !(value >= 0 && (closed ? value <= 1 : value < 1))) {
      throw new RangeError(`\`${key}\` has to be a float > 0 and < 1, but is ${value}`);
    }
  }
}

/** Options that Python carries out and this library does not: an error, never silence. */
function checkUnsupported(p: ResolvedParameters, set: ReadonlySet<string>): void {
  const kind = p['cache_implementation'];
  if (kind !== undefined && !CACHE_IMPLEMENTATIONS.includes(kind as string)) {
    throw new RangeError(
      `Invalid \`cache_implementation\` (${String(kind)}). Choose one of: ('${CACHE_IMPLEMENTATIONS.join("', '")}')`
    );
  }
  if (kind !== undefined && kind !== 'dynamic' && kind !== 'hybrid') {
    throw new RangeError(
      `Cannot generate with cache_implementation '${String(kind)}' as the cache must be 'dynamic' here: leave it out`
    );
  }
  if (p['low_memory']) {
    throw new RangeError(
      '`low_memory=True` is not supported after the beam search refactor. Please check the discussion in #35802 ' +
        '*after the PR got merged*, and add a comment there if your questions are not yet answered.'
    );
  }
  if (p['use_mtp']) {
    throw new RangeError(
      'Could not find `num_mtp_layers` in the model config. This model probably has no associated mtp weights.'
    );
  }
  for (const key of [
    'cache_config',
    'max_cache_len',
    'compile_config',
    'continuous_batching_config',
    'speculation_type',
    'assistant_lookbehind',
    'target_lookbehind',
    'assistant_early_exit',
    'token_healing'
  ]) {
    if (set.has(key) && p[key] !== undefined && p[key] !== false) {
      throw new RangeError(`Cannot generate with ${key} as this library does not carry it out: leave it out`);
    }
  }
  if (set.has('diversity_penalty') && p['diversity_penalty'] && !((p['num_beam_groups'] as number) > 1)) {
    throw new RangeError('Cannot use diversity_penalty as num_beam_groups must be greater than 1 for it: leave it out');
  }
}

/** Options that mean something only beside another: without it they would be ignored. */
const NEEDS: readonly (readonly [
  string,
  (p: ResolvedParameters, given: Readonly<Record<string, unknown>>) => boolean,
  string
])[] = [
  ['max_matching_ngram_size', p => p.prompt_lookup_num_tokens !== undefined, 'prompt_lookup_num_tokens'],
  ['assistant_ensemble_weight', (_p, given) => given['assistant_model'] != null, 'assistant_model'],
  ['num_assistant_tokens', (_p, given) => given['assistant_model'] != null, 'assistant_model'],
  ['num_assistant_tokens_schedule', (_p, given) => given['assistant_model'] != null, 'assistant_model'],
  ['assistant_confidence_threshold', (_p, given) => given['assistant_model'] != null, 'assistant_model'],
  ['assistant_tokenizer', (_p, given) => given['assistant_model'] != null, 'assistant_model'],
  ['negative_prompt_ids', p => p.guidance_scale !== undefined && p.guidance_scale !== 1, 'guidance_scale'],
  ['negative_prompt_attention_mask', (_p, given) => given['negative_prompt_ids'] != null, 'negative_prompt_ids'],
  [
    'penalty_alpha',
    p => p.num_beams === 1 && !p.do_sample && (p.top_k ?? 0) > 1,
    'top_k above 1, without sampling or beams,'
  ]
];

/**
 * @param p Merged parameters.
 * @param given Everything the call was given.
 * @throws {RangeError} If an option was given without the one it belongs to.
 */
export function checkCompanions(p: ResolvedParameters, given: Readonly<Record<string, unknown>>): void {
  for (const [option, holds, companion] of NEEDS) {
    if (given[option] != null && given[option] !== 0 && !holds(p, given)) {
      throw new RangeError(`Cannot use ${option} as ${companion} must be given with it: it is not`);
    }
  }
}

function checkReturnSequences(p: ResolvedParameters): void {
  if (p.num_return_sequences <= 1) {
    return;
  }
  if (p.num_beams === 1) {
    if (!p.do_sample) {
      throw new RangeError(
        'Greedy methods (do_sample != True) without beam search do not support `num_return_sequences` different than ' +
          `1 (got ${p.num_return_sequences}).`
      );
    }
  } else if (p.num_return_sequences > p.num_beams) {
    throw new RangeError(
      `\`num_return_sequences\` (${p.num_return_sequences}) has to be smaller or equal to ` +
        `\`num_beams\` (${p.num_beams}).`
    );
  }
}

function checkForcedTokens(p: ResolvedParameters): void {
  const suppressed = new Set(p.suppress_tokens ?? []);
  for (const key of ['forced_bos_token_id', 'forced_eos_token_id'] as const) {
    const value = p[key];
    const ids = value === undefined ? [] : typeof value === 'number' ? [value] : [...value];
    if (ids.length && ids.every(id => suppressed.has(id))) {
      throw new RangeError(
        `Every token in \`${key}\` ([${ids.sort((a, b) => a - b).join(', ')}]) is also in \`suppress_tokens\`. ` +
          'Forcing a token while suppressing it sets all logits to `-inf` at the forcing step, which produces `nan` ' +
          'probabilities and crashes generation. Remove the overlapping token(s) from either ' +
          `\`${key}\` or \`suppress_tokens\` (if you meant to prevent an early EOS token, use ` +
          '`min_new_tokens` instead).'
      );
    }
  }
}

/** Sampling parameters and the value at which they do nothing. */
const SAMPLING: readonly (readonly [string, unknown])[] = [
  ['temperature', 1],
  ['top_p', 1],
  ['min_p', undefined],
  ['top_h', undefined],
  ['typical_p', 1],
  ['top_k', 50],
  ['epsilon_cutoff', 0],
  ['eta_cutoff', 0]
];

/** Warns of parameters that the chosen way of decoding does not use. */
function warnOfIdle(p: ResolvedParameters, set: ReadonlySet<string>): void {
  const idle: string[] = [];
  const clash = (outer: string, inner: string): boolean => !(set.has(outer) && !set.has(inner));
  if (p.pad_token_id !== undefined && p.pad_token_id < 0) {
    idle.push('pad_token_id');
  }
  if (p.do_sample !== true) {
    for (const [key, neutral] of SAMPLING) {
      if (p[key] !== undefined && p[key] !== neutral && clash('do_sample', key)) {
        idle.push(key);
      }
    }
  }
  if (p.num_beams === 1) {
    if (p.early_stopping !== false && clash('num_beams', 'early_stopping')) {
      idle.push('early_stopping');
    }
    if (p.length_penalty !== 1 && clash('num_beams', 'length_penalty')) {
      idle.push('length_penalty');
    }
  }
  if (p.use_cache === false && p['cache_implementation'] !== undefined) {
    idle.push('cache_implementation');
  }
  if (p.return_dict_in_generate !== true) {
    for (const key of ['output_attentions', 'output_hidden_states', 'output_scores', 'output_logits'] as const) {
      if (p[key] === true) {
        idle.push(key);
      }
    }
  }
  if (idle.length) {
    warnOnce(
      `The following generation flags are not valid and may be ignored: [${idle.map(k => `'${k}'`).join(', ')}]. ` +
        'Set `TRANSFORMERS_VERBOSITY=info` for more details.'
    );
  }
}
