/**
 * Reading what `torch.save` writes: `pytorch_model.bin`, `.pt`, `.pth`. No code of the file ever runs.
 *
 * @see {@link https://github.com/pytorch/pytorch/blob/main/torch/serialization.py}
 */
import type { ByteSource } from '../host/host';
import { CheckpointError, elementCount } from './checkpoint';
import { bytesOf, type DataType } from './dtypes';
import { PickleError, PickleTruncated, PickleTuple, unpickle, type PickleGlobal, type PickleRules } from './pickle';
import type { Entry } from './table';
import { isZip, readZip } from './zip';

/** Bytes of numbers several tensors may share. */
interface Storage {
  readonly kind: 'storage';
  readonly dtype: DataType;
  readonly key: string;
  /** Elements. */
  readonly count: number;
}

/** A view of a storage. */
interface StoredTensor {
  readonly kind: 'tensor';
  readonly storage: Storage;
  readonly offset: number;
  readonly dims: readonly number[];
  readonly strides: readonly number[];
}

const longestPickle = 1 << 28;

const storageTypes: Readonly<Record<string, DataType>> = {
  'torch.FloatStorage': 'F32',
  'torch.DoubleStorage': 'F64',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
  // Untyped: counted in bytes, the tensor says what they are.
  'torch.storage.UntypedStorage': 'U8'
};

const dtypeNames: Readonly<Record<string, DataType>> = {
  'torch.float32': 'F32',
  'torch.float64': 'F64',
  'torch.float16': 'F16',
  'torch.bfloat16': 'BF16',
  'torch.int64': 'I64',
  'torch.int32': 'I32',
  'torch.int16': 'I16',
  'torch.int8': 'I8',
  'torch.uint8': 'U8',
  'torch.uint16': 'U16',
  'torch.uint32': 'U32',
  'torch.uint64': 'U64',
  'torch.bool': 'BOOL',
  'torch.float8_e4m3fn': 'F8_E4M3',
  'torch.float8_e5m2': 'F8_E5M2',
  'torch.float8_e4m3fnuz': 'F8_E4M3FNUZ',
  'torch.float8_e5m2fnuz': 'F8_E5M2FNUZ',
  'torch.float8_e8m0fnu': 'F8_E8M0'
};

/** The whole list of what a file may call. */
const calls: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
  // Always made empty and filled afterwards: items as an argument could be copied as often as a file likes.
  'collections.OrderedDict': args => {
    if (args.length > 0) {
      throw new PickleError('Cannot load the file as an OrderedDict must be made empty');
    }
    return new Map();
  },
  'torch._utils._rebuild_tensor': ([storage, offset, dims, strides]) => view(storage, offset, dims, strides),
  'torch._utils._rebuild_tensor_v2': ([storage, offset, dims, strides]) => view(storage, offset, dims, strides),
  'torch._utils._rebuild_tensor_v3': ([storage, offset, dims, strides, , , dtype]) =>
    view(storage, offset, dims, strides, dtype),
  'torch._utils._rebuild_parameter': ([data]) => data,
  'torch._utils._rebuild_parameter_with_state': ([data]) => data,
  'torch.Size': ([dims]) => dims
};

function findGlobal(name: string): PickleGlobal | undefined {
  if (Object.hasOwn(calls, name)) {
    return { name, call: calls[name]! };
  }
  return Object.hasOwn(storageTypes, name) || Object.hasOwn(dtypeNames, name) ? { name } : undefined;
}

/** Rules of the unpickler; storages met are collected. */
function rules(storages: Map<string, Storage>): PickleRules {
  return {
    find: findGlobal,
    persistent: id => {
      const [tag, type, key, , count, viewOf] = id instanceof PickleTuple ? id : [];
      const dtype = storageTypes[(type as PickleGlobal | undefined)?.name ?? ''];
      if (tag !== 'storage' || !dtype || typeof key !== 'string' || !isCount(count) || (viewOf ?? null) !== null) {
        throw new PickleError('Cannot load the file as its persistent ids must be storages of a known type');
      }
      const known = storages.get(key);
      if (known && (known.dtype !== dtype || known.count !== count)) {
        throw new PickleError(`Cannot load the file as storage ${key} must have one type and length`);
      }
      const storage: Storage = known ?? { kind: 'storage', dtype, key, count };
      storages.set(key, storage);
      return storage;
    }
  };
}

