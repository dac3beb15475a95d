"""The community's conformance suite on the server kernel."""

from __future__ import annotations

import jupyter_kernel_test


class ServerKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "loupe-node"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('test')"
    completion_samples = [
        {"text": "Math.sqr", "matches": {"sqrt"}},
        {"text": "JSON.", "matches": {"parse", "stringify"}},
        {"text": "AutoModelForCaus", "matches": {"AutoModelForCausalLM"}},
        {"text": "import x from 'transf", "matches": {"transformers"}},
    ]
    complete_code_samples = ["1", "console.log('hello')", "function f(x: number) {\n  return x;\n}\n\n", "await f()"]
    incomplete_code_samples = ["function f(", "if (true) {", "const a = [", "`text"]
    invalid_code_samples = ["let = 3 = 4", "const s = 'never closed"]
    code_page_something = "?console.log"
    code_generate_error = "throw new Error('on purpose')"
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'a' + 'b'", "result": "'ab'"},
        {"code": "const x: number[] = [1, 2]; x", "result": "[1, 2]"},
        {"code": "await Promise.resolve({ a: 1 })", "result": "{ a: 1 }"},
    ]
    code_display_data = [
        {"code": "display(html`<b>x</b>`);", "mime": "text/html"},
        {"code": "display(md('*x*'));", "mime": "text/markdown"},
        {"code": "display({ 'image/png': 'AA==' }, { raw: true });", "mime": "image/png"},
    ]
    code_clear_output = "clear_output()"
    code_inspect_sample = "JSON.stringify"
    code_history_pattern = "6*"
    supported_history_operations = ("tail", "range", "search")
