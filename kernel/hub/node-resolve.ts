/** Finding models on the disk of the machine the kernel runs on (Node only). */
import { promises as fs } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { ModelFolder, ResolveOptions } from '../host/host';
import { DiskFolder, isFile, isFolder } from './node-disk';
import { checkSubfolder, isPathOnly, isRepositoryId, parseModelName } from './names';

export interface NodePlaces {
  /** Where relative names are looked for first: the notebook's folder. */
  readonly cwd: string;
  /** Further folders holding model folders, in order. */
  readonly modelDirs: readonly string[];
  /** The Hugging Face cache. */
  readonly hubCache: string;
  /** False where downloads are switched off (`HF_HUB_OFFLINE`). */
  readonly online: boolean;
}

/**
 * The places the environment names: `LOUPE_MODEL_DIRS`, `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, `HF_HUB_OFFLINE`.
 * @see {@link https://huggingface.co/docs/huggingface_hub/package_reference/environment_variables}
 */
export function nodePlaces(env: Readonly<Record<string, string | undefined>>, cwd: string): NodePlaces {
  const cache = env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const home = env['HF_HOME'] ?? join(cache, 'huggingface');
  const dirs = (env['LOUPE_MODEL_DIRS'] ?? '').split(delimiter).filter(Boolean).map(expandHome);
  return {
    cwd,
    modelDirs: [...new Set([...dirs, join(dataFolder(env), 'models')])],
    hubCache: expandHome(env['HF_HUB_CACHE'] ?? env['HUGGINGFACE_HUB_CACHE'] ?? join(home, 'hub')),
    online: !/^(1|true|yes|on)$/i.test(env['HF_HUB_OFFLINE'] ?? '')
  };
}

/** Where `jupyter loupe pull` stores models: `LOUPE_HOME`, or the user's data folder as platformdirs finds it. */
function dataFolder(env: Readonly<Record<string, string | undefined>>): string {
  if (env['LOUPE_HOME']) {
    return expandHome(env['LOUPE_HOME']);
  }
  switch (process.platform) {
    case 'darwin':
      return join(homedir(), 'Library', 'Application Support', 'loupe');
    case 'win32':
      return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'loupe');
    default:
      return join(env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'loupe');
  }
}

/** A download of a repository, given by the host; see `node-download.ts`. */
export type Download = (repository: string, options: ResolveOptions, cacheDir: string) => Promise<ModelFolder>;

/**
 * Finds a model: a folder or GGUF file (absolute, relative to the notebook, in a model folder), a repository in the
 * Hugging Face cache, then a download.
 *
 * @throws {RangeError} If it is nowhere; the message lists the places searched and what to put where.
 */
export async function resolveOnDisk(
  model: string,
  options: ResolveOptions,
  places: NodePlaces,
  download: Download
): Promise<ModelFolder> {
  const { folder, gguf } = parseModelName(model);
  const subfolder = checkSubfolder(options.subfolder);
  const cache = options.cache_dir === undefined ? places.hubCache : expandHome(options.cache_dir);

  const candidates = localCandidates(folder, places).map(path => join(path, subfolder));
  for (const path of candidates) {
    if (await (gguf === undefined ? isFolder(path) : isFile(join(path, gguf)))) {
      return new DiskFolder(path, gguf);
    }
  }
  const searched = candidates.map(path => (gguf === undefined ? path : join(path, gguf)));
  if (!isPathOnly(folder) && isRepositoryId(folder)) {
    const snapshot = await cachedSnapshot(cache, folder, options.revision);
    const path = snapshot && join(snapshot, subfolder);
    const complete = path !== undefined && (await (gguf === undefined ? isFolder(path) : isFile(join(path, gguf))));
    if (options.local_files_only || !places.online) {
      if (complete) {
        return new DiskFolder(path, gguf);
      }
      searched.push(`${repositoryFolder(cache, folder)} (the Hugging Face cache)`);
    } else {
      return withGguf(await download(folder, options, cache), gguf);
    }
  }
  throw notFound(model, searched, options.local_files_only ? 'local_files_only is set' : undefined, places);
}

function withGguf(folder: ModelFolder, gguf: string | undefined): ModelFolder {
  return gguf === undefined
    ? folder
    : { name: folder.name, gguf, open: file => folder.open(file), list: () => folder.list() };
}

/** Where a name may be as a path, in order. */
function localCandidates(name: string, { cwd, modelDirs }: NodePlaces): string[] {
  const path = expandHome(name);
  if (isAbsolute(path)) {
    return [path];
  }
  return [...new Set([cwd, ...modelDirs].map(base => resolve(base, path)))];
}

/** `<cache>/models--owner--name`, as Python's huggingface_hub names it. */
export function repositoryFolder(cache: string, repository: string): string {
  return join(cache, `models--${repository.replaceAll('/', '--')}`);
}

/**
 * The folder of a repository's files in the Hugging Face cache.
 *
 * @param revision Branch, tag or commit; `main` by default.
 * @returns Its path, or undefined if that revision is not there.
 */
export async function cachedSnapshot(
  cache: string,
  repository: string,
  revision = 'main'
): Promise<string | undefined> {
  const folder = repositoryFolder(cache, repository);
  if (/(^|\/)\.\.?(\/|$)/.test(revision)) {
    throw new RangeError(`Cannot use revision as it must be a branch, tag or commit: current value is ${revision}`);
  }
  const reference = await fs.readFile(join(folder, 'refs', revision), 'utf8').catch(() => undefined);
  const commit = (reference ?? revision).trim();
  const path = join(folder, 'snapshots', commit);
  return /^[0-9a-f]{40}$/.test(commit) && (await isFolder(path)) ? path : undefined;
}

function notFound(model: string, searched: string[], why: string | undefined, places: NodePlaces): RangeError {
  const places_ = searched.map(place => `\n  ${place}`).join('');
  const offline = why ?? (places.online ? undefined : 'HF_HUB_OFFLINE is set');
  return new RangeError(
    `Cannot find model ${JSON.stringify(model)} as one of these must exist:${places_}\n` +
      `Put config.json, tokenizer.json and model.safetensors (or one .gguf file) into such a folder` +
      (offline === undefined ? '' : `; nothing is downloaded as ${offline}`)
  );
}

function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path;
}
