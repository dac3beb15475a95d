import type { Tensor } from '../tensor/tensor';

/** Labels with this value do not count. */
const IGNORED = -100;

/**
 * Mean cross-entropy of rows of logits against labels, in float64 sums of float32 logits.
 *
 * @param logits Row-major [rows, classes].
 * @param labels [rows]; −100 is ignored.
 * @param count Divide by this instead of the number of labels that count (`num_items_in_batch`).
 * @returns NaN if no label counts, as in PyTorch.
 */
export function crossEntropy(
  logits: Float32Array,
  classes: number,
  labels: ArrayLike<number | bigint>,
  count?: number
): number {
  let sum = 0;
  let counted = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = Number(labels[row]);
    if (label === IGNORED) {
      continue;
    }
    if (label < 0 || label >= classes) {
      throw new RangeError(
        `Cannot compute the loss as labels must be −100 or in [0, ${classes}): current value is ${label} at row ${row}`
      );
    }
    const start = row * classes;
    let max = -Infinity;
    for (let i = start; i < start + classes; i++) {
      max = logits[i]! > max ? logits[i]! : max;
    }
    let total = 0;
    for (let i = start; i < start + classes; i++) {
      total += Math.exp(logits[i]! - max);
    }
    sum += Math.log(total) + max - logits[start + label]!;
    counted++;
  }
  return sum / (count ?? counted);
}

/**
 * The language-model loss: position t predicts label t + 1.
 *
 * @param logits [batch, pos, vocab_size].
 * @param labels Row-major [batch, pos].
 */
export function shiftedLoss(logits: Tensor, labels: Int32Array, count?: number): number {
  const [batch, pos, vocab] = logits.dims as [number, number, number];
  const shifted = new Int32Array(batch * pos).fill(IGNORED);
  for (let b = 0; b < batch; b++) {
    shifted.set(labels.subarray(b * pos + 1, (b + 1) * pos), b * pos);
  }
  return crossEntropy(logits.data as Float32Array, vocab, shifted, count);
}

/** Mean squared error, for regression heads (num_labels 1). */
export function meanSquaredError(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    sum += (logits[i]! - labels[i]!) ** 2;
  }
  return sum / logits.length;
}

/** Mean binary cross-entropy with logits, for multi-label heads. */
export function binaryCrossEntropy(logits: Float32Array, labels: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i]!;
    sum += Math.max(x, 0) - x * labels[i]! + Math.log1p(Math.exp(-Math.abs(x)));
  }
  return sum / logits.length;
}
