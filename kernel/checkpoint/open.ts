/** Finding and opening a folder's weights, in Python's order. */
import type { ByteSource, ModelFolder } from '../host/host';
import { parseJson, readAll } from '../host/read';
import { CheckpointError, type Checkpoint } from './checkpoint';
import { readGguf, type GgufFile } from './gguf';
import { ggufEntries } from './gguf-tensors';
import { readPyTorch } from './pytorch';
import { readSafetensors } from './safetensors';
import { TableCheckpoint, type Entry } from './table';

export interface OpenOptions {
  /** Use this GGUF file of the folder. */
  readonly gguf_file?: string;
  readonly signal?: AbortSignal;
}

/**
 * Opens a folder's weights: `model.safetensors`, `model.safetensors.index.json`, `pytorch_model.bin`,
 * `pytorch_model.bin.index.json`, then a single GGUF file. With `gguf_file`, or where the model was named by its GGUF
 * file, that one.
 *
 * @returns Names, dims and dtypes of all tensors; no data is read.
 * @throws {RangeError} If the folder has no weights, or a shard is missing.
 * @throws {CheckpointError} If a file breaks its format's rules.
 */
export async function openCheckpoint(folder: ModelFolder, options: OpenOptions = {}): Promise<Checkpoint> {
  const { signal } = options;
  if (options.gguf_file !== undefined || folder.gguf !== undefined) {
    return ggufCheckpoint((await openGguf(folder, options))!);
  }
  const safetensors = await collect(folder, 'model.safetensors', readSafetensors, signal);
  if (safetensors) {
    return new TableCheckpoint(safetensors.entries, { format: 'safetensors', ...safetensors });
  }
  const pytorch = await collect(folder, 'pytorch_model.bin', readPyTorch, signal);
  if (pytorch) {
    return new TableCheckpoint(pytorch.entries, { format: 'pytorch', ...pytorch });
  }
  const gguf = await openGguf(folder, options);
  if (gguf) {
    return ggufCheckpoint(gguf);
  }
  throw new RangeError(
    `Cannot load weights from ${folder.name} as it must contain model.safetensors, model.safetensors.index.json, ` +
      `pytorch_model.bin or one .gguf file: it has ${describe(await folder.list())}`
  );
}

/** Headers read lately, by the identity of their file: configuration, tokenizer and weights ask for the same one. */
const parsed = new Map<string, Promise<GgufFile>>();
/** A header of 150,000 tokens takes some 30 MB as objects. */
const parsedLimit = 2;

/**
 * Reads the header of a folder's GGUF file: `gguf_file`, or the one the model was named by, or the only one.
 *
 * @returns The header, or undefined if the folder has no GGUF file.
 * @throws {RangeError} If `gguf_file` is not there, or several files are and none was named.
 */
export async function openGguf(folder: ModelFolder, options: OpenOptions = {}): Promise<GgufFile | undefined> {
  const name = options.gguf_file ?? folder.gguf ?? (await onlyGguf(folder));
  if (name === undefined) {
    return undefined;
  }
  const source = await folder.open(name);
  if (!source) {
    throw new RangeError(
      `Cannot load ${folder.name} as it must contain ${name}: it has ${describe(await folder.list())}`
    );
  }
  const known = parsed.get(source.identity);
  parsed.delete(source.identity);
  const file = known ?? readGguf(source, options.signal);
  parsed.set(source.identity, file);
  for (const oldest of [...parsed.keys()].slice(0, -parsedLimit)) {
    parsed.delete(oldest);
  }
  try {
    // The header may be another load's: its source may have been opened with a signal that was aborted since.
    return { ...(await file), source };
  } catch (error) {
    parsed.delete(source.identity);
    options.signal?.throwIfAborted();
    if (known && !(error instanceof CheckpointError)) {
      return readGguf(source, options.signal); // it was the other load that was aborted
    }
    throw error;
  }
}

async function onlyGguf(folder: ModelFolder): Promise<string | undefined> {
  // A vision tower's file (mmproj-….gguf) goes with a model and is none.
  const files = ((await folder.list()) ?? []).filter(file => /\.gguf$/i.test(file) && !/mmproj/i.test(file));
  if (files.length > 1) {
    throw new RangeError(
      `Cannot choose a GGUF file in ${folder.name} as gguf_file must name one: there are ${files.join(', ')}`
    );
  }
  return files[0];
}

function ggufCheckpoint(file: GgufFile): Checkpoint {
  const parts = file.metadata['split.count'];
  if (typeof parts === 'number' && parts > 1) {
    throw new CheckpointError(
      file.source.name,
      `a model must be in one GGUF file: this is one of ${parts}; join them with llama-gguf-split --merge`
    );
  }
  return new TableCheckpoint(ggufEntries(file), {
    format: 'gguf',
    metadata: file.metadata,
    sources: [file.source]
  });
}

interface Weights {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

type Collected = Weights & { readonly sources: ByteSource[] };

/** One file, or the shards an index names. */
async function collect(
  folder: ModelFolder,
  file: string,
  read: (source: ByteSource, signal?: AbortSignal) => Promise<Weights>,
  signal?: AbortSignal
): Promise<Collected | undefined> {
  const single = await folder.open(file);
  if (single) {
    return { ...(await read(single, signal)), sources: [single] };
  }
  const index = await folder.open(`${file}.index.json`);
  if (!index) {
    return undefined;
  }
  const weightMap = await readIndex(index, signal);
  const entries = new Map<string, Entry>();
  const sources: ByteSource[] = [];
  let metadata: Readonly<Record<string, unknown>> = {};
  for (const shard of new Set(weightMap.values())) {
    const source = await folder.open(shard);
    if (!source) {
      throw new RangeError(`Cannot load ${folder.name} as ${index.name} names a file that is missing: ${shard}`);
    }
    const weights = await read(source, signal);
    sources.push(source);
    metadata = weights.metadata;
    for (const [name, entry] of weights.entries) {
      // Tensors the index does not name are read too, as in Python; where it names another file, that one counts.
      if ((weightMap.get(name) ?? shard) === shard) {
        entries.set(name, entry);
      }
    }
  }
  for (const [name, shard] of weightMap) {
    if (!entries.has(name)) {
      throw new CheckpointError(index.name, `${shard} must contain it: it does not`, name);
    }
  }
  return { entries, metadata, sources };
}

async function readIndex(index: ByteSource, signal?: AbortSignal): Promise<Map<string, string>> {
  const value = parseJson(new TextDecoder().decode(await readAll(index, signal)), index.name);
  const map = (value as { weight_map?: unknown } | null)?.weight_map;
  if (typeof map !== 'object' || map === null || Array.isArray(map)) {
    throw new CheckpointError(index.name, 'its weight_map must be an object');
  }
  const entries = Object.entries(map);
  for (const [name, shard] of entries) {
    // Shards lie next to their index: nothing else of the disk may be reached through it.
    if (typeof shard !== 'string' || shard === '' || /[/\\]|^\.\.?$/.test(shard)) {
      throw new CheckpointError(
        index.name,
        `weight_map must give a file of the same folder: current value is ${JSON.stringify(shard)?.slice(0, 80)}`,
        name
      );
    }
  }
  return new Map(entries as [string, string][]);
}

function describe(files: string[] | undefined): string {
  return files === undefined ? 'none of them' : files.length ? files.slice(0, 12).join(', ') : 'no files';
}
