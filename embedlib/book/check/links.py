"""The links of the built book: those inside must lead somewhere, those outside are listed in one place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from embedlib.errors import NotebookError


def check_links(html: Path) -> dict[str, list[str]]:
    """Check the links of every page under a folder; gives the external ones, each with the pages it is on.

    Raises `NotebookError` that lists the links to pages, files or places that are not there.
    """
    # What lies under _static are the theme's templates.
    found = [path for path in sorted(html.rglob("*.html")) if "_static" not in path.relative_to(html).parts]
    pages = {path.resolve(): BeautifulSoup(path.read_bytes(), "html.parser") for path in found}
    places = {path: {str(tag.get("id")) for tag in page.find_all(id=True)} for path, page in pages.items()}
    outside: dict[str, list[str]] = {}
    broken = []
    for path, page in pages.items():
        name = path.relative_to(html.resolve()).as_posix()
        for link in dict.fromkeys(_links(page)):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if parts.scheme in ("", "http", "https"):
                    outside.setdefault(link, []).append(name)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            anchor = unquote(parts.fragment)
            if not target.is_file() or (anchor and target in places and anchor not in places[target]):
                broken.append(f"{name}: {link}")
    if broken:
        raise NotebookError("links that lead nowhere:\n" + "\n".join(broken))
    return dict(sorted(outside.items()))


def _links(page: BeautifulSoup) -> Iterator[str]:
    for name, attribute in (("a", "href"), ("link", "href"), ("img", "src"), ("script", "src")):
        for tag in page.find_all(name):
            if link := str(tag.get(attribute, "")).strip():
                yield link
