"""Writes kernel/config/defaults.ts from the configuration classes of the pinned transformers, so that no default is
typed by hand: fields with types and defaults, other names of fields, which class checks its head count.

    python make_config_defaults.py
"""

import dataclasses
import json
import pathlib
import re
import typing

import transformers
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

ROOT = pathlib.Path(__file__).parents[2]
MODEL_TYPES = """
qwen2 qwen3 llama mistral ministral smollm3 gemma2 gemma3_text phi3 gpt2 gpt_neox olmo2 opt falcon stablelm
bert distilbert roberta t5 bart vit clip clip_text_model clip_vision_model
""".split()


def type_name(annotation):
    """A short union: 'int', 'number | null', 'list | null', 'string', 'dict | null', 'bool'."""
    kinds = []
    for part in typing.get_args(annotation) if isinstance(annotation, typing.types.UnionType) else [annotation]:
        text = str(part)
        if part is type(None):
            kinds.append("null")
        elif part is bool:
            kinds.append("bool")
        elif part is int:
            kinds.append("int")
        elif part is float:
            kinds.append("number")
        elif part is str:
            kinds.append("string")
        elif text.startswith(("list", "tuple")):
            kinds.append("list")
        elif "RopeParameters" in text or text.startswith(("dict", "<class 'dict'")) or "Config" in text:
            kinds.append("dict")
        else:
            return "any"
    if "number" in kinds and "int" in kinds:
        kinds.remove("int")
    return " | ".join(dict.fromkeys(kinds))


def checks_heads(cls):
    """Whether Python refuses a hidden size that the number of heads does not divide."""
    try:
        cls(hidden_size=36, num_attention_heads=8)
    except Exception as error:
        return "multiple of" in str(error) or "divisible" in str(error)
    return False


def main():
    transformers.logging.set_verbosity_error()
    base = {field.name for field in dataclasses.fields(transformers.PreTrainedConfig)}
    table = {}
    for model_type in MODEL_TYPES:
        cls = CONFIG_MAPPING[model_type]
        fields = {}
        for field in dataclasses.fields(cls):
            same = field.name in base and field.default == getattr(transformers.PreTrainedConfig, field.name, None)
            if same or field.name == "transformers_version":
                continue
            default = field.default
            assert default is not dataclasses.MISSING, (model_type, field.name)
            fields[field.name] = [list(default) if isinstance(default, tuple) else default, type_name(field.type)]
        entry = dict(name=cls.__name__, fields=fields)
        if cls.attribute_map:
            entry["aliases"] = cls.attribute_map
        if cls.default_theta != 10000.0 and not isinstance(cls.default_theta, dict):
            entry["default_theta"] = cls.default_theta
        if cls.sub_configs:
            entry["parts"] = {key: sub.model_type for key, sub in cls.sub_configs.items()}
        if checks_heads(cls):
            entry["checks_heads"] = True
        table[model_type] = entry

    def literal(value):
        text = json.dumps(value)
        text = re.sub(r'"([A-Za-z_][A-Za-z0-9_]*)":', r"\1:", text)
        return text.replace('"', "'")

    lines = []
    for model_type, entry in table.items():
        lines.append(f"  {model_type}: {{")
        rows = []
        for key, value in entry.items():
            if key == "fields":
                inner = ",\n".join(f"      {name}: {literal(pair)}" for name, pair in value.items())
                rows.append(f"    fields: {{\n{inner}\n    }}")
            else:
                text = literal(value).replace("{", "{ ").replace("}", " }")
                rows.append(f"    {key}: {text}")
        lines.append(",\n".join(rows))
        lines.append("  },")
    lines[-1] = "  }"
    common = {
        name: value
        for name, value in transformers.PreTrainedConfig().to_dict().items()
        if name not in ("transformers_version", "model_type")
    }
    generation = [key for key in transformers.GenerationConfig().to_dict() if key not in ("_from_model_config", "transformers_version")]
    source = f"""/**
 * Fields and defaults of Python's configuration classes, transformers {transformers.__version__}.
 * Written by tests/parity/make_config_defaults.py: change it there.
 */
import type {{ ConfigEntry }} from './entry';

/** The version of transformers these are the defaults of. */
export const TRANSFORMERS_VERSION = '{transformers.__version__}';

/** What every configuration has, `PreTrainedConfig().to_dict()`. */
export const commonDefaults: {{ readonly [key: string]: unknown }} = {literal(common)};

/** Generation options that an old config.json may carry; they are not fields of the configuration. */
export const generationParameters: readonly string[] = {literal(list(transformers.GenerationConfig._get_default_generation_params()))};

/** Every key of Python's GenerationConfig. */
export const generationKeys: readonly string[] = {literal(generation)};

/** By model_type: each field's default and type. */
export const builtinConfigs: {{ readonly [model_type: string]: ConfigEntry }} = {{
{chr(10).join(lines)}
}};
"""
    (ROOT / "kernel/config/defaults.ts").write_text(source)


if __name__ == "__main__":
    main()
