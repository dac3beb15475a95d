import type { AttentionData } from '../protocol/view';
import { axisTokens, pool, readPatterns, stack } from './attention-input';
import type { AttentionKind, Attentions, Patterns } from './attention-input';
import { heatmap, layout, SEQUENTIAL } from './figure';
import { pick, row } from './input';
import type { Dense } from './input';
import { base64, isCausal, packAttention } from './pack';
import { axisLabel, rounded } from './strings';
import { View } from './view';

export interface AttentionViewOptions {
  /** Layer shown first. Default 0; negative counts from the end. */
  layer?: number;
  /** Head shown first. Default 0; negative counts from the end. */
  head?: number;
  /** Start with the first key hidden and the rest of each row made to sum to 1. Default false. */
  hide_first?: boolean;
  /**
   * Numbers of the layers. As many as there are tensors: their names, e.g. `[5]` with the pattern of layer 5 alone.
   * Fewer: only these are kept.
   */
  layers?: readonly number[];
  /** Which sequence of the batch. Default 0. */
  batch?: number;
  /** Key/value heads of grouped-query attention: marks the query heads that share one. */
  kv_heads?: number;
  /** Tokens of the query axis where they are not the last of the key tokens (cross-attention). */
  query_tokens?: readonly string[];
  title?: string;
  /** A remark under the title, e.g. `'weights quantised to q8'`. */
  note?: string;
  /** Weight of the packed patterns in the notebook, in bytes of text. Default 3,000,000. */
  max_bytes?: number;
  /** Which of an encoder-decoder's attentions. Default `'attentions'`. */
  kind?: AttentionKind;
}

const MAX_BYTES = 3_000_000;
/** Characters of base64 per value, after deflation, of real attention. */
const PER_VALUE = 0.9;
/** Thumbnails of the static figure have at most this many cells a side. */
const STATIC_SIDE = 16;

interface Held {
  data: AttentionData;
  values: Dense;
  note: string | undefined;
}

/** Reads, shrinks where it would be too heavy, and packs. */
function hold(
  source: Attentions,
  tokens: readonly string[],
  mode: AttentionData['mode'],
  o: AttentionViewOptions
): Held {
  let patterns = readPatterns(source, o);
  const { query, key } = axisTokens(patterns, tokens, o.query_tokens);
  const chosen = layerIndex(patterns, o.layer ?? 0);
  const head = pick(o.head ?? 0, patterns.heads, 'head');
  if (o.kv_heads !== undefined && (o.kv_heads < 1 || patterns.heads % o.kv_heads !== 0)) {
    throw new RangeError(
      `Cannot group ${patterns.heads} heads as kv_heads must divide them: current value is ${o.kv_heads}`
    );
  }
  const limit = o.max_bytes ?? MAX_BYTES;
  const causal = patterns.layers.every(l => isCausal(l.values));
  const bytes = (p: Patterns): number =>
    p.layers.length * p.heads * p.queries * p.keys * (causal ? 0.5 : 1) * PER_VALUE;
  const notes = o.note ? [o.note] : [];
  let layer = chosen;
  if (mode !== 'grid' && bytes(patterns) > limit && patterns.layers.length > 1) {
    const { number } = patterns.layers[chosen]!;
    notes.push(
      `Layer ${number} alone is kept, as all ${patterns.layers.length} would weigh ` +
        `${(bytes(patterns) / 1e6).toFixed(0)} MB: choose others with layers: […]`
    );
    patterns = { ...patterns, layers: [patterns.layers[chosen]!] };
    layer = 0;
  }
  let values = stack(patterns);
  let pooled = 1;
  while (bytes(patterns) / pooled ** 2 > limit) {
    pooled++;
  }
  const labels = { query, key };
  if (pooled > 1) {
    values = pool(values, pooled);
    labels.query = poolLabels(query, pooled);
    labels.key = poolLabels(key, pooled);
    notes.push(
      `Each cell is the largest of ${pooled} × ${pooled} positions, to stay within ${(limit / 1e6).toFixed(1)} MB: ` +
        'attention_view(…, { layers: [n] }) shows a layer exactly'
    );
  }
  return {
    values,
    note: notes.length ? notes.join('. ') : undefined,
    data: {
      patterns: packAttention(values, causal && pooled === 1),
      layers: patterns.layers.map(l => l.number),
      heads: Array.from({ length: patterns.heads }, (_, i) => i),
      query_tokens: labels.query,
      key_tokens: labels.key,
      ...(o.kv_heads && o.kv_heads < patterns.heads ? { kv_heads: o.kv_heads } : {}),
      causal,
      ...(pooled > 1 ? { pooled } : {}),
      mode,
      layer,
      head,
      hide_first: o.hide_first ?? false
    }
  };
}

