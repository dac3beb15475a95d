import type { Tensor } from '../tensor/tensor';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline } from './pipeline-base';
import { textTensors } from './pipeline-text';

export interface FeatureExtractionOptions extends BatchOptions {
  /** A Tensor instead of nested numbers. Default false. */
  return_tensors?: boolean;
  /** As the tokenizer's. */
  truncation?: boolean | string;
  /** Options of the tokenizer. */
  tokenize_kwargs?: Options;
}

export interface FeatureExtractionPipeline {
  (inputs: string, options: FeatureExtractionOptions & { return_tensors: true }): Promise<Tensor>;
  (inputs: readonly string[], options: FeatureExtractionOptions & { return_tensors: true }): Promise<Tensor[]>;
  (inputs: string, options?: FeatureExtractionOptions): Promise<number[][][]>;
  (inputs: readonly string[], options?: FeatureExtractionOptions): Promise<number[][][][]>;
}

/**
 * The last hidden states of a text, [1, tokens, hidden_size].
 *
 * @example
 * const extract = await pipeline('feature-extraction', 'bert-base-uncased');
 * (await extract('This is a simple test.', { return_tensors: true })).dims; // [1, 8, 768]
 */
export class FeatureExtractionPipeline extends Pipeline {
  declare readonly tokenizer: PreTrainedTokenizer;

  constructor(parts: PipelineParts & { readonly tokenizer: PreTrainedTokenizer }, options: Options = {}) {
    super(parts, options);
  }

  protected override check(options: Options): void {
    this.refuseUnknown(options, ['return_tensors', 'truncation', 'tokenize_kwargs']);
    if (options['truncation'] !== undefined && 'truncation' in ((options['tokenize_kwargs'] ?? {}) as Options)) {
      throw new TypeError(
        'truncation parameter defined twice (given as keyword argument as well as in tokenize_kwargs)'
      );
    }
  }

  protected override async preprocess(input: unknown, { all }: CallOptions): Promise<Prepared> {
    const { truncation, tokenize_kwargs } = all;
    const options = {
      ...(truncation === undefined ? {} : { truncation }),
      ...(tokenize_kwargs as Options | undefined)
    };
    return { tensors: textTensors(this.tokenizer, input, undefined, options) };
  }

  protected override async run(tensors: Tensors): Promise<Tensors> {
    return { features: (await this.model({ ...tensors })).to_tuple()[0] as Tensor };
  }

  protected override postprocess({ features }: Tensors, _row: Prepared, { all }: CallOptions): unknown {
    return all['return_tensors'] ? features : features!.tolist();
  }
}
