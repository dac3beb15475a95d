import type { Norm, Stack } from '../models/architecture';
import { Tensor } from '../tensor/tensor';
import { normParts } from './derived';
import type { InspectableModel, Inputs } from './model';
import { runWithCache } from './run';

export interface AttributionOptions {
  /** Token id whose logit is attributed; one per batch row or one for all. */
  readonly target: number | readonly number[];
  /** Token id whose logit is subtracted. */
  readonly minus?: number | readonly number[];
  /** Split attention by head ([layers, heads]) or list every component. Default 'component'. */
  readonly by?: 'head' | 'component' | 'layer' | 'mlp';
  /** Position whose prediction is attributed. Default the last. */
  readonly pos?: number | 'last';
}

export interface Attribution {
  /** By head [layers, heads]; otherwise one number per label; averaged over the batch. */
  readonly values: Tensor;
  readonly labels: readonly string[];
  /** Sum over all components (not only those listed), which must equal `logit`. */
  readonly sum: number;
  /** The logit of the target, less that of `minus`, before any final soft cap; averaged over the batch. */
  readonly logit: number;
}

/**
 * Direct logit attribution: how much each component writes straight into a logit. The final norm's scale is frozen at
 * its value in this run, so that parts add up to the whole.
 *
 * @throws {RangeError} If the model has no stream that components add to (post-norm models).
 * @see https://arxiv.org/abs/2211.00593
 */
export async function directLogitAttribution(
  model: InspectableModel,
  inputs: Inputs,
  options: AttributionOptions
): Promise<Attribution> {
  const stack = model.architecture.stacks.at(-1)!;
  checkStream(stack);
  const layers = stack.blocks.length;
  const by = options.by ?? 'component';
  const sites = ['attn_out', 'mlp_out', ...(by === 'head' ? ['z'] : [])];
  const names = [
    'blocks.0.hook_resid_pre',
    `blocks.${layers - 1}.hook_resid_post`,
    ...stack.blocks.flatMap((_, i) => sites.map(s => (s === 'z' ? `blocks.${i}.attn.hook_z` : `blocks.${i}.hook_${s}`)))
  ].map(n => stack.prefix + n);
  const { cache } = await runWithCache(model, inputs, { names, pos: options.pos ?? 'last' });
  const final = cache.get(names[1]!);
  const batch = final.dims[0]!;
  const directions = await Promise.all(
    Array.from({ length: batch }, (_, row) =>
      direction(
        model,
        stack,
        rowOf(final, row),
        pick(options.target, row),
        options.minus === undefined ? undefined : pick(options.minus, row)
      )
    )
  );
  const mean = (of: (row: number) => number): number =>
    Array.from({ length: batch }, (_, r) => of(r)).reduce((a, b) => a + b, 0) / batch;
  const project = (name: string): number => {
    const value = cache.get(stack.prefix + name);
    return mean(row => dot(centred(rowOf(value, row), stack.final_norm), directions[row]!.vector));
  };
  const constant = mean(row => directions[row]!.constant);
  const parts: { label: string; value: number }[] = [{ label: 'embed', value: project('blocks.0.hook_resid_pre') }];
  for (let i = 0; i < layers; i++) {
    parts.push({ label: `L${i} attn`, value: project(`blocks.${i}.hook_attn_out`) });
    parts.push({ label: `L${i} mlp`, value: project(`blocks.${i}.hook_mlp_out`) });
  }
  if (constant !== 0) {
    parts.push({ label: 'bias', value: constant });
  }
  const sum = parts.reduce((n, p) => n + p.value, 0);
  const logit = mean(
    row => dot(centred(rowOf(final, row), stack.final_norm), directions[row]!.vector) + directions[row]!.constant
  );
  if (by === 'head') {
    const values = await byHead(
      model,
      stack,
      i => cache.get(`${stack.prefix}blocks.${i}.attn.hook_z`),
      directions.map(d => d.vector)
    );
    return { values, labels: headLabels(stack), sum, logit };
  }
  const listed =
    by === 'component'
      ? parts
      : by === 'mlp'
        ? parts.filter(p => p.label.endsWith('mlp'))
        : stack.blocks.map((_, i) => ({ label: `L${i}`, value: parts[1 + 2 * i]!.value + parts[2 + 2 * i]!.value }));
  return {
    values: new Tensor(
      'float32',
      Float32Array.from(listed, p => p.value),
      [listed.length]
    ),
    labels: listed.map(p => p.label),
    sum,
    logit
  };
}

