"""The families of the parity suite: one table entry each, a difference from `TEXT` per variant.

A variant is `(class name, configuration keys)`. Sizes are tiny so that a whole checkpoint stays below 300 KB; what
matters is that the variants of a family are unlike one another: grouped heads and not, tied and not, windows shorter
than the prompt, biases on.
"""

# Keys of every decoder unless a variant says otherwise. 'special' ids are all inside the vocabulary.
TEXT = dict(
    vocab_size=107,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=3,
    num_attention_heads=4,
    max_position_embeddings=64,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)

ENCODER = dict(TEXT, num_hidden_layers=2, type_vocab_size=2)

VISION = dict(
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    image_size=16,
    patch_size=4,
)


def without(base, *names, **more):
    """`base` less some keys and with others."""
    return {**{key: value for key, value in base.items() if key not in names}, **more}


GPT2 = dict(vocab_size=107, n_positions=64, n_embd=32, n_layer=3, n_head=4, bos_token_id=1, eos_token_id=2, pad_token_id=0)
OPT = without(TEXT, "intermediate_size", ffn_dim=48)
FALCON = without(TEXT, "intermediate_size", ffn_hidden_size=48)
T5 = dict(
    vocab_size=107,
    d_model=32,
    d_kv=8,
    d_ff=48,
    num_layers=2,
    num_heads=4,
    relative_attention_num_buckets=8,
    relative_attention_max_distance=16,
    pad_token_id=0,
    eos_token_id=1,
    decoder_start_token_id=0,
)
BART = dict(
    vocab_size=107,
    d_model=32,
    encoder_layers=2,
    decoder_layers=2,
    encoder_attention_heads=4,
    decoder_attention_heads=4,
    encoder_ffn_dim=48,
    decoder_ffn_dim=48,
    max_position_embeddings=64,
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
    decoder_start_token_id=2,
    forced_eos_token_id=2,
)
DISTILBERT = dict(vocab_size=107, dim=32, hidden_dim=48, n_layers=2, n_heads=4, max_position_embeddings=64, pad_token_id=0)
CLIP_TEXT = dict(
    vocab_size=107,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    max_position_embeddings=20,
    pad_token_id=0,
    bos_token_id=1,
    eos_token_id=106,
    projection_dim=24,
)
LLAMA3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=4.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=16,
)

