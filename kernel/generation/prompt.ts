import type { Tensor } from '../tensor/tensor';
import type { GenerativeModel } from './model';
import {
  addEncoderOutputs,
  addMaskAndPositions,
  decoderStart,
  expandInputs,
  takePrompt,
  type Prompt
} from './model-inputs';
import type { ResolvedParameters } from './parameters';
import { tokenRows } from './rows';
import { specialTokens, type SpecialTokens } from './special-tokens';
import { warn } from './warnings';

/** What decoding starts from. */
export interface PreparedPrompt {
  readonly prompt: Prompt;
  readonly special: SpecialTokens;
  /** Ids the sequences start with, one row per text, [B × texts, S]. */
  readonly ids: Tensor;
  /** Length of the attention mask; see `prefill`. */
  readonly maskLength: number | undefined;
}

/**
 * Finds the prompt, adds what it lacks (mask, positions, encoder outputs, the decoder's start) and repeats rows for
 * beams or several texts.
 *
 * @param inputs The argument of that name, if any.
 * @param kwargs Inputs of the model; completed in place.
 */
export async function preparePrompt(
  model: GenerativeModel,
  inputs: Tensor | undefined,
  kwargs: Record<string, unknown>,
  p: ResolvedParameters
): Promise<PreparedPrompt> {
  const hasMask = kwargs['attention_mask'] !== undefined;
  const prompt = takePrompt(model, inputs, kwargs, p.bos_token_id);
  const batch = prompt.tensor.dims[0]!;
  const special = specialTokens(p, model.is_encoder_decoder, hasMask, batch);
  warnOfRightPadding(model, prompt, kwargs['attention_mask'] as Tensor | undefined, special);
  if (prompt.name === 'inputs_embeds' && !model.is_encoder_decoder) {
    p.use_cache = true;
  }
  const maskLength = addMaskAndPositions(model, prompt, kwargs, special);
  await addEncoderOutputs(model, prompt, kwargs, {
    output_attentions: p.output_attentions,
    output_hidden_states: p.output_hidden_states
  });
  const start = model.is_encoder_decoder ? decoderStart(batch, special.decoderStart, kwargs) : prompt.ids;
  const ids = expandInputs(Math.max(p.num_beams, p.num_return_sequences), start, kwargs);
  return { prompt, special, ids, maskLength };
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
