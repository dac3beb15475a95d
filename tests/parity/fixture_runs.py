"""Forward passes of one tiny model: inputs in `runs`, tensors under `<run>.<output>[.<index>]`."""

import torch

LENGTH = 11
PADDED = 3  # columns of padding in the shorter row


def reset_rope(model):
    """Dynamic rotary embeddings remember the longest sequence seen; every run starts afresh."""
    for module in model.modules():
        if hasattr(module, "original_inv_freq") and hasattr(module, "original_max_seq_len"):
            module.inv_freq = module.original_inv_freq.to(module.inv_freq.dtype).clone()
            module.max_seq_len_cached = module.original_max_seq_len


class Fixture:
    """Collects what one checkpoint is expected to give."""

    def __init__(self, model, seed):
        self.model = model
        self.seed = seed
        self.config = model.config
        self.generator = torch.Generator().manual_seed(seed + 1)
        self.runs = []
        self.generate = []
        self.tensors = {}

    def ids(self, *shape):
        """Random ids without the special ones (0, 1, 2)."""
        text = getattr(self.config, "text_config", self.config)
        top = text.vocab_size - (1 if "clip" in text.model_type else 0)
        return torch.randint(3, top, shape, generator=self.generator)

    @torch.no_grad()
    def run(self, name, keep=None, note=None, **inputs):
        """Runs forward with everything switched on and records the outputs named in `keep` (all without it)."""
        reset_rope(self.model)
        out = self.model(**inputs)
        shapes = {}
        entry = dict(name=name, inputs={}, outputs=[], past=None)
        if note:
            entry["note"] = note
        for key, value in inputs.items():
            if torch.is_tensor(value) and value.is_floating_point():
                entry.setdefault("tensor_inputs", []).append(key)
                self.tensors[f"{name}.input.{key}"] = value
            else:
                entry["inputs"][key] = value.tolist() if torch.is_tensor(value) else value
        for key, value in out.items():
            if key == "past_key_values":
                entry["past"] = past_shapes(value)
                continue
            if (keep is not None and key not in keep) or (isinstance(value, tuple) and not value):
                continue
            if key in ("text_model_output", "vision_model_output"):
                for part in ("last_hidden_state", "pooler_output"):
                    self.record(entry, shapes, f"{key}.{part}", value[part])
                continue
            self.record(entry, shapes, key, value)
        entry["shapes"] = shapes
        self.runs.append(entry)
        return out

    def record(self, entry, shapes, key, value):
        if isinstance(value, (tuple, list)):
            entry["outputs"].append(key)
            shapes[key] = [list(item.shape) for item in value]
            for index, item in enumerate(value):
                self.tensors[f"{entry['name']}.{key}.{index}"] = item
        elif torch.is_tensor(value):
            entry["outputs"].append(key)
            shapes[key] = list(value.shape)
            self.tensors[f"{entry['name']}.{key}"] = value

    def forward(self):
        """The forward passes of the model's kind."""
        kind = self.config.model_type
        if kind == "clip":
            self.clip()
        elif kind in ("vit", "clip_vision_model"):
            self.vision()
        elif kind == "clip_text_model":
            self.clip_text()
        elif self.config.is_encoder_decoder:
            self.encoder_decoder()
        elif self.model.can_generate():
            self.decoder()
        else:
            self.encoder()

    def batch(self, side):
        """Two rows of LENGTH, the first with PADDED columns of padding on one side."""
        ids = self.ids(2, LENGTH)
        mask = torch.ones_like(ids)
        columns = slice(0, PADDED) if side == "left" else slice(LENGTH - PADDED, LENGTH)
        ids[0, columns] = self.config.pad_token_id or 0
        mask[0, columns] = 0
        return ids, mask

    def mask_4d(self, length):
        """An additive mask [1, 1, S, S] that is causal and hides a third of the rest: no 2-D mask could say it."""
        keep = torch.rand(1, 1, length, length, generator=self.generator) > 0.33
        keep = keep.tril() | torch.eye(length, dtype=torch.bool)
        return torch.zeros(1, 1, length, length).masked_fill(~keep, torch.finfo(torch.float32).min)

    def decoder(self):
        everything = dict(output_attentions=True, output_hidden_states=True)
        ids = self.ids(2, LENGTH)
        labels = ids.clone()
        labels[0, :4] = -100
        labels[1, 7] = -100
        self.run("plain", input_ids=ids, labels=labels, use_cache=True, **everything)
        for side in ("left", "right"):
            padded, mask = self.batch(side)
            self.run(side, input_ids=padded, attention_mask=mask, **everything)
        padded, mask = self.batch("left")
        position_ids = (mask.cumsum(-1) - 1).clamp(min=0)
        self.run("positions", ["logits"], input_ids=padded, attention_mask=mask, position_ids=position_ids)
        embeds = 0.6 * torch.randn(1, 5, self.model.get_input_embeddings().weight.shape[1], generator=self.generator)
        self.run("embeds", ["logits"], inputs_embeds=embeds)
        # OPT counts positions in the mask, which it cannot in this one.
        positions = dict(position_ids=torch.arange(LENGTH)[None]) if self.config.model_type == "opt" else {}
        if not getattr(self.config, "alibi", False):  # whose distances Python counts in the mask too
            self.run("mask_4d", ["logits"], input_ids=ids[:1], attention_mask=self.mask_4d(LENGTH), **positions)
        self.run("last_logits", ["logits"], input_ids=ids, logits_to_keep=2)
        self.cached(ids)

    @torch.no_grad()
    def cached(self, ids):
        """A first part with a cache, then three more tokens: `cached.logits` are those of the second call."""
        reset_rope(self.model)
        first = self.model(input_ids=ids[:, :-3], use_cache=True)
        before = past_shapes(first.past_key_values)
        second = self.model(
            input_ids=ids[:, -3:],
            past_key_values=first.past_key_values,
            use_cache=True,
            output_attentions=True,
            output_hidden_states=True,
        )
        entry = dict(
            name="cached",
            inputs=dict(input_ids=ids.tolist()),
            split=LENGTH - 3,
            outputs=[],
            past_before=before,
            past=past_shapes(second.past_key_values),
        )
        shapes = {}
        for key in ("logits", "attentions", "hidden_states"):
            self.record(entry, shapes, key, second[key])
        entry["shapes"] = shapes
        self.runs.append(entry)

    def encoder(self):
        everything = dict(output_attentions=True, output_hidden_states=True)
        ids = self.ids(2, LENGTH)
        labels = {}
        name = type(self.model).__name__
        if name.endswith("ForMaskedLM"):
            target = ids.clone()
            target[:, ::2] = -100
            labels = dict(labels=target)
        elif name.endswith("ForSequenceClassification"):
            labels = dict(labels=torch.tensor([2, 0]))
        self.run("plain", input_ids=ids, **labels, **everything)
        for side in ("left", "right"):
            padded, mask = self.batch(side)
            types = {}
            if getattr(self.config, "type_vocab_size", 0) > 1 and side == "right":
                types = dict(token_type_ids=torch.tensor([[0] * 5 + [1] * (LENGTH - 5)] * 2))
            self.run(side, input_ids=padded, attention_mask=mask, **types, **everything)
        output = "logits" if "For" in name else "last_hidden_state"
        embeds = 0.6 * torch.randn(2, 5, self.model.get_input_embeddings().weight.shape[1], generator=self.generator)
        mask = torch.tensor([[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]])
        self.run("embeds", [output], inputs_embeds=embeds, attention_mask=mask)

    def encoder_decoder(self):
        everything = dict(output_attentions=True, output_hidden_states=True)
        ids = self.ids(2, LENGTH)
        labels = self.ids(2, 6)
        labels[0, -2:] = -100
        self.run("plain", input_ids=ids, labels=labels, use_cache=True, **everything)
        padded, mask = self.batch("right")
        decoder_ids = self.ids(2, 5)
        self.run("right", input_ids=padded, attention_mask=mask, decoder_input_ids=decoder_ids, **everything)
        decoder_ids = decoder_ids.clone()
        decoder_mask = torch.ones_like(decoder_ids)
        decoder_ids[1, :2] = self.config.pad_token_id
        decoder_mask[1, :2] = 0
        self.run(
            "decoder_mask",
            input_ids=padded,
            attention_mask=mask,
            decoder_input_ids=decoder_ids,
            decoder_attention_mask=decoder_mask,
            **everything,
        )

    def pixels(self, batch):
        config = getattr(self.config, "vision_config", self.config)
        return torch.randn(batch, config.num_channels, config.image_size, config.image_size, generator=self.generator)

    def vision(self):
        labels = dict(labels=torch.tensor([1, 4])) if type(self.model).__name__.endswith("Classification") else {}
        self.run("plain", pixel_values=self.pixels(2), **labels, output_attentions=True, output_hidden_states=True)

    def clip_ids(self, batch):
        """Prompts end with the end-of-text id, one of them early, padded with further ones as CLIP's tokenizer does."""
        text = getattr(self.config, "text_config", self.config)
        ids = self.ids(batch, LENGTH)
        mask = torch.ones_like(ids)
        # With eos_token_id 2 the pooled position is the largest id's, as in the first CLIP checkpoints.
        end = text.vocab_size - 1 if text.eos_token_id == 2 else text.eos_token_id
        ids[:, -1] = end
        ids[0, -4:] = end
        mask[0, -3:] = 0
        return ids, mask

    def clip_text(self):
        everything = dict(output_attentions=True, output_hidden_states=True)
        ids, mask = self.clip_ids(2)
        self.run("plain", input_ids=ids, **everything)
        self.run("right", input_ids=ids, attention_mask=mask, **everything)

    def clip(self):
        ids, mask = self.clip_ids(3)
        self.run("plain", input_ids=ids, attention_mask=mask, pixel_values=self.pixels(2))
        self.run("loss", ["loss", "logits_per_text"], input_ids=ids[:2], pixel_values=self.pixels(2), return_loss=True)


def past_shapes(cache):
    """Per layer the shapes of keys and values; for encoder-decoders of the self- and the cross-attention."""
    parts = dict(self_attention=cache)
    if hasattr(cache, "self_attention_cache"):
        parts = dict(self_attention=cache.self_attention_cache, cross_attention=cache.cross_attention_cache)
    return {
        name: [[list(layer.keys.shape), list(layer.values.shape)] for layer in part.layers] for name, part in parts.items()
    }
