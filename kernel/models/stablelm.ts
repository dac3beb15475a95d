/**
 * StableLM: Llama with LayerNorm, partial rotation, and optionally parallel residuals and a norm of its own per head.
 * Source: transformers/models/stablelm/modeling_stablelm.py
 */
import type { Block, Family, Norm } from './architecture';
import { flag, num, withFields } from './fields';
import { affine, layers, llamaArchitecture, llamaBlock } from './llama';

export const stablelm: Family = {
  model_type: 'stablelm',
  classes: { config: 'StableLmConfig', base: 'StableLmModel', causal_lm: 'StableLmForCausalLM' },
  architecture: (config, task) => {
    const eps = num(config, 'layer_norm_eps');
    const norm: Norm = { type: 'layer', eps, bias: true };
    // rms_norm_eps is not among StableLM's fields; its norms are these.
    const block = llamaBlock(withFields(config, { rms_norm_eps: eps }));
    const bias = flag(config, 'use_qkv_bias');
    const qkNorm = { norm: { type: 'layer', eps }, scope: 'per_head' } as const;
    const own: Block = {
      ...block,
      attention: {
        ...block.attention,
        bias: { q: bias, k: bias, v: bias, o: false },
        ...(flag(config, 'qk_layernorm') ? { qk_norm: qkNorm } : {})
      },
      residual: flag(config, 'use_parallel_residual') ? 'parallel' : 'sequential',
      ln1: norm,
      ln2: flag(config, 'use_parallel_residual') ? 'shared' : norm
    };
    const base = llamaArchitecture(
      withFields(config, { rms_norm_eps: eps }),
      task,
      layers(config, () => own)
    );
    const heads = (which: string, join: number) => ({
      name: `model.layers.{i}.self_attn.${which}_layernorm.norms.{n}.weight`,
      join
    });
    return {
      ...base,
      stacks: [{ ...base.stacks[0]!, final_norm: norm }],
      weights: {
        ...base.weights,
        ...affine('blocks.{i}.ln1', 'model.layers.{i}.input_layernorm'),
        ...affine('blocks.{i}.ln2', 'model.layers.{i}.post_attention_layernorm'),
        ...affine('ln_final', 'model.norm'),
        'blocks.{i}.attn.q_norm.weight': heads('q', own.attention.heads),
        'blocks.{i}.attn.k_norm.weight': heads('k', own.attention.kv_heads)
      }
    };
  }
};
