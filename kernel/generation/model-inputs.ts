/** From what `generate` is given to the prompt, its mask and its positions. */
import { Tensor } from '../tensor/tensor';
import { accepts } from './accepted-inputs';
import { asTensor, extend, isTensor, repeatInterleave, sliceAxis } from './batch';
import type { EncoderOutput, GenerationCache, GenerativeModel } from './model';
import { tokenRows, tokenTensor } from './rows';
import type { SpecialTokens } from './special-tokens';

/** The model's main input, under its name, and the ids the sequences start with. */
export interface Prompt {
  readonly name: 'input_ids' | 'inputs_embeds' | 'encoder_outputs';
  /** Ids [B, S] or embeddings [B, S, D]. */
  readonly tensor: Tensor;
  /** Ids before the first new token; [B, 0] when the prompt is embeddings alone. */
  readonly ids: Tensor;
}

const ID_INPUTS = [
  'input_ids',
  'attention_mask',
  'position_ids',
  'token_type_ids',
  'decoder_input_ids',
  'decoder_attention_mask',
  'decoder_position_ids'
];
const FLOAT_INPUTS = ['inputs_embeds', 'decoder_inputs_embeds'];

/** The inputs with nested arrays made into tensors, and absent ones left out. */
export function normalizeInputs(inputs: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(inputs)) {
    if (value == null) {
      continue;
    }
    out[name] = ID_INPUTS.includes(name)
      ? asTensor(value, name)
      : FLOAT_INPUTS.includes(name)
        ? asTensor(value, name, 'float32')
        : value;
  }
  return out;
}

/**
 * Finds the prompt among the inputs and takes it out of them.
 *
 * @param inputs The argument of that name, if any.
 * @param kwargs Inputs of the model; input_ids is removed.
 * @throws {TypeError} If the prompt is given twice, or not at all and there is no token to begin with.
 */
export function takePrompt(
  model: GenerativeModel,
  inputs: Tensor | undefined,
  kwargs: Record<string, unknown>,
  bos: number | undefined
): Prompt {
  const given = kwargs['input_ids'] as Tensor | undefined;
  delete kwargs['input_ids'];
  if (given && inputs) {
    throw new TypeError(
      '`inputs`: were passed alongside input_ids which is not allowed. Make sure to either pass inputs or input_ids=...'
    );
  }
  const ids = inputs ?? given;
  const embeds = kwargs['inputs_embeds'] as Tensor | undefined;
  if (embeds) {
    if (model.is_encoder_decoder) {
      if (ids) {
        throw new TypeError('You passed `inputs_embeds` and `input_ids` to `.generate()`. Please pick one.');
      }
      delete kwargs['inputs_embeds'];
      return { name: 'inputs_embeds', tensor: embeds, ids: emptyIds(embeds.dims[0]!) };
    }
    return { name: 'inputs_embeds', tensor: embeds, ids: ids ?? emptyIds(embeds.dims[0]!) };
  }
  if (ids) {
    if (ids.dims.length !== 2) {
      throw new TypeError(`Cannot generate as input_ids must have shape [batch, pos]: current shape is [${ids.dims}]`);
    }
    if (!ids.dims[0] || !ids.dims[1]) {
      throw new RangeError(
        `Cannot generate as the prompt must have at least one token: current shape is [${ids.dims}]`
      );
    }
    return { name: 'input_ids', tensor: ids, ids };
  }
  const encoded = kwargs['encoder_outputs'] as EncoderOutput | undefined;
  if (model.is_encoder_decoder && encoded?.last_hidden_state) {
    const [batch, length] = encoded.last_hidden_state.dims as [number, number];
    const blank = tokenTensor(Array.from({ length: batch }, () => new Array<number>(length).fill(-100)));
    return { name: 'input_ids', tensor: blank, ids: blank };
  }
  if (bos === undefined) {
    throw new RangeError('`bos_token_id` has to be defined when no `input_ids` are provided.');
  }
  const first = Object.values(kwargs).find(isTensor);
  const start = tokenTensor(Array.from({ length: first?.dims[0] ?? 1 }, () => [bos]));
  return { name: 'input_ids', tensor: start, ids: start };
}

function emptyIds(batch: number): Tensor {
  return new Tensor('int64', new BigInt64Array(0), [batch, 0]);
}

/**
 * Adds the attention mask and the positions. The mask is the one given, or zeros where padding can be told from the
 * ids; one of ones only is left out, as in Python.
 *
 * @returns The length of the mask.
 */
export function addMaskAndPositions(
  model: GenerativeModel,
  prompt: Prompt,
  kwargs: Record<string, unknown>,
  special: SpecialTokens
): number | undefined {
  const given = kwargs['attention_mask'] as Tensor | undefined;
  if (given && prompt.name === 'input_ids' && given.dims.length > 2) {
    throw new RangeError('`attention_mask` passed to `generate` must be 2D.');
  }
  if (model.is_encoder_decoder) {
    return undefined;
  }
  const mask = given ?? (accepts(model, 'attention_mask') ? inferredMask(prompt, special) : undefined);
  addPositionIds(model, prompt, mask, kwargs);
  if (mask?.data.every(x => Number(x) === 1)) {
    delete kwargs['attention_mask'];
  } else if (mask) {
    kwargs['attention_mask'] = mask;
  }
  return mask?.dims[1];
}

