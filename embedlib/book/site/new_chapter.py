"""New chapters: a source with the house's spine that runs as it is, and its line in the table of contents."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import yaml

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import notebook_sources, write_text
from embedlib.book.site.staging import pages_of
from embedlib.errors import InputError, NotebookError

TEMPLATE = Path(__file__).with_name("new_chapter.md")

_NAME = re.compile(r"\d\d(_[a-z0-9]+)+")


def new_chapter(name: str, title: str = "", project: Path = PROJECT) -> Path:
    """Write `notebooks/NAME.md` from the template and list it in `_toc.yml`; gives the path.

    The chapter stands behind the last one listed whose number is lower, in the same part. Raises
    `InputError` for a name that is not `NN_topic` or whose name or number is taken, or a title of
    several lines, and `NotebookError` for a table of contents that it cannot be added to. Nothing is
    written then.
    """
    if not _NAME.fullmatch(name):
        raise InputError(
            f"{name!r} is no name of a chapter; allowed: two digits, then lower-case words and digits joined by "
            "underscores, such as 12_word_lengths"
        )
    _check_free(name, [path.stem for path in notebook_sources(project / "notebooks")])
    title = title.strip() or name.partition("_")[2].replace("_", " ").capitalize()
    if len(title.splitlines()) != 1 or title.startswith("#"):
        raise InputError(f"the title {title!r} cannot be a heading; allowed: one line of text")
    toc = project / "_toc.yml"
    listed = add_to_toc(toc.read_text(encoding="utf-8"), name)
    source = project / "notebooks" / f"{name}.md"
    label = name.replace("_", "-")  # with the number, it is no other chapter's
    text = Template(TEMPLATE.read_text(encoding="utf-8")).substitute(name=name, title=title, label=label)
    write_text(text, source)
    write_text(listed, toc)
    return source


def _check_free(name: str, taken: list[str]) -> None:
    if name in taken:
        raise InputError(f"there is a chapter {name} already")
    numbers = {stem[:2]: stem for stem in taken}
    if name[:2] in numbers:
        free = next((f"{n:02d}" for n in range(int(name[:2]), 100) if f"{n:02d}" not in numbers), "none")
        raise InputError(f"the number {name[:2]} is that of {numbers[name[:2]]}; the next free one is {free}")


def add_to_toc(text: str, name: str) -> str:
    """Add a chapter to the text of a `_toc.yml`, whose other lines stay as they are.

    Raises `NotebookError` where no chapter is listed as `- file: notebooks/NN_topic`, or where the
    result would not read as the old table with one page more.
    """
    lines = text.splitlines(keepends=True)
    entry = re.compile(r"(?P<indent>\s*)- file:\s*[\"']?notebooks/(?P<name>\d\d_\w+)(?:\.md|\.ipynb)?[\"']?\s*(#.*)?")
    found = [(number, match) for number, line in enumerate(lines) if (match := entry.fullmatch(line.rstrip("\r\n")))]
    if not found:
        raise NotebookError(f"_toc.yml lists no chapter to put {name} beside; add `- file: notebooks/{name}` by hand")
    before = [(number, match) for number, match in found if match["name"] < name]
    number, match = before[-1] if before else min(found, key=lambda one: one[1]["name"])
    place = _end_of(lines, number) if before else number
    if place and not lines[place - 1].endswith("\n"):
        lines[place - 1] += "\n"
    lines.insert(place, f"{match['indent']}- file: notebooks/{name}\n")
    added = "".join(lines)
    page = f"notebooks/{name}"
    try:
        sound = page in pages_of(added) and [p for p in pages_of(added) if p != page] == pages_of(text)
    except yaml.YAMLError:
        sound = False
    if not sound:
        raise NotebookError(f"_toc.yml has a layout that {name} cannot be added to; add `- file: {page}` by hand")
    return added


def _end_of(lines: list[str], number: int) -> int:
    """Give the line behind an entry and what is indented below it, such as sections."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    end = number + 1
    while end < len(lines) and lines[end].strip() and len(lines[end]) - len(lines[end].lstrip()) > indent:
        end += 1
    return end
