"""Makes a tiny random LLaVA in the llava-hf layout and what Python transformers computes from it.

    python make_fixtures.py        (torch, transformers, safetensors of ../requirements.txt)
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, LlavaConfig, LlavaForConditionalGeneration, Qwen2Config

OUT = pathlib.Path(__file__).parent / "fixtures"
IMAGE, PATCHES = 90, 16


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(hidden_size=24, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2,
                                       image_size=32, patch_size=8, projection_dim=20),
        text_config=Qwen2Config(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
                                num_key_value_heads=2, vocab_size=100, max_position_embeddings=256, eos_token_id=2,
                                tie_word_embeddings=False),
        image_token_index=IMAGE,
        image_seq_length=PATCHES,
    )
    config._attn_implementation = "eager"
    torch.manual_seed(7)
    model = LlavaForConditionalGeneration(config).eval()
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn_like(p)
            if "norm" in name and name.endswith("weight"):
                p.copy_(1 + 0.3 * noise)
            elif p.dim() == 1:
                p.copy_(0.2 * noise)
            else:
                p.copy_(noise * (0.6 if "embed" in name else 1.6 / p[0].numel() ** 0.5))
    model.save_pretrained(OUT)
    g = torch.Generator().manual_seed(1)
    pixels = torch.randn(2, 3, 32, 32, generator=g)
    one = torch.tensor([[5, 6, *[IMAGE] * PATCHES, 7, 8, 9]])
    two = torch.tensor([[*[IMAGE] * PATCHES, 4, *[IMAGE] * PATCHES, 11]])
    runs, tensors = {}, {"pixel_values": pixels}
    with torch.no_grad():
        for name, ids, images in (("one", one, pixels[:1]), ("two", two, pixels)):
            out = model(input_ids=ids, pixel_values=images, output_hidden_states=True, output_attentions=True)
            runs[name] = {"input_ids": ids.tolist(), "images": len(images)}
            tensors |= {f"{name}.logits": out.logits, f"{name}.features": out.image_hidden_states}
            if name == "one":
                tensors |= {f"one.attentions.{i}": t for i, t in enumerate(out.attentions)}
                tensors |= {f"one.hidden_states.{i}": t for i, t in enumerate(out.hidden_states)}
                labels = torch.where(ids == IMAGE, -100, ids)
                tensors["one.loss"] = model(input_ids=ids, pixel_values=images, labels=labels).loss
        generated = model.generate(input_ids=one, pixel_values=pixels[:1], max_new_tokens=8, do_sample=False,
                                   eos_token_id=None, pad_token_id=0)
        runs["one"]["sequences"] = generated.tolist()
        batch = torch.tensor([[5, 6, *[IMAGE] * PATCHES, 7, 8, 9], [0, 0, 3, *[IMAGE] * PATCHES, 12, 13]])
        mask = (batch != 0).long()
        generated = model.generate(input_ids=batch, attention_mask=mask, pixel_values=pixels, max_new_tokens=5,
                                   do_sample=False, eos_token_id=None, pad_token_id=0)
        runs["batch"] = {"input_ids": batch.tolist(), "attention_mask": mask.tolist(), "sequences": generated.tolist()}
    (OUT / "expected.json").write_text(json.dumps(runs, indent=1) + "\n")
    save_file({k: v.float().contiguous().clone() for k, v in tensors.items()}, OUT / "expected.safetensors")


main()
