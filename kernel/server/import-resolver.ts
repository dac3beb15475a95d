/** `import` in cells of the server kernel: packages and files as Node finds them from the notebook's folder. */
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import vm from 'node:vm';
import type { ModuleResolver } from '../runtime/modules';

/** @param cwd The notebook's folder, whose node_modules and files are meant. */
export function nodeResolver(cwd: string): ModuleResolver {
  // A script that seems to lie in the folder: Node resolves what it imports from there, "exports" and all.
  const load = new vm.Script('specifier => import(specifier)', {
    filename: join(cwd, 'notebook.js'),
    importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER
  }).runInThisContext() as ModuleResolver;
  return async specifier => {
    if (/^https?:/.test(specifier)) {
      throw new Error(`Cannot import '${specifier}' as Node.js must find it on disk: install the package with npm`);
    }
    const name = specifier.replace(/^npm:/, '');
    try {
      return await load(name);
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_MODULE_NOT_FOUND' && !isBuiltin(name) && !/^[./]/.test(name)) {
        const missing = /Cannot find package '([^']+)'/.exec((error as Error).message)?.[1] ?? name;
        throw new Error(
          `Cannot import '${name}' as the package ${missing} must be installed: run npm install ${missing} in ${cwd}`,
          {
            cause: error
          }
        );
      }
      throw error;
    }
  };
}
