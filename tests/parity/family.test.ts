/** Every registered family against Python, on onnxruntime-node. FAMILY=qwen2 or FAMILY=qwen2/sliding runs some. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { modelTypes } from '../../kernel/models/registry';
import { fixtures } from './fixture';
import { familySuite, useNodeHost } from './suite';

/** A family that needs more than this suite asks (images, remote code) has a folder of its own beside it. */
const hasOwnSuite = (model_type: string): boolean => existsSync(join(__dirname, model_type, 'fixtures'));

useNodeHost();

const all = fixtures();

describe('registered families', () => {
  const { families } = JSON.parse(readFileSync(join(__dirname, 'fixtures/manifest.json'), 'utf8')) as {
    families: { [model_type: string]: { [variant: string]: { files: { [file: string]: number } } } };
  };

  it('have fixtures of at least two configurations each (python tests/parity/make_fixtures.py <model_type>)', () => {
    const missing = modelTypes().filter(
      model_type => Object.keys(families[model_type] ?? {}).length < 2 && !hasOwnSuite(model_type)
    );
    expect(missing).toEqual([]);
  });

  it('are those the fixtures are of', () => {
    expect(Object.keys(families).filter(model_type => !modelTypes().includes(model_type))).toEqual([]);
  });

  it('have the files the manifest lists, none above 1 MB', () => {
    const faults: string[] = [];
    for (const [model_type, variants] of Object.entries(families)) {
      for (const [variant, { files }] of Object.entries(variants)) {
        const sizes = Object.entries(files).map(([file, size]) => {
          const path = join(__dirname, 'fixtures', model_type, variant, file);
          if (!existsSync(path) || readFileSync(path).length !== size) {
            faults.push(path);
          }
          return size;
        });
        if (sizes.reduce((a, b) => a + b, 0) > 1e6) {
          faults.push(`${model_type}/${variant}: above 1 MB`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});

for (const fixture of all) {
  familySuite(fixture, { device: 'cpu' });
}
