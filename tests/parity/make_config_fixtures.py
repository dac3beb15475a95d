"""Writes tests/unit/kernel/config/configs.json: contents of config.json files, as published checkpoints have them and
odd ones, with what Python's AutoConfig makes of them.

    python make_config_fixtures.py
"""

import json
import pathlib
import tempfile

import transformers

OUT = pathlib.Path(__file__).parents[1] / "unit/kernel/config/configs.json"

QWEN = {
    "architectures": ["Qwen2ForCausalLM"],
    "attention_dropout": 0.0,
    "bos_token_id": 151643,
    "eos_token_id": 151645,
    "hidden_act": "silu",
    "hidden_size": 1536,
    "initializer_range": 0.02,
    "intermediate_size": 8960,
    "max_position_embeddings": 32768,
    "max_window_layers": 21,
    "model_type": "qwen2",
    "num_attention_heads": 12,
    "num_hidden_layers": 28,
    "num_key_value_heads": 2,
    "rms_norm_eps": 1e-06,
    "rope_theta": 1000000.0,
    "sliding_window": 32768,
    "tie_word_embeddings": True,
    "torch_dtype": "bfloat16",
    "transformers_version": "4.43.1",
    "use_cache": True,
    "use_sliding_window": False,
    "vocab_size": 151936,
}
LLAMA = {
    "architectures": ["LlamaForCausalLM"],
    "bos_token_id": 128000,
    "eos_token_id": [128001, 128008, 128009],
    "hidden_act": "silu",
    "hidden_size": 4096,
    "intermediate_size": 14336,
    "max_position_embeddings": 131072,
    "model_type": "llama",
    "num_attention_heads": 32,
    "num_hidden_layers": 32,
    "num_key_value_heads": 8,
    "pretraining_tp": 1,
    "rms_norm_eps": 1e-05,
    "rope_theta": 500000.0,
    "torch_dtype": "bfloat16",
    "vocab_size": 128256,
}
SMALL = dict(hidden_size=64, num_attention_heads=4, num_hidden_layers=2, intermediate_size=96)

