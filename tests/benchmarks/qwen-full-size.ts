/**
 * Loads a randomly initialised checkpoint of Qwen-1.8B's full size and generates with it in the Node host.
 *
 *   npx esbuild tests/benchmarks/qwen-full-size.ts --bundle --platform=node --external:onnxruntime-* --outfile=lib/bench.cjs
 *   node lib/bench.cjs [q8|q4|float16] [folder for the checkpoint, 3.7 GB; made if absent]
 *
 * Prints JSON: seconds to load, seconds to the first token of a 64-token prompt, tokens per second after it, peak
 * resident bytes, and bytes of swap used meanwhile.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { safetensorsHeader } from '../../kernel/checkpoint/write-safetensors';
import { setHost } from '../../kernel/host/host';
import { createNodeHost } from '../../kernel/host/node';
import { AutoModelForCausalLM } from '../../kernel/modeling/auto';

const config = {
  architectures: ['QWenLMHeadModel'],
  model_type: 'qwen',
  bf16: true,
  fp16: false,
  fp32: false,
  hidden_size: 2048,
  intermediate_size: 11008,
  kv_channels: 128,
  layer_norm_epsilon: 1e-6,
  max_position_embeddings: 8192,
  no_bias: true,
  num_attention_heads: 16,
  num_hidden_layers: 24,
  rotary_emb_base: 10000,
  rotary_pct: 1,
  seq_length: 8192,
  tie_word_embeddings: false,
  use_dynamic_ntk: true,
  use_logn_attn: true,
  vocab_size: 151936
};

/** Names and dims of the checkpoint's tensors. */
function tensors(): { name: string; dtype: 'BF16'; dims: number[] }[] {
  const { hidden_size: d, vocab_size: v, intermediate_size: i, num_hidden_layers: n } = config;
  const layer = (k: number): [string, number[]][] =>
    [
      ['ln_1.weight', [d]],
      ['attn.c_attn.weight', [3 * d, d]],
      ['attn.c_attn.bias', [3 * d]],
      ['attn.c_proj.weight', [d, d]],
      ['ln_2.weight', [d]],
      ['mlp.w1.weight', [i / 2, d]],
      ['mlp.w2.weight', [i / 2, d]],
      ['mlp.c_proj.weight', [d, i / 2]]
    ].map(([name, dims]) => [`transformer.h.${k}.${name as string}`, dims as number[]]);
  const all: [string, number[]][] = [
    ['transformer.wte.weight', [v, d]],
    ...Array.from({ length: n }, (_, k) => layer(k)).flat(),
    ['transformer.ln_f.weight', [d]],
    ['lm_head.weight', [v, d]]
  ];
  return all.map(([name, dims]) => ({ name, dtype: 'BF16', dims }));
}

/** Writes the checkpoint tensor by tensor: norms 1, biases 0, others uniform with deviation 0.02. */
function makeCheckpoint(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  const file = openSync(join(folder, 'model.safetensors'), 'w');
  writeSync(file, safetensorsHeader(tensors()));
  // One megabyte of numbers, repeated at odd offsets: made quickly and different in every tensor.
  const noise = new Uint16Array(1 << 20);
  let seed = 1;
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  noise.forEach((_, k) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    float[0] = (seed / 2 ** 32 - 0.5) * 0.02 * Math.sqrt(12);
    noise[k] = bits[0]! >>> 16;
  });
  tensors().forEach(({ name, dims }, t) => {
    const count = dims.reduce((a, b) => a * b, 1);
    if (dims.length === 1) {
      const value = name.endsWith('bias') ? 0 : 0x3f80;
      writeSync(file, new Uint8Array(new Uint16Array(count).fill(value).buffer));
      return;
    }
    for (let done = 0; done < count;) {
      const from = (t * 7919 + done) % (noise.length - 1);
      const part = noise.subarray(from, Math.min(noise.length, from + count - done));
      writeSync(file, new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
      done += part.length;
    }
  });
  closeSync(file);
}

const memory = (key: string): number => {
  const text = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  return Number(new RegExp(`^${key}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? NaN) * 1024;
};

async function main(): Promise<void> {
  const [dtype = 'q8', folder = join(tmpdir(), 'qwen-full-size')] = process.argv.slice(2);
  if (!existsSync(join(folder, 'model.safetensors'))) {
    makeCheckpoint(folder);
  }
  setHost(createNodeHost({ cacheDir: join(folder, 'cache') }));
  const seconds = (since: number): number => Number(((performance.now() - since) / 1000).toFixed(2));
  const start = performance.now();
  const model = await AutoModelForCausalLM.from_pretrained(folder, { dtype });
  const load_s = seconds(start);
  const input_ids = [Array.from({ length: 64 }, (_, i) => 1000 + 37 * i)];
  const times: number[] = [];
  const streamer = { put: () => void times.push(performance.now()), end: () => undefined };
  const began = performance.now();
  await model.generate({ input_ids, max_new_tokens: 9, eos_token_id: null, streamer });
  const first_token_s = Number(((times[1]! - began) / 1000).toFixed(2));
  const tokens_per_s = Number((8 / ((times.at(-1)! - times[1]!) / 1000)).toFixed(2));
  const result = {
    dtype,
    device: model.device,
    parameters: model.num_parameters(),
    load_s,
    first_token_s,
    tokens_per_s,
    peak_rss_bytes: memory('VmHWM'),
    swap_bytes: memory('VmSwap')
  };
  console.log(JSON.stringify(result));
  await model.dispose();
}

void main();
