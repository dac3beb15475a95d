import hashlib
import json
import os

import pytest

pytest_plugins = ["pytest_jupyter.jupyter_server"]

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A notebook root, a configured model folder, a default one, a Hugging Face cache, and a folder outside them all."""
    names = ["notebooks", "models", "home/models", "cache/hub", "outside"]
    folders = {name.split("/")[0]: tmp_path / name for name in names}
    for folder in folders.values():
        folder.mkdir(parents=True)
    monkeypatch.setenv("LOUPE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LOUPE_MODEL_DIRS", "")
    monkeypatch.setenv("HF_HUB_CACHE", str(folders["cache"]))
    return folders


@pytest.fixture
def jp_root_dir(places):
    return places["notebooks"]


@pytest.fixture
def jp_server_config(places):
    return {
        "ServerApp": {
            "jpserver_extensions": {"jupyterlab_loupe": True},
            "allow_unauthenticated_access": False,
        },
        "LoupeApp": {"model_dirs": [str(places["models"])]},
    }


@pytest.fixture
def model(places):
    """A model in the configured folder; its weights are 1000 known bytes."""
    folder = places["models"] / "tiny"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "model.safetensors").write_bytes(bytes(i % 251 for i in range(1000)))
    return folder


@pytest.fixture
def repository(places):
    """A repository as huggingface_hub stores it: links from a snapshot to blobs."""
    base = places["cache"] / "models--org--name"
    snapshot = base / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text(COMMIT)
    (base / "blobs").mkdir()
    for name, content in {"config.json": b"{}", "model.safetensors": b"weights"}.items():
        blob = base / "blobs" / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        os.symlink(os.path.join("..", "..", "blobs", blob.name), snapshot / name)
    return base
