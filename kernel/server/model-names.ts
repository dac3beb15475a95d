/** Names of models on this machine, for completion inside `from_pretrained('…')`. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { nodePlaces } from '../hub/node-resolve';

/**
 * Lists model folders, GGUF files and cached repositories.
 *
 * @param cwd The notebook's folder.
 */
export async function modelNames(env: Readonly<Record<string, string | undefined>>, cwd: string): Promise<string[]> {
  const { modelDirs, hubCache } = nodePlaces(env, cwd);
  const names = new Set<string>();
  for (const folder of [cwd, ...modelDirs]) {
    for (const name of await list(folder)) {
      if (name.endsWith('.gguf')) {
        names.add(name);
      } else if ((await list(join(folder, name))).some(file => file === 'config.json' || file.endsWith('.gguf'))) {
        names.add(name);
      }
    }
  }
  for (const name of await list(hubCache)) {
    if (name.startsWith('models--')) {
      names.add(name.slice('models--'.length).replace(/--/g, '/'));
    }
  }
  return [...names].sort();
}

/** Entries of a folder; none if it is not one. */
async function list(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
