/**
 * GGUF metadata → the `config.json` the model would have.
 *
 * The keys are those Python's `AutoConfig.from_pretrained(…, gguf_file=…)` sets, plus what the file states and Python
 * drops: head sizes, rope scaling, soft caps.
 *
 * @see {@link https://github.com/huggingface/transformers/blob/main/src/transformers/integrations/ggml.py}
 */
import { CheckpointError } from './checkpoint';
import type { GgufFile, GgufValue } from './gguf';
import { ropeKeys } from './gguf-rope';

type Config = Record<string, unknown>;

/** Metadata key without the architecture → config key. */
type Keys = Readonly<Record<string, string>>;

const common: Keys = {
  context_length: 'max_position_embeddings',
  block_count: 'num_hidden_layers',
  feed_forward_length: 'intermediate_size',
  embedding_length: 'hidden_size',
  'rope.freq_base': 'rope_theta',
  'attention.head_count': 'num_attention_heads',
  'attention.head_count_kv': 'num_key_value_heads',
  'attention.layer_norm_rms_epsilon': 'rms_norm_eps',
  vocab_size: 'vocab_size'
};

const keyLength = { 'attention.key_length': 'head_dim' };
const gemma: Keys = {
  ...common,
  ...keyLength,
  'attention.sliding_window': 'sliding_window',
  attn_logit_softcapping: 'attn_logit_softcapping',
  final_logit_softcapping: 'final_logit_softcapping'
};
const llama: Keys = { ...common, 'rope.dimension_count': 'head_dim' };
const layerNorm = 'attention.layer_norm_epsilon';

interface ArchitectureKeys {
  readonly model_type: string;
  readonly keys: Keys;
}

const architectures: Readonly<Record<string, ArchitectureKeys>> = {
  llama: { model_type: 'llama', keys: llama },
  mistral: { model_type: 'mistral', keys: { ...llama, 'attention.sliding_window': 'sliding_window' } },
  smollm3: { model_type: 'smollm3', keys: common },
  qwen2: { model_type: 'qwen2', keys: common },
  qwen3: { model_type: 'qwen3', keys: { ...common, ...keyLength } },
  gemma2: { model_type: 'gemma2', keys: gemma },
  gemma3: { model_type: 'gemma3_text', keys: gemma },
  phi3: { model_type: 'phi3', keys: { ...common, 'attention.sliding_window': 'sliding_window' } },
  olmo2: { model_type: 'olmo2', keys: common },
  stablelm: { model_type: 'stablelm', keys: { ...common, [layerNorm]: 'layer_norm_eps' } },
  gpt2: {
    model_type: 'gpt2',
    keys: {
      block_count: 'n_layer',
      context_length: 'n_ctx',
      embedding_length: 'n_embd',
      feed_forward_length: 'n_inner',
      'attention.head_count': 'n_head',
      [layerNorm]: 'layer_norm_epsilon'
    }
  },
  gptneox: {
    model_type: 'gpt_neox',
    keys: {
      ...common,
      [layerNorm]: 'layer_norm_eps',
      use_parallel_residual: 'use_parallel_residual'
    }
  },
  t5: {
    model_type: 't5',
    keys: {
      context_length: 'n_positions',
      block_count: 'num_layers',
      decoder_block_count: 'num_decoder_layers',
      feed_forward_length: 'd_ff',
      embedding_length: 'd_model',
      'attention.key_length': 'd_kv',
      'attention.head_count': 'num_heads',
      'attention.head_count_kv': 'num_key_value_heads',
      [layerNorm]: 'layer_norm_epsilon',
      'attention.relative_buckets_count': 'relative_attention_num_buckets',
      decoder_start_token_id: 'decoder_start_token_id',
      vocab_size: 'vocab_size'
    }
  },
  falcon: { model_type: 'falcon', keys: { ...common, [layerNorm]: 'layer_norm_epsilon' } }
};

/** Architectures a GGUF file may have here. */
export const ggufArchitectures: readonly string[] = Object.keys(architectures);

/**
 * Rebuilds a model's configuration.
 *
 * @param file The parsed header.
 * @returns An object like a parsed `config.json`.
 * @throws {CheckpointError} If the architecture is not a known one, or sizes are missing or not numbers.
 */
