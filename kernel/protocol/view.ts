/**
 * What a view is between the kernel that makes it and the page that draws it: the content of
 * `application/vnd.loupe.view+json`. Plain JSON; arrays of numbers are packed (see `Packed`).
 */

/**
 * Numbers as base64 text.
 *
 * - `f32`: little-endian float32, exact.
 * - `i32`: little-endian int32, exact.
 * - `u8sqrt`: one byte per value, `max · (byte / 250)²`: fine near zero, where attention lives. 253, 254 and 255 are
 *   −∞, +∞ and NaN.
 * - `u16`: `min + (max − min) · word / 65535`.
 *
 * `layout: 'causal'` keeps, of the last two axes [q, k], row i's first k − q + i + 1 entries; the rest is zero.
 * `deflate` means that the bytes are a raw deflate stream.
 */
export interface Packed {
  shape: number[];
  dtype: 'f32' | 'i32' | 'u8sqrt' | 'u16';
  layout?: 'causal';
  deflate?: true;
  min?: number;
  max?: number;
  data: string;
}

/** How values become colours: `unit` is 0…1, `sequential` min…max, `diverging` symmetric around 0. */
export type Scale = 'unit' | 'sequential' | 'diverging';

/** A table of what a view shows: the accessible form, and the text fallback. */
export interface Table {
  columns: string[];
  rows: (string | number | null)[][];
}

/** A Plotly figure as JSON. */
export interface FigureJson {
  data: { [key: string]: unknown }[];
  layout: { [key: string]: unknown };
  frames?: unknown[];
}

/** One candidate for the next token. */
export interface Candidate {
  id: number;
  token: string;
  logit: number;
  p: number;
}

export interface AttentionData {
  /** [layers, heads, query, key] of the layers held. */
  patterns: Packed;
  /** The model's numbers of the layers held, in order. */
  layers: number[];
  /** The model's numbers of the heads held. */
  heads: number[];
  query_tokens: string[];
  key_tokens: string[];
  /** Groups of query heads that share one key/value head, where fewer than the heads. */
  kv_heads?: number;
  /** Whether no query may look at a later key. */
  causal: boolean;
  /** Set where the patterns were pooled to fit: how many positions one cell stands for. */
  pooled?: number;
  mode: 'grid' | 'matrix' | 'lines';
  layer: number;
  head: number;
  hide_first: boolean;
}

/** One picture of a matrix view. */
export interface Sheet {
  label: string;
  /** [rows, columns]. */
  values: Packed;
  scale: Scale;
  /** Text in the cells, [rows][columns]. */
  text?: string[][];
  /** Lines shown for a cell on hover and focus, [rows][columns]. */
  details?: string[][];
  /** What the number is, e.g. `logit difference`. */
  unit?: string;
}

export interface MatrixData {
  sheets: Sheet[];
  sheet: number;
  /** What the sheets are, e.g. `Layer`, `Kind`. */
  sheet_title: string;
  row_title: string;
  column_title: string;
  row_labels: string[];
  column_labels: string[];
  /** Whether labels are tokens, whose blanks are to be made visible. */
  row_tokens?: boolean;
  column_tokens?: boolean;
  /** Row index at the bottom rather than at the top. */
  upward?: boolean;
}

export interface TokensData {
  tokens: string[];
  metrics: { label: string; unit: string; scale: Scale; values: Packed }[];
  metric: number;
  /** What the model expected in each place, best first. */
  expected?: Candidate[][];
}

export interface LogitsData {
  tokens: string[];
  positions: { position: number; top: Candidate[]; entropy: number; target?: Candidate & { rank: number } }[];
  /** Index into `positions`. */
  selected: number;
}

export interface FigureData {
  frames: { label: string; figure: FigureJson; table: Table }[];
  frame: number;
  frame_title: string;
}

export interface GenerationData {
  prompt: string[];
  steps: {
    token: string;
    top: Candidate[];
    /** Milliseconds, where measured. */
    ms?: number;
    /** Bytes of the key/value cache after the step, where known. */
    cache_bytes?: number;
  }[];
  /** Per step, the new token's attention [layers or 1, prompt + step], rows joined; absent without attentions. */
  attention?: Packed[];
  attention_labels?: string[];
  step: number;
}