function view(storage: unknown, offset: unknown, dims: unknown, strides: unknown, dtype?: unknown): StoredTensor {
  const held = storage as Storage | undefined;
  if (held?.kind !== 'storage' || !isCount(offset) || !isCounts(dims) || !isCounts(strides)) {
    throw new PickleError('Cannot load the file as a tensor must have a storage, an offset, sizes and strides');
  }
  if (dims.length !== strides.length) {
    throw new PickleError(`Cannot load the file as sizes and strides must match: they are [${dims}] and [${strides}]`);
  }
  return { kind: 'tensor', storage: retyped(held, dtype), offset, dims: [...dims], strides: [...strides] };
}

/** An untyped storage as numbers of the tensor's type. */
function retyped(storage: Storage, dtype: unknown): Storage {
  const name = (dtype as PickleGlobal | undefined)?.name;
  const type = name === undefined ? undefined : dtypeNames[name];
  if (type === undefined || type === storage.dtype) {
    return storage;
  }
  return { ...storage, dtype: type, count: Math.floor(storage.count / bytesOf(type, 1)!) };
}

/**
 * Reads the names and places of all tensors of a file.
 *
 * @throws {CheckpointError} If the file is damaged, names anything but tensors and containers, or a tensor lies outside
 * its storage.
 */
export async function readPyTorch(
  source: ByteSource,
  signal?: AbortSignal
): Promise<{ entries: Map<string, Entry>; metadata: Record<string, never> }> {
  const head = await source.read(0, Math.min(16, source.size), signal);
  try {
    const { value, places } = isZip(head) ? await readArchive(source, signal) : await readLegacy(source, signal);
    return { entries: entriesOf(source, value, places), metadata: {} };
  } catch (error) {
    throw error instanceof PickleError
      ? new CheckpointError(source.name, error.message.replace(/^.*? as /, ''))
      : error;
  }
}

/** Where each storage's bytes are. */
type Places = ReadonlyMap<string, { begin: number; end: number }>;

async function readArchive(source: ByteSource, signal?: AbortSignal): Promise<{ value: unknown; places: Places }> {
  const members = await readZip(source, signal);
  const pickle = [...members.values()].find(member => /^[^/]*\/data\.pkl$/.test(member.name));
  if (!pickle) {
    throw new CheckpointError(source.name, 'it must contain data.pkl, as torch.save writes: it does not');
  }
  const folder = pickle.name.slice(0, -'data.pkl'.length);
  const order = members.get(`${folder}byteorder`);
  if (order && order.end - order.begin < 16) {
    const text = new TextDecoder().decode(await source.read(order.begin, order.end, signal));
    if (text !== 'little') {
      throw new CheckpointError(source.name, `its byte order must be little: current value is ${JSON.stringify(text)}`);
    }
  }
  if (pickle.end - pickle.begin > longestPickle) {
    throw new CheckpointError(source.name, `data.pkl must have at most ${longestPickle} bytes`);
  }
  const storages = new Map<string, Storage>();
  const bytes = await source.read(pickle.begin, pickle.end, signal);
  const { value } = unpickle(bytes, rules(storages));
  const places = new Map<string, { begin: number; end: number }>();
  for (const storage of storages.values()) {
    const member = members.get(`${folder}data/${storage.key}`);
    if (!member) {
      throw new CheckpointError(source.name, `it must contain storage data/${storage.key}: it does not`);
    }
    places.set(storage.key, checkStorage(source, storage, member.begin, member.end));
  }
  return { value, places };
}

/** Before PyTorch 1.6: five pickles (magic, version, system, the value, storage keys), then the storages. */
async function readLegacy(source: ByteSource, signal?: AbortSignal): Promise<{ value: unknown; places: Places }> {
  let length = Math.min(source.size, 1 << 20);
  for (;;) {
    const bytes = await source.read(0, length, signal);
    try {
      return parseLegacy(source, bytes);
    } catch (error) {
      if (!(error instanceof PickleTruncated) || length === source.size || length >= longestPickle) {
        throw error;
      }
      length = Math.min(source.size, longestPickle, Math.max(error.need, 4 * length));
    }
  }
}

/** `0x1950a86a20f9469cfc6c`, the first pickle of a file. */
const legacyMagic = 119547037146038801333356n;

