"""Renders the templates of templates/ with Python's apply_chat_template machinery: fixtures/chat.json.

    python make_chat_fixtures.py
"""

import json
from pathlib import Path

from transformers.utils.chat_template_utils import render_jinja_template

here = Path(__file__).parent
SPECIAL = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>", "unk_token": "<unk>"}

CALL = {"id": "call00001", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Zürich", "days": 3, "detail": True}}}
CONVERSATIONS = {
    "one": [{"role": "user", "content": "Hello, how are you?"}],
    "system": [{"role": "system", "content": "You are  helpful.\n"}, {"role": "user", "content": "  Hi there \n"}],
    "long": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Write code: `if a < b && c > d: print(\"x\")`"},
        {"role": "assistant", "content": "\n```python\nif a < b and c > d:\n    print('x')\n```\n"},
        {"role": "user", "content": "Danke schön 你好 😀 <b>&amp;</b>"},
    ],
    "assistant-last": [{"role": "user", "content": "Tell a joke"}, {"role": "assistant", "content": " Why did the chicken  "}],
    "tools": [
        {"role": "user", "content": "Weather in Zürich?"},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"temp\": 21.5, \"sky\": \"clear ☀\"}"},
        {"role": "assistant", "content": "It is 21.5 °C."},
        {"role": "user", "content": "Thanks"},
    ],
    "two-calls": [
        {"role": "system", "content": "Use tools."},
        {"role": "user", "content": "Both cities"},
        {"role": "assistant", "content": "Looking.", "tool_calls": [CALL, {**CALL, "id": "call00002"}]},
        {"role": "tool", "tool_call_id": "call00001", "content": "a"},
        {"role": "tool", "tool_call_id": "call00002", "content": "b"},
    ],
    "thinking": [
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "<think>\n\n  two and two \n\n</think>\n\n  4"},
        {"role": "user", "content": "3+3?"},
        {"role": "assistant", "content": "6", "reasoning_content": "\n three and three \n"},
    ],
    "older-thinking": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "!", "thinking": "hm"}],
    "wrong-order": [{"role": "assistant", "content": "First"}, {"role": "assistant", "content": "Second"}],
    "unknown-role": [{"role": "user", "content": "a"}, {"role": "critic", "content": "b"}],
    "no-content": [{"role": "user"}],
    "parts": [
        {"role": "system", "content": [{"type": "text", "text": "Look."}]},
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": " What is this? "}]},
    ],
    "empty-content": [{"role": "user", "content": ""}],
    "separators": [{"role": "user", "content": "\ufeff\x1c spaced \x1f\u3000\u00a0"}],
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a \"city\" <b>now</b> & later — für alle",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Stadt, e.g. 'Zürich'"},
                    "days": {"type": "integer", "minimum": 1, "maximum": 14, "default": 3},
                    "unit": {"type": "string", "enum": ["°C", "°F"]},
                    "rate": {"type": "number", "default": 0.5, "nullable": True},
                    "none": None,
                },
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "ping", "description": "", "parameters": {"type": "object", "properties": {}}}},
]

