"""Writes fixtures/table.json: what Python transformers generates from models whose logits come from small tables.

    python tests/unit/kernel/generation/make_table_fixtures.py

Needs torch and transformers as pinned in the fixture's "made_with". table-model.ts is the same model in TypeScript.

The logits of a position are T[token] + P[position id % 8] + G[(sum of E over attended tokens so far) % 16]. Every entry is a
multiple of 2^-12, so float32 sums are exact and both sides start from the same numbers. The sum comes from the cache, so
a cache that is cropped or reordered wrongly changes the result.

A seed is torch.manual_seed's: random.ts draws as torch.multinomial does on the CPU, so that sampled ids can be compared.
"""

import base64
import itertools
import json
import logging as pylogging
import pathlib
import warnings

import numpy as np
import torch
import transformers
from transformers import DynamicCache, GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.cache_utils import EncoderDecoderCache
from transformers.modeling_outputs import BaseModelOutput, CausalLMOutputWithPast, Seq2SeqLMOutput
from transformers.utils import logging

V = 24
rng = np.random.RandomState(7)


def table(*shape, scale=4.0):
    return torch.tensor(np.round(rng.uniform(-scale, scale, shape) * 4096) / 4096, dtype=torch.float32)


T, P, G = table(V, V), table(8, V, scale=2.0), table(16, V, scale=2.0)
# A smaller model of the same language, for assisted decoding: mostly the same table.
A = T + table(V, V, scale=0.75)
E = torch.tensor(rng.randint(0, 7, V), dtype=torch.float32)


class TableConfig(PretrainedConfig):
    model_type = "loupe-table"

    def __init__(self, **kwargs):
        self.vocab_size = V
        self.num_hidden_layers = 1
        self.max_position_embeddings = 64
        super().__init__(**kwargs)


class TableModel(PreTrainedModel, GenerationMixin):
    config_class = TableConfig
    main_input_name = "input_ids"

    def __init__(self, config, tokens=T):
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.tokens = tokens
        self.seen = []
        self.post_init()

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        position_ids=None,
        past_key_values=None,
        inputs_embeds=None,
        use_cache=None,
        output_attentions=None,
        output_hidden_states=None,
        logits_to_keep=0,
        bias=None,
        return_dict=None,
    ):
        ids = input_ids if input_ids is not None else inputs_embeds[..., 0].long()
        self.seen.append(list(ids.shape))
        batch, length = ids.shape
        keys = E[ids][:, None, :, None]
        past = 0
        if use_cache is not False:
            past_key_values = DynamicCache() if past_key_values is None else past_key_values
            past = past_key_values.get_seq_length()
            keys, _ = past_key_values.update(keys, keys, 0)
        total = keys.shape[2]
        mask = torch.ones(batch, total) if attention_mask is None else attention_mask[:, -total:].float()
        causal = torch.ones(total, total).tril()[-length:][None] * mask[:, None]
        state = (causal * keys[:, 0, :, 0][:, None]).sum(-1).long() % 16
        if position_ids is None:
            position_ids = torch.arange(past, past + length)[None]
        logits = self.tokens[ids] + P[position_ids % 8] + G[state]
        if bias is not None:
            logits = logits + bias[:, None]
        kept = logits if not logits_to_keep else logits[:, -logits_to_keep:]
        attention = causal / causal.sum(-1, keepdim=True).clamp(min=1)
        hidden = torch.stack([ids.float(), state.float()], -1)
        return CausalLMOutputWithPast(
            logits=kept,
            past_key_values=past_key_values if use_cache is not False else None,
            attentions=(attention[:, None],) if output_attentions else None,
            hidden_states=(hidden, hidden + 1) if output_hidden_states else None,
        )


class TableEncoder(torch.nn.Module):
    main_input_name = "input_ids"

    def forward(
        self, input_ids=None, attention_mask=None, output_attentions=None, output_hidden_states=None, return_dict=None
    ):
        hidden = E[input_ids][..., None] * (1 if attention_mask is None else attention_mask[..., None])
        length = input_ids.shape[1]
        return BaseModelOutput(
            last_hidden_state=hidden,
            attentions=(torch.full((input_ids.shape[0], 1, length, length), 1 / length),) if output_attentions else None,
            hidden_states=(hidden, hidden) if output_hidden_states else None,
        )


