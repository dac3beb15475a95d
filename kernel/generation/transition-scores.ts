import { Tensor } from '../tensor/tensor';
import { logSoftmax, matrixDims, scoreData, scoreRow, tokenRows } from './rows';

export interface TransitionScoreOptions {
  /** `beam_indices` of the output, when it comes from beam search. */
  beam_indices?: Tensor | null;
  /** Take the log-softmax of the scores first. Default false. */
  normalize_logits?: boolean;
}

/**
 * The score each generated token was chosen by, from what `generate` returned.
 *
 * @param sequences `sequences` of the output, [B, S].
 * @param scores `scores` of the output (output_scores), one [B × beams, V] per step.
 * @returns Float32 [B, new tokens]; 0 after the end of a text of beam search.
 * @throws {TypeError} If scores are missing.
 * @see transformers/generation/utils.py, GenerationMixin.compute_transition_scores
 */
export function computeTransitionScores(
  sequences: Tensor,
  scores: readonly Tensor[] | undefined,
  { beam_indices, normalize_logits = false }: TransitionScoreOptions = {}
): Tensor {
  if (!scores?.length) {
    throw new TypeError(
      'Cannot compute transition scores as scores must be given: generate with return_dict_in_generate and ' +
        'output_scores'
    );
  }
  const ids = tokenRows(sequences);
  const rows = beam_indices ? tokenRows(beam_indices) : ids.map((_, r) => scores.map(() => r));
  // Padding of beam indices is −1; the longest text decides how many steps count.
  const length = Math.max(...rows.map(row => row.filter(index => index >= 0).length));
  const out = new Float32Array(ids.length * length);
  ids.forEach((row, r) => {
    const start = row.length - length;
    for (let step = 0; step < length; step++) {
      const from = rows[r]![step]!;
      if (from < 0) {
        continue;
      }
      const token = row[start + step]!;
      out[r * length + step] = normalize_logits
        ? logSoftmax(scoreRow(scores[step]!, from))[token]!
        : scoreData(scores[step]!)[from * matrixDims(scores[step]!, 'scores')[1] + token]!;
    }
  });
  return new Tensor('float32', out, [ids.length, length]);
}
