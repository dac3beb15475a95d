/**
 * Loader hooks: TypeScript files that a notebook imports, on every Node the kernel runs on. Node's own type stripping
 * came with version 22.18 and knows no enums.
 *
 * @see {@link https://nodejs.org/api/module.html#customization-hooks}
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform } from 'sucrase';

interface Context {
  parentURL?: string;
}

interface Resolved {
  url: string;
  format?: string | null;
  shortCircuit?: boolean;
}

interface Loaded {
  format: string;
  source?: string | Uint8Array;
  shortCircuit?: boolean;
}

const isTypeScript = /\.[mc]?tsx?(?:\?.*)?$/;

/** Finds `./helper` as `./helper.ts`, as TypeScript's bundlers do. */
export async function resolve(
  specifier: string,
  context: Context,
  next: (specifier: string, context: Context) => Promise<Resolved>
): Promise<Resolved> {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!/^\.{0,2}\//.test(specifier) || isTypeScript.test(specifier)) {
      throw error;
    }
    const stem = specifier.replace(/\.js$/, '');
    for (const candidate of [`${stem}.ts`, `${stem}.tsx`, `${stem}/index.ts`]) {
      try {
        return await next(candidate, context);
      } catch {
        // The next one; if none is there, the first error tells what was asked for.
      }
    }
    throw error;
  }
}

/** Strips the types of TypeScript files. */
export async function load(
  url: string,
  context: Context,
  next: (url: string, context: Context) => Promise<Loaded>
): Promise<Loaded> {
  if (!isTypeScript.test(url) || !url.startsWith('file:')) {
    return next(url, context);
  }
  const path = fileURLToPath(new URL(url));
  const { code } = transform(await readFile(path, 'utf8'), {
    transforms: path.endsWith('x') ? ['typescript', 'jsx'] : ['typescript'],
    disableESTransforms: true,
    production: true,
    filePath: path
  });
  return { format: 'module', source: code, shortCircuit: true };
}