export async function ggufConfig(file: GgufFile): Promise<Config> {
  const { metadata } = file;
  const architecture = ggufArchitecture(file);
  const { model_type, keys } = architectures[architecture]!;
  const names = new Set(file.tensors.map(tensor => tensor.name));

  const config: Config = {
    model_type,
    // Falcon's converter never writes an output layer of its own.
    tie_word_embeddings: !names.has('output.weight')
  };
  for (const [key, to] of Object.entries(keys)) {
    const value = metadata[`${architecture}.${key}`];
    if (value !== undefined) {
      config[to] = plain(value);
    }
  }
  setTokens(config, file);
  setExtras(config, file, architecture, names);
  const theta = typeof config['rope_theta'] === 'number' ? config['rope_theta'] : 10000;
  Object.assign(config, await ropeKeys(file, key => metadata[`${architecture}.${key}`], theta));
  checkSizes(config, file);
  return config;
}

/**
 * The file's architecture.
 *
 * @throws {CheckpointError} If it is absent or not a known one.
 */
export function ggufArchitecture({ metadata, source }: GgufFile): string {
  const architecture = metadata['general.architecture'];
  if (typeof architecture !== 'string' || !Object.hasOwn(architectures, architecture)) {
    throw new CheckpointError(
      source.name,
      `general.architecture must be one of ${ggufArchitectures.join(', ')}: current value is ` +
        (architecture === undefined ? 'absent' : JSON.stringify(architecture))
    );
  }
  return architecture;
}

/** Whether any block of a file has this weight, e.g. `ffn_gate`. */
export function hasTensor(file: GgufFile, stem: string): boolean {
  return file.tensors.some(tensor => tensor.name.endsWith(`.${stem}.weight`));
}

function setTokens(config: Config, { metadata }: GgufFile): void {
  const ids = { bos: 'bos_token_id', eos: 'eos_token_id', unknown: 'unk_token_id', padding: 'pad_token_id' };
  for (const [key, to] of Object.entries(ids)) {
    const id = metadata[`tokenizer.ggml.${key}_token_id`];
    if (typeof id === 'number') {
      config[to] = id;
    }
  }
  const tokens = metadata['tokenizer.ggml.tokens'];
  if (config['vocab_size'] === undefined && Array.isArray(tokens)) {
    config['vocab_size'] = tokens.length;
  }
  const name = metadata['general.name'];
  if (typeof name === 'string') {
    config['_model_name_or_path'] = name;
  }
}

function setExtras(config: Config, file: GgufFile, architecture: string, names: ReadonlySet<string>): void {
  const value = (key: string): GgufValue | undefined => file.metadata[`${architecture}.${key}`];
  const rotary = value('rope.dimension_count');
  const heads = config['num_attention_heads'];
  if (architecture === 'stablelm') {
    config['use_qkv_bias'] = [...names].some(name => /attn_[qkv]\.bias$/.test(name));
    config['use_parallel_residual'] = ![...names].some(name => name.includes('ffn_norm'));
  }
  if (
    (architecture === 'stablelm' || architecture === 'phi3' || architecture === 'gptneox') &&
    typeof rotary === 'number' &&
    typeof heads === 'number' &&
    typeof config['hidden_size'] === 'number'
  ) {
    const key = architecture === 'gptneox' ? 'rotary_pct' : 'partial_rotary_factor';
    config[key] = rotary / (config['hidden_size'] / heads);
  }
  if (architecture === 'smollm3' || architecture === 'llama' || architecture === 'mistral') {
    if (names.has('blk.0.attn_q.bias')) {
      config['attention_bias'] = true;
    }
  }
  if (architecture === 't5') {
    config['feed_forward_proj'] = hasTensor(file, 'ffn_gate') ? 'gated-gelu' : 'relu';
  }
  if (architecture === 'falcon') {
    const kv = config['num_key_value_heads'];
    config['multi_query'] = kv === 1;
    config['new_decoder_architecture'] = hasTensor(file, 'attn_norm_2');
    config['num_kv_heads'] = kv;
  }
}

/** What every model must state, under any of the names families have for it. */
const sizes = [
  ['hidden_size', 'n_embd', 'd_model'],
  ['num_hidden_layers', 'n_layer', 'num_layers'],
  ['num_attention_heads', 'n_head', 'num_heads']
];

/** A config whose sizes make no sense would fail far from its cause. */
function checkSizes(config: Config, file: GgufFile): void {
  for (const names of sizes) {
    const value = names.map(name => config[name]).find(size => size !== undefined);
    if (!(typeof value === 'number' && Number.isInteger(value) && value > 0)) {
      throw new CheckpointError(
        file.source.name,
        `its metadata must give ${names[0]}: current value is ${String(value ?? 'absent')}`
      );
    }
  }
}

function plain(value: GgufValue): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
