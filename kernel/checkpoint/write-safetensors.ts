/** Writing safetensors: what `save_pretrained` and caches of converted weights put on disk. */
import { elementCount } from './checkpoint';
import { bytesOf, type SafetensorsType } from './dtypes';

/** A tensor to be written. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: SafetensorsType;
  readonly dims: readonly number[];
}

/**
 * The beginning of a safetensors file: everything before the tensors' bytes, which must follow in the same order,
 * without gaps.
 *
 * @param tensors In the order of their bytes. Widest dtypes first keeps every tensor aligned, as the reference writer
 * does; readers accept any order.
 * @param metadata Text to keep in the file; Python expects `{ format: 'pt' }`.
 * @throws {TypeError} If a name occurs twice, is reserved, or dims do not fill whole bytes.
 */
export function safetensorsHeader(
  tensors: readonly TensorSpec[],
  metadata: Readonly<Record<string, string>> = { format: 'pt' }
): Uint8Array {
  const rows: string[] = [`"__metadata__":${JSON.stringify(metadata)}`];
  const names = new Set(['__metadata__']);
  let at = 0;
  for (const { name, dtype, dims } of tensors) {
    if (names.has(name)) {
      throw new TypeError(`Cannot write tensor ${JSON.stringify(name)} as its name must be free: it occurs already`);
    }
    names.add(name);
    const length = bytesOf(dtype, elementCount(dims));
    if (length === undefined) {
      throw new TypeError(
        `Cannot write tensor ${JSON.stringify(name)} as ${dtype} of shape [${dims}] has parts of bytes`
      );
    }
    rows.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape: dims, data_offsets: [at, at + length] })}`);
    at += length;
  }
  const text = new TextEncoder().encode(`{${rows.join(',')}}`);
  // Spaces fill up to a multiple of 8, so that the data is aligned.
  const length = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(8 + length).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, 8);
  return bytes;
}

/**
 * Bytes of a whole safetensors file.
 *
 * @param tensors Specs with a function making the bytes, called one at a time.
 * @returns The number of bytes, and the file in pieces: its header, then one piece per tensor.
 * @throws {TypeError} While iterating, if a tensor's bytes are not as many as its dims say.
 */
export function safetensorsFile(
  tensors: readonly (TensorSpec & { bytes(): Uint8Array | Promise<Uint8Array> })[],
  metadata?: Readonly<Record<string, string>>
): { size: number; pieces: () => AsyncGenerator<Uint8Array> } {
  const header = safetensorsHeader(tensors, metadata);
  const lengths = tensors.map(({ dtype, dims }) => bytesOf(dtype, elementCount(dims))!);
  return {
    size: lengths.reduce((sum, length) => sum + length, header.length),
    pieces: async function* () {
      yield header;
      for (const [i, tensor] of tensors.entries()) {
        const bytes = await tensor.bytes();
        if (bytes.byteLength !== lengths[i]) {
          throw new TypeError(
            `Cannot write tensor ${JSON.stringify(tensor.name)} as it must have ${lengths[i]} bytes: ` +
              `current length is ${bytes.byteLength}`
          );
        }
        yield bytes;
      }
    }
  };
}
