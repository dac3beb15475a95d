/** Sessions of onnxruntime-web, in the browser and in Node. */
import type * as ort from 'onnxruntime-common';
import type { ExternalTensor } from './host';
import { checkedBytes, LazyBytes } from './lazy-bytes';

type Create = typeof ort.InferenceSession.create;

let lazyWorks = true;

/**
 * Creates a session whose weights are made one at a time. Should a later onnxruntime-web no longer ask for them through
 * `subarray`, whole arrays are given instead, from then on.
 *
 * @throws {RangeError} If the weights do not fit into the engine's memory.
 */
export async function createWebSession(
  create: Create,
  model: Uint8Array,
  weights: readonly ExternalTensor[],
  options: ort.InferenceSession.SessionOptions
): Promise<ort.InferenceSession> {
  try {
    return await createSession(create, model, weights, options);
  } catch (error) {
    throw isOutOfMemory(error) ? tooLarge(weights, error as Error) : error;
  }
}

/** How the engine and the browser say that there is no memory left. */
function isOutOfMemory(error: unknown): boolean {
  return /bad_alloc|failed to allocate|allocation failed|out of memory|could not allocate/i.test(
    error instanceof Error ? error.message : ''
  );
}

function tooLarge(weights: readonly ExternalTensor[], cause: Error): RangeError {
  const mebibytes = Math.ceil(weights.reduce((sum, tensor) => sum + tensor.byteLength, 0) / 2 ** 20);
  return new RangeError(
    `Cannot load the model as its ${mebibytes} MiB of weights, and what the engine packs of them, must fit into its ` +
      `memory (4096 MiB in WASM): ${cause.message}; dispose of other models, or use dtype 'q8', a smaller model or ` +
      'the server kernel',
    { cause }
  );
}

async function createSession(
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
        return await create(model, { ...options, externalData: mounts(weights, weights.map(kept)) });
      } catch (plainError) {
        // The model itself is at fault: the lazy way is not to blame.
        lazyWorks = true;
        throw plainError;
      }
    }
  }
  return create(model, { ...options, externalData: mounts(weights, weights.map(kept)) });
}

function mounts(weights: readonly ExternalTensor[], data: readonly Uint8Array[]): { path: string; data: Uint8Array }[] {
  return weights.map((tensor, i) => ({ path: tensor.path, data: data[i]! }));
}

/** A tensor's bytes, kept while others are made. */
function kept(tensor: ExternalTensor): Uint8Array {
  return checkedBytes(tensor).slice();
}
