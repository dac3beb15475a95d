/**
 * RoBERTa: BERT with positions counted from the ids, past the padding id, and heads of its own.
 * Source: transformers/models/roberta/modeling_roberta.py
 */
import type { PretrainedConfig } from '../config/config';
import type { Family, Head, Task } from './architecture';
import { bertStack, bertWeights, classes, maskedHead, pooler } from './bert';
import { flag, size } from './fields';
import { affine } from './llama';

function heads(config: PretrainedConfig, task: Task): readonly Head[] {
  const width = size(config, 'hidden_size');
  switch (task) {
    case 'masked_lm':
      return [maskedHead(config, 'gelu')];
    case 'sequence_classification':
      return [
        {
          output: 'logits',
          from: 'last_hidden_state',
          steps: [
            { op: 'first' },
            { op: 'linear', name: 'classifier.dense', in: width, out: width, bias: true },
            { op: 'activation', fn: 'tanh' },
            { op: 'linear', name: 'classifier.out_proj', in: width, out: classes(config), bias: true }
          ]
        }
      ];
    default:
      return [pooler(width)];
  }
}

export const roberta: Family = {
  model_type: 'roberta',
  classes: {
    config: 'RobertaConfig',
    base: 'RobertaModel',
    masked_lm: 'RobertaForMaskedLM',
    sequence_classification: 'RobertaForSequenceClassification'
  },
  architecture: (config, task) => {
    const rows = size(config, 'max_position_embeddings');
    const isTied = flag(config, 'tie_word_embeddings', true);
    return {
      stacks: [bertStack(config, { rows, offset: 0, from: 'input_ids' }, heads(config, task))],
      weights: {
        ...bertWeights('roberta.'),
        ...affine('head.dense', 'lm_head.dense'),
        ...affine('head.norm', 'lm_head.layer_norm'),
        'unembed.weight': isTied ? 'roberta.embeddings.word_embeddings.weight' : 'lm_head.decoder.weight',
        'unembed.bias': { name: 'lm_head.bias', or: 'lm_head.decoder.bias' },
        ...affine('classifier.dense', 'classifier.dense'),
        ...affine('classifier.out_proj', 'classifier.out_proj')
      },
      base_prefix: 'roberta.',
      ignore: [/position_ids$/, /^lm_head\./, /pooler\.dense/]
    };
  }
};
