"""A Sphinx extension for the API page: it makes docstrings readable for reStructuredText."""

from __future__ import annotations

import re
from typing import Any

# Code between backticks, or a character that reStructuredText would take for markup.
_CODE_OR_MARKUP = re.compile(r"``?([^`]+)``?|([*|\\]|(?<=\w)_(?!\w))")


def as_rst(docstring: str) -> str:
    r"""Turn the plain text of a docstring into reStructuredText.

    A docstring has code between single backticks, and examples that begin with `>>>`. All else in it is
    prose, in which `*`, `|` and a trailing `_` are only characters.

    Example:
        >>> print(as_rst("Multiply `a` by 2 * b."))
        Multiply ``a`` by 2 \* b.
    """
    paragraphs = re.split(r"\n[ \t]*\n", _examples_apart(docstring))
    return "\n\n".join(text if ">>> " in text else _CODE_OR_MARKUP.sub(_escaped, text) for text in paragraphs)


def _escaped(found: re.Match[str]) -> str:
    if not found[1]:
        return f"\\{found[2]}"
    # Code ends only before a space or punctuation; `\\ ` is an end that is not shown.
    before = "\\ " if re.search(r"\w$", found.string[: found.start()]) else ""
    behind = "\\ " if re.match(r"\w", found.string[found.end() :]) else ""
    return f"{before}``{found[1].strip()}``{behind}"


def _examples_apart(docstring: str) -> str:
    """Put an empty line between prose and the example below it."""
    lines: list[str] = []
    for line in docstring.split("\n"):
        begins = line.lstrip().startswith(">>> ")
        before = lines[-1].strip() if lines else ""
        if begins and before.endswith(":"):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def convert_docstring(app: Any, what: str, name: str, found: Any, options: Any, lines: list[str]) -> None:
    """Convert a docstring in place, as autodoc's event wants it."""
    lines[:] = as_rst("\n".join(lines)).split("\n")


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", convert_docstring)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