FAMILIES = {
    "qwen2": {
        "gqa-tied": ("Qwen2ForCausalLM", dict(TEXT, num_key_value_heads=2, tie_word_embeddings=True)),
        "sliding": (
            "Qwen2ForCausalLM",
            dict(
                TEXT,
                num_hidden_layers=4,
                num_key_value_heads=4,
                use_sliding_window=True,
                sliding_window=4,
                max_window_layers=2,
            ),
        ),
        "mqa-theta": (
            "Qwen2ForCausalLM",
            dict(TEXT, num_key_value_heads=1, rms_norm_eps=1e-3, rope_parameters=dict(rope_type="default", rope_theta=1e6)),
        ),
    },
    "qwen3": {
        "gqa-tied": ("Qwen3ForCausalLM", dict(TEXT, num_key_value_heads=2, head_dim=16, tie_word_embeddings=True)),
        "float16": (
            "Qwen3ForCausalLM",
            dict(TEXT, num_hidden_layers=2, num_key_value_heads=1, head_dim=8, tie_word_embeddings=True),
        ),
        "sliding-bias": (
            "Qwen3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=4,
                head_dim=8,
                attention_bias=True,
                use_sliding_window=True,
                sliding_window=5,
                max_window_layers=1,
            ),
        ),
    },
    "llama": {
        "default": ("LlamaForCausalLM", dict(TEXT, num_key_value_heads=2)),
        "linear": (
            "LlamaForCausalLM",
            dict(TEXT, rope_parameters=dict(rope_type="linear", rope_theta=10000.0, factor=2.5)),
        ),
        "dynamic": (
            "LlamaForCausalLM",
            dict(
                TEXT,
                max_position_embeddings=8,
                num_key_value_heads=2,
                rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=2.0),
            ),
        ),
        "yarn": (
            "LlamaForCausalLM",
            dict(
                TEXT,
                rope_parameters=dict(
                    rope_type="yarn", rope_theta=10000.0, factor=4.0, original_max_position_embeddings=16
                ),
            ),
        ),
        "yarn-explicit": (
            "LlamaForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=2,
                rope_parameters=dict(
                    rope_type="yarn",
                    rope_theta=500.0,
                    factor=8.0,
                    original_max_position_embeddings=8,
                    attention_factor=1.3,
                    beta_fast=16.0,
                    beta_slow=2.0,
                ),
            ),
        ),
        "llama3": ("LlamaForCausalLM", dict(TEXT, num_key_value_heads=2, rope_parameters=LLAMA3)),
        "bfloat16-shards": ("LlamaForCausalLM", dict(TEXT, num_hidden_layers=2, num_key_value_heads=1)),
        "biases": (
            "LlamaForCausalLM",
            dict(TEXT, num_key_value_heads=1, head_dim=12, attention_bias=True, mlp_bias=True, tie_word_embeddings=True),
        ),
    },
    "mistral": {
        "sliding": ("MistralForCausalLM", dict(TEXT, num_key_value_heads=2, sliding_window=4)),
        "full": (
            "MistralForCausalLM",
            dict(TEXT, num_key_value_heads=4, head_dim=16, sliding_window=None, tie_word_embeddings=True),
        ),
    },
    "ministral": {
        "alternating": (
            "MinistralForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=2,
                head_dim=16,
                sliding_window=4,
                layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            ),
        ),
        # Its file says mistral, as published ones do: layer_types make it this family.
        "as-mistral": (
            "MinistralForCausalLM",
            dict(
                TEXT,
                num_hidden_layers=2,
                num_key_value_heads=4,
                head_dim=8,
                sliding_window=6,
                layer_types=["full_attention", "sliding_attention"],
                tie_word_embeddings=True,
            ),
        ),
    },
    "smollm3": {
        "nope": ("SmolLM3ForCausalLM", dict(TEXT, num_hidden_layers=4, num_key_value_heads=2, no_rope_layer_interval=2)),
        "nope-list": (
            "SmolLM3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=4,
                no_rope_layers=[0, 1, 0],
                use_sliding_window=True,
                sliding_window=5,
                attention_bias=True,
                mlp_bias=True,
                tie_word_embeddings=False,
            ),
        ),
    },
    "gemma2": {
        "softcaps": (
            "Gemma2ForCausalLM",
            dict(
                TEXT,
                num_hidden_layers=4,
                num_key_value_heads=2,
                head_dim=16,
                query_pre_attn_scalar=12,
                sliding_window=4,
                attn_logit_softcapping=3.0,
                final_logit_softcapping=5.0,
            ),
        ),
        "uncapped": (
            "Gemma2ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=4,
                head_dim=8,
                query_pre_attn_scalar=8,
                sliding_window=6,
                attn_logit_softcapping=None,
                final_logit_softcapping=None,
                attention_bias=True,
                layer_types=["full_attention", "sliding_attention", "full_attention"],
            ),
        ),
    },
    "gemma3_text": {
        "dual-rope": (
            "Gemma3ForCausalLM",
            dict(
                TEXT,
                num_hidden_layers=4,
                num_key_value_heads=2,
                head_dim=16,
                query_pre_attn_scalar=16,
                sliding_window=4,
                sliding_window_pattern=2,
            ),
        ),
        "linear": (
            "Gemma3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=1,
                head_dim=8,
                query_pre_attn_scalar=8,
                sliding_window=6,
                layer_types=["sliding_attention", "full_attention", "sliding_attention"],
                rope_parameters=dict(
                    full_attention=dict(rope_type="linear", factor=4.0, rope_theta=50000.0),
                    sliding_attention=dict(rope_type="default", rope_theta=500.0),
                ),
            ),
        ),
    },
    "phi3": {
        "longrope-long": (
            "Phi3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=2,
                original_max_position_embeddings=4,
                rope_parameters=dict(
                    rope_type="longrope",
                    rope_theta=10000.0,
                    short_factor=[1.0, 1.1, 1.3, 1.5],
                    long_factor=[1.5, 2.0, 3.0, 4.0],
                    original_max_position_embeddings=4,
                ),
            ),
        ),
        # The prompts of generate() are within the original length and their continuations are not: Python then
        # forgets the cache and runs the whole text with the long factors.
        "longrope-crossing": (
            "Phi3ForCausalLM",
            dict(
                TEXT,
                num_hidden_layers=2,
                num_key_value_heads=2,
                original_max_position_embeddings=12,
                rope_parameters=dict(
                    rope_type="longrope",
                    rope_theta=10000.0,
                    short_factor=[1.0, 1.1, 1.3, 1.5],
                    long_factor=[1.5, 2.0, 3.0, 4.0],
                    original_max_position_embeddings=12,
                ),
            ),
        ),
        "longrope-short": (
            "Phi3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=4,
                original_max_position_embeddings=48,
                rope_parameters=dict(
                    rope_type="longrope",
                    rope_theta=10000.0,
                    short_factor=[1.0, 1.2, 1.4, 1.7],
                    long_factor=[2.0, 3.0, 5.0, 7.0],
                    original_max_position_embeddings=48,
                ),
            ),
        ),
        "partial-sliding": (
            "Phi3ForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=2,
                sliding_window=5,
                original_max_position_embeddings=64,
                tie_word_embeddings=True,
                rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5),
            ),
        ),
    },
    "gpt2": {
        "tied": ("GPT2LMHeadModel", GPT2),
        "inverse-layer": (
            "GPT2LMHeadModel",
            dict(
                GPT2,
                n_inner=40,
                activation_function="relu",
                scale_attn_by_inverse_layer_idx=True,
                tie_word_embeddings=False,
                layer_norm_epsilon=1e-3,
            ),
        ),
    },
    "gpt_neox": {
        "parallel": ("GPTNeoXForCausalLM", dict(TEXT)),
        "sequential": (
            "GPTNeoXForCausalLM",
            dict(
                TEXT,
                use_parallel_residual=False,
                attention_bias=False,
                tie_word_embeddings=True,
                rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=1.0),
            ),
        ),
    },
    "olmo2": {
        "mha": ("Olmo2ForCausalLM", dict(TEXT, num_key_value_heads=4)),
        "gqa-tied": (
            "Olmo2ForCausalLM",
            dict(TEXT, num_key_value_heads=2, attention_bias=True, tie_word_embeddings=True),
        ),
    },
    "opt": {
        "pre-norm": ("OPTForCausalLM", dict(OPT)),
        "post-norm-projected": (
            "OPTForCausalLM",
            dict(OPT, do_layer_norm_before=False, word_embed_proj_dim=24, activation_function="gelu"),
        ),
        "no-bias": (
            "OPTForCausalLM",
            dict(OPT, enable_bias=False, layer_norm_elementwise_affine=False, tie_word_embeddings=False),
        ),
    },
    "falcon": {
        "multi-query": ("FalconForCausalLM", dict(FALCON, multi_query=True, parallel_attn=True, bias=False)),
        "new-decoder": (
            "FalconForCausalLM",
            dict(FALCON, new_decoder_architecture=True, num_kv_heads=2, tie_word_embeddings=False),
        ),
        "alibi": (
            "FalconForCausalLM",
            dict(FALCON, alibi=True, multi_query=False, parallel_attn=False, bias=True),
        ),
    },
    "stablelm": {
        "default": ("StableLmForCausalLM", dict(TEXT, num_key_value_heads=2, use_qkv_bias=True)),
        "qk-norm-parallel": (
            "StableLmForCausalLM",
            dict(
                TEXT,
                num_key_value_heads=4,
                qk_layernorm=True,
                use_parallel_residual=True,
                tie_word_embeddings=True,
                rope_parameters=dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=0.5),
            ),
        ),
    },
    "bert": {
        "base": ("BertModel", dict(ENCODER)),
        "masked-lm": ("BertForMaskedLM", dict(ENCODER, hidden_act="gelu_new", layer_norm_eps=1e-5)),
        "classification": ("BertForSequenceClassification", dict(ENCODER, hidden_act="relu", num_labels=3)),
    },
    "distilbert": {
        "base": ("DistilBertModel", dict(DISTILBERT)),
        "masked-lm": ("DistilBertForMaskedLM", dict(DISTILBERT, activation="relu", tie_word_embeddings=False)),
        "classification": ("DistilBertForSequenceClassification", dict(DISTILBERT, sinusoidal_pos_embds=True, num_labels=3)),
    },
    "roberta": {
        "base": ("RobertaModel", dict(ENCODER, type_vocab_size=1, pad_token_id=1, bos_token_id=0)),
        "masked-lm": (
            "RobertaForMaskedLM",
            dict(ENCODER, type_vocab_size=1, pad_token_id=1, bos_token_id=0, layer_norm_eps=1e-5),
        ),
        "classification": (
            "RobertaForSequenceClassification",
            dict(ENCODER, type_vocab_size=2, pad_token_id=1, bos_token_id=0, hidden_act="relu", num_labels=3),
        ),
    },
    "t5": {
        "relu-tied": ("T5ForConditionalGeneration", dict(T5)),
        "gated-untied": (
            "T5ForConditionalGeneration",
            dict(T5, num_layers=3, num_decoder_layers=2, d_kv=12, feed_forward_proj="gated-gelu", tie_word_embeddings=False),
        ),
    },
    "bart": {
        "default": ("BartForConditionalGeneration", dict(BART)),
        "scaled": (
            "BartForConditionalGeneration",
            dict(
                BART,
                encoder_layers=3,
                encoder_attention_heads=2,
                scale_embedding=True,
                activation_function="relu",
                forced_eos_token_id=None,
                forced_bos_token_id=5,
            ),
        ),
    },
    "vit": {
        "base": ("ViTModel", dict(VISION, qkv_bias=True, pooler_output_size=20)),
        "classification": (
            "ViTForImageClassification",
            dict(VISION, qkv_bias=False, hidden_act="relu", num_labels=5, num_channels=1, layer_norm_eps=1e-6),
        ),
    },
    "clip_text_model": {
        "base": ("CLIPTextModel", dict(CLIP_TEXT)),
        "projection": ("CLIPTextModelWithProjection", dict(CLIP_TEXT, eos_token_id=2, hidden_act="gelu")),
    },
    "clip_vision_model": {
        "base": ("CLIPVisionModel", dict(VISION, projection_dim=24)),
        "projection": ("CLIPVisionModelWithProjection", dict(VISION, projection_dim=24, hidden_act="gelu", patch_size=8)),
    },
    "clip": {
        "base": (
            "CLIPModel",
            dict(text_config=dict(CLIP_TEXT), vision_config=dict(VISION, projection_dim=24), projection_dim=24),
        ),
        "wide-vision": (
            "CLIPModel",
            dict(
                text_config=dict(CLIP_TEXT, eos_token_id=2, projection_dim=16),
                vision_config=dict(VISION, hidden_size=48, num_attention_heads=6, projection_dim=16),
                projection_dim=16,
            ),
        ),
    },
}

