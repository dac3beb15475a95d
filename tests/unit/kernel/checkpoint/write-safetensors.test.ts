import { openCheckpoint } from '../../../../kernel/checkpoint/open';
import { safetensorsFile, safetensorsHeader } from '../../../../kernel/checkpoint/write-safetensors';
import { fixture } from './fixtures';
import { memoryFolder } from './memory-folder';

async function all(pieces: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const out: number[] = [];
  for await (const piece of pieces) {
    out.push(...piece);
  }
  return Uint8Array.from(out);
}

describe('safetensorsFile()', () => {
  it('writes what the reader reads: every tensor of a file of the reference writer', async () => {
    const original = await openCheckpoint(memoryFolder({ 'model.safetensors': fixture('dtypes.safetensors') }));
    const file = safetensorsFile(
      original.names.map(name => {
        const { dtype, dims } = original.info(name);
        return { name, dtype: dtype as 'F32', dims, bytes: () => original.readSync!(name).bytes };
      }),
      { format: 'pt', note: '"quoted" ü' }
    );
    const bytes = await all(file.pieces());
    expect(bytes).toHaveLength(file.size);
    const copy = await openCheckpoint(memoryFolder({ 'model.safetensors': bytes }));
    expect(copy.names).toEqual(original.names);
    expect({ ...copy.metadata }).toEqual({ format: 'pt', note: '"quoted" ü' });
    for (const name of copy.names) {
      expect(copy.info(name)).toEqual(original.info(name));
      expect(copy.readSync!(name)).toEqual(original.readSync!(name));
    }
  });

  it('throws for bytes that are not as many as announced', async () => {
    const file = safetensorsFile([{ name: 'a', dtype: 'F32', dims: [2], bytes: () => new Uint8Array(4) }]);
    await expect(all(file.pieces())).rejects.toThrow(
      'Cannot write tensor "a" as it must have 8 bytes: current length is 4'
    );
  });
});

describe('safetensorsHeader()', () => {
  it('is aligned to 8 bytes', () => {
    for (const name of ['a', 'ab', 'abc', 'abcd']) {
      expect(safetensorsHeader([{ name, dtype: 'U8', dims: [1] }]).length % 8).toBe(0);
    }
  });

  it('throws for a name that occurs twice or is reserved', () => {
    const spec = { dtype: 'U8', dims: [1] } as const;
    expect(() =>
      safetensorsHeader([
        { name: 'a', ...spec },
        { name: 'a', ...spec }
      ])
    ).toThrow(/name must be free/);
    expect(() => safetensorsHeader([{ name: '__metadata__', ...spec }])).toThrow(TypeError);
  });
});
