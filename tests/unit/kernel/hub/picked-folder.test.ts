import { folderOfFiles, folderOfHandle } from '../../../../kernel/hub/picked-folder';

const text = async (
  source: { size: number; read(b: number, e: number): Promise<Uint8Array> } | undefined
): Promise<string> => new TextDecoder().decode(await source!.read(0, source!.size));

describe('folderOfFiles()', () => {
  it('opens files by name, and takes a single GGUF file for the model', async () => {
    const folder = folderOfFiles('mine', [new File(['{}'], 'config.json'), new File(['abc'], 'model.safetensors')]);
    expect(await folder.list()).toEqual(['config.json', 'model.safetensors']);
    expect(await text(await folder.open('config.json'))).toBe('{}');
    expect(await folder.open('absent')).toBeUndefined();
    expect(folder.gguf).toBeUndefined();
    expect(folderOfFiles('mine', [new File(['GGUF'], 'm.gguf')]).gguf).toBe('m.gguf');
  });

  it('gives another identity to another file of the same name', async () => {
    const of = async (file: File): Promise<string> => (await folderOfFiles('m', [file]).open('f'))!.identity;
    const first = await of(new File(['a'], 'f', { lastModified: 1 }));
    expect(await of(new File(['b'], 'f', { lastModified: 2 }))).not.toBe(first);
    expect(await of(new File(['bc'], 'f', { lastModified: 1 }))).not.toBe(first);
  });
});

describe('folderOfHandle()', () => {
  it('lists files without folders, and opens them', async () => {
    const files = new Map([['config.json', new File(['{}'], 'config.json')]]);
    const handle = {
      name: 'picked',
      getFileHandle: async (name: string) => {
        if (!files.has(name)) {
          throw new DOMException('no', 'NotFoundError');
        }
        return { getFile: async () => files.get(name) };
      },
      async *values() {
        yield { kind: 'directory', name: 'sub' };
        yield { kind: 'file', name: 'config.json' };
      }
    };
    const folder = folderOfHandle(handle as unknown as FileSystemDirectoryHandle);
    expect(folder.name).toBe('picked');
    expect(await folder.list()).toEqual(['config.json']);
    expect(await text(await folder.open('config.json'))).toBe('{}');
    expect(await folder.open('sub')).toBeUndefined();
  });

  it('refuses ranges outside a file', async () => {
    const source = (await folderOfFiles('m', [new File(['abc'], 'f')]).open('f'))!;
    await expect(source.read(1, 4)).rejects.toThrow(/within its 3 bytes/);
  });
});
