/**
 * LLaVA: pictures through vision tower and projector to features, features among embeddings, then the language model.
 * Source: transformers/models/llava/modeling_llava.py
 */
import type { PretrainedConfig } from '../config/config';
import { DynamicCache } from '../inference/cache';
import type { Activation, Task } from '../models/architecture';
import { llava, llavaPart, llavaVision } from '../models/llava';
import { Tensor } from '../tensor/tensor';
import type { Assembled } from './assemble';
import type { ForwardInputs, Probe } from './forward';
import { scatterFeatures } from './fusion';
import { floats, ints } from './inputs';
import type { PretrainedOptions } from './load';
import { loadRuntime } from './load';
import { ModelOutput } from './outputs';
import { PreTrainedModel } from './pretrained-model';
import type { ModelClass } from './pretrained-model';
import { Projector } from './projector';

/** The tower as a model of its own. */
class LlavaVisionTower extends PreTrainedModel {}

/** LLaVA with its head: `forward` and `generate` take `pixel_values` beside the prompt. */
export class LlavaForConditionalGeneration extends PreTrainedModel {
  static override family = llava;
  static override task: Task = 'causal_lm';

  /** The vision tower; its hidden states are what the projector sees. */
  vision_tower!: PreTrainedModel;
  multi_modal_projector!: Projector;

  static override async from_pretrained<T extends PreTrainedModel>(
    this: ModelClass<T>,
    name: string,
    options: PretrainedOptions = {}
  ): Promise<T> {
    const { output_loading_info, ...others } = options;
    const loaded = (await PreTrainedModel.from_pretrained.call(this, name, options)) as unknown;
    const model = (output_loading_info ? (loaded as [unknown])[0] : loaded) as LlavaForConditionalGeneration;
    try {
      await model.openVision(others);
    } catch (error) {
      await model.dispose();
      throw error;
    }
    return loaded as T;
  }

  private async openVision(options: PretrainedOptions): Promise<void> {
    const { checkpoint, engine } = this.runtime;
    const config = llavaPart(this.config, 'vision_config');
    const family = llavaVision(config.model_type);
    const runtime = await loadRuntime(`${this.name_or_path} (vision)`, family, 'base', config, checkpoint, options);
    this.vision_tower = new LlavaVisionTower(config, { runtime, name: `${this.name_or_path} (vision)` });
    const at = (part: string): string =>
      [`multi_modal_projector.${part}`, `model.multi_modal_projector.${part}`].find(n =>
        checkpoint.has(`${n}.weight`)
      ) ?? `multi_modal_projector.${part}`;
    this.multi_modal_projector = await Projector.open(
      engine,
      checkpoint,
      { in: at('linear_1'), out: at('linear_2'), activation: this.config['projector_hidden_act'] as Activation },
      this.name_or_path
    );
  }

  override get forward_parameters(): readonly string[] {
    return ['pixel_values', ...super.forward_parameters];
  }

  /**
   * Pictures to features of the language model's width.
   *
   * @param inputs `pixel_values` [images, 3, height, width]; `vision_feature_layer` (one hidden state, or several
   *   side by side) and `vision_feature_select_strategy` ('default' leaves the CLS token out) replace the
   * configuration's.
   * @returns Shape [images, patches, hidden_size].
   */
  async get_image_features(inputs: {
    pixel_values: unknown;
    vision_feature_layer?: number | readonly number[];
    vision_feature_select_strategy?: string;
  }): Promise<Tensor> {
    const layer = inputs.vision_feature_layer ?? (this.config['vision_feature_layer'] as number | number[]);
    const strategy = inputs.vision_feature_select_strategy ?? this.config['vision_feature_select_strategy'];
    if (strategy !== 'default' && strategy !== 'full') {
      throw new RangeError(
        `Cannot select image features as vision_feature_select_strategy must be 'default' or 'full': ` +
          `current value is ${String(strategy)}`
      );
    }
    const layers = Array.isArray(layer) ? (layer as number[]) : [layer as number];
    const { hidden_states } = await this.vision_tower({
      pixel_values: inputs.pixel_values,
      output_hidden_states: true
    });
    const states = layers.map(i => {
      const state = (hidden_states as Tensor[]).at(i);
      if (!state) {
        throw new RangeError(
          `Cannot select image features as vision_feature_layer must be within ${hidden_states.length} ` +
            `hidden states: current value is ${i}`
        );
      }
      return state;
    });
    return this.multi_modal_projector.project(sideBySide(states, strategy === 'default' ? 1 : 0));
  }

  /** Features of the pictures in embeddings this model made, for the output. */
  private readonly features = new WeakMap<Tensor, Tensor>();

  override async embed_inputs(inputs: ForwardInputs): Promise<ForwardInputs> {
    const { pixel_values, ...rest } = await super.embed_inputs(inputs);
    const past = rest['past_key_values'];
    const isLater = past instanceof DynamicCache && past.get_seq_length() > 0 && noPlaceholder(rest, this.config);
    if (pixel_values === undefined || pixel_values === null || isLater) {
      return rest;
    }
    if (rest['input_ids'] === undefined || rest['input_ids'] === null) {
      throw new TypeError('Cannot use pixel_values as the placeholders must be found among input_ids: give input_ids');
    }
    const features = await this.get_image_features({ pixel_values });
    const ids = ints('input_ids', rest['input_ids']);
    const embeds = this.get_input_embeddings()(rest['input_ids']);
    const token = this.config['image_token_index'] as number;
    const { input_ids: _replaced, ...others } = rest;
    const inputs_embeds = scatterFeatures(ids, floats('image features', features), embeds, token);
    this.features.set(inputs_embeds, features);
    return { ...others, inputs_embeds };
  }

  override async run(inputs: ForwardInputs, probe?: Probe): Promise<Assembled> {
    const embedded = await this.embed_inputs(inputs);
    const result = await super.run(embedded, probe);
    const features = this.features.get(embedded['inputs_embeds'] as Tensor);
    return features
      ? { ...result, output: new ModelOutput({ ...result.output, image_hidden_states: rows(features) }) }
      : result;
  }

  override async dispose(): Promise<void> {
    await this.multi_modal_projector?.dispose();
    await this.vision_tower?.dispose();
    await super.dispose();
  }
}

/** Whether a later piece of a conversation brings no picture of its own. */
function noPlaceholder(inputs: ForwardInputs, config: PretrainedConfig): boolean {
  const { input_ids } = inputs;
  return (
    input_ids === undefined ||
    input_ids === null ||
    !ints('input_ids', input_ids).data.includes(config['image_token_index'] as number)
  );
}

/** States [batch, pos, width] without their first `skip` positions, one beside the other. */
function sideBySide(states: readonly Tensor[], skip: number): Tensor {
  const [batch, length, width] = states[0]!.dims as [number, number, number];
  const kept = length - skip;
  const data = new Float32Array(batch * kept * width * states.length);
  states.forEach((state, n) => {
    for (let b = 0; b < batch; b++) {
      for (let p = 0; p < kept; p++) {
        const from = (b * length + p + skip) * width;
        data.set(
          (state.data as Float32Array).subarray(from, from + width),
          ((b * kept + p) * states.length + n) * width
        );
      }
    }
  });
  return new Tensor('float32', data, [batch, kept, width * states.length]);
}

/** [images, patches, width] → [images · patches, width], as Python has it. */
function rows(features: Tensor): Tensor {
  const [images, patches, width] = features.dims as [number, number, number];
  return new Tensor('float32', features.data, [images * patches, width]);
}
