"""JupyterLab extension with an in-browser TypeScript kernel for transformer models."""

from typing import Any

from ._version import __version__

__all__ = ["LoupeApp", "__version__"]


def __getattr__(name: str) -> Any:
    # The server's own packages take half a second to import: the server kernel's launcher does without.
    if name == "LoupeApp":
        from .app import LoupeApp

        return LoupeApp
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _jupyter_labextension_paths():
    return [{"src": "labextension", "dest": "jupyterlab-loupe"}]


def _jupyter_server_extension_points():
    from .app import LoupeApp

    return [{"module": "jupyterlab_loupe", "app": LoupeApp}]
