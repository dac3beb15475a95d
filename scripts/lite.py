"""Builds a static JupyterLite site with the extension, the notebooks and models.

python scripts/lite.py [--output _output] [--model NAME …] [--no-model]
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from jupyterlab_loupe.roots import Roots  # noqa: E402


def build_site(output: Path, notebooks: Path) -> None:
    """Builds the site with our labextension and no other one: hybrid-kernels, for one, cannot work without a server."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        config = {
            "LiteBuildConfig": {
                "ignore_sys_prefix": ["federated_extensions"],
                "federated_extensions": [str(ROOT / "jupyterlab_loupe/labextension")],
                "contents": [str(notebooks)],
                "no_sourcemaps": True,
                "output_dir": str(output),
            }
        }
        (folder / "jupyter_lite_config.json").write_text(json.dumps(config), "utf-8")
        site = {
            "jupyter-lite-schema-version": 0,
            "jupyter-config-data": {"defaultKernelName": "loupe", "exposeAppInBrowser": True},
        }
        (folder / "jupyter-lite.json").write_text(json.dumps(site), "utf-8")
        subprocess.run([sys.executable, "-m", "jupyterlite_core", "build"], cwd=folder, check=True)


def add_models(output: Path, names: list[str], roots: Roots) -> None:
    """Puts models where the kernel looks on a site without a server, with the lists a server would make."""
    listed = []
    for name in names:
        target = output / "loupe/models" / name
        target.mkdir(parents=True)
        files = roots.files(name)
        for file in files:
            destination = target / file["name"]
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(roots.file(name, file["name"]), destination)
        entries = [{"name": file["name"], "size": file["size"]} for file in files]
        (target / "index.json").write_text(json.dumps({"files": entries}), "utf-8")
        size = sum(file["size"] for file in files)
        listed.append({"name": name, "path": name, "root": "site", "size": size, "files": entries})
        print(f"{name}: {size / 1e6:.1f} MB")
    api = output / "loupe/api"
    api.mkdir(parents=True, exist_ok=True)
    (api / "models").write_text(json.dumps({"models": listed, "roots": []}), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=ROOT / "_output")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "notebooks")
    parser.add_argument("--model", action="append", help="a model to put in (default: SmolLM2-135M-Instruct)")
    parser.add_argument("--no-model", action="store_true", help="put no model in")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    shutil.rmtree(output, ignore_errors=True)
    build_site(output, arguments.notebooks.resolve())
    names = [] if arguments.no_model else arguments.model or ["SmolLM2-135M-Instruct"]
    add_models(output, names, Roots.of([], None))
    print(f"The site is in {output}; any static file server shows it: python -m http.server -d {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
