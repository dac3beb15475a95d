"""Makes tiny random QWen v1 and MQwen checkpoints and what reference.py computes from them.

    python make_fixtures.py        (torch, transformers, safetensors, tiktoken and pillow of ../requirements.txt)

fixtures/qwen        a QWen v1 checkpoint: config.json with auto_map, model.safetensors, qwen.tiktoken,
                     generation_config.json; seq_length 24, so that short prompts reach dynamic NTK and log-n
fixtures/qwen-bf16   the same weights in bfloat16, config.bf16
fixtures/qwen-plain  flags the other way round: no NTK, no log-n, softmax_in_fp32; the same weights
fixtures/clip        a tiny CLIP and preprocessor_config.json
fixtures/mqwen       config.json with the three MQwen keys, other_params.bin (torch.save), the same as .safetensors,
                     adapters lora/ (safetensors) and lora-bin/ (torch.save); the language model is fixtures/qwen
fixtures/hostile     pickles that must be refused
fixtures/picture.png what the whole chain looks at

In each: expected.json (inputs and ids) and expected.safetensors (tensors named <run>.<output>[.<index>]).
"""

import base64
import collections
import json
import os
import pathlib
import pickle
import shutil
import unicodedata

import numpy as np
import regex
import tiktoken
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

import reference

FOLDER = pathlib.Path(__file__).parent / "fixtures"
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
MERGES = 128
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{i}|>" for i in range(205))]
EOD, IM_START, IM_END, EXTRA_0 = (256 + MERGES + i for i in range(4))
IMAGE_TOKENS, WIDTH, CLIP_WIDTH = 16, 32, 24
CONFIG = {
    "architectures": ["QWenLMHeadModel"],
    "auto_map": {
        "AutoConfig": "configuration_qwen.QWenConfig",
        "AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel",
    },
    "attn_dropout_prob": 0.0,
    "bf16": False,
    "emb_dropout_prob": 0.0,
    "fp16": False,
    "fp32": False,
    "hidden_size": WIDTH,
    "initializer_range": 0.02,
    "intermediate_size": 96,
    "kv_channels": 8,
    "layer_norm_epsilon": 1e-06,
    "max_position_embeddings": 8192,
    "model_type": "qwen",
    "no_bias": True,
    "num_attention_heads": 4,
    "num_hidden_layers": 3,
    "onnx_safe": None,
    "rotary_emb_base": 10000,
    "rotary_pct": 1.0,
    "scale_attn_weights": True,
    "seq_length": 24,
    "softmax_in_fp32": False,
    "tie_word_embeddings": False,
    "tokenizer_class": "QWenTokenizer",
    "transformers_version": "4.32.0",
    "use_cache": True,
    "use_cache_kernel": False,
    "use_cache_quantization": False,
    "use_dynamic_ntk": True,
    "use_flash_attn": "auto",
    "use_logn_attn": True,
    "vocab_size": 592,
}
GENERATION = {
    "chat_format": "chatml",
    "do_sample": False,
    "eos_token_id": EOD,
    "max_new_tokens": 10,
    "max_window_size": 60,
    "pad_token_id": EOD,
    "repetition_penalty": 1.0,
    "top_k": 0,
    "top_p": 0.8,
    "transformers_version": "4.31.0",
}
TEXT = """The quick brown fox jumps over the lazy dog, and then the dog asks: what is in the picture?
There is a cat on the mat. 这是一张图片。You are a helpful assistant. user system assistant Hello world 2024
the there these them other another in on it is was what where when which red green blue square circle"""


def dump(folder, name, value):
    (folder / name).write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def make_tokenizer():
    """Ranks of a byte-level BPE trained on a few words; the 208 special tokens follow them, as in QWen."""
    pieces = [[bytes([b]) for b in word.encode()] for word in tiktoken_split(TEXT)]
    ranks = {bytes([b]): b for b in range(256)}
    while len(ranks) < 256 + MERGES:
        counts = collections.Counter(pair for p in pieces for pair in zip(p, p[1:]))
        left, right = min(counts, key=lambda pair: (-counts[pair], pair))
        ranks[left + right] = len(ranks)
        for p in pieces:
            i = 0
            while i + 1 < len(p):
                if (p[i], p[i + 1]) == (left, right):
                    p[i : i + 2] = [left + right]
                i += 1
    return ranks, tiktoken.Encoding(
        "tiny", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={s: EOD + i for i, s in enumerate(SPECIALS)}
    )


