/**
 * The vocabulary families are written in. An `Architecture` is plain data: what a model computes, with no word about
 * ONNX. `graph/` turns any of them into a graph and never asks which family it came from; where two families differ,
 * the difference is a field here.
 *
 * Shapes: B batch, S query positions, T key positions (past + S), D hidden_size, H heads, G key/value heads, d head_dim.
 */
import type { PretrainedConfig } from '../config/config';

/** Element-wise functions, by the names of transformers' ACT2FN. */
export type Activation =
  'silu' | 'gelu' | 'gelu_new' | 'gelu_tanh' | 'quick_gelu' | 'relu' | 'relu2' | 'tanh' | 'sigmoid' | 'linear';

/** RMSNorm: x / sqrt(mean(x²) + eps) · w. LayerNorm: (x − mean) / sqrt(var + eps) · w + b. */
export interface Norm {
  readonly type: 'rms' | 'layer';
  readonly eps: number;
  /** A learned offset `<name>.bias`. */
  readonly bias?: boolean;
  /** False when there is no learned scale either. Default true. */
  readonly weight?: boolean;
}

/**
 * Rotary position embedding. Angles are computed outside the graph in float32, as PyTorch does, and fed as cos and sin.
 * @see https://arxiv.org/abs/2104.09864
 */
export interface Rope {
  /** How many of each head's dimensions turn. */
  readonly dim: number;
  /** Inverse frequencies, shape [dim / 2], for a sequence of `seq_len` positions in all. */
  inv_freq(seq_len: number): Float32Array;
  /** Factor on cos and sin (YaRN, LongRoPE); 1 otherwise. */
  attention_scaling(seq_len: number): number;
  /** Pairs are neighbours (GPT-J) rather than halves (GPT-NeoX, Llama). */
  readonly interleaved?: boolean;
  /**
   * Frequencies are those for the length of the first run, each row's without its padding, and stay so while the cache
   * grows (QWen's dynamic NTK).
   */
  readonly frozen?: boolean;
}

export interface Attention {
  readonly heads: number;
  readonly kv_heads: number;
  readonly head_dim: number;
  /** Factor on q·k. */
  readonly scale: number;
  /** Which projections have a bias. */
  readonly bias: { readonly q: boolean; readonly k: boolean; readonly v: boolean; readonly o: boolean };
  /** Norm on queries and keys before the rotation: each head's vector, each with weights of its own, or all heads as one. */
  readonly qk_norm?: { readonly norm: Norm; readonly scope: 'head' | 'per_head' | 'full' };
  /** Key into `Stack.ropes`; absent: no rotation (NoPE, learned positions). */
  readonly rope?: string;
  /** cap · tanh(scores / cap). */
  readonly softcap?: number;
  /** Keys further back than this many positions (itself included) are hidden. */
  readonly window?: number;
  /** Queries at position p (from 0) are multiplied by log(p + 1) / log(logn) once p + 1 exceeds it (QWen's log-n). */
  readonly query_scale?: { readonly logn: number };
}

export interface Mlp {
  readonly size: number;
  readonly activation: Activation;
  /** out(act(gate(x)) · in(x)) rather than out(act(in(x))). */
  readonly gated: boolean;
  readonly bias: { readonly in: boolean; readonly out: boolean };
}

/**
 * One layer. Norms by place; an absent one is not there:
 *
 *   sequential:  x ─ ln1 ─ attn ─ ln1_post ─(+)─ [ln_cross ─ cross ─(+)] ─ ln2 ─ mlp ─ ln2_post ─(+)─
 *   parallel:    x ─ ln1 ─ attn ─┐
 *                x ─ ln2 ─ mlp ──┴─(+)─        (ln2 'shared': the mlp reads ln1's output)
 *   post-norm:   as sequential, but ln1, ln_cross and ln2 act on the sum after each (+)
 */
