"""Where models may lie, and how the name a cell gives to ``from_pretrained`` becomes a folder there.

A *root* is a folder whose models may be read: the configured folders, the notebook root, the default model folder and the
Hugging Face cache. Nothing outside the roots is ever served, whatever links say.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import platformdirs

#: What a model folder holds; nothing else is served.
SUFFIXES = frozenset(
    ".json .jsonl .safetensors .gguf .bin .pt .pth .txt .model .tiktoken .jinja .vocab .spm .md"
    " .png .jpg .jpeg .webp .gif .onnx .onnx_data .npz .npy".split()
)

#: Names that make a folder a model.
_WEIGHTS = (".safetensors", ".gguf", ".bin")

_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+|[\w.-]+", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")


class ModelNotFound(Exception):
    """No root holds what was asked for."""


class NotAllowed(Exception):
    """What was asked for exists, or might, but may not be read."""


@dataclass(frozen=True)
class Root:
    """A folder whose models may be read."""

    path: Path
    #: ``model_dir``, ``notebooks`` or ``cache``.
    kind: str
    #: Whether names that begin with a dot may be read below it.
    hidden: bool = True


def default_model_dir() -> Path:
    """The folder ``jupyter loupe pull`` stores models in."""
    return Path(os.environ.get("LOUPE_HOME") or platformdirs.user_data_path("loupe", appauthor=False)) / "models"


def environment_model_dirs() -> list[Path]:
    """The folders of ``LOUPE_MODEL_DIRS``, in order."""
    value = os.environ.get("LOUPE_MODEL_DIRS", "")
    return [Path(part).expanduser() for part in value.split(os.pathsep) if part.strip()]


def huggingface_cache() -> Path:
    """The Hugging Face cache, found as huggingface_hub finds it."""
    for name in ("HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"):
        if os.environ.get(name):
            return Path(os.environ[name]).expanduser()
    if os.environ.get("HF_HOME"):
        return Path(os.environ["HF_HOME"]).expanduser() / "hub"
    cache = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(cache).expanduser() / "huggingface" / "hub"


class Roots:
    """The roots of one server, in the order names are looked up."""

    def __init__(self, roots: list[Root]):
        self.roots = roots

    @classmethod
    def of(cls, model_dirs: list[str | Path], notebook_dir: str | Path | None, allow_hidden: bool = False) -> Roots:
        """Puts the roots together; folders that do not exist now may come to exist later."""
        roots: list[Root] = []
        if notebook_dir:
            roots.append(Root(Path(notebook_dir), "notebooks", hidden=allow_hidden))
        folders = [*model_dirs, *environment_model_dirs(), default_model_dir()]
        roots += [Root(Path(folder).expanduser(), "model_dir") for folder in folders]
        roots.append(Root(huggingface_cache(), "cache"))
        return cls(roots)

    def find(self, folder: str, revision: str | None = None) -> Path:
        """Finds a model folder.

        :param folder: Relative to a root, absolute inside a root, or a repository id in the cache.
        :param revision: Branch, tag or commit of a repository in the cache; ``main`` by default.
        :returns: The folder, not resolved: links are checked file by file, against all roots.
        :raises ModelNotFound: If no root has it.
        :raises NotAllowed: If it is outside every root.
        """
        if "\0" in folder:
            raise NotAllowed("Cannot read a path with a null character")
        if os.path.isabs(folder) or re.match(r"[A-Za-z]:[\\/]", folder):
            path = Path(os.path.normpath(folder))
            self.check(path)
            if not path.is_dir():
                raise ModelNotFound(f"Cannot find a model as {folder} is not a folder")
            return path
        parts = [part for part in re.split(r"[\\/]", folder) if part not in ("", ".")]
        if ".." in parts:
            raise NotAllowed(f"Cannot read {folder} as a path may not go up")
        places = [root.path.joinpath(*parts) for root in self.roots if root.kind != "cache"]
        folders = [path for path in places if path.is_dir()]
        snapshot = self._snapshot("/".join(parts), revision)
        # A folder that only shares the name (of notebooks about the model, say) must not hide the model.
        for path in [*filter(_is_model, folders), *filter(None, [snapshot]), *folders]:
            self.check(path)
            return path
        raise ModelNotFound(
            f"Cannot find a model as no folder named {folder} is in "
            + ", ".join(str(root.path) for root in self.roots)
        )

    def file(self, folder: str, name: str, revision: str | None = None) -> Path:
        """Finds one file of a model.

        :returns: The file's real path.
        :raises ModelNotFound: If there is no such file.
        :raises NotAllowed: If it is not a model file, or lies outside every root once links are followed.
        """
        if Path(name).suffix.lower() not in SUFFIXES:
            raise NotAllowed(f"Cannot read {name} as only model files are served: {' '.join(sorted(SUFFIXES))}")
        path = self.find(folder, revision) / name
        real = self.check(path)
        if not real.is_file():
            raise ModelNotFound(f"Cannot find {name} in {folder}")
        return real

    def check(self, path: Path) -> Path:
        """Follows links and makes sure that the result is inside a root.

        :returns: The real path.
        :raises NotAllowed: If it is not, with the remedy.
        """
        real = Path(os.path.realpath(path))
        for root in self.roots:
            base = Path(os.path.realpath(root.path))
            try:
                relative = real.relative_to(base)
            except ValueError:
                continue
            if root.hidden or not any(part.startswith(".") for part in relative.parts):
                return real
        raise NotAllowed(
            f"Cannot read {path} as it is outside the model folders: "
            f"add its folder to LoupeApp.model_dirs or LOUPE_MODEL_DIRS"
        )

    def files(self, folder: str, revision: str | None = None) -> list[dict]:
        """Lists a model folder's files with their sizes, those of its subfolders included."""
        base = self.find(folder, revision)
        found = []
        for directory, subfolders, names in os.walk(base):
            depth = len(Path(directory).relative_to(base).parts)
            subfolders[:] = sorted(s for s in subfolders if not s.startswith(".")) if depth < 2 else []
            for name in sorted(names):
                path = Path(directory, name)
                if path.suffix.lower() not in SUFFIXES:
                    continue
                try:
                    stat = self.check(path).stat()
                except (NotAllowed, OSError):
                    continue  # a link that leads nowhere, or out
                found.append(
                    {
                        "name": path.relative_to(base).as_posix(),
                        "size": stat.st_size,
                        "modified": stat.st_mtime,
                    }
                )
        return found

    def models(self, limit: int = 500) -> list[dict]:
        """Lists the models of all roots: folders with weights, and repositories of the cache."""
        found: dict[str, dict] = {}
        for root in self.roots:
            if root.kind == "cache":
                candidates = self._repositories(root.path)
            else:
                candidates = _model_folders(root)
            for name, folder in candidates:
                if len(found) >= limit:
                    return list(found.values())
                if name not in found:
                    entry = self._describe(name, folder, root)
                    if entry:
                        found[name] = entry
        return list(found.values())

    def _describe(self, name: str, folder: Path, root: Root) -> dict | None:
        files = []
        for path in sorted(folder.iterdir()):
            try:
                if path.suffix.lower() in SUFFIXES and path.is_file():
                    files.append((path.name, self.check(path).stat().st_size))
            except (NotAllowed, OSError):
                continue
        if not any(file.endswith(_WEIGHTS) for file, _ in files):
            return None
        return {
            "name": name,
            "path": str(folder),
            "root": root.kind,
            "size": sum(size for _, size in files),
            "files": [{"name": file, "size": size} for file, size in files],
        }

    def _snapshot(self, repository: str, revision: str | None) -> Path | None:
        if not _REPOSITORY.fullmatch(repository):
            return None
        revision = revision or "main"
        for root in self.roots:
            if root.kind != "cache":
                continue
            base = root.path / ("models--" + repository.replace("/", "--"))
            commit = revision if _COMMIT.fullmatch(revision) else None
            if commit is None and re.fullmatch(r"[\w./-]+", revision, re.ASCII) and ".." not in revision:
                try:
                    commit = (base / "refs" / revision).read_text("utf-8").strip()
                except OSError:
                    commit = None
            if commit and _COMMIT.fullmatch(commit) and (base / "snapshots" / commit).is_dir():
                return base / "snapshots" / commit
        return None

    def _repositories(self, cache: Path):
        try:
            entries = sorted(cache.iterdir())
        except OSError:
            return
        for entry in entries:
            if entry.name.startswith("models--"):
                name = entry.name[len("models--") :].replace("--", "/")
                snapshot = self._snapshot(name, None)
                if snapshot:
                    yield name, snapshot


def _is_model(folder: Path) -> bool:
    try:
        return any(name == "config.json" or name.endswith(_WEIGHTS) for name in os.listdir(folder))
    except OSError:
        return False


def _model_folders(root: Root, depth: int = 3):
    """Folders below a root that hold weights; a folder with weights is not searched further."""
    if not root.path.is_dir():
        return
    for directory, subfolders, names in os.walk(root.path):
        path = Path(directory)
        relative = path.relative_to(root.path)
        if relative.parts and any(name.endswith(_WEIGHTS) for name in names):
            subfolders.clear()
            yield relative.as_posix(), path
            continue
        skip = {"node_modules", "__pycache__", "site-packages"}
        subfolders[:] = (
            sorted(s for s in subfolders if s not in skip and not s.startswith("."))
            if len(relative.parts) < depth
            else []
        )