/** A mask over the prompt from its padding, where the pad token has no other meaning. */
export function inferredMask(prompt: Pick<Prompt, 'tensor' | 'ids'>, { pad, eos }: SpecialTokens): Tensor {
  const tensor = prompt.ids.dims[1] ? prompt.ids : prompt.tensor;
  const [batch, length] = tensor.dims as [number, number];
  const isIds = tensor.dims.length === 2 && (tensor.dtype === 'int64' || tensor.dtype === 'int32');
  if (pad === undefined || !isIds || eos?.includes(pad)) {
    return tokenTensor(
      Array.from({ length: batch }, () => new Array<number>(length).fill(1)),
      length
    );
  }
  return tokenTensor(
    tokenRows(tensor).map(row => row.map(id => (id === pad ? 0 : 1))),
    length
  );
}

/**
 * Adds positions: the count of attended tokens before each, so that left padding does not shift them; 0 at padding.
 */
function addPositionIds(
  model: GenerativeModel,
  prompt: Prompt,
  mask: Tensor | undefined,
  kwargs: Record<string, unknown>
): void {
  if (kwargs['position_ids'] || !accepts(model, 'position_ids')) {
    return;
  }
  if (mask) {
    kwargs['position_ids'] = tokenTensor(
      tokenRows(mask).map(row => {
        let count = 0;
        return row.map(x => {
          count += x;
          return x === 0 ? 0 : count - 1;
        });
      }),
      mask.dims[1]
    );
    return;
  }
  const length = (prompt.ids.dims[1] || prompt.tensor.dims[1])!;
  const past = (kwargs['past_key_values'] as GenerationCache | undefined)?.get_seq_length() ?? 0;
  kwargs['position_ids'] = tokenTensor([Array.from({ length: length + past }, (_, i) => i)]);
}

/** Runs the encoder once; its output goes into the inputs as encoder_outputs. */
export async function addEncoderOutputs(
  model: GenerativeModel,
  prompt: Prompt,
  kwargs: Record<string, unknown>,
  flags: { output_attentions: unknown; output_hidden_states: unknown }
): Promise<void> {
  if (!model.is_encoder_decoder || kwargs['encoder_outputs'] != null) {
    return;
  }
  const encoder = model.get_encoder?.();
  if (!encoder) {
    throw new TypeError('Cannot generate as an encoder-decoder model must have get_encoder(): it has none');
  }
  const known = new Set(encoder.forward_parameters);
  const inputs = Object.fromEntries(
    Object.entries(kwargs).filter(([name]) => known.has(name) && !isDecoderInput(name))
  );
  kwargs['encoder_outputs'] = await encoder.forward({
    ...inputs,
    ...(flags.output_attentions ? { output_attentions: true } : {}),
    ...(flags.output_hidden_states ? { output_hidden_states: true } : {}),
    return_dict: true,
    [prompt.name]: prompt.tensor
  });
}

function isDecoderInput(name: string): boolean {
  return ['decoder_', 'cross_attn', 'use_cache', 'past_key_values'].some(prefix => name.startsWith(prefix));
}

/**
 * The ids a decoder starts with: its start token, before the given decoder ids unless they begin with it.
 */
export function decoderStart(
  batch: number,
  start: number | readonly number[] | undefined,
  kwargs: Record<string, unknown>
): Tensor {
  if (start === undefined) {
    throw new RangeError(
      '`decoder_start_token_id` or `bos_token_id` has to be defined for encoder-decoder generation.'
    );
  }
  if (typeof start !== 'number' && start.length !== batch) {
    throw new RangeError(`\`decoder_start_token_id\` expected to have length ${batch} but got ${start.length}`);
  }
  const starts = Array.from({ length: batch }, (_, r) => (typeof start === 'number' ? start : start[r]!));
  const given = kwargs['decoder_input_ids'] as Tensor | undefined;
  delete kwargs['decoder_input_ids'];
  if (!given) {
    return tokenTensor(starts.map(id => [id]));
  }
  const rows = tokenRows(given);
  if (!rows.every((row, r) => row[0] !== starts[r])) {
    return given;
  }
  const mask = kwargs['decoder_attention_mask'] as Tensor | undefined;
  if (mask) {
    const ones = extend(sliceAxis(mask, 0, 0), 1, () => 1);
    kwargs['decoder_attention_mask'] = tokenTensor(tokenRows(mask).map((row, r) => [tokenRows(ones)[r]![0]!, ...row]));
  }
  return tokenTensor(rows.map((row, r) => [starts[r]!, ...row]));
}

/** Ids and inputs with each row `times` times, for beams or several returned texts. */
export function expandInputs(times: number, ids: Tensor, kwargs: Record<string, unknown>): Tensor {
  if (times === 1) {
    return ids;
  }
  const expand = (record: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(record).map(([name, value]) => {
        const axis = name === 'position_ids' && isTensor(value) && value.dims.length === 3 ? 1 : 0;
        return [name, isTensor(value) ? repeatInterleave(value, times, axis) : value];
      })
    );
  Object.assign(kwargs, expand(kwargs));
  const encoded = kwargs['encoder_outputs'] as EncoderOutput | undefined;
  if (encoded) {
    kwargs['encoder_outputs'] = expand(encoded);
  }
  return repeatInterleave(ids, times);
}
