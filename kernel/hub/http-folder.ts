/** Model folders behind URLs: on the Jupyter server, or static files of a JupyterLite site. */
import type { ByteSource, ModelFolder } from '../host/host';
import { fetchWithRetry } from './retry';
import { openUrl, type HttpOptions } from './http-source';

export interface ModelsSite {
  /** Ends in '/'. */
  readonly modelsUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds before further attempts; see `retry.ts`. */
  readonly waits?: readonly number[];
}

/** What a folder of the site is found to hold; undefined for a folder that exists and cannot be listed. */
type Listing = string[] | undefined;

/** Files a model folder is expected to have one of, where it cannot be listed. */
const knownFiles = ['config.json', 'tokenizer.json', 'model.safetensors', 'preprocessor_config.json'];

/**
 * Finds a folder of a site: through the server extension's listing, or, on a static site, through the folder's
 * `index.json` (a list of file names) or a file every model has.
 */
export class SiteFolders {
  private _static = false;

  constructor(private readonly _site: ModelsSite) {}

  /**
   * Looks a folder up.
   *
   * @param path Relative to the site's models, or absolute where the server allows it.
   * @param gguf A GGUF file the folder must have.
   * @returns The folder, or undefined if it is not there.
   * @throws {Error} If the server refuses it, with the server's reason.
   */
  async find(
    path: string,
    gguf: string | undefined,
    options: { revision?: string | undefined; signal?: AbortSignal | undefined } = {}
  ): Promise<ModelFolder | undefined> {
    const http: HttpOptions = {
      headers: this._site.headers,
      ...(options.signal ? { signal: options.signal } : {}),
      ...(this._site.waits ? { waits: this._site.waits } : {})
    };
    const listed = this._static ? undefined : await this._list(path, options.revision, http);
    if (listed !== undefined) {
      if (listed === 'absent' || (gguf !== undefined && !listed.includes(gguf))) {
        return undefined;
      }
      return new HttpFolder(this._site.modelsUrl, path, listed, http, gguf, options.revision);
    }
    return this._findStatic(path, gguf, http);
  }

  /** The server's listing; undefined where no server extension answers. */
  private async _list(
    path: string,
    revision: string | undefined,
    http: HttpOptions
  ): Promise<string[] | 'absent' | undefined> {
    const url = new URL('../api/files', this._site.modelsUrl);
    url.searchParams.set('path', path);
    if (revision !== undefined) {
      url.searchParams.set('revision', revision);
    }
    const response = await fetchWithRetry(
      url.href,
      { headers: { ...http.headers }, ...(http.signal ? { signal: http.signal } : {}) },
      http.waits
    );
    const text = await response.text();
    const answer = /\bjson\b/.test(response.headers.get('Content-Type') ?? '') ? parse(text) : undefined;
    if (response.ok && Array.isArray(answer?.files)) {
      return answer.files.map(file => (file as { name?: unknown }).name).filter(name => typeof name === 'string');
    }
    if (answer && response.status === 404) {
      return 'absent';
    }
    if (answer && !response.ok) {
      const reason = typeof answer.message === 'string' ? answer.message : `it answers ${response.status}`;
      throw new Error(`Cannot list model folder ${JSON.stringify(path)} as the server must allow it: ${reason}`);
    }
    this._static = true;
    return undefined;
  }

  private async _findStatic(
    path: string,
    gguf: string | undefined,
    http: HttpOptions
  ): Promise<ModelFolder | undefined> {
    const bare = new HttpFolder(this._site.modelsUrl, path, undefined, http, gguf);
    if (gguf !== undefined) {
      return (await bare.open(gguf)) && bare;
    }
    const index = await bare.open('index.json');
    if (index && index.size < 1 << 20) {
      const names = namesOf(parse(new TextDecoder().decode(await index.read(0, index.size))));
      if (names) {
        return new HttpFolder(this._site.modelsUrl, path, names, http);
      }
    }
    for (const file of knownFiles) {
      if (await bare.open(file)) {
        return bare;
      }
    }
    return undefined;
  }
}

class HttpFolder implements ModelFolder {
  readonly name: string;
  readonly gguf?: string;
  private readonly _opened = new Map<string, Promise<ByteSource | undefined>>();

  constructor(
    private readonly _modelsUrl: string,
    private readonly _path: string,
    private readonly _listing: Listing,
    private readonly _http: HttpOptions,
    gguf?: string,
    private readonly _revision?: string
  ) {
    this.name = _path;
    if (gguf !== undefined) {
      this.gguf = gguf;
    }
  }

  async open(file: string): Promise<ByteSource | undefined> {
    if (this._listing && !this._listing.includes(file)) {
      return undefined;
    }
    let source = this._opened.get(file);
    if (!source) {
      source = openUrl(this._url(file), this._http);
      this._opened.set(file, source);
      // A file that failed, or that is not there yet, is asked for again.
      source.then(
        found => found ?? this._opened.delete(file),
        () => this._opened.delete(file)
      );
    }
    return source;
  }

  list(): Promise<string[] | undefined> {
    return Promise.resolve(this._listing?.filter(name => !name.includes('/')));
  }

  private _url(file: string): string {
    // An absolute path keeps its leading slash as %2F: two slashes in a row do not survive proxies.
    const absolute = this._path.startsWith('/') ? '%2F' : '';
    const parts = [...this._path.split('/'), ...file.split('/')].filter(part => part !== '' && part !== '.');
    const path = parts.map(encodeURIComponent).join('/');
    const revision = this._revision === undefined ? '' : `?revision=${encodeURIComponent(this._revision)}`;
    return this._modelsUrl + absolute + path + revision;
  }
}

function parse(text: string): { files?: unknown[]; message?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** File names of an `index.json`: a list of names, or of objects with one, alone or under `files`. */
function namesOf(value: unknown): string[] | undefined {
  const rows = Array.isArray(value) ? (value as unknown[]) : (value as { files?: unknown } | undefined)?.files;
  if (!Array.isArray(rows)) {
    return undefined;
  }
  return rows
    .map((row: unknown) => (typeof row === 'string' ? row : (row as { name?: unknown } | null)?.name))
    .filter(name => typeof name === 'string');
}
