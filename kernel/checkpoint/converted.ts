/** Converted weights kept between runs, so that quantising a model is done once. */
import type { CacheWriter, ExternalTensor, FileCache } from '../host/host';
import { readSafetensors } from './safetensors';
import { safetensorsHeader, type TensorSpec } from './write-safetensors';

export interface KeptWeights {
  /** The tensors to give to the engine. */
  readonly tensors: readonly ExternalTensor[];
  /** Whether they come from the cache, so that nothing is converted. */
  readonly fromCache: boolean;
  /**
   * Ends the writing; to be called when the session is there.
   * @param whole False gives up what was written, e.g. because a weight was made afresh.
   */
  done(whole: boolean): Promise<void>;
}

/** Part of the key: files written by other layouts or conversions of this library do not count. */
const version = 1;

/**
 * Gives an engine's weights from the cache, or writes them there while they are made.
 *
 * A cache that fails (full, switched off, taken by another tab) is done without.
 *
 * @param tensors What the engine asks for.
 * @param key Identity of the checkpoint, and all that decides what conversion makes of it.
 * @param cache Where to keep them; undefined for nowhere.
 */
export async function throughCache(
  tensors: readonly ExternalTensor[],
  key: string,
  cache: FileCache | undefined
): Promise<KeptWeights> {
  const plain: KeptWeights = { tensors, fromCache: false, done: () => Promise.resolve() };
  if (!cache || tensors.length === 0) {
    return plain;
  }
  const name = `weights/${version}/${key}`;
  try {
    return (await fromCache(tensors, name, cache)) ?? (await intoCache(tensors, name, cache)) ?? plain;
  } catch {
    return plain;
  }
}

async function fromCache(
  tensors: readonly ExternalTensor[],
  name: string,
  cache: FileCache
): Promise<KeptWeights | undefined> {
  const source = await cache.open(name);
  const read = source?.readSync?.bind(source);
  if (!source || !read) {
    return undefined;
  }
  const file = await readSafetensors(source).catch(() => undefined);
  if (!file || !tensors.every(({ path, byteLength }) => file.entries.get(path)?.info.byteLength === byteLength)) {
    await cache.delete(name);
    return undefined;
  }
  const kept = tensors.map(tensor => {
    const { begin, end } = file.entries.get(tensor.path)!;
    return { ...tensor, bytes: () => read(begin, end) };
  });
  return { tensors: kept, fromCache: true, done: () => Promise.resolve() };
}

async function intoCache(
  tensors: readonly ExternalTensor[],
  name: string,
  cache: FileCache
): Promise<KeptWeights | undefined> {
  const specs = tensors.map(({ path, byteLength }): TensorSpec => ({ name: path, dtype: 'U8', dims: [byteLength] }));
  const header = safetensorsHeader(specs, {});
  const size = tensors.reduce((sum, tensor) => sum + tensor.byteLength, header.length);
  const writer = await cache.create(name, size);
  if (!writer.writeSync) {
    await writer.abort();
    return undefined;
  }
  const left = new Set(tensors.map(tensor => tensor.path));
  let isBroken = false;
  let at = header.length;
  const recording = tensors.map(tensor => {
    const place = at;
    at += tensor.byteLength;
    return {
      ...tensor,
      bytes: () => {
        const bytes = tensor.bytes();
        if (!isBroken && left.has(tensor.path) && bytes.byteLength === tensor.byteLength) {
          isBroken = !tryWrite(writer, bytes, place);
          left.delete(tensor.path);
        }
        return bytes;
      }
    };
  });
  return {
    tensors: recording,
    fromCache: false,
    done: async whole => {
      // The header goes last: without it the file counts for nothing.
      const isComplete = whole && !isBroken && left.size === 0 && tryWrite(writer, header, 0);
      await (isComplete ? writer.close() : writer.abort()).catch(() => undefined);
    }
  };
}

function tryWrite(writer: CacheWriter, bytes: Uint8Array, at: number): boolean {
  try {
    writer.writeSync!(bytes, at);
    return true;
  } catch {
    return false; // the disk is full
  }
}
