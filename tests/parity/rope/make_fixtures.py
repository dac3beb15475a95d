"""Writes expected.json: rotary frequencies of published models' configurations, as transformers computes them.

    python make_fixtures.py

Each frequency is written with nine digits, which name one float32. Positions multiply them: at position 100,000 an
error in the last digit turns a pair by 0.01 rad.
"""

import json
import pathlib

import torch
import transformers
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

QWEN = dict(model_type="qwen2", hidden_size=896, num_attention_heads=14, num_key_value_heads=2, max_position_embeddings=32768, rope_theta=1000000.0)
LLAMA = dict(model_type="llama", hidden_size=4096, num_attention_heads=32, max_position_embeddings=131072, rope_theta=500000.0)
LLAMA3 = dict(rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192)

CONFIGS = {
    "qwen2.5-0.5b": QWEN,
    "qwen2.5 yarn": QWEN | {"rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}},
    "qwen3": dict(model_type="qwen3", head_dim=128, rope_theta=1000000, max_position_embeddings=40960),
    "smollm2": dict(model_type="llama", hidden_size=576, num_attention_heads=9, rope_theta=100000, max_position_embeddings=8192),
    "llama2": dict(model_type="llama", hidden_size=4096, num_attention_heads=32, max_position_embeddings=4096),
    "llama3.1": LLAMA | {"rope_scaling": LLAMA3},
    "llama3.2": LLAMA | {"hidden_size": 2048, "rope_scaling": LLAMA3 | {"factor": 32.0}},
    "linear": LLAMA | {"rope_scaling": {"type": "linear", "factor": 2.5}},
    "dynamic": dict(model_type="llama", max_position_embeddings=2048, rope_scaling={"type": "dynamic", "factor": 2.0}),
    "yarn mscale": LLAMA
    | {
        "max_position_embeddings": 163840,
        "rope_scaling": {
            "type": "yarn",
            "factor": 40,
            "mscale": 1.0,
            "mscale_all_dim": 0.8,
            "beta_fast": 32,
            "beta_slow": 1,
            "original_max_position_embeddings": 4096,
        },
    },
    "yarn not truncated": LLAMA
    | {"rope_scaling": {"rope_type": "yarn", "factor": 32.0, "truncate": False, "original_max_position_embeddings": 4096}},
    "gemma3 4b text": dict(
        model_type="gemma3_text",
        head_dim=256,
        num_hidden_layers=6,
        rope_theta=1000000,
        rope_local_base_freq=10000,
        rope_scaling={"factor": 8.0, "rope_type": "linear"},
    ),
    "phi3 128k": dict(
        model_type="phi3",
        hidden_size=3072,
        num_attention_heads=32,
        max_position_embeddings=131072,
        original_max_position_embeddings=4096,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0 + 0.013 * i for i in range(48)],
            "long_factor": [1.07 + 1.3 * i for i in range(48)],
        },
    ),
    "phi4 mini": dict(
        model_type="phi3",
        hidden_size=3072,
        num_attention_heads=24,
        max_position_embeddings=131072,
        original_max_position_embeddings=4096,
        partial_rotary_factor=0.75,
        rope_scaling={
            "type": "longrope",
            "short_factor": [1.0] * 48,
            "long_factor": [1.0 + 0.71 * i for i in range(48)],
        },
    ),
    "pythia": dict(model_type="gpt_neox", hidden_size=512, num_attention_heads=8, rotary_pct=0.25, rotary_emb_base=10000),
    "stablelm": dict(model_type="stablelm", hidden_size=2560, num_attention_heads=32, partial_rotary_factor=0.25),
    "smollm3": dict(model_type="smollm3", rope_theta=5000000.0),
}
LENGTHS = {"dynamic": [1000, 2048, 2049, 5000, 20000], "phi3 128k": [4096, 4097], "phi4 mini": [4096, 4097]}


def frequencies(config, layer_type, length):
    parameters = config.rope_parameters[layer_type] if layer_type else config.rope_parameters
    kind = parameters["rope_type"]
    if kind == "default":
        head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
        dim = int(head_dim * parameters.get("partial_rotary_factor", 1.0))
        inv_freq = 1.0 / (parameters["rope_theta"] ** (torch.arange(0, dim, 2, dtype=torch.int64).float() / dim))
        if layer_type is None and parameters.get("partial_rotary_factor", 1.0) == 1.0:
            assert torch.equal(inv_freq, LlamaRotaryEmbedding.compute_default_rope_parameters(config)[0])
        return inv_freq, 1.0
    extra = dict(layer_type=layer_type) if layer_type else {}
    return ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=torch.tensor(length), **extra)


def main():
    transformers.logging.set_verbosity_error()
    cases = []
    for name, raw in CONFIGS.items():
        fields = dict(raw)
        config = transformers.AutoConfig.for_model(fields.pop("model_type"), **json.loads(json.dumps(fields)))
        nested = "full_attention" in config.rope_parameters
        for layer_type in ("full_attention", "sliding_attention") if nested else (None,):
            for length in LENGTHS.get(name, [100]):
                inv_freq, scaling = frequencies(config, layer_type, length)
                cases.append(
                    dict(
                        name=name,
                        config=raw,
                        layer_type=layer_type,
                        length=length,
                        inv_freq=[float(f"{value:.9g}") for value in inv_freq.tolist()],
                        attention_scaling=scaling,
                    )
                )
    lines = ",\n".join(json.dumps(case) for case in cases)
    pathlib.Path(__file__).with_name("expected.json").write_text(
        f'{{"transformers": "{transformers.__version__}",\n"cases": [\n{lines}\n]}}\n'
    )
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
