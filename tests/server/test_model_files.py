"""The model file handler: bytes, ranges, and everything that must be refused."""

import json
import os
from urllib.parse import quote, urlencode

import pytest
from tornado.httpclient import HTTPClientError

WEIGHTS = bytes(i % 251 for i in range(1000))


@pytest.fixture
def fetch(jp_serverapp, http_server_client, jp_base_url, jp_auth_header):
    """Fetches a path as it is written here: jp_fetch would encode it once more."""

    async def fetch(path, params=None, headers=None, **options):
        url = jp_base_url + path + ("?" + urlencode(params) if params else "")
        return await http_server_client.fetch(url, headers={**jp_auth_header, **(headers or {})}, **options)

    return fetch


async def refused(awaitable, code):
    with pytest.raises(HTTPClientError) as error:
        await awaitable
    assert error.value.code == code
    return json.loads(error.value.response.body)["message"] if error.value.response.body else ""


async def test_get_returns_the_file(fetch, model):
    response = await fetch("loupe/models/tiny/model.safetensors")
    assert response.code == 200
    assert response.body == WEIGHTS
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_head_tells_size_without_body(fetch, model):
    response = await fetch("loupe/models/tiny/model.safetensors", method="HEAD")
    assert response.code == 200
    assert response.headers["Content-Length"] == "1000"
    assert response.headers["ETag"]
    assert response.body == b""


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=990-", 990, 1000),
        ("bytes=-5", 995, 1000),
        ("bytes=990-5000", 990, 1000),
        ("bytes=0-999", 0, 1000),
    ],
)
async def test_range_returns_exactly_those_bytes(fetch, model, asked, begin, end):
    response = await fetch("loupe/models/tiny/model.safetensors", headers={"Range": asked})
    assert response.body == WEIGHTS[begin:end]
    if (begin, end) != (0, 1000):
        assert response.code == 206
        assert response.headers["Content-Range"] == f"bytes {begin}-{end - 1}/1000"


async def test_range_past_the_end_is_refused_with_the_size(fetch, model):
    with pytest.raises(HTTPClientError) as error:
        await fetch("loupe/models/tiny/model.safetensors", headers={"Range": "bytes=1000-"})
    assert error.value.code == 416
    assert error.value.response.headers["Content-Range"] == "bytes */1000"


@pytest.mark.parametrize("asked", ["bytes=5-2", "lines=1-2", "bytes=a-b", "bytes=0-1,5-6"])
async def test_range_that_cannot_be_used_gives_all_or_416(fetch, model, asked):
    try:
        response = await fetch("loupe/models/tiny/model.safetensors", headers={"Range": asked})
        assert (response.code, response.body) == (200, WEIGHTS)
    except HTTPClientError as error:
        assert error.code == 416


async def test_etag_changes_with_the_content_and_answers_304(fetch, model):
    path = "loupe/models/tiny/model.safetensors"
    etag = (await fetch(path)).headers["ETag"]
    with pytest.raises(HTTPClientError) as error:
        await fetch(path, headers={"If-None-Match": etag})
    assert error.value.code == 304
    (model / "model.safetensors").write_bytes(b"other")
    response = await fetch(path, headers={"If-None-Match": etag})
    assert response.code == 200
    assert response.headers["ETag"] != etag


async def test_folder_may_be_relative_to_the_notebook_root(fetch, places):
    folder = places["notebooks"] / "deep" / "model"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert (await fetch("loupe/models/deep/model/config.json")).body == b"{}"


async def test_folder_may_be_absolute_inside_a_root(fetch, model):
    path = f"loupe/models/{quote(str(model), safe='')}/config.json"
    assert json.loads((await fetch(path)).body) == {"model_type": "llama"}


async def test_folder_may_be_a_repository_of_the_cache(fetch, repository):
    assert (await fetch("loupe/models/org/name/model.safetensors")).body == b"weights"
    assert (await fetch("loupe/models/org%2Fname/model.safetensors")).body == b"weights"


async def test_revision_names_a_branch_or_commit(fetch, repository):
    (repository / "refs" / "v2").write_text("f" * 40)
    other = repository / "snapshots" / ("f" * 40)
    other.mkdir()
    (other / "config.json").write_text('{"v": 2}')
    for revision in ("v2", "f" * 40):
        response = await fetch("loupe/models/org/name/config.json", params={"revision": revision})
        assert response.body == b'{"v": 2}'
    for revision in ("v3", "../main", "../../../x"):
        await refused(fetch("loupe/models/org/name/config.json", params={"revision": revision}), 404)


async def test_folder_of_notebooks_does_not_hide_the_model_of_that_name(fetch, places, model):
    (places["notebooks"] / "tiny").mkdir()
    (places["notebooks"] / "tiny" / "notes.txt").write_text("about the model")
    assert (await fetch("loupe/models/tiny/model.safetensors")).body == WEIGHTS


