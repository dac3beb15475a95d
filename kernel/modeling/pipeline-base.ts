/** What pipelines share: options of the pipeline and of the call, several inputs, batches. */
import { Tensor } from '../tensor/tensor';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { ImageProcessor } from '../images/image-processor';
import { Callable } from './callable';
import type { PreTrainedModel } from './pretrained-model';

/** What a pipeline is made of; `pipeline()` supplies it. */
export interface PipelineParts {
  readonly task: string;
  readonly model: PreTrainedModel;
  readonly tokenizer?: PreTrainedTokenizer;
  readonly image_processor?: ImageProcessor;
}

/** Options every pipeline and every call takes. */
export interface BatchOptions {
  /** Inputs run together, padded to the longest. Default 1. */
  batch_size?: number;
}

export type Options = Readonly<Record<string, unknown>>;
export type Tensors = Readonly<Record<string, Tensor>>;

/** One input, ready to run. */
export interface Prepared {
  /** Inputs of the model, each [1, …]. */
  readonly tensors: Tensors;
  /** What postprocessing needs of the input beside them. */
  readonly note?: unknown;
}

/** Options of one call: what was given with the pipeline, and what with the call, which wins. */
export interface CallOptions {
  readonly init: Options;
  readonly call: Options;
  readonly all: Options;
}

/**
 * From raw inputs to readable answers, as Python's pipelines: a list of inputs gives a list of answers. Made by
 * `pipeline()`; called like a function.
 */
export abstract class Pipeline extends Callable {
  readonly task: string;
  readonly model: PreTrainedModel;
  readonly tokenizer: PreTrainedTokenizer | undefined;
  readonly image_processor: ImageProcessor | undefined;
  protected readonly init: Options;

  /**
   * @param parts Model and what prepares its inputs.
   * @param options Options of the calls, as defaults.
   */
  constructor(parts: PipelineParts, options: Options = {}) {
    super();
    this.task = parts.task;
    this.model = parts.model;
    this.tokenizer = parts.tokenizer;
    this.image_processor = parts.image_processor;
    this.init = options;
    this.check(options);
  }

  /** Where the model runs. */
  get device(): string {
    return this.model.device;
  }

  /** Precision of the model's weights. */
  get dtype(): string {
    return this.model.dtype;
  }

  /** Frees the model. */
  dispose(): Promise<void> {
    return this.model.dispose();
  }

  /** Refuses options that are unknown or contradict one another. Called with the pipeline's and with each call's. */
  protected abstract check(options: Options): void;

  /** One input as tensors. */
  protected abstract preprocess(input: unknown, options: CallOptions): Promise<Prepared>;

  /**
   * Runs the model.
   * @param tensors Inputs [rows, …].
   * @param rows What `preprocess` gave for each row.
   * @returns Tensors [rows, …].
   */
  protected abstract run(tensors: Tensors, rows: readonly Prepared[], options: CallOptions): Promise<Tensors>;

  /** The answer for one input. @param outputs What `run` gave, each [1, …]. */
  protected abstract postprocess(outputs: Tensors, row: Prepared, options: CallOptions): unknown;

  /** Whether an array is one input rather than several. */
  protected isOne(_input: readonly unknown[]): boolean {
    return false;
  }

  override async _call(input?: unknown, call: unknown = {}): Promise<unknown> {
    const given = call as Options;
    this.check(given);
    const options: CallOptions = { init: this.init, call: given, all: { ...this.init, ...given } };
    if (!Array.isArray(input) || this.isOne(input)) {
      return (await this.answer([input], options))[0];
    }
    const size = (options.all['batch_size'] as number | undefined) ?? 1;
    const answers: unknown[] = [];
    for (let i = 0; i < input.length; i += size) {
      answers.push(...(await this.answer(input.slice(i, i + size), options)));
    }
    return answers;
  }

  private async answer(inputs: readonly unknown[], options: CallOptions): Promise<unknown[]> {
    const rows: Prepared[] = [];
    for (const input of inputs) {
      rows.push(await this.preprocess(input, options));
    }
    const outputs = await this.run(this.collate(rows), rows, options);
    return rows.map((row, i) =>
      this.postprocess(
        Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, value.narrow(0, i, 1)])),
        row,
        options
      )
    );
  }

  /** Rows as one batch; texts are padded on the tokenizer's side. */
  private collate(rows: readonly Prepared[]): Tensors {
    const [first] = rows;
    if (rows.length === 1) {
      return first!.tensors;
    }
    const { tokenizer } = this;
    if (tokenizer && tokenizer.pad_token_id === null) {
      throw new RangeError(
        'Pipeline with tokenizer without pad_token cannot do batching. You can try to set it with ' +
          '`pipe.tokenizer.pad_token_id = model.config.eos_token_id`.'
      );
    }
    const fillers: Record<string, number> = {
      input_ids: tokenizer?.pad_token_id ?? 0,
      token_type_ids: tokenizer?.pad_token_type_id ?? 0
    };
    return Object.fromEntries(
      Object.keys(first!.tensors).map(name => {
        const all = rows.map(row => row.tensors[name]!);
        return [name, all[0]!.dims.length === 2 ? this.pad(all, fillers[name] ?? 0) : Tensor.cat(all, 0)];
      })
    );
  }

  private pad(rows: readonly Tensor[], filler: number): Tensor {
    const length = Math.max(...rows.map(row => row.dims[1]!));
    const left = this.tokenizer?.padding_side === 'left';
    return Tensor.cat(
      rows.map(row => {
        const missing = length - row.dims[1]!;
        const padding = Tensor.full([1, missing], filler, row.dtype);
        return missing === 0 ? row : Tensor.cat(left ? [padding, row] : [row, padding], 1);
      }),
      0
    );
  }

  /** Refuses options not among `known`. */
  protected refuseUnknown(options: Options, known: readonly string[]): void {
    const all = [...known, 'batch_size'];
    const stray = Object.keys(options).filter(name => options[name] !== undefined && !all.includes(name));
    if (stray.length > 0) {
      throw new TypeError(
        `Cannot run ${this.task} as its options are ${all.join(', ')}: also given ${stray.join(', ')}`
      );
    }
    this.checkBatchSize(options);
  }

  protected checkBatchSize({ batch_size: size }: Options): void {
    if (size !== undefined && !(Number.isInteger(size) && (size as number) > 0)) {
      throw new RangeError(
        `Cannot run ${this.task} as batch_size must be a whole number of at least 1: current value is ${String(size)}`
      );
    }
  }

  /** Deno's display protocol: a one-line summary. */
  [Symbol.for('Jupyter.display')](): Record<string, unknown> {
    const { name } = this.constructor;
    return {
      'text/plain': `${name}: ${this.model.constructor.name}('${this.model.name_or_path}'), ${this.dtype} on ${this.device}`
    };
  }
}

/** A whole number of answers, or as many as there are. @throws {RangeError} */
export function readCount(value: unknown, option: string, most: number): number {
  if (!Number.isInteger(value) || (value as number) < 1) {
    throw new RangeError(
      `Cannot answer as ${option} must be a whole number from 1 to ${most}: current value is ${String(value)}`
    );
  }
  return value as number;
}
