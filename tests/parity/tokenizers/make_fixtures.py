"""Makes the tokenizers of this folder and what Python transformers does with them.

    python make_fixtures.py [name …]

Needs transformers 5.23.0, tokenizers 0.23.3, sentencepiece, tiktoken and gguf; the tests need only what it writes.
"""

import base64
import json
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

warnings.filterwarnings("ignore")
here = Path(__file__).parent
sys.path.insert(0, str(here))

import transformers  # noqa: E402
from corpus import lines  # noqa: E402
from strings import make_strings  # noqa: E402
from tokenizers import (  # noqa: E402
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)
from transformers import AutoTokenizer  # noqa: E402

transformers.logging.set_verbosity_error()
STRINGS = make_strings()
PAIRS = [
    ("Hello world", "How are you?"),
    ("The quick brown fox jumps over the lazy dog", "Don't panic"),
    ("a", ""),
    ("", "b"),
    ("你好，世界", "héllo wörld 😀"),
]
TEXTS = ["Hello world", "The quick brown fox jumps over the lazy dog.", "a", "", "你好，世界！ 😀 naïve café"]


# ——— what is recorded


def flat(offsets):
    return [n for pair in offsets for n in pair]


def encoding(tok, text, pair=None, **kw):
    e = tok(text, pair, return_offsets_mapping=True, return_token_type_ids=True, return_special_tokens_mask=True, **kw)
    return {
        "ids": e["input_ids"],
        "types": e["token_type_ids"],
        "offsets": flat(e["offset_mapping"]),
        "words": e.word_ids(),
        "special": e["special_tokens_mask"],
    }


def calls(tok):
    """Batches: padding, truncation, pairs, overflow."""
    out = []

    def record(text, **kw):
        try:
            e = tok(text, return_offsets_mapping=True, **kw)
            result = {k: v for k, v in e.items()}
        except BaseException as error:  # noqa: BLE001  (Rust panics are no Exception)
            result = {"error": type(error).__name__}
        out.append({"text": text, "options": kw, "result": result})

    long = TEXTS[1]
    record(TEXTS, padding=True)
    record(TEXTS, padding="max_length", max_length=12, truncation=True)
    record(TEXTS, padding=True, padding_side="left", pad_to_multiple_of=4)
    record(TEXTS, padding="longest", add_special_tokens=False)
    record(TEXTS, max_length=6)
    record(long, max_length=5, truncation=True)
    record(long, max_length=5, truncation=True, add_special_tokens=False)
    record(long, max_length=6, truncation=True, stride=2, return_overflowing_tokens=True)
    record([long, "a"], max_length=6, truncation=True, stride=1, return_overflowing_tokens=True, padding=True)
    record([p[0] for p in PAIRS], text_pair=[p[1] for p in PAIRS], padding=True, return_token_type_ids=True)
    record(long, text_pair=long, max_length=12, truncation="longest_first")
    record(long, text_pair="short", max_length=9, truncation="longest_first")
    record("short", text_pair=long, max_length=9, truncation="only_second")
    record(long, text_pair="short", max_length=9, truncation="only_first")
    record("short one", text_pair=long, max_length=10, truncation="only_second", stride=1, return_overflowing_tokens=True)
    record(long, return_length=True, return_special_tokens_mask=True, return_attention_mask=False)
    return out


