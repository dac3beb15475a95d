"""What the conformance suite does not ask: interrupts, input, background output, headless tools, missing Node."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

TIMEOUT = 30


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory):
    manager, client = start_new_kernel(kernel_name="loupe-node", cwd=str(tmp_path_factory.mktemp("notebook")))
    yield manager, client
    client.stop_channels()
    manager.shutdown_kernel()


def run(client, code: str, **options):
    """Runs a cell; returns its reply and outputs."""
    outputs = []
    reply = client.execute_interactive(
        code, output_hook=lambda m: outputs.append(m), timeout=TIMEOUT, allow_stdin=False, **options
    )
    return reply["content"], outputs


def texts(outputs, name: str = "stdout") -> str:
    return "".join(o["content"]["text"] for o in outputs if o["msg_type"] == "stream" and o["content"]["name"] == name)


def result(outputs) -> str:
    return next(o["content"]["data"]["text/plain"] for o in outputs if o["msg_type"] == "execute_result")


@pytest.mark.parametrize("code", ["while (true) {}", "await new Promise(() => {})", "for (;;) await null"])
def test_interrupt_ends_a_cell_and_keeps_variables(kernel, code: str):
    manager, client = kernel
    run(client, "const kept = 5")
    message = client.execute(code)
    time.sleep(0.7)
    start = time.monotonic()
    manager.interrupt_kernel()
    reply = client.get_shell_msg(timeout=TIMEOUT)
    assert reply["parent_header"]["msg_id"] == message
    assert reply["content"]["ename"] == "KeyboardInterrupt"
    assert time.monotonic() - start < 2
    assert result(run(client, "kept")[1]) == "5"


def test_heartbeat_goes_on_while_a_loop_blocks_the_kernel(kernel):
    manager, client = kernel
    client.execute("while (true) {}")
    time.sleep(2)
    assert client.is_alive()
    manager.interrupt_kernel()
    assert client.get_shell_msg(timeout=TIMEOUT)["content"]["status"] == "error"


def test_input_and_password(kernel):
    _, client = kernel
    client.execute("await input('name? ') + await input('secret? ', { password: true })", allow_stdin=True)
    first = client.get_stdin_msg(timeout=TIMEOUT)
    assert first["content"] == {"prompt": "name? ", "password": False}
    client.input("Ada")
    second = client.get_stdin_msg(timeout=TIMEOUT)
    assert second["content"] == {"prompt": "secret? ", "password": True}
    client.input("x")
    assert client.get_shell_msg(timeout=TIMEOUT)["content"]["status"] == "ok"


def test_background_output_belongs_to_its_cell(kernel):
    _, client = kernel
    while True:
        try:
            client.get_iopub_msg(timeout=0.3)
        except Exception:  # noqa: BLE001 - queue.Empty, whose module differs between versions
            break
    first = client.execute("setTimeout(() => console.log('late'), 300);")
    client.get_shell_msg(timeout=TIMEOUT)
    second = client.execute("await new Promise(r => setTimeout(r, 700)); console.log('mine')")
    client.get_shell_msg(timeout=TIMEOUT)
    parents = {}
    while len(parents) < 2:
        message = client.get_iopub_msg(timeout=TIMEOUT)
        if message["msg_type"] == "stream":
            parents[message["content"]["text"]] = message["parent_header"]["msg_id"]
    assert parents == {"late\n": first, "mine\n": second}


def test_npm_packages_and_built_in_modules(kernel, tmp_path: Path):
    _, client = kernel
    here = json.loads(result(run(client, "process.cwd()")[1]).replace("'", '"'))
    package = Path(here) / "node_modules/tiny"
    package.mkdir(parents=True)
    (package / "package.json").write_text('{"name": "tiny", "type": "module", "exports": {"import": "./index.js"}}')
    (package / "index.js").write_text("export const tiny = 7;")
    (Path(here) / "local.mjs").write_text("export default 'local';")
    assert result(run(client, "import { tiny } from 'tiny'; tiny")[1]) == "7"
    assert result(run(client, "import local from './local.mjs'; local")[1]) == "'local'"
    assert result(run(client, "import { sep } from 'node:path'; typeof sep")[1]) == "'string'"
    assert result(run(client, "typeof require('fs').readFileSync")[1]) == "'function'"
    reply, _ = run(client, "import x from 'not-there'")
    assert "run npm install not-there" in reply["evalue"]


def test_typescript_files_and_their_edits(kernel):
    _, client = kernel
    here = Path(json.loads(result(run(client, "process.cwd()")[1]).replace("'", '"')))
    (here / "helper.ts").write_text(
        "import { base } from './base';\nexport enum E { A = 1 }\nexport const n: number = base;"
    )
    (here / "base.ts").write_text("export const base: number = 10;")
    assert result(run(client, "import { n, E } from './helper.ts'; [n, E.A]")[1]) == "[10, 1]"
    time.sleep(0.01)
    (here / "helper.ts").write_text("export const n = 11;")
    assert result(run(client, "import { n } from './helper'; n")[1]) == "11"


def test_decorators_and_namespaces(kernel):
    _, client = kernel
    code = "const seen: string[] = [];\n@((_: any, c: any) => { seen.push(c.name) })\nclass A {}\nseen"
    assert result(run(client, code)[1]) == "['A']"
    assert result(run(client, "namespace N { export const a = 5 }\nN.a")[1]) == "5"


def test_a_fault_in_a_callback_does_not_end_the_kernel(kernel):
    _, client = kernel
    run(client, "const before = 1; setTimeout(() => { throw new Error('boom') }, 10);")
    time.sleep(0.2)
    assert result(run(client, "before")[1]) == "1"


def test_output_of_the_process_is_output_of_the_cell(kernel):
    _, client = kernel
    _, outputs = run(client, "process.stdout.write('raw'); process.stderr.write('fault')")
    assert texts(outputs) == "raw"
    assert texts(outputs, "stderr") == "fault"


def test_what_waits_behind_an_error_is_aborted(kernel):
    _, client = kernel
    ids = [client.execute(code) for code in ("throw 1", "1", "2")]
    replies = {}
    while len(replies) < 3:
        reply = client.get_shell_msg(timeout=TIMEOUT)
        replies[reply["parent_header"]["msg_id"]] = reply["content"]["status"]
    assert [replies[i] for i in ids] == ["error", "aborted", "aborted"]


def test_ten_thousand_prints_arrive(kernel):
    _, client = kernel
    _, outputs = run(client, "for (let i = 0; i < 10000; i++) console.log(i)")
    assert texts(outputs).split() == [str(i) for i in range(10000)]


def test_shutdown_ends_a_loop_that_never_ends():
    manager, client = start_new_kernel(kernel_name="loupe-node")
    client.execute("const f = () => { for (;;) ; }; f()")
    time.sleep(0.5)
    start = time.monotonic()
    manager.shutdown_kernel()
    client.stop_channels()
    assert time.monotonic() - start < 10
    assert not manager.is_alive()


def test_restart_forgets_variables():
    manager, client = start_new_kernel(kernel_name="loupe-node")
    try:
        run(client, "const a = 1")
        manager.restart_kernel()
        client.wait_for_ready(timeout=TIMEOUT)
        assert result(run(client, "typeof a")[1]) == "'undefined'"
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def notebook(path: Path, *cells: str, parameters: str | None = None) -> Path:
    nb = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "loupe-node", "display_name": "x", "language": "typescript"}}
    )
    if parameters:
        nb.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    nb.cells += [nbformat.v4.new_code_cell(c) for c in cells]
    nbformat.write(nb, path)
    return path


def command(name: str, *arguments: str, cwd: Path) -> str:
    program = str(Path(sys.executable).with_name(name))
    done = subprocess.run([program, *arguments], cwd=cwd, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_jupyter_execute_runs_a_notebook(tmp_path: Path):
    path = notebook(tmp_path / "a.ipynb", "const xs: number[] = [1, 2, 3]", "xs.reduce((a, b) => a + b)")
    command("jupyter-execute", "--inplace", "--kernel_name", "loupe-node", path.name, cwd=tmp_path)
    assert nbformat.read(path, 4).cells[1].outputs[0].data["text/plain"] == "6"


def test_nbconvert_exports_a_script(tmp_path: Path):
    path = notebook(tmp_path / "a.ipynb", "const a = 1", "a + 1")
    command("jupyter-nbconvert", "--execute", "--to", "notebook", "--output", "b.ipynb", path.name, cwd=tmp_path)
    assert nbformat.read(tmp_path / "b.ipynb", 4).cells[1].outputs[0].data["text/plain"] == "2"
    command("jupyter-nbconvert", "--to", "script", "b.ipynb", cwd=tmp_path)
    assert "const a = 1" in (tmp_path / "b.ts").read_text()


def test_papermill_sets_parameters(tmp_path: Path):
    pytest.importorskip("papermill")
    import papermill

    import jupyterlab_loupe.papermill  # noqa: F401 - what papermill's entry point imports

    path = notebook(tmp_path / "a.ipynb", "[prompt, n, flag, options, nothing]", parameters='var prompt = "x"; var n = 1')
    parameters = {"prompt": 'say "hi"', "n": 2.5, "flag": True, "options": {"a": [1, None]}, "nothing": None}
    papermill.execute_notebook(path, tmp_path / "b.ipynb", parameters=parameters, progress_bar=False)
    output = nbformat.read(tmp_path / "b.ipynb", 4).cells[-1].outputs[0].data["text/plain"]
    assert output == "['say \"hi\"', 2.5, true, { a: [1, null] }, null]"


def test_papermill_lists_parameters():
    pytest.importorskip("papermill")
    from jupyterlab_loupe.papermill import TypeScriptTranslator

    source = "const a = 1;\n// note\nlet b: string = 'x // y'; // what it is\nvar c: number[] = [1]\nf();"
    assert [tuple(p) for p in TypeScriptTranslator.inspect({"source": source})] == [
        ("a", "None", "1", ""),
        ("b", "string", "'x // y'", "what it is"),
        ("c", "number[]", "[1]", ""),
    ]


def test_a_server_without_node_says_so_in_the_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LOUPE_NODE", str(tmp_path / "no-node"))
    manager = KernelManager(kernel_name="loupe-node")
    manager.start_kernel(env={**os.environ})
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=TIMEOUT)
        reply, outputs = run(client, "1 + 1")
        assert reply["ename"] == "NodeNotFound"
        assert "Node.js 20.12 or newer must be installed on the server: there is none" in reply["evalue"]
        assert any(o["msg_type"] == "error" for o in outputs)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
