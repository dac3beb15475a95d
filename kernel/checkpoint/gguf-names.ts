/**
 * GGUF tensor names → Hugging Face names, and what llama.cpp's converter did to the values.
 *
 * @see {@link https://github.com/huggingface/transformers/blob/main/src/transformers/modeling_gguf_pytorch_utils.py}
 * @see {@link https://github.com/ggml-org/llama.cpp/blob/master/convert_hf_to_gguf.py} what is undone here
 */

/** What must be done to a tensor's values to have Hugging Face's again. */
export type Change =
  /** Rows of each head were split into even and odd ones for llama.cpp's rotary layout. */
  | { kind: 'unpermute'; heads: 'query' | 'key' }
  /** Norm weights were stored plus one. */
  | { kind: 'subtract-one' }
  /** Stored transposed (GPT-2's Conv1D). */
  | { kind: 'transpose' }
  /** Fused q, k, v rows were sorted from per-group to all q, all k, all v. */
  | { kind: 'regroup-qkv' };

export interface NameRule {
  /** Hugging Face's name, `{i}` standing for the block number. */
  readonly to: string;
  readonly change?: Change;
}

/** Rules for the names of one kind of block. */
export interface BlockMap {
  /** What Hugging Face's names begin with, e.g. `model.layers.{i}.`. */
  readonly to: string;
  /** GGUF name without prefix and suffix → rule, relative to `to`. */
  readonly rules: Readonly<Record<string, NameRule>>;
}

/** Rules of one architecture. */
export interface NameMap {
  /** Outside the blocks: GGUF name without suffix → rule. */
  readonly top: Readonly<Record<string, NameRule>>;
  /** By what the GGUF names of blocks begin with: `blk`, or `enc.blk` and `dec.blk`. */
  readonly blocks: Readonly<Record<string, BlockMap>>;
}

const rule = (to: string, change?: Change): NameRule => (change ? { to, change } : { to });

const top = {
  token_embd: rule('model.embed_tokens'),
  output_norm: rule('model.norm'),
  output: rule('lm_head')
};

const mlp = {
  ffn_gate: rule('mlp.gate_proj'),
  ffn_up: rule('mlp.up_proj'),
  ffn_down: rule('mlp.down_proj')
};

const decoder = (to: string, rules: BlockMap['rules']): NameMap['blocks'] => ({ blk: { to, rules } });

/** Qwen2's names are the common ones. */
const qwen2: NameMap = {
  top,
  blocks: decoder('model.layers.{i}.', {
    attn_norm: rule('input_layernorm'),
    attn_q: rule('self_attn.q_proj'),
    attn_k: rule('self_attn.k_proj'),
    attn_v: rule('self_attn.v_proj'),
    attn_output: rule('self_attn.o_proj'),
    ffn_norm: rule('post_attention_layernorm'),
    ...mlp
  })
};

const withBlock = ({ top, blocks }: NameMap, rules: BlockMap['rules']): NameMap => ({
  top,
  blocks: decoder(blocks['blk']!.to, { ...blocks['blk']!.rules, ...rules })
});

const qkNorms = { attn_q_norm: rule('self_attn.q_norm'), attn_k_norm: rule('self_attn.k_norm') };

const llama = withBlock(qwen2, {
  attn_q: rule('self_attn.q_proj', { kind: 'unpermute', heads: 'query' }),
  attn_k: rule('self_attn.k_proj', { kind: 'unpermute', heads: 'key' })
});

const minusOne = { kind: 'subtract-one' } as const;

const gemma2: NameMap = {
  ...withBlock(qwen2, {
    attn_norm: rule('input_layernorm', minusOne),
    post_attention_norm: rule('post_attention_layernorm', minusOne),
    ffn_norm: rule('pre_feedforward_layernorm', minusOne),
    post_ffw_norm: rule('post_feedforward_layernorm', minusOne)
  }),
  top: { ...top, output_norm: rule('model.norm', minusOne) }
};

const transposed = { kind: 'transpose' } as const;

/** Whether a file's blocks have a tensor, where its presence decides what others are. */
type Has = (stem: string) => boolean;

/** T5's blocks are lists of layers: attention, cross-attention in the decoder, and the feed-forward net last. */
function t5(has: Has): NameMap {
  const attention = (prefix: string, to: string): BlockMap['rules'] => ({
    [`${prefix}attn_q`]: rule(`${to}.q`),
    [`${prefix}attn_k`]: rule(`${to}.k`),
    [`${prefix}attn_v`]: rule(`${to}.v`),
    [`${prefix}attn_o`]: rule(`${to}.o`),
    [`${prefix}attn_rel_b`]: rule(`${to}.relative_attention_bias`)
  });
  const feedForward = (layer: number): BlockMap['rules'] => ({
    ffn_norm: rule(`layer.${layer}.layer_norm`),
    ffn_gate: rule(`layer.${layer}.DenseReluDense.wi_0`),
    ffn_up: rule(`layer.${layer}.DenseReluDense.${has('ffn_gate') ? 'wi_1' : 'wi'}`),
    ffn_down: rule(`layer.${layer}.DenseReluDense.wo`)
  });
  const self = { attn_norm: rule('layer.0.layer_norm'), ...attention('', 'layer.0.SelfAttention') };
  const cross = { cross_attn_norm: rule('layer.1.layer_norm'), ...attention('cross_', 'layer.1.EncDecAttention') };
  return {
    top: {
      token_embd: rule('shared'),
      'enc.output_norm': rule('encoder.final_layer_norm'),
      'dec.output_norm': rule('decoder.final_layer_norm'),
      output: rule('lm_head')
    },
    blocks: {
      'enc.blk': { to: 'encoder.block.{i}.', rules: { ...self, ...feedForward(1) } },
      'dec.blk': { to: 'decoder.block.{i}.', rules: { ...self, ...cross, ...feedForward(2) } }
    }
  };
}

