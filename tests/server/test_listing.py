"""The listing endpoints."""

import json
import os

import pytest
from tornado.httpclient import HTTPClientError


async def test_models_lists_folders_with_weights_and_repositories(jp_fetch, places, model, repository):
    (places["models"] / "empty").mkdir()
    nested = places["notebooks"] / "a" / "b"
    nested.mkdir(parents=True)
    (nested / "x.gguf").write_bytes(b"GGUF")
    answer = json.loads((await jp_fetch("loupe", "api", "models")).body)
    found = {entry["name"]: entry for entry in answer["models"]}
    assert set(found) == {"tiny", "a/b", "org/name"}
    assert found["tiny"]["files"] == [{"name": "config.json", "size": 23}, {"name": "model.safetensors", "size": 1000}]
    assert found["tiny"]["size"] == 1023
    assert [found[name]["root"] for name in ("tiny", "a/b", "org/name")] == ["model_dir", "notebooks", "cache"]
    assert found["org/name"]["size"] == 9
    assert {root["kind"] for root in answer["roots"]} == {"notebooks", "model_dir", "cache"}


async def test_files_lists_sizes_and_subfolders(jp_fetch, model):
    (model / "onnx").mkdir()
    (model / "onnx" / "model.onnx").write_bytes(b"12345")
    (model / "run.sh").write_text("no")
    answer = json.loads((await jp_fetch("loupe", "api", "files", params={"path": "tiny"})).body)
    assert [(file["name"], file["size"]) for file in answer["files"]] == [
        ("config.json", 23),
        ("model.safetensors", 1000),
        ("onnx/model.onnx", 5),
    ]
    assert answer["path"] == str(model)


async def test_files_leaves_out_links_that_lead_out(jp_fetch, places, model):
    (places["outside"] / "secret.json").write_text("{}")
    os.symlink(places["outside"] / "secret.json", model / "link.json")
    answer = json.loads((await jp_fetch("loupe", "api", "files", params={"path": "tiny"})).body)
    assert "link.json" not in [file["name"] for file in answer["files"]]


@pytest.mark.parametrize(("path", "code"), [("absent", 404), ("../outside", 403), ("/etc", 403), ("", 200)])
async def test_files_answers_for_odd_folders(jp_fetch, path, code):
    if code == 200:
        assert (await jp_fetch("loupe", "api", "files", params={"path": path})).code == 200
        return
    with pytest.raises(HTTPClientError) as error:
        await jp_fetch("loupe", "api", "files", params={"path": path})
    assert error.value.code == code
    assert json.loads(error.value.response.body)["message"]


async def test_model_dirs_reach_the_servers_own_kernels(jp_serverapp, places):
    assert os.environ["LOUPE_MODEL_DIRS"].split(os.pathsep) == [str(places["models"]), str(places["home"])]
