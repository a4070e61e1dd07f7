"""Reading records: out of the outputs of executed notebooks, and the notebooks of runs."""

from __future__ import annotations

import base64
import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from embedlib._util.paths import PROJECT
from embedlib.errors import NotebookError
from embedlib.records.record import RECORD, OutdatedVerdictRecord, Record, with_outdated_named

MIME = "application/vnd.embedlib.record+json"


def all_outputs(notebook: Mapping[str, Any]) -> list[Any]:
    """List the outputs of all cells of a notebook, in order."""
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def record_in(output: Mapping[str, Any]) -> Record | None:
    """Read the record in a cell's output; None where there is none.

    Raises `NotebookError` for a record that has not the form of its type.
    """
    payload = output.get("data", {}).get(MIME)
    if payload is None:
        return None
    try:
        return RECORD.validate_python(with_outdated_named(payload))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise NotebookError(f"the record {payload.get('name')!r} cannot be read: {place}: {first['msg']}") from None


def records_in(outputs: Iterable[Mapping[str, Any]]) -> list[Record]:
    """Read the records among some outputs, in order; raises `NotebookError` as `record_in` does."""
    return [found for output in outputs if (found := record_in(output))]


class Records(dict[str, Any]):
    """What an executed notebook recorded, by name; a name that it does not have raises `NotebookError`.

    So does one of the `outdated`: verdicts that an older embedlib recorded, which have to be made again.
    """

    def __init__(self, path: Path, found: Mapping[str, Any], outdated: Iterable[str] = ()) -> None:
        super().__init__(found)
        self.path = path
        self.outdated = frozenset(outdated)

    def __missing__(self, name: str) -> Any:
        chapter = self.path.stem.partition("--")[0]
        if name in self.outdated:
            raise NotebookError(
                f"{self.path} has the verdict {name!r} in the form of an older embedlib; run it again: "
                f"embedlib run {chapter}"
            )
        near = difflib.get_close_matches(name, self, n=1)
        hint = f" (it has {near[0]!r})" if near else ""
        raise NotebookError(f"{self.path} has no record {name!r}{hint}; run it again: embedlib run {chapter}")


def read_records(path: Path) -> Records:
    """Read what an executed notebook recorded, by name: numbers, strings, `Verdict`s and frames.

    Raises `NotebookError` for a file that is no notebook or has no records.

    Example:
        >>> from embedlib._util.paths import PROJECT
        >>> list(read_records(PROJECT / "notebooks" / "04_analogies.ipynb")["d4-scores"].columns[-2:])
        ['low', 'high']
    """
    try:
        outputs = all_outputs(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError) as error:
        raise NotebookError(f"{path}: not a notebook: {error}") from None
    records = records_in(outputs)
    if not records:
        raise NotebookError(f"{path} has no records; was it run?")
    outdated = [kept.name for kept in records if isinstance(kept, OutdatedVerdictRecord)]
    return Records(path, {kept.name: kept.to_python() for kept in records if kept.name not in outdated}, outdated)


def picture_of(output: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Take the picture out of a cell's output: how a file of it ends (svg or png), and its bytes."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return "svg", "".join(data["image/svg+xml"]).encode()
    return ("png", base64.b64decode(data["image/png"])) if "image/png" in data else None


def last_run(name: str, runs: Sequence[str] = ()) -> Path:
    """Find the executed notebook of a chapter: among `runs`, or its last run, or the committed one.

    Raises `NotebookError` where `runs` are given and none is of that chapter.
    """
    if runs:
        for path in map(Path, runs):
            if path.stem.partition("--")[0] == name:
                return path
        raise NotebookError(f"none of the runs given is of {name}: {', '.join(runs)}")
    built = PROJECT / "_build" / "executed" / f"{name}.ipynb"
    return built if built.is_file() else PROJECT / "notebooks" / f"{name}.ipynb"