const falcon = (has: Has): NameMap => ({
  top: {
    token_embd: rule('transformer.word_embeddings'),
    output_norm: rule('transformer.ln_f'),
    output: rule('lm_head')
  },
  blocks: decoder('transformer.h.{i}.', {
    // The 40B's attention and feed-forward net have a norm each.
    attn_norm: rule(has('attn_norm_2') ? 'ln_mlp' : 'input_layernorm'),
    attn_norm_2: rule('ln_attn'),
    attn_qkv: rule('self_attention.query_key_value', { kind: 'regroup-qkv' }),
    attn_output: rule('self_attention.dense'),
    ffn_up: rule('mlp.dense_h_to_4h'),
    ffn_down: rule('mlp.dense_4h_to_h')
  })
});

/** Architectures by `general.architecture`. */
export const nameMaps: Readonly<Record<string, NameMap | ((has: Has) => NameMap)>> = {
  llama,
  mistral: llama,
  smollm3: llama,
  qwen2,
  qwen3: withBlock(qwen2, qkNorms),
  gemma2,
  gemma3: withBlock(gemma2, {
    attn_q_norm: rule('self_attn.q_norm', minusOne),
    attn_k_norm: rule('self_attn.k_norm', minusOne)
  }),
  phi3: withBlock(qwen2, { attn_qkv: rule('self_attn.qkv_proj'), ffn_up: rule('mlp.gate_up_proj') }),
  olmo2: withBlock(qwen2, {
    ...qkNorms,
    post_attention_norm: rule('post_attention_layernorm'),
    post_ffw_norm: rule('post_feedforward_layernorm')
  }),
  stablelm: qwen2,
  gpt2: {
    top: {
      token_embd: rule('transformer.wte'),
      position_embd: rule('transformer.wpe'),
      output_norm: rule('transformer.ln_f'),
      output: rule('lm_head')
    },
    blocks: decoder('transformer.h.{i}.', {
      attn_norm: rule('ln_1'),
      attn_qkv: rule('attn.c_attn', transposed),
      attn_output: rule('attn.c_proj', transposed),
      ffn_norm: rule('ln_2'),
      ffn_up: rule('mlp.c_fc', transposed),
      ffn_down: rule('mlp.c_proj', transposed)
    })
  },
  gptneox: {
    top: {
      token_embd: rule('gpt_neox.embed_in'),
      output_norm: rule('gpt_neox.final_layer_norm'),
      output: rule('embed_out')
    },
    blocks: decoder('gpt_neox.layers.{i}.', {
      attn_norm: rule('input_layernorm'),
      attn_qkv: rule('attention.query_key_value', { kind: 'regroup-qkv' }),
      attn_output: rule('attention.dense'),
      ffn_norm: rule('post_attention_layernorm'),
      ffn_up: rule('mlp.dense_h_to_4h'),
      ffn_down: rule('mlp.dense_4h_to_h')
    })
  },
  falcon,
  t5
};

/**
 * Hugging Face's name of a GGUF tensor.
 *
 * @param map Rules of the file's architecture.
 * @param name e.g. `blk.3.attn_q.weight`.
 * @returns e.g. `model.layers.3.self_attn.q_proj.weight`, and what to do to the values; undefined for tensors that have
 * no counterpart (`rope_freqs.weight`).
 */
export function huggingFaceName(map: NameMap, name: string): { name: string; change?: Change } | undefined {
  const match = /^(?:((?:enc\.|dec\.)?blk)\.(\d+)\.)?(.+?)(\.weight|\.bias)$/.exec(name);
  if (!match) {
    return undefined;
  }
  const [, kind, block, stem, suffix] = match as unknown as [string, string?, string?, string?, string?];
  const blocks = kind !== undefined && Object.hasOwn(map.blocks, kind) ? map.blocks[kind] : undefined;
  const rules = kind === undefined ? map.top : blocks?.rules;
  const found = rules && Object.hasOwn(rules, stem!) ? rules[stem!] : undefined;
  if (!found) {
    return undefined;
  }
  const prefix = blocks ? blocks.to.replace('{i}', block!) : '';
  const hf = prefix + found.to + suffix!;
  return found.change ? { name: hf, change: found.change } : { name: hf };
}
