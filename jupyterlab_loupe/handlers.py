"""What the server extension answers.

``GET|HEAD <base>/loupe/models/<folder>/<file>[?revision=…]``
    The bytes of one model file, with ``Range`` and ``ETag``. ``<folder>`` is what ``from_pretrained`` takes: a folder
    relative to the notebook root or to a model folder, an absolute path inside a root, or a repository id in the Hugging
    Face cache. Each is URL-encoded; an absolute path keeps its leading slash as ``%2F``. A single ``.gguf`` is
    addressed as ``<folder>/<file>`` too. 403 outside the roots, 404 if there is no such file.

``GET <base>/loupe/api/models``
    ``{"models": [{"name", "path", "root", "size", "files": [{"name", "size"}]}], "roots": [{"path", "kind"}]}``:
    what the roots hold. ``name`` is what ``from_pretrained`` takes.

``GET <base>/loupe/api/files?path=<folder>[&revision=…]``
    ``{"folder", "path", "files": [{"name", "size", "modified"}]}``: the files of one model folder, subfolders included
    (``name`` then has slashes). 403 and 404 as above, with ``{"message": …}``.

All need the user to be authenticated and authorized to read ``contents``.
"""

from __future__ import annotations

import asyncio
import json
import posixpath

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler, JupyterHandler
from tornado import web

from .roots import ModelNotFound, NotAllowed, Roots


class ModelFileHandler(JupyterHandler, web.StaticFileHandler):
    """Streams one model file."""

    auth_resource = "contents"

    def initialize(self, roots: Roots) -> None:
        self.roots = roots
        web.StaticFileHandler.initialize(self, path="")

    @property
    def content_security_policy(self):
        # A model folder may hold anything: nothing in it may act in the user's name.
        return super().content_security_policy + "; sandbox"

    @web.authenticated
    @authorized
    async def head(self, path: str) -> None:
        await web.StaticFileHandler.get(self, path, include_body=False)

    @web.authenticated
    @authorized
    async def get(self, path: str, include_body: bool = True) -> None:
        await web.StaticFileHandler.get(self, path, include_body)

    def parse_url_path(self, url_path: str) -> str:
        return url_path

    @classmethod
    def get_absolute_path(cls, root: str, path: str) -> str:
        return path  # found in validate_absolute_path, where the roots are known

    def validate_absolute_path(self, root: str, absolute_path: str) -> str:
        folder, name = posixpath.split(absolute_path)
        try:
            return str(self.roots.file(folder, name, self.get_query_argument("revision", None)))
        except ModelNotFound as error:
            raise web.HTTPError(404, str(error)) from error
        except NotAllowed as error:
            raise web.HTTPError(403, str(error)) from error
        except OSError as error:  # a name too long, a folder that may not be listed
            raise web.HTTPError(404, f"Cannot find {name} in {folder}") from error

    def compute_etag(self) -> str:
        # The stock one hashes the content: seconds for a file of some gigabytes.
        stat = self._stat()
        return f'"{stat.st_size:x}-{stat.st_mtime_ns:x}"'

    def set_headers(self) -> None:
        super().set_headers()
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-cache")

    def write_error(self, status_code: int, **kwargs) -> None:
        message = ""
        if "exc_info" in kwargs:
            error = kwargs["exc_info"][1]
            message = getattr(error, "log_message", None) or str(error)
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"message": message}))


class ModelsHandler(APIHandler):
    """Lists the models of the roots."""

    auth_resource = "contents"

    def initialize(self, roots: Roots) -> None:
        self.roots = roots

    @web.authenticated
    @authorized
    async def get(self) -> None:
        models = await asyncio.to_thread(self.roots.models)
        roots = [{"path": str(root.path), "kind": root.kind} for root in self.roots.roots]
        self.finish(json.dumps({"models": models, "roots": roots}))


class FilesHandler(APIHandler):
    """Lists the files of one model folder."""

    auth_resource = "contents"

    def initialize(self, roots: Roots) -> None:
        self.roots = roots

    @web.authenticated
    @authorized
    async def get(self) -> None:
        folder = self.get_query_argument("path")
        revision = self.get_query_argument("revision", None)
        try:
            path = self.roots.find(folder, revision)
            files = await asyncio.to_thread(self.roots.files, folder, revision)
        except ModelNotFound as error:
            raise web.HTTPError(404, str(error)) from error
        except NotAllowed as error:
            raise web.HTTPError(403, str(error)) from error
        except OSError as error:
            raise web.HTTPError(404, f"Cannot list {folder}") from error
        self.finish(json.dumps({"folder": folder, "path": str(path), "files": files}))