/** 'L0H0' … */
export function headLabels(stack: Stack): string[] {
  return stack.blocks.flatMap((block, l) => Array.from({ length: block.attention.heads }, (_, h) => `L${l}H${h}`));
}

function checkStream(stack: Stack): void {
  if (stack.blocks.some(b => b.norm_placement === 'post')) {
    throw new RangeError(
      'Cannot attribute logits as components must add to one residual stream: this model normalises the stream after every sum'
    );
  }
  if (!stack.heads.some(h => h.output === 'logits')) {
    throw new RangeError(
      'Cannot attribute logits as the model must have a language-model head: load it with AutoModelForCausalLM'
    );
  }
}

function pick(value: number | readonly number[], row: number): number {
  return typeof value === 'number' ? value : (value[row] ?? value[0]!);
}

function rowOf(t: Tensor, row: number): Float32Array {
  const width = t.data.length / t.dims[0]!;
  return (t.data as Float32Array).subarray(row * width, (row + 1) * width);
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    sum += a[i]! * b[i]!;
  }
  return sum;
}

/** LayerNorm subtracts the mean, part by part; RMSNorm does not. */
function centred(x: Float32Array, norm: Norm | undefined): Float32Array {
  if (norm?.type !== 'layer') {
    return x;
  }
  const mean = x.reduce((n, v) => n + v, 0) / x.length;
  return x.map(v => v - mean);
}

/** The vector a part is multiplied with, final norm's weight and frozen scale included, and what is left over. */
async function direction(
  model: InspectableModel,
  stack: Stack,
  final: Float32Array,
  target: number,
  minus: number | undefined
): Promise<{ vector: Float32Array; constant: number }> {
  const width = stack.hidden_size;
  const norm = stack.final_norm;
  const ids = minus === undefined ? [target] : [target, minus];
  const { weight, bias } = await model.unembedding(ids);
  const scale = headScale(stack);
  const vector = new Float32Array(width);
  for (let i = 0; i < width; i++) {
    vector[i] = scale * (weight[i]! - (minus === undefined ? 0 : weight[width + i]!));
  }
  let constant = bias[0]! - (minus === undefined ? 0 : bias[1]!);
  if (!norm) {
    return { vector, constant };
  }
  const w =
    norm.weight === false
      ? new Float32Array(width).fill(1)
      : await model.weight(`${stack.prefix}ln_final.weight`, [width]);
  if (norm.bias) {
    constant += dot(await model.weight(`${stack.prefix}ln_final.bias`, [width]), vector);
  }
  const divisor = (normParts(new Tensor('float32', final, [1, width]), norm, true).data as Float32Array)[0]!;
  return { vector: vector.map((v, i) => (v * w[i]!) / divisor), constant };
}

/** Factor on the state before the unembedding (T5). */
function headScale(stack: Stack): number {
  const steps = stack.heads.find(h => h.output === 'logits')!.steps;
  return steps.reduce((n, s) => (s.op === 'scale' ? n * s.by : n), 1);
}

/** z_h · W_O^h · direction for every head, averaged over the batch: [layers, heads]. */
async function byHead(
  model: InspectableModel,
  stack: Stack,
  z: (layer: number) => Tensor,
  directions: readonly Float32Array[]
): Promise<Tensor> {
  const layers = stack.blocks.length;
  const { heads, head_dim } = stack.blocks[0]!.attention;
  if (stack.blocks.some(b => b.ln1_post)) {
    throw new RangeError(
      'Cannot attribute logits by head as attn_out must be the sum of its heads: this model normalises it (use by: "component")'
    );
  }
  const width = stack.hidden_size;
  const values = new Float32Array(layers * heads);
  for (let layer = 0; layer < layers; layer++) {
    const w = await model.weight(`${stack.prefix}blocks.${layer}.attn.o.weight`, [width, heads * head_dim]);
    const value = z(layer);
    directions.forEach((vector, row) => {
      const part = rowOf(value, row);
      const isCentred = stack.final_norm?.type === 'layer';
      const mean = isCentred ? vector.reduce((n, v) => n + v, 0) / width : 0;
      const through = new Float64Array(heads * head_dim);
      for (let o = 0; o < width; o++) {
        const factor = vector[o]! - mean;
        for (let i = 0; i < through.length; i++) {
          through[i]! += factor * w[o * through.length + i]!;
        }
      }
      for (let h = 0; h < heads; h++) {
        let sum = 0;
        for (let d = 0; d < head_dim; d++) {
          sum += part[h * head_dim + d]! * through[h * head_dim + d]!;
        }
        values[layer * heads + h]! += sum / directions.length;
      }
    });
  }
  return new Tensor('float32', values, [layers, heads]);
}
