import type { ImageProcessor } from '../images/image-processor';
import type { ImageLike } from '../images/load';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline, readCount } from './pipeline-base';
import { pipelineImage } from './pipeline-image';
import type { LabelScore, ScoreFunction } from './pipeline-scores';
import { byScore, labelScores, readScoreFunction } from './pipeline-scores';

export interface ImageClassificationOptions extends BatchOptions {
  /** How many classes are returned, at most all. Default 5. */
  top_k?: number;
  /** How scores are made of logits. Default: as `config.problem_type` and the number of classes imply. */
  function_to_apply?: ScoreFunction | null;
  /** Seconds an image may take to arrive. Default as long as it takes. */
  timeout?: number | null;
}

export interface ImageClassificationPipeline {
  (inputs: ImageLike & { readonly length?: never }, options?: ImageClassificationOptions): Promise<LabelScore[]>;
  (inputs: string, options?: ImageClassificationOptions): Promise<LabelScore[]>;
  (inputs: readonly ImageLike[], options?: ImageClassificationOptions): Promise<LabelScore[][]>;
}

/**
 * Says what an image shows.
 *
 * @example
 * const classify = await pipeline('image-classification', 'google/vit-base-patch16-224');
 * await classify('cat.png', { top_k: 2 }); // [{ label: 'tabby, tabby cat', score: 0.71 }, …]
 */
export class ImageClassificationPipeline extends Pipeline {
  declare readonly image_processor: ImageProcessor;

  constructor(parts: PipelineParts & { readonly image_processor: ImageProcessor }, options: Options = {}) {
    super(parts, options);
  }

  protected override check(options: Options): void {
    this.refuseUnknown(options, ['top_k', 'function_to_apply', 'timeout']);
    readScoreFunction(options['function_to_apply']);
    if (options['top_k'] !== undefined && options['top_k'] !== null) {
      readCount(options['top_k'], 'top_k', this.model.config.num_labels);
    }
  }

  protected override async preprocess(input: unknown, { all }: CallOptions): Promise<Prepared> {
    return { tensors: { ...(await this.image_processor(await pipelineImage(input, this.task, all['timeout']))) } };
  }

  protected override async run({ pixel_values }: Tensors): Promise<Tensors> {
    return { logits: (await this.model({ pixel_values })).logits };
  }

  protected override postprocess({ logits }: Tensors, _row: Prepared, { all }: CallOptions): LabelScore[] {
    const scores = labelScores(logits!, this.model.config, readScoreFunction(all['function_to_apply']));
    return byScore(scores).slice(0, (all['top_k'] ?? 5) as number);
  }
}