def tiktoken_split(text):
    return regex.findall(PATTERN, text)


def make_weights(seed):
    g = torch.Generator().manual_seed(seed)
    noise = lambda *shape: torch.randn(*shape, generator=g)
    inner = CONFIG["intermediate_size"] // 2
    linear = lambda rows, columns: noise(rows, columns) * 1.6 / columns**0.5
    weights = {"transformer.wte.weight": 0.6 * noise(CONFIG["vocab_size"], WIDTH)}
    for i in range(CONFIG["num_hidden_layers"]):
        weights |= {
            f"transformer.h.{i}.ln_1.weight": 1 + 0.3 * noise(WIDTH),
            f"transformer.h.{i}.attn.c_attn.weight": linear(3 * WIDTH, WIDTH),
            f"transformer.h.{i}.attn.c_attn.bias": 0.2 * noise(3 * WIDTH),
            f"transformer.h.{i}.attn.c_proj.weight": linear(WIDTH, WIDTH),
            f"transformer.h.{i}.ln_2.weight": 1 + 0.3 * noise(WIDTH),
            f"transformer.h.{i}.mlp.w1.weight": linear(inner, WIDTH),
            f"transformer.h.{i}.mlp.w2.weight": linear(inner, WIDTH),
            f"transformer.h.{i}.mlp.c_proj.weight": linear(WIDTH, inner),
        }
    weights["transformer.ln_f.weight"] = 1 + 0.3 * noise(WIDTH)
    weights["lm_head.weight"] = linear(CONFIG["vocab_size"], WIDTH)
    # As every bfloat16 is a float32, one set of numbers serves both checkpoints.
    return {name: w.bfloat16().float() for name, w in weights.items()}


class Expected:
    """Collects runs: their inputs and ids as JSON, their tensors by name."""

    def __init__(self):
        self.runs, self.tensors = {}, {}

    def add(self, name, inputs, out=None, keep=("logits",), **facts):
        plain = {k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in inputs.items() if k != "images"}
        self.runs[name] = {"inputs": {k: v for k, v in plain.items() if v is not None}, **facts}
        if "images" in inputs:
            self.tensors[f"{name}.images"] = inputs["images"]
        for key in keep if out else ():
            if key == "past":
                for i, (k, v) in enumerate(out["past"]["layers"]):
                    self.tensors[f"{name}.keys.{i}"], self.tensors[f"{name}.values.{i}"] = k, v
            elif isinstance(out[key], list):
                self.tensors |= {f"{name}.{key}.{i}": t for i, t in enumerate(out[key])}
            else:
                self.tensors[f"{name}.{key}"] = out[key]

    def save(self, folder):
        dump(folder, "expected.json", self.runs)
        save_file({k: v.float().contiguous().clone() for k, v in self.tensors.items()}, folder / "expected.safetensors")


ALL = ("logits", "hidden_states", "attentions", "past")


def ids_of(seed, *shape):
    return torch.randint(0, 256 + MERGES, shape, generator=torch.Generator().manual_seed(seed))


def qwen_runs(weights, config, expected, most=ALL):
    """The runs every language-model checkpoint has."""
    run = lambda **inputs: reference.forward(weights, config, **inputs)
    short = {"input_ids": ids_of(1, 2, 9)}
    expected.add("short", short, run(**short), most)
    long = {"input_ids": ids_of(2, 1, 30)}
    prefill = run(**long)
    expected.add("long", long, prefill, ("logits", "attentions"))
    step = {"input_ids": ids_of(3, 1, 1)}
    # 31 of 24 positions: log-n moves on, NTK stays what prefill found.
    expected.add("long_step", step, run(**step, past=prefill["past"]), ("logits",), after="long")
    edge = {"input_ids": ids_of(4, 1, 23)}
    past = run(**edge)["past"]
    for name, seed in (("edge_step_1", 5), ("edge_step_2", 6)):
        # 24, then 25 positions: the length passes seq_length while decoding, so NTK stays off and log-n begins.
        step = {"input_ids": ids_of(seed, 1, 1)}
        out = run(**step, past=past)
        expected.add(name, step, out, ("logits",), after="edge" if seed == 5 else "edge_step_1")
        past = out["past"]
    expected.add("edge", edge)
    twice = {"input_ids": ids_of(7, 1, 70)}
    expected.add("very_long", twice, run(**twice), ("logits",))
    ids, margin = reference.greedy(weights, config, ids_of(8, 1, 18), 12)
    expected.add("greedy", {"input_ids": ids_of(8, 1, 18)}, sequences=ids.tolist(), margin=margin)
    ids, margin2 = reference.greedy(weights, config, ids_of(9, 1, 33), 8)
    expected.add("greedy_long", {"input_ids": ids_of(9, 1, 33)}, sequences=ids.tolist(), margin=margin2)
    return min(margin, margin2)


