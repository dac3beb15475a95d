import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelNames } from '../../../../kernel/server/model-names';

describe('modelNames()', () => {
  const root = mkdtempSync(join(tmpdir(), 'loupe-names-'));
  afterAll(() => rmSync(root, { recursive: true }));

  it('lists model folders, GGUF files and cached repositories, and nothing else', async () => {
    const file = (...path: string[]) => {
      const target = join(root, ...path);
      mkdirSync(join(target, '..'), { recursive: true });
      writeFileSync(target, '');
    };
    file('notebook', 'near', 'config.json');
    file('notebook', 'data', 'table.csv');
    file('models', 'Qwen', 'config.json');
    file('models', 'packed', 'x.gguf');
    file('models', 'single.Q4_1.gguf');
    file('hub', 'models--org--name', 'refs', 'main');
    file('hub', 'datasets--org--name', 'refs', 'main');
    const env = {
      LOUPE_MODEL_DIRS: join(root, 'models'),
      HF_HUB_CACHE: join(root, 'hub'),
      LOUPE_HOME: join(root, 'none')
    };
    expect(await modelNames(env, join(root, 'notebook'))).toEqual([
      'Qwen',
      'near',
      'org/name',
      'packed',
      'single.Q4_1.gguf'
    ]);
  });
});
