import { decode } from '../../../../kernel/checkpoint/decode';
import { openCheckpoint } from '../../../../kernel/checkpoint/open';
import { readSafetensors } from '../../../../kernel/checkpoint/safetensors';
import { bits, fixture, floats, jsonFixture } from './fixtures';
import { MemorySource, memoryFolder } from './memory-folder';

const file = fixture('dtypes.safetensors');
const values = jsonFixture<Record<string, string>>('dtypes.json');
const folder = memoryFolder({ 'model.safetensors': file });

/** A file with this header text and so many zero bytes of data. */
function made(header: unknown, data = 0): MemorySource {
  const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + data);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return new MemorySource('f.safetensors', bytes);
}

describe('openCheckpoint() of safetensors', () => {
  it.each(Object.keys(values))('decodes %s as torch does', async name => {
    const checkpoint = await openCheckpoint(folder);
    expect(bits(decode(await checkpoint.read(name)))).toEqual(bits(floats(values[name]!)));
    expect(bits(decode(checkpoint.readSync!(name)))).toEqual(bits(floats(values[name]!)));
  });

  it('names dims, dtype and size without reading data', async () => {
    const checkpoint = await openCheckpoint(folder);
    expect(checkpoint.info('F64')).toMatchObject({
      dims: [2, 3],
      dtype: 'F64',
      byteLength: 48,
      file: 'memory/model.safetensors'
    });
    expect(checkpoint.info('scalar').dims).toEqual([]);
    expect(checkpoint.metadata).toMatchObject({ format: 'pt' });
    expect(checkpoint.has('__proto__')).toBe(false);
    expect(({} as Record<string, unknown>)['nothing']).toBeUndefined();
  });

  it('reads rows alone', async () => {
    const checkpoint = await openCheckpoint(folder);
    const row = await checkpoint.readRows('F32', 1, 2);
    expect(row.dims).toEqual([1, 3]);
    expect(bits(decode(row))).toEqual(bits(floats(values['F32']!).subarray(3)));
    expect(checkpoint.readRowsSync!('F32', 1, 2).bytes).toEqual(row.bytes);
    await expect(checkpoint.readRows('F32', 1, 3)).rejects.toThrow(/within \[0, 2\): current range is \[1, 3\)/);
  });

  it('refuses to decode complex numbers, and names an absent tensor', async () => {
    const checkpoint = await openCheckpoint(folder);
    const complex = await checkpoint.read('C64');
    expect(() => decode(complex)).toThrow('Cannot decode C64 as its dtype must be a real number');
    expect(() => checkpoint.info('nope')).toThrow('Cannot read tensor "nope"');
  });
});