/** Position of a layer among those held, by its number; negative counts from the end. */
function layerIndex(patterns: Patterns, layer: number): number {
  const numbers = patterns.layers.map(l => l.number);
  const at = layer < 0 ? numbers.length + layer : numbers.indexOf(layer);
  if (at < 0 || at >= numbers.length) {
    // A single layer that was not named is the one asked for.
    if (numbers.length === 1) {
      return 0;
    }
    throw new RangeError(`Cannot show layer ${layer} as it must be one of those held: ${numbers.join(', ')}`);
  }
  return at;
}

function poolLabels(tokens: readonly string[], by: number): string[] {
  return Array.from({ length: Math.ceil(tokens.length / by) }, (_, i) => tokens.slice(i * by, (i + 1) * by).join(''));
}

/** Takes the first key out of a [q, k] pattern and lets each row sum to 1 again; a row with nothing else is zero. */
function withoutFirst(pattern: Dense): Dense {
  const [q, k] = pattern.shape as [number, number];
  const data = pattern.data.slice();
  for (let i = 0; i < q; i++) {
    let sum = 0;
    for (let j = 1; j < k; j++) {
      sum += data[i * k + j]!;
    }
    data[i * k] = 0;
    for (let j = 1; j < k && sum > 0; j++) {
      data[i * k + j]! /= sum;
    }
  }
  return { shape: pattern.shape, data };
}

function oneHead({ values, data }: Held): Dense {
  const pattern = row(row(values, data.layer), data.head);
  return data.hide_first ? withoutFirst(pattern) : pattern;
}

function matrixFigure(held: Held, title: string): () => ReturnType<typeof heatmap> {
  const { data } = held;
  return () =>
    heatmap(oneHead(held), {
      title: `${title}: layer ${data.layers[data.layer]}, head ${data.heads[data.head]}`,
      rows: data.query_tokens,
      columns: data.key_tokens,
      rowTitle: 'Query',
      columnTitle: 'Key',
      scale: 'unit',
      unit: 'attention',
      square: true
    });
}

/** For each query, the key it reads most. */
function readTable(held: Held): { columns: string[]; rows: (string | number | null)[][] } {
  const { data } = held;
  const pattern = oneHead(held);
  const k = pattern.shape[1]!;
  const rows = data.query_tokens.map((token, i) => {
    const weights = pattern.data.subarray(i * k, (i + 1) * k);
    let best = 0;
    weights.forEach((w, j) => {
      best = w > weights[best]! ? j : best;
    });
    return [token, data.key_tokens[best]!, rounded(weights[best]!)];
  });
  return { columns: ['query', 'reads most', 'weight'], rows };
}

/**
 * Shows where each position looks: one head's matrix at a time, with selectors for layer and head, the tokens beside it,
 * and a switch that hides the first key, which takes most of the attention of many heads.
 *
 * @param source A forward pass's output, its `attentions` (per layer a tensor [batch, head, query, key]), or the pattern
 * of one layer or head, e.g. `cache.get('pattern', 5)`.
 * @param tokens One string per key position.
 * @throws {TypeError} If there are no attentions, or an axis does not fit the tokens.
 * @throws {RangeError} If there is no such layer, head or sequence.
 * @example
 * const outputs = await model({ ...inputs, output_attentions: true });
 * attention_view(outputs, tokens, { layer: 5, head: 3 });
 */
export function attention_view(
  source: Attentions,
  tokens: readonly string[],
  options: AttentionViewOptions = {}
): View {
  return matrixView(hold(source, tokens, 'matrix', options), options.title ?? 'Attention');
}

function matrixView(held: Held, title: string): View {
  return new View({
    document: { version: 1, kind: 'attention', title, ...(held.note ? { note: held.note } : {}), data: held.data },
    figure: matrixFigure(held, title),
    table: readTable(held)
  });
}

/**
 * Shows one layer's heads as lines from each token to those it reads, a colour per head (as in BertViz). Heads can be
 * switched on and off; hovering or focusing a token leaves only its lines.
 *
 * @param source As for `attention_view`.
 */
export function head_view(source: Attentions, tokens: readonly string[], options: AttentionViewOptions = {}): View {
  return matrixView(hold(source, tokens, 'lines', options), options.title ?? 'Attention heads');
}