def reference(tok, name):
    special = [i for i in (tok.bos_token_id, tok.eos_token_id, tok.pad_token_id) if i is not None]
    encodings = []
    for text in STRINGS:
        e = tok(text, return_offsets_mapping=True)
        ids = e["input_ids"]
        decoded = tok.decode(ids)
        clean = tok.decode(ids, skip_special_tokens=True)
        encodings.append([ids, flat(e["offset_mapping"]), None if decoded == text else decoded, None if clean == text else clean])
    n = len(tok)
    odd_ids = [[i] for i in range(0, n, max(1, n // 60))] + [special, [0, 1, 2], [n - 1], [n + 5], [5, n + 100, 6], []]
    return {
        "class": type(tok).__name__,
        "special_tokens_map": tok.special_tokens_map,
        "all_special_tokens": tok.all_special_tokens,
        "all_special_ids": tok.all_special_ids,
        "padding_side": tok.padding_side,
        "model_input_names": tok.model_input_names,
        "vocab_size": tok.vocab_size,
        "size": n,
        "added": {t.content: i for i, t in sorted(tok.added_tokens_decoder.items())},
        "encodings": encodings,
        "pairs": [encoding(tok, *pair) for pair in PAIRS],
        "decoded": [[ids, tok.decode(ids), tok.decode(ids, clean_up_tokenization_spaces=True)] for ids in odd_ids],
        "tokenized": [[text, tok.tokenize(text)] for text in STRINGS[1:20]],
        "calls": calls(tok),
    }


def finish(name, folder, **kw):
    """Loads a folder with AutoTokenizer and records what it does."""
    tok = kw.pop("tok", None) or AutoTokenizer.from_pretrained(str(folder), **kw)
    write(folder / "reference.json", reference(tok, name))
    total = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{name}: {type(tok).__name__}, {len(tok)} tokens, {total // 1024} kB")
    return tok


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def fresh(name):
    folder = here / "fixtures" / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def config(folder, model_type, **tokenizer_config):
    write(folder / "config.json", {"model_type": model_type})
    if tokenizer_config:
        write(folder / "tokenizer_config.json", tokenizer_config)


# ——— training


def train_bpe(size, special, pre, normalizer=None, suffix=None, alphabet=True, **kw):
    tok = Tokenizer(models.BPE(end_of_word_suffix=suffix or "", **kw))
    tok.normalizer = normalizer
    tok.pre_tokenizer = pre
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        special_tokens=special,
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet() if alphabet else [],
        **({"end_of_word_suffix": suffix} if suffix else {}),
    )
    tok.train_from_iterator(lines(), trainer)
    return tok


def byte_level(size=900, special=("<|endoftext|>",), **kw):
    return train_bpe(size, list(special), pre_tokenizers.ByteLevel(add_prefix_space=False), **kw)


def save_vocab_and_merges(tok, folder):
    model = json.loads(tok.to_str())["model"]
    write(folder / "vocab.json", model["vocab"])
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")


def train_sentencepiece(folder, name, model_type, size, **kw):
    import sentencepiece

    with tempfile.TemporaryDirectory() as tmp:
        corpus = Path(tmp) / "corpus.txt"
        corpus.write_text("\n".join(lines()), encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus),
            model_prefix=str(Path(tmp) / "m"),
            model_type=model_type,
            vocab_size=size,
            minloglevel=2,
            num_threads=1,
            **kw,
        )
        shutil.copy(Path(tmp) / "m.model", folder / name)


# ——— fixtures


def gpt2():
    folder = fresh("gpt2")
    save_vocab_and_merges(byte_level(), folder)
    config(folder, "gpt2", tokenizer_class="GPT2Tokenizer", model_max_length=1024)
    finish("gpt2", folder)


def roberta():
    folder = fresh("roberta")
    save_vocab_and_merges(byte_level(800, ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]), folder)
    config(folder, "roberta", tokenizer_class="RobertaTokenizer", model_max_length=512,
           mask_token={"__type": "AddedToken", "content": "<mask>", "lstrip": True, "rstrip": False, "normalized": False, "single_word": False})
    finish("roberta", folder)


def qwen2():
    """A tokenizer.json that lacks the normaliser and has GPT-2's pre-tokeniser: Python puts Qwen2's own in."""
    folder = fresh("qwen2")
    tok = byte_level(900, [])
    tok.normalizer = None
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=False)
    tok.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    tok.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    decoder = {
        str(i): {"content": t.content, "lstrip": t.lstrip, "normalized": t.normalized, "rstrip": t.rstrip,
                 "single_word": t.single_word, "special": t.special}
        for i, t in tok.get_added_tokens_decoder().items()
    }
    config(folder, "qwen2", tokenizer_class="Qwen2Tokenizer", added_tokens_decoder=decoder, bos_token=None,
           eos_token="<|im_end|>", pad_token="<|endoftext|>", unk_token=None, add_bos_token=False, errors="replace",
           additional_special_tokens=["<|im_start|>", "<|im_end|>"], model_max_length=32768,
           clean_up_tokenization_spaces=False)
    finish("qwen2", folder)


