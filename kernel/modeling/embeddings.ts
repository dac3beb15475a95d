import type { LookupTable } from '../inference/table';
import { Tensor } from '../tensor/tensor';
import { Callable } from './callable';
import { ints } from './inputs';

/** An instance is also a function. */
export interface InputEmbeddings {
  (input_ids: unknown): Tensor;
}

/**
 * A model's token embedding, callable as in Python: ids [batch, pos] → [batch, pos, hidden_size].
 *
 * @example
 * const inputs_embeds = model.get_input_embeddings()(input_ids);
 */
export class InputEmbeddings extends Callable {
  constructor(
    private readonly table: LookupTable,
    private readonly scale: number
  ) {
    super();
  }

  get num_embeddings(): number {
    return this.table.rows;
  }

  get embedding_dim(): number {
    return this.table.width;
  }

  override _call(input_ids: unknown): Tensor {
    const { data, dims } = ints('input_ids', input_ids);
    return new Tensor('float32', this.table.lookup(data, this.scale), [...dims, this.table.width]);
  }

  /** Rows of the table as stored, without the model's scale: [ids.length, embedding_dim]. */
  rows(ids: ArrayLike<number>): Tensor {
    return new Tensor('float32', this.table.lookup(ids), [ids.length, this.table.width]);
  }
}
