"""The version; the same as in package.json, which a test asserts."""

__version__ = "0.1.0"