INPUTS = {
    "qwen2.5-1.5b": QWEN,
    "qwen2 minimal": {"model_type": "qwen2"},
    "qwen2 window": QWEN | {"use_sliding_window": True, "max_window_layers": 20},
    "qwen2 window without layers": QWEN | {"use_sliding_window": True, "max_window_layers": 28},
    "qwen2 layer_types": QWEN | {"num_hidden_layers": 2, "layer_types": ["full_attention", "sliding_attention"]},
    "qwen2 null kv": QWEN | {"num_key_value_heads": None},
    "qwen2 yarn": QWEN
    | {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}},
    "qwen2 new spelling": {key: value for key, value in QWEN.items() if key not in ("rope_theta", "torch_dtype")}
    | {"dtype": "float16", "rope_parameters": {"rope_theta": 5.0, "rope_type": "default"}},
    "qwen2 both dtypes": QWEN | {"dtype": "float32"},
    "qwen2 unknown keys": QWEN | {"my_unknown": {"a": [1, None]}, "another": "x", "num_experts": 3},
    "qwen2 generation keys": QWEN | {"temperature": 0.3, "max_length": 50, "do_sample": True},
    "qwen2 both ropes": QWEN | {"rope_parameters": {"rope_theta": 7.0, "rope_type": "linear", "factor": 2.0}},
    "qwen3": {
        "model_type": "qwen3",
        "attention_bias": False,
        "head_dim": 128,
        "hidden_size": 1024,
        "intermediate_size": 3072,
        "max_window_layers": 28,
        "num_attention_heads": 16,
        "num_hidden_layers": 28,
        "num_key_value_heads": 8,
        "rope_scaling": None,
        "rope_theta": 1000000,
        "sliding_window": None,
        "tie_word_embeddings": True,
        "use_sliding_window": False,
        "vocab_size": 151936,
    },
    "llama3.1": LLAMA
    | {
        "rope_scaling": {
            "factor": 8.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 8192,
            "rope_type": "llama3",
        }
    },
    "llama old": {"model_type": "llama", "hidden_size": 2048, "num_attention_heads": 32, "rope_scaling": None},
    "llama linear": LLAMA | {"rope_scaling": {"type": "linear", "factor": 2.0}, "head_dim": 64},
    "llama dynamic": LLAMA | {"rope_scaling": {"rope_type": "dynamic", "factor": 3.5}},
    "llama yarn no length": LLAMA | {"rope_scaling": {"rope_type": "yarn", "factor": 4.0}},
    "smollm2": {
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": 576,
        "intermediate_size": 1536,
        "is_llama_config": True,
        "max_position_embeddings": 8192,
        "model_type": "llama",
        "num_attention_heads": 9,
        "num_hidden_layers": 30,
        "num_key_value_heads": 3,
        "rope_interleaved": False,
        "rope_theta": 100000,
        "tie_word_embeddings": True,
        "torch_dtype": "bfloat16",
        "transformers.js_config": {"kv_cache_dtype": {"q4f16": "float16"}},
        "vocab_size": 49152,
    },
    "mistral": {
        "architectures": ["MistralForCausalLM"],
        "model_type": "mistral",
        "num_key_value_heads": 8,
        "rope_theta": 10000.0,
        "sliding_window": 4096,
        "max_position_embeddings": 32768,
    },
    "mistral null window": {"model_type": "mistral", "sliding_window": None, "head_dim": 128, "rope_theta": 1e6},
    "mistral layer types": {
        "model_type": "mistral",
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
    },
    "smollm3": {"model_type": "smollm3", "num_hidden_layers": 8, "rope_theta": 5000000.0, "sliding_window": None},
    "smollm3 window": {"model_type": "smollm3", "num_hidden_layers": 8, "use_sliding_window": True, "sliding_window": 128},
    "gemma2": {
        "model_type": "gemma2",
        "hidden_activation": "gelu_pytorch_tanh",
        "hidden_act": "gelu_pytorch_tanh",
        "num_hidden_layers": 5,
        "cache_implementation": "hybrid",
        "rope_theta": 10000.0,
        "sliding_window_size": 4096,
    },
    "gemma3 1b": {
        "model_type": "gemma3_text",
        "num_hidden_layers": 8,
        "hidden_size": 1152,
        "rope_local_base_freq": 10000,
        "rope_theta": 1000000,
        "rope_scaling": None,
        "sliding_window": 512,
        "sliding_window_pattern": 6,
    },
    "gemma3 scaled": {
        "model_type": "gemma3_text",
        "num_hidden_layers": 3,
        "rope_scaling": {"factor": 8.0, "rope_type": "linear"},
        "sliding_window_pattern": 2,
    },
    "gemma3 new": {
        "model_type": "gemma3_text",
        "num_hidden_layers": 2,
        "layer_types": ["sliding_attention", "full_attention"],
        "rope_parameters": {
            "full_attention": {"rope_theta": 1000000, "rope_type": "default"},
            "sliding_attention": {"rope_theta": 10000, "rope_type": "default"},
        },
    },
    "phi3 4k": {"model_type": "phi3", "sliding_window": 2047, "rope_scaling": None, "original_max_position_embeddings": 4096},
    "phi3 128k": {
        "model_type": "phi3",
        **SMALL,
        "max_position_embeddings": 131072,
        "original_max_position_embeddings": 4096,
        "rope_scaling": {"type": "longrope", "short_factor": [1.0] * 8, "long_factor": [1.5] * 8},
    },
    "phi4 mini": {
        "model_type": "phi3",
        **SMALL,
        "partial_rotary_factor": 0.75,
        "original_max_position_embeddings": 4096,
        "rope_scaling": {"type": "longrope", "short_factor": [1.0] * 6, "long_factor": [2] * 6},
    },
    "gpt2": {
        "activation_function": "gelu_new",
        "architectures": ["GPT2LMHeadModel"],
        "bos_token_id": 50256,
        "model_type": "gpt2",
        "n_ctx": 1024,
        "n_embd": 768,
        "n_head": 12,
        "n_layer": 12,
        "n_positions": 1024,
        "task_specific_params": {"text-generation": {"do_sample": True, "max_length": 50}},
        "vocab_size": 50257,
    },
    "gpt2 other names": {"model_type": "gpt2", "hidden_size": 32, "num_attention_heads": 4, "num_hidden_layers": 2},
    "pythia": {"model_type": "gpt_neox", "rotary_pct": 0.25, "rotary_emb_base": 10000, **SMALL},
    "neox new": {
        "model_type": "gpt_neox",
        **SMALL,
        "rope_parameters": {"rope_type": "default", "rope_theta": 99.0, "partial_rotary_factor": 0.5},
    },
    "olmo2": {"model_type": "olmo2", "num_attention_heads": 16, "hidden_size": 2048, "rope_theta": 500000},
    "opt-350m": {
        "model_type": "opt",
        "do_layer_norm_before": False,
        "hidden_size": 1024,
        "num_attention_heads": 16,
        "num_hidden_layers": 24,
        "word_embed_proj_dim": 512,
        "prefix": "</s>",
        "layerdrop": 0.0,
    },
    "opt-125m": {"model_type": "opt", "torch_dtype": "float16", "_remove_final_layer_norm": False},
    "falcon-7b": {
        "model_type": "falcon",
        "multi_query": True,
        "parallel_attn": True,
        "auto_map": {"AutoModel": "modeling_falcon.FalconModel"},
        "apply_residual_connection_post_layernorm": False,
    },
    "falcon-40b": {"model_type": "falcon", "new_decoder_architecture": True, "num_attention_heads": 128, "num_kv_heads": 8, "hidden_size": 8192},
    "falcon n_embed": {"model_type": "falcon", "n_embed": 64, "num_attention_heads": 4, "alibi": True},
    "stablelm": {"model_type": "stablelm", "partial_rotary_factor": 0.25, "use_qkv_bias": True, "rope_theta": 10000},
    "stablelm none": {"model_type": "stablelm"},
    "bert-base": {
        "architectures": ["BertForMaskedLM"],
        "gradient_checkpointing": False,
        "model_type": "bert",
        "position_embedding_type": "absolute",
        "layer_norm_eps": 1e-12,
    },
    "bert classifier": {
        "model_type": "bert",
        "id2label": {"0": "neg", "1": "neu", "2": "pos"},
        "label2id": {"neg": 0, "neu": 1, "pos": 2},
        "problem_type": "single_label_classification",
    },
    "bert num_labels": {"model_type": "bert", "num_labels": 5},
    "distilbert": {
        "model_type": "distilbert",
        "dim": 768,
        "finetuning_task": "sst-2",
        "id2label": {"0": "NEGATIVE", "1": "POSITIVE"},
        "label2id": {"NEGATIVE": 0, "POSITIVE": 1},
        "tie_weights_": True,
        "output_past": True,
    },
    "roberta": {"model_type": "roberta", "max_position_embeddings": 514, "type_vocab_size": 1, "layer_norm_eps": 1e-05},
    "t5-small": {
        "model_type": "t5",
        "n_positions": 512,
        "output_past": True,
        "task_specific_params": {"summarization": {"early_stopping": True, "num_beams": 4}},
    },
    "t5 v1.1": {"model_type": "t5", "feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "num_decoder_layers": 4},
    "t5 silu": {"model_type": "t5", "feed_forward_proj": "gated-silu", "num_layers": 3},
    "bart": {"model_type": "bart", "add_bias_logits": False, "add_final_layer_norm": False, "early_stopping": True, "num_beams": 4},
    "bart cnn": {
        "model_type": "bart",
        "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
        "length_penalty": 2.0,
        "max_length": 142,
        "min_length": 56,
        "no_repeat_ngram_size": 3,
        "forced_bos_token_id": 0,
    },
    "vit": {"model_type": "vit", "image_size": 384, "num_labels": 10},
    "vit list": {"model_type": "vit", "image_size": [224, 112], "pooler_output_size": 12},
    "clip": {
        "model_type": "clip",
        "projection_dim": 768,
        "logit_scale_init_value": 2.6592,
        "text_config": {"hidden_size": 768, "num_attention_heads": 12, "projection_dim": 768, "torch_dtype": "float16"},
        "vision_config": {"hidden_size": 1024, "num_attention_heads": 16, "patch_size": 14},
        "torch_dtype": "float32",
    },
    "clip dicts": {
        "model_type": "clip",
        "text_config": {"hidden_size": 512, "temperature": 1.0},
        "text_config_dict": {"hidden_size": 64, "num_hidden_layers": 3},
        "vision_config": {},
        "vision_config_dict": {"patch_size": 16},
    },
    "clip none": {"model_type": "clip"},
    "clip text": {"model_type": "clip_text_model", "hidden_size": 64, "num_attention_heads": 4},
    "clip vision": {"model_type": "clip_vision_model", "hidden_size": 64, "num_attention_heads": 4},
    "infinity": {"model_type": "llama", **SMALL, "limit": {"__float__": "Infinity"}},
    # What Python refuses, by its message.
    "bad heads": {"model_type": "llama", "hidden_size": 65, "num_attention_heads": 4},
    "bad type": {"model_type": "llama", "hidden_size": "large"},
    "bad layer types": {"model_type": "qwen2", "num_hidden_layers": 3, "layer_types": ["full_attention"]},
    "bad rope": {"model_type": "llama", "rope_scaling": {"rope_type": "linear"}},
    "no model_type": {"hidden_size": 3},
    "unknown model_type": {"model_type": "foobar"},
}

