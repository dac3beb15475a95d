"""Trains the small models of the image notebooks: a CLIP and an MQwen that know coloured shapes.

    python make_shapes.py        (a few minutes on two cores; torch, transformers, tiktoken, pillow, regex)

shapes-clip     CLIP on pictures of one shape and captions such as "a red circle on the left"
shapes-qwen     QWen v1 trained to answer questions about such a picture, with its tokenizer
shapes-mqwen    other_params.bin, the projector between the two, and config.json with MQwen's three keys
pictures/       a few pictures not trained on

Everything is seeded. The vision tower stays as CLIP's training left it, as in MQwen.
"""

import base64
import collections
import json
import pathlib
import random
import shutil
import sys

import regex
import tiktoken
import torch
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from torch.nn import functional
from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent.parent / "tests" / "parity" / "qwen"))
import reference  # noqa: E402

COLOURS = {"red": (214, 40, 40), "green": (40, 160, 70), "blue": (45, 90, 210), "yellow": (240, 200, 40)}
SHAPES = ["circle", "square", "triangle"]
PLACES = {"on the left": (0.3, 0.5), "on the right": (0.7, 0.5), "at the top": (0.5, 0.3), "at the bottom": (0.5, 0.7)}
ALL = [(c, s, p) for c in COLOURS for s in SHAPES for p in PLACES]
SIDE, PATCHES, VISION, WIDTH = 36, 36, 64, 64
torch.manual_seed(0)
rng = random.Random(0)


def draw(colour, shape, place, jitter=True):
    """A shape on a light ground, 128 x 128."""
    ground = tuple(rng.randint(225, 255) for _ in range(3)) if jitter else (245, 245, 245)
    image = Image.new("RGB", (128, 128), ground)
    x, y = (128 * v + (rng.uniform(-9, 9) if jitter else 0) for v in PLACES[place])
    r = rng.uniform(20, 30) if jitter else 25
    fill = tuple(max(0, min(255, v + rng.randint(-18, 18) if jitter else v)) for v in COLOURS[colour])
    pen = ImageDraw.Draw(image)
    if shape == "circle":
        pen.ellipse((x - r, y - r, x + r, y + r), fill)
    elif shape == "square":
        pen.rectangle((x - r * 0.9, y - r * 0.9, x + r * 0.9, y + r * 0.9), fill)
    else:
        pen.polygon([(x, y - r), (x - r, y + r * 0.8), (x + r, y + r * 0.8)], fill)
    return image


def caption(colour, shape, place):
    return f"a {colour} {shape} {place}"


def make_clip_tokenizer():
    """Byte-level BPE with CLIP's end-of-word mark, as a tokenizer.json."""
    tokenizer = Tokenizer(models.BPE(end_of_word_suffix="</w>", unk_token="<|endoftext|>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(
            r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), "removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    trainer = trainers.BpeTrainer(
        vocab_size=700, special_tokens=["<|startoftext|>", "<|endoftext|>"], end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )
    tokenizer.train_from_iterator([caption(*x) for x in ALL] + ["a photo of the picture with an image"], trainer)
    # CLIP has its two special tokens last.
    spec = json.loads(tokenizer.to_str())
    words = [w for w, _ in sorted(spec["model"]["vocab"].items(), key=lambda e: e[1]) if not w.startswith("<|")]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*alphabet, *(f"{c}</w>" for c in alphabet), *(w for w in words if w not in alphabet and w.removesuffix("</w>") not in alphabet)]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return {w: i for i, w in enumerate(words)}, ["%s %s" % tuple(m) if not isinstance(m, str) else m for m in spec["model"]["merges"]]


def save_clip_tokenizer(folder, vocab, merges):
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "model_max_length": 16, "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
    }, indent=2) + "\n")


def train_clip(folder):
    vocab, merges = make_clip_tokenizer()
    folder.mkdir(parents=True)
    save_clip_tokenizer(folder, vocab, merges)
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(folder)
    start, end = vocab["<|startoftext|>"], vocab["<|endoftext|>"]
    config = CLIPConfig(
        projection_dim=48,
        vision_config=dict(hidden_size=VISION, intermediate_size=4 * VISION, num_hidden_layers=2, num_attention_heads=4,
                           image_size=SIDE, patch_size=SIDE // 6, projection_dim=48),
        text_config=dict(hidden_size=48, intermediate_size=192, num_hidden_layers=2, num_attention_heads=4,
                         vocab_size=len(vocab), max_position_embeddings=16, projection_dim=48,
                         bos_token_id=start, eos_token_id=end, pad_token_id=end),
    )
    model = CLIPModel(config).train()
    processor = CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE})
    texts = tokenizer([caption(*x) for x in ALL], padding=True, return_tensors="pt")
    sets = [processor([draw(*x) for x in ALL], return_tensors="pt").pixel_values for _ in range(16)]
    optimiser = torch.optim.AdamW(model.parameters(), lr=1.5e-3, weight_decay=0.01)
    steps = 350
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 1.5e-3, total_steps=steps)
    for step in range(steps):
        loss = model(**texts, pixel_values=sets[step % len(sets)], return_loss=True).loss
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            print("clip", step + 1, round(loss.item(), 3), flush=True)
    model.eval()
    with torch.no_grad():
        fresh = processor([draw(*x) for x in ALL], return_tensors="pt").pixel_values
        right = (model(**texts, pixel_values=fresh).logits_per_image.argmax(-1) == torch.arange(len(ALL))).float().mean()
    print("clip: new pictures that find their caption among 48:", right.item())
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return model, processor


