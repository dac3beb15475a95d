"""Runs of `generate`: options and ids in `generate`, scores of sampling runs as tensors."""

import copy

import torch

from fixture_runs import reset_rope

NEW = 20


def refuse(reason):
    print("  another seed:", reason[:80])
    return False


@torch.no_grad()
def call(model, inputs, options):
    reset_rope(model)
    return model.generate(**inputs, **options, return_dict_in_generate=True)


def run(fixture):
    """Adds all runs; False if the ids are not firm enough for this seed."""
    model = fixture.model
    shaken = shake(model, fixture.generator)
    seq2seq = model.config.is_encoder_decoder
    prompt = dict(input_ids=fixture.ids(1, 7))
    padded_ids, mask = fixture.batch("right" if seq2seq else "left")
    padded = dict(input_ids=padded_ids, attention_mask=mask)

    greedy = call(model, prompt, dict(max_new_tokens=NEW, do_sample=False)).sequences[0].tolist()
    start = 1 if seq2seq else 7
    new = greedy[start:]
    if len(new) < NEW or len(set(new)) < 5:
        return refuse(f"greedy text is dull: {new}")
    bos = getattr(model.config, "forced_bos_token_id", None)
    first = next((i for i, token in enumerate(new) if token != bos), 0)
    eos = next(token for i, token in enumerate(new) if i >= 5 and token not in new[:i] or i == NEW - 1)

    runs = [
        ("greedy", prompt, {}),
        ("greedy_padded", padded, {}),
        ("uncached", prompt, dict(use_cache=False)),
        ("eos", padded, dict(eos_token_id=[eos, 5], pad_token_id=3)),
        ("max_length", prompt, dict(max_length=start + 6, max_new_tokens=None)),
        ("repetition_penalty", padded, dict(repetition_penalty=1.7)),
        ("no_repeat_ngram_size", padded, dict(no_repeat_ngram_size=2)),
        ("bad_words_ids", prompt, dict(bad_words_ids=[[new[first]], [new[first + 1], new[first + 2]]])),
        ("min_new_tokens", prompt, dict(eos_token_id=eos, min_new_tokens=NEW - 4)),
        ("min_length", prompt, dict(eos_token_id=eos, min_length=start + NEW - 6)),
        ("suppress_tokens", prompt, dict(suppress_tokens=[new[first], new[first + 3]])),
        ("begin_suppress_tokens", prompt, dict(begin_suppress_tokens=[new[0]])),
        ("forced_eos_token_id", prompt, dict(forced_eos_token_id=eos, max_new_tokens=8)),
        ("sequence_bias", prompt, dict(sequence_bias=[[[new[first]], -4.0], [[9], 3.0], [[10, 11], 5.0]])),
        ("exponential_decay", prompt, dict(eos_token_id=eos, exponential_decay_length_penalty=[4, 1.3])),
        ("beam", padded, dict(num_beams=3, num_return_sequences=2, length_penalty=0.5, eos_token_id=eos)),
        ("beam_long", prompt, dict(num_beams=4, num_return_sequences=3, length_penalty=2.0, eos_token_id=[eos, new[-1]])),
        ("beam_early", padded, dict(num_beams=3, early_stopping=True, eos_token_id=[eos, new[-2]], length_penalty=0.0)),
        ("beam_never", prompt, dict(num_beams=2, early_stopping="never", eos_token_id=[eos, new[3]], length_penalty=-1.0)),
        ("beam_ngram", padded, dict(num_beams=3, no_repeat_ngram_size=2, repetition_penalty=1.3, eos_token_id=eos)),
    ]
    if seq2seq:
        runs += [
            ("forced_bos_token_id", padded, dict(forced_bos_token_id=7)),
            ("encoder_repetition_penalty", prompt, dict(encoder_repetition_penalty=1.5)),
            ("encoder_no_repeat_ngram_size", prompt, dict(encoder_no_repeat_ngram_size=1)),
            ("decoder_start_token_id", prompt, dict(decoder_start_token_id=8)),
        ]
    entries, tensors = [], {}
    for name, inputs, changes in runs:
        options = dict(max_new_tokens=NEW, do_sample=False) | changes
        options = {key: value for key, value in options.items() if value is not None}
        beams = options.get("num_beams", 1) > 1
        out = call(model, inputs, options | (dict(output_scores=True) if beams else {}))
        check = call(shaken, inputs, options)
        if out.sequences.tolist() != check.sequences.tolist():
            return refuse(f"{name} is a near tie")
        entry = dict(name=name, inputs=listed(inputs), options=options, sequences=out.sequences.tolist())
        if beams:
            entry["sequences_scores"] = out.sequences_scores.tolist()
        entries.append(entry)

    sampling = [
        ("temperature", dict(temperature=0.7, top_k=0)),
        ("top_k", dict(top_k=5)),
        ("top_p", dict(top_k=0, top_p=0.8)),
        ("min_p", dict(top_k=0, min_p=0.1)),
        ("typical_p", dict(top_k=0, typical_p=0.6)),
        ("epsilon_cutoff", dict(top_k=0, epsilon_cutoff=0.02)),
        ("eta_cutoff", dict(top_k=0, eta_cutoff=0.05)),
        ("defaults", dict()),
        ("combined", dict(temperature=1.4, top_k=12, top_p=0.9, repetition_penalty=1.2, renormalize_logits=True)),
    ]
    for name, changes in sampling:
        options = dict(max_new_tokens=1, do_sample=True) | changes
        torch.manual_seed(0)
        out = call(model, padded, options | dict(output_scores=True, output_logits=True))
        tensors[f"generate.{name}.scores"] = out.scores[0]
        tensors.setdefault("generate.logits", out.logits[0])
        entries.append(dict(name=f"sample_{name}", inputs=listed(padded), options=options, scores=f"generate.{name}.scores"))

    steps(model, prompt, entries, tensors)
    fixture.generate = entries
    fixture.tensors.update(tensors)
    return True


@torch.no_grad()
def shake(model, generator):
    """A copy with weights off by about 2e-5 of themselves, far more than another order of summation makes."""
    copied = copy.deepcopy(model)
    for parameter in copied.parameters():
        parameter.mul_(1 + 2e-5 * torch.randn(parameter.shape, generator=generator))
    return copied


def steps(model, prompt, entries, tensors):
    """What generate returns per step: shapes of everything, values of the last step."""
    options = dict(max_new_tokens=3, do_sample=False)
    out = call(
        model,
        prompt,
        options | dict(output_scores=True, output_logits=True, output_attentions=True, output_hidden_states=True),
    )
    shapes = {}
    for key, value in out.items():
        if key in ("past_key_values", "sequences"):
            continue
        shapes[key] = nested_shapes(value)
    for key in ("logits", "scores", "attentions", "hidden_states", "decoder_attentions", "cross_attentions"):
        if key not in out or out[key] is None:
            continue
        last = out[key][-1]
        for index, tensor in enumerate(last if isinstance(last, tuple) else [last]):
            tensors[f"generate.steps.{key}.{index}"] = tensor
    entries.append(
        dict(name="steps", inputs=listed(prompt), options=options, sequences=out.sequences.tolist(), shapes=shapes)
    )


def nested_shapes(value):
    if isinstance(value, (tuple, list)):
        return [nested_shapes(item) for item in value]
    return list(value.shape)


def listed(inputs):
    return {key: value.tolist() for key, value in inputs.items()}
