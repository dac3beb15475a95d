/** CLIP's two towers one at a time, as `CLIPModel` of Python offers them. */
import { clip } from '../models/clip';
import type { ForwardInputs } from './forward';
import { runStack } from './forward';
import { ModelOutput } from './outputs';
import { PreTrainedModel } from './pretrained-model';

/**
 * CLIP with both towers: texts and pictures in one space.
 *
 * @example
 * const { pooler_output } = await model.get_image_features(await processor({ images: 'cat.png' }));
 */
export class CLIPModel extends PreTrainedModel {
  static override family = clip;

  /**
   * Texts as points of the common space.
   *
   * @param inputs `input_ids`, and if wanted `attention_mask`, `position_ids`, `output_attentions`,
   *   `output_hidden_states`.
   * @returns `last_hidden_state`, `pooler_output` (the projected features, not of length 1, [batch, projection_dim]),
   *   `hidden_states`, `attentions`.
   */
  get_text_features(inputs: ForwardInputs): Promise<ModelOutput> {
    return this.features(0, inputs);
  }

  /**
   * Pictures as points of the common space.
   *
   * @param inputs `pixel_values`, and if wanted `output_attentions`, `output_hidden_states`.
   * @returns As `get_text_features`.
   */
  get_image_features(inputs: ForwardInputs): Promise<ModelOutput> {
    return this.features(1, inputs);
  }

  private async features(index: number, inputs: ForwardInputs): Promise<ModelOutput> {
    const stack = this.runtime.architecture.stacks[index]!;
    const last = `${stack.prefix}last_hidden_state`;
    const projected = `${stack.prefix}${stack.heads.find(h => h.output.endsWith('_embeds'))!.output}`;
    const text = this.config['text_config'] as { eos_token_id?: unknown; pad_token_id?: unknown } | undefined;
    const id = (v: unknown): number | undefined => (typeof v === 'number' ? v : undefined);
    const pass = await runStack({
      runtime: this.runtime,
      index,
      inputs,
      outputs: [last, projected],
      useCache: false,
      special: { eos: id(text?.eos_token_id), pad: id(text?.pad_token_id) }
    });
    return new ModelOutput({
      last_hidden_state: pass.values.get(last),
      pooler_output: pass.values.get(projected),
      hidden_states: pass.hidden_states,
      attentions: pass.attentions
    });
  }
}