function parseLegacy(source: ByteSource, bytes: Uint8Array): { value: unknown; places: Places } {
  const storages = new Map<string, Storage>();
  let at = 0;
  const next = (): unknown => {
    const { value, end } = unpickle(bytes.subarray(at), rules(storages));
    at += end;
    return value;
  };
  if (bytes[0] !== 0x80 || next() !== legacyMagic) {
    throw new CheckpointError(source.name, 'it must be what torch.save writes: it begins otherwise');
  }
  next();
  const system = next();
  if (!(system instanceof Map) || system.get('little_endian') !== true) {
    throw new CheckpointError(source.name, 'its byte order must be little');
  }
  const value = next();
  const keys = next();
  const places = new Map<string, { begin: number; end: number }>();
  for (const key of Array.isArray(keys) ? (keys as unknown[]) : []) {
    const storage = typeof key === 'string' ? storages.get(key) : undefined;
    if (!storage || places.has(storage.key)) {
      throw new CheckpointError(source.name, `its storages must be those its tensors use: ${String(key)} is not`);
    }
    const begin = at + 8; // after the number of elements
    const end = begin + bytesOf(storage.dtype, storage.count)!;
    places.set(storage.key, checkStorage(source, storage, begin, end));
    at = end;
  }
  if (places.size !== storages.size) {
    throw new CheckpointError(source.name, `all ${storages.size} storages must follow: there are ${places.size}`);
  }
  return { value, places };
}

function checkStorage(
  source: ByteSource,
  { key, dtype, count }: Storage,
  begin: number,
  end: number
): { begin: number; end: number } {
  if (end > source.size || bytesOf(dtype, count)! > end - begin) {
    throw new CheckpointError(
      source.name,
      `storage ${key} must have ${bytesOf(dtype, count)} bytes: the file has ${Math.min(end, source.size) - begin}`
    );
  }
  return { begin, end };
}

/** A state dict, or the usual wrappings of one. */
function entriesOf(source: ByteSource, value: unknown, places: Places): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const wrapped = value instanceof Map ? [value.get('state_dict'), value.get('model')] : [];
  const inner: unknown = wrapped.find(item => item instanceof Map) ?? value;
  if (!(inner instanceof Map)) {
    throw new CheckpointError(source.name, 'it must hold a dictionary of tensors');
  }
  for (const [name, tensor] of inner) {
    if (typeof name === 'string' && (tensor as StoredTensor | null)?.kind === 'tensor') {
      entries.set(name, entryOf(source, name, tensor as StoredTensor, places));
    }
  }
  return entries;
}

function entryOf(source: ByteSource, name: string, tensor: StoredTensor, places: Places): Entry {
  const { storage, dims, strides, offset } = tensor;
  const { dtype } = storage;
  const size = bytesOf(dtype, 1)!;
  const count = elementCount(dims);
  const last = count === 0 ? offset - 1 : offset + dims.reduce((sum, dim, i) => sum + (dim - 1) * strides[i]!, 0);
  // A view may not hold more than its storage, or a few bytes could claim any amount of memory.
  if (last >= storage.count || count > storage.count) {
    throw new CheckpointError(
      source.name,
      `its elements must lie within storage ${storage.key} of ${storage.count}: shape [${dims}], strides [${strides}], ` +
        `offset ${offset}`,
      name
    );
  }
  const begin = places.get(storage.key)!.begin + offset * size;
  const info = { name, dims, dtype, stored: dtype, byteLength: count * size, file: source.name };
  if (isContiguous(dims, strides)) {
    return { info, source, begin, end: begin + count * size };
  }
  const end = begin + (last - offset + 1) * size;
  return { info, source, begin, end, convert: bytes => gathered(bytes, dims, strides, size) };
}

function isContiguous(dims: readonly number[], strides: readonly number[]): boolean {
  let due = 1;
  for (let i = dims.length - 1; i >= 0; i--) {
    if (dims[i] !== 1 && strides[i] !== due) {
      return elementCount(dims) === 0;
    }
    due *= dims[i]!;
  }
  return true;
}

/** Elements of a strided view, in order. */
function gathered(bytes: Uint8Array, dims: readonly number[], strides: readonly number[], size: number): Uint8Array {
  const out = new Uint8Array(elementCount(dims) * size);
  const index = dims.map(() => 0);
  let from = 0;
  for (let to = 0; to < out.length; to += size) {
    out.set(bytes.subarray(from * size, (from + 1) * size), to);
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < dims[axis]!) {
        break;
      }
      from -= dims[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Sizes or strides: of at most 64 dimensions, as torch has it; longer lists are not even looked through. */
function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= 64 && value.every(isCount);
}
