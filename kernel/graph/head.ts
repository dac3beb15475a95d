import type { Head, HeadStep, Stack } from '../models/architecture';
import { buildActivation } from './activation';
import type { GraphBuilder } from './builder';
import { buildNorm } from './norm';

/**
 * What is made of the last hidden state: each head is a chain of steps ending in a named output.
 *
 * @param values Earlier outputs a head may start from, by name; `last_hidden_state` is [rows, hidden_size].
 */
export function buildHeads(b: GraphBuilder, stack: Stack, values: Map<string, string>, batchPos: string): void {
  const widths = new Map<string, number>([['last_hidden_state', stack.project_out ?? stack.hidden_size]]);
  const rowAxes = new Map<string, readonly string[]>([['last_hidden_state', ['batch', 'pos']]]);
  for (const head of stack.heads) {
    b.scope = `${stack.prefix}${head.output}`;
    let x = values.get(head.from)!;
    let width = widths.get(head.from)!;
    let axes = rowAxes.get(head.from)!;
    head.steps.forEach((step, i) => {
      const last = i === head.steps.length - 1;
      x = buildStep(b, stack, x, step, width, batchPos, last ? `${stack.prefix}${head.output}` : undefined);
      width = step.op === 'linear' ? step.out : width;
      axes = step.op === 'rows' ? ['kept'] : step.op === 'first' ? ['batch'] : axes;
    });
    if (head.steps.length === 0) {
      x = b.node('Identity', [x], {}, `${stack.prefix}${head.output}`);
    }
    values.set(head.output, x);
    widths.set(head.output, width);
    rowAxes.set(head.output, axes);
    b.output(x, [axes.length === 2 ? 'rows' : axes[0]!, width], [...axes, width]);
  }
}

/**
 * The end of the stream, x [rows, hidden_size]: final norm, then project_out. Used for the last block's output, and
 * for states put in from outside (`lens_states`, usually none), so that a logit lens needs no second copy of weights.
 */
export function buildFinal(b: GraphBuilder, stack: Stack, x: string, output?: string): string {
  const { prefix, hidden_size, final_norm, project_out } = stack;
  const normed = final_norm
    ? buildNorm(b, x, `${prefix}ln_final`, final_norm, hidden_size, project_out ? undefined : output)
    : x;
  if (project_out) {
    return b.linear(normed, `${prefix}project_out`, { in: hidden_size, out: project_out, bias: false }, output);
  }
  return final_norm || !output ? normed : b.node('Identity', [normed], {}, output);
}

function buildStep(
  b: GraphBuilder,
  stack: Stack,
  x: string,
  step: HeadStep,
  width: number,
  batchPos: string,
  output: string | undefined
): string {
  const { prefix, hidden_size } = stack;
  switch (step.op) {
    case 'rows': {
      const kept = b.node('Gather', [x, b.input(`${prefix}logit_rows`, 'int64', ['kept'])], { axis: 0 });
      const lens = b.input(`${prefix}lens_states`, 'float32', ['lens', hidden_size]);
      return b.node('Concat', [kept, buildFinal(b, stack, lens)], { axis: 0 }, output);
    }
    case 'first': {
      const shape = b.node('Concat', [batchPos, b.ints([hidden_size])], { axis: 0 });
      return b.node('Gather', [b.node('Reshape', [x, shape]), b.ints([0], [])], { axis: 1 }, output);
    }
    case 'linear':
      return b.linear(x, `${prefix}${step.name}`, step, output);
    case 'norm':
      return buildNorm(b, x, `${prefix}${step.name}`, step.norm, width, output);
    case 'activation':
      return buildActivation(b, x, step.fn, output);
    case 'softcap': {
      const cap = b.floats([step.cap], []);
      return b.node('Mul', [b.node('Tanh', [b.node('Div', [x, cap])]), cap], {}, output);
    }
    case 'scale':
      return b.node('Mul', [x, b.floats([step.by], [])], {}, output);
  }
}

/** True if a head keeps only the rows asked for. */
export function takesRows(heads: readonly Head[]): boolean {
  return heads.some(h => h.steps.some(s => s.op === 'rows'));
}
