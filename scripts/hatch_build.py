"""Builds the JavaScript side when a wheel is made from a tree that has not been built.

A wheel from a built tree, or from an sdist that carries the built files, needs no Node at all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LABEXTENSION = "jupyterlab_loupe/labextension"
KERNELSPEC = "jupyterlab_loupe/kernelspec"


class LoupeBuildHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict) -> None:
        if version == "editable":
            return  # scripts/link.py links the labextension instead of copying it
        root = Path(self.root)
        if not (root / LABEXTENSION / "static/kernel/worker.js").exists() or os.environ.get("LOUPE_REBUILD"):
            _build(root)
        if self.target_name != "wheel":
            return
        shared = build_data["shared_data"]
        # File by file: source maps stay out of the wheel.
        for path in sorted((root / LABEXTENSION).rglob("*")):
            if path.is_file() and path.suffix != ".map":
                relative = path.relative_to(root / LABEXTENSION).as_posix()
                shared[str(path)] = f"share/jupyter/labextensions/jupyterlab-loupe/{relative}"
        if (root / "jupyterlab_loupe/server_kernel/server.mjs").exists():
            for path in sorted((root / KERNELSPEC).iterdir()):
                shared[str(path)] = f"share/jupyter/kernels/loupe-node/{path.name}"


def _build(root: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "Cannot build jupyterlab-loupe from source as npm is not installed: "
            "install Node.js 20 or newer, or install a wheel"
        )
    # Only tests need onnxruntime-node's own binaries; its install script would fetch more.
    environment = {**os.environ, "ONNXRUNTIME_NODE_INSTALL": "skip"}
    if not (root / "node_modules/esbuild").exists():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=root, env=environment, check=True)
    subprocess.run([npm, "run", "build:prod"], cwd=root, env=environment, check=True)
