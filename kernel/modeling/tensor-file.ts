import type { Checkpoint } from '../checkpoint/checkpoint';
import { readPyTorch } from '../checkpoint/pytorch';
import { readSafetensors } from '../checkpoint/safetensors';
import { TableCheckpoint } from '../checkpoint/table';
import type { ModelFolder } from '../host/host';

/**
 * Opens a small file of tensors beside a model: an adapter, a projector.
 *
 * @param folder Where it is.
 * @param names Files to look for, in order: `.safetensors`, or `.bin` as `torch.save` writes them.
 * @returns Names, dims and dtypes; no data is read.
 * @throws {RangeError} If none of them is there.
 */
export async function openTensorFile(
  folder: ModelFolder,
  names: readonly string[],
  signal?: AbortSignal
): Promise<Checkpoint> {
  for (const name of names) {
    const source = await folder.open(name);
    if (!source) {
      continue;
    }
    const isBin = !name.endsWith('.safetensors');
    const { entries, metadata } = await (isBin ? readPyTorch : readSafetensors)(source, signal);
    return new TableCheckpoint(entries, { format: isBin ? 'pytorch' : 'safetensors', metadata, sources: [source] });
  }
  const present = await folder.list();
  throw new RangeError(
    `Cannot load ${folder.name} as it must contain ${names.join(' or ')}: it has ` +
      `${present?.slice(0, 12).join(', ') ?? 'neither'}`
  );
}
