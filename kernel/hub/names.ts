/** What a cell may pass to `from_pretrained`: a folder, a GGUF file, or a repository id. */

export interface ModelName {
  /** Folder or repository id, without a trailing slash; '' for the folder searched from. */
  readonly folder: string;
  /** The GGUF file, where the name ends in one. */
  readonly gguf?: string;
}

/**
 * Splits a model name into folder and GGUF file.
 *
 * @throws {TypeError} If it is not a string, or empty.
 */
export function parseModelName(model: string): ModelName {
  if (typeof model !== 'string' || model.trim() === '') {
    throw new TypeError(
      `Cannot find a model as its name must be a folder, a .gguf file or a repository id: current value is ` +
        JSON.stringify(model)
    );
  }
  const path = model.replace(/\\/g, '/');
  if (/\.gguf$/i.test(path)) {
    const slash = path.lastIndexOf('/');
    return { folder: slash > 0 ? path.slice(0, slash) : path.slice(0, slash + 1), gguf: path.slice(slash + 1) };
  }
  return { folder: path.length > 1 ? path.replace(/\/+$/, '') : path };
}

/**
 * Whether a name can be a repository id of the Hugging Face hub: `name` or `owner/name`.
 * @see {@link https://github.com/huggingface/huggingface_hub/blob/main/src/huggingface_hub/utils/_validators.py}
 */
export function isRepositoryId(name: string): boolean {
  return (
    /^(?:[\w.-]{1,96}\/)?[\w.-]{1,96}$/.test(name) &&
    !/--|\.\.|^[.-]|\/[.-]|[.-]\/|[.-]$/.test(name) &&
    !name.endsWith('.git')
  );
}

/** Whether a name can only be a path, so that looking for a repository would make no sense. */
export function isPathOnly(name: string): boolean {
  return /^(?:\/|~|\.{1,2}(?:\/|$)|[A-Za-z]:\/)/.test(name);
}

/** A subfolder option, checked: relative, without steps upwards. */
export function checkSubfolder(subfolder: string | undefined): string {
  const path = (subfolder ?? '').replace(/\\/g, '/').replace(/^\.?\/+|\/+$/g, '');
  if (path.split('/').some(part => part === '..')) {
    throw new RangeError(`Cannot use subfolder as it must lie inside the model folder: current value is ${subfolder}`);
  }
  return path;
}