describe('readSafetensors()', () => {
  const f32 = (begin: number, end: number): unknown => ({
    dtype: 'F32',
    shape: [(end - begin) / 4],
    data_offsets: [begin, end]
  });

  it.each<[string, MemorySource, RegExp]>([
    ['an empty file', new MemorySource('f.safetensors', new Uint8Array(3)), /at least 8 bytes/],
    [
      'a header beyond the file',
      new MemorySource('f.safetensors', new Uint8Array([99, 0, 0, 0, 0, 0, 0, 0])),
      /header must end/
    ],
    ['a huge header', new MemorySource('f.safetensors', new Uint8Array(8).fill(255)), /at most 100000000 bytes/],
    ['a header that is not JSON', made('{"a":'), /must be JSON/],
    ['a header that is not an object', made('[1]'), /JSON object/],
    [
      'an unknown dtype',
      made({ a: { dtype: 'F33', shape: [1], data_offsets: [0, 4] } }, 4),
      /tensor "a", as its dtype.*"F33"/
    ],
    ['an inherited dtype', made({ a: { dtype: 'toString', shape: [1], data_offsets: [0, 4] } }, 4), /its dtype/],
    ['a negative size', made({ a: { dtype: 'F32', shape: [-1], data_offsets: [0, 4] } }, 4), /its shape/],
    [
      'a size that overflows',
      made({ a: { dtype: 'F32', shape: [2 ** 30, 2 ** 30, 2 ** 30], data_offsets: [0, 4] } }, 4),
      /must take/
    ],
    [
      'a wrong size',
      made({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 4] } }, 4),
      /must take 8 bytes: data_offsets give 4/
    ],
    ['offsets beyond the file', made({ a: f32(0, 8) }, 4), /within the 4 bytes/],
    ['offsets backwards', made({ a: { dtype: 'F32', shape: [0], data_offsets: [4, 0] } }, 4), /within/],
    ['overlapping tensors', made({ a: f32(0, 8), b: f32(4, 12) }, 12), /tensor "b", as tensors must follow/],
    ['a gap', made({ a: f32(0, 4), b: f32(8, 12) }, 12), /without gap/],
    ['a file that goes on', made({ a: f32(0, 4) }, 12), /cover the file/],
    ['metadata that is not text', made({ __metadata__: { a: 1 } }), /__metadata__.a must be a string/],
    ['a null entry', made({ a: null }), /its dtype/],
    [
      'a name twice',
      made(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4
      ),
      /twice/
    ]
  ])('refuses %s, naming the file', async (_, source, message) => {
    await expect(readSafetensors(source)).rejects.toThrow(message);
    await expect(readSafetensors(source)).rejects.toThrow(/^Cannot load f\.safetensors/);
    await expect(readSafetensors(source)).rejects.toMatchObject({ name: 'CheckpointError', file: 'f.safetensors' });
  });

  it('reads a header longer than its first request', async () => {
    const entries = Array.from(
      { length: 4000 },
      (_, i) => [`model.layers.${i}.weight`, f32(4 * i, 4 * i + 4)] as const
    );
    const source = made(Object.fromEntries(entries), 16000);
    const { entries: read } = await readSafetensors(source);
    expect(read.size).toBe(4000);
    expect(source.reads).toHaveLength(2);
  });
});

describe('openCheckpoint() of shards', () => {
  const shard = (name: string): Uint8Array =>
    made({ [name]: { dtype: 'U8', shape: [2], data_offsets: [0, 2] } }, 2).readSync(
      0,
      made({ [name]: { dtype: 'U8', shape: [2], data_offsets: [0, 2] } }, 2).size
    );
  const index = (map: unknown): string => JSON.stringify({ metadata: {}, weight_map: map });

  it('joins shards by the index', async () => {
    const checkpoint = await openCheckpoint(
      memoryFolder({
        'model.safetensors.index.json': index({ a: 's1.safetensors', b: 's2.safetensors' }),
        's1.safetensors': shard('a'),
        's2.safetensors': shard('b')
      })
    );
    expect(checkpoint.names).toEqual(['a', 'b']);
    expect(checkpoint.info('b').file).toBe('memory/s2.safetensors');
  });

  it.each<[string, unknown, RegExp]>([
    ['a missing shard', { a: 's1.safetensors', b: 's3.safetensors' }, /names a file that is missing: s3.safetensors/],
    [
      'a tensor that is not in its shard',
      { a: 's1.safetensors', c: 's1.safetensors' },
      /tensor "c", as s1.safetensors must contain it/
    ],
    ['a path out of the folder', { a: '../s1.safetensors' }, /a file of the same folder/],
    ['a map that is not one', [1], /weight_map must be an object/]
  ])('refuses %s', async (_, map, message) => {
    const files = { 'model.safetensors.index.json': index(map), 's1.safetensors': shard('a') };
    await expect(openCheckpoint(memoryFolder(files))).rejects.toThrow(message);
  });

  it('says what is there when no weights are', async () => {
    await expect(openCheckpoint(memoryFolder({ 'config.json': '{}' }))).rejects.toThrow(
      /Cannot load weights from memory as it must contain model.safetensors.*it has config.json/
    );
  });
});
