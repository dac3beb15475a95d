"""QWen v1 and MQwen in plain PyTorch, written from a description of what they compute; the reference of the tests.

No class, no cache object, no fast path: a model is a dictionary of tensors with the checkpoint's names, and every
function takes it whole. Attention is always the eager one, so probabilities and head_mask mean the same everywhere.

B batch, S query positions, T key positions (past + S), D hidden_size, H heads, d head_dim.
"""

import math

import torch
from torch.nn import functional


def rms_norm(x, weight, eps):
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + eps)).type_as(x) * weight


def ntk_alpha(length, seq_length):
    return max(2 ** math.ceil(math.log2(length / seq_length) + 1) - 1, 1)


def ntk_alphas(config, batch, length, mask):
    """One factor for all rows, or one each where a mask says how long they really are. Computed at prefill."""
    if not config["use_dynamic_ntk"]:
        return [1]
    if mask is not None and length > config["seq_length"]:
        return [ntk_alpha(int(mask[b].sum()), config["seq_length"]) for b in range(batch)]
    return [ntk_alpha(length, config["seq_length"])]


def angles(config, alpha, positions):
    """cos and sin, [positions, d], in float32."""
    d = config["kv_channels"]
    base = config["rotary_emb_base"] * alpha ** (d / (d - 2))
    inv_freq = 1.0 / (base ** (torch.arange(0, d, 2).float() / d))
    turn = torch.outer(positions.float(), inv_freq)
    turn = torch.cat((turn, turn), -1)
    return turn.cos(), turn.sin()


def rotate(x, cos, sin):
    """x [B, S, H, d]; cos and sin [B or 1, S, d]. In float32, halves paired."""
    wide = x.float()
    left, right = wide.chunk(2, -1)
    cos, sin = cos[:, :, None], sin[:, :, None]
    return (wide * cos + torch.cat((-right, left), -1) * sin).type_as(x)


def block(weights, config, i, h, past, cos, sin, mask, head_mask):
    """One layer. h [B, S, D]; past (key, value), each [B, past, H, d], or None."""
    w = lambda name: weights[f"transformer.h.{i}.{name}"]
    batch, length, width = h.shape
    heads, d = config["num_attention_heads"], config["kv_channels"]
    x = rms_norm(h, w("ln_1.weight"), config["layer_norm_epsilon"])
    q, k, v = functional.linear(x, w("attn.c_attn.weight"), w("attn.c_attn.bias")).split(width, -1)
    q, k, v = (t.view(batch, length, heads, d) for t in (q, k, v))
    q, k = rotate(q, cos, sin), rotate(k, cos, sin)
    if past is not None:
        k, v = torch.cat((past[0], k), 1), torch.cat((past[1], v), 1)
    keys = k.shape[1]
    seq_length = config["seq_length"]
    if config["use_logn_attn"] and keys > seq_length:
        factors = [math.log(p + 1, seq_length) if p + 1 > seq_length else 1 for p in range(keys - length, keys)]
        q = q * torch.tensor(factors).view(1, -1, 1, 1).type_as(q)
    scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1) / torch.full([], d**0.5, dtype=q.dtype)
    lowest = torch.full([], torch.finfo(scores.dtype).min, dtype=scores.dtype)
    # The original is causal only where S = T; a longer piece after a past is masked here as it should be.
    seen = torch.ones(length, keys, dtype=torch.bool).tril(keys - length)
    scores = torch.where(seen, scores, lowest)
    if mask is not None:
        scores = scores + (1.0 - mask[:, None, None, :].to(scores.dtype)) * lowest
    if config["softmax_in_fp32"]:
        probs = functional.softmax(scores.float(), -1)
    else:
        probs = functional.softmax(scores, -1)
    probs = probs.type_as(q)
    if head_mask is not None:
        probs = probs * head_mask[i].view(1, -1, 1, 1)
    mixed = (probs @ v.transpose(1, 2)).transpose(1, 2).reshape(batch, length, width)
    h = h + functional.linear(mixed, w("attn.c_proj.weight"))
    x = rms_norm(h, w("ln_2.weight"), config["layer_norm_epsilon"])
    gated = functional.linear(x, w("mlp.w1.weight")) * functional.silu(functional.linear(x, w("mlp.w2.weight")))
    return h + functional.linear(gated, w("mlp.c_proj.weight")), (k, v), probs


