"""The server extension: model files for the browser, and the isolation header."""

from __future__ import annotations

import os

from jupyter_server.extension.application import ExtensionApp
from traitlets import Bool, List, Unicode

from . import isolation
from .handlers import FilesHandler, ModelFileHandler, ModelsHandler
from .roots import Roots


class LoupeApp(ExtensionApp):
    """Serves model files to kernels that run in the browser."""

    name = "jupyterlab_loupe"
    extension_url = "/lab"
    load_other_extensions = True
    description = "Serves model files to TypeScript kernels that run in the browser"

    model_dirs = List(
        Unicode(),
        help="""Folders whose models may be read, besides the notebook root, LOUPE_MODEL_DIRS, the default model folder
        and the Hugging Face cache. A link is followed only if its target is inside one of them.""",
    ).tag(config=True)

    isolate_pages = Bool(
        True,
        help="""Whether JupyterLab's pages carry the header Document-Isolation-Policy, which gives kernels threads
        and interruptible loops in browsers that know it. Switch it off if another extension's frames or
        cross-origin requests stop working.""",
    ).tag(config=True)

    def initialize_handlers(self) -> None:
        contents = self.serverapp.contents_manager
        # A contents manager that keeps notebooks elsewhere (a database, S3) has no folder to offer.
        notebook_dir = getattr(contents, "root_dir", None)
        roots = Roots.of(self.model_dirs, notebook_dir, allow_hidden=contents.allow_hidden)
        # Kernels that are processes of this server look where the browser looks.
        os.environ["LOUPE_MODEL_DIRS"] = os.pathsep.join(
            dict.fromkeys(str(root.path) for root in roots.roots if root.kind == "model_dir")
        )
        options = {"roots": roots}
        self.handlers.extend(
            [
                (r"/loupe/models/(.+)", ModelFileHandler, options),
                (r"/loupe/api/models", ModelsHandler, options),
                (r"/loupe/api/files", FilesHandler, options),
            ]
        )

    def initialize_settings(self) -> None:
        if self.isolate_pages:
            web_app = self.serverapp.web_app
            web_app.add_transform(isolation.transform(web_app.settings["base_url"]))
