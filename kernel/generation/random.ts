import { argmax, topK } from './rows';

/**
 * Random numbers of sampling: the Mersenne Twister, used as PyTorch's CPU generator uses it, so that a seed gives the
 * draws `torch.manual_seed` gives there, in every browser and in Node. (PyTorch on a GPU draws otherwise.)
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

  /** A number in [0, 1) of 24 bits, as torch.rand gives. */
  uniform(): number {
    return (this.random() & 0xffffff) / 0x1000000;
  }

  /** A float32 of the exponential distribution with mean 1, as Tensor.exponential_ gives. */
  exponential(): number {
    const high = this.random() & 0x1fffff;
    return Math.fround(-Math.log1p(-(high * 0x100000000 + this.random()) / 0x20000000000000));
  }

  /** Leaves out `count` outputs. */
  skip(count: number): void {
    let left = count;
    while (left > 624 - this.#at) {
      left -= 624 - this.#at;
      this.#turn();
    }
    this.#at += left;
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

  /** The next 624 words of state. Three loops, as a remainder per word would take most of the time. */
  #turn(): void {
    const s = this.#state;
    let i = 0;
    let word = s[0]!;
    for (; i < 227; i++) {
      const next = s[i + 1]!;
      const y = (word & 0x80000000) | (next & 0x7fffffff);
      s[i] = s[i + 397]! ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
      word = next;
    }
    for (; i < 623; i++) {
      const next = s[i + 1]!;
      const y = (word & 0x80000000) | (next & 0x7fffffff);
      s[i] = s[i - 227]! ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
      word = next;
    }
    const y = (word & 0x80000000) | (s[0]! & 0x7fffffff);
    s[623] = s[396]! ^ (y >>> 1) ^ (-(y & 1) & 0x9908b0df);
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
 * Draws different indices, each with the given probabilities among those left, as torch.multinomial does: the largest
 * quotients of probability and an exponential variate.
 *
 * @param probs Non-negative; need not sum to exactly 1.
 * @param generator Advanced by two outputs per probability.
 * @param count How many. Fewer are returned when fewer have a probability above zero.
 * @throws {RangeError} If they hold NaN, Infinity or a negative number, or are all zero.
 */
export function multinomial(probs: Float32Array, generator: RandomGenerator, count = 1): number[] {
  const possible: number[] = [];
  for (let i = 0; i < probs.length; i++) {
    const p = probs[i]!;
    if (!(p >= 0 && p < Infinity)) {
      throw new RangeError('probability tensor contains either `inf`, `nan` or element < 0');
    }
    if (p > 0) {
      possible.push(i);
    }
  }
  if (!possible.length) {
    throw new RangeError('invalid multinomial distribution (sum of probabilities <= 0)');
  }
  // After a filter few of a vocabulary are possible; the variates of the others are passed over.
  const quotients = new Float32Array(possible.length);
  let at = 0;
  possible.forEach((index, k) => {
    generator.skip(2 * (index - at));
    quotients[k] = probs[index]! / generator.exponential();
    at = index + 1;
  });
  generator.skip(2 * (probs.length - at));
  return count === 1 ? [possible[argmax(quotients)]!] : topK(quotients, count).indices.map(k => possible[k]!);
}
