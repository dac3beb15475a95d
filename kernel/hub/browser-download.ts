/** Repositories of the Hugging Face hub, downloaded file by file into the browser's file cache. */
import type { ByteSource, CacheWriter, FileCache, ModelFolder, ResolveOptions } from '../host/host';
import { parseJson, readAll } from '../host/read';
import { BlobSource } from './blob-source';
import { impatient, listRepository, repositoryBlob, type HubOptions, type RepositoryFile } from './hub-client';
import { checkSubfolder } from './names';
import { progressMeter } from './progress';

interface Index {
  readonly commit: string;
  readonly files: readonly RepositoryFile[];
}

/**
 * Opens a repository: the listing comes from the hub, or from the cache where the hub may not or cannot be asked.
 *
 * @returns The repository as a folder whose files are downloaded when first opened; undefined if the hub may not be
 * asked and the cache has nothing of it.
 */
export async function openRepository(
  repository: string,
  options: ResolveOptions,
  hub: HubOptions,
  cache: FileCache | undefined,
  online: boolean
): Promise<ModelFolder | undefined> {
  const key = `hub/${repository}/refs/${hub.revision}`;
  const held = await cache?.open(key);
  let index = held && (parseJson(new TextDecoder().decode(await readAll(held)), key) as Index);
  if (online) {
    options.progress_callback?.({ phase: 'resolve', name: repository, loaded: 0, total: 0 });
    try {
      index = await listRepository(repository, index ? impatient(hub) : hub);
      if (cache) {
        await keep(cache, key, index).catch(() => undefined); // no room: asked for again next time
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!index) {
        throw error;
      }
    }
  }
  return index && new HubFolder(repository, index, options, hub, cache, online);
}

async function keep(cache: FileCache, key: string, index: Index): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(index));
  const writer = await cache.create(key, bytes.length);
  await writer.write(bytes);
  await writer.close();
}

class HubFolder implements ModelFolder {
  readonly name: string;
  private readonly _prefix: string;
  private readonly _files: ReadonlyMap<string, RepositoryFile>;

  constructor(
    private readonly _repository: string,
    private readonly _index: Index,
    private readonly _options: ResolveOptions,
    private readonly _hub: HubOptions,
    private readonly _cache: FileCache | undefined,
    private readonly _online: boolean
  ) {
    const subfolder = checkSubfolder(_options.subfolder);
    this.name = [_repository, subfolder].filter(Boolean).join('/');
    this._prefix = subfolder ? `${subfolder}/` : '';
    this._files = new Map(_index.files.map(file => [file.path, file]));
  }

  async open(file: string): Promise<ByteSource | undefined> {
    const remote = this._files.get(this._prefix + file);
    if (!remote) {
      return undefined;
    }
    const key = `hub/${this._repository}/${this._index.commit}/${remote.path}`;
    const held = await this._cache?.open(key);
    if (held || !this._online) {
      return held;
    }
    const blob = await repositoryBlob(this._repository, remote.path, { ...this._hub, revision: this._index.commit });
    // A cache may have no room for it.
    const writer = await this._cache?.create(key, remote.size, true).catch(() => undefined);
    if (!writer) {
      // Not a real Blob: a synchronous reader would refuse it.
      const synchronous = false;
      return new BlobSource(`${this._repository}/${remote.path}`, blob, {
        identity: `${key}:${remote.oid}`,
        synchronous
      });
    }
    return this._download(remote, key, blob, writer, this._cache!);
  }

  list(): Promise<string[]> {
    const names = [...this._files.keys()].filter(path => path.startsWith(this._prefix));
    return Promise.resolve(names.map(path => path.slice(this._prefix.length)).filter(path => !path.includes('/')));
  }

  /** Downloads into the cache, going on where an earlier attempt stopped, and checks the hash. */
  private async _download(
    file: RepositoryFile,
    key: string,
    blob: Blob,
    writer: CacheWriter,
    cache: FileCache
  ): Promise<ByteSource> {
    const { signal, progress_callback } = this._options;
    const meter = progressMeter(progress_callback, 'download', file.path, file.size, writer.written);
    meter.report(true);
    try {
      const reader = blob.slice(writer.written).stream().getReader();
      for (;;) {
        signal?.throwIfAborted();
        const { done, value } = await reader.read();
        if (done) {
          break;
        }
        await writer.write(value);
        meter.add(value.byteLength);
      }
    } catch (error) {
      await writer.pause();
      throw error;
    }
    await writer.close();
    meter.report(true);
    const source = (await cache.open(key))!;
    await this._check(source, file, key, cache);
    return source;
  }

  private async _check(source: ByteSource, file: RepositoryFile, key: string, cache: FileCache): Promise<void> {
    const hash = file.sha256 === undefined ? undefined : await sha256(source);
    if (source.size !== file.size || hash !== file.sha256) {
      await cache.delete(key);
      throw new Error(
        `Cannot use ${this._repository}/${file.path} as it must have ${file.size} bytes of hash ` +
          `${file.sha256 ?? file.oid}: the download has ${source.size}, ${hash ?? ''}; load again to download again`
      );
    }
  }
}

/** SHA-256 of a source, in pieces. */
async function sha256(source: ByteSource): Promise<string> {
  const { __internal_sha256: hash } = await import('@huggingface/hub');
  const steps = hash(new SourceBlob(source));
  for (;;) {
    const { done, value } = await steps.next();
    if (done) {
      return value;
    }
  }
}

/** As much of a Blob as hashing needs. */
class SourceBlob extends Blob {
  constructor(private readonly _source: ByteSource) {
    super([]);
  }

  override get size(): number {
    return this._source.size;
  }

  override async arrayBuffer(): Promise<ArrayBuffer> {
    return (await this._source.read(0, this._source.size)).buffer as ArrayBuffer;
  }

  override stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream({
      pull: async controller => {
        const end = Math.min(this._source.size, at + (1 << 22));
        if (at === end) {
          controller.close();
          return;
        }
        controller.enqueue((await this._source.read(at, end)) as Uint8Array<ArrayBuffer>);
        at = end;
      }
    });
  }
}
