/** Finds the fixtures of make_fixtures.py on disk. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { parseTensors, type Expected, type Fixture } from './description';

export type { Expected, Fixture } from './description';

const root = join(__dirname, 'fixtures');

/** Names of the folders inside a folder. */
function folders(path: string): string[] {
  return readdirSync(path)
    .filter(name => statSync(join(path, name)).isDirectory())
    .sort();
}

/** Every fixture there is; FAMILY=qwen2 or FAMILY=qwen2/sliding in the environment picks some. */
export function fixtures(): Fixture[] {
  const [wanted, variant] = (process.env['FAMILY'] ?? '').split('/');
  return folders(root)
    .filter(model_type => !wanted || model_type === wanted)
    .flatMap(model_type => folders(join(root, model_type)).map(name => ({ model_type, name })))
    .filter(({ name }) => !variant || name === variant)
    .map(({ model_type, name }) => load(join(root, model_type, name)));
}

function load(folder: string): Fixture {
  const description = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Omit<
    Fixture,
    'folder' | 'tensor'
  >;
  let tensors: Map<string, Expected> | undefined;
  return {
    ...description,
    folder,
    tensor(name) {
      tensors ??= readTensors(join(folder, 'expected.safetensors'));
      const found = tensors.get(name);
      if (!found) {
        throw new RangeError(`Cannot compare ${name} as expected.safetensors must hold it: ${folder} does not`);
      }
      return found;
    }
  };
}

/** All float32 tensors of a small safetensors file. */
export function readTensors(path: string): Map<string, Expected> {
  return parseTensors(readFileSync(path));
}
