/**
 * Encoding speed against @huggingface/tokenizers, on one core, in CPU time: prints one JSON line.
 *
 *     node tests/benchmarks/tokenizer.mjs [folder with a tokenizer.json …]
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const fixtures = join(root, 'tests/parity/tokenizers/fixtures');
const folders = process.argv.slice(2);
if (folders.length === 0) {
  folders.push(...['qwen2', 'llama-legacy', 'bert-cased'].map(name => join(fixtures, name)));
}

const bundle = await build({
  stdin: {
    contents: `export { loadTokenizer } from './kernel/tokenizer/load';
      export { Tokenizer } from '@huggingface/tokenizers';`,
    resolveDir: root,
    loader: 'ts'
  },
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs'
});
const library = { exports: {} };
new Function('module', 'exports', 'require', bundle.outputFiles[0].text)(
  library,
  library.exports,
  createRequire(import.meta.url)
);
const { loadTokenizer, Tokenizer } = library.exports;

/** A million characters of each kind. */
const repeat = text =>
  text
    .repeat(Math.ceil(1e6 / text.length))
    .slice(0, 1e6)
    .replace(/[\ud800-\udbff]$/, '');
const texts = {
  prose: repeat(readFileSync(join(root, 'kernel/README.md'), 'utf8')),
  code: repeat(readFileSync(join(root, 'kernel/tokenizer/tokenizer.ts'), 'utf8')),
  tricky: repeat(JSON.parse(readFileSync(join(fixtures, 'strings.json'), 'utf8')).strings.join('\n'))
};

/** Milliseconds of CPU time, the better of two runs. */
function time(run) {
  let best = Infinity;
  for (let i = 0; i < 2; i++) {
    const before = process.cpuUsage();
    run();
    best = Math.min(best, process.cpuUsage(before).user / 1000);
  }
  return Math.round(best);
}

const result = {};
for (const folder of folders) {
  const read = async name =>
    existsSync(join(folder, name)) ? new Uint8Array(readFileSync(join(folder, name))) : undefined;
  const { model_type } = JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'));
  const theirs = new Tokenizer(JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8')), {});
  const ours = await loadTokenizer({ read, model_type });
  const row = (result[folder.split('/').pop()] = {});
  for (const [name, text] of Object.entries(texts)) {
    row[name] = {
      library_ms: time(() => theirs.encode(text)),
      loupe_ms: time(() => ours.encode(text)),
      with_offsets_ms: time(() => ours(text, { return_offsets_mapping: true }))
    };
  }
}
console.log(JSON.stringify({ characters: 1e6, node: process.version, result }));