/**
 * Shows which positions of the other sequence each position of a decoder reads.
 *
 * @param source A sequence-to-sequence output, its `cross_attentions`, or such tensors.
 * @param query_tokens Strings of the decoder's positions.
 * @param key_tokens Strings of the encoder's positions.
 */
export function cross_attention_view(
  source: Attentions,
  query_tokens: readonly string[],
  key_tokens: readonly string[],
  options: Omit<AttentionViewOptions, 'query_tokens' | 'kind'> = {}
): View {
  const held = hold(source, key_tokens, 'matrix', { ...options, query_tokens, kind: 'cross_attentions' });
  return matrixView(held, options.title ?? 'Cross-attention');
}

/**
 * Shows every head of every layer as a thumbnail; a click or Enter opens one in full beside them.
 *
 * @param source As for `attention_view`.
 * @param options `kv_heads` marks the heads that share keys and values.
 */
export function model_view(source: Attentions, tokens: readonly string[], options: AttentionViewOptions = {}): View {
  const title = options.title ?? 'Attention of all heads';
  const held = hold(source, tokens, 'grid', options);
  return new View({
    document: { version: 1, kind: 'attention', title, ...(held.note ? { note: held.note } : {}), data: held.data },
    figure: () => mosaic(held, title),
    table: firstKeyTable(held)
  });
}

/** Per layer, the head that looks at the first key most, and the layer's mean. */
function firstKeyTable({ values, data }: Held): { columns: string[]; rows: (string | number | null)[][] } {
  const [, h, q, k] = values.shape as [number, number, number, number];
  const rows = data.layers.map((layer, l) => {
    const means = data.heads.map((_, head) => {
      let sum = 0;
      for (let i = 0; i < q; i++) {
        sum += values.data[((l * h + head) * q + i) * k]!;
      }
      return sum / q;
    });
    const best = means.indexOf(Math.max(...means));
    return [
      layer,
      rounded(means.reduce((a, b) => a + b, 0) / h),
      data.heads[Math.max(best, 0)]!,
      rounded(means[best] ?? NaN)
    ];
  });
  return { columns: ['layer', 'mean weight on the first key', 'most by head', 'weight'], rows };
}

/** All heads as one heatmap with gaps: subplots of their own would be hundreds of thousands of DOM nodes. */
function mosaic(held: Held, title: string): { data: { [key: string]: unknown }[]; layout: { [key: string]: unknown } } {
  const { data } = held;
  const side = Math.max(held.values.shape[2]!, held.values.shape[3]!);
  const small = side > STATIC_SIDE ? pool(held.values, Math.ceil(side / STATIC_SIDE)) : held.values;
  const [l, h, q, k] = small.shape as [number, number, number, number];
  const width = h * (k + 1) - 1;
  const height = l * (q + 1) - 1;
  const cells = new Uint8Array(width * height);
  for (let m = 0; m < l * h; m++) {
    for (let i = 0; i < q; i++) {
      for (let j = 0; j < k; j++) {
        const at = (Math.floor(m / h) * (q + 1) + i) * width + (m % h) * (k + 1) + j;
        // Square root, as in the packed data: sparse rows would be invisible at this size.
        cells[at] = Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, small.data[(m * q + i) * k + j]!))));
      }
    }
  }
  const axis = { showgrid: false, zeroline: false, constrain: 'domain' };
  return {
    data: [
      {
        type: 'heatmap',
        z: { dtype: 'u1', bdata: base64(cells), shape: `${height}, ${width}` },
        zmin: 0,
        zmax: 255,
        colorscale: SEQUENTIAL,
        showscale: false,
        hoverinfo: 'none'
      }
    ],
    layout: layout(title, {
      xaxis: {
        ...axis,
        title: { text: 'Head' },
        tickvals: data.heads.map((_, i) => i * (k + 1) + (k - 1) / 2),
        ticktext: data.heads.map(n => axisLabel(String(n))),
        side: 'top'
      },
      yaxis: {
        ...axis,
        title: { text: 'Layer' },
        tickvals: data.layers.map((_, i) => i * (q + 1) + (q - 1) / 2),
        ticktext: data.layers.map(n => axisLabel(String(n))),
        autorange: 'reversed',
        scaleanchor: 'x'
      },
      height: Math.min(1200, 120 + l * 34),
      margin: { l: 60, r: 20, t: 80, b: 20 }
    })
  };
}
