import type { Norm } from '../models/architecture';
import type { GraphBuilder } from './builder';

/**
 * x [rows, size] normalised over its last axis, statistics in float32.
 *
 * @param name Canonical name: weights are `<name>.weight` and `<name>.bias`.
 */
export function buildNorm(b: GraphBuilder, x: string, name: string, norm: Norm, size: number, output?: string): string {
  const ones = () => b.floats(new Array<number>(size).fill(1));
  const weight = norm.weight === false ? ones() : b.weight(`${name}.weight`, [size]);
  const attributes = { axis: -1, epsilon: { float: norm.eps }, stash_type: 1 };
  if (norm.type === 'rms') {
    return b.node('SimplifiedLayerNormalization', [x, weight], attributes, output);
  }
  const inputs = norm.bias ? [x, weight, b.weight(`${name}.bias`, [size])] : [x, weight];
  return b.node('LayerNormalization', inputs, attributes, output);
}
