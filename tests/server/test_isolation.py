"""The isolation header."""

import pytest
from tornado import httputil

from jupyterlab_loupe.isolation import HEADER, POLICY, transform


def sent(path, content_type="text/html; charset=UTF-8", headers=None):
    line = httputil.RequestStartLine("GET", path, "HTTP/1.1")
    request = httputil.HTTPServerRequest(start_line=line, connection=None, headers=httputil.HTTPHeaders({"Host": "x"}))
    first = httputil.HTTPHeaders({"Content-Type": content_type, **(headers or {})})
    return transform("/user/ada/")(request).transform_first_chunk(200, first, b"", True)[1].get(HEADER)


@pytest.mark.parametrize("page", ["lab", "lab/tree/a.ipynb", "lab/workspaces/x", "notebooks/a.ipynb", "tree", "doc/x"])
def test_transform_isolates_application_pages(page):
    assert sent("/user/ada/" + page) == POLICY


@pytest.mark.parametrize("path", ["/user/ada/files/a.html", "/user/ada/labels", "/user/ada/api/status", "/lab", "/"])
def test_transform_leaves_other_pages_alone(path):
    assert sent(path) is None


def test_transform_leaves_other_types_and_an_existing_header_alone():
    assert sent("/user/ada/lab", "application/json") is None
    assert sent("/user/ada/lab", headers={HEADER: "none"}) == "none"


@pytest.mark.parametrize("isolate", [True, False])
def test_setting_switches_the_header(jp_server_config, jp_configurable_serverapp, isolate):
    app = jp_configurable_serverapp(config={**jp_server_config, "LoupeApp": {"isolate_pages": isolate}})
    names = [made.__name__ for made in app.web_app.transforms]
    assert ("IsolationTransform" in names) is isolate
