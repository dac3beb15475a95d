/**
 * Builds the server kernel: the same kernel code for Node, in one folder that needs no node_modules.
 *
 *   server.mjs, chunks/     the code (esbuild)
 *   addons/<platform>.node  ZeroMQ's prebuilt add-ons, one for each platform (about 12 MB in all)
 *
 * onnxruntime-node is not included (250 MB for all platforms): kernel/server/native-engine.ts says where it is found.
 */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import esbuild from 'esbuild';

/**
 * @param root The repository.
 * @param outdir Replaced by the build.
 * @param options More options for esbuild: minify, sourcemap.
 */
export async function buildServerKernel(root, outdir, options = {}) {
  rmSync(outdir, { recursive: true, force: true });
  copyAddons(root, join(outdir, 'addons'));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return esbuild.build({
    absWorkingDir: root,
    entryPoints: {
      server: 'kernel/server.ts',
      'typescript-hooks': 'kernel/server/typescript-hooks.ts',
      'intelligence-thread': 'kernel/server/intelligence-thread.ts'
    },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    chunkNames: 'chunks/[name]-[hash]',
    outExtension: { '.js': '.mjs' },
    tsconfigRaw: { compilerOptions: { target: 'ES2022', useDefineForClassFields: true } },
    define: { LOUPE_VERSION: JSON.stringify(version) },
    // CommonJS dependencies ask for these, which a module does not have.
    banner: {
      js: [
        "import { createRequire as __createRequire } from 'node:module';",
        "import { fileURLToPath as __fileURLToPath } from 'node:url';",
        'const require = __createRequire(import.meta.url);',
        'const __filename = __fileURLToPath(import.meta.url);',
        "const __dirname = __fileURLToPath(new URL('.', import.meta.url));"
      ].join('')
    },
    legalComments: 'linked',
    logLevel: 'warning',
    plugins: [standIns(root)],
    metafile: true,
    ...options
  });
}

/** Packages that look for files of their own are replaced by modules that know where those lie here. */
function standIns(root) {
  const server = join(root, 'kernel/server');
  const replaced = {
    'onnxruntime-node': join(server, 'native-engine.ts'),
    'onnxruntime-web': join(server, 'wasm-engine.ts')
  };
  return {
    name: 'stand-ins',
    setup(build) {
      build.onResolve({ filter: /^onnxruntime-(node|web)$/ }, ({ path, importer }) =>
        dirname(importer) === server ? undefined : { path: replaced[path] }
      );
      build.onResolve({ filter: /\/load-addon(\.js)?$/ }, ({ importer }) =>
        /[\\/]zeromq[\\/]/.test(importer) ? { path: join(server, 'addon.ts') } : undefined
      );
    }
  };
}

/** The newest build of each platform: all use Node-API, which newer and older Nodes alike load. */
function copyAddons(root, target) {
  mkdirSync(target, { recursive: true });
  const folder = join(root, 'node_modules/zeromq/build');
  const newest = new Map();
  for (const [key, path] of Object.entries(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')))) {
    const { os, arch, libc, abi } = JSON.parse(key);
    const name = `${os}-${arch}${os === 'linux' ? `-${libc}` : ''}`;
    if (arch !== 'ia32' && abi > (newest.get(name)?.abi ?? 0)) {
      newest.set(name, { abi, path: path.replace(/\\/g, '/') });
    }
  }
  for (const [name, { path }] of newest) {
    copyFileSync(join(folder, path), join(target, `${name}.node`));
  }
}
