/** `import` in cells of the server kernel: packages and files as Node finds them from the notebook's folder. */
import { existsSync, statSync } from 'node:fs';
import { isBuiltin, register } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import type { ModuleResolver } from '../runtime/modules';

/**
 * @param cwd The notebook's folder, whose node_modules and files are meant.
 * @param hooks The built `typescript-hooks`, which lets TypeScript files be imported.
 */
export function nodeResolver(cwd: string, hooks: URL): ModuleResolver {
  // A script that seems to lie in the folder: Node resolves what it imports from there, "exports" and all.
  const load = new vm.Script('specifier => import(specifier)', {
    filename: join(cwd, 'notebook.js'),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  }).runInThisContext() as ModuleResolver;
  let isRegistered = false;
  return async specifier => {
    if (/^https?:/.test(specifier)) {
      throw new Error(`Cannot import '${specifier}' as Node.js must find it on disk: install the package with npm`);
    }
    const name = specifier.replace(/^npm:/, '');
    const isFile = /^\.{0,2}\//.test(name) || isAbsolute(name) || name.startsWith('file:');
    if (isFile && !isRegistered) {
      isRegistered = true;
      register(hooks);
    }
    try {
      return await load(isFile ? fresh(name, cwd) : name);
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND' && !isFile && !isBuiltin(name)) {
        const missing = /Cannot find package '([^']+)'/.exec((error as Error).message)?.[1] ?? name;
        throw new Error(
          `Cannot import '${name}' as the package ${missing} must be installed: run npm install ${missing} in ${cwd}`,
          { cause: error }
        );
      }
      throw error;
    }
  };
}

/** Names a file together with its time, so that an import after an edit runs the new text. */
function fresh(name: string, cwd: string): string {
  const path = name.startsWith('file:') ? fileURLToPath(name) : resolve(cwd, name);
  const file = ['', '.ts', '.tsx', '/index.ts'].map(end => path + end).find(p => existsSync(p) && statSync(p).isFile());
  return file === undefined ? name : `${pathToFileURL(file).href}?${statSync(file).mtimeMs}`;
}