def neox():
    folder = fresh("neox")
    tok = byte_level(700, ["<|endoftext|>", "<|padding|>"], normalizer=normalizers.NFC())
    tok.decoder = decoders.ByteLevel()
    tok.post_processor = processors.ByteLevel(trim_offsets=True)
    tok.add_tokens(["  ", "   ", "    "])
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    config(folder, "gpt_neox", tokenizer_class="GPTNeoXTokenizer", unk_token="<|endoftext|>", bos_token="<|endoftext|>",
           eos_token="<|endoftext|>", add_prefix_space=False)
    finish("neox", folder)


def clip():
    folder = fresh("clip")
    pre = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"), behavior="removed", invert=True),
        pre_tokenizers.ByteLevel(add_prefix_space=False),
    ])
    norm = normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()])
    tok = train_bpe(900, [], pre, norm, suffix="</w>", unk_token="<|endoftext|>")
    model = json.loads(tok.to_str())["model"]
    vocab = dict(model["vocab"])
    for c in pre_tokenizers.ByteLevel.alphabet():  # as in the real one: every byte, alone and at the end of a word
        for t in (c, c + "</w>"):
            vocab.setdefault(t, len(vocab))
    for t in ("<|startoftext|>", "<|endoftext|>"):
        vocab.setdefault(t, len(vocab))
    write(folder / "vocab.json", vocab)
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n", encoding="utf-8")
    config(folder, "clip", tokenizer_class="CLIPTokenizer", model_max_length=77, pad_token="<|endoftext|>")
    finish("clip", folder)


