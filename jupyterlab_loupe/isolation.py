"""Sets ``Document-Isolation-Policy`` on the application's pages.

In browsers that know it the page becomes cross-origin isolated without touching what it embeds: WebAssembly may use
threads, and an interrupt reaches even a loop that never awaits, through shared memory.
"""

from __future__ import annotations

from tornado import web

HEADER = "Document-Isolation-Policy"
POLICY = "isolate-and-credentialless"

#: Pages of JupyterLab and Notebook, below the base URL.
PAGES = ("lab", "doc", "notebooks", "consoles", "edit", "tree")


def transform(base_url: str) -> type[web.OutputTransform]:
    """Makes the output transform that adds the header to HTML pages of the applications, and to nothing else."""
    prefixes = tuple(base_url + page for page in PAGES)

    class IsolationTransform(web.OutputTransform):
        def __init__(self, request):
            path = request.path
            self._applies = any(path == prefix or path.startswith(prefix + "/") for prefix in prefixes)

        def transform_first_chunk(self, status_code, headers, chunk, finishing):
            is_page = self._applies and headers.get("Content-Type", "").startswith("text/html")
            if is_page and HEADER not in headers:
                headers[HEADER] = POLICY
            return status_code, headers, chunk

    return IsolationTransform
