import { Tensor } from '../../tensor/tensor';
import { LogitsProcessor } from '../logits-processor';
import { logitsAt } from '../logits';
import type { GenerationCache, GenerativeModel } from '../model';
import { editRows, logSoftmax, scoreRow, tokenRows, tokenTensor } from '../rows';

/**
 * Classifier-free guidance: moves the scores away from those of a second, unconditional prompt.
 *
 * @see {@link https://arxiv.org/abs/2306.17806}
 */
export class UnbatchedClassifierFreeGuidanceLogitsProcessor extends LogitsProcessor {
  #ids: Tensor | undefined;
  #mask: Tensor | undefined;
  #cache: GenerationCache | null | undefined;
  #first = true;

  /**
   * @param guidance_scale How far; 1 is no guidance, above 1 follows the prompt more closely.
   * @param model The model, asked for the unconditional scores.
   * @param unconditional_ids The unconditional prompt, [B, S]. Default the last token of the prompt.
   * @param unconditional_attention_mask Its mask, [B, S]. Default ones.
   */
  constructor(
    readonly guidance_scale: number,
    readonly model: Pick<GenerativeModel, 'forward'>,
    unconditional_ids?: Tensor,
    unconditional_attention_mask?: Tensor,
    readonly use_cache = true
  ) {
    super();
    this.#ids = unconditional_ids;
    this.#mask = unconditional_attention_mask;
  }

  override async __call__(input_ids: Tensor, scores: Tensor): Promise<Tensor> {
    const conditional = editRows(scores, row => void logSoftmax(row, row));
    if (this.guidance_scale === 1) {
      return conditional;
    }
    const logits = await this.#unconditional(input_ids);
    const scale = Math.fround(this.guidance_scale);
    return editRows(conditional, (row, r) => {
      const other = logSoftmax(scoreRow(logits, logits.dims[0] === 1 ? 0 : r));
      for (let i = 0; i < row.length; i++) {
        row[i] = Math.fround(scale * Math.fround(row[i]! - other[i]!)) + other[i]!;
      }
    });
  }

  async #unconditional(input_ids: Tensor): Promise<Tensor> {
    const newest = tokenRows(input_ids).map(row => row.slice(-1));
    let ids: Tensor;
    if (this.#first) {
      this.#first = false;
      ids = this.#ids ?? tokenTensor(newest);
      this.#mask ??= tokenTensor(tokenRows(ids).map(row => row.map(() => 1)));
    } else {
      const before = tokenRows(this.#ids!);
      ids = this.use_cache ? tokenTensor(newest) : tokenTensor(before.map((row, r) => [...row, ...newest[r]!]));
      this.#mask = tokenTensor(tokenRows(this.#mask!).map(row => [...row, 1]));
    }
    this.#ids = ids;
    const outputs = await this.model.forward({
      input_ids: ids,
      attention_mask: this.#mask,
      use_cache: this.use_cache,
      ...(this.#cache ? { past_key_values: this.#cache } : {})
    });
    this.#cache = outputs.past_key_values;
    return logitsAt(outputs.logits);
  }

  /** Frees the cache of the unconditional text. */
  async dispose(): Promise<void> {
    await this.#cache?.dispose?.();
    this.#cache = undefined;
  }
}