def wordpiece(lowercase):
    tok = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tok.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tok.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tok.train_from_iterator(lines(), trainers.WordPieceTrainer(
        vocab_size=1200, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    return tok


def save_vocab_text(tok, folder):
    vocab = sorted(tok.get_vocab().items(), key=lambda item: item[1])
    (folder / "vocab.txt").write_text("\n".join(token for token, _ in vocab) + "\n", encoding="utf-8")


def bert():
    folder = fresh("bert")
    save_vocab_text(wordpiece(True), folder)
    config(folder, "bert", tokenizer_class="BertTokenizer", do_lower_case=True, model_max_length=512)
    finish("bert", folder)


def bert_cased():
    """From a tokenizer.json of the generic class, saved with its added tokens."""
    folder = fresh("bert-cased")
    save_vocab_text(wordpiece(False), folder)
    config(folder, "distilbert", tokenizer_class="DistilBertTokenizer", do_lower_case=False, strip_accents=False)
    tok = AutoTokenizer.from_pretrained(str(folder))
    tok.save_pretrained(str(folder))
    (folder / "vocab.txt").unlink()
    finish("bert-cased", folder)


LLAMA = dict(character_coverage=0.9995, byte_fallback=True, normalization_rule_name="identity",
             remove_extra_whitespaces=False, split_digits=True, allow_whitespace_only_pieces=True)


def llama():
    folder = fresh("llama")
    train_sentencepiece(folder, "tokenizer.model", "bpe", 1000, **LLAMA)
    config(folder, "llama", tokenizer_class="LlamaTokenizer", add_bos_token=True, add_eos_token=False, legacy=False,
           bos_token={"__type": "AddedToken", "content": "<s>", "lstrip": False, "normalized": False, "rstrip": False, "single_word": False},
           eos_token="</s>", unk_token="<unk>", pad_token="</s>", model_max_length=4096)
    finish("llama", folder)


def llama_legacy():
    """The same vocabulary as a tokenizer.json, with the legacy space before every text between special tokens."""
    folder = fresh("llama-legacy")
    source = here / "fixtures" / "llama"
    tok = AutoTokenizer.from_pretrained(str(source), legacy=True)
    tok.save_pretrained(str(folder))
    write(folder / "config.json", {"model_type": "llama"})
    finish("llama-legacy", folder)


def phi3():
    """As Phi-3's files have it: normaliser with prefix, no pre-tokeniser, rstrip on special tokens, generic class."""
    folder = fresh("phi3")
    source = AutoTokenizer.from_pretrained(str(here / "fixtures" / "llama"))
    tok = source.backend_tokenizer
    tok.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tok.pre_tokenizer = None
    tok.add_special_tokens([AddedToken("<|user|>", rstrip=True, special=True, normalized=False),
                            AddedToken("<|end|>", lstrip=True, rstrip=True, special=True, normalized=False)])
    tok.add_tokens([AddedToken("Day", single_word=True, normalized=False)])
    tok.save(str(folder / "tokenizer.json"), pretty=False)
    config(folder, "phi3", tokenizer_class="LlamaTokenizer", bos_token="<s>", eos_token="<|end|>", pad_token="<|end|>",
           unk_token="<unk>", padding_side="left", legacy=False)
    finish("phi3", folder)


def gemma():
    folder = fresh("gemma")
    model = fresh("gemma-model")
    train_sentencepiece(model, "tokenizer.model", "bpe", 1100, **{**LLAMA, "split_digits": False},
                        pad_id=0, eos_id=1, bos_id=2, unk_id=3, pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>",
                        control_symbols=["<mask>"], user_defined_symbols=["<start_of_turn>", "<end_of_turn>", "\t"])
    write(model / "config.json", {"model_type": "gemma2"})
    write(model / "tokenizer_config.json", {"tokenizer_class": "GemmaTokenizer", "add_bos_token": True})
    tok = AutoTokenizer.from_pretrained(str(model))
    tok.save_pretrained(str(folder))
    shutil.rmtree(model)
    write(folder / "config.json", {"model_type": "gemma2"})
    finish("gemma", folder)


def t5():
    folder = fresh("t5")
    train_sentencepiece(folder, "spiece.model", "unigram", 640, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
                        normalization_rule_name="nmt_nfkc")
    config(folder, "t5", tokenizer_class="T5Tokenizer", model_max_length=512)
    finish("t5", folder)


def unigram():
    """No class: a SentencePiece unigram model with byte fallback and no rules."""
    folder = fresh("unigram")
    train_sentencepiece(folder, "tokenizer.model", "unigram", 860, byte_fallback=True, normalization_rule_name="identity")
    config(folder, "umt5")
    finish("unigram", folder)


def zoo():
    """Generic tokenizer.json files made of parts the others do not use."""
    special = ["[UNK]", "[PAD]"]
    parts = {
        "zoo-words": (
            models.WordLevel(unk_token="[UNK]"),
            normalizers.Sequence([normalizers.Strip(), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
                                  normalizers.Replace(Regex(" {2,}"), " ")]),
            pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]),
            trainers.WordLevelTrainer(vocab_size=400, special_tokens=special, show_progress=False),
            None,
            processors.BertProcessing(("[PAD]", 1), ("[UNK]", 0)),
        ),
        "zoo-unigram": (
            models.Unigram(),
            normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(r"\s+"), " ")]),
            pre_tokenizers.Sequence([
                pre_tokenizers.Punctuation(behavior="contiguous"),
                pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first"),
            ]),
            trainers.UnigramTrainer(vocab_size=500, special_tokens=special, unk_token="[UNK]", show_progress=False),
            decoders.Metaspace(replacement="▁", prepend_scheme="first"),
            processors.TemplateProcessing(single="[PAD] $A [PAD]:1", pair="[PAD] $A:2 [UNK] $B:1 [PAD]:1",
                                          special_tokens=[("[PAD]", 1), ("[UNK]", 0)]),
        ),
        "zoo-splits": (
            models.BPE(unk_token="[UNK]", fuse_unk=True),
            normalizers.Sequence([normalizers.NFD(), normalizers.Prepend("_")]),
            pre_tokenizers.Sequence([
                pre_tokenizers.Split(" ", "merged_with_next"),
                pre_tokenizers.Split(Regex(r"\d{1,3}(?=(?:\d{3})*\b)"), "isolated"),
                pre_tokenizers.Split(Regex("[.,;]+"), "merged_with_previous"),
                pre_tokenizers.Split(Regex("[aeiou]"), "contiguous", invert=True),
            ]),
            trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False),
            decoders.Sequence([decoders.Replace("_", " "), decoders.Strip(" ", 1, 0), decoders.Fuse()]),
            None,
        ),
        "zoo-roberta-offsets": (
            models.BPE(),
            None,
            pre_tokenizers.ByteLevel(add_prefix_space=True, trim_offsets=True),
            trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False,
                                initial_alphabet=pre_tokenizers.ByteLevel.alphabet()),
            decoders.ByteLevel(),
            processors.Sequence([
                processors.ByteLevel(trim_offsets=True),
                processors.TemplateProcessing(single="[PAD] $A", pair="[PAD] $A $B:1", special_tokens=[("[PAD]", 1)]),
            ]),
        ),
    }
    for name, (model, normalizer, pre, trainer, decoder, post) in parts.items():
        folder = fresh(name)
        tok = Tokenizer(model)
        tok.normalizer, tok.pre_tokenizer = normalizer, pre
        tok.train_from_iterator(lines(), trainer)
        if decoder:
            tok.decoder = decoder
        if post:
            tok.post_processor = post
        tok.add_tokens([AddedToken("Day", single_word=True), AddedToken("ÉCOLE"), AddedToken(" do", lstrip=True, normalized=False),
                        AddedToken("<sep>", rstrip=True, lstrip=True, special=True, normalized=False)])
        tok.save(str(folder / "tokenizer.json"), pretty=False)
        write(folder / "config.json", {"model_type": "llama"})
        write(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]",
                                                 "unk_token": "[UNK]", "clean_up_tokenization_spaces": True})
        finish(name, folder)


