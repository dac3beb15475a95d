import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { load, resolve } from '../../../../kernel/server/typescript-hooks';

const folder = mkdtempSync(join(tmpdir(), 'loupe-hooks-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('resolve()', () => {
  const known = new Set(['./a.ts', './b/index.ts', './c.js']);
  const next = async (specifier: string) => {
    if (!known.has(specifier)) {
      throw new Error(`no ${specifier}`);
    }
    return { url: `file:///${specifier}` };
  };

  it.each([
    ['./a', 'file:///./a.ts'],
    ['./a.js', 'file:///./a.ts'],
    ['./b', 'file:///./b/index.ts'],
    ['./c.js', 'file:///./c.js']
  ])('finds %s', async (specifier, url) => {
    expect(await resolve(specifier, {}, next)).toEqual({ url });
  });

  it.each(['./nothing', 'package', './z.ts'])('leaves the error for %s as it was', async specifier => {
    await expect(resolve(specifier, {}, next)).rejects.toThrow(`no ${specifier}`);
  });
});

describe('load()', () => {
  const next = async () => ({ format: 'commonjs' });

  it('strips types, and keeps what enums mean', async () => {
    const file = join(folder, 'x.ts');
    writeFileSync(file, 'export enum E { A = 4 }\nexport const n: number = E.A as number;');
    const { format, source, shortCircuit } = await load(`${pathToFileURL(file).href}?12.5`, {}, next);
    expect([format, shortCircuit]).toEqual(['module', true]);
    expect(source).not.toContain(': number');
    expect(source).toContain('E["A"] = A');
  });

  it('leaves other files to Node', async () => {
    expect(await load('file:///x.js', {}, next)).toEqual({ format: 'commonjs' });
  });
});
