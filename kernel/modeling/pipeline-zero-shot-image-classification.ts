import type { ImageProcessor } from '../images/image-processor';
import type { ImageLike } from '../images/load';
import type { CallOptions as TokenizerOptions } from '../tokenizer/padding';
import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline } from './pipeline-base';
import { pipelineImage } from './pipeline-image';
import type { LabelScore } from './pipeline-scores';
import { byScore } from './pipeline-scores';

export interface ZeroShotImageOptions extends BatchOptions {
  /** What the image may show. */
  candidate_labels?: readonly string[];
  /** The sentence a label stands in, as `{}`. Default 'This is a photo of {}.'. */
  hypothesis_template?: string;
  /** Options of the tokenizer. */
  tokenizer_kwargs?: Options;
  /** Seconds an image may take to arrive. Default as long as it takes. */
  timeout?: number | null;
}

export interface ZeroShotImageClassificationPipeline {
  (image: ImageLike & { readonly length?: never }, options?: ZeroShotImageOptions): Promise<LabelScore[]>;
  (image: string, options?: ZeroShotImageOptions): Promise<LabelScore[]>;
  (image: readonly ImageLike[], options?: ZeroShotImageOptions): Promise<LabelScore[][]>;
}

/**
 * Says which of some labels fits an image best.
 *
 * @example
 * const classify = await pipeline('zero-shot-image-classification', 'openai/clip-vit-base-patch32');
 * await classify('cat.png', { candidate_labels: ['cat', 'dog'] }); // [{ score: 0.99, label: 'cat' }, …]
 */
export class ZeroShotImageClassificationPipeline extends Pipeline {
  declare readonly image_processor: ImageProcessor;
  declare readonly tokenizer: PreTrainedTokenizer;

  constructor(
    parts: PipelineParts & { readonly image_processor: ImageProcessor; readonly tokenizer: PreTrainedTokenizer },
    options: Options = {}
  ) {
    super(parts, options);
  }

  protected override check(options: Options): void {
    this.refuseUnknown(options, ['candidate_labels', 'hypothesis_template', 'tokenizer_kwargs', 'timeout']);
  }

  protected override async preprocess(image: unknown, { all }: CallOptions): Promise<Prepared> {
    const { candidate_labels: labels, hypothesis_template: template = 'This is a photo of {}.' } = all;
    if (!Array.isArray(labels) || labels.length === 0 || labels.some(label => typeof label !== 'string')) {
      throw new TypeError(
        `Cannot run ${this.task} as candidate_labels must be a list of texts: current value is ${JSON.stringify(labels)}`
      );
    }
    if (typeof template !== 'string' || !template.includes('{}')) {
      throw new RangeError(
        `Cannot run ${this.task} as hypothesis_template must have {} where the label goes: current value is ` +
          JSON.stringify(template)
      );
    }
    const { pixel_values } = await this.image_processor(await pipelineImage(image, this.task, all['timeout']));
    const texts = (labels as string[]).map(label => template.split('{}').join(label));
    const text = this.tokenizer(texts, {
      padding: true,
      ...(all['tokenizer_kwargs'] as TokenizerOptions | undefined),
      return_tensors: 'pt'
    });
    return { tensors: { pixel_values: pixel_values! }, note: { labels, text } };
  }

  protected override async run({ pixel_values }: Tensors, rows: readonly Prepared[]): Promise<Tensors> {
    const { text } = rows[0]!.note as { text: object }; // the same for every image of a call
    const { logits_per_image: logits } = await this.model({ ...text, pixel_values });
    return { logits };
  }

  protected override postprocess({ logits }: Tensors, row: Prepared): LabelScore[] {
    const { labels } = row.note as { labels: readonly string[] };
    const scores = Array.from(logits!.select(0, 0).softmax(-1).data as Float32Array);
    return byScore(scores.map((score, i) => ({ score, label: labels[i]! })));
  }
}
