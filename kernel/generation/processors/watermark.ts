import type { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import type { WatermarkingConfig } from '../parameters';
import { RandomGenerator } from '../random';
import { editRows, tokenRows, topK } from '../rows';
import { warn } from '../warnings';

const TABLE_SIZE = 1000003;
const KEYS = ['greenlist_ratio', 'bias', 'hashing_key', 'seeding_scheme', 'context_width'];

/**
 * Makes a pseudo-random part of the vocabulary, the green list, more likely, so that text can be recognised as
 * generated. The list depends on the tokens before, and is the same as Python's on the CPU.
 *
 * @see {@link https://arxiv.org/abs/2306.04634}
 */
export class WatermarkLogitsProcessor extends LogitsProcessor {
  readonly greenlist_size: number;
  readonly bias: number;
  readonly seeding_scheme: 'lefthash' | 'selfhash';
  readonly hash_key: number;
  readonly context_width: number;
  #rng: RandomGenerator;
  #table: Int32Array | undefined;

  /**
   * @param vocab_size Of the model.
   * @param config greenlist_ratio 0.25 (share of the vocabulary), bias 2 (added to the scores), hashing_key 15485863,
   *   seeding_scheme 'lefthash' (or 'selfhash', which includes the candidate itself), context_width 1.
   */
  constructor(
    readonly vocab_size: number,
    config: WatermarkingConfig = {}
  ) {
    super();
    const unknown = Object.keys(config).find(key => !KEYS.includes(key));
    if (unknown !== undefined) {
      throw new TypeError(
        `Cannot watermark as watermarking_config must have the keys ${KEYS.join(', ')}: found ${unknown}`
      );
    }
    const {
      greenlist_ratio = 0.25,
      bias = 2,
      hashing_key = 15485863,
      seeding_scheme = 'lefthash',
      context_width = 1
    } = config;
    const wrong = (key: string, expected: string, found: unknown): RangeError =>
      new RangeError(
        `Some of the keys in \`watermarking_config\` are defined incorrectly. \`${key}\` should be ` +
          `${expected}\` but found ${String(found)}`
      );
    if (!['selfhash', 'lefthash'].includes(seeding_scheme)) {
      throw wrong('seeding_scheme', '[`selfhash`, `lefthash`]', seeding_scheme);
    }
    if (!(greenlist_ratio > 0 && greenlist_ratio < 1)) {
      throw new RangeError(
        `greenlist_ratio has be in range between 0.0 and 1.0, exclusively. but found ${greenlist_ratio}`
      );
    }
    if (!Number.isInteger(context_width) || context_width < 1) {
      throw wrong('context_width', 'a positive integer', context_width);
    }
    this.greenlist_size = Math.floor(vocab_size * greenlist_ratio);
    this.bias = bias;
    this.seeding_scheme = seeding_scheme;
    this.hash_key = hashing_key;
    this.context_width = context_width;
    this.#rng = new RandomGenerator(hashing_key);
  }

  override __call__(input_ids: Tensor, scores: Tensor): Tensor {
    const length = input_ids.dims[1]!;
    if (length < this.context_width) {
      warn(
        `\`input_ids\` should have at least \`${this.context_width}\` tokens but has ${length}. The seeding will be ` +
          'skipped for this generation step!'
      );
      return scores;
    }
    const rows = tokenRows(input_ids);
    return editRows(scores, (row, r) => {
      const green = this.seeding_scheme === 'selfhash' ? this.#selfGreen(rows[r]!, row) : this.#greenList(rows[r]!);
      const bias = Math.fround(this.bias);
      green.forEach(id => (row[id] = row[id]! + bias));
    });
  }

  #greenList(ids: readonly number[]): Int32Array {
    this.#rng.manual_seed(this.#seed(ids));
    return this.#rng.permutation(this.vocab_size, this.greenlist_size);
  }

  /** Of the 40 most likely tokens, those in the green list they would themselves give rise to. */
  #selfGreen(ids: readonly number[], row: Float32Array): number[] {
    return topK(row, 40).indices.filter(id => this.#greenList([...ids, id]).includes(id));
  }

  #seed(ids: readonly number[]): bigint {
    const context = ids.slice(-this.context_width);
    const last = context[context.length - 1]!;
    const key = BigInt(this.hash_key);
    if (this.seeding_scheme === 'lefthash') {
      return unsigned(key * BigInt(last));
    }
    this.#table ??= new RandomGenerator(this.hash_key).permutation(TABLE_SIZE);
    const entry = (id: number): bigint => BigInt(this.#table![id % TABLE_SIZE]! + 1);
    const products = context.map(id => BigInt.asIntN(64, key * entry(id) * entry(last)));
    return unsigned(products.reduce((a, b) => (b < a ? b : a)));
  }
}

/** Python's `seed % (2 ** 64 - 1)`: never negative. */
function unsigned(seed: bigint): bigint {
  const modulus = 2n ** 64n - 1n;
  return ((seed % modulus) + modulus) % modulus;
}
