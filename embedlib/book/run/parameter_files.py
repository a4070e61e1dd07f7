"""Find the files and folders that the parameters of a run name."""

from __future__ import annotations

import contextlib
import difflib
import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import regex

from embedlib.errors import ParameterError

_MOST = 10_000  # the most files of a folder that a run may depend on

_OPENS = regex.compile(r"(?:~\w*|\.\.?)?[\\/]|[A-Za-z]:[\\/]")
_ENDING = regex.compile(r"\.[A-Za-z][A-Za-z0-9]{0,9}$")
_OPTIONS = regex.compile(r"(?P<path>.+)(?P<options>\[[^\[\]]*\])", regex.DOTALL)
_WORDS = regex.compile(r"\b(?:files?|folders?|paths?|director(?:y|ies))\b", regex.IGNORECASE)


def names_files(comment: str) -> bool:
    """Say whether a parameter may name a file or folder, by the words of its comment.

    Example:
        >>> names_files("the file of the MEN ratings"), names_files("bootstrap draws")
        (True, False)
    """
    return bool(_WORDS.search(comment))


def find_files(name: str, value: Any, *, named: bool) -> Any:
    """Make the paths in a parameter's value absolute. They begin at the current folder or at `~`.

    A text counts as a path if there is such a file or folder, and if it looks like a path: it has a separator, the
    ending of a file or `~` in front. With `named` the parameter takes files, and any text may be a path.
    The patterns `*`, `?` and `[...]` are replaced by the paths that match, sorted; outside a list only one may match.
    The path of a link stays that of the link. Any other text is kept.

    Raises `ParameterError`, with the nearest name that exists, for a path that does not exist where the parameter
    takes files or the path begins with `./`, `../` or `~/`.
    """
    if isinstance(value, str):
        found = _find(name, value, named)
        if len(found) > 1:
            raise ParameterError(
                f"parameter {name} is {value!r}, which matches {len(found)} files; it takes one: {', '.join(found[:9])}"
            )
        return found[0]
    if isinstance(value, list | tuple):
        items = [
            path for item in value for path in (_find(name, item, named) if isinstance(item, str) else
                                                [find_files(name, item, named=named)])
        ]  # fmt: skip
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: find_files(name, item, named=named) for key, item in value.items()}
    return value


def expand(name: str, items: list[str]) -> list[str]:
    """Replace each pattern in a list, such as `vectors/*.vec`, by the paths that it matches, sorted."""
    return [path for item in items for path in (_find(name, item, True) if _is_pattern(item) else [item])]


def _is_pattern(text: str) -> bool:
    return ("*" in text or "?" in text) and "://" not in text


def _find(name: str, text: str, named: bool) -> list[str]:
    path = os.path.expanduser(text)  # noqa: PTH111 (leaves what is no home as it is)
    shaped = bool(_OPENS.match(text) or _ENDING.search(text) or os.sep in text)
    if text == "all" or "://" in text or not ((_says_where(text) and shaped) or (named and text.strip())):
        return [text]
    if _exists(path):
        return [_absolute(path)]
    if (match := _OPTIONS.fullmatch(path)) and _exists(match["path"]):
        return [_absolute(match["path"]) + match["options"]]
    marked = glob.has_magic(path) and (named or not regex.search(r"\s", text))
    if marked:
        with contextlib.suppress(OSError, ValueError, regex.error):
            if found := sorted(glob.glob(path, recursive=True)):  # noqa: PTH207 (`path` may be absolute)
                return [_absolute(one) for one in found]
    if text.startswith(("./", "../", "~/")) or (named and shaped and "=" not in text):
        raise ParameterError(_missing(name, text, path, marked))
    return [text]


def _says_where(text: str) -> bool:
    """Say whether a text has more in it than dots, slashes and blanks."""
    return bool(text.strip("./\\~ "))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def _absolute(path: str) -> str:
    return os.path.abspath(path)  # noqa: PTH100 (a link keeps its name)


def _missing(name: str, text: str, path: str, marked: bool) -> str:
    if marked:
        return f"parameter {name} is {text!r}, which matches no file; it is looked for from {Path.cwd()}"
    folder = Path(_absolute(path)).parent if "\0" not in path else Path("/")
    there: list[str] = []
    with contextlib.suppress(OSError):
        there = sorted(os.listdir(folder))  # noqa: PTH208
    close = difflib.get_close_matches(Path(path).name, there, n=1, cutoff=0.5)
    hint = f" Did you mean {str(folder / close[0])!r}?" if close else ""
    if not _exists(str(folder)):
        hint = f" There is no folder {str(folder)!r} either."
    return f"parameter {name} is {text!r}: there is no such file or folder.{hint}"


def watched(value: Any, start: Path) -> Iterator[Path]:
    """List the files that a parameter's value names, and the files in the folders that it names.

    Hidden files in folders are left out. Relative paths begin at `start`. Raises `ParameterError` for a folder of
    more than 10,000 files.
    """
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from watched(item, start)
    elif isinstance(value, str) and _says_where(value):
        match = _OPTIONS.fullmatch(value)
        for text in dict.fromkeys([value, match["path"] if match else value]):
            path = start / text
            if _exists(str(path)):
                yield from _files(path) if path.is_dir() else [path]


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = [] if real in seen else sorted(name for name in folders if not name.startswith("."))
        found += [path for name in names if not name.startswith(".") and (path := Path(place, name)).is_file()]
        seen.add(real)
        if len(found) > _MOST:
            raise ParameterError(f"the folder {str(folder)!r} has more than {_MOST:,} files; name a smaller one")
    return sorted(found)