export interface Block {
  readonly attention: Attention;
  readonly cross_attention?: Attention;
  readonly mlp: Mlp;
  readonly norm_placement: 'pre' | 'post';
  readonly residual: 'sequential' | 'parallel';
  readonly ln1?: Norm;
  readonly ln1_post?: Norm;
  readonly ln_cross?: Norm;
  readonly ln2?: Norm | 'shared';
  readonly ln2_post?: Norm;
}

/** Where position numbers come from when the caller gives none. */
export type PositionSource =
  /** 0, 1, 2 … after the past. */
  | 'arange'
  /** Running count of the attention mask, less one (OPT). */
  | 'attention_mask'
  /** Running count of ids that are not padding, plus pad_token_id; padding stays at pad_token_id (RoBERTa). */
  | 'input_ids';

/** How inputs become the first residual. Table lookups happen outside the graph, so an embedding never enters it. */
export interface Embedding {
  readonly tokens?: {
    readonly vocab_size: number;
    /** Width of a row; unlike hidden_size only with `project_in`. */
    readonly dim: number;
    /** Rows are multiplied by this (Gemma's sqrt(D)). */
    readonly scale?: number;
  };
  /** Learned positions, weights `pos_embed.weight`. */
  readonly positions?: { readonly rows: number; readonly offset: number; readonly from: PositionSource };
  /** Segment embeddings, weights `type_embed.weight`. */
  readonly types?: { readonly rows: number };
  /** Images: non-overlapping patches, weights `patch_embed.weight` [D, channels · patch²]. */
  readonly patches?: {
    readonly image_size: number;
    readonly patch_size: number;
    readonly channels: number;
    readonly bias: boolean;
    /** A learned first token, weights `cls_token` [D]. */
    readonly cls: boolean;
  };
  /** A norm on the sum, weights `embed_norm`. */
  readonly norm?: Norm;
  /** A linear map from `tokens.dim` to hidden_size, weights `project_in.weight`. */
  readonly project_in?: boolean;
}

/** A step of a head; `name` is the canonical weight name without `.weight`. */
export type HeadStep =
  /**
   * Keep some positions (input `logit_rows`): those `logits_to_keep` asks for, or one per row: the last token that is
   * not padding (decoder classifiers), the end-of-text token (CLIP).
   */
  | { readonly op: 'rows'; readonly which?: 'last_token' | 'end_of_text' }
  /** Keep the first position of each row: [CLS]. */
  | { readonly op: 'first' }
  | { readonly op: 'linear'; readonly name: string; readonly in: number; readonly out: number; readonly bias: boolean }
  | { readonly op: 'norm'; readonly name: string; readonly norm: Norm }
  | { readonly op: 'activation'; readonly fn: Activation }
  | { readonly op: 'softcap'; readonly cap: number }
  | { readonly op: 'scale'; readonly by: number };

/** What is made of the last hidden state. */
export interface Head {
  /** Name of the graph output: `logits`, `pooler_output` … */
  readonly output: string;
  /** `last_hidden_state` (after the final norm) or another head's output. */
  readonly from: string;
  readonly steps: readonly HeadStep[];
}

/** A run of blocks with what comes before and after: the unit one graph is made for. */
export interface Stack {
  /** Prefix of value and weight names: '' for a single stack, else 'encoder.', 'decoder.', 'vision.', 'text.'. */
  readonly prefix: string;
  readonly hidden_size: number;
  readonly embedding: Embedding;
  readonly blocks: readonly Block[];
  readonly final_norm?: Norm;
  /** Width of a linear map after the final norm, weights `project_out.weight` (OPT). */
  readonly project_out?: number;
  readonly ropes: { readonly [name: string]: Rope };
  /** A query sees only positions up to its own, and keys and values are cached. */
  readonly causal: boolean;
  /** Causal without a cache (CLIP's text tower). */
  readonly masked?: 'causal';
  /** Relative position bias shared by all blocks (T5), table `relative_bias.weight` [buckets, heads]. */
  readonly relative_bias?: {
    readonly buckets: number;
    readonly max_distance: number;
    readonly bidirectional: boolean;
    readonly heads: number;
  };
  /** Linear biases (ALiBi) on the scores, `slope · key position · scale`. */
  readonly alibi?: { readonly heads: number; readonly scale: number };
  /** Python's last `hidden_states` entry is after the final norm (most) or before it (CLIP vision). Default true. */
  readonly last_hidden_normed?: boolean;
  readonly heads: readonly Head[];
}

