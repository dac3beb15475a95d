"""JupyterLab extension with an in-browser TypeScript kernel for transformer models."""

from ._version import __version__
from .app import LoupeApp

__all__ = ["LoupeApp", "__version__"]


def _jupyter_labextension_paths():
    return [{"src": "labextension", "dest": "jupyterlab-loupe"}]


def _jupyter_server_extension_points():
    return [{"module": "jupyterlab_loupe", "app": LoupeApp}]
