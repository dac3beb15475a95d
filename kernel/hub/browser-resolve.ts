/** Finding models from the browser: folders the user opened, the site's model folders, the hub. */
import type { FileCache, ModelFolder, ResolveOptions } from '../host/host';
import { openRepository } from './browser-download';
import type { HubOptions } from './hub-client';
import { SiteFolders, type ModelsSite } from './http-folder';
import { checkSubfolder, isPathOnly, isRepositoryId, parseModelName } from './names';

export interface BrowserPlaces {
  /** Undefined where the page gave no URL for model files. */
  readonly site: ModelsSite | undefined;
  /** The notebook's folder, relative to the root; '' for the root. */
  readonly notebookPath: string;
  readonly cache: () => Promise<FileCache | undefined>;
  /** Folders made known by `mount`. */
  readonly mounted: ReadonlyMap<string, ModelFolder>;
  /** False where a setting forbids downloads. */
  readonly downloads: boolean;
  readonly endpoint: string | undefined;
}

/** Makes the function behind `Host.resolve`. */
export function browserResolver(
  places: BrowserPlaces
): (model: string, options?: ResolveOptions) => Promise<ModelFolder> {
  const folders = places.site && new SiteFolders(places.site);
  return async (model, options = {}) => {
    const { folder, gguf } = parseModelName(model);
    const subfolder = checkSubfolder(options.subfolder);
    if (options.cache_dir !== undefined) {
      throw new RangeError(
        `Cannot use cache_dir as a kernel in the browser has no folders: current value is ${options.cache_dir}; ` +
          'leave it out, or use the server kernel'
      );
    }
    const mounted = places.mounted.get(model) ?? places.mounted.get(folder);
    if (mounted) {
      return gguf === undefined || mounted.gguf === gguf ? mounted : named(mounted, gguf);
    }
    const searched: string[] = [];
    if (folders) {
      for (const path of candidates(folder, places.notebookPath)) {
        const inside = [path, subfolder].filter(Boolean).join('/') || '.';
        const { revision, signal } = options;
        const found = await folders.find(inside, gguf, { revision, signal });
        if (found) {
          return found;
        }
        searched.push(gguf === undefined ? inside : `${inside}/${gguf}`);
      }
    }
    if (!isPathOnly(folder) && isRepositoryId(folder)) {
      const found = await fromHub(folder, options, places, model, searched);
      if (found) {
        return gguf === undefined ? found : named(found, gguf);
      }
    }
    throw notFound(model, searched, places, options);
  };
}

async function fromHub(
  repository: string,
  options: ResolveOptions,
  places: BrowserPlaces,
  model: string,
  searched: readonly string[]
): Promise<ModelFolder | undefined> {
  const online = places.downloads && !options.local_files_only;
  const hub: HubOptions = {
    revision: options.revision ?? 'main',
    ...(places.endpoint === undefined ? {} : { endpoint: places.endpoint }),
    ...(options.token === undefined ? {} : { token: options.token }),
    ...(options.signal === undefined ? {} : { signal: options.signal })
  };
  try {
    return await openRepository(repository, options, hub, await places.cache(), online);
  } catch (error) {
    options.signal?.throwIfAborted();
    throw notFound(model, searched, places, options, error as Error);
  }
}

function named(folder: ModelFolder, gguf: string): ModelFolder {
  return { name: folder.name, gguf, open: file => folder.open(file), list: () => folder.list() };
}

/** Where a relative name may be: in the notebook's folder, then in the root (and the server's model folders). */
function candidates(folder: string, notebookPath: string): string[] {
  if (folder.startsWith('/')) {
    return [folder];
  }
  const paths = [`${notebookPath}/${folder}`, ...(/^\.{1,2}(\/|$)/.test(folder) ? [] : [folder])];
  return [...new Set(paths.map(normalise).filter(path => path !== undefined))];
}

/** Removes '.' and '..'; undefined for a path that leaves the root. */
function normalise(path: string): string | undefined {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') {
      if (parts.pop() === undefined) {
        return undefined;
      }
    } else if (part !== '' && part !== '.') {
      parts.push(part);
    }
  }
  return parts.join('/');
}

function notFound(
  model: string,
  searched: readonly string[],
  { site, downloads }: BrowserPlaces,
  { local_files_only }: ResolveOptions,
  cause?: Error
): RangeError {
  const places = searched.map(path => `\n  ${path} (${site!.modelsUrl})`).join('');
  const hub = local_files_only
    ? 'nothing is downloaded as local_files_only is set'
    : !downloads
      ? 'nothing is downloaded as the settings forbid it'
      : cause
        ? `the hub could not give it: ${cause.message}`
        : 'it is no repository id';
  return new RangeError(
    `Cannot find model ${JSON.stringify(model)} as one of these must exist:${places || ' (this site has no model files)'}` +
      `\nPut config.json, tokenizer.json and model.safetensors (or one .gguf file) into such a folder, next to the ` +
      `notebook or in one of LOUPE_MODEL_DIRS; ${hub}`,
    cause ? { cause } : undefined
  );
}
