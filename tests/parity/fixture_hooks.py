"""Activations inside decoders and the results of edits, through PyTorch forward hooks."""

import contextlib

import torch

from fixture_runs import reset_rope

LAYER = 1  # the block that is edited


def parts(model, names):
    """The modules of each block by their role."""
    blocks = model.get_submodule(names["blocks"])
    for block in blocks:
        attn = block.get_submodule(names["attn"])
        yield dict(
            block=block,
            attn=attn,
            o=attn.get_submodule(names["o"]),
            qkv=[attn.get_submodule(name) for name in names.get("qkv", ())],
            packed=attn.get_submodule(names["packed"]) if names.get("packed") else None,
            attn_out=block.get_submodule(names["attn_out"]) if "attn_out" in names else attn,
            mlp_out=block.get_submodule(names.get("mlp_out", names["mlp"])),
        )


def first(value):
    return value[0] if isinstance(value, tuple) else value


@contextlib.contextmanager
def hooked(pairs):
    """Installs (module, 'in' | 'out', function) and removes them again. A function that returns None only reads."""
    handles = []
    for module, where, function in pairs:
        if where == "in":

            def before(module, args, kwargs, function=function):
                if args:
                    new = function(args[0])
                    return None if new is None else ((new, *args[1:]), kwargs)
                new = function(kwargs["hidden_states"])
                return None if new is None else (args, {**kwargs, "hidden_states": new})

            handles.append(module.register_forward_pre_hook(before, with_kwargs=True))
        else:

            def after(module, args, output, function=function):
                new = function(first(output))
                if new is None:
                    return None
                return (new, *output[1:]) if isinstance(output, tuple) else new

            handles.append(module.register_forward_hook(after))
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


@torch.no_grad()
def logits(model, ids, pairs=()):
    reset_rope(model)
    with hooked(pairs):
        return model(input_ids=ids).logits