def qwen():
    """A small qwen.tiktoken; the reference is tiktoken itself, used as Qwen's tokenization_qwen.py does."""
    import unicodedata

    import tiktoken

    folder = fresh("qwen")
    byte_decoder = {c: b for b, c in bytes_to_unicode().items()}
    model = json.loads(train_bpe(1200, [], pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])).to_str())["model"]
    ranks = {}
    singles = [t for t in model["vocab"] if len(t) == 1]
    for token in sorted(singles) + [t for t in model["vocab"] if len(t) > 1]:
        ranks[bytes(byte_decoder[c] for c in token)] = len(ranks)
    (folder / "qwen.tiktoken").write_text(
        "".join(f"{base64.b64encode(t).decode()} {r}\n" for t, r in ranks.items()), encoding="utf-8")
    config(folder, "qwen", tokenizer_class="QWenTokenizer", model_max_length=8192)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"] + [f"<|extra_{i}|>" for i in range(205)]
    enc = tiktoken.Encoding("qwen", pat_str=QWEN_PATTERN, mergeable_ranks=ranks,
                            special_tokens={t: len(ranks) + i for i, t in enumerate(special)})
    extra = ["<|extra_0|>x<|extra_204|><|extra_205|>", "Picture: <|extra_0|>\nDescribe.", "aaaaaaaaaaaaaaa aaa aaaa"]
    result = []
    for text in STRINGS + extra:
        ids = enc.encode(unicodedata.normalize("NFC", text), allowed_special="all")
        decoded = enc.decode(ids, errors="replace")
        plain = enc.decode([i for i in ids if i < len(ranks)], errors="replace")
        result.append([ids, decoded, plain])
    write(folder / "reference.json", {"extra": extra, "encodings": result, "size": enc.n_vocab})
    print("qwen: tiktoken", enc.n_vocab)


