/**
 * Reading safetensors: an 8-byte header length, a JSON header, the tensors' bytes without gaps.
 *
 * @see {@link https://github.com/huggingface/safetensors#format}
 */
import type { ByteSource } from '../host/host';
import { CheckpointError, elementCount, type TensorInfo } from './checkpoint';
import { bytesOf, isSafetensorsType } from './dtypes';
import type { Entry } from './table';

/** The limit of the reference implementation. */
const longestHeader = 100_000_000;

/** Most headers fit, so that one request suffices. */
const firstRead = 128 * 1024;

export interface SafetensorsFile {
  readonly entries: ReadonlyMap<string, Entry>;
  /** The header's `__metadata__`. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Reads and checks the header of one safetensors file.
 *
 * @throws {CheckpointError} If the file is truncated, or the header is not what the format says: its length, JSON, known
 * dtypes, sizes that match dims, ranges that cover the data without gap or overlap.
 */
export async function readSafetensors(source: ByteSource, signal?: AbortSignal): Promise<SafetensorsFile> {
  const fail = (reason: string, tensor?: string): never => {
    throw new CheckpointError(source.name, reason, tensor);
  };
  if (source.size < 8) {
    fail(`a safetensors file must have at least 8 bytes: current size is ${source.size}`);
  }
  const head = await source.read(0, Math.min(source.size, firstRead), signal);
  const length64 = new DataView(head.buffer, head.byteOffset).getBigUint64(0, true);
  if (length64 > BigInt(longestHeader)) {
    fail(`its header must be at most ${longestHeader} bytes long: current length is ${length64}`);
  }
  const length = Number(length64);
  const data = 8 + length;
  if (data > source.size) {
    fail(`its header must end within the file's ${source.size} bytes: current length is ${length}`);
  }
  const bytes =
    data <= head.length
      ? head.subarray(8, data)
      : joined(head, await source.read(head.length, data, signal)).subarray(8);
  const header = parseHeader(bytes, source.name);

  const entries = new Map<string, Entry>();
  let metadata: Readonly<Record<string, string>> = Object.create(null) as Record<string, string>;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      metadata = parseMetadata(value, source.name);
    } else {
      entries.set(name, parseEntry(name, value, source, data));
    }
  }
  checkCover(entries, source, data);
  return { entries, metadata };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}

function parseHeader(bytes: Uint8Array, file: string): Record<string, unknown> {
  let header: unknown;
  let text = '';
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(file, `its header must be JSON: ${(error as Error).message}`);
  }
  if (text[0] !== '{' || typeof header !== 'object' || header === null || Array.isArray(header)) {
    throw new CheckpointError(file, `its header must be a JSON object: it begins with ${JSON.stringify(text[0])}`);
  }
  // JSON.parse keeps the last of two equal names without a word.
  const names = Object.keys(header).filter(name => name !== '__metadata__');
  const spans = text.split('"data_offsets"').length - 1;
  if (spans > names.length && !text.replaceAll('"data_offsets"', '').includes('data_offsets')) {
    throw new CheckpointError(file, `no tensor name may occur twice: ${spans} entries have ${names.length} names`);
  }
  return header as Record<string, unknown>;
}

function parseMetadata(value: unknown, file: string): Record<string, string> {
  const metadata = Object.create(null) as Record<string, string>;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CheckpointError(file, `__metadata__ must be an object: current value is ${brief(value)}`);
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') {
      throw new CheckpointError(file, `__metadata__.${key} must be a string: current value is ${brief(text)}`);
    }
    metadata[key] = text;
  }
  return metadata;
}

function parseEntry(name: string, value: unknown, source: ByteSource, data: number): Entry {
  const file = source.name;
  const fail = (reason: string): never => {
    throw new CheckpointError(file, reason, name);
  };
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  if (!isSafetensorsType(dtype)) {
    return fail(`its dtype must be one safetensors defines: current value is ${brief(dtype)}`);
  }
  if (!isCounts(shape)) {
    return fail(`its shape must be a list of sizes: current value is ${brief(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    return fail(`its data_offsets must be two positions: current value is ${brief(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const size = source.size - data;
  if (begin > end || end > size) {
    fail(`its data_offsets must lie within the ${size} bytes of data: current value is [${begin}, ${end}]`);
  }
  const byteLength = bytesOf(dtype, elementCount(shape));
  if (byteLength !== end - begin) {
    fail(`${dtype} of shape [${shape}] must take ${byteLength ?? 'whole'} bytes: data_offsets give ${end - begin}`);
  }
  const info: TensorInfo = { name, dims: shape, dtype, byteLength: end - begin, file, stored: dtype };
  return { info, source, begin: data + begin, end: data + end };
}

/** Ranges must follow each other from the first data byte to the last, as the reference implementation demands. */
function checkCover(entries: ReadonlyMap<string, Entry>, source: ByteSource, data: number): void {
  let at = data;
  for (const entry of [...entries.values()].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (entry.begin !== at) {
      throw new CheckpointError(
        source.name,
        `tensors must follow each other without gap or overlap: it begins at ${entry.begin - data} where ` +
          `${at - data} is due`,
        entry.info.name
      );
    }
    at = entry.end;
  }
  if (at !== source.size) {
    throw new CheckpointError(
      source.name,
      `its tensors must cover the file: they end at ${at} and the file at ${source.size}`
    );
  }
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(item => Number.isSafeInteger(item) && (item as number) >= 0);
}

function brief(value: unknown): string {
  return (JSON.stringify(value) ?? 'absent').slice(0, 80);
}
