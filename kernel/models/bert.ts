/**
 * BERT: post-norm encoder with learned positions and segments.
 * Source: transformers/models/bert/modeling_bert.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Activation, Block, Embedding, Family, Head, Norm, Stack, Task, WeightMap } from './architecture';
import { activation, flag, num, size } from './fields';
import { affine, layers } from './llama';

/** LayerNorm with BERT's epsilon. */
export function bertNorm(config: PretrainedConfig): Norm {
  return { type: 'layer', eps: num(config, 'layer_norm_eps'), bias: true };
}

/** The block of BERT-like encoders. */
export function bertBlock(config: PretrainedConfig): Block {
  const heads = size(config, 'num_attention_heads');
  const head_dim = size(config, 'hidden_size') / heads;
  const norm = bertNorm(config);
  return {
    attention: {
      heads,
      kv_heads: heads,
      head_dim,
      scale: Math.pow(head_dim, -0.5),
      bias: { q: true, k: true, v: true, o: true }
    },
    mlp: {
      size: size(config, 'intermediate_size'),
      activation: activation(config, 'hidden_act'),
      gated: false,
      bias: { in: true, out: true }
    },
    norm_placement: 'post',
    residual: 'sequential',
    ln1: norm,
    ln2: norm
  };
}

/** The stack of a BERT-like encoder; positions differ between BERT and RoBERTa. */
export function bertStack(config: PretrainedConfig, positions: Embedding['positions'], heads: readonly Head[]): Stack {
  if (flag(config, 'is_decoder')) {
    throw new RangeError(`Cannot build ${config.model_type} as is_decoder must be false: current value is true`);
  }
  return {
    prefix: '',
    hidden_size: size(config, 'hidden_size'),
    embedding: {
      tokens: { vocab_size: size(config, 'vocab_size'), dim: size(config, 'hidden_size') },
      ...(positions ? { positions } : {}),
      types: { rows: size(config, 'type_vocab_size') },
      norm: bertNorm(config)
    },
    blocks: layers(config, () => bertBlock(config)),
    ropes: {},
    causal: false,
    heads
  };
}

/** tanh(W · first token): BERT's pooler. */
export function pooler(width: number, out = width, fn: Activation = 'tanh'): Head {
  return {
    output: 'pooler_output',
    from: 'last_hidden_state',
    steps: [{ op: 'first' }, { op: 'linear', name: 'pooler', in: width, out, bias: true }, { op: 'activation', fn }]
  };
}

/** Number of classes of a classifier. */
export function classes(config: PretrainedConfig): number {
  return config.num_labels || 2;
}

/** Head of a masked language model: dense, activation, norm, unembedding. */
export function maskedHead(config: PretrainedConfig, fn: Activation): Head {
  const width = size(config, 'hidden_size');
  return {
    output: 'logits',
    from: 'last_hidden_state',
    steps: [
      { op: 'linear', name: 'head.dense', in: width, out: width, bias: true },
      { op: 'activation', fn },
      { op: 'norm', name: 'head.norm', norm: bertNorm(config) },
      { op: 'linear', name: 'unembed', in: width, out: size(config, 'vocab_size'), bias: true }
    ]
  };
}

/** Checkpoint names of a BERT-like encoder under a prefix ('bert.', 'roberta.'). */
export function bertWeights(prefix: string): WeightMap {
  const layer = `${prefix}encoder.layer.{i}`;
  return {
    'embed.weight': `${prefix}embeddings.word_embeddings.weight`,
    'pos_embed.weight': `${prefix}embeddings.position_embeddings.weight`,
    'type_embed.weight': `${prefix}embeddings.token_type_embeddings.weight`,
    ...affine('embed_norm', `${prefix}embeddings.LayerNorm`),
    ...affine('blocks.{i}.attn.q', `${layer}.attention.self.query`),
    ...affine('blocks.{i}.attn.k', `${layer}.attention.self.key`),
    ...affine('blocks.{i}.attn.v', `${layer}.attention.self.value`),
    ...affine('blocks.{i}.attn.o', `${layer}.attention.output.dense`),
    ...affine('blocks.{i}.ln1', `${layer}.attention.output.LayerNorm`),
    ...affine('blocks.{i}.mlp.in', `${layer}.intermediate.dense`),
    ...affine('blocks.{i}.mlp.out', `${layer}.output.dense`),
    ...affine('blocks.{i}.ln2', `${layer}.output.LayerNorm`),
    ...affine('pooler', `${prefix}pooler.dense`)
  };
}

function bertHeads(config: PretrainedConfig, task: Task): readonly Head[] {
  const width = size(config, 'hidden_size');
  switch (task) {
    case 'masked_lm':
      return [maskedHead(config, activation(config, 'hidden_act'))];
    case 'sequence_classification': {
      const classify = { op: 'linear', name: 'classifier', in: width, out: classes(config), bias: true } as const;
      return [pooler(width), { output: 'logits', from: 'pooler_output', steps: [classify] }];
    }
    default:
      return [pooler(width)];
  }
}

export const bert: Family = {
  model_type: 'bert',
  classes: {
    config: 'BertConfig',
    base: 'BertModel',
    masked_lm: 'BertForMaskedLM',
    sequence_classification: 'BertForSequenceClassification'
  },
  architecture: (config, task) => {
    const rows = size(config, 'max_position_embeddings');
    const predictions = 'cls.predictions';
    const isTied = flag(config, 'tie_word_embeddings', true);
    return {
      stacks: [bertStack(config, { rows, offset: 0, from: 'arange' }, bertHeads(config, task))],
      weights: {
        ...bertWeights('bert.'),
        ...affine('head.dense', `${predictions}.transform.dense`),
        ...affine('head.norm', `${predictions}.transform.LayerNorm`),
        'unembed.weight': isTied ? 'bert.embeddings.word_embeddings.weight' : `${predictions}.decoder.weight`,
        'unembed.bias': { name: `${predictions}.bias`, or: `${predictions}.decoder.bias` },
        ...affine('classifier', 'classifier')
      },
      base_prefix: 'bert.',
      ignore: [/position_ids$/, /^cls\./, /pooler\.dense/]
    };
  }
};
