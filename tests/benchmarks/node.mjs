/** The library in this Node process, on onnxruntime-node. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { figures, measureSource } from './measure.mjs';

export async function nodeBench(settings) {
  const outfile = join(settings.root, 'tests/.output/bench-library.mjs');
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    stdin: {
      contents: `export * from './kernel/index'; export { createNodeHost } from './kernel/host/node';`,
      resolveDir: settings.root,
      loader: 'ts'
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile,
    packages: 'external',
    logLevel: 'error'
  });
  const library = await import(pathToFileURL(outfile).href);
  library.setHost(library.createNodeHost({ cwd: dirname(settings.model), threads: settings.threads }));
  let printed = '';
  const names = ['AutoModelForCausalLM', 'memory'];
  const AsyncFunction = (async () => {}).constructor;
  const body = new AsyncFunction(
    ...names,
    'console',
    measureSource({ ...settings, name: settings.model, device: 'cpu' })
  );
  await body(...names.map(n => library[n]), { log: text => (printed += text) });
  const result = JSON.parse(/RESULT(.*)/.exec(printed)[1]);
  const { userCPUTime, maxRSS } = process.resourceUsage();
  return figures(result, settings, {
    where: 'node',
    threads: settings.threads,
    peak_rss_mib: Math.round(maxRSS / 1024),
    cpu_s: Number((userCPUTime / 1e6).toFixed(1))
  });
}
