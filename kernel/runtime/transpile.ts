/** TypeScript → JavaScript of one cell. Types are removed, never checked: that is the language service's work. */
import { transform } from 'sucrase';
import { CellSyntaxError } from './errors';
import { sourceMap } from './source-map';

export interface Transpiled {
  readonly code: string;
  /** Position in the TypeScript source (line from 1, column from 0) of a position in `code`. */
  original(line: number, column: number): { line: number; column: number };
}

/**
 * A complete compiler for what the fast one cannot do (decorators, namespaces): TypeScript source in, JavaScript
 * (ES2022, helpers left out) and its source map's `mappings` out.
 */
export type FullCompiler = (source: string) => Promise<{ code: string; mappings: string }>;

/** Sucrase drops namespaces without a word, so they must be seen before. */
const namespace = /^[ \t]*(?:export[ \t]+)?(?:namespace|module)[ \t]+[A-Za-z_$][\w$.]*[ \t]*\{/m;

/**
 * Removes the types of a cell.
 *
 * @param source TypeScript, with JSX if it is not TypeScript without.
 * @returns JavaScript whose lines are the source's lines.
 * @throws {CellSyntaxError} If the text is not valid TypeScript.
 */
export function transpile(source: string): Transpiled {
  if (namespace.test(source)) {
    throw new NeedsFullCompiler('namespaces');
  }
  try {
    // A script's first line is for the shell.
    return strip(source.replace(/^#!/, '//'), false);
  } catch (error) {
    if (/<[A-Za-z>]/.test(source)) {
      try {
        return strip(source, true);
      } catch {
        // Not JSX either: the first error speaks about what most cells are.
      }
    }
    throw syntaxError(error, source);
  }
}

/** Thrown where only a complete compiler will do. */
export class NeedsFullCompiler extends Error {
  constructor(readonly feature: string) {
    super(`Cannot run ${feature} as the complete TypeScript compiler is not available here`);
  }
}

function strip(source: string, jsx: boolean): Transpiled {
  const { code, sourceMap: map } = transform(source, {
    transforms: jsx ? ['typescript', 'jsx'] : ['typescript'],
    // A cell's import may be used only by later cells.
    keepUnusedImports: true,
    disableESTransforms: true,
    production: true,
    jsxPragma: 'h',
    jsxFragmentPragma: 'Fragment',
    filePath: 'cell.ts',
    sourceMapOptions: { compiledFilename: 'cell.js' }
  });
  return { code, original: sourceMap(map!.mappings as unknown as string) };
}

function syntaxError(error: unknown, source: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const found = /^(?:Error transforming cell\.ts: )?([\s\S]*?) \((\d+):(\d+)\)$/.exec(message);
  if (!found) {
    return new CellSyntaxError(message.replace('Error transforming cell.ts: ', ''), source, 1, 0);
  }
  return new CellSyntaxError(found[1]!, source, Number(found[2]), Number(found[3]) - 1);
}
