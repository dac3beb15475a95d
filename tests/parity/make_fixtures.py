"""Makes the fixtures of the parity suite with the pinned torch and transformers of requirements.txt.

    python make_fixtures.py                 every family
    python make_fixtures.py qwen2 t5        some
    python make_fixtures.py --list          families and variants

Writes fixtures/<model_type>/<variant>/ with config.json and model.safetensors (a tiny random checkpoint),
expected.json (inputs, options, ids), expected.safetensors (tensors, named `<run>.<output>[.<index>]`), for decoders also
interventions.safetensors; and fixtures/manifest.json. Everything is float32, eager attention, on the CPU.

A seed is accepted only if the ids stay the same when the weights are shaken a little and the greedy text is not one
repeated token: then a difference of the tested library is a fault of it and no near tie.
"""

import argparse
import copy
import hashlib
import json
import pathlib
import shutil
import warnings

import torch
import transformers
from safetensors.torch import save_file

import fixture_generation
import fixture_hooks
import fixture_runs
from fixture_families import FAMILIES, HOOKS, STORED

FOLDER = pathlib.Path(__file__).parent / "fixtures"
SEEDS = 60


def fan_in(name, module, parameter):
    """The number of inputs summed into one output, by which random weights are scaled."""
    if isinstance(module, transformers.pytorch_utils.Conv1D):
        return parameter.shape[0]
    return parameter[0].numel()


@torch.no_grad()
def randomise(model, seed):
    """Fills all parameters so that attentions are uneven, logits spread, and no norm or bias is trivial."""
    generator = torch.Generator().manual_seed(seed)
    plus_one = model.config.model_type.startswith("gemma")
    unscaled = model.config.model_type == "t5"
    for path, module in model.named_modules():
        for name, parameter in module.named_parameters(recurse=False):
            noise = torch.randn(parameter.shape, generator=generator)
            full = f"{path}.{name}"
            if name == "logit_scale":
                parameter.copy_(torch.tensor(1.3))
            elif name == "bias":
                parameter.copy_(0.2 * noise)
            elif "norm" in path.split(".")[-1].lower().replace("ln_", "norm").replace("layrnorm", "norm") or (
                parameter.dim() == 1 and "class_embedding" not in name
            ):
                parameter.copy_((0.8 if plus_one else 1.0) + 0.3 * noise)
            elif isinstance(module, torch.nn.Embedding) or "embedding" in name or name.endswith("_token"):
                # T5 divides by sqrt(d_model) before a tied head; Gemma and some BARTs multiply the embedding by it.
                scaled = plus_one or getattr(model.config, "scale_embedding", False)
                bart = model.config.model_type == "bart"
                size = 1.0 if "relative" in full else 2.0 if unscaled else 0.6
                # The positions of BART's layers after the norm are what keeps its text from one repeated token.
                size = 1.8 if bart and "pos" in full else 0.2 if scaled else size
                parameter.copy_(size * noise)
            elif parameter.dim() == 3:
                parameter.copy_(0.6 * noise)
            else:
                scale = 1.6 / fan_in(full, module, parameter) ** 0.5
                if unscaled and path.split(".")[-1] in ("q", "k"):
                    scale *= model.config.d_kv**-0.25
                parameter.copy_(scale * noise)


def build(class_name, kwargs, seed):
    cls = getattr(transformers, class_name)
    config = cls.config_class(**json.loads(json.dumps(kwargs)))
    torch.manual_seed(seed)
    model = cls._from_config(config, attn_implementation="eager").eval()
    model.tie_weights()
    if model.config.model_type == "t5" and kwargs.get("tie_word_embeddings") is False:
        # The class ties always; a checkpoint with a head of its own (T5 v1.1) is untied when it is loaded.
        model.lm_head.weight = torch.nn.Parameter(model.lm_head.weight.detach().clone())
    randomise(model, seed)
    if config.model_type == "distilbert" and getattr(config, "sinusoidal_pos_embds", False):
        table = model.distilbert.embeddings.position_embeddings.weight
        transformers.models.distilbert.modeling_distilbert.create_sinusoidal_embeddings(*table.shape, table)
    return model


