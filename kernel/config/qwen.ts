import type { ConfigEntry } from './entry';

/**
 * Fields and defaults of QWen v1, whose configuration class is remote code and so in no version of transformers.
 * `seq_length` has no default there either. Last, the three keys MQwen adds; a file or `other_config` gives them.
 * Source: configuration_qwen.py of Qwen/Qwen-1_8B
 */
export const qwenConfig: ConfigEntry = {
  name: 'QWenConfig',
  fields: {
    vocab_size: [151936, 'int'],
    hidden_size: [4096, 'int'],
    num_hidden_layers: [32, 'int'],
    num_attention_heads: [32, 'int'],
    emb_dropout_prob: [0, 'number'],
    attn_dropout_prob: [0, 'number'],
    layer_norm_epsilon: [1e-6, 'number'],
    initializer_range: [0.02, 'number'],
    max_position_embeddings: [8192, 'int'],
    scale_attn_weights: [true, 'bool'],
    use_cache: [true, 'bool'],
    bf16: [false, 'bool'],
    fp16: [false, 'bool'],
    fp32: [false, 'bool'],
    kv_channels: [128, 'int'],
    rotary_pct: [1, 'number'],
    rotary_emb_base: [10000, 'number'],
    use_dynamic_ntk: [true, 'bool'],
    use_logn_attn: [true, 'bool'],
    use_flash_attn: ['auto', 'any'],
    intermediate_size: [22016, 'int'],
    no_bias: [true, 'bool'],
    tie_word_embeddings: [false, 'bool'],
    use_cache_quantization: [false, 'bool'],
    use_cache_kernel: [false, 'bool'],
    softmax_in_fp32: [false, 'bool'],
    pad_token_id: [null, 'int | null'],
    bos_token_id: [null, 'int | null'],
    eos_token_id: [null, 'int | list | null'],
    replace_token_id: [null, 'int | null'],
    image_context_length: [null, 'int | null'],
    image_feature_hidden_size: [null, 'int | null']
  }
};