class TableEncoderDecoder(PreTrainedModel, GenerationMixin):
    config_class = TableConfig
    main_input_name = "input_ids"

    def __init__(self, config):
        super().__init__(config)
        self.anchor = torch.nn.Parameter(torch.zeros(1))
        self.encoder = TableEncoder()
        self.post_init()

    def get_encoder(self, modality=None):
        return self.encoder

    def forward(
        self,
        input_ids=None,
        attention_mask=None,
        decoder_input_ids=None,
        decoder_attention_mask=None,
        encoder_outputs=None,
        past_key_values=None,
        use_cache=None,
        output_attentions=None,
        output_hidden_states=None,
        return_dict=None,
    ):
        ids = decoder_input_ids
        batch, length = ids.shape
        keys = E[ids][:, None, :, None]
        past = 0
        if use_cache is not False:
            past = past_key_values.get_seq_length()
            keys, _ = past_key_values.self_attention_cache.update(keys, keys, 0)
        total = keys.shape[2]
        causal = torch.ones(total, total).tril()[-length:][None].expand(batch, -1, -1)
        state = (causal * keys[:, 0, :, 0][:, None]).sum(-1)
        encoded = encoder_outputs.last_hidden_state[..., 0].sum(-1, keepdim=True)
        state = (state + encoded).long() % 16
        logits = T[ids] + P[(torch.arange(past, past + length) % 8)][None] + G[state]
        hidden = torch.stack([ids.float(), state.float()], -1)
        width = encoder_outputs.last_hidden_state.shape[1]
        return Seq2SeqLMOutput(
            logits=logits,
            past_key_values=past_key_values if use_cache is not False else None,
            decoder_attentions=(causal[:, None],) if output_attentions else None,
            cross_attentions=(torch.full((batch, 1, length, width), 1 / width),) if output_attentions else None,
            decoder_hidden_states=(hidden, hidden) if output_hidden_states else None,
        )


class Collect(pylogging.Handler):
    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def decoder(tokens=T, **generation):
    model = TableModel(TableConfig(), tokens).eval()
    model.generation_config = GenerationConfig(**generation)
    return model


def encoder_decoder(**generation):
    model = TableEncoderDecoder(TableConfig(is_encoder_decoder=True)).eval()
    model.generation_config = GenerationConfig(**generation)
    return model


def packed(tensor):
    return base64.b64encode(tensor.contiguous().to(torch.float32).numpy().tobytes()).decode()


def run(case):
    """Runs one case and returns what came of it: ids, and with return_dict_in_generate the rest; or the error."""
    pylogging.Logger.warning_once.cache_clear()
    options = dict(case["options"])
    generation = case.get("generation_config", {})
    make = encoder_decoder if case.get("model") == "encoder-decoder" else decoder
    model = make(**generation)
    if case.get("assistant"):
        options["assistant_model"] = decoder(A, **case["assistant"])
    torch.manual_seed(options.pop("seed", 0))
    given = options.pop("config_argument", None)
    if given is not None:
        options["generation_config"] = GenerationConfig(**given)
    for key in ("input_ids", "attention_mask", "position_ids", "decoder_input_ids", "negative_prompt_ids", "negative_prompt_attention_mask"):
        if key in options:
            options[key] = torch.tensor(options[key])
    if "bias" in options:
        options["bias"] = torch.tensor(options["bias"])
    if options.pop("as_embeds", False):
        ids = options["input_ids"] if options.pop("keep_ids", False) else options.pop("input_ids")
        options["inputs_embeds"] = torch.stack([ids.float(), E[ids]], -1)
    if "prefix_allowed" in options:
        allowed = options.pop("prefix_allowed")
        options["prefix_allowed_tokens_fn"] = lambda b, sent: allowed[int(sent[-1]) % len(allowed)]
    if "sequence_bias" in options:
        options["sequence_bias"] = {tuple(k): v for k, v in options["sequence_bias"]}
    handler = Collect()
    logger = pylogging.getLogger("transformers")
    logger.addHandler(handler)
    propagate = logger.propagate
    logger.propagate = False
    result = {}
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out = model.generate(**options)
        # An assistant's own warnings are no part of what is compared.
        result["warnings"] = [] if case.get("assistant") else handler.messages + [str(w.message) for w in caught if w.category is UserWarning]
        if not result["warnings"]:
            del result["warnings"]
    except Exception as error:  # noqa: BLE001
        result["error"] = str(error)
        result["error_type"] = type(error).__name__
        return result
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate
    if isinstance(out, torch.Tensor):
        result["sequences"] = out.tolist()
        return result
    result["sequences"] = out.sequences.tolist()
    result["keys"] = list(out.keys())
    if case.get("shapes"):
        for key in ("attentions", "hidden_states", "decoder_attentions", "cross_attentions", "decoder_hidden_states"):
            if out.get(key) is not None:
                result[key] = [[list(t.shape) for t in step] for step in out[key]]
        for key in ("encoder_attentions", "encoder_hidden_states"):
            if out.get(key) is not None:
                result[key] = [list(t.shape) for t in out[key]]
        return result
    if case.get("transitions"):
        for name, normalize in (("transitions", False), ("normalized_transitions", True)):
            scores = model.compute_transition_scores(out.sequences, out.scores, out.get("beam_indices"), normalize)
            result[name] = packed(scores)
    for key in ("scores", "logits"):
        if out.get(key) is not None:
            result[key] = packed(torch.stack(out[key]))
    if out.get("sequences_scores") is not None:
        result["sequences_scores"] = out.sequences_scores.tolist()
    if out.get("beam_indices") is not None:
        result["beam_indices"] = out.beam_indices.tolist()
    return result


