/**
 * Warpers that leave the likely tokens of a distribution and put the rest at `filter_value`.
 */
import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { editRows, entropy, kthLargest, logSoftmax, rowMax, softmax, sortedIndices, topK } from '../rows';

function checkKeep(min_tokens_to_keep: number, kind = 'positive'): void {
  if (!Number.isInteger(min_tokens_to_keep) || min_tokens_to_keep < 1) {
    throw new RangeError(`\`min_tokens_to_keep\` has to be a ${kind} integer, but is ${min_tokens_to_keep}`);
  }
}

/** Indices whose score is above -Infinity: after another filter, few of the vocabulary. */
function possible(row: Float32Array): Int32Array {
  const indices = new Int32Array(row.length);
  let n = 0;
  for (let i = 0; i < row.length; i++) {
    if (row[i] !== -Infinity) {
      indices[n++] = i;
    }
  }
  return indices.subarray(0, n);
}

/** Keeps the k most likely tokens, and those that tie with the last of them. */
export class TopKLogitsWarper extends LogitsProcessor {
  readonly top_k: number;

  /**
   * @param top_k How many; at least 1.
   * @param filter_value Score of the dropped. Default -Infinity.
   * @param min_tokens_to_keep Lower bound of top_k. Default 1.
   */
  constructor(
    top_k: number,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (!Number.isInteger(top_k) || top_k <= 0) {
      throw new RangeError(`\`top_k\` has to be a strictly positive integer, but is ${top_k}`);
    }
    this.top_k = Math.max(top_k, min_tokens_to_keep);
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => {
      if (this.top_k >= row.length) {
        return;
      }
      const least = kthLargest(row, this.top_k);
      for (let i = 0; i < row.length; i++) {
        if (row[i]! < least) {
          row[i] = this.filter_value;
        }
      }
    });
  }
}

/**
 * Keeps the smallest set of tokens whose probabilities sum to at least `top_p` (nucleus sampling).
 *
 * @see {@link https://arxiv.org/abs/1904.09751}
 */
export class TopPLogitsWarper extends LogitsProcessor {
  /**
   * @param top_p In [0, 1].
   * @param filter_value Score of the dropped. Default -Infinity.
   * @param min_tokens_to_keep The most likely tokens that stay in any case. Default 1.
   */
  constructor(
    readonly top_p: number,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (typeof top_p !== 'number' || !(top_p >= 0 && top_p <= 1)) {
      throw new RangeError(`\`top_p\` has to be a float > 0 and < 1, but is ${top_p}`);
    }
    checkKeep(min_tokens_to_keep);
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    // A token goes if it and all less likely ones together have no more than this.
    const dropped = 1 - this.top_p;
    return editRows(scores, row => {
      const probs = softmax(row);
      const likely = this.#candidates(row, probs);
      let below = 0;
      for (let i = 0; i < probs.length; i++) {
        below += probs[i]!;
      }
      likely.forEach(i => (below -= probs[i]!));
      const order = sortedIndices(row, likely);
      const keep = new Uint8Array(row.length);
      let cumulative = Math.max(below, 0);
      order.forEach((i, at) => {
        cumulative += probs[i]!;
        if (at >= order.length - this.min_tokens_to_keep || !(Math.fround(cumulative) <= Math.fround(dropped))) {
          keep[i] = 1;
        }
      });
      for (let i = 0; i < row.length; i++) {
        if (!keep[i]) {
          row[i] = this.filter_value;
        }
      }
    });
  }

  /**
   * The tokens worth sorting: all others together are so improbable that every one of them goes. Sorting the whole of a
   * 150,000-token vocabulary takes longer than a small model's step.
   */
  #candidates(row: Float32Array, probs: Float32Array): Int32Array {
    const all = possible(row);
    if (all.length <= 1024) {
      return all;
    }
    const max = rowMax(row);
    for (const width of [6, 10, 16]) {
      const likely: number[] = [];
      let rest = 0;
      for (const i of all) {
        if (row[i]! >= max - width) {
          likely.push(i);
        } else {
          rest += probs[i]!;
        }
      }
      // Half the limit leaves room for float32 rounding of the sum.
      if (likely.length >= this.min_tokens_to_keep && rest <= (1 - this.top_p) / 2) {
        return Int32Array.from(likely);
      }
    }
    return all;
  }
}

/**
 * Keeps tokens at least `min_p` times as likely as the most likely one.
 *
 * @see {@link https://arxiv.org/abs/2407.01082}
 */
export class MinPLogitsWarper extends LogitsProcessor {
  /**
   * @param min_p In [0, 1]; typically 0.01 to 0.2.
   */
  constructor(
    readonly min_p: number,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (typeof min_p !== 'number' || !(min_p >= 0 && min_p <= 1)) {
      throw new RangeError(`\`min_p\` has to be a float in the [0, 1] interval, but is ${min_p}`);
    }
    checkKeep(min_tokens_to_keep);
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => {
      const probs = softmax(row);
      const least = Math.fround(Math.fround(this.min_p) * rowMax(probs));
      const always = topK(probs, this.min_tokens_to_keep).indices.map(i => [i, row[i]!] as const);
      for (let i = 0; i < row.length; i++) {
        if (probs[i]! < least) {
          row[i] = this.filter_value;
        }
      }
      always.forEach(([i, score]) => (row[i] = score));
    });
  }
}