# Variants whose checkpoint is stored in another precision, or in several files; they are run in float32 all the same.
STORED = {
    "llama/bfloat16-shards": dict(dtype="bfloat16", max_shard_size="25KB"),
    "qwen3/float16": dict(dtype="float16", max_shard_size="1GB"),
}

# The names under which a model's parts are found, for the intervention runs: block list, attention, its output
# projection, its query/key/value projections, MLP, and what is added to the residual stream.
HOOKS = {
    "llama": dict(blocks="model.layers", attn="self_attn", o="o_proj", qkv=("q_proj", "k_proj", "v_proj"), mlp="mlp"),
    "phi3": dict(blocks="model.layers", attn="self_attn", o="o_proj", packed="qkv_proj", mlp="mlp"),
    "gpt2": dict(blocks="transformer.h", attn="attn", o="c_proj", packed="c_attn", mlp="mlp"),
    "gpt_neox": dict(
        blocks="gpt_neox.layers", attn="attention", o="dense", packed="query_key_value", interleaved=True, mlp="mlp"
    ),
    "opt": dict(
        blocks="model.decoder.layers", attn="self_attn", o="out_proj", qkv=("q_proj", "k_proj", "v_proj"), mlp="fc2"
    ),
    "falcon": dict(blocks="transformer.h", attn="self_attention", o="dense", packed=None, mlp="mlp"),
}
for name in ("qwen2", "qwen3", "mistral", "ministral", "smollm3", "stablelm"):
    HOOKS[name] = HOOKS["llama"]
for name in ("gemma2", "gemma3_text", "olmo2"):
    # The block's contribution is what its post-norm puts out, and that is what is added to the residual stream.
    HOOKS[name] = dict(HOOKS["llama"], attn_out="post_attention_layernorm", mlp_out="post_feedforward_layernorm")
