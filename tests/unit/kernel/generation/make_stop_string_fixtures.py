"""Writes fixtures/stop-strings.json: where StopStringCriteria of transformers stops, for two small tokenizers.

    python tests/unit/kernel/generation/make_stop_string_fixtures.py

The tokenizers are written out as tokenizer.json, so that the test runs the library's own tokenizer on them. Texts are
random ids, so that tokens meet that no tokenizer would put side by side.
"""

import json
import pathlib
import random

import torch
import transformers
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast, StopStringCriteria
from transformers.convert_slow_tokenizer import bytes_to_unicode

random.seed(3)


def byte_level():
    letters = list(bytes_to_unicode().values())
    words = ["Ġthe", "Ġst", "stop", "Ġstop", "ping", "op", "abc", "def", "Ċ", "ĊĊ", "end", "Ġend", ".Ċ", "STOP", "âĢ", "Ł", "é", "Ã©", "ðŁ", "ĺĢ"]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(letters + words))}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken("<|end|>", special=True), AddedToken("a b", normalized=False)])
    return tokenizer


def byte_fallback():
    tokens = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokens += ["▁", "▁the", "▁st", "st", "op", "stop", "▁stop", "ping", "abc", "def", "a", "b", "c", "d", "e", "f", "s", "t", "o", "p", "end", "▁end", ".", "é", "S", "T", "O", "P"]
    vocab = {token: i for i, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=[], unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken("<s>", special=True), AddedToken("</s>", special=True)])
    return tokenizer


STOPS = [["stop"], [" stop"], ["\n\n"], ["STOP", "end"], ["topp"], ["."], ["é"], ["😀", "…"], ["the end"], ["</s>"], ["<|end|>", "a b"], ["s"]]


def main():
    out = {"made_with": transformers.__version__, "tokenizers": {}, "cases": []}
    for name, make in (("byte_level", byte_level), ("byte_fallback", byte_fallback)):
        backend = make()
        out["tokenizers"][name] = json.loads(backend.to_str())
        tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend)
        vocab = tokenizer.get_vocab()
        for stops in STOPS:
            criterion = StopStringCriteria(tokenizer, stops)
            # Mostly tokens that have to do with the stop strings.
            near = [i for token, i in vocab.items() if any(c in "".join(stops) for c in tokenizer.decode([i]))] or list(vocab.values())
            rows = []
            for _ in range(60):
                length = random.randint(1, 9)
                rows.append([random.choice(near if random.random() < 0.85 else list(vocab.values())) for _ in range(length)])
            # Encodings of the stop string itself, with something before and after.
            for stop in stops:
                for before in ("", "the ", "xs"):
                    for after in ("", "x", " the"):
                        rows.append(tokenizer(before + stop + after, add_special_tokens=False)["input_ids"])
            verdicts = [bool(criterion(torch.tensor([row]), None)[0]) for row in rows if row]
            out["cases"].append({"tokenizer": name, "stop_strings": stops, "rows": [row for row in rows if row], "stops": "".join("01"[v] for v in verdicts)})
    path = pathlib.Path(__file__).with_name("fixtures") / "stop-strings.json"
    path.write_text(json.dumps(out, ensure_ascii=True, separators=(",", ":")) + "\n")
    print(path.stat().st_size, "bytes", [c["stops"].count("1") for c in out["cases"]])


if __name__ == "__main__":
    main()
