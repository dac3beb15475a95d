"""Facts the package states in two places."""

import json
import re
from pathlib import Path

import jupyterlab_loupe

ROOT = Path(__file__).parents[2]


def test_version_is_the_same_everywhere():
    package = json.loads((ROOT / "package.json").read_text("utf-8"))
    assert jupyterlab_loupe.__version__ == package["version"]
    kernel = (ROOT / "src" / "kernel.ts").read_text("utf-8")
    assert re.search(r"implementation_version: '([^']+)'", kernel)[1] == package["version"]


def test_server_finds_the_extension():
    points = jupyterlab_loupe._jupyter_server_extension_points()
    assert points == [{"module": "jupyterlab_loupe", "app": jupyterlab_loupe.LoupeApp}]
    config = json.loads((ROOT / "jupyter-config/jupyter_server_config.d/jupyterlab_loupe.json").read_text("utf-8"))
    assert config == {"ServerApp": {"jpserver_extensions": {"jupyterlab_loupe": True}}}