QUESTIONS = {
    "What colour is it?": lambda c, s, p: f"It is {c}.",
    "What shape is it?": lambda c, s, p: f"It is a {s}.",
    "Where is it?": lambda c, s, p: f"It is {p}.",
    "What is in the picture?": lambda c, s, p: f"There is {caption(c, s, p)}.",
}
SYSTEM = "You are a helpful assistant."
PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIALS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *(f"<|extra_{i}|>" for i in range(205))]


def make_qwen_tokenizer():
    """Byte ranks and merges for the words these models use."""
    texts = [SYSTEM, "system user assistant", *QUESTIONS, *(f(*x) for f in QUESTIONS.values() for x in ALL)]
    pieces = [[bytes([b]) for b in word.encode()] for text in texts for word in regex.findall(PATTERN, text)]
    ranks = {bytes([b]): b for b in range(256)}
    while len(ranks) < 432:
        counts = collections.Counter(pair for p in pieces for pair in zip(p, p[1:]))
        if not counts:
            break
        left, right = min(counts, key=lambda pair: (-counts[pair], pair))
        ranks[left + right] = len(ranks)
        for p in pieces:
            i = 0
            while i + 1 < len(p):
                if (p[i], p[i + 1]) == (left, right):
                    p[i : i + 2] = [left + right]
                i += 1
    first = len(ranks)
    return ranks, tiktoken.Encoding("shapes", pat_str=PATTERN, mergeable_ranks=ranks,
                                    special_tokens={s: first + i for i, s in enumerate(SPECIALS)})


