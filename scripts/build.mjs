/**
 * Builds everything a wheel holds:
 *
 *   lib/                                    compiled page side (tsc)
 *   jupyterlab_loupe/labextension/          page bundle (rspack through @jupyter/builder)
 *   …/labextension/static/kernel/           the worker: ES modules with chunks (esbuild), and ort/ with the engine
 *   jupyterlab_loupe/server_kernel/         the same kernel for Node (esbuild)
 *
 * node scripts/build.mjs [--production] [--worker]     --worker: the worker and the server kernel only
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import esbuild from 'esbuild';
import { writeDocs } from './docs-table.mjs';
import { buildServerKernel } from './server-kernel.mjs';
import { writeTypes } from './types-bundle.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const labextension = join(root, 'jupyterlab_loupe/labextension');
const production = process.argv.includes('--production');

function run(name, script, args, optional = false) {
  const started = Date.now();
  const { status, error } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: 'inherit' });
  if (error || status !== 0) {
    console.error(`Cannot build as ${name} failed${error ? `: ${error.message}` : ''}`);
    if (!optional) {
      process.exit(1);
    }
  }
  console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** The page bundle. What `jupyter-builder build .` runs, called directly so that a build needs no Python. */
function buildPage() {
  // While working, a type error somewhere need not keep one from trying what compiles all the same.
  run('types of the page side', 'node_modules/typescript/bin/tsc', ['-b', 'src'], !production);
  run('page bundle', 'node_modules/@jupyter/builder/lib/build-labextension.js', [
    ...(production ? [] : ['--development']),
    '--core-package-file',
    'node_modules/@jupyterlab/core-meta/core.package.json',
    '.'
  ]);
  for (const logo of ['logo.svg', 'logo-32x32.png', 'logo-64x64.png']) {
    cpSync(join(root, 'style', logo), join(labextension, 'static', logo));
  }
  cpSync(join(root, 'install.json'), join(labextension, 'install.json'));
}

const shared = {
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'linked',
  logLevel: 'warning',
  tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } },
  define: { 'process.env.NODE_ENV': production ? '"production"' : '"development"' }
};

/** The worker. The engine's own files lie beside it and are fetched when a model is first loaded. */
async function buildWorker() {
  const outdir = join(labextension, 'static/kernel');
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(join(outdir, 'ort'), { recursive: true });
  const engine = join(root, 'node_modules/onnxruntime-web/dist');
  for (const build of ['ort-wasm-simd-threaded', 'ort-wasm-simd-threaded.asyncify']) {
    for (const extension of ['mjs', 'wasm']) {
      cpSync(join(engine, `${build}.${extension}`), join(outdir, 'ort', `${build}.${extension}`));
    }
  }
  const entryPoints = ['kernel/worker.ts', 'kernel/intelligence.ts'].filter(file => existsSync(join(root, file)));
  if (entryPoints.length === 0) {
    console.warn('kernel/worker.ts is not there: the kernel is left out');
    return;
  }
  const { metafile } = await esbuild.build({
    ...shared,
    entryPoints,
    outdir,
    platform: 'browser',
    // Node's half of a library that asks where it runs: never reached in a browser.
    external: ['node:*', 'fs', 'path', 'url', 'os', 'crypto', 'worker_threads', 'module', 'perf_hooks'],
    // Its "exports" name Node's half only.
    alias: { '@huggingface/hub': './node_modules/@huggingface/hub/dist/browser/index.mjs' },
    metafile: true
  });
  report(metafile);
}

/** Prints what the worker weighs before a model is loaded. */
function report({ outputs }) {
  const eager = new Set();
  const visit = file => {
    if (!eager.has(file) && outputs[file]) {
      eager.add(file);
      outputs[file].imports.filter(i => i.kind === 'import-statement').forEach(i => visit(i.path));
    }
  };
  Object.keys(outputs)
    .filter(file => file.endsWith('static/kernel/worker.js'))
    .forEach(visit);
  const bytes = [...eager].reduce((sum, file) => sum + outputs[file].bytes, 0);
  console.log(`worker: ${(bytes / 1024).toFixed(0)} KiB at start, ${Object.keys(outputs).length} files`);
}

if (!process.argv.includes('--worker')) {
  buildPage();
}
await buildWorker();
await buildServerKernel(root, join(root, 'jupyterlab_loupe/server_kernel'), {
  minify: production,
  sourcemap: shared.sourcemap
});
const beside = name => [join(labextension, 'static/kernel', name), join(root, 'jupyterlab_loupe/server_kernel', name)];
writeDocs(root, beside('docs.json'));
writeTypes(root, beside('types.json'));