@pytest.mark.parametrize(
    "path",
    [
        "../outside/secret.json",
        "tiny/../../outside/secret.json",
        "tiny%2F..%2F..%2Foutside/secret.json",
        "..%2Foutside/secret.json",
        "tiny/..%2F..%2Foutside%2Fsecret.json",
        "%2Fetc/passwd.json",
        "tiny%00/secret.json",
    ],
)
async def test_path_may_not_leave_the_roots(fetch, places, model, path):
    (places["outside"] / "secret.json").write_text("secret")
    with pytest.raises(HTTPClientError) as error:
        await fetch("loupe/models/" + path)
    assert error.value.code in (400, 403, 404)
    assert error.value.response.body != b"secret"


async def test_absolute_path_outside_the_roots_is_refused_with_the_remedy(fetch, places):
    (places["outside"] / "secret.json").write_text("secret")
    path = f"loupe/models/{quote(str(places['outside']), safe='')}/secret.json"
    assert "LoupeApp.model_dirs" in await refused(fetch(path), 403)


async def test_link_out_of_the_roots_is_refused(fetch, places, model):
    (places["outside"] / "secret.json").write_text("secret")
    os.symlink(places["outside"] / "secret.json", model / "link.json")
    os.symlink(places["outside"], places["models"] / "linked")
    await refused(fetch("loupe/models/tiny/link.json"), 403)
    await refused(fetch("loupe/models/linked/secret.json"), 403)


async def test_link_from_one_root_into_another_is_followed(fetch, places, model):
    os.symlink(model, places["notebooks"] / "here")
    assert (await fetch("loupe/models/here/model.safetensors")).body == WEIGHTS


async def test_broken_link_is_not_found(fetch, model):
    os.symlink(model / "gone.json", model / "broken.json")
    await refused(fetch("loupe/models/tiny/broken.json"), 404)


@pytest.mark.parametrize("name", ["run.sh", "notebook.ipynb", "id_rsa", "page.html", "script.py", "picture.svg"])
async def test_only_model_files_are_served(fetch, model, name):
    (model / name).write_text("x")
    assert "only model files" in await refused(fetch(f"loupe/models/tiny/{name}"), 403)


async def test_hidden_files_of_the_notebook_root_are_refused(fetch, places):
    (places["notebooks"] / ".secrets").mkdir()
    (places["notebooks"] / ".secrets" / "key.json").write_text("{}")
    await refused(fetch("loupe/models/.secrets/key.json"), 403)


async def test_missing_file_and_folder_are_not_found(fetch, model):
    assert "nothing.json" in await refused(fetch("loupe/models/tiny/nothing.json"), 404)
    assert "no folder named absent" in await refused(fetch("loupe/models/absent/config.json"), 404)
    await refused(fetch("loupe/models/" + "x" * 300 + "/config.json"), 404)


async def test_folder_is_not_a_file(fetch, model):
    (model / "sub.json").mkdir()
    await refused(fetch("loupe/models/tiny/sub.json"), 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_only_reading_is_possible(fetch, model, method):
    options = {} if method == "DELETE" else {"body": "x"}
    with pytest.raises(HTTPClientError) as error:
        await fetch("loupe/models/tiny/config.json", method=method, **options)
    assert error.value.code in (403, 405)
    assert (model / "config.json").exists()


@pytest.mark.parametrize("path", ["loupe/models/tiny/config.json", "loupe/api/models", "loupe/api/files"])
async def test_anonymous_requests_are_refused(jp_serverapp, http_server_client, jp_base_url, model, path):
    with pytest.raises(HTTPClientError) as error:
        await http_server_client.fetch(jp_base_url + path, follow_redirects=False)
    assert error.value.code in (302, 403)


async def test_unauthorized_users_are_refused(jp_serverapp, fetch, model, monkeypatch):
    monkeypatch.setattr(jp_serverapp.authorizer, "is_authorized", lambda handler, user, action, resource: False)
    for path in ("loupe/models/tiny/config.json", "loupe/api/models"):
        with pytest.raises(HTTPClientError) as error:
            await fetch(path)
        assert error.value.code == 403


async def test_authorizer_is_asked_to_read_contents(jp_serverapp, fetch, model, monkeypatch):
    asked = []
    monkeypatch.setattr(
        jp_serverapp.authorizer,
        "is_authorized",
        lambda handler, user, action, resource: asked.append((action, resource)) or True,
    )
    await fetch("loupe/models/tiny/config.json")
    await fetch("loupe/models/tiny/config.json", method="HEAD")
    assert asked == [("read", "contents"), ("read", "contents")]
