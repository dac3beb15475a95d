import { checkLabels, dense, describe, isTensorLike, pick } from './input';
import type { Dense, Values } from './input';
import { tokenStrings } from './tokens';

/** An output of a forward pass that holds attentions. */
export interface AttentionOutput {
  attentions?: readonly Values[] | null;
  encoder_attentions?: readonly Values[] | null;
  decoder_attentions?: readonly Values[] | null;
  cross_attentions?: readonly Values[] | null;
}

/**
 * Attention in any of the shapes people hold it in: a forward pass's output, its `attentions` (one
 * [batch, head, query, key] per layer), or the pattern of one layer or head.
 */
export type Attentions = AttentionOutput | readonly Values[] | Values;

/** Which attentions of an output are meant. */
export type AttentionKind = 'attentions' | 'encoder_attentions' | 'decoder_attentions' | 'cross_attentions';

/** Attention of one sequence: layers of [head, query, key], and what they are called. */
export interface Patterns {
  layers: { number: number; values: Dense }[];
  heads: number;
  queries: number;
  keys: number;
}

function fromOutput(source: AttentionOutput, kind: AttentionKind): readonly Values[] {
  const list = source[kind] ?? (kind === 'attentions' ? (source.decoder_attentions ?? undefined) : undefined);
  if (!list) {
    throw new TypeError(
      `Cannot draw attention as the output must have ${kind}: it has ${Object.keys(source).join(', ') || 'nothing'}. ` +
        'Run the model with output_attentions: true and attn_implementation: "eager"'
    );
  }
  return list;
}

function depth(values: unknown): number {
  return Array.isArray(values) ? 1 + depth(values[0]) : isTensorLike(values) ? values.dims.length : 0;
}

function layerList(source: Attentions, kind: AttentionKind): readonly Values[] {
  if (source === null || source === undefined) {
    throw new TypeError(
      `Cannot draw attention as ${kind} must be tensors: current value is ${describe(source)}. ` +
        'Run the model with output_attentions: true and attn_implementation: "eager"'
    );
  }
  if (isTensorLike(source)) {
    return [source];
  }
  if (Array.isArray(source)) {
    if (source.length === 0) {
      throw new TypeError('Cannot draw attention as there must be at least one layer: the array is empty');
    }
    if (Array.isArray(source[0]) && isTensorLike(source[0][0])) {
      throw new TypeError(
        'Cannot draw attention as each layer must be one tensor: each entry is an array of tensors, as generate() ' +
          'returns them per step. Use generation_view(), or attention_view(outputs.attentions[step], …)'
      );
    }
    // Plain nested numbers of one head or one layer; deeper ones are lists of layers.
    return isTensorLike(source[0]) || depth(source) >= 4 ? (source as Values[]) : [source as Values];
  }
  if (typeof source === 'object' && !ArrayBuffer.isView(source)) {
    return layerList(fromOutput(source as AttentionOutput, kind), kind);
  }
  throw new TypeError(`Cannot draw attention as it must be an output or its attentions: it is ${describe(source)}`);
}

/** One layer as [head, query, key] of one sequence of the batch. */
function oneLayer(values: Values, batch: number, number: number): Dense {
  const what = `the attention of layer ${number}`;
  const all = dense(values, what);
  const { shape, data } = all;
  if (shape.length === 2) {
    return { shape: [1, ...shape], data };
  }
  if (shape.length === 3) {
    return all;
  }
  if (shape.length !== 4) {
    throw new TypeError(
      `Cannot draw ${what} as it must have the axes [batch, head, query, key]: current shape is [${shape.join(', ')}]`
    );
  }
  const at = pick(batch, shape[0]!, 'batch');
  const size = shape[1]! * shape[2]! * shape[3]!;
  return { shape: shape.slice(1), data: data.subarray(at * size, (at + 1) * size) };
}

/**
 * Brings attention into one form.
 *
 * @param layers Numbers of the layers: as many as given name them, fewer choose among them.
 * @param batch Which sequence of the batch.
 * @throws {TypeError} If the shapes are not attention's or differ between layers.
 */
export function readPatterns(
  source: Attentions,
  { layers, batch = 0, kind = 'attentions' }: { layers?: readonly number[]; batch?: number; kind?: AttentionKind }
): Patterns {
  const list = layerList(source, kind);
  const named = layers?.length === list.length;
  const numbers = named ? [...layers!] : list.map((_, i) => i);
  const chosen = layers && !named ? layers.map(l => pick(l, list.length, 'layer')) : numbers.map((_, i) => i);
  const read = chosen.map(i => ({ number: numbers[i]!, values: oneLayer(list[i]!, batch, numbers[i]!) }));
  const [heads, queries, keys] = read[0]!.values.shape as [number, number, number];
  for (const { number, values } of read) {
    if (values.shape.join() !== [heads, queries, keys].join()) {
      throw new TypeError(
        `Cannot draw layers together as their [head, query, key] must agree: layer ${read[0]!.number} has ` +
          `[${heads}, ${queries}, ${keys}], layer ${number} has [${values.shape.join(', ')}]. Draw them one by one`
      );
    }
  }
  return { layers: read, heads, queries, keys };
}

/** Tokens of both axes: with a cache the queries are the last of the keys. */
export function axisTokens(
  patterns: Patterns,
  tokens: readonly string[],
  queryTokens?: readonly string[]
): { query: string[]; key: string[] } {
  const key = tokenStrings(tokens, 'tokens');
  checkLabels(key, patterns.keys, 'tokens', 'the key axis');
  if (queryTokens) {
    const query = tokenStrings(queryTokens, 'query_tokens');
    checkLabels(query, patterns.queries, 'query_tokens', 'the query axis');
    return { query, key };
  }
  if (patterns.queries > patterns.keys) {
    throw new TypeError(
      `Cannot label the query axis as its ${patterns.queries} entries outnumber the ${patterns.keys} keys: ` +
        'give query_tokens'
    );
  }
  return { query: key.slice(key.length - patterns.queries), key };
}

/** All layers as one [layer, head, query, key]. */
export function stack(patterns: Patterns): Dense {
  const { layers, heads, queries, keys } = patterns;
  const size = heads * queries * keys;
  const data = new Float32Array(layers.length * size);
  layers.forEach(({ values }, i) => data.set(values.data, i * size));
  return { shape: [layers.length, heads, queries, keys], data };
}

/** Shrinks [.., q, k] by taking the largest of each `by` × `by` square; NaN wins, so that it stays visible. */
export function pool(values: Dense, by: number): Dense {
  const [l, h, q, k] = values.shape as [number, number, number, number];
  const q2 = Math.ceil(q / by);
  const k2 = Math.ceil(k / by);
  const data = new Float32Array(l * h * q2 * k2);
  for (let m = 0; m < l * h; m++) {
    for (let i = 0; i < q; i++) {
      const to = (m * q2 + Math.floor(i / by)) * k2;
      const from = (m * q + i) * k;
      for (let j = 0; j < k; j++) {
        const at = to + Math.floor(j / by);
        const v = values.data[from + j]!;
        if (!(v <= data[at]!)) {
          data[at] = v;
        }
      }
    }
  }
  return { shape: [l, h, q2, k2], data };
}