def splice(weights, config, input_ids, images):
    """Embeddings with each row's placeholder replaced by its image's features, [B, S − 1 + N, D]."""
    rows = []
    for ids, features in zip(input_ids, images):
        at = (ids == config["replace_token_id"]).nonzero().flatten()
        assert len(at) == 1, f"a row must have one placeholder: it has {len(at)}"
        before, after = ids[: at[0]], ids[at[0] + 1 :]
        wte = weights["transformer.wte.weight"]
        rows.append(torch.cat((wte[before], features.type_as(wte), wte[after])))
    return torch.stack(rows)


@torch.no_grad()
def forward(weights, config, input_ids=None, images=None, past=None, mask=None, head_mask=None, embeds=None, labels=None):
    """One pass. past is what an earlier pass returned; its NTK factors are kept.

    Returns logits, loss, past (list of (key, value) [B, T, H, d] and the factors), hidden_states (L + 1), attentions (L).
    """
    if embeds is None:
        use_images = images is not None and past is None
        embeds = splice(weights, config, input_ids, images) if use_images else weights["transformer.wte.weight"][input_ids]
    h = embeds
    batch, length, _ = h.shape
    layers = config["num_hidden_layers"]
    start = 0 if past is None else past["layers"][0][0].shape[1]
    alphas = ntk_alphas(config, batch, length, mask) if past is None else past["alphas"]
    positions = torch.arange(start, start + length)
    cos, sin = (torch.stack(t) for t in zip(*(angles(config, alpha, positions) for alpha in alphas)))
    if head_mask is not None and head_mask.dim() == 1:
        head_mask = head_mask.expand(layers, -1)
    hidden, attentions, cache = [], [], []
    for i in range(layers):
        hidden.append(h)
        h, kv, probs = block(weights, config, i, h, past and past["layers"][i], cos, sin, mask, head_mask)
        cache.append(kv)
        attentions.append(probs)
    h = rms_norm(h, weights["transformer.ln_f.weight"], config["layer_norm_epsilon"])
    hidden.append(h)
    logits = functional.linear(h, weights["lm_head.weight"])
    loss = None
    if labels is not None:
        loss = functional.cross_entropy(logits[:, :-1].reshape(-1, logits.shape[-1]), labels[:, 1:].reshape(-1))
    return {
        "logits": logits,
        "loss": loss,
        "past": {"layers": cache, "alphas": alphas},
        "hidden_states": hidden,
        "attentions": attentions,
    }


def greedy(weights, config, input_ids, steps, images=None, mask=None):
    """input_ids and the most likely continuation, `steps` tokens, with the past kept. Also the smallest margin met."""
    ids, out, margin = input_ids, None, math.inf
    for _ in range(steps):
        step = ids if out is None else ids[:, -1:]
        out = forward(weights, config, step, images=images, past=out and out["past"], mask=mask)
        last = out["logits"][:, -1].float()
        top = last.topk(2, -1).values
        margin = min(margin, float((top[:, 0] - top[:, 1]).min()))
        ids = torch.cat((ids, last.argmax(-1, keepdim=True)), 1)
        if mask is not None:
            mask = torch.cat((mask, torch.ones(len(ids), 1, dtype=mask.dtype)), 1)
    return ids, margin


def expand_mask(config, input_ids, mask, count):
    """A tokenizer's mask to the length the model sees: the placeholder's entry becomes `count` ones."""
    rows = []
    for ids, row in zip(input_ids, mask):
        at = int((ids == config["replace_token_id"]).nonzero())
        rows.append(torch.cat((row[:at], torch.ones(count, dtype=row.dtype), row[at + 1 :])))
    return torch.stack(rows)


def project(projector, features):
    """Linear, exact GELU, linear: patch features [B, N, width] to the language model's [B, N, D]."""
    x = functional.gelu(functional.linear(features, projector["0.weight"], projector["0.bias"]))
    return functional.linear(x, projector["2.weight"], projector["2.bias"])


def merge_lora(weights, adapter, scale):
    """W + scale · B A for every adapted layer."""
    merged = dict(weights)
    for name, a in adapter.items():
        if name.endswith("lora_A.weight"):
            target = name.removeprefix("base_model.model.").replace(".lora_A.weight", ".weight")
            merged[target] = weights[target] + scale * (adapter[name.replace("lora_A", "lora_B")] @ a)
    return merged
