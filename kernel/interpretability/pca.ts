import { PCA } from 'ml-pca';
import { Tensor } from '../tensor/tensor';

export interface PcaResult {
  /** Coordinates, [rows, components]. */
  readonly scores: Tensor;
  /** Directions, [components, features]. */
  readonly components: Tensor;
  /** Share of the variance each explains, [components]. */
  readonly explained: Tensor;
}

/**
 * Principal components of rows of activations.
 *
 * @param data [rows, features], or more axes, of which the last is features.
 * @param options `components`: how many, default 2.
 * @example
 * const { cache } = await model.run_with_cache(inputs, { names: ['resid_post'] });
 * pca(cache.get('resid_post', 10), { components: 3 }).scores;
 */
export function pca(data: Tensor, { components = 2 }: { components?: number } = {}): PcaResult {
  const width = data.dims.at(-1)!;
  const rows = data.data.length / width;
  if (rows < 2 || !Number.isInteger(components) || components < 1 || components > Math.min(rows, width)) {
    throw new RangeError(
      `Cannot find ${components} principal components as there must be at least 2 rows and as many rows and features: current shape is [${data.dims}]`
    );
  }
  const values = data.data as Float32Array;
  const matrix = Array.from({ length: rows }, (_, r) => Array.from(values.subarray(r * width, (r + 1) * width)));
  const found = new PCA(matrix, { method: 'SVD', center: true, scale: false });
  const take = (table: readonly (readonly number[])[], n: number): Float32Array =>
    Float32Array.from(table.flatMap(row => row.slice(0, n)));
  const scores = found.predict(matrix, { nComponents: components }).to2DArray();
  const loadings = found.getLoadings().to2DArray().slice(0, components);
  return {
    scores: new Tensor('float32', take(scores, components), [rows, components]),
    components: new Tensor('float32', take(loadings, width), [components, width]),
    explained: new Tensor('float32', Float32Array.from(found.getExplainedVariance().slice(0, components)), [components])
  };
}
