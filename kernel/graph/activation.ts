import type { Activation } from '../models/architecture';
import type { GraphBuilder } from './builder';

/** One element-wise function of ACT2FN. silu is QuickGelu with alpha 1: x · sigmoid(x) in one pass. */
export function buildActivation(b: GraphBuilder, x: string, fn: Activation, output?: string): string {
  switch (fn) {
    case 'silu':
      return b.contrib('QuickGelu', [x], { alpha: { float: 1 } }, output);
    case 'quick_gelu':
      return b.contrib('QuickGelu', [x], { alpha: { float: 1.702 } }, output);
    case 'gelu':
      return b.node('Gelu', [x], { approximate: 'none' }, output);
    case 'gelu_new':
    case 'gelu_tanh':
      return b.node('Gelu', [x], { approximate: 'tanh' }, output);
    case 'relu':
      return b.node('Relu', [x], {}, output);
    case 'relu2': {
      const relu = b.node('Relu', [x]);
      return b.node('Mul', [relu, relu], {}, output);
    }
    case 'tanh':
      return b.node('Tanh', [x], {}, output);
    case 'sigmoid':
      return b.node('Sigmoid', [x], {}, output);
    case 'linear':
      return output ? b.node('Identity', [x], {}, output) : x;
  }
}