def make(model_type, variant):
    class_name, kwargs = FAMILIES[model_type][variant]
    first = int(hashlib.sha256(f"{model_type}/{variant}".encode()).hexdigest()[:6], 16)
    for seed in range(first, first + SEEDS):
        model = build(class_name, kwargs, seed)
        stored = STORED.get(f"{model_type}/{variant}", {})
        if stored:
            for parameter in model.parameters():  # rounded as the file is; the rotary buffers stay
                parameter.data = parameter.data.to(getattr(torch, stored["dtype"])).float()
        fixture = fixture_runs.Fixture(model, seed)
        fixture.forward()
        if not model.can_generate():
            break
        if fixture_generation.run(fixture):
            break
    else:
        raise SystemExit(f"{model_type}/{variant}: no seed of {SEEDS} gives firm ids")

    folder = FOLDER / model_type / variant
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if stored:
        smaller = copy.deepcopy(model).to(getattr(torch, stored["dtype"]))
        smaller.save_pretrained(folder, max_shard_size=stored["max_shard_size"])
        assert json.loads((folder / "config.json").read_text())["dtype"] == stored["dtype"]
    else:
        model.save_pretrained(folder)
    for extra in folder.glob("generation_config.json"):
        extra.unlink()  # Python derives the same from config.json; so must we
    if f"{model_type}/{variant}" in OLD_STYLE:
        old_style(folder)
    check_reload(folder, model, fixture)
    if variant == "as-mistral":
        file = folder / "config.json"
        file.write_text(file.read_text().replace('"ministral"', '"mistral"'))
        assert transformers.AutoConfig.from_pretrained(folder).model_type == "ministral"
    expected = dict(
        model_type=model_type,
        variant=variant,
        **{"class": class_name},
        seed=seed,
        parameters=sum(p.numel() for p in model.parameters()),
        torch=torch.__version__,
        transformers=transformers.__version__,
        runs=fixture.runs,
        generate=fixture.generate,
    )
    if model_type in HOOKS:
        tensors, expected["interventions"] = fixture_hooks.run(model, HOOKS[model_type], fixture)
        save_file(tensors, folder / "interventions.safetensors")
    save_file({name: tensor.contiguous().clone() for name, tensor in fixture.tensors.items()}, folder / "expected.safetensors")
    (folder / "expected.json").write_text(lines(expected))
    for file in folder.iterdir():
        file.chmod(0o644)
    size = sum(file.stat().st_size for file in folder.iterdir())
    assert size <= 1_000_000, f"{folder}: {size} bytes"
    print(f"{model_type}/{variant}: seed +{seed - first}, {size / 1000:.0f} kB, {len(fixture.tensors)} tensors", flush=True)


@torch.no_grad()
def check_reload(folder, model, fixture):
    """What is written must be what was run: Python loads the folder and gives the same."""
    loaded = type(model).from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    run = fixture.runs[0]
    inputs = {
        name: torch.tensor(value) if isinstance(value, list) else value
        for name, value in run["inputs"].items()
        if isinstance(value, list)
    }
    inputs |= {name: fixture.tensors[f"plain.input.{name}"] for name in run.get("tensor_inputs", ())}
    out = loaded(**inputs)
    for key in ("logits", "last_hidden_state", "pooler_output", "logits_per_image", "text_embeds", "image_embeds"):
        if out.get(key) is not None:
            assert torch.equal(out[key], fixture.tensors[f"plain.{key}"]), f"{folder}: {key} differs after loading"