def train_mqwen(folder, clip, processor):
    ranks, encoding = make_qwen_tokenizer()
    first = len(ranks)
    eod, im_start, im_end, extra = first, first + 1, first + 2, first + 3
    config = {
        "architectures": ["QWenLMHeadModel"], "model_type": "qwen",
        "auto_map": {"AutoConfig": "configuration_qwen.QWenConfig", "AutoModelForCausalLM": "modeling_qwen.QWenLMHeadModel"},
        "hidden_size": WIDTH, "intermediate_size": 384, "kv_channels": 16, "num_attention_heads": 4,
        "num_hidden_layers": 3, "layer_norm_epsilon": 1e-6, "max_position_embeddings": 512, "seq_length": 512,
        "no_bias": True, "rotary_emb_base": 10000, "rotary_pct": 1.0, "scale_attn_weights": True,
        "softmax_in_fp32": False, "tie_word_embeddings": False, "tokenizer_class": "QWenTokenizer", "use_cache": True,
        "use_dynamic_ntk": True, "use_logn_attn": True, "vocab_size": first + len(SPECIALS),
        "bf16": False, "fp16": False, "fp32": True,
    }
    inner = config["intermediate_size"] // 2
    weight = lambda *shape, scale=0.05: (scale * torch.randn(*shape)).requires_grad_()
    one = lambda: torch.ones(WIDTH).requires_grad_()
    weights = {"transformer.wte.weight": weight(config["vocab_size"], WIDTH)}
    for i in range(config["num_hidden_layers"]):
        h = f"transformer.h.{i}."
        weights |= {
            h + "ln_1.weight": one(), h + "attn.c_attn.weight": weight(3 * WIDTH, WIDTH, scale=WIDTH**-0.5),
            h + "attn.c_attn.bias": torch.zeros(3 * WIDTH).requires_grad_(), h + "attn.c_proj.weight": weight(WIDTH, WIDTH),
            h + "ln_2.weight": one(), h + "mlp.w1.weight": weight(inner, WIDTH, scale=WIDTH**-0.5),
            h + "mlp.w2.weight": weight(inner, WIDTH, scale=WIDTH**-0.5), h + "mlp.c_proj.weight": weight(WIDTH, inner),
        }
    weights |= {"transformer.ln_f.weight": one(), "lm_head.weight": weight(config["vocab_size"], WIDTH)}
    projector = {
        "0.weight": weight(WIDTH, VISION, scale=VISION**-0.5), "0.bias": torch.zeros(WIDTH).requires_grad_(),
        "2.weight": weight(WIDTH, WIDTH, scale=WIDTH**-0.5), "2.bias": torch.zeros(WIDTH).requires_grad_(),
    }

    plain = lambda text: encoding.encode(text, disallowed_special=())
    newline = plain("\n")

    def prompt(question):
        return [im_start, *plain("system"), *newline, *plain(SYSTEM), im_end, *newline, im_start, *plain("user"), *newline,
                extra, *plain(" " + question), im_end, *newline, im_start, *plain("assistant"), *newline]

    def run(rows, features):
        """Logits of right-padded rows with their images: padding is after everything, so causality hides it."""
        ids = torch.tensor(rows)
        at = rows[0].index(extra)
        wte = weights["transformer.wte.weight"]
        h = torch.cat((wte[ids[:, :at]], features, wte[ids[:, at + 1 :]]), 1)
        cos, sin = (t[None] for t in reference.angles(config, 1, torch.arange(h.shape[1])))
        for i in range(config["num_hidden_layers"]):
            h, _, _ = reference.block(weights, config, i, h, None, cos, sin, None, None)
        h = reference.rms_norm(h, weights["transformer.ln_f.weight"], config["layer_norm_epsilon"])
        return functional.linear(h, weights["lm_head.weight"])

    data = [(x, draw(*x)) for _ in range(24) for x in ALL]
    with torch.no_grad():
        patches = torch.cat([
            clip.vision_model(processor([p for _, p in data[i : i + 96]], return_tensors="pt").pixel_values).last_hidden_state[:, 1:]
            for i in range(0, len(data), 96)
        ])
    parameters = [*weights.values(), *projector.values()]
    steps, batch = 900, 32
    optimiser = torch.optim.AdamW(parameters, lr=3e-3, weight_decay=0.01, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps, pct_start=0.1)
    for step in range(steps):
        picked = torch.randint(len(data), (batch,))
        rows, labels = [], []
        for k in picked.tolist():
            question, answer = rng.choice(list(QUESTIONS.items()))
            head, tail = prompt(question), [*plain(answer(*data[k][0])), im_end]
            rows.append(head + tail)
            labels.append([-100] * (len(head) + PATCHES - 1) + tail)
        longest = max(map(len, rows))
        rows = [r + [eod] * (longest - len(r)) for r in rows]
        labels = torch.tensor([r + [-100] * (longest + PATCHES - 1 - len(r)) for r in labels])
        logits = run(rows, reference.project(projector, patches[picked]))
        loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        schedule.step()
        if step % 100 == 99:
            print("mqwen", step + 1, round(loss.item(), 4), flush=True)

    weights = {k: v.detach() for k, v in weights.items()}
    projector = {k: v.detach() for k, v in projector.items()}
    asked = right = 0
    for x in rng.sample(ALL, 24):
        with torch.no_grad():
            seen = clip.vision_model(processor(draw(*x), return_tensors="pt").pixel_values).last_hidden_state[:, 1:]
            images = reference.project(projector, seen)
        for question, answer in QUESTIONS.items():
            ids = prompt(question)
            out, _ = reference.greedy(weights, {**config, "replace_token_id": extra}, torch.tensor([ids]), 14, images=images)
            new = out[0, len(ids):].tolist()
            new = new[: new.index(im_end)] if im_end in new else new
            asked, right = asked + 1, right + (encoding.decode(new) == answer(*x))
    print(f"mqwen: {right} of {asked} questions about new pictures answered in full")

    qwen = folder.parent / "shapes-qwen"
    qwen.mkdir()
    dump = lambda where, name, value: (where / name).write_text(json.dumps(value, indent=2) + "\n")
    dump(qwen, "config.json", config)
    dump(qwen, "generation_config.json", {
        "chat_format": "chatml", "do_sample": False, "eos_token_id": im_end, "pad_token_id": eod, "max_new_tokens": 24,
        "max_window_size": 400,
    })
    dump(qwen, "tokenizer_config.json", {"model_max_length": 512, "tokenizer_class": "QWenTokenizer"})
    lines = [base64.b64encode(token) + b" " + str(rank).encode() for token, rank in ranks.items()]
    (qwen / "qwen.tiktoken").write_bytes(b"\n".join(lines) + b"\n")
    save_file(weights, qwen / "model.safetensors", {"format": "pt"})
    folder.mkdir()
    torch.save(collections.OrderedDict(projector), folder / "other_params.bin")
    dump(folder, "config.json", {
        **config, "architectures": ["MQWenLMHeadModel"], "replace_token_id": extra, "image_context_length": PATCHES,
        "image_feature_hidden_size": WIDTH,
    })


def main():
    for name in ("shapes-clip", "shapes-qwen", "shapes-mqwen", "pictures"):
        shutil.rmtree(HERE / name, ignore_errors=True)
    clip, processor = train_clip(HERE / "shapes-clip")
    train_mqwen(HERE / "shapes-mqwen", clip, processor)
    (HERE / "pictures").mkdir()
    for x in (("red", "circle", "on the left"), ("blue", "triangle", "at the top"), ("yellow", "square", "on the right")):
        draw(*x, jitter=False).save(HERE / "pictures" / f"{x[0]}-{x[1]}.png")


main()
