"""A Sphinx extension for the book's pages (named in `_config.yml`)."""

from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any


def leave_out_thebe(app: Any) -> None:
    """Unhook sphinx-thebe, which Jupyter Book always loads.

    The book does not start kernels in the browser, and the script that thebe writes into every
    page names another host and is written twice, which is an error in the console.
    """
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def hold_back_explorer(app: Any, config: Any) -> None:
    """Take the Explorer's files off the lists for every page, where Jupyter Book puts all of `_static`."""
    for files in (config.html_css_files, config.html_js_files):
        files[:] = [file for file in files if not file.startswith("explorer")]


def renew_pages(app: Any, env: Any, *_: Any) -> list[str]:
    """Count every page as out of date where a file of `_static` is: Sphinx copies those only when it writes a page."""
    source, copy = Path(app.srcdir) / "_static", Path(app.outdir) / "_static"
    for path in source.rglob("*"):
        own = copy / path.relative_to(source)
        if path.is_file() and not (own.is_file() and filecmp.cmp(path, own, shallow=False)):
            return sorted(env.found_docs)
    return []


def add_explorer(app: Any, pagename: str, *_: Any) -> None:
    """Give the Explorer page, and no other, its script and its style; the script loads the data."""
    if pagename == "explorer":
        app.add_css_file("explorer.css")
        app.add_js_file("explorer.js", loading_method="defer")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", leave_out_thebe, priority=1)
    app.connect("config-inited", hold_back_explorer, priority=1)
    app.connect("env-get-outdated", renew_pages)
    app.connect("html-page-context", add_explorer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
