/** What is asked of the Hugging Face hub, through `@huggingface/hub`, loaded on first use. */

export interface HubOptions {
  /** `https://huggingface.co` by default. */
  readonly endpoint?: string;
  readonly token?: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  readonly signal?: AbortSignal;
}

/** Milliseconds the hub has to answer where the cache could stand in for it; Python's `HF_HUB_ETAG_TIMEOUT`. */
const patience = 10_000;

/** The options with a limit of time: behind some firewalls a request is never answered. */
export function impatient(options: HubOptions): HubOptions {
  const limit = AbortSignal.timeout(patience);
  return { ...options, signal: options.signal ? AbortSignal.any([options.signal, limit]) : limit };
}

/** One file of a repository. */
export interface RepositoryFile {
  readonly path: string;
  readonly size: number;
  /** Git's SHA-1 of the file (of its pointer, where it has a `sha256`). */
  readonly oid: string;
  /** SHA-256, of files stored outside Git. */
  readonly sha256?: string;
}

/**
 * Lists a repository's files.
 *
 * @returns The commit the revision stands for, and all files with size and hash.
 * @throws {Error} If the hub cannot be reached, or refuses.
 */
export async function listRepository(
  repository: string,
  options: HubOptions
): Promise<{ commit: string; files: RepositoryFile[] }> {
  const { modelInfo, listFiles } = await import('@huggingface/hub');
  const common = shared(options);
  const info = await modelInfo({ ...common, name: repository, additionalFields: ['sha'], revision: options.revision });
  const commit = (info as { sha?: unknown }).sha;
  if (typeof commit !== 'string' || !/^[0-9a-f]{40}$/.test(commit)) {
    throw new Error(`Cannot list ${repository} as the hub must name its commit: current value is ${String(commit)}`);
  }
  const files: RepositoryFile[] = [];
  for await (const entry of listFiles({ ...common, repo: repository, recursive: true, revision: commit })) {
    // The hash names a file of the cache, so it must be one.
    const isHash = /^[0-9a-f]{40,64}$/.test(entry.lfs?.oid ?? entry.oid ?? '');
    if (entry.type === 'file' && isInside(entry.path) && isHash) {
      const { path, size, oid = '', lfs } = entry;
      files.push(lfs ? { path, size: lfs.size, oid, sha256: lfs.oid } : { path, size, oid });
    }
  }
  return { commit, files };
}

/** A file's content, fetched as it is read; `slice` asks for a range. */
export async function repositoryBlob(repository: string, path: string, options: HubOptions): Promise<Blob> {
  const { downloadFile } = await import('@huggingface/hub');
  const blob = await downloadFile({ ...shared(options), repo: repository, path, revision: options.revision });
  if (!blob) {
    throw new RangeError(`Cannot download ${repository}/${path} as the repository must contain it: it does not`);
  }
  return blob;
}

function shared(options: HubOptions): { hubUrl?: string; accessToken?: string; fetch: typeof fetch } {
  const { endpoint, token, signal } = options;
  return {
    ...(endpoint ? { hubUrl: endpoint.replace(/\/+$/, '') } : {}),
    ...(token ? { accessToken: token } : {}),
    fetch: (input, init) => fetch(input, signal ? { ...init, signal } : init)
  };
}

/** Paths come from the repository and end up below a cache folder: none may lead out of it. */
function isInside(path: string): boolean {
  return !/^[/\\]|^[A-Za-z]:|\\|(?:^|\/)\.\.(?:\/|$)/.test(path);
}