# Parts of Jinja that chat templates use, each in a line of its own.
FEATURES = """
{%- set ns = namespace(found=false, n=0) -%}
{%- for m in messages if m.role != 'system' -%}
{%- if loop.first %}first {% endif %}{{ loop.index }}/{{ loop.length }} {{ loop.revindex0 }} {{ loop.previtem.role if loop.previtem is defined else '-' }} {{ m['role']|upper }} {{ loop.cycle('a', 'b') if false else '' }}
{% set ns.n = ns.n + 1 -%}
{%- if m.role == 'assistant' %}{% set ns.found = true %}{% continue %}{% endif -%}
{%- if ns.n > 3 %}{% break %}{% endif -%}
{%- else -%}nothing{%- endfor %}
{{ ns.found }} {{ ns.n }} {{ none }} {{ true and not false }} {{ 7 // 2 }} {{ 7 % 3 }} {{ 2 ** 3 }} {{ 1.5 + 1 }} {{ 'a' ~ 1 ~ none }}
{{ messages | length }} {{ messages[-1].role }} {{ messages[0:1] | map(attribute='role') | list | tojson }}
{{ messages | selectattr('role', 'equalto', 'user') | list | length }} {{ messages | rejectattr('role', 'equalto', 'user') | list | length }}
{{ {'b': 1, 'a': [1, 2, {'c': none}]} | tojson }} {{ {'b': 1, 'a': '<é>'} | tojson(indent=2) }}
{% for k, v in {'x': 1, 'y': 2}.items() %}{{ k }}={{ v }};{% endfor %}
{{ ' \\n padded\\t' | trim }}| {{ '\\n\\n  keep \\n'.strip('\\n') }}| {{ 'xxabcxx'.strip('x') }}| {{ 'xxabcxx'.lstrip('x') }}| {{ '--a--'.rstrip('-') }}|
{{ 'Hello World' | lower }} {{ 'hello world' | title }} {{ 'hELLO wORLD' | capitalize }} {{ 'a,b,c'.split(',') | join('|') }} {{ 'a b  c'.split() | length }}
{{ 'abc'[1] }} {{ 'abc'[::-1] }} {{ 'abcdef'[1:-1] }} {{ 'b' in 'abc' }} {{ 'z' not in ['a'] }} {{ 'abc'.startswith('ab') }} {{ 'abc' | replace('b', 'X') }}
{{ '😀é' | length }} {{ 'x' if add_generation_prompt else 'y' }} {{ undefined_variable is defined }} {{ (undefined_variable or 'default') }} {{ undefined_variable | default('d') }}
{{ [3, 1, 2] | sort | join(',') }} {{ [1, 2, 3] | first }} {{ [1, 2, 3] | last }} {{ ['b', 'a'] | unique | list | tojson }} {{ 'x' | string }} {{ '42' | int + 1 }}
{% macro show(x, y='z') %}[{{ x }}:{{ y }}]{% endmacro %}{{ show('a') }}{{ show('b', y='c') }}
{% set block %}inside {{ 1 + 1 }}{% endset %}{{ block }}
{# a comment #}{{ "double \\"quoted\\"" }} {{ 'it''s' if false else "it's" }} {{- '\\u00e9' }} {{ 1 == 1.0 }} {{ 'a' < 'b' }} {{ [] == [] }} {{ messages is iterable }} {{ messages[0] is mapping }}
{{ bos_token }}{{ eos_token }}{% generation %}marked{% endgeneration %}
"""


def main():
    templates = {p.stem: p.read_bytes().decode() for p in sorted((here / "templates").glob("*.jinja"))}
    templates["features"] = FEATURES
    for name in ("zephyr", "llama-3.1", "features"):
        templates[f"{name}-crlf"] = templates[name].replace("\n", "\r\n")
    cases = []
    for name, template in templates.items():
        for conversation, messages in CONVERSATIONS.items():
            for agp in (False, True):
                for tools in (None, TOOLS):
                    kw = {"chat_template": template, "add_generation_prompt": agp, "tools": tools, **SPECIAL}
                    messages_clean = [{k: v for k, v in m.items() if v is not None} for m in messages]
                    try:
                        result = render_jinja_template([messages_clean], **kw)[0][0]
                    except Exception as error:  # noqa: BLE001
                        result = {"error": type(error).__name__}
                    cases.append([name, conversation, agp, tools is not None, result])
            for field in (True, "content", "reasoning_content"):
                messages_clean = [{k: v for k, v in m.items() if v is not None} for m in messages]
                try:
                    result = render_jinja_template([messages_clean], chat_template=template, continue_final_message=field, **SPECIAL)[0][0]
                except Exception as error:  # noqa: BLE001
                    result = {"error": type(error).__name__}
                cases.append([name, conversation, field, False, result])
    # Many renders are equal: each text is stored once.
    texts = list(dict.fromkeys(c[-1] for c in cases if isinstance(c[-1], str)))
    number = {text: i for i, text in enumerate(texts)}
    cases = [[*c[:-1], number[c[-1]] if isinstance(c[-1], str) else c[-1]["error"]] for c in cases]
    data = {
        "features": {k: templates[k] for k in templates if not (here / "templates" / f"{k}.jinja").exists()},
        "special": SPECIAL, "tools": TOOLS, "conversations": CONVERSATIONS, "texts": texts, "cases": cases,
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    (here / "fixtures" / "chat.json").write_text(text + "\n", encoding="utf-8")
    errors = sum(isinstance(c[-1], str) for c in cases)
    print(len(cases), "renders,", errors, "errors,", len(text) // 1024, "kB")


if __name__ == "__main__":
    main()