# Written as transformers 4 wrote them, as most published checkpoints are; the other variants as version 5 does.
OLD_STYLE = (
    "qwen2/gqa-tied",
    "qwen2/mqa-theta",
    "llama/linear",
    "llama/llama3",
    "llama/yarn-explicit",
    "gemma3_text/dual-rope",
    "phi3/longrope-long",
    "phi3/partial-sliding",
    "gpt_neox/sequential",
    "stablelm/qk-norm-parallel",
)


def old_style(folder):
    """Rewrites config.json with `torch_dtype`, `rope_theta` and `rope_scaling`; Python must read the same from it."""
    before = transformers.AutoConfig.from_pretrained(folder).to_dict()
    file = folder / "config.json"
    config = json.loads(file.read_text())
    config["torch_dtype"] = config.pop("dtype")
    rope = config.pop("rope_parameters")
    if config["model_type"] == "gemma3_text":
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        config["sliding_window_pattern"] = 2
        del config["layer_types"]
        rope = rope["full_attention"]
    neox = config["model_type"] == "gpt_neox"
    config["rotary_emb_base" if neox else "rope_theta"] = rope.pop("rope_theta")
    partial = rope.pop("partial_rotary_factor", None)
    if partial is not None:
        config["rotary_pct" if neox else "partial_rotary_factor"] = partial
    kind = rope.pop("rope_type")
    if kind != "default":
        config["rope_scaling"] = {("rope_type" if kind == "llama3" else "type"): kind, **rope}
    file.write_text(json.dumps(config, indent=2) + "\n")
    after = transformers.AutoConfig.from_pretrained(folder).to_dict()
    for read in (before, after):
        for name in ("_name_or_path", "transformers_version", "rope_local_base_freq", "sliding_window_pattern"):
            read.pop(name, None)
        # The old spelling survives next to the new one.
        read.get("rope_parameters", {}).pop("type", None)
        read.pop("partial_rotary_factor", None)
    assert before == after, {key: (before.get(key), after.get(key)) for key in {*before, *after} if before.get(key) != after.get(key)}


def lines(value):
    """JSON with one line per key and per run, so that differences are readable and the file small."""
    rows = []
    for key, item in value.items():
        if isinstance(item, list) and item:
            item = "[\n" + ",\n".join(json.dumps(entry) for entry in item) + "\n]"
        else:
            item = json.dumps(item)
        rows.append(f"{json.dumps(key)}: {item}")
    return "{\n" + ",\n".join(rows) + "\n}\n"


def write_manifest():
    """Lists what is on disk, so that a missing or stray folder shows up as a difference."""
    families = {}
    for file in sorted(FOLDER.glob("*/*/expected.json")):
        expected = json.loads(file.read_text())
        families.setdefault(expected["model_type"], {})[expected["variant"]] = dict(
            **{"class": expected["class"]},
            files={f.name: f.stat().st_size for f in sorted(file.parent.iterdir())},
            runs=[run["name"] for run in expected["runs"]],
            generate=[run["name"] for run in expected["generate"]],
            interventions=[run["name"] for run in expected.get("interventions", {}).get("edits", [])],
        )
    manifest = dict(torch=torch.__version__, transformers=transformers.__version__, families=families)
    (FOLDER / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    total = sum(file.stat().st_size for file in FOLDER.rglob("*") if file.is_file())
    print(f"{sum(map(len, families.values()))} checkpoints of {len(families)} families, {total / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model_types", nargs="*", help="families to make; all when none is given")
    parser.add_argument("--list", action="store_true", help="print families and variants and stop")
    args = parser.parse_args()
    if args.list:
        for model_type, variants in FAMILIES.items():
            print(model_type, *variants)
        return
    unknown = [name for name in args.model_types if name not in FAMILIES]
    if unknown:
        parser.error(f"unknown families {unknown}: known are {list(FAMILIES)}")
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    torch.set_num_threads(1)
    for model_type in args.model_types or FAMILIES:
        for variant in FAMILIES[model_type]:
            make(model_type, variant)
    write_manifest()


if __name__ == "__main__":
    main()
