import type { ResolvedParameters } from './parameters';
import { warn, warnOnce } from './warnings';

/** The ids that have a meaning for generation. */
export interface SpecialTokens {
  readonly bos: number | undefined;
  readonly eos: readonly number[] | undefined;
  readonly pad: number | undefined;
  /** What a decoder begins with: one id, or one per row. */
  readonly decoderStart: number | readonly number[] | undefined;
}

/**
 * Reads the special tokens from the parameters; padding defaults to the first end token.
 *
 * @param hasMask Whether the call gave a mask; without one, a batch is worth a warning.
 * @param batch Rows of the prompt.
 */
export function specialTokens(
  p: ResolvedParameters,
  isEncoderDecoder: boolean,
  hasMask: boolean,
  batch: number
): SpecialTokens {
  const eos =
    typeof p.eos_token_id === 'number' ? [p.eos_token_id] : p.eos_token_id?.length ? p.eos_token_id : undefined;
  let pad = p.pad_token_id;
  if (pad === undefined && eos) {
    if (!hasMask && batch > 1) {
      warn(
        'The attention mask and the pad token id were not set, with a batched input. As a consequence, you may ' +
          "observe unexpected behavior. Please pass your input's `attention_mask` to obtain reliable results."
      );
    }
    pad = eos[0];
  }
  if (eos && pad !== undefined && eos.includes(pad) && !hasMask && batch > 1) {
    warnOnce(
      'The attention mask is not set with a batched input, and cannot be inferred from input because pad token is ' +
        "same as eos token. As a consequence, you may observe unexpected behavior. Please pass your input's " +
        '`attention_mask` to obtain reliable results.'
    );
  }
  if (eos?.some(id => !Number.isInteger(id) || id < 0)) {
    warn(
      `\`eos_token_id\` should consist of positive integers, but is [${eos.join(', ')}]. Your generation will not ` +
        'stop until the maximum length is reached. Depending on other flags, it may even crash.'
    );
  }
  const decoderStart = p.decoder_start_token_id ?? (isEncoderDecoder ? p.bos_token_id : undefined);
  return { bos: p.bos_token_id, eos, pad, decoderStart };
}
