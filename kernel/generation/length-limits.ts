/** How long a text may become. */
import type { Prompt } from './model-inputs';
import type { MergedOptions, ResolvedParameters } from './parameters';
import { warn } from './warnings';

/**
 * Turns max_new_tokens, min_new_tokens and defaults into max_length and min_length, in the parameters.
 *
 * @param idsLength Length of the ids the sequences start with.
 * @throws {RangeError} If the prompt is as long as max_length.
 */
export function setLengths(
  { parameters: p, hasDefaultMaxLength, hasDefaultMinLength }: MergedOptions,
  prompt: Prompt,
  idsLength: number,
  model: { is_encoder_decoder: boolean; config: { max_position_embeddings?: number } }
): void {
  const embedded = prompt.name === 'inputs_embeds' && idsLength !== prompt.tensor.dims[1] && !model.is_encoder_decoder;
  if (p.max_new_tokens !== undefined) {
    if (!hasDefaultMaxLength) {
      warn(
        `Both \`max_new_tokens\` (=${p.max_new_tokens}) and \`max_length\`(=${p.max_length}) seem to have been set. ` +
          '`max_new_tokens` will take precedence. Please refer to the documentation for more information. ' +
          '(https://huggingface.co/docs/transformers/main/en/main_classes/text_generation)'
      );
    }
    p.max_length = p.max_new_tokens + idsLength;
  } else if (embedded && !hasDefaultMaxLength) {
    p.max_length -= prompt.tensor.dims[1]!;
  } else if (hasDefaultMaxLength) {
    p.max_length = Math.min(p.max_length + idsLength, model.config.max_position_embeddings ?? Infinity);
  }
  if (p.min_new_tokens !== undefined) {
    if (!hasDefaultMinLength) {
      warn(
        `Both \`min_new_tokens\` (=${p.min_new_tokens}) and \`min_length\`(=${p.min_length}) seem to have been set. ` +
          '`min_new_tokens` will take precedence. Please refer to the documentation for more information. ' +
          '(https://huggingface.co/docs/transformers/main/en/main_classes/text_generation)'
      );
    }
    p.min_length = p.min_new_tokens + idsLength;
  } else if (embedded) {
    p.min_length = Math.max(p.min_length - prompt.tensor.dims[1]!, 0);
  }
  checkLengths(p, idsLength, hasDefaultMaxLength, model.is_encoder_decoder);
}

function checkLengths(
  p: ResolvedParameters,
  idsLength: number,
  hasDefaultMaxLength: boolean,
  isEncoderDecoder: boolean
): void {
  if (hasDefaultMaxLength && p.max_new_tokens === undefined) {
    warn(
      `Using the model-agnostic default \`max_length\` (=${p.max_length}) to control the generation length. We ` +
        'recommend setting `max_new_tokens` to control the maximum length of the generation.'
    );
  }
  if (idsLength >= p.max_length) {
    throw new RangeError(
      `Input length of ${isEncoderDecoder ? 'decoder_input_ids' : 'input_ids'} is ${idsLength}, but \`max_length\` ` +
        `is set to ${p.max_length}. This can lead to unexpected behavior. You should consider increasing ` +
        '`max_length` or, better yet, setting `max_new_tokens`.'
    );
  }
  const suffix =
    ' Generation will stop at the defined maximum length. You should decrease the minimum length and/or increase the ' +
    'maximum length.' +
    (hasDefaultMaxLength ? ` Note that \`max_length\` is set to ${p.max_length}, its default value.` : '');
  if (p.min_length > p.max_length) {
    warn(
      `Unfeasible length constraints: \`min_length\` (${p.min_length}) is larger than the maximum possible length ` +
        `(${p.max_length}).${suffix}`
    );
  }
  if (p.min_new_tokens !== undefined && p.min_new_tokens + idsLength > p.max_length) {
    warn(
      `Unfeasible length constraints: \`min_new_tokens\` (${p.min_new_tokens}), when added to the prompt length ` +
        `(${idsLength}), is larger than the maximum possible length (${p.max_length}).${suffix}`
    );
  }
}