OVERRIDES = {
    "known": ("qwen2.5-1.5b", {"hidden_size": 768, "use_cache": False}),
    "dtype": ("qwen2.5-1.5b", {"dtype": "float16"}),
    "num_labels": ("bert-base", {"num_labels": 4}),
    "unknown": ("qwen2.5-1.5b", {"foo": 1, "vocab_size": 7}),
    "part": ("clip", {"text_config": {"hidden_size": 96}}),
    "alias": ("gpt2", {"hidden_size": 48}),
}


def plain(config):
    # Through JSON, as files hold it: integer keys become strings, infinities are encoded.
    return json.loads(json.dumps(config._encode_special_floats(config.to_dict())))


def read(raw, **kwargs):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "config.json").write_text(json.dumps(raw))
        try:
            result = transformers.AutoConfig.from_pretrained(folder, **kwargs)
        except Exception as error:
            return dict(error=str(error).replace(folder, "{dir}"))
        config, unused = result if isinstance(result, tuple) else (result, None)
        out = plain(config)
        assert out.pop("_name_or_path") == folder
        diff = json.loads(config.to_json_string())
        return dict(output=out, diff=diff) | (dict(unused=unused) if unused is not None else {})


def main():
    transformers.logging.set_verbosity_error()
    cases = [dict(name=name, input=raw, **read(raw)) for name, raw in INPUTS.items()]
    changed = [
        dict(name=name, input=INPUTS[of], overrides=kwargs, **read(INPUTS[of], return_unused_kwargs=True, **kwargs))
        for name, (of, kwargs) in OVERRIDES.items()
    ]
    lines = lambda items: ",\n".join(json.dumps(item) for item in items)  # noqa: E731
    OUT.write_text(
        f'{{"transformers": "{transformers.__version__}",\n"cases": [\n{lines(cases)}\n],\n"overrides": [\n{lines(changed)}\n]}}\n'
    )
    print(len(cases), "cases", [case["name"] for case in cases if "error" in case])


if __name__ == "__main__":
    main()
