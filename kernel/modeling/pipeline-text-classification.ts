import type { PreTrainedTokenizer } from '../tokenizer/tokenizer';
import type { BatchOptions, CallOptions, Options, PipelineParts, Prepared, Tensors } from './pipeline-base';
import { Pipeline, readCount } from './pipeline-base';
import type { LabelScore, ScoreFunction } from './pipeline-scores';
import { byScore, labelScores, readScoreFunction } from './pipeline-scores';
import { textTensors } from './pipeline-text';

/** A text, or two to be looked at together. */
export type ClassifiedText = string | { readonly text: string; readonly text_pair?: string };

/** Options of a call; others are the tokenizer's (`truncation`, `max_length` …). */
export interface TextClassificationOptions extends BatchOptions {
  /** How many classes are returned; null for all. Default the best alone. */
  top_k?: number | null;
  /** How scores are made of logits. Default: as `config.problem_type` and the number of classes imply. */
  function_to_apply?: ScoreFunction | null;
  [tokenizerOption: string]: unknown;
}

export interface TextClassificationPipeline {
  (inputs: ClassifiedText, options: TextClassificationOptions & { top_k: number | null }): Promise<LabelScore[]>;
  (inputs: string, options?: TextClassificationOptions): Promise<LabelScore[]>;
  (
    inputs: { readonly text: string; readonly text_pair?: string },
    options?: TextClassificationOptions
  ): Promise<LabelScore>;
  (
    inputs: readonly ClassifiedText[],
    options: TextClassificationOptions & { top_k: number | null }
  ): Promise<LabelScore[][]>;
  (inputs: readonly ClassifiedText[], options?: TextClassificationOptions): Promise<LabelScore[]>;
}

/**
 * Says which class a text is of.
 *
 * @example
 * const classify = await pipeline('text-classification', 'distilbert-base-uncased-finetuned-sst-2-english');
 * await classify('This movie is disgustingly good!'); // [{ label: 'POSITIVE', score: 0.9998 }]
 */
export class TextClassificationPipeline extends Pipeline {
  declare readonly tokenizer: PreTrainedTokenizer;

  constructor(parts: PipelineParts & { readonly tokenizer: PreTrainedTokenizer }, options: Options = {}) {
    super(parts, options);
  }

  protected override check(options: Options): void {
    this.checkBatchSize(options);
    readScoreFunction(options['function_to_apply']);
    if (options['top_k'] !== undefined && options['top_k'] !== null) {
      readCount(options['top_k'], 'top_k', this.model.config.num_labels);
    }
  }

  override async _call(input?: unknown, call: unknown = {}): Promise<unknown> {
    const answer = await super._call(input, call);
    // As in Python: one text gives a list even where one class is returned.
    return typeof input === 'string' && (call as Options)['top_k'] === undefined ? [answer] : answer;
  }

  protected override async preprocess(input: unknown, { all }: CallOptions): Promise<Prepared> {
    const { top_k: _k, function_to_apply: _f, batch_size: _b, ...options } = all;
    return { tensors: textTensors(this.tokenizer, ...readText(input), options) };
  }

  protected override async run(tensors: Tensors): Promise<Tensors> {
    const cached = this.model.forward_parameters.includes('use_cache');
    const { logits } = await this.model({ ...tensors, ...(cached ? { use_cache: false } : {}) });
    return { logits };
  }

  protected override postprocess({ logits }: Tensors, _row: Prepared, { all }: CallOptions): LabelScore | LabelScore[] {
    const scores = labelScores(logits!, this.model.config, readScoreFunction(all['function_to_apply']));
    const count = all['top_k'] as number | null | undefined;
    const sorted = byScore(scores);
    return count === undefined ? sorted[0]! : sorted.slice(0, count ?? undefined);
  }
}

/** A text and perhaps its pair. */
function readText(input: unknown): [string, string | undefined] {
  if (typeof input === 'string') {
    return [input, undefined];
  }
  const pair: unknown = Array.isArray(input) && input.length === 1 ? input[0] : undefined;
  if (Array.isArray(pair) && pair.length === 2 && pair.every(text => typeof text === 'string')) {
    return [pair[0] as string, pair[1] as string];
  }
  const { text, text_pair } = (Array.isArray(input) ? {} : (input ?? {})) as { text?: unknown; text_pair?: unknown };
  if (typeof text !== 'string' || (text_pair !== undefined && typeof text_pair !== 'string')) {
    throw new TypeError(
      'The pipeline received invalid inputs, if you are trying to send text pairs, you can try to send a dictionary ' +
        '`{"text": "My text", "text_pair": "My pair"}` in order to send a text pair.'
    );
  }
  return [text, text_pair];
}