/**
 * Keeps the most likely tokens whose entropy sums to at most `top_h` times the entropy of the 100 most likely.
 *
 * @see {@link https://arxiv.org/abs/2509.02510}
 */
export class TopHLogitsWarper extends LogitsProcessor {
  readonly top_n = 100;

  /**
   * @param top_h In (0, 1].
   */
  constructor(
    readonly top_h: number,
    readonly filter_value = -Infinity
  ) {
    super();
    if (!(top_h > 0 && top_h <= 1)) {
      throw new RangeError('`top_h` must be in the range (0, 1].');
    }
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => {
      const top = topK(row, this.top_n);
      const values = Float32Array.from(top.values);
      const logProbs = logSoftmax(values);
      const tau = Math.fround(Math.fround(entropy(values)) * Math.fround(this.top_h));
      const kept: number[] = [];
      let cumulative = 0;
      top.indices.forEach((id, at) => {
        const p = Math.exp(logProbs[at]!);
        cumulative += p > 0 ? -p * logProbs[at]! : NaN;
        if (at === 0 || Math.fround(cumulative) <= tau) {
          kept.push(id);
        }
      });
      const scoresKept = kept.map(id => row[id]!);
      row.fill(this.filter_value);
      kept.forEach((id, at) => (row[id] = scoresKept[at]!));
    });
  }
}

/**
 * Keeps the tokens whose surprise is nearest to the expected one (the entropy), up to a probability of `mass`.
 *
 * @see {@link https://arxiv.org/abs/2202.00666}
 */
export class TypicalLogitsWarper extends LogitsProcessor {
  /**
   * @param mass In (0, 1); the option is called typical_p.
   */
  constructor(
    readonly mass = 0.9,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (typeof mass !== 'number' || !(mass > 0 && mass < 1)) {
      throw new RangeError(`\`typical_p\` has to be a float > 0 and < 1, but is ${mass}`);
    }
    checkKeep(min_tokens_to_keep);
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    return editRows(scores, row => {
      const logProbs = logSoftmax(row);
      let expected = 0;
      for (let i = 0; i < row.length; i++) {
        if (logProbs[i] !== -Infinity) {
          expected -= Math.exp(logProbs[i]!) * logProbs[i]!;
        }
      }
      expected = Math.fround(expected);
      // Distance of each token's surprise from the expected one; impossible tokens are infinitely far.
      const distance = logProbs.map(x => Math.abs(-x - expected));
      const order = sortedIndices(distance, possible(row));
      const probs = softmax(row);
      let cumulative = 0;
      let last = 0;
      for (const i of order) {
        cumulative += probs[i]!;
        if (Math.fround(cumulative) < Math.fround(this.mass)) {
          last++;
        }
      }
      const limit = distance[order[Math.min(last, order.length - 1)]!]!;
      const keep = new Uint8Array(row.length);
      order.forEach((i, at) => (keep[i] = at < this.min_tokens_to_keep || distance[i]! <= limit ? 1 : 0));
      for (let i = 0; i < row.length; i++) {
        if (!keep[i]) {
          row[i] = this.filter_value;
        }
      }
    });
  }
}

/** Drops tokens with a probability below `threshold`, save those that tie with the `keep` most likely or better. */
function cutoff(row: Float32Array, threshold: number, keep: number, filterValue: number): void {
  const probs = softmax(row);
  const least = kthLargest(row, keep);
  for (let i = 0; i < row.length; i++) {
    if (probs[i]! < threshold && row[i]! < least) {
      row[i] = filterValue;
    }
  }
}

/**
 * Drops tokens with a probability below `epsilon`.
 *
 * @see {@link https://arxiv.org/abs/2210.15191}
 */
export class EpsilonLogitsWarper extends LogitsProcessor {
  /**
   * @param epsilon In (0, 1); typically 3e-4 to 9e-4. The option is called epsilon_cutoff.
   */
  constructor(
    readonly epsilon: number,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
      throw new RangeError(`\`epsilon_cutoff\` has to be a float > 0 and < 1, but is ${epsilon}`);
    }
    checkKeep(min_tokens_to_keep, 'strictly positive');
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    const threshold = Math.fround(this.epsilon);
    return editRows(scores, row => cutoff(row, threshold, this.min_tokens_to_keep, this.filter_value));
  }
}

/**
 * Drops tokens with a probability below min(ε, √ε · exp(−entropy)): the threshold falls where the model is unsure.
 *
 * @see {@link https://arxiv.org/abs/2210.15191}
 */
export class EtaLogitsWarper extends LogitsProcessor {
  /**
   * @param epsilon In (0, 1); typically 3e-4 to 4e-3. The option is called eta_cutoff.
   */
  constructor(
    readonly epsilon: number,
    readonly filter_value = -Infinity,
    readonly min_tokens_to_keep = 1
  ) {
    super();
    if (typeof epsilon !== 'number' || !(epsilon > 0 && epsilon < 1)) {
      throw new RangeError(`\`eta_cutoff\` has to be a float > 0 and < 1, but is ${epsilon}`);
    }
    checkKeep(min_tokens_to_keep, 'strictly positive');
  }

  override __call__(_input_ids: Tensor, scores: Tensor): Tensor {
    const epsilon = Math.fround(this.epsilon);
    return editRows(scores, row => {
      const eta = Math.fround(Math.min(epsilon, Math.sqrt(epsilon) * Math.exp(-entropy(row))));
      cutoff(row, eta, this.min_tokens_to_keep, this.filter_value);
    });
  }
}