def qwen_details(weights, config, expected):
    """Runs of one checkpoint only: masks, head masks, losses, embeddings."""
    run = lambda **inputs: reference.forward(weights, config, **inputs)
    ids = ids_of(1, 2, 9)
    mask = torch.ones(2, 9, dtype=torch.long)
    mask[1, :4] = 0
    expected.add("padded", {"input_ids": ids, "attention_mask": mask}, run(input_ids=ids, mask=mask))
    ids = ids_of(10, 2, 30)
    mask = torch.ones(2, 30, dtype=torch.long)
    mask[1, :13] = 0
    out = run(input_ids=ids, mask=mask)
    # Rows have 30 and 17 real positions: NTK factors 3 and 1.
    assert out["past"]["alphas"] == [3, 1]
    expected.add("padded_long", {"input_ids": ids, "attention_mask": mask}, out)
    step = ids_of(11, 2, 1)
    mask = torch.cat((mask, torch.ones(2, 1, dtype=torch.long)), 1)
    expected.add("padded_long_step", {"input_ids": step, "attention_mask": mask},
                 run(input_ids=step, mask=mask, past=out["past"]), after="padded_long")
    ids = ids_of(12, 2, 7)
    heads = torch.tensor([1.0, 0.0, 0.5, -1.0])
    expected.add("head_mask_1d", {"input_ids": ids, "head_mask": heads}, run(input_ids=ids, head_mask=heads), ("logits", "attentions"))
    heads = torch.rand(3, 4, generator=torch.Generator().manual_seed(13)).round(decimals=2)
    expected.add("head_mask_2d", {"input_ids": ids, "head_mask": heads}, run(input_ids=ids, head_mask=heads), ("logits", "attentions"))
    labels = ids.clone()
    labels[0, :3] = -100
    expected.add("loss", {"input_ids": ids, "labels": labels}, run(input_ids=ids, labels=labels), ("loss",))
    embeds = 0.6 * torch.randn(1, 6, WIDTH, generator=torch.Generator().manual_seed(14))
    expected.add("embeds", {"inputs_embeds": embeds}, run(embeds=embeds))
    # A longer piece after a past: masked causally, where the original is not.
    first = run(input_ids=ids_of(15, 1, 5))
    piece = ids_of(16, 1, 4)
    expected.add("piece_first", {"input_ids": ids_of(15, 1, 5)})
    expected.add("piece", {"input_ids": piece}, run(input_ids=piece, past=first["past"]), after="piece_first")


def make_context(encoding, query, history=(), system="", window=6144):
    """ChatML ids. Roles and contents are encoded apart, with special tokens in them as plain text."""
    plain = lambda text: encoding.encode(text, disallowed_special=())
    newline = plain("\n")
    turn = lambda role, text: [IM_START, *plain(role), *newline, *plain(text), IM_END]
    head, body = turn("system", system), []
    for asked, answered in reversed(history):
        more = [*newline, *turn("user", asked), *newline, *turn("assistant", answered)]
        if len(head) + len(more) + len(body) >= window:
            break
        body = more + body
    return [*head, *body, *newline, *turn("user", query), *newline, IM_START, *plain("assistant"), *newline]


