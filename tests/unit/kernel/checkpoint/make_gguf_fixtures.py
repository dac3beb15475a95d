"""Makes a tiny GGUF file per architecture and records what Python transformers loads from it.

Tensors are changed as llama.cpp's convert_hf_to_gguf.py changes them, so that what is undone in TypeScript is checked
against the weights the file was made from, and, for the architectures transformers reads from GGUF, against its loader.

Run in the reference environment: python tests/unit/kernel/checkpoint/make_gguf_fixtures.py
"""

import hashlib
import json
import pathlib
import re

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Q
from gguf import GGUFWriter, get_tensor_name_map
from gguf.quants import dequantize, quantize
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM
from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

here = pathlib.Path(__file__).parent / "fixtures"
here.mkdir(exist_ok=True)

COMMON = dict(
    hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    vocab_size=40, max_position_embeddings=128,
)  # fmt: skip

T5 = dict(
    d_model=32, d_ff=64, d_kv=8, num_layers=2, num_decoder_layers=2, num_heads=4, vocab_size=40,
    relative_attention_num_buckets=8, decoder_start_token_id=0,
)  # fmt: skip

# architecture, and what follows a dash → (model_type, config, whether transformers reads it from GGUF)
CASES = {
    "llama": ("llama", dict(COMMON, rope_theta=5000.0), True),
    "qwen2": ("qwen2", dict(COMMON, tie_word_embeddings=True), True),
    "qwen3": ("qwen3", dict(COMMON, head_dim=16), True),
    "gemma2": ("gemma2", dict(COMMON, head_dim=16, sliding_window=16), True),
    "gemma3": ("gemma3_text", dict(COMMON, head_dim=16, sliding_window=16), True),
    "phi3": ("phi3", dict(COMMON, pad_token_id=0), True),
    "stablelm": ("stablelm", dict(COMMON, use_qkv_bias=True, partial_rotary_factor=0.25), True),
    "gpt2": ("gpt2", dict(n_embd=32, n_layer=2, n_head=4, vocab_size=40, n_positions=128), True),
    "falcon": ("falcon", dict(COMMON, multi_query=True, new_decoder_architecture=False, alibi=False), True),
    # transformers leaves its q, k and v rows in llama.cpp's order.
    "falcon-40b": ("falcon", dict(COMMON, num_kv_heads=2, new_decoder_architecture=True, alibi=False), False),
    "t5": ("t5", dict(T5, feed_forward_proj="gated-gelu", tie_word_embeddings=False), True),
    "t5-relu": ("t5", dict(T5, feed_forward_proj="relu"), False),
    "smollm3": ("smollm3", dict(COMMON, pad_token_id=0), False),
    "olmo2": ("olmo2", dict(COMMON), False),
    "gptneox": ("gpt_neox", {k: v for k, v in COMMON.items() if k != "num_key_value_heads"}, False),
}


def permute(weights, heads):
    """llama.cpp's order of query and key rows."""
    shape = weights.shape
    return weights.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def regroup(weights, heads, groups):
    """Fused q, k, v of each group → all q, all k, all v."""
    per = weights.reshape(groups, heads // groups + 2, -1, *weights.shape[1:])
    q, k, v = per[:, :-2], per[:, -2:-1], per[:, -1:]
    return np.concatenate([x.reshape(-1, *weights.shape[1:]) for x in (q, k, v)])


def convert(arch, config, name, weights):
    heads = config.num_attention_heads
    groups = getattr(config, "num_key_value_heads", None) or heads
    if arch in ("llama", "smollm3"):
        if ".q_proj." in name:
            return permute(weights, heads)
        if ".k_proj." in name:
            return permute(weights, groups)
    if arch in ("gemma2", "gemma3") and name.endswith("norm.weight"):
        return weights + 1
    if arch == "gpt2" and name.endswith((".c_attn.weight", ".c_proj.weight", ".c_fc.weight")):
        return weights.T.copy()
    if arch == "gptneox" and ".query_key_value." in name:
        return regroup(weights, heads, heads)
    if arch == "falcon" and ".query_key_value." in name:
        return regroup(weights, heads, config.num_kv_heads if config.new_decoder_architecture else 1)
    return weights


def metadata(writer, arch, config):
    writer.add_name(f"Tiny {arch}")
    writer.add_context_length(getattr(config, "max_position_embeddings", 512))
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_head_count(config.num_attention_heads)
    if arch == "gpt2":
        writer.add_feed_forward_length(4 * config.n_embd)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    else:
        width = getattr(config, "d_ff", None) or getattr(config, "intermediate_size", None)
        writer.add_feed_forward_length(width or 4 * config.hidden_size)
    if arch == "t5":
        writer.add_head_count_kv(config.num_heads)
        writer.add_key_length(config.d_kv)
        writer.add_value_length(config.d_kv)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
        writer.add_relative_attn_buckets_count(config.relative_attention_num_buckets)
        writer.add_decoder_start_token_id(config.decoder_start_token_id)
    elif arch == "falcon":
        writer.add_head_count_kv(config.num_kv_heads if config.new_decoder_architecture else 1)
        writer.add_layer_norm_eps(config.layer_norm_epsilon)
    elif arch not in ("gpt2", "gptneox"):
        writer.add_head_count_kv(config.num_key_value_heads)
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    if arch in ("qwen3", "gemma2", "gemma3"):
        writer.add_key_length(head_dim)
    if arch in ("gemma2", "gemma3"):
        writer.add_sliding_window(config.sliding_window)
    if arch in ("stablelm", "gptneox"):
        writer.add_layer_norm_eps(config.layer_norm_eps)
        writer.add_rope_dimension_count(2)
        writer.add_parallel_residual(getattr(config, "use_parallel_residual", False))
    elif arch not in ("gpt2", "falcon", "t5"):
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        if arch in ("llama", "phi3", "smollm3"):
            writer.add_rope_dimension_count(head_dim)
        writer.add_rope_freq_base(config.rope_parameters.get("rope_theta", 10000.0) if arch != "gemma3" else 1e6)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"t{i}" for i in range(config.vocab_size)])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)


