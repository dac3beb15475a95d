/** Folders and files a user picked, whose handles the page passed to the worker. */
import type { ByteSource, ModelFolder } from '../host/host';
import { BlobSource } from './blob-source';

/** A folder picked with `showDirectoryPicker()`, or of the private file system. */
export function folderOfHandle(handle: FileSystemDirectoryHandle): ModelFolder {
  return {
    name: handle.name,
    async open(file): Promise<ByteSource | undefined> {
      const entry = await handle.getFileHandle(file).catch(() => undefined);
      return entry && new BlobSource(`${handle.name}/${file}`, await entry.getFile());
    },
    async list(): Promise<string[]> {
      const names: string[] = [];
      const entries = (handle as unknown as { values(): AsyncIterable<FileSystemHandle> }).values();
      for await (const entry of entries) {
        if (entry.kind === 'file') {
          names.push(entry.name);
        }
      }
      return names;
    }
  };
}

/**
 * Files picked with a file input or dropped, as a folder. One GGUF file alone names the model.
 *
 * @param name Shown in errors.
 */
export function folderOfFiles(name: string, files: readonly File[]): ModelFolder {
  const byName = new Map(files.map(file => [file.name, file]));
  const only = files.length === 1 && /\.gguf$/i.test(files[0]!.name) ? { gguf: files[0]!.name } : {};
  return {
    name,
    ...only,
    open: file => {
      const found = byName.get(file);
      return Promise.resolve(found && new BlobSource(`${name}/${file}`, found));
    },
    list: () => Promise.resolve([...byName.keys()])
  };
}
