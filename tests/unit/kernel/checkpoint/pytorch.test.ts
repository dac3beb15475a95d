import { decode } from '../../../../kernel/checkpoint/decode';
import { openCheckpoint } from '../../../../kernel/checkpoint/open';
import { readPyTorch } from '../../../../kernel/checkpoint/pytorch';
import { bits, fixture, floats, jsonFixture } from './fixtures';
import { MemorySource, memoryFolder } from './memory-folder';

const values = jsonFixture<Record<string, [number[], string]>>('pytorch.json');
const files: Record<string, string[]> = {
  'tensors.bin': Object.keys(values).filter(name => !['fp8', 'u16'].includes(name)),
  'legacy.bin': Object.keys(values).filter(name => !['fp8', 'u16'].includes(name)),
  'untyped.bin': ['fp8', 'u16']
};
const cases = Object.entries(files).flatMap(([file, names]) => names.map(name => [file, name] as const));

/** The pickle of one value, put together by hand, where torch.save would put it. */
function legacy(...parts: (number[] | string)[]): MemorySource {
  const magic = [0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e];
  const system = [0x80, 2, 0x7d, 0x58, 13, 0, 0, 0, ...new TextEncoder().encode('little_endian'), 0x88, 0x73, 0x2e];
  const body = parts.flatMap(part => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part));
  const bytes = [...magic, 0x80, 2, 0x4d, 0xe9, 3, 0x2e, ...system, ...body, 0x2e, 0x80, 2, 0x5d, 0x2e];
  return new MemorySource('f.bin', Uint8Array.from(bytes));
}

describe('openCheckpoint() of pytorch_model.bin', () => {
  it.each(cases)('reads from %s: %s', async (file, name) => {
    const checkpoint = await openCheckpoint(memoryFolder({ 'pytorch_model.bin': fixture(file) }));
    expect(checkpoint.format).toBe('pytorch');
    expect(checkpoint.names).toEqual(files[file]);
    const [dims, expected] = values[name]!;
    expect(checkpoint.info(name).dims).toEqual(dims);
    expect(bits(decode(await checkpoint.read(name)))).toEqual(bits(floats(expected)));
  });

  it('reads rows of contiguous and of strided tensors', async () => {
    const checkpoint = await openCheckpoint(memoryFolder({ 'pytorch_model.bin': fixture('tensors.bin') }));
    for (const name of ['plain', 'transposed']) {
      const [dims, expected] = values[name]!;
      const row = await checkpoint.readRows(name, 1, 3);
      expect(row.dims).toEqual([2, dims[1]]);
      expect(bits(decode(row))).toEqual(bits(floats(expected).slice(dims[1], 3 * dims[1]!)));
    }
  });
});

describe('readPyTorch()', () => {
  it.each<[string, () => MemorySource, RegExp]>([
    [
      'a command',
      () => new MemorySource('f.bin', fixture('command.bin')),
      /names "(posix|nt)\.system", which could run code/
    ],
    ['an eval', () => legacy('cbuiltins\neval\n(X\u0001\0\0\x001tR'), /names "builtins\.eval"/],
    [
      'a getattr by stack',
      () => legacy([0x80, 4, 0x8c, 8], 'builtins', [0x8c, 7], 'getattr', [0x93]),
      /names "builtins\.getattr"/
    ],
    ['a name that is inherited', () => legacy('ctoString\nconstructor\n'), /names "toString\.constructor"/],
    ['the call of a storage type', () => legacy('ctorch\nFloatStorage\n)R'), /it calls torch\.FloatStorage/],
    ['the call of a number', () => legacy([0x4b, 1], ')R'), /it calls number/],
    [
      'a tensor without a storage',
      () => legacy('ctorch._utils\n_rebuild_tensor\n(K\0K\0))tR'),
      /a tensor must have a storage/
    ],
    [
      'sizes of more than 64 dimensions, which a file could have looked through again and again',
      () =>
        legacy(
          'ctorch._utils\n_rebuild_tensor\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01NtQK\0(',
          Array.from({ length: 65 }, () => [0x4b, 1]).flat(),
          't)tR'
        ),
      /must have a storage, an offset, sizes and strides/
    ],
    ['a name that is a list', () => legacy(']]', [0x93]), /names must be text/],
    ['a dictionary made of a list', () => legacy('ccollections\nOrderedDict\n(]tR'), /must be made empty/],
    ['an unknown opcode', () => legacy([0xff]), /0xff/],
    ['a stack that is empty', () => legacy('s'), /values must be on its stack/],
    ['a mark that is missing', () => legacy('t'), /a mark must be on its stack/],
    ['a value that is not remembered', () => legacy('h\x09'), /9 is not known/],
    ['no dictionary', () => legacy('N'), /must hold a dictionary/],
    ['text that ends early', () => legacy([0x58, 255, 255, 255, 255]), /must end within its bytes/],
    ['another file', () => new MemorySource('f.bin', new TextEncoder().encode('hello')), /it begins otherwise/],
    ['a cut archive', () => new MemorySource('f.bin', fixture('tensors.bin').slice(0, 900)), /table of contents/],
    [
      'a cut file of the old kind',
      () => new MemorySource('f.bin', fixture('legacy.bin').slice(0, -9)),
      /storage .* must have/
    ]
  ])('refuses %s, naming the file', async (_, source, message) => {
    await expect(readPyTorch(source())).rejects.toThrow(message);
    await expect(readPyTorch(source())).rejects.toThrow(/^Cannot load f\.bin/);
    await expect(readPyTorch(source())).rejects.toMatchObject({ name: 'CheckpointError' });
  });

  it('refuses a view larger than its storage', async () => {
    // ('storage', FloatStorage, '0', 'cpu', 1, None) seen as [1000, 1000] with strides [0, 0]
    const source = legacy(
      '}X\x01\0\0\0actorch._utils\n_rebuild_tensor\n((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x01NtQ',
      'K\0M',
      [0xe8, 3],
      'M',
      [0xe8, 3],
      [0x86],
      'K\0K\0',
      [0x86],
      'tRs'
    );
    await expect(readPyTorch(source)).rejects.toThrow(/all 1 storages must follow/);
    const tail = [0x80, 2, 0x5d, 0x58, 1, 0, 0, 0, 0x30, 0x61, 0x2e, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3f];
    const bytes = source.readSync(0, source.size - 4);
    await expect(readPyTorch(new MemorySource('f.bin', Uint8Array.from([...bytes, ...tail])))).rejects.toThrow(
      /tensor "a", as its elements must lie within storage 0 of 1: shape \[1000,1000\]/
    );
  });
});