def llama3():
    """A tokenizer.model that is a tiktoken file, as Llama 3's original; special tokens from the configuration."""
    folder = fresh("llama3")
    source = (here / "fixtures" / "qwen" / "qwen.tiktoken").read_bytes()
    lines_ = source.splitlines(keepends=True)[:1000]
    (folder / "tokenizer.model").write_bytes(b"".join(lines_))
    names = {0: "<|begin_of_text|>", 1: "<|end_of_text|>", 3: "<|eot_id|>"}
    decoder = {str(len(lines_) + i): {"content": t, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}
               for i, t in names.items()}
    config(folder, "llama", tokenizer_class="PreTrainedTokenizerFast", added_tokens_decoder=decoder,
           bos_token="<|begin_of_text|>", eos_token="<|eot_id|>", clean_up_tokenization_spaces=True, model_max_length=131072)
    finish("llama3", folder)


def xlmr():
    folder = fresh("xlm-roberta")
    train_sentencepiece(folder, "sentencepiece.bpe.model", "unigram", 640, normalization_rule_name="identity")
    config(folder, "xlm-roberta", tokenizer_class="XLMRobertaTokenizer")
    finish("xlm-roberta", folder)


def legacy():
    """Before tokenizer_config.json held them: special_tokens_map.json and added_tokens.json beside a vocab.txt."""
    folder = fresh("legacy")
    save_vocab_text(wordpiece(True), folder)
    write(folder / "config.json", {"model_type": "bert"})
    write(folder / "special_tokens_map.json", {"unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
          "mask_token": {"content": "[MASK]", "lstrip": True, "normalized": False, "rstrip": False, "single_word": False},
          "additional_special_tokens": ["<ent>", "</ent>"]})
    write(folder / "added_tokens.json", {"<ent>": 1200, "</ent>": 1201, "café": 1202})
    finish("legacy", folder)


def opt():
    """GPT-2's class with RoBERTa-like special tokens and a BOS in front: no tokenizer.json."""
    folder = fresh("opt")
    save_vocab_and_merges(byte_level(700, ["<s>", "<pad>", "</s>", "<unk>"]), folder)
    config(folder, "opt", tokenizer_class="GPT2Tokenizer", add_bos_token=True, bos_token="</s>", eos_token="</s>", unk_token="</s>",
           pad_token="<pad>", add_prefix_space=False)
    finish("opt", folder)


QWEN_PATTERN = r"""(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"""


def bytes_to_unicode():
    from transformers.convert_slow_tokenizer import bytes_to_unicode as table

    return table()


