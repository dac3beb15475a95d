/**
 * What `forward` returns: named values in Python's order, absent ones absent, and readable as a tuple.
 *
 * @example
 * const out = await model({ input_ids });
 * out.logits;          // Tensor [batch, pos, vocab_size]
 * const [logits] = out.to_tuple();
 */
export class ModelOutput {
  [key: string]: any;

  /** @param values In Python's order; undefined and null are left out. */
  constructor(values: { readonly [key: string]: unknown }) {
    for (const [key, value] of Object.entries(values)) {
      if (value !== undefined && value !== null) {
        this[key] = value;
      }
    }
  }

  keys(): string[] {
    return Object.keys(this);
  }

  /** The values in order, without names. */
  to_tuple(): unknown[] {
    return Object.values(this);
  }

  *[Symbol.iterator](): Iterator<unknown> {
    yield* Object.values(this);
  }
}
