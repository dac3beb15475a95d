/**
 * OPT: decoder with learned positions counted from the attention mask, LayerNorm before or after, ReLU, and in its
 * smallest size embeddings narrower than the stream.
 * Source: transformers/models/opt/modeling_opt.py
 */
import type { Family, Norm } from './architecture';
import { activation, flag, optionalNum, size } from './fields';
import { affine, layers } from './llama';

export const opt: Family = {
  model_type: 'opt',
  classes: { config: 'OPTConfig', base: 'OPTModel', causal_lm: 'OPTForCausalLM' },
  architecture: (config, task) => {
    const width = size(config, 'hidden_size');
    const heads = size(config, 'num_attention_heads');
    const dim = optionalNum(config, 'word_embed_proj_dim') ?? width;
    const vocab_size = size(config, 'vocab_size');
    const hasWeights = flag(config, 'layer_norm_elementwise_affine', true);
    const norm: Norm = { type: 'layer', eps: 1e-5, bias: hasWeights, weight: hasWeights };
    const isPre = flag(config, 'do_layer_norm_before', true);
    const bias = flag(config, 'enable_bias', true);
    const decoder = 'model.decoder';
    const layer = `${decoder}.layers.{i}`;
    const unembed = { op: 'linear', name: 'unembed', in: dim, out: vocab_size, bias: false } as const;
    return {
      stacks: [
        {
          prefix: '',
          hidden_size: width,
          embedding: {
            tokens: { vocab_size, dim },
            positions: { rows: size(config, 'max_position_embeddings') + 2, offset: 2, from: 'attention_mask' },
            project_in: dim !== width
          },
          blocks: layers(config, () => ({
            attention: {
              heads,
              kv_heads: heads,
              head_dim: width / heads,
              scale: Math.pow(width / heads, -0.5),
              bias: { q: bias, k: bias, v: bias, o: bias }
            },
            mlp: {
              size: size(config, 'ffn_dim'),
              activation: activation(config, 'activation_function'),
              gated: false,
              bias: { in: bias, out: bias }
            },
            norm_placement: isPre ? 'pre' : 'post',
            residual: 'sequential',
            ln1: norm,
            ln2: norm
          })),
          ...(isPre && !flag(config, '_remove_final_layer_norm') ? { final_norm: norm } : {}),
          ...(dim === width ? {} : { project_out: dim }),
          ropes: {},
          causal: true,
          heads:
            task === 'causal_lm'
              ? [{ output: 'logits', from: 'last_hidden_state', steps: [{ op: 'rows' }, unembed] }]
              : []
        }
      ],
      weights: {
        'embed.weight': `${decoder}.embed_tokens.weight`,
        'pos_embed.weight': `${decoder}.embed_positions.weight`,
        'project_in.weight': `${decoder}.project_in.weight`,
        'project_out.weight': `${decoder}.project_out.weight`,
        ...affine('blocks.{i}.attn.q', `${layer}.self_attn.q_proj`),
        ...affine('blocks.{i}.attn.k', `${layer}.self_attn.k_proj`),
        ...affine('blocks.{i}.attn.v', `${layer}.self_attn.v_proj`),
        ...affine('blocks.{i}.attn.o', `${layer}.self_attn.out_proj`),
        ...affine('blocks.{i}.mlp.in', `${layer}.fc1`),
        ...affine('blocks.{i}.mlp.out', `${layer}.fc2`),
        ...affine('blocks.{i}.ln1', `${layer}.self_attn_layer_norm`),
        ...affine('blocks.{i}.ln2', `${layer}.final_layer_norm`),
        ...affine('ln_final', `${decoder}.final_layer_norm`),
        'unembed.weight': flag(config, 'tie_word_embeddings', true)
          ? `${decoder}.embed_tokens.weight`
          : 'lm_head.weight'
      },
      base_prefix: 'model.',
      ignore: [/^lm_head\.weight$/]
    };
  }
};
