"""A Sphinx extension for the book's pages (named in `_config.yml`)."""

from __future__ import annotations

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


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("builder-inited", leave_out_thebe, priority=1)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
