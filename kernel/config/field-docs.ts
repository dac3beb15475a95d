/**
 * What the fields of a configuration mean, in words, for `config_view` and for who reads a config.json for the first
 * time. Written for Qwen2.5's file; most families share the names.
 */

/** One field explained. */
export interface FieldDoc {
  /** What it is. */
  readonly meaning: string;
  /** What it does to the model that is built here; absent where it does nothing at inference. */
  readonly effect?: string;
}

/** Field → explanation. Fields that are not here are shown without one. */
export const configFieldDocs: { readonly [field: string]: FieldDoc } = {
  architectures: {
    meaning: 'Python classes the checkpoint was saved from.',
    effect: 'AutoModel takes the head from it where several are possible.'
  },
  attention_bias: {
    meaning: 'Whether the query, key, value and output projections have a bias.',
    effect: 'Adds the bias vectors to the attention projections.'
  },
  attention_dropout: {
    meaning: 'Probability of dropping an attention weight in training. Dropout is off at inference.'
  },
  bos_token_id: {
    meaning: 'Token that begins a text.',
    effect: 'generate() starts from it when there is no prompt.'
  },
  eos_token_id: {
    meaning: 'Token, or list of tokens, that ends a text.',
    effect: 'generate() stops when it appears.'
  },
  pad_token_id: {
    meaning: 'Token that fills the shorter rows of a batch.',
    effect: 'generate() puts it after the end of finished rows.'
  },
  head_dim: {
    meaning: 'Numbers per attention head. Where it is missing: hidden_size / num_attention_heads.',
    effect: 'Width of each query, key and value; attention scores are divided by its square root.'
  },
  hidden_act: {
    meaning: 'Function in the middle of the MLP.',
    effect: 'silu, with a gate, is called SwiGLU: silu(x · W_gate) · (x · W_up).'
  },
  hidden_size: {
    meaning: 'Width of the residual stream: how many numbers describe each token between blocks.',
    effect: 'Every block reads and writes vectors of this width; the embedding has one such row per token.'
  },
  id2label: {
    meaning: 'Names of a classifier’s classes by number.',
    effect: 'Their count is the width of its output.'
  },
  label2id: { meaning: 'Numbers of a classifier’s classes by name.' },
  initializer_range: { meaning: 'Standard deviation of the random weights training started from.' },
  intermediate_size: {
    meaning: 'Width of the MLP’s inner layer.',
    effect: 'About two thirds of a block’s parameters: three matrices of hidden_size × intermediate_size.'
  },
  is_encoder_decoder: { meaning: 'Whether the model has an encoder and a decoder that looks at it.' },
  layer_types: {
    meaning: 'Per block: attention over everything before (full_attention) or over a window (sliding_attention).',
    effect: 'Chooses the mask, and how much of the cache is kept, block by block.'
  },
  max_position_embeddings: {
    meaning: 'Longest text, in tokens, the model was made for.',
    effect: 'A warning beyond it; where positions are learned, a limit.'
  },
  max_window_layers: {
    meaning: 'With use_sliding_window: the first block that has a window. All blocks before it see everything.',
    effect: 'Nothing while use_sliding_window is false.'
  },
  mlp_bias: { meaning: 'Whether the MLP’s matrices have a bias.', effect: 'Adds the bias vectors to the MLP.' },
  model_type: { meaning: 'Name of the family.', effect: 'Chooses the architecture that is built.' },
  num_attention_heads: {
    meaning: 'Query heads per block: how many attention patterns each block computes.',
    effect: 'Attention outputs have this many heads.'
  },
  num_hidden_layers: { meaning: 'Number of blocks.', effect: 'One attention and one MLP each.' },
  num_key_value_heads: {
    meaning:
      'Heads of keys and values. Fewer than query heads: grouped-query attention, several query heads share one; 1: multi-query.',
    effect: 'The key/value cache is smaller by num_attention_heads / num_key_value_heads.'
  },
  rms_norm_eps: {
    meaning: 'Small number added under the root of the norm, against division by zero.',
    effect: 'Used in every RMSNorm.'
  },
  rope_parameters: {
    meaning: 'How positions are encoded: rope_type and rope_theta, and what a scaled type needs.',
    effect: 'Angles by which queries and keys are rotated, by position.'
  },
  rope_scaling: { meaning: 'The older name of what rope_parameters holds about stretching positions.' },
  rope_theta: {
    meaning:
      'Base of the rotary frequencies: pair i of a head turns by position / theta^(2i / head_dim). Larger bases turn more slowly and reach further. (Now a part of rope_parameters.)',
    effect: 'Angles by which queries and keys are rotated.'
  },
  sliding_window: {
    meaning: 'How many positions back a windowed block looks, itself included; null without window.',
    effect: 'Masks older keys in windowed blocks and drops them from their cache.'
  },
  tie_word_embeddings: {
    meaning: 'Whether the output layer uses the embedding’s matrix.',
    effect: 'True: logits are products with the token embeddings, and the checkpoint has no lm_head.weight.'
  },
  dtype: {
    meaning: 'Number format the weights are stored in.',
    effect: 'With dtype: "auto", the format they are loaded in.'
  },
  torch_dtype: { meaning: 'The older name of dtype.' },
  transformers_version: { meaning: 'Version of the Python library that wrote the file.' },
  type_vocab_size: {
    meaning: 'Number of segment kinds (first or second sentence).',
    effect: 'Rows of the segment embedding.'
  },
  use_cache: {
    meaning: 'Whether keys and values of earlier positions are kept between steps.',
    effect: 'forward() returns past_key_values by default; each new token costs one position instead of all.'
  },
  use_sliding_window: {
    meaning: 'Whether sliding_window is used at all. Qwen2.5’s files carry a window size and leave it off.',
    effect: 'False: sliding_window becomes null and every block sees everything.'
  },
  vocab_size: {
    meaning:
      'Rows of the embedding. May be more than the tokenizer’s tokens: it is padded to a multiple that suits the hardware.',
    effect: 'Width of the logits.'
  },
  attn_logit_softcapping: {
    meaning: 'Attention scores are squeezed into ± this by tanh before the softmax.',
    effect: 'scores = cap · tanh(scores / cap)'
  },
  final_logit_softcapping: {
    meaning: 'Logits are squeezed into ± this by tanh.',
    effect: 'logits = cap · tanh(logits / cap)'
  },
  query_pre_attn_scalar: {
    meaning: 'Attention scores are divided by the square root of this instead of head_dim’s.',
    effect: 'Scale of the attention scores.'
  },
  no_rope_layers: {
    meaning: 'Per block 1 where queries and keys are rotated by position, 0 where not (NoPE).',
    effect: 'Blocks with 0 know positions only through the causal mask.'
  },
  partial_rotary_factor: {
    meaning: 'Share of each head that is rotated by position.',
    effect: 'The rest of each head does not depend on position.'
  },
  use_parallel_residual: {
    meaning: 'Whether attention and MLP read the same input and are added together.',
    effect: 'There is no residual between them (no resid_mid).'
  },
  layer_norm_eps: { meaning: 'Small number added under the root of LayerNorm.', effect: 'Used in every LayerNorm.' },
  image_size: {
    meaning: 'Side of the square input image in pixels.',
    effect: 'With patch_size: the number of patches.'
  },
  patch_size: { meaning: 'Side of a patch in pixels.', effect: '(image_size / patch_size)² patches, one token each.' },
  projection_dim: { meaning: 'Width of the space in which images and texts are compared.' }
};

/** Field → what it is and what it does, as one text. */
export const configFieldMeanings: { readonly [field: string]: string } = Object.fromEntries(
  Object.entries(configFieldDocs).map(([field, { meaning, effect }]) => [
    field,
    effect === undefined ? meaning : `${meaning} ${effect}`
  ])
);
