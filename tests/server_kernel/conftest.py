"""Installs the server kernel's spec, as the wheel would, in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session", autouse=True)
def kernelspec(tmp_path_factory: pytest.TempPathFactory):
    """Makes `loupe-node` known to jupyter_client, and builds it if it is not built."""
    if not (ROOT / "jupyterlab_loupe/server_kernel/server.mjs").exists():
        build = ROOT / "scripts/server-kernel.mjs"
        target = ROOT / "jupyterlab_loupe/server_kernel"
        arguments = f"{json.dumps(str(ROOT))}, {json.dumps(str(target))}"
        script = f"import({json.dumps(build.as_uri())}).then(m => m.buildServerKernel({arguments}))"
        subprocess.run(["node", "-e", script], cwd=ROOT, check=True)
    data = tmp_path_factory.mktemp("jupyter")
    target = data / "kernels/loupe-node"
    shutil.copytree(ROOT / "jupyterlab_loupe/kernelspec", target)
    spec = json.loads((target / "kernel.json").read_text())
    assert spec["argv"][0] == "python"
    spec["argv"][0] = sys.executable
    (target / "kernel.json").write_text(json.dumps(spec))
    before = {name: os.environ.get(name) for name in ("JUPYTER_PATH", "PYTHONPATH")}
    os.environ["JUPYTER_PATH"] = str(data)
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), before["PYTHONPATH"]]))
    yield target
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
