"""``jupyter loupe``: fetch default models and list what the roots hold."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ._version import __version__
from .pull import MODELS, PullError, pull
from .roots import Roots


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="jupyter loupe", description="Models for Loupe's TypeScript kernels.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True)
    pulling = commands.add_parser("pull", help="fetch a default model", description="Fetches a default model.")
    pulling.add_argument("model", choices=sorted(MODELS), help="; ".join(f"{k}: {m.description}" for k, m in MODELS.items()))
    pulling.add_argument("--dir", type=Path, help="model folder to store it in (default: the user's)")
    listing = commands.add_parser("list", help="list the models that kernels can load")
    listing.add_argument("--json", action="store_true", help="as JSON")
    arguments = parser.parse_args(argv)
    if arguments.command == "pull":
        try:
            pull(arguments.model, arguments.dir)
        except PullError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    models = Roots.of([], Path.cwd()).models()
    if arguments.json:
        print(json.dumps(models, indent=2))
    else:
        for model in models:
            print(f"{model['size'] / 1e6:10.1f} MB  {model['name']}  ({model['path']})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
