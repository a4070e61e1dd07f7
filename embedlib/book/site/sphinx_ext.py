"""A Sphinx extension for the book's pages (named in `_config.yml`)."""

from __future__ import annotations

import filecmp
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx import addnodes

_BARE = ("glossary", "bibliography")  # pages without links to the glossary
_CLOSED = (
    nodes.title, nodes.literal, nodes.literal_block, nodes.reference, nodes.caption, nodes.math, nodes.raw, nodes.table,
    nodes.target, nodes.strong, addnodes.pending_xref, addnodes.download_reference,
)  # fmt: skip


def leave_out_thebe(app: Any) -> None:
    """Unhook sphinx-thebe, which Jupyter Book always loads.

    The book does not start kernels in the browser, and the script that thebe writes into every
    page names another host and is written twice, which is an error in the console.
    """
    for listeners in app.events.listeners.values():
        for listener in list(listeners):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def glossary_terms(glossary: Path) -> list[str]:
    """List the terms of the glossary page, longest first, so that the longer of two is found."""
    text = glossary.read_text(encoding="utf-8").partition("```{glossary}")[2].partition("```")[0]
    return sorted((line for line in text.splitlines() if line and not line[0].isspace()), key=lambda t: (-len(t), t))


def link_terms(app: Any, doctree: nodes.document) -> None:
    """Link the first use of each glossary term in a page's running text.

    A term with a capital in it (`USE`, `GloVe`, `Zipf`) is found in that spelling only: the verb "use" is no model.
    """
    source = Path(app.srcdir) / "glossary.md"
    if app.env.docname in _BARE or not source.is_file():
        return
    left = glossary_terms(source)
    pattern = any_of(left)
    for text in list(doctree.findall(nodes.Text)):
        if not isinstance(text.parent, nodes.paragraph) or _closed(text):
            continue
        made: list[nodes.Node] = []
        rest = str(text)
        position = 0
        for match in pattern.finditer(rest):
            term = next((t for t in left if t in (match[1], match[1].lower())), None)
            if term is None:
                continue
            left.remove(term)
            made += [nodes.Text(rest[position : match.start()]), _link(app, term, match[0])]
            position = match.end()
        if made:
            text.parent.replace(text, [*made, nodes.Text(rest[position:])])


def any_of(terms: list[str]) -> re.Pattern[str]:
    """Compile a pattern for the terms, one of lower-case letters also with a capital or in the plural."""
    ways = [re.escape(term) if term != term.lower() else f"(?i:{re.escape(term)})" for term in terms]
    return re.compile(rf"\b({'|'.join(ways)})s?\b")


def _closed(text: nodes.Text) -> bool:
    """Tell text that is not running prose: in a heading, code, a link, a table, an output."""
    node: Any = text.parent
    while node is not None:
        if isinstance(node, _CLOSED) or "cell_output" in node.get("classes", []):
            return True
        node = node.parent
    return False


def _link(app: Any, term: str, shown: str) -> addnodes.pending_xref:
    inner = nodes.inline(shown, shown, classes=["xref", "std", "std-term"])
    return addnodes.pending_xref(
        "", inner, refdomain="std", reftype="term", reftarget=term, refexplicit=True, refwarn=True,
        refdoc=app.env.docname,
    )  # fmt: skip


def mend_roles(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Take back the roles that docutils gives to a bibliography: a list must hold list items, and these do not."""
    body = context.get("body", "").replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    context["body"] = body.replace(' role="doc-biblioentry"', "")


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
    app.connect("doctree-read", link_terms)
    app.connect("html-page-context", mend_roles)
    app.connect("config-inited", hold_back_explorer, priority=1)
    app.connect("env-get-outdated", renew_pages)
    app.connect("html-page-context", add_explorer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
