import type * as ort from 'onnxruntime-common';
import type { Checkpoint } from '../checkpoint/checkpoint';
import { buildProjector } from '../graph/projector';
import type { Engine } from '../host/host';
import { openSession } from '../inference/session';
import { inTurn } from '../inference/turns';
import { WeightReader } from '../inference/weights';
import type { Activation } from '../models/architecture';
import { Tensor } from '../tensor/tensor';

/** Where a projector's two layers are in a checkpoint, without `.weight`. */
export interface ProjectorNames {
  readonly in: string;
  readonly out: string;
  readonly activation: Activation;
}

/** MQwen's: a Sequential of Linear, GELU, Linear. */
export const sequentialProjector: ProjectorNames = { in: '0', out: '2', activation: 'gelu' };

/** Maps image features to the width of a language model: linear, activation, linear. */
export class Projector {
  private constructor(
    /** Width of the image features. */
    readonly in_features: number,
    /** Width of the language model. */
    readonly out_features: number,
    private readonly engine: Engine,
    private readonly session: ort.InferenceSession
  ) {}

  /**
   * Opens a projector.
   *
   * @param checkpoint Holds its weights.
   * @throws {RangeError} If a weight is missing.
   * @throws {TypeError} If the layers do not fit together.
   */
  static async open(engine: Engine, checkpoint: Checkpoint, names: ProjectorNames, file: string): Promise<Projector> {
    const dims = [names.in, names.out].map(name => {
      if (!checkpoint.has(`${name}.weight`)) {
        throw new RangeError(
          `Cannot load the projector ${file} as it must contain ${name}.weight: it has ` +
            `${checkpoint.names.slice(0, 8).join(', ')}`
        );
      }
      return checkpoint.info(`${name}.weight`).dims;
    });
    const [first, second] = dims as [readonly number[], readonly number[]];
    if (first.length !== 2 || second.length !== 2 || first[0] !== second[1]) {
      throw new TypeError(
        `Cannot load the projector ${file} as ${names.out}.weight must take what ${names.in}.weight gives: ` +
          `current shapes are [${first}] and [${second}]`
      );
    }
    const bias = checkpoint.has(`${names.in}.bias`);
    const sizes = { in: first[1]!, hidden: first[0]!, out: second[0]!, activation: names.activation, bias };
    const graph = buildProjector(sizes, { device: engine.device, linear: 'float32', edits: [] });
    const weights = Object.fromEntries(
      (['in', 'out'] as const).flatMap(part =>
        ['weight', 'bias'].map(kind => [`projector.${part}.${kind}`, `${names[part]}.${kind}`] as const)
      )
    );
    const reader = new WeightReader(checkpoint, { stacks: [], weights });
    return new Projector(sizes.in, sizes.out, engine, await openSession(engine, graph, reader));
  }

  /**
   * @param features Shape [batch, positions, in_features].
   * @returns Shape [batch, positions, out_features].
   * @throws {TypeError} If the width is another.
   */
  async project(features: Tensor): Promise<Tensor> {
    const width = features.dims.at(-1);
    if (width !== this.in_features) {
      throw new TypeError(
        `Cannot project image features as they must be ${this.in_features} wide: current shape is ` +
          `[${features.dims}]. ` +
          'The projector belongs to another vision tower'
      );
    }
    const rows = features.data.length / this.in_features;
    const input = new this.engine.ort.Tensor('float32', features.data as Float32Array, [rows, this.in_features]);
    const out = await inTurn(this.engine, () => this.session.run({ features: input }, ['projected']));
    const projected = out['projected']!;
    const data = (projected.location === 'cpu' ? projected.data : await projected.getData(true)) as Float32Array;
    return new Tensor('float32', data, [...features.dims.slice(0, -1), this.out_features]);
  }

  async dispose(): Promise<void> {
    await this.session.release();
  }
}