def digest(weights):
    return hashlib.sha256(np.ascontiguousarray(weights, dtype=np.float32).tobytes()).hexdigest()[:16]


def make(case, model_type, options, read):
    arch = case.split("-")[0]
    torch.manual_seed(7)
    config = AutoConfig.for_model(model_type, **options)
    auto = AutoModelForSeq2SeqLM if arch == "t5" else AutoModelForCausalLM
    model = auto.from_config(config).float()
    for p in model.parameters():
        torch.nn.init.normal_(p)  # biases and norms too, or an error in them would not show
    if case == "t5":
        # As Flan-T5's: transformers 5 calls every T5 tied, and keeps a head that a checkpoint has of its own.
        model.lm_head.weight = torch.nn.Parameter(torch.randn(config.vocab_size, config.d_model))
    if not read:
        # Nobody else loads such a file: give the second block values that survive its quantisation.
        for name, p in model.named_parameters():
            if re.search(r"\.(layers|h|block)\.1\.", name) and p.ndim == 2 and p.shape[-1] % 32 == 0:
                p.data = torch.from_numpy(dequantize(quantize(p.detach().numpy(), Q.Q8_0), Q.Q8_0))
    number = next(k for k, v in gguf.MODEL_ARCH_NAMES.items() if v == arch)
    names = get_tensor_name_map(number, config.num_hidden_layers)
    path = here / f"{case}.gguf"
    writer = GGUFWriter(path, arch)
    metadata(writer, arch, config)
    expected = {}
    tied = config.tie_word_embeddings and case != "t5"
    for name, tensor in model.state_dict().items():
        if name in ("lm_head.weight", "embed_out.weight") and tied or name.endswith((".attn.bias", "inv_freq")):
            continue
        if name in ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight"):
            continue  # the shared table under other names
        stem, suffix = name.rsplit(".", 1)
        target = names.get_name(stem)
        assert target, name
        weights = convert(arch, config, name, tensor.numpy())
        if arch == "gptneox" and name == "lm_head.weight":
            name = "embed_out.weight"  # as published checkpoints call it
        # The second block is quantised, so that changes of layout meet blocks.
        if "blk.1." in target and weights.ndim == 2 and weights.shape[-1] % 32 == 0:
            packed = quantize(weights, Q.Q8_0)
            writer.add_tensor(f"{target}.{suffix}", packed, raw_dtype=Q.Q8_0)
        else:
            writer.add_tensor(f"{target}.{suffix}", weights)
            expected[name] = [list(tensor.shape), digest(tensor.numpy())]
            if arch in ("gemma2", "gemma3") and name.endswith("norm.weight"):
                expected[name][1] = digest((tensor.numpy() + 1) - 1)  # what float32 leaves of it
            continue
        expected[name] = [list(tensor.shape), None if read else digest(tensor.numpy())]
    if arch == "llama":  # as files of Llama 3.1 have it: no counterpart, belongs to the config
        writer.add_tensor("rope_freqs.weight", np.ones(4, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

    record = {"tensors": expected, "config": None, "logits": None}
    if read:
        record["config"] = load_gguf_checkpoint(str(path))["config"]
        loaded = auto.from_pretrained(
            here, gguf_file=path.name, config=config, dtype=torch.float32
        )
        for name, tensor in loaded.state_dict().items():
            if name in expected:
                value = digest(tensor.numpy())
                assert expected[name] in ([list(tensor.shape), value], [list(tensor.shape), None]), (case, name)
                expected[name][1] = value
        model = loaded
    # Of the configuration the file was made from: what is rebuilt from the file must mean the same.
    with torch.no_grad():
        inputs = {"input_ids": torch.tensor([[1, 5, 9, 2, 30, 7]])}
        if arch == "t5":
            inputs["decoder_input_ids"] = torch.tensor([[0, 3, 8]])
        logits = model.eval()(**inputs).logits
    record["logits"] = [[round(float(x), 5) for x in row] for row in logits[0]]
    return record


if __name__ == "__main__":
    records = {case: make(case, *options) for case, options in CASES.items()}
    (here / "gguf.json").write_text(json.dumps(records, indent=1, default=float))
    for path in here.glob("*"):
        path.chmod(0o644)
