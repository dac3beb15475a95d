"""Tiny checkpoints with tokenizers, and what transformers' `pipeline()` answers with them.

    python tests/parity/pipelines/make_fixtures.py

Writes fixtures/<checkpoint>/ and fixtures/runs.json: a list of {task, checkpoint, init, input, options} with `output`,
or `error` where Python raises. Options are given as JSON and mean the same on both sides, but for `seed`, which here is
`torch.manual_seed`.
"""

import json
import shutil
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForSequenceClassification,
    BertTokenizer,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    PreTrainedTokenizerFast,
    Qwen2Config,
    Qwen2ForCausalLM,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessorPil,
    pipeline,
)

HERE = Path(__file__).parent / "fixtures"
TEXT = [
    "The capital of France is Paris.",
    "the cat sat on the mat and the dog sat on the rug",
    "This is a photo of a cat. This is a photo of a dog.",
    "I love this film, it was a wonderful story!",
    "user assistant system Hello, how are you?",
]
TEMPLATE = (
    "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}"
    "{% if not loop.last or add_generation_prompt %}</s>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
WORDS = "the capital of france is paris . cat sat on mat dog i love this film , it was a ! ##s ##ing".split()
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def bpe(**more):
    """A byte-level tokenizer trained on TEXT."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = sorted({c for text in TEXT for c in text.replace(" ", "Ġ")} | set("<|>_"))
    trainer = trainers.BpeTrainer(
        vocab_size=120,
        special_tokens=["<pad>", "<s>", "</s>"],
        initial_alphabet=alphabet,
        show_progress=False,
    )
    tokenizer.train_from_iterator(TEXT, trainer)
    return tokenizer


def save(model, name, scale=0.35):
    """Weights wide enough that answers differ clearly."""
    torch.manual_seed(len(name))
    with torch.no_grad():
        for key, value in sorted(model.state_dict().items()):
            if value.is_floating_point() and value.ndim > 1:
                value.normal_(0, scale)
    model.save_pretrained(HERE / name)
    (HERE / name / "generation_config.json").unlink(missing_ok=True)


def checkpoints():
    tokenizer = bpe()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=48
    )
    fast.chat_template = TEMPLATE
    fast.save_pretrained(HERE / "qwen2")
    common = dict(hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=2)
    ids = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)
    save(
        Qwen2ForCausalLM(
            Qwen2Config(
                **common, **ids, vocab_size=len(fast), num_key_value_heads=1, max_position_embeddings=96,
            )
        ),
        "qwen2",
    )

    (HERE / "bert").mkdir(parents=True, exist_ok=True)
    vocab = {token: i for i, token in enumerate(SPECIAL + sorted(set(WORDS)))}
    bert = BertTokenizer(vocab=vocab, model_max_length=32)
    bert.save_pretrained(HERE / "bert")
    config = dict(common, vocab_size=len(vocab), max_position_embeddings=32)
    save(BertForMaskedLM(BertConfig(**config)), "bert")
    config["num_hidden_layers"] = 1
    labels = {0: "NEGATIVE", 1: "NEUTRAL", 2: "POSITIVE"}
    for name, more in (
        ("classes", dict(id2label=labels)),
        ("labels", dict(id2label=labels, problem_type="multi_label_classification")),
        ("regression", dict(id2label={0: "SCORE"}, problem_type="regression")),
    ):
        bert.save_pretrained(HERE / name)
        named = dict(more, label2id={v: k for k, v in more["id2label"].items()})
        save(BertForSequenceClassification(BertConfig(**config, **named)), name, 0.5)

    vision = dict({**common, "num_hidden_layers": 1}, image_size=16, patch_size=8)
    size = {"height": 16, "width": 16}
    classes = {i: name for i, name in enumerate(["cat", "dog", "bird", "fish", "horse", "frog", "ship"])}
    ViTImageProcessorPil(size=size).save_pretrained(HERE / "vit")
    save(
        ViTForImageClassification(
            ViTConfig(**vision, id2label=classes, label2id={v: k for k, v in classes.items()})
        ),
        "vit",
    )

    tokenizer = bpe()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", model_max_length=48
    )
    fast.save_pretrained(HERE / "clip")
    CLIPImageProcessorPil(size={"shortest_edge": 16}, crop_size=size).save_pretrained(HERE / "clip")
    text = dict({**common, "num_hidden_layers": 1}, **ids, vocab_size=len(fast), max_position_embeddings=48)
    save(CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=12)), "clip")

    rng = np.random.default_rng(3)
    for i, shape in enumerate([(20, 26, 3), (17, 16, 3)]):
        Image.fromarray(rng.integers(0, 256, shape, dtype=np.uint8)).save(HERE / f"image-{i}.png")


CHAT = [{"role": "system", "content": "Hello"}, {"role": "user", "content": "how are you?"}]
PREFILL = CHAT + [{"role": "assistant", "content": "The capital"}]
SHORT = dict(max_new_tokens=6, do_sample=False)
FILL = "the capital of france is [MASK] ."
TWO = "the [MASK] sat on the [MASK] ."
ONE, OTHER = "image-0.png", "image-1.png"
LABELS = ["cat", "dog", "the rug"]

RUNS = [
    ("text-generation", "qwen2", {}, "The capital of", SHORT),
    ("text-generation", "qwen2", {}, ["The capital of", "the cat"], SHORT),
    ("text-generation", "qwen2", {"batch_size": 2}, ["The capital of", "the cat", "I love"], SHORT),
    ("text-generation", "qwen2", SHORT, "the cat", {"return_full_text": False}),
    ("text-generation", "qwen2", {}, "the cat", {**SHORT, "return_tensors": True}),
    ("text-generation", "qwen2", {}, "the cat", {"max_new_tokens": 5, "num_beams": 3, "num_return_sequences": 3, "do_sample": False}),
    ("text-generation", "qwen2", {"max_new_tokens": 7}, "the cat", {"seed": 5}),
    ("text-generation", "qwen2", {}, "the cat", {"seed": 5, "max_new_tokens": 7, "do_sample": True, "num_return_sequences": 2}),
    ("text-generation", "qwen2", {}, CHAT, SHORT),
    ("text-generation", "qwen2", {}, CHAT, {**SHORT, "return_full_text": False}),
    ("text-generation", "qwen2", {}, PREFILL, SHORT),
    ("text-generation", "qwen2", {}, PREFILL, {**SHORT, "continue_final_message": False}),
    ("text-generation", "qwen2", {}, [CHAT, PREFILL], SHORT),
    ("text-generation", "qwen2", {}, "the cat", {**SHORT, "prefix": "I love "}),
    ("text-generation", "qwen2", {}, "the cat", {"max_length": 9, "do_sample": False, "prefix": "I love "}),
    ("text-generation", "qwen2", {}, "the cat", {"max_new_tokens": 20, "do_sample": False, "stop_sequence": "o"}),
    ("text-generation", "qwen2", {}, "the cat", {**SHORT, "skip_special_tokens": False, "repetition_penalty": 1.3}),
    ("text-generation", "qwen2", {}, "the cat sat on the mat and the dog " * 3, {"max_new_tokens": 30, "do_sample": False, "handle_long_generation": "hole"}),
    ("text-generation", "qwen2", {}, "the cat sat on the mat", {**SHORT, "tokenizer_encode_kwargs": {"truncation": True, "max_length": 4}}),
    ("text-generation", "qwen2", {}, "the cat", {"handle_long_generation": "fill"}),
    ("text-generation", "qwen2", {}, "the cat", {"return_full_text": True, "return_tensors": True}),
    ("text-generation", "qwen2", {}, "the cat", {"return_full_text": True, "return_text": True}),
    ("text-generation", "qwen2", {}, "the cat", {"return_tensors": True, "return_text": True}),
    ("text-generation", "qwen2", {}, "", {**SHORT}),
    ("fill-mask", "bert", {}, FILL, {}),
    ("fill-mask", "bert", {"top_k": 2}, [FILL], {}),
    ("fill-mask", "bert", {}, [FILL, TWO], {"top_k": 2}),
    ("fill-mask", "bert", {"batch_size": 2}, [FILL, TWO], {"top_k": 2}),
    ("fill-mask", "bert", {}, TWO, {"top_k": 3, "targets": ["cat", "dog"]}),
    ("fill-mask", "bert", {}, FILL, {"targets": "paris"}),
    ("fill-mask", "bert", {}, FILL, {"targets": ["paris", "cats"]}),
    ("fill-mask", "bert", {}, FILL + " the cat" * 20, {"tokenizer_kwargs": {"truncation": True}}),
    ("fill-mask", "bert", {}, "the cat", {}),
    ("fill-mask", "bert", {}, FILL, {"targets": []}),
    ("text-classification", "classes", {}, "i love this film", {}),
    ("sentiment-analysis", "classes", {}, ["i love this film", "the cat sat ."], {}),
    ("text-classification", "classes", {"batch_size": 2}, ["i love this film", "the cat"], {"top_k": 1}),
    ("text-classification", "classes", {}, "i love this film", {"top_k": 2}),
    ("text-classification", "classes", {}, "i love this film", {"top_k": None}),
    ("text-classification", "classes", {"top_k": None}, "i love this film", {}),
    ("text-classification", "classes", {}, {"text": "i love", "text_pair": "the cat"}, {}),
    ("text-classification", "classes", {}, [[["i love", "the cat"]]], {}),
    ("text-classification", "classes", {}, [["i love", "the cat"]], {}),
    ("text-classification", "classes", {}, "i love this film", {"function_to_apply": "sigmoid", "top_k": None}),
    ("text-classification", "classes", {}, "i love this film", {"function_to_apply": "none", "top_k": None}),
    ("text-classification", "classes", {}, "i love this film " * 20, {"truncation": True}),
    ("text-classification", "classes", {}, "i love", {"function_to_apply": "tanh"}),
    ("text-classification", "labels", {}, "i love this film", {"top_k": None}),
    ("text-classification", "regression", {}, "i love this film", {}),
    ("feature-extraction", "bert", {}, "the cat", {}),
    ("feature-extraction", "bert", {}, ["the cat", "the cat sat on the mat"], {}),
    ("feature-extraction", "bert", {"batch_size": 2}, ["the cat", "the cat sat on"], {}),
    ("feature-extraction", "bert", {}, "the cat " * 20, {"truncation": True}),
    ("feature-extraction", "bert", {}, "the cat sat", {"tokenize_kwargs": {"add_special_tokens": False}}),
    ("feature-extraction", "bert", {}, "the cat", {"truncation": True, "tokenize_kwargs": {"truncation": True}}),
    ("image-classification", "vit", {}, ONE, {}),
    ("image-classification", "vit", {}, [ONE, OTHER], {"top_k": 2}),
    ("image-classification", "vit", {"batch_size": 2}, [ONE, OTHER], {"top_k": 1}),
    ("image-classification", "vit", {"top_k": 100}, ONE, {"function_to_apply": "sigmoid"}),
    ("image-classification", "vit", {"function_to_apply": "none"}, ONE, {}),
    ("image-classification", "vit", {}, ONE, {"function_to_apply": "tanh"}),
    ("zero-shot-image-classification", "clip", {}, ONE, {"candidate_labels": LABELS}),
    ("zero-shot-image-classification", "clip", {}, [ONE, OTHER], {"candidate_labels": LABELS}),
    ("zero-shot-image-classification", "clip", {"candidate_labels": ["cat"]}, ONE, {"candidate_labels": LABELS, "hypothesis_template": "a {}"}),
    ("zero-shot-image-classification", "clip", {}, ONE, {"candidate_labels": LABELS, "hypothesis_template": "{}", "tokenizer_kwargs": {"add_special_tokens": True}}),
]  # fmt: skip


def image(value):
    if isinstance(value, list):
        return [image(v) for v in value]
    return str(HERE / value)


def plain(value):
    if isinstance(value, torch.Tensor):
        return value.tolist()
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def answer(task, checkpoint, init, given, options):
    options = json.loads(json.dumps(options))
    torch.manual_seed(options.pop("seed", 0))
    init = dict(json.loads(json.dumps(init)))
    pipe = pipeline(task, model=str(HERE / checkpoint), device="cpu", **init)
    return plain(pipe(image(given) if "image" in task else given, **options))


def main():
    shutil.rmtree(HERE, ignore_errors=True)
    HERE.mkdir(parents=True)
    checkpoints()
    lines = []
    for task, checkpoint, init, given, options in RUNS:
        run = {"task": task, "checkpoint": checkpoint, "init": init, "input": given, "options": options}
        try:
            run["output"] = answer(task, checkpoint, init, given, options)
        except Exception as error:  # noqa: BLE001: what Python raises is what is written down
            run["error"] = f"{type(error).__name__}: {error}"[:300]
        lines.append(json.dumps(run, ensure_ascii=False))
    (HERE / "runs.json").write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    main()