/** Where a canonical weight is in the checkpoint. */
export interface WeightSource {
  /** Name in the checkpoint, `{i}` standing for the layer. */
  readonly name: string;
  /** Used where the checkpoint has no tensor of the first name. */
  readonly or?: string;
  /** Stored [in, out] (GPT-2's Conv1D). Applied first. */
  readonly transpose?: boolean;
  /** See dim 0 as [groups, size] and keep [from, to) of each group: packed projections. */
  readonly rows?: { readonly groups: number; readonly size: number; readonly from: number; readonly to: number };
  /** Added to every element (Gemma stores w − 1). */
  readonly plus?: number;
  /** Multiplies every element. */
  readonly times?: number;
  /** That many tensors, `{n}` in the name counting them, laid end to end (StableLM's norm per head). */
  readonly join?: number;
}

/**
 * Canonical name (`blocks.{i}.attn.q.weight`) → checkpoint name. Canonical names:
 * `embed.weight`, `pos_embed.weight`, `type_embed.weight`, `patch_embed.{weight,bias}`, `cls_token`, `embed_norm.*`,
 * `project_in.weight`, `project_out.weight`, `blocks.{i}.{ln1,ln1_post,ln_cross,ln2,ln2_post}.{weight,bias}`,
 * `blocks.{i}.{attn,cross_attn}.{q,k,v,o}.{weight,bias}`, `blocks.{i}.attn.{q_norm,k_norm}.{weight,bias}`,
 * `blocks.{i}.mlp.{gate,in,out}.{weight,bias}`, `ln_final.{weight,bias}`, `relative_bias.weight`, and the heads' own;
 * all with the stack's prefix in front.
 */
export type WeightMap = { readonly [canonical: string]: string | WeightSource };

export interface Architecture {
  /** The stacks in the order they run: one, or encoder then decoder, or text and vision. */
  readonly stacks: readonly Stack[];
  readonly weights: WeightMap;
  /** Checkpoints of the bare model lack this prefix, those of a head model have it (`model.`). */
  readonly base_prefix?: string;
  /** Other spellings of checkpoint names: what begins so, and what to read instead. */
  readonly renames?: readonly (readonly [pattern: RegExp, to: string])[];
  /** Checkpoint names that Python, too, skips without a word. */
  readonly ignore?: readonly RegExp[];
  /** Checkpoint names of weights that are constants, not parameters. */
  readonly buffers?: readonly RegExp[];
  /**
   * Length beyond which keys cached within it no longer fit, as the rotation changes there (LongRoPE). Generation that
   * crosses it runs the whole text once more.
   */
  readonly cache_restart?: number;
}

/** What a model class is for; also the key of its Auto class. */
export type Task =
  | 'base'
  | 'causal_lm'
  | 'masked_lm'
  | 'sequence_classification'
  | 'seq2seq_lm'
  | 'image_classification'
  | 'zero_shot_image_classification'
  | 'text_projection'
  | 'vision_projection'
  | 'text'
  | 'vision';

export interface Family {
  /** `model_type` of config.json; also the file's name. */
  readonly model_type: string;
  /** Class names as in Python: `{ config: 'Qwen2Config', base: 'Qwen2Model', causal_lm: 'Qwen2ForCausalLM' }`. */
  readonly classes: { readonly config: string } & { readonly [task in Task]?: string };
  architecture(config: PretrainedConfig, task: Task): Architecture;
}
