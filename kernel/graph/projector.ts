import type { Activation } from '../models/architecture';
import { buildActivation } from './activation';
import type { BuiltGraph, Target } from './builder';
import { GraphBuilder } from './builder';

/** Widths of a projector of two linear layers. */
export interface ProjectorSizes {
  readonly in: number;
  readonly hidden: number;
  readonly out: number;
  readonly activation: Activation;
  readonly bias: boolean;
}

/**
 * Image features to a language model's width. Weights `projector.in` and `projector.out`.
 *
 *   features [rows, in] ─► projector.in ─► activation ─► projector.out ─► projected [rows, out]
 */
export function buildProjector(sizes: ProjectorSizes, target: Target): BuiltGraph {
  const b = new GraphBuilder('projector', target);
  const x = b.input('features', 'float32', ['rows', sizes.in]);
  const hidden = b.linear(x, 'projector.in', { in: sizes.in, out: sizes.hidden, bias: sizes.bias });
  const active = buildActivation(b, hidden, sizes.activation);
  b.linear(active, 'projector.out', { in: sizes.hidden, out: sizes.out, bias: sizes.bias }, 'projected');
  b.output('projected', ['rows', sizes.out]);
  return b.build();
}