def gguf():
    """GGUF metadata: a SentencePiece vocabulary with scores, and a byte-level one with a llama-bpe expression."""
    import gguf as gguf_py
    import sentencepiece
    from transformers.tokenization_utils_tokenizers import TokenizersBackend

    sp = sentencepiece.SentencePieceProcessor(model_file=str(here / "fixtures" / "llama" / "tokenizer.model"))
    tokens = [sp.id_to_piece(i) for i in range(sp.get_piece_size())]
    types = [2 if sp.is_unknown(i) else 3 if sp.is_control(i) else 6 if sp.is_byte(i) else 1 for i in range(len(tokens))]
    spm = {
        "general.architecture": "llama",
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.scores": [sp.get_score(i) for i in range(len(tokens))],
        "tokenizer.ggml.token_type": types,
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 2,
        "tokenizer.ggml.unknown_token_id": 0,
    }
    model = json.loads(byte_level(900, ["<|begin_of_text|>", "<|eot_id|>"]).to_str())["model"]
    names = [t for t, _ in sorted(model["vocab"].items(), key=lambda item: item[1])] + ["<think>"]
    bpe = {
        "general.architecture": "llama",
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": names,
        "tokenizer.ggml.token_type": [3, 3] + [1] * (len(names) - 3) + [4],
        "tokenizer.ggml.merges": [m if isinstance(m, str) else " ".join(m) for m in model["merges"]],
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.chat_template": "{% for m in messages %}{{ m.content }}{% endfor %}",
    }
    gemma_names = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"] + [t for t in tokens[3:] if t.strip("▁")] + ["  ", "   ", "▁"]
    gem = {
        "general.architecture": "gemma2",
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.tokens": gemma_names,
        "tokenizer.ggml.scores": [float(-i) for i in range(len(gemma_names))],
        "tokenizer.ggml.token_type": [3, 3, 3, 2, 3] + [6 if t.startswith("<0x") else 1 for t in gemma_names[5:]],
        "tokenizer.ggml.bos_token_id": 2,
        "tokenizer.ggml.eos_token_id": 1,
        "tokenizer.ggml.unknown_token_id": 3,
        "tokenizer.ggml.padding_token_id": 0,
    }
    phi = {**spm, "general.architecture": "phi3"}
    for name, metadata in {"gguf-llama": spm, "gguf-bpe": bpe, "gguf-gemma": gem, "gguf-phi3": phi}.items():
        folder = fresh(name)
        write(folder / "metadata.json", metadata)
        with tempfile.TemporaryDirectory() as tmp:
            writer = gguf_py.GGUFWriter(str(Path(tmp) / "t.gguf"), metadata["general.architecture"])
            for key, value in metadata.items():
                if key == "general.architecture":
                    continue
                if isinstance(value, bool):
                    writer.add_bool(key, value)
                elif isinstance(value, int):
                    writer.add_uint32(key, value)
                elif isinstance(value, str):
                    writer.add_string(key, value)
                else:
                    writer.add_array(key, value)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.close()
            cls = TokenizersBackend if name != "gguf-gemma" else transformers.GemmaTokenizer
            tok = cls.from_pretrained(tmp, gguf_file="t.gguf")
            finish(name, folder, tok=tok)


def real(*paths):
    """References for real GGUF files, which are not in the repository.

    python make_fixtures.py real smollm2=SmolLM2-135M-Instruct.gguf qwen2.5-coder=Qwen2.5-Coder-0.5B-Instruct.gguf
    """
    for name, path in ((name, Path(path)) for name, path in (item.split("=") for item in paths)):
        tok = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
        folder = here.parent.parent / "real" / "fixtures"
        folder.mkdir(parents=True, exist_ok=True)
        full = reference(tok, name)
        chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi! 你好"}]
        full["chat"] = [tok.apply_chat_template(m, add_generation_prompt=g, tokenize=False) for m in (chat, chat[1:]) for g in (False, True)]
        full.pop("calls")
        write(folder / f"tokenizer-{name}.json", full)
        print(name, len(tok))


FIXTURES = [gpt2, roberta, qwen2, neox, clip, bert, bert_cased, llama, llama_legacy, phi3, gemma, t5, unigram, zoo, qwen, gguf, llama3, xlmr, legacy, opt]

if __name__ == "__main__":
    wanted = sys.argv[1:]
    if wanted[:1] == ["real"]:
        real(*wanted[1:])
        sys.exit()
    (here / "fixtures").mkdir(exist_ok=True)
    write(here / "fixtures" / "strings.json", {"strings": STRINGS, "pairs": PAIRS})
    for make in FIXTURES:
        if not wanted or make.__name__ in wanted:
            make()