ONE = {"input_ids": [[5, 3, 9, 14]]}
TWO = {"input_ids": [[0, 0, 5, 3, 9], [4, 8, 1, 17, 2]], "attention_mask": [[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]}
ENDS = {"eos_token_id": 11, "pad_token_id": 0}
TWO_ENDS = {"eos_token_id": [11, 19], "pad_token_id": 0}
SCORES = {"return_dict_in_generate": True, "output_scores": True}

PROCESSORS = [
    {},
    {"repetition_penalty": 1.3},
    {"repetition_penalty": 0.8},
    {"encoder_repetition_penalty": 1.5},
    {"no_repeat_ngram_size": 1},
    {"no_repeat_ngram_size": 2},
    {"no_repeat_ngram_size": 3},
    {"encoder_no_repeat_ngram_size": 2},
    {"encoder_no_repeat_ngram_size": 1},
    {"bad_words_ids": [[7], [3, 9], [21, 2], [11]]},
    {"min_length": 9},
    {"min_new_tokens": 6},
    {"forced_bos_token_id": 4},
    {"forced_eos_token_id": 11},
    {"forced_eos_token_id": [11, 19]},
    {"remove_invalid_values": True, "suppress_tokens": [1, 2, 3]},
    {"exponential_decay_length_penalty": (2, 1.6)},
    {"exponential_decay_length_penalty": (3, 1.1)},
    {"suppress_tokens": [2, 6, 8, 20]},
    {"begin_suppress_tokens": [2, 6, 8, 14, 16, 20, 23]},
    {"sequence_bias": [[[4], 2.5], [[9, 14], -3.0], [[14, 5, 6], 4.0], [[20], -2.0]]},
    {"renormalize_logits": True, "repetition_penalty": 1.2},
    {"prefix_allowed": [[1, 4, 9, 11], [2, 8, 14], [3, 5, 7, 11, 19]]},
    {"guidance_scale": 1.7},
    {"guidance_scale": 1.5, "use_cache": False},
    {"watermarking_config": {"bias": 2.5, "greenlist_ratio": 0.4}},
    {"watermarking_config": {"context_width": 3, "hashing_key": 15485863}},
    {"repetition_penalty": 1.2, "no_repeat_ngram_size": 2, "min_new_tokens": 4, "bad_words_ids": [[7, 7], [20]],
     "suppress_tokens": [1], "sequence_bias": [[[12], 1.5]], "renormalize_logits": True},
]

WARPERS = [
    {"temperature": 0.7},
    {"temperature": 1.9},
    {"top_k": 5},
    {"top_k": 0},
    {"top_p": 0.8},
    {"top_p": 0.35, "temperature": 1.4},
    {"top_p": 0.0},
    {"min_p": 0.1},
    {"top_h": 0.5},
    {"top_h": 0.9, "temperature": 1.5},
    {"typical_p": 0.6},
    {"typical_p": 0.2, "top_k": 12},
    {"epsilon_cutoff": 0.03},
    {"eta_cutoff": 0.1},
    {"top_k": 10, "top_p": 0.9, "min_p": 0.02, "temperature": 1.2, "typical_p": 0.9, "repetition_penalty": 1.1},
    {"top_k": 8, "watermarking_config": {"bias": 1.5}, "renormalize_logits": True},
]


def cases():
    for i, options in enumerate(PROCESSORS):
        yield {"generation_config": TWO_ENDS if i % 2 else ENDS, "options": {**ONE, **options, "max_new_tokens": 10, **SCORES}}
        if "encoder_no_repeat_ngram_size" not in options or options["encoder_no_repeat_ngram_size"] != 1:
            if "guidance_scale" not in options:
                yield {"generation_config": ENDS, "options": {**TWO, **options, "max_new_tokens": 8}}
                # Two forced tokens tie, and torch.topk leaves open which comes first.
                if options.get("forced_eos_token_id") != [11, 19]:
                    yield {"generation_config": ENDS, "options": {**TWO, **options, "max_new_tokens": 7, "num_beams": 3}}
    for i, options in enumerate(WARPERS):
        yield {"generation_config": ENDS, "options": {**TWO, **options, "do_sample": True, "seed": i, "max_new_tokens": 6, **SCORES}}
        yield {"generation_config": ENDS, "options": {**ONE, **options, "do_sample": True, "seed": i + 99, "max_new_tokens": 9, "num_return_sequences": 3}}
        yield {"generation_config": TWO_ENDS, "options": {**ONE, **options, "do_sample": True, "seed": i, "max_new_tokens": 6, "num_beams": 3, "num_return_sequences": 2, **SCORES}}
    for beams, penalty, early, returned, prompt, ends in itertools.product(
        (2, 3, 5), (1.0, 0.0, -0.7, 2.0), (False, True, "never"), (1, 2), (ONE, TWO), (ENDS, TWO_ENDS, {})
    ):
        if ends == {} and (penalty != 1.0 or early is True):
            continue
        yield {"generation_config": ends, "options": {**prompt, "num_beams": beams, "length_penalty": penalty, "early_stopping": early,
               "num_return_sequences": returned, "max_new_tokens": 9}}
    for beams, options in ((3, {}), (4, {"length_penalty": 0.3}), (2, {"early_stopping": True}), (4, {"num_return_sequences": 4}),
                           (3, {"use_cache": False}), (3, {"renormalize_logits": True, "repetition_penalty": 1.4})):
        yield {"generation_config": ENDS, "options": {**TWO, "num_beams": beams, **options, "max_new_tokens": 8, **SCORES, "output_logits": True}, "transitions": True}
    yield {"generation_config": ENDS, "options": {**TWO, "top_k": 3, "do_sample": True, "max_new_tokens": 8, **SCORES}, "transitions": True}
    # Prompts, masks, lengths.
    for options in (
        {**ONE},
        {**ONE, "max_length": 12},
        {**ONE, "max_length": 12, "max_new_tokens": 3},
        {**ONE, "max_new_tokens": 5, "use_cache": False},
        {**TWO, "max_new_tokens": 5, "use_cache": False},
        {"input_ids": TWO["input_ids"], "max_new_tokens": 5},
        {"input_ids": TWO["input_ids"], "max_new_tokens": 5, "pad_token_id": 11},
        {"input_ids": [[5, 3, 9, 0], [4, 8, 1, 17]], "max_new_tokens": 4},
        {"input_ids": [[5, 3, 9, 1], [4, 8, 1, 17]], "attention_mask": [[1, 1, 1, 0], [1, 1, 1, 1]], "max_new_tokens": 4},
        {**ONE, "position_ids": [[3, 4, 5, 6]], "max_new_tokens": 5},
        {**ONE, "as_embeds": True, "max_new_tokens": 5},
        {**ONE, "as_embeds": True, "keep_ids": True, "max_new_tokens": 5},
        {**ONE, "as_embeds": True, "max_length": 10},
        {**ONE, "as_embeds": True, "max_new_tokens": 5, "repetition_penalty": 1.5},
        {**TWO, "as_embeds": True, "max_new_tokens": 5, "num_beams": 2},
        {**ONE, "bias": [[0.5] * 12 + [-0.5] * 12], "max_new_tokens": 5},
        {**TWO, "bias": [[0.5] * 12 + [-0.5] * 12, [0.25] * 6 + [-1.0] * 18], "max_new_tokens": 5, "num_beams": 2},
        {**ONE, "prefill_chunk_size": 3, "max_new_tokens": 5},
        {**TWO, "prefill_chunk_size": 2, "max_new_tokens": 5},
        {"bos_token_id": 6, "max_new_tokens": 5},
        {**ONE, "min_new_tokens": 3, "min_length": 4, "max_new_tokens": 5},
        {**ONE, "min_length": 30, "max_new_tokens": 5},
        {**ONE, "min_new_tokens": 9, "max_new_tokens": 5},
        {**ONE, "temperature": 0.5, "max_new_tokens": 5},
        {**ONE, "do_sample": False, "temperature": 0.5, "top_p": 0.4, "max_new_tokens": 5},
        {**ONE, "length_penalty": 0.5, "max_new_tokens": 5},
        {**ONE, "output_scores": True, "max_new_tokens": 5},
        {**ONE, "max_new_tokens": 5, "config_argument": {"repetition_penalty": 1.8}},
        {**ONE, "config_argument": {"max_new_tokens": 6, "repetition_penalty": 1.8, "suppress_tokens": [2]}},
        {**ONE, "max_length": 70, "max_new_tokens": None},
        {**ONE, "negative_prompt_ids": [[7, 12]], "guidance_scale": 2.0, "max_new_tokens": 6},
        {**ONE, "negative_prompt_ids": [[0, 12]], "negative_prompt_attention_mask": [[0, 1]], "guidance_scale": 2.0, "max_new_tokens": 6},
    ):
        yield {"generation_config": ENDS, "options": options}
    yield {"generation_config": {**ENDS, "max_length": 9}, "options": {**ONE}}
    yield {"generation_config": {**ENDS, "do_sample": True, "top_k": 4, "temperature": 0.8}, "options": {**ONE, "seed": 3, "max_new_tokens": 8}}
    yield {"generation_config": {**ENDS, "do_sample": True, "top_k": 4, "temperature": 0.8}, "options": {**ONE, "do_sample": False, "max_new_tokens": 8}}
    yield {"generation_config": {**ENDS, "repetition_penalty": 1.4, "chat_format": "x"}, "options": {**ONE, "config_argument": {"num_beams": 2, "max_new_tokens": 6}}}
    # Prompt lookup and assisted decoding: the same ids as without.
    for prompt in (ONE, {"input_ids": [[5, 3, 9, 14, 6, 5, 3, 9, 14, 6, 5, 3]]}, {"input_ids": [[2, 2, 2, 2, 2]]}):
        for options in ({"prompt_lookup_num_tokens": 3}, {"prompt_lookup_num_tokens": 10, "max_matching_ngram_size": 3},
                        {"prompt_lookup_num_tokens": 4, "repetition_penalty": 1.3}, {"prompt_lookup_num_tokens": 4, "no_repeat_ngram_size": 2},
                        {"prompt_lookup_num_tokens": 3, "min_new_tokens": 8}):
            yield {"generation_config": ENDS, "options": {**prompt, **options, "max_new_tokens": 12, **SCORES}}
        for assistant in ({"num_assistant_tokens": 4}, {"num_assistant_tokens": 5, "num_assistant_tokens_schedule": "heuristic"},
                          {"num_assistant_tokens": 6, "assistant_confidence_threshold": 0.7}, {}):
            for options in ({}, {"repetition_penalty": 1.3}, {"min_new_tokens": 6}):
                yield {"generation_config": ENDS, "assistant": {**ENDS, **assistant}, "options": {**prompt, **options, "max_new_tokens": 12, **SCORES}}
    # What each step leaves behind.
    extras = {"return_dict_in_generate": True, "output_attentions": True, "output_hidden_states": True, "output_logits": True, "output_scores": True}
    yield {"generation_config": ENDS, "shapes": True, "options": {**TWO, "max_new_tokens": 3, **extras}}
    yield {"generation_config": ENDS, "shapes": True, "options": {**TWO, "max_new_tokens": 3, "num_beams": 2, **extras}}
    yield {"generation_config": ENDS, "shapes": True, "options": {"input_ids": [[2, 2, 2, 2, 2]], "prompt_lookup_num_tokens": 3, "max_new_tokens": 6, **extras}}
    yield {"generation_config": ENDS, "options": {**TWO, "max_new_tokens": 3, "return_dict_in_generate": True}}
    yield {"generation_config": ENDS, "options": {**TWO, "max_new_tokens": 3, "num_beams": 2, "return_dict_in_generate": True}}
    # Encoder and decoder.
    start = {**ENDS, "decoder_start_token_id": 1}
    for options in ({}, {"num_beams": 3}, {"num_beams": 4, "num_return_sequences": 2}, {"forced_bos_token_id": 7}, {"decoder_input_ids": [[1, 6], [1, 3]]},
                    {"decoder_input_ids": [[6, 2], [3, 3]]}, {"encoder_repetition_penalty": 1.6}, {"encoder_no_repeat_ngram_size": 2, "repetition_penalty": 1.2},
                    {"use_cache": False}, {"forced_bos_token_id": 7, "begin_suppress_tokens": [2, 3]}, {"do_sample": True, "seed": 4, "num_return_sequences": 2}):
        yield {"model": "encoder-decoder", "generation_config": start, "options": {**TWO, **options, "max_new_tokens": 7, **SCORES}}
    yield {"model": "encoder-decoder", "generation_config": start, "shapes": True, "options": {**TWO, "max_new_tokens": 3, **extras}}
    yield {"model": "encoder-decoder", "generation_config": {**ENDS, "bos_token_id": 2}, "options": {**TWO, "max_new_tokens": 3}}
    yield {"model": "encoder-decoder", "generation_config": ENDS, "options": {**TWO, "max_new_tokens": 3}}
    # What cannot be.
    for options in (
        {"max_new_tokens": 0}, {"max_length": 4}, {"max_length": 3}, {"max_new_tokns": 5}, {"do_sample": True, "temperature": 0.0}, {"do_sample": True, "temperature": -1.0},
        {"do_sample": True, "top_k": -1}, {"do_sample": True, "top_p": -0.5}, {"do_sample": True, "min_p": 1.5}, {"do_sample": True, "typical_p": 0.0},
        {"do_sample": True, "top_h": 1.5}, {"num_return_sequences": 2}, {"num_beams": 2, "num_return_sequences": 3}, {"early_stopping": "maybe", "num_beams": 2},
        {"repetition_penalty": -1.0}, {"repetition_penalty": 0.0}, {"stop_strings": ["x"]}, {"bad_words_ids": []}, {"bad_words_ids": [[-1]]}, {"bad_words_ids": [3]},
        {"suppress_tokens": [11, 2], "forced_eos_token_id": 11}, {"penalty_alpha": 0.6, "top_k": 4}, {"num_beams": 4, "num_beam_groups": 2, "diversity_penalty": 0.5},
        {"dola_layers": "high"}, {"force_words_ids": [[3]], "num_beams": 2}, {"low_memory": True, "num_beams": 2}, {"cache_implementation": "nonsense"},
        {"sequence_bias": [[[99], 1.0]]}, {"guidance_scale": 2.0, "foo": 1}, {"prompt_lookup_num_tokens": 3, "use_cache": False},
        {"prefix_allowed": [[]]}, {"watermarking_config": {"seeding_scheme": "none"}}, {"assistant_ensemble_weight": 1.5},
    ):
        yield {"generation_config": ENDS, "options": {**ONE, "max_new_tokens": 4, **options} if "max_length" not in options else {**ONE, **options}}
    yield {"generation_config": ENDS, "options": {"max_new_tokens": 4}}
    yield {"generation_config": ENDS, "options": {**TWO, "prompt_lookup_num_tokens": 3, "max_new_tokens": 4}}


def main():
    logging.set_verbosity_warning()
    all_cases = []
    for case in cases():
        all_cases.append({**case, "expect": run(case)})
    fixture = {
        "made_with": {"torch": torch.__version__, "transformers": transformers.__version__},
        "tables": {"T": packed(T), "A": packed(A), "P": packed(P), "G": packed(G), "E": E.int().tolist()},
        "cases": all_cases,
    }
    path = pathlib.Path(__file__).with_name("fixtures") / "table.json"
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in all_cases)
    head = json.dumps({key: fixture[key] for key in ("made_with", "tables")}, separators=(",", ":"))
    path.write_text(head[:-1] + ',"cases":[\n' + lines + "\n]}\n")
    print(len(all_cases), "cases,", path.stat().st_size, "bytes,", sum("error" in c["expect"] for c in all_cases), "errors")


if __name__ == "__main__":
    main()
