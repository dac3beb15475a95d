/** What calling a tokenizer returns: tensors for the model, and on request where every token came from. */
import { Tensor } from '../tensor/tensor';
import type { Encoding } from './encoding';

/** Numbers of a batch: one row per text. */
export type Rows = number[] | number[][];

/**
 * The inputs of a model for a batch of texts. Its fields are what the model takes: pass it on as it is, or spread it.
 */
export class BatchEncoding {
  /** Token ids, shape [batch, tokens]. */
  declare input_ids: Tensor;
  /** 1 for tokens, 0 for padding, shape [batch, tokens]. */
  declare attention_mask: Tensor;
  /** Which text of a pair, shape [batch, tokens]; only where the model has it or it is asked for. */
  declare token_type_ids?: Tensor;
  /** [start, end) in the text in code points, shape [batch, tokens, 2]; only if asked for. */
  declare offset_mapping?: Tensor;
  /** 1 for added special tokens and padding, shape [batch, tokens]; only if asked for. */
  declare special_tokens_mask?: Tensor;
  /** Which text each row is a part of, shape [rows]; only with return_overflowing_tokens. */
  declare overflow_to_sample_mapping?: Tensor;
  /** Tokens per row, shape [rows]; only if asked for. */
  declare length?: Tensor;
  // Not enumerable, so that spreading gives the model's inputs only.
  declare private readonly rows: () => readonly Encoding[];

  /**
   * @param fields The model's inputs by name.
   * @param rows Tokens and their places; found out when asked for, as ids alone are much cheaper.
   */
  constructor(fields: Readonly<Record<string, unknown>>, rows: () => readonly Encoding[]) {
    for (const [name, value] of Object.entries(fields)) {
      Object.defineProperty(this, name, { value, enumerable: true, writable: true, configurable: true });
    }
    let known: readonly Encoding[] | undefined;
    Object.defineProperty(this, 'rows', { value: () => (known ??= rows()), enumerable: false });
  }

  /** Token texts of a row. */
  tokens(row = 0): string[] {
    return [...this.row(row).tokens];
  }

  /** Index of the word each token belongs to; null for special tokens and padding. */
  word_ids(row = 0): (number | null)[] {
    return [...this.row(row).words];
  }

  /** 0 or 1 for the text of the pair each token came from; null for special tokens and padding. */
  sequence_ids(row = 0): (number | null)[] {
    return [...this.row(row).sequenceIds];
  }

  /**
   * Index of the token that covers a character.
   *
   * @param row Row of the batch.
   * @param char Index of the character, in code points.
   * @param sequence 0 or 1: which text of the pair.
   * @returns null if no token covers it (white space that was dropped).
   */
  char_to_token(row: number, char: number, sequence = 0): number | null {
    const { offsets, sequenceIds } = this.row(row);
    const at = offsets.findIndex(([begin, end], i) => sequenceIds[i] === sequence && begin <= char && char < end);
    return at < 0 ? null : at;
  }

  /** The characters [start, end), in code points, a token covers; null for special tokens and padding. */
  token_to_chars(row: number, token: number): [number, number] | null {
    const { offsets, sequenceIds } = this.row(row);
    return (sequenceIds[token] ?? null) === null ? null : (offsets[token] ?? null);
  }

  /**
   * The same inputs. Python code moves them to a device here; tensors of a cell stay in memory, and the engine takes them
   * where the model is.
   */
  to(_device: unknown): this {
    return this;
  }

  private row(index: number): Encoding {
    const rows = this.rows();
    const row = rows[index];
    if (!row) {
      throw new RangeError(
        `Cannot look at row ${index} as it must be below the number of encoded texts: there are ${rows.length}`
      );
    }
    return row;
  }
}

/** A tensor of int64 from equally long rows. */
export function int64Tensor(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor(
    'int64',
    BigInt64Array.from(values, value => BigInt(value)),
    dims
  );
}
