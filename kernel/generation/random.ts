/**
 * Random numbers of sampling: the Mersenne Twister, as in PyTorch's CPU generator, so that what depends only on its
 * 32-bit outputs (the watermark's permutations) is the same here. The draws of sampling are not PyTorch's: torch's
 * `multinomial` consumes one exponential variate per token of the vocabulary, by an algorithm that depends on the
 * machine. Here a draw takes one number. The same seed gives the same text in every browser and in Node.
 *
 * @see {@link http://www.math.sci.hiroshima-u.ac.jp/m-mat/MT/emt.html}
 */
export class RandomGenerator {
  readonly #state = new Uint32Array(624);
  #at = 624;

  /**
   * @param seed A non-negative integer; its low 32 bits count, as in PyTorch.
   */
  constructor(seed: number | bigint) {
    this.manual_seed(seed);
  }

  /**
   * Starts again from a seed.
   *
   * @throws {RangeError} If the seed is not an integer.
   */
  manual_seed(seed: number | bigint): this {
    if (typeof seed !== 'bigint' && !Number.isSafeInteger(seed)) {
      throw new RangeError(`Cannot seed the generator as seed must be an integer: current value is ${String(seed)}`);
    }
    const state = this.#state;
    state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < 624; i++) {
      const x = state[i - 1]! ^ (state[i - 1]! >>> 30);
      state[i] = Math.imul(1812433253, x) + i;
    }
    this.#at = 624;
    return this;
  }

  /** The next 32 bits. */
  random(): number {
    if (this.#at === 624) {
      this.#turn();
    }
    let y = this.#state[this.#at++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** A number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.random() >>> 5;
    const low = this.random() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  /** The first `count` entries of a random permutation of 0 … n − 1, as torch.randperm(n)[:count] on the CPU. */
  permutation(n: number, count = n): Int32Array {
    const items = new Int32Array(n);
    for (let i = 0; i < n; i++) {
      items[i] = i;
    }
    for (let i = 0; i < Math.min(count, n - 1); i++) {
      const j = i + (this.random() % (n - i));
      const saved = items[i]!;
      items[i] = items[j]!;
      items[j] = saved;
    }
    return items.subarray(0, count);
  }

  #turn(): void {
    const s = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (s[i]! & 0x80000000) | (s[(i + 1) % 624]! & 0x7fffffff);
      s[i] = s[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }
}

let shared: RandomGenerator | undefined;

/** The generator sampling uses when it is given no seed. */
export function defaultGenerator(): RandomGenerator {
  shared ??= new RandomGenerator(crypto.getRandomValues(new Uint32Array(1))[0]!);
  return shared;
}

/**
 * Seeds what samples without a seed of its own, as transformers.set_seed does.
 *
 * @param seed A non-negative integer.
 */
export function set_seed(seed: number): void {
  defaultGenerator().manual_seed(seed);
}

/**
 * Draws one index with the given probabilities.
 *
 * @param probs Non-negative; need not sum to exactly 1.
 * @throws {RangeError} If they hold NaN, Infinity or a negative number, or are all zero.
 */
export function multinomial(probs: ArrayLike<number>, generator: RandomGenerator): number {
  let sum = 0;
  for (let i = 0; i < probs.length; i++) {
    const p = probs[i]!;
    if (!(p >= 0 && p < Infinity)) {
      throw new RangeError('probability tensor contains either `inf`, `nan` or element < 0');
    }
    sum += p;
  }
  if (!(sum > 0)) {
    throw new RangeError('invalid multinomial distribution (sum of probabilities <= 0)');
  }
  const limit = generator.uniform() * sum;
  let cumulative = 0;
  let last = 0;
  for (let i = 0; i < probs.length; i++) {
    if (probs[i]! > 0) {
      cumulative += probs[i]!;
      last = i;
      if (cumulative > limit) {
        return i;
      }
    }
  }
  return last;
}

/** Draws `count` different indices, one after the other, each with the given probabilities among those left. */
export function multinomialWithoutReplacement(
  probs: ArrayLike<number>,
  count: number,
  generator: RandomGenerator
): number[] {
  const left = Float64Array.from(probs);
  const drawn: number[] = [];
  while (drawn.length < count) {
    const possible = left.some(p => p > 0);
    if (!possible) {
      throw new RangeError(
        `Cannot draw ${count} different tokens as so many must have a probability above zero: ` +
          `current value is ${drawn.length}`
      );
    }
    const i = multinomial(left, generator);
    left[i] = 0;
    drawn.push(i);
  }
  return drawn;
}
