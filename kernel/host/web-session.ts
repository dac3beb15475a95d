/** Sessions of onnxruntime-web, in the browser and in Node. */
import type * as ort from 'onnxruntime-common';
import type { ExternalTensor } from './host';
import { checkedBytes, LazyBytes } from './lazy-bytes';

type Create = typeof ort.InferenceSession.create;

let lazyWorks = true;

/**
 * Creates a session whose weights are made one at a time. Should a later onnxruntime-web no longer ask for them through
 * `subarray`, whole arrays are given instead, from then on.
 */
export async function createWebSession(
  create: Create,
  model: Uint8Array,
  weights: readonly ExternalTensor[],
  options: ort.InferenceSession.SessionOptions
): Promise<ort.InferenceSession> {
  if (lazyWorks) {
    const lazy = weights.map(tensor => new LazyBytes(tensor));
    try {
      return await create(model, { ...options, externalData: mounts(weights, lazy) });
    } catch (error) {
      const failed = lazy.find(bytes => bytes.failure !== undefined);
      if (failed) {
        throw failed.failure;
      }
      if (lazy.some(bytes => bytes.calls > 0) || weights.length === 0) {
        throw error;
      }
      lazyWorks = false;
      try {
        return await create(model, { ...options, externalData: mounts(weights, weights.map(checkedBytes)) });
      } catch (plainError) {
        // The model itself is at fault: the lazy way is not to blame.
        lazyWorks = true;
        throw plainError;
      }
    }
  }
  return create(model, { ...options, externalData: mounts(weights, weights.map(checkedBytes)) });
}

function mounts(weights: readonly ExternalTensor[], data: readonly Uint8Array[]): { path: string; data: Uint8Array }[] {
  return weights.map((tensor, i) => ({ path: tensor.path, data: data[i]! }));
}
