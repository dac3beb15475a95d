/**
 * DistilBERT: BERT without segments and pooler, with names of its own.
 * Source: transformers/models/distilbert/modeling_distilbert.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Family, Head, Norm, Task } from './architecture';
import { classes } from './bert';
import { activation, flag, size } from './fields';
import { affine, layers } from './llama';

const norm: Norm = { type: 'layer', eps: 1e-12, bias: true };

function heads(config: PretrainedConfig, task: Task): readonly Head[] {
  const width = size(config, 'hidden_size');
  const dense = (name: string, out: number) => ({ op: 'linear', name, in: width, out, bias: true }) as const;
  switch (task) {
    case 'masked_lm':
      return [
        {
          output: 'logits',
          from: 'last_hidden_state',
          steps: [
            dense('head.dense', width),
            { op: 'activation', fn: activation(config, 'activation') },
            { op: 'norm', name: 'head.norm', norm },
            dense('unembed', size(config, 'vocab_size'))
          ]
        }
      ];
    case 'sequence_classification':
      return [
        {
          output: 'logits',
          from: 'last_hidden_state',
          steps: [
            { op: 'first' },
            dense('pre_classifier', width),
            { op: 'activation', fn: 'relu' },
            dense('classifier', classes(config))
          ]
        }
      ];
    default:
      return [];
  }
}

export const distilbert: Family = {
  model_type: 'distilbert',
  classes: {
    config: 'DistilBertConfig',
    base: 'DistilBertModel',
    masked_lm: 'DistilBertForMaskedLM',
    sequence_classification: 'DistilBertForSequenceClassification'
  },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const count = size(config, 'num_attention_heads');
    const layer = 'distilbert.transformer.layer.{i}';
    const embeddings = 'distilbert.embeddings';
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: {
            tokens: { vocab_size: size(config, 'vocab_size'), dim: width },
            positions: { rows: size(config, 'max_position_embeddings'), offset: 0, from: 'arange' },
            norm
          },
          blocks: layers(config, () => ({
            attention: {
              heads: count,
              kv_heads: count,
              head_dim: width / count,
              scale: Math.pow(width / count, -0.5),
              bias: { q: true, k: true, v: true, o: true }
            },
            mlp: {
              size: size(config, 'hidden_dim'),
              activation: activation(config, 'activation'),
              gated: false,
              bias: { in: true, out: true }
            },
            norm_placement: 'post',
            residual: 'sequential',
            ln1: norm,
            ln2: norm
          })),
          ropes: {},
          causal: false,
          heads: heads(config, task)
        }
      ],
      weights: {
        'embed.weight': `${embeddings}.word_embeddings.weight`,
        'pos_embed.weight': `${embeddings}.position_embeddings.weight`,
        ...affine('embed_norm', `${embeddings}.LayerNorm`),
        ...affine('blocks.{i}.attn.q', `${layer}.attention.q_lin`),
        ...affine('blocks.{i}.attn.k', `${layer}.attention.k_lin`),
        ...affine('blocks.{i}.attn.v', `${layer}.attention.v_lin`),
        ...affine('blocks.{i}.attn.o', `${layer}.attention.out_lin`),
        ...affine('blocks.{i}.ln1', `${layer}.sa_layer_norm`),
        ...affine('blocks.{i}.mlp.in', `${layer}.ffn.lin1`),
        ...affine('blocks.{i}.mlp.out', `${layer}.ffn.lin2`),
        ...affine('blocks.{i}.ln2', `${layer}.output_layer_norm`),
        ...affine('head.dense', 'vocab_transform'),
        ...affine('head.norm', 'vocab_layer_norm'),
        'unembed.weight': flag(config, 'tie_word_embeddings', true)
          ? `${embeddings}.word_embeddings.weight`
          : 'vocab_projector.weight',
        'unembed.bias': 'vocab_projector.bias',
        ...affine('pre_classifier', 'pre_classifier'),
        ...affine('classifier', 'classifier')
      },
      base_prefix: 'distilbert.',
      ignore: [/position_ids$/, /^vocab_/]
    };
  }
};
