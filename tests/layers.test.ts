import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = resolve(__dirname, '..');

/** Folder → what it may import besides itself: the table of kernel/README.md, parsed so that the two cannot differ. */
function allowed(): Map<string, string[]> {
  const table = new Map<string, string[]>();
  for (const line of readFileSync(join(root, 'kernel/README.md'), 'utf8').split('\n')) {
    const row = /^\| `([a-z]+)\/` \|.*\| ([^|]+) \|$/.exec(line);
    if (row) {
      const imports = row[2]!.replace(/\(.*\)/, '').trim();
      table.set(row[1]!, imports === 'nothing' ? [] : imports.split(',').map(s => s.trim()));
    }
  }
  for (const [folder, imports] of table) {
    const except = /^every library folder except (\w+)$/.exec(imports[0] ?? '');
    if (except) {
      const all = [...table.keys()].filter(name => ![folder, except[1], 'runtime', 'protocol'].includes(name));
      table.set(folder, all);
    }
  }
  return table;
}

function* sources(folder: string): Generator<string> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      yield* sources(path);
    } else if (/\.tsx?$/.test(name)) {
      yield path;
    }
  }
}

function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)].map(m => resolve(dirname(file), m[1]!));
}

describe('layers', () => {
  const table = allowed();
  const kernel = join(root, 'kernel');

  it('the table of kernel/README.md names every folder', () => {
    const folders = readdirSync(kernel).filter(n => statSync(join(kernel, n)).isDirectory());
    expect(folders.filter(f => !table.has(f))).toEqual([]);
  });

  it('the table has no cycle', () => {
    const state = new Map<string, 'open' | 'done'>();
    const visit = (folder: string, path: string[]): void => {
      if (state.get(folder) === 'done') {
        return;
      }
      expect(state.get(folder) === 'open' ? [...path, folder] : []).toEqual([]);
      state.set(folder, 'open');
      (table.get(folder) ?? []).forEach(next => visit(next, [...path, folder]));
      state.set(folder, 'done');
    };
    [...table.keys()].forEach(folder => visit(folder, []));
  });

  it('kernel folders import only what the table allows', () => {
    const faults: string[] = [];
    for (const file of sources(kernel)) {
      const [folder, ...rest] = relative(kernel, file).split(sep);
      if (rest.length === 0) {
        continue; // worker.ts, server.ts, index.ts compose
      }
      for (const target of imports(file)) {
        const to = relative(kernel, target).split(sep)[0]!;
        const isHostEntry = folder === 'host' && to === 'hub' && /(browser|node)[\w-]*\.ts$/.test(rest.at(-1)!);
        if (to !== folder && !isHostEntry && !table.get(folder!)?.includes(to)) {
          faults.push(`${relative(root, file)}: ${folder} may not import ${relative(root, target)}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });

  it('kernel/ imports nothing of JupyterLab, and src/ only kernel/protocol', () => {
    const faults: string[] = [];
    for (const file of sources(kernel)) {
      if (/from\s+'@(jupyterlab|jupyterlite|lumino|jupyter)\//.test(readFileSync(file, 'utf8'))) {
        faults.push(relative(root, file));
      }
    }
    for (const file of sources(join(root, 'src'))) {
      for (const target of imports(file)) {
        const path = relative(root, target);
        if (path.startsWith('kernel') && !path.startsWith(`kernel${sep}protocol`)) {
          faults.push(`${relative(root, file)} → ${path}`);
        }
      }
    }
    expect(faults).toEqual([]);
  });
});