export interface ImageViewData {
  /** PNG as base64, with its size in pixels. */
  png: string;
  width: number;
  height: number;
  /** Patch rows and columns. */
  grid: [number, number];
  /** [layers, heads, queries, patches]. */
  maps: Packed;
  layer_labels: string[];
  head_labels: string[];
  query_labels: string[];
  layer: number;
  head: number;
  query: number;
}

export interface NeuronData {
  tokens: string[];
  layers: number[];
  heads: number[];
  /** [layers, heads, positions, head_dim], keys already repeated to the query heads. */
  q: Packed;
  k: Packed;
  /** What q·k is divided by. */
  divisor: number;
  causal: boolean;
  layer: number;
  head: number;
  query: number;
}

export interface SamplingData {
  /** The logits of the whole vocabulary, largest first. */
  sorted: Packed;
  /** The first of them, exactly. */
  top: { id: number; token: string; logit: number }[];
  context: string[];
  temperature: number;
  top_k: number;
  top_p: number;
  min_p: number;
}

export interface TreeNode {
  token: string;
  /** Log-probability of this token given its parents. */
  log_prob: number;
  /** Log-probability of the whole path, where the search scored it. */
  score?: number;
  /** Whether it belongs to a finished or returned sequence. */
  kept?: boolean;
  children: TreeNode[];
}

export interface TreeData {
  root: TreeNode;
}

export interface MergesData {
  text: string;
  /** Each state of the pieces; the first is how the text was split to begin with. */
  steps: { pieces: string[]; merged?: [string, string]; rank?: number; note?: string }[];
  ids?: number[];
}

/** A box of an architecture diagram. */
export interface Block {
  name: string;
  kind: 'input' | 'embedding' | 'norm' | 'attention' | 'mlp' | 'linear' | 'residual' | 'head' | 'other';
  /** Shapes of what leaves it, e.g. `[batch, seq, 576]`. */
  shape?: string;
  parameters?: number;
  note?: string;
  /** Repeated this many times, e.g. the layers. */
  repeat?: number;
  children?: Block[];
}

export interface ArchitectureData {
  blocks: Block[];
  parameters?: number;
}

export interface TreemapNode {
  name: string;
  /** Size, e.g. number of parameters; of a branch, the sum of its leaves. */
  value: number;
  note?: string;
  children?: TreemapNode[];
}

export interface TreemapData {
  root: TreemapNode;
  unit: string;
}

export interface ConfigData {
  name: string;
  groups: { title: string; entries: { key: string; value: string; meaning?: string; changed?: boolean }[] }[];
}

export interface ScatterData {
  /** [points, 2 or 3]. */
  points: Packed;
  labels: string[];
  /** Index into `group_labels` per point. */
  groups: number[];
  group_labels: string[];
  axes: string[];
}

export interface RopeData {
  head_dim: number;
  theta: number;
  /** Angle per position of each pair of dimensions, radians; [pairs]. */
  frequencies: Packed;
  positions: number;
  position: number;
}

/** Kind → data: one entry per component of the page. */
export interface ViewKinds {
  attention: AttentionData;
  matrix: MatrixData;
  tokens: TokensData;
  logits: LogitsData;
  figure: FigureData;
  generation: GenerationData;
  image: ImageViewData;
  neuron: NeuronData;
  sampling: SamplingData;
  tree: TreeData;
  merges: MergesData;
  architecture: ArchitectureData;
  treemap: TreemapData;
  config: ConfigData;
  scatter: ScatterData;
  rope: RopeData;
}

export type ViewKind = keyof ViewKinds;

/** The content of `application/vnd.loupe.view+json`. */
export type ViewDocument = {
  [K in ViewKind]: {
    version: 1;
    kind: K;
    title: string;
    /** A remark under the title, e.g. that the weights were quantised. */
    note?: string;
    data: ViewKinds[K];
  };
}[ViewKind];
