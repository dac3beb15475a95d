"""Makes tiny random LLaVAs and what Python transformers computes from them.

    python make_fixtures.py        (torch, transformers, safetensors of ../requirements.txt)

fixtures/clip-qwen2    in the llava-hf layout
fixtures/siglip-llama  SigLIP, two feature layers, weights spelt as newer versions do
"""

import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    Qwen2Config,
    SiglipVisionConfig,
)

OUT = pathlib.Path(__file__).parent / "fixtures"
IMAGE, PATCHES = 90, 16


def fill(model, seed):
    """Weights by which attentions are uneven and no norm or bias is trivial."""
    torch.manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            noise = torch.randn_like(p)
            if "norm" in name and name.endswith("weight"):
                p.copy_(1 + 0.3 * noise)
            elif p.dim() == 1:
                p.copy_(0.2 * noise)
            else:
                p.copy_(noise * (0.6 if "embed" in name else 1.6 / p[0].numel() ** 0.5))


def make(folder, config, seed, placeholders):
    """Writes a checkpoint and its runs. placeholders: features per picture."""
    config._attn_implementation = "eager"
    model = LlavaForConditionalGeneration(config).eval()
    fill(model, seed)
    model.save_pretrained(folder)
    pixels = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    image = [IMAGE] * placeholders
    one = torch.tensor([[5, 6, *image, 7, 8, 9]])
    two = torch.tensor([[*image, 4, *image, 11]])
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
        greedy = dict(do_sample=False, eos_token_id=None, pad_token_id=0)
        runs["one"]["sequences"] = model.generate(
            input_ids=one, pixel_values=pixels[:1], max_new_tokens=8, **greedy).tolist()
        batch = torch.tensor([[5, 6, *image, 7, 8, 9], [0, 0, 3, *image, 12, 13]])
        mask = (batch != 0).long()
        runs["batch"] = {
            "input_ids": batch.tolist(), "attention_mask": mask.tolist(),
            "sequences": model.generate(input_ids=batch, attention_mask=mask, pixel_values=pixels, max_new_tokens=5,
                                        **greedy).tolist(),
        }
    (folder / "expected.json").write_text(json.dumps(runs, indent=1) + "\n")
    save_file({k: v.float().contiguous().clone() for k, v in tensors.items()}, folder / "expected.safetensors")


def respell(folder):
    """The same checkpoint with the names a newer version gives in memory."""
    path = folder / "model.safetensors"
    renamed = {}
    for name, tensor in load_file(path).items():
        new = name.replace("language_model.model.", "model.language_model.").replace("language_model.lm_head", "lm_head")
        new = new.replace("vision_tower.", "model.vision_tower.vision_model.")
        renamed[new.replace("multi_modal_projector", "model.multi_modal_projector")] = tensor
    save_file(renamed, path, {"format": "pt"})


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    vision = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=3, num_attention_heads=2, image_size=32,
                  patch_size=8)
    text = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                vocab_size=100, max_position_embeddings=256, eos_token_id=2, tie_word_embeddings=False)
    common = dict(image_token_index=IMAGE, image_seq_length=PATCHES)
    make(OUT / "clip-qwen2", LlavaConfig(vision_config=CLIPVisionConfig(**vision, projection_dim=20),
                                         text_config=Qwen2Config(**text), **common), 7, PATCHES)
    # Two hidden states side by side, all positions.
    make(OUT / "siglip-llama", LlavaConfig(
        vision_config=SiglipVisionConfig(**vision, vision_use_head=False), text_config=LlamaConfig(**text),
        vision_feature_layer=[-2, 1], vision_feature_select_strategy="full", projector_hidden_act="gelu", **common,
    ), 8, PATCHES)
    respell(OUT / "siglip-llama")


main()
