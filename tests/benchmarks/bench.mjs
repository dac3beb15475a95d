/**
 * Speed and memory of the default model, as JSON lines: one per place it runs.
 *
 *   node tests/benchmarks/bench.mjs [--model FOLDER/FILE.gguf] [--threads 1] [--prompt 128] [--tokens 64] [--only wasm,node]
 *
 * Compare figures of one run with each other, never with those of another machine or hour. `per_cpu_s` are tokens per
 * second of processor time of the process that computes: with one thread it hardly depends on what else runs.
 */
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { browserBench } from './browser.mjs';
import { nodeBench } from './node.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: defaultModel() },
    threads: { type: 'string', default: '1' },
    prompt: { type: 'string', default: '128' },
    tokens: { type: 'string', default: '64' },
    dtype: { type: 'string', default: 'float32' },
    only: { type: 'string', default: 'wasm,node' }
  }
});

const settings = {
  root,
  model: values.model,
  threads: Number(values.threads),
  prompt: Number(values.prompt),
  tokens: Number(values.tokens),
  dtype: values.dtype
};

if (!existsSync(settings.model)) {
  console.error(
    `Cannot measure as the model must be there: ${settings.model} (jupyter loupe pull smollm2-135m fetches it)`
  );
  process.exit(2);
}
for (const place of values.only.split(',')) {
  const bench = { wasm: browserBench, node: nodeBench }[place];
  console.log(JSON.stringify(await bench(settings)));
}

function defaultModel() {
  const folder = join(
    process.env.XDG_DATA_HOME ?? join(homedir(), '.local/share'),
    'loupe/models/SmolLM2-135M-Instruct'
  );
  const file = existsSync(folder) ? readdirSync(folder).find(name => name.endsWith('.gguf')) : undefined;
  return join(folder, file ?? 'SmolLM2-135M-Instruct.Q4_1.gguf');
}