def run(model, names, fixture):
    """Returns tensors and a description: `cache.<site>.<layer>` of a plain run and `<edit>.logits` of each edit."""
    config = model.config
    blocks = list(parts(model, names))
    heads = config.num_attention_heads
    ids = fixture.ids(1, 7)
    other = fixture.ids(1, 7)
    tensors = {}

    def keep(name, shape=None):
        def function(value):
            if value.dim() == 2:
                value = value.unsqueeze(0)  # OPT's MLP sees all positions of all rows as one list
            tensors[name] = (value if shape is None else value.reshape(*value.shape[:-1], -1, shape)).clone()

        return function

    head_dim = blocks[0]["o"].weight.shape[0 if "Conv1D" in type(blocks[0]["o"]).__name__ else 1] // heads

    def reads(prefix):
        pairs = []
        for layer, part in enumerate(blocks):
            pairs.append((part["block"], "in", keep(f"{prefix}.resid_pre.{layer}")))
            pairs.append((part["block"], "out", keep(f"{prefix}.resid_post.{layer}")))
            pairs.append((part["attn_out"], "out", keep(f"{prefix}.attn_out.{layer}")))
            pairs.append((part["mlp_out"], "out", keep(f"{prefix}.mlp_out.{layer}")))
            pairs.append((part["o"], "in", keep(f"{prefix}.z.{layer}", head_dim)))
            for letter, module in zip("qkv", part["qkv"]):
                pairs.append((module, "out", keep(f"{prefix}.{letter}.{layer}", head_dim)))
            if part["packed"] is not None:
                pairs.append((part["packed"], "out", keep(f"{prefix}.packed.{layer}")))
        return pairs

    tensors["cache.logits"] = logits(model, ids, reads("cache"))
    tensors["other.logits"] = logits(model, other, reads("other"))
    for prefix in ("cache", "other"):
        for layer in range(len(blocks)):
            packed = tensors.pop(f"{prefix}.packed.{layer}", None)
            if packed is None:
                continue
            for letter, value in zip("qkv", unpack(packed, heads, kv_heads(config), head_dim, names)):
                tensors[f"{prefix}.{letter}.{layer}"] = value
    parallel = (
        getattr(config, "use_parallel_residual", False)
        or getattr(config, "new_decoder_architecture", False)
        or (config.model_type == "falcon" and config.parallel_attn)
    )
    # OPT with the norm after the block has no stream of which attention and MLP are two summands.
    sums = not (config.model_type == "opt" and not config.do_layer_norm_before)
    if sums and not parallel:
        for layer in range(len(blocks)):
            tensors[f"cache.resid_mid.{layer}"] = tensors[f"cache.resid_pre.{layer}"] + tensors[f"cache.attn_out.{layer}"]
    if sums:
        for layer in range(len(blocks)):
            total = sum(tensors[f"cache.{site}.{layer}"] for site in ("resid_pre", "attn_out", "mlp_out"))
            assert torch.allclose(total, tensors[f"cache.resid_post.{layer}"], atol=1e-4), layer

    part = blocks[LAYER]
    width = tensors["cache.resid_pre.0"].shape[-1]
    vector = torch.randn(width, generator=fixture.generator)
    tensors["vector"] = vector

    def head_scale(head, scale):
        def function(value):
            value = value.clone()
            value[..., head * head_dim : (head + 1) * head_dim] *= scale
            return value

        return function

    def at_position(pos, new):
        def function(value):
            value = value.clone()
            value[:, pos] = new
            return value

        return function

    edits = []

    def edit(name, described, pairs):
        tensors[f"{name}.logits"] = logits(model, ids, pairs)
        changed = (tensors[f"{name}.logits"] - tensors["cache.logits"]).abs().max().item()
        assert changed > 1e-3, f"{name} changes nothing"
        edits.append(dict(name=name, edit=described))

    at = lambda site, **more: dict(site=site, layer=LAYER, **more)  # noqa: E731
    edit("zero_head", dict(at=at("z", head=1), set="zero"), [(part["o"], "in", head_scale(1, 0.0))])
    edit("scale_head", dict(at=at("z", head=0), scale=2.5), [(part["o"], "in", head_scale(0, 2.5))])
    edit(
        "replace_resid",
        dict(at=at("resid_pre", pos=4), set="@vector"),
        [(part["block"], "in", at_position(4, vector))],
    )
    edit("steer", dict(at=at("resid_pre"), add="@vector"), [(part["block"], "in", lambda value: value + vector)])
    edit("steer_post", dict(at=at("resid_post"), add="@vector"), [(part["block"], "out", lambda value: value + vector)])
    edit("zero_attn_out", dict(at=at("attn_out"), set="zero"), [(part["attn_out"], "out", torch.zeros_like)])
    edit("scale_mlp_out", dict(at=at("mlp_out"), scale=0.5), [(part["mlp_out"], "out", lambda value: 0.5 * value)])
    edit(
        "patch_resid",
        {"at": at("resid_pre", pos=3), "from": "@other"},
        [(part["block"], "in", at_position(3, tensors[f"other.resid_pre.{LAYER}"][0, 3]))],
    )
    if part["qkv"]:
        for letter, module in zip("qkv", part["qkv"]):
            flat = tensors[f"other.{letter}.{LAYER}"].flatten(-2)
            edit(f"patch_{letter}", {"at": at(letter), "from": "@other"}, [(module, "out", lambda value, flat=flat: flat)])
    elif part["packed"] is not None:
        for letter in "qkv":
            chosen = {
                name: tensors[f"{'other' if name == letter else 'cache'}.{name}.{LAYER}"] for name in "qkv"
            }
            original = {name: tensors[f"cache.{name}.{LAYER}"] for name in "qkv"}

            def function(value, letter=letter, chosen=chosen, original=original):
                # Earlier blocks are untouched, so the cached parts are what this run computes.
                rebuilt = pack(original, heads, names)
                assert torch.allclose(rebuilt, value, atol=1e-5)
                return pack(chosen, heads, names)

            edit(f"patch_{letter}", {"at": at(letter), "from": "@other"}, [(part["packed"], "out", function)])
    description = dict(
        inputs=dict(input_ids=ids.tolist()),
        other=dict(input_ids=other.tolist()),
        sites=sorted({name.split(".")[1] for name in tensors if name.startswith("cache.") and name.count(".") == 2}),
        edits=edits,
    )
    return {name: tensor.contiguous() for name, tensor in tensors.items()}, description


def kv_heads(config):
    return getattr(config, "num_key_value_heads", None) or config.num_attention_heads


def unpack(packed, heads, kv, head_dim, names):
    """q, k, v of shape [batch, pos, head, head_dim] out of one projection."""
    if names.get("interleaved"):
        split = packed.reshape(*packed.shape[:-1], heads, 3, head_dim)
        return split[..., 0, :], split[..., 1, :], split[..., 2, :]
    sizes = [heads * head_dim, kv * head_dim, kv * head_dim]
    return [piece.reshape(*piece.shape[:-1], -1, head_dim) for piece in packed.split(sizes, dim=-1)]


def pack(values, heads, names):
    if names.get("interleaved"):
        return torch.stack([values["q"], values["k"], values["v"]], dim=-2).flatten(-3)
    return torch.cat([values[name].flatten(-2) for name in "qkv"], dim=-1)
