/**
 * Repositories of the Hugging Face hub, downloaded file by file into the Hugging Face cache in Python's layout:
 * `models--owner--name/{blobs,refs,snapshots}` (Node only).
 *
 * @see {@link https://huggingface.co/docs/huggingface_hub/guides/manage-cache}
 */
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, promises as fs } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeStream } from 'node:stream/web';
import type { ByteSource, ModelFolder, ResolveOptions } from '../host/host';
import { FileSource, isFile } from './node-disk';
import { impatient, listRepository, repositoryBlob, type HubOptions, type RepositoryFile } from './hub-client';
import { checkSubfolder } from './names';
import { cachedSnapshot, repositoryFolder, type Download } from './node-resolve';
import { progressMeter } from './progress';

/** Makes the download function of an environment: `HF_ENDPOINT`, `HF_TOKEN`. */
export function downloadRepository(env: Readonly<Record<string, string | undefined>>): Download {
  return async (repository, options, cacheDir) => {
    const hub: HubOptions = {
      endpoint: env['HF_ENDPOINT'],
      token: options.token ?? env['HF_TOKEN'] ?? (await storedToken(env)),
      revision: options.revision ?? 'main',
      signal: options.signal
    };
    const subfolder = checkSubfolder(options.subfolder);
    options.progress_callback?.({ phase: 'resolve', name: repository, loaded: 0, total: 0 });
    const cached = await cachedSnapshot(cacheDir, repository, options.revision);
    try {
      const { commit, files } = await listRepository(repository, cached ? impatient(hub) : hub);
      const store = repositoryFolder(cacheDir, repository);
      if (commit !== hub.revision) {
        await writeText(join(store, 'refs', hub.revision), commit);
      }
      return new CachedRepository(repository, { ...hub, revision: commit }, store, files, subfolder, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (cached) {
        // Offline, or the hub is down: what is there is what there is, as in Python.
        return new CachedRepository(repository, hub, dirname(dirname(cached)), [], subfolder, options, cached);
      }
      throw new Error(
        `Cannot find model ${JSON.stringify(repository)} as it must be a folder, be in the Hugging Face cache ` +
          `(${cacheDir}) or be downloadable: ${(error as Error).message}\n` +
          `Without a network, put its files into a model folder, or run \`hf download ${repository}\` elsewhere and ` +
          `copy ${repositoryFolder('', repository)} into the cache`,
        { cause: error }
      );
    }
  };
}

/** What `hf auth login` stored. */
async function storedToken(env: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const home = env['HF_HOME'] ?? join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'huggingface');
  const text = await fs.readFile(env['HF_TOKEN_PATH'] ?? join(home, 'token'), 'utf8').catch(() => '');
  return text.trim() || undefined;
}

/** A repository whose files are fetched into the cache when first opened. */
class CachedRepository implements ModelFolder {
  readonly name: string;
  private readonly _files: ReadonlyMap<string, RepositoryFile>;
  private readonly _snapshot: string;

  constructor(
    private readonly _repository: string,
    private readonly _hub: HubOptions,
    private readonly _store: string,
    files: readonly RepositoryFile[],
    private readonly _subfolder: string,
    private readonly _options: ResolveOptions,
    snapshot?: string
  ) {
    this.name = [_repository, _subfolder].filter(Boolean).join('/');
    this._files = new Map(files.map(file => [file.path, file]));
    this._snapshot = snapshot ?? join(_store, 'snapshots', _hub.revision);
  }

  async open(file: string): Promise<ByteSource | undefined> {
    const path = [this._subfolder, file].filter(Boolean).join('/');
    const local = join(this._snapshot, path);
    if (await isFile(local)) {
      return new FileSource(local);
    }
    const remote = this._files.get(path);
    if (!remote) {
      return undefined;
    }
    await this._fetch(remote, local);
    return new FileSource(local);
  }

  async list(): Promise<string[]> {
    const prefix = this._subfolder ? `${this._subfolder}/` : '';
    const local = await fs.readdir(join(this._snapshot, this._subfolder)).catch(() => []);
    const remote = [...this._files.keys()].filter(path => path.startsWith(prefix)).map(p => p.slice(prefix.length));
    return [...new Set([...local, ...remote])].filter(path => !path.includes('/'));
  }

  private async _fetch(file: RepositoryFile, local: string): Promise<void> {
    const blob = join(this._store, 'blobs', file.sha256 ?? file.oid);
    if (!(await isFile(blob))) {
      await this._download(file, blob);
    }
    await fs.mkdir(dirname(local), { recursive: true });
    const target = relative(dirname(local), blob);
    await fs.symlink(target, local).catch(() => fs.copyFile(blob, local));
  }

  /** Downloads to `<blob>.incomplete`, going on where an earlier attempt stopped, and checks the hash. */
  private async _download(file: RepositoryFile, blob: string): Promise<void> {
    const { signal, progress_callback } = this._options;
    const partial = `${blob}.incomplete`;
    await fs.mkdir(dirname(blob), { recursive: true });
    let begin = await fs.stat(partial).then(
      stat => stat.size,
      () => 0
    );
    if (begin > file.size) {
      begin = 0;
    }
    const meter = progressMeter(progress_callback, 'download', file.path, file.size, begin);
    meter.report(true);
    if (begin < file.size) {
      const remote = await repositoryBlob(this._repository, file.path, this._hub);
      const body = (begin ? remote.slice(begin) : remote).stream() as unknown as NodeStream<Uint8Array>;
      await pipeline(
        Readable.fromWeb(body),
        meter.passThrough(),
        createWriteStream(partial, { flags: begin ? 'a' : 'w' }),
        { signal }
      );
    }
    const hash = await hashFile(partial, file);
    if (hash !== (file.sha256 ?? file.oid)) {
      await fs.rm(partial);
      throw new Error(
        `Cannot use ${this._repository}/${file.path} as its hash must be ${file.sha256 ?? file.oid}: the download has ` +
          `${hash}; load again to download again`
      );
    }
    await fs.rename(partial, blob);
    meter.report(true);
  }
}

/** SHA-256 of large files, Git's own hash of the others. */
async function hashFile(path: string, file: RepositoryFile): Promise<string> {
  const hash = file.sha256 ? createHash('sha256') : createHash('sha1').update(`blob ${file.size}\0`);
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function writeText(path: string, text: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true });
  await fs.writeFile(path, text);
}