def chat_runs(weights, config, encoding, expected):
    cases = {
        "plain": ("What is in the picture?", [], "You are a helpful assistant."),
        "history": ("And the dog?", [("Hello", "Hello world"), ("What is it?", "It is a cat.")], "Be kind"),
        "special": ("the token <|im_end|> in text", [], ""),
    }
    for name, (query, history, system) in cases.items():
        context = make_context(encoding, query, history, system, GENERATION["max_window_size"])
        ids, steps = torch.tensor([context]), GENERATION["max_new_tokens"]
        out, margin = reference.greedy(weights, config, ids, steps)
        new = out[0, len(context):].tolist()
        cut = next((i for i, t in enumerate(new) if t in (EOD, IM_START, IM_END)), len(new))
        text = encoding.decode_bytes(new[:cut]).decode("utf-8", "replace").strip()
        expected.runs[f"chat_{name}"] = {
            "query": query, "history": history, "system": system, "context": context, "ids": new[:cut],
            "response": text, "margin": margin,
        }


def save_checkpoint(folder, weights, config, ranks, dtype=torch.float32):
    folder.mkdir(parents=True)
    dump(folder, "config.json", config)
    dump(folder, "generation_config.json", GENERATION)
    lines = [base64.b64encode(token) + b" " + str(rank).encode() for token, rank in ranks.items()]
    (folder / "qwen.tiktoken").write_bytes(b"\n".join(lines) + b"\n")
    dump(folder, "tokenizer_config.json", {
        "model_max_length": 8192, "tokenizer_class": "QWenTokenizer",
        "auto_map": {"AutoTokenizer": ["tokenization_qwen.QWenTokenizer", None]},
    })
    save_file({k: w.to(dtype).contiguous() for k, w in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def make_clip(folder):
    torch.manual_seed(21)
    config = CLIPConfig(
        projection_dim=20,
        vision_config=dict(hidden_size=CLIP_WIDTH, intermediate_size=48, num_hidden_layers=2, num_attention_heads=2,
                           image_size=32, patch_size=8, hidden_act="quick_gelu", projection_dim=20),
        text_config=dict(hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
                         vocab_size=50, max_position_embeddings=12, projection_dim=20,
                         pad_token_id=1, bos_token_id=0, eos_token_id=49),
    )
    model = CLIPModel(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "norm" in name and name.endswith("weight"):
                p.add_(0.2 * torch.randn_like(p))
            elif p.dim() > 1:
                p.mul_(1.0 if "embedding" in name else 1.5)
                p.copy_(torch.randn_like(p) * (0.5 if "embedding" in name else 1.6 / p[0].numel() ** 0.5))
            elif name.endswith("bias"):
                p.copy_(0.2 * torch.randn_like(p))
    model.save_pretrained(folder)
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    processor.save_pretrained(folder)
    return model, processor


def make_picture():
    rng = np.random.default_rng(3)
    small = rng.integers(0, 256, (4, 5, 3), dtype=np.uint8)
    image = Image.fromarray(small).resize((57, 43), Image.BICUBIC)
    image.save(FOLDER / "picture.png")
    return image


def mqwen_runs(weights, config, expected, clip, processor, projector, picture, encoding):
    run = lambda **inputs: reference.forward(weights, config, **inputs)
    features = lambda seed, rows: 0.6 * torch.randn(rows, IMAGE_TOKENS, WIDTH, generator=torch.Generator().manual_seed(seed))
    text = ids_of(31, 1, 7)
    for name, column in (("start", 0), ("middle", 3), ("end", 7)):
        ids = torch.cat((text[:, :column], torch.tensor([[EXTRA_0]]), text[:, column:]), 1)
        inputs = {"input_ids": ids, "images": features(32, 1)}
        out = run(**inputs)
        expected.add(name, inputs, out, ALL if name == "middle" else ("logits",))
        if name == "middle":
            step = {"input_ids": ids_of(33, 1, 1)}
            second = run(**step, past=out["past"])
            expected.add("second", step, second, ("logits",), after="middle")
            step = {"input_ids": ids_of(34, 1, 1)}
            # 16 + 7 + 2 = 25 positions: past seq_length while decoding.
            expected.add("third", step, run(**step, past=second["past"]), ("logits",), after="second")
            labels = torch.cat((torch.full((1, 3 + IMAGE_TOKENS), -100), text[:, 3:]), 1)
            expected.add("loss", {**inputs, "labels": labels}, run(**inputs, labels=labels), ("loss",))
            heads = torch.tensor([0.5, 1.0, 0.0, 1.0])
            expected.add("head_mask", {**inputs, "head_mask": heads}, run(**inputs, head_mask=heads))
            greedy, margin = reference.greedy(weights, config, ids, 8, images=inputs["images"])
            expected.add("greedy", inputs, sequences=greedy.tolist(), margin=margin)
    long = ids_of(35, 1, 20)
    long[0, 11] = EXTRA_0
    inputs = {"input_ids": long, "images": features(36, 1)}
    out = run(**inputs)
    assert out["past"]["alphas"] == [3]
    expected.add("long", inputs, out)
    plain = {"input_ids": text}
    expected.add("no_images", plain, run(**plain))
    two = ids_of(37, 2, 8)
    two[0, 1] = two[1, 6] = EXTRA_0
    inputs = {"input_ids": two, "images": features(38, 2)}
    expected.add("batch", inputs, run(**inputs))
    mask = torch.ones(2, 8, dtype=torch.long)
    mask[1, :2] = 0
    inputs = {**inputs, "attention_mask": mask}
    expected.add("batch_masked", inputs, run(input_ids=two, images=inputs["images"],
                                             mask=reference.expand_mask(config, two, mask, IMAGE_TOKENS)))
    rows = [reference.greedy(weights, config, two[:1], 4, images=inputs["images"][:1]),
            reference.greedy(weights, config, two[1:, 2:], 4, images=inputs["images"][1:])]
    # Rows run alone, without padding: what a padded batch has to give as well, as 25 positions are not passed.
    expected.add("batch_greedy", inputs, sequences=[r[0][0].tolist()[-4:] for r in rows], margin=min(r[1] for r in rows))

    pixels = processor(picture, return_tensors="pt").pixel_values
    with torch.no_grad():
        patches = clip.vision_model(pixels).last_hidden_state[:, 1:]
        images = reference.project(projector, patches)
    query = "<|extra_0|> What is in the picture?"
    plain = lambda s: encoding.encode(s, disallowed_special=())
    newline = plain("\n")
    context = [IM_START, *plain("system"), *newline, *plain("You are a helpful assistant."), IM_END, *newline,
               IM_START, *plain("user"), *newline, EXTRA_0, *plain(" What is in the picture?"), IM_END, *newline,
               IM_START, *plain("assistant"), *newline]
    ids = torch.tensor([context])
    greedy, margin = reference.greedy(weights, config, ids, 8, images=images)
    expected.tensors |= {"chain.pixel_values": pixels, "chain.patches": patches, "chain.features": images}
    expected.tensors["chain.logits"] = run(input_ids=ids, images=images)["logits"]
    expected.runs["chain"] = {"query": query, "inputs": {"input_ids": ids.tolist()}, "sequences": greedy.tolist(), "margin": margin}
    return ids, images


def make_hostile(folder):
    """Pickles that call something, and broken ones."""
    folder.mkdir(parents=True)

    class Runs:
        def __init__(self, function, *args):
            self.function, self.args = function, args

        def __reduce__(self):
            return self.function, self.args

    torch.save({"0.weight": Runs(os.system, "echo never")}, folder / "system.bin")
    torch.save({"0.weight": Runs(eval, "1 + 1")}, folder / "eval.bin")
    (folder / "raw-pickle.bin").write_bytes(pickle.dumps({"0.weight": Runs(os.getcwd)}, protocol=2))


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    ranks, encoding = make_tokenizer()
    for seed in range(100):
        weights = make_weights(seed)
        expected = Expected()
        margin = qwen_runs(weights, CONFIG, expected)
        bf16 = {name: w.bfloat16() for name, w in weights.items()}
        expected_bf16 = Expected()
        margin_bf16 = qwen_runs(bf16, CONFIG, expected_bf16, ("logits",))
        # Ids are compared, so no choice may be near a tie.
        if margin > 0.03 and margin_bf16 > 0.03:
            break
    print("seed", seed, "margins", margin, margin_bf16)
    qwen_details(weights, CONFIG, expected)
    chat_runs(weights, CONFIG, encoding, expected)
    texts = ["Hello world", "这是一张图片。 été\u0301", "<|im_start|>user\n<|extra_0|>x<|endoftext|>", "  2024\n\n the  dog's 😀"]
    expected.runs["tokens"] = {
        "texts": texts,
        "ids": [encoding.encode(unicodedata.normalize("NFC", t), allowed_special="all") for t in texts],
    }
    save_checkpoint(FOLDER / "qwen", weights, CONFIG, ranks)
    expected.save(FOLDER / "qwen")

    save_checkpoint(FOLDER / "qwen-bf16", bf16, {**CONFIG, "bf16": True, "torch_dtype": "bfloat16"}, ranks, torch.bfloat16)
    expected_bf16.save(FOLDER / "qwen-bf16")

    other = {**CONFIG, "use_dynamic_ntk": False, "use_logn_attn": False, "softmax_in_fp32": True}
    save_checkpoint(FOLDER / "qwen-plain", weights, other, ranks)
    expected_plain = Expected()
    qwen_runs(weights, other, expected_plain, ("logits",))
    expected_plain.save(FOLDER / "qwen-plain")

    clip, processor = make_clip(FOLDER / "clip")
    picture = make_picture()
    g = torch.Generator().manual_seed(41)
    projector = {
        "0.weight": torch.randn(WIDTH, CLIP_WIDTH, generator=g) / CLIP_WIDTH**0.5,
        "0.bias": 0.2 * torch.randn(WIDTH, generator=g),
        "2.weight": torch.randn(WIDTH, WIDTH, generator=g) / WIDTH**0.5,
        "2.bias": 0.2 * torch.randn(WIDTH, generator=g),
    }
    folder = FOLDER / "mqwen"
    folder.mkdir()
    mconfig = {
        **CONFIG,
        "architectures": ["MQWenLMHeadModel"],
        "replace_token_id": EXTRA_0,
        "image_context_length": IMAGE_TOKENS,
        "image_feature_hidden_size": WIDTH,
    }
    dump(folder, "config.json", mconfig)
    torch.save(collections.OrderedDict(projector), folder / "other_params.bin")
    torch.save(collections.OrderedDict(projector), folder / "other_params-legacy.bin", _use_new_zipfile_serialization=False)
    save_file(projector, folder / "other_params.safetensors")
    expected = Expected()
    ids, images = mqwen_runs(weights, mconfig, expected, clip, processor, projector, picture, encoding)

    rank, alpha, adapter = 4, 8, {}
    for name, w in weights.items():
        if any(name.endswith(f"{t}.weight") for t in ("c_attn", "w1", "w2")):
            key = f"base_model.model.{name.removesuffix('.weight')}"
            adapter[f"{key}.lora_A.weight"] = 0.3 * torch.randn(rank, w.shape[1], generator=g)
            adapter[f"{key}.lora_B.weight"] = 0.3 * torch.randn(w.shape[0], rank, generator=g)
    adapter_config = {
        "auto_mapping": None, "base_model_name_or_path": "qwen", "bias": "none", "fan_in_fan_out": False,
        "inference_mode": True, "init_lora_weights": True, "layers_pattern": None, "layers_to_transform": None,
        "lora_alpha": alpha, "lora_dropout": 0.05, "modules_to_save": None, "peft_type": "LORA", "r": rank,
        "revision": None, "target_modules": ["c_attn", "w1", "w2"], "task_type": "CAUSAL_LM",
    }
    for name in ("lora", "lora-bin"):
        (folder / name).mkdir()
        dump(folder / name, "adapter_config.json", adapter_config)
    save_file(adapter, folder / "lora" / "adapter_model.safetensors", {"format": "pt"})
    torch.save(adapter, folder / "lora-bin" / "adapter_model.bin")
    merged = reference.merge_lora(weights, adapter, alpha / rank)
    expected.tensors["lora.logits"] = reference.forward(merged, mconfig, input_ids=ids, images=images)["logits"]
    sequences, margin = reference.greedy(merged, mconfig, ids, 6, images=images)
    expected.runs["lora"] = {"inputs": {"input_ids": ids.tolist()}, "sequences": sequences.tolist(), "margin": margin}
    expected.save(folder)
    make_hostile(FOLDER / "hostile")
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file() and path.stat().st_size > 300_000:
            print(path.relative_to(FOLDER), path.stat().st_size)


main()
