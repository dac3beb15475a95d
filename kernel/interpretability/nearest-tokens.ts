import { Tensor } from '../tensor/tensor';

export interface NearestOptions {
  /** How many. Default 10. */
  readonly top_k?: number;
  /** 'cosine' (default) or 'dot'. */
  readonly metric?: 'cosine' | 'dot';
  /** Compare with the embedding (default) or the unembedding. */
  readonly matrix?: 'embed' | 'unembed';
}

/** Reads rows [from, to) of a matrix, row-major [to − from, width]. */
export type RowReader = (from: number, to: number) => Promise<Float32Array> | Float32Array;

/** Rows decoded at a time: a vocabulary's whole matrix in float32 is large. */
const CHUNK = 4096;

/**
 * The tokens whose vectors lie nearest to a vector.
 *
 * @param vector [width].
 * @returns Ids and similarities, best first, each [top_k].
 */
export async function nearestTokens(
  vector: Tensor,
  rows: number,
  read: RowReader,
  { top_k = 10, metric = 'cosine' }: NearestOptions
): Promise<{ ids: Tensor; scores: Tensor }> {
  const v = vector.data as Float32Array;
  const width = v.length;
  const length = metric === 'cosine' ? Math.hypot(...v) || 1 : 1;
  const scores = new Float32Array(rows);
  for (let from = 0; from < rows; from += CHUNK) {
    const to = Math.min(rows, from + CHUNK);
    const chunk = await read(from, to);
    if (chunk.length !== (to - from) * width) {
      throw new TypeError(
        `Cannot compare as the vector must have shape [${chunk.length / (to - from)}]: current shape is [${vector.dims}]`
      );
    }
    for (let r = 0; r < to - from; r++) {
      let dot = 0;
      let square = 0;
      for (let i = 0; i < width; i++) {
        const w = chunk[r * width + i]!;
        dot += w * v[i]!;
        square += w * w;
      }
      scores[from + r] = metric === 'cosine' ? dot / (length * (Math.sqrt(square) || 1)) : dot;
    }
  }
  const [values, indices] = new Tensor('float32', scores, [rows]).topk(Math.min(top_k, rows));
  return { ids: indices, scores: values };
}
