import { Tensor } from '../tensor/tensor';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline, readCount } from './pipeline-base';
import { textTensors } from './pipeline-text';

/** One token in place of the mask. */
export interface FilledMask {
  score: number;
  /** Id of the token. */
  token: number;
  token_str: string;
  /** The text with it. */
  sequence: string;
}

export interface FillMaskOptions extends BatchOptions {
  /** How many tokens are returned per mask. Default 5. */
  top_k?: number;
  /** Words to choose from, in place of the whole vocabulary. */
  targets?: string | readonly string[];
  /** Options of the tokenizer. */
  tokenizer_kwargs?: Options;
}

export interface FillMaskPipeline {
  /** One list per mask where a text has several. */
  (inputs: string, options?: FillMaskOptions): Promise<FilledMask[] | FilledMask[][]>;
  (inputs: readonly string[], options?: FillMaskOptions): Promise<(FilledMask[] | FilledMask[][])[] | FilledMask[]>;
}

/**
 * Fills the mask token of a text.
 *
 * @example
 * const unmask = await pipeline('fill-mask', 'bert-base-uncased');
 * await unmask('The capital of France is [MASK].', { top_k: 1 }); // [{ token_str: 'paris', score: 0.42, … }]
 */
export class FillMaskPipeline extends Pipeline {
  declare readonly tokenizer: PreTrainedTokenizer;

  constructor(parts: PipelineParts & { readonly tokenizer: PreTrainedTokenizer }, options: Options = {}) {
    super(parts, options);
  }

  protected override check(options: Options): void {
    this.refuseUnknown(options, ['top_k', 'targets', 'tokenizer_kwargs']);
    if (this.tokenizer.mask_token_id === null) {
      throw new RangeError('The tokenizer does not define a `mask_token`.');
    }
    if (options['top_k'] !== undefined && options['top_k'] !== null) {
      readCount(options['top_k'], 'top_k', Number(this.model.config['vocab_size']));
    }
  }

  override async _call(input?: unknown, call: unknown = {}): Promise<unknown> {
    const answer = await super._call(input, call);
    return Array.isArray(input) && input.length === 1 ? (answer as unknown[])[0] : answer;
  }

  protected override async preprocess(input: unknown, { all }: CallOptions): Promise<Prepared> {
    const { tokenizer_kwargs, targets } = all;
    const tensors = textTensors(this.tokenizer, input, undefined, (tokenizer_kwargs ?? {}) as Options);
    if (!ids(tensors['input_ids']!).includes(this.tokenizer.mask_token_id!)) {
      throw new RangeError(`No mask_token (${this.tokenizer.mask_token}) found on the input`);
    }
    const chosen = targets === undefined || targets === null ? undefined : this.targetIds(targets);
    return { tensors, note: chosen };
  }

  protected override async run(tensors: Tensors): Promise<Tensors> {
    return { logits: (await this.model({ ...tensors })).logits, input_ids: tensors['input_ids']! };
  }

  protected override postprocess(
    { logits, input_ids }: Tensors,
    row: Prepared,
    { all }: CallOptions
  ): FilledMask[] | FilledMask[][] {
    const { tokenizer } = this;
    const sequence = ids(input_ids!);
    const targets = row.note as readonly number[] | undefined;
    const masks = sequence.flatMap((id, i) => (id === tokenizer.mask_token_id ? [i] : []));
    const asked = (all['top_k'] ?? 5) as number;
    const filled = masks.map(mask => {
      const whole = logits!.at(0, mask).softmax(-1);
      const chosen = targets
        ? new Tensor(
            'float32',
            Float32Array.from(targets, id => whole.data[id] as number),
            [targets.length]
          )
        : whole;
      const { values, indices } = chosen.topk(Math.min(asked, targets?.length ?? Infinity));
      return Array.from(values.data as Float32Array, (score, i): FilledMask => {
        const at = Number(indices.data[i]);
        const token = targets ? targets[at]! : at;
        const text = sequence
          .map((id, place) => (place === mask ? token : id))
          .filter(id => id !== tokenizer.pad_token_id);
        return {
          score,
          token,
          token_str: tokenizer.decode(token),
          // Other masks are special tokens too, and have to stay.
          sequence: tokenizer.decode(text, { skip_special_tokens: masks.length === 1 })
        };
      });
    });
    return filled.length === 1 ? filled[0]! : filled;
  }

  /** Ids of the words to choose from; of a word that is several tokens, the first. */
  private targetIds(targets: unknown): number[] {
    const vocab = this.tokenizer.get_vocab();
    const found = new Set<number>();
    for (const target of Array.isArray(targets) ? (targets as unknown[]) : [targets]) {
      const word = String(target);
      const id = vocab.get(word) ?? this.tokenizer.encode(word, { add_special_tokens: false })[0];
      if (id === undefined) {
        console.warn(
          `The specified target token \`${word}\` does not exist in the model vocabulary. We cannot replace it with ` +
            'anything meaningful, ignoring it'
        );
        continue;
      }
      if (!vocab.has(word)) {
        console.warn(
          `The specified target token \`${word}\` does not exist in the model vocabulary. Replacing with ` +
            `\`${String(this.tokenizer.convert_ids_to_tokens(id))}\`.`
        );
      }
      found.add(id);
    }
    if (found.size === 0) {
      throw new RangeError('At least one target must be provided when passed.');
    }
    return [...found].sort((a, b) => a - b);
  }
}

function ids(tensor: Tensor): number[] {
  return Array.from(tensor.data, Number);
}
