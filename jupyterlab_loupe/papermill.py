"""Lets papermill set parameters in notebooks of Loupe's kernels.

papermill has no entry point for translators, but loads those for engines when it starts: importing this module, as it
then does, registers the translator. The engine is papermill's own.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from papermill.engines import NBClientEngine as Engine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

#: ``let name: type = value; // help``
DECLARATION = re.compile(
    r"^(?:const|let|var)\s+(?P<name>[A-Za-z_$][\w$]*)\s*(?::\s*(?P<type>[^=]+?))?\s*=\s*"
    r"""(?P<value>(?:'[^']*'|"[^"]*"|`[^`]*`|(?!//).)+?);?\s*(?://\s*(?P<help>.*))?$"""
)

__all__ = ["Engine", "TypeScriptTranslator"]


class TypeScriptTranslator(Translator):
    """Writes parameters as TypeScript. ``var``, so that a value set before in the notebook is replaced."""

    @classmethod
    def translate(cls, val: Any) -> str:
        if isinstance(val, float) and not math.isfinite(val):
            return "NaN" if math.isnan(val) else ("Infinity" if val > 0 else "-Infinity")
        return super().translate(val)

    @classmethod
    def translate_str(cls, val: str) -> str:
        return json.dumps(val)

    @classmethod
    def translate_none(cls, val: Any) -> str:
        return "null"

    @classmethod
    def translate_bool(cls, val: bool) -> str:
        return "true" if val else "false"

    @classmethod
    def translate_dict(cls, val: dict[Any, Any]) -> str:
        items = ", ".join(f"{json.dumps(str(k))}: {cls.translate(v)}" for k, v in val.items())
        return f"{{ {items} }}" if items else "{}"

    @classmethod
    def translate_list(cls, val: list[Any]) -> str:
        return f"[{', '.join(cls.translate(v) for v in val)}]"

    @classmethod
    def translate_tuple(cls, val: tuple[Any, ...]) -> str:
        return cls.translate_list(list(val))

    @classmethod
    def comment(cls, cmt_str: str) -> str:
        return f"// {cmt_str}".strip()

    @classmethod
    def assign(cls, name: str, str_val: str) -> str:
        return f"var {name} = {str_val};"

    @classmethod
    def inspect(cls, parameters_cell: Any) -> list[Parameter]:
        """The parameters a cell declares, one on a line; what else it holds is left alone."""
        found = (DECLARATION.match(line.strip()) for line in parameters_cell["source"].splitlines())
        return [Parameter(m["name"], m["type"] or "None", m["value"], m["help"] or "") for m in found if m]


for name in ("typescript", "loupe-node", "loupe"):
    papermill_translators.register(name, TypeScriptTranslator)
