"""Links what is built into this Python environment, so that a rebuild is seen at the next reload."""

import sys
from pathlib import Path

root = Path(__file__).resolve().parents[1]
share = Path(sys.prefix) / "share/jupyter"


def remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        for child in path.iterdir():
            remove(child)
        path.rmdir()


for name, source in (("labextensions/jupyterlab-loupe", "labextension"), ("kernels/loupe-node", "kernelspec")):
    target = share / name
    remove(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(root / "jupyterlab_loupe" / source, target_is_directory=True)
