"""Reader of sentence pairs rated for similarity, in the layouts in which they are distributed."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from embedlib.datasets.table_files import Row, number_in, say_left_out, split_rows
from embedlib.datasets.text_files import numbered_lines, parse_json, read_text
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

# Names of columns, in lower case and without blanks and signs; of several columns the one named first here counts.
_NAMES = {
    "sentence1": ("sentence1", "sentencea", "sent1", "senta", "s1", "text1", "texta", "premise", "question1"),
    "sentence2": ("sentence2", "sentenceb", "sent2", "sentb", "s2", "text2", "textb", "hypothesis", "question2"),
    "score": ("score", "similarityscore", "relatednessscore", "similarity", "relatedness", "goldscore", "gold",
              "humanscore", "meanscore", "rating", "label", "labels"),
}  # fmt: skip
_FRONT = list(_NAMES)
# The places of the three columns in the layouts without a header.
_BENCHMARK = {"score": 4, "sentence1": 5, "sentence2": 6}
_LAST = {"sentence1": 0, "sentence2": 1, "score": 2}
_SCORE_FIRST = {"score": 0, "sentence1": 1, "sentence2": 2}
_INPUT = re.compile(r"(.*STS.*)\.(?:input|gs)\.(.+)\.txt", re.IGNORECASE)


class _Layout(NamedTuple):
    """Which column has which name, whether a header says so, and how many columns a line must have."""

    columns: dict[str, int]
    header: bool
    width: int | None


def read_sts(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read sentence pairs rated for similarity from 0 to 5: columns sentence1, sentence2 and score.

    The layout is recognised: a table with a header that names the three (as GLUE's `dev.tsv` or
    `SICK.txt`; other columns, such as genre, stay); the distribution of the STS benchmark
    (`sts-dev.csv`: genre, file, year, number, score and sentences, no header); three columns without a
    header, the score last or first; JSON objects, a line each or as a list; or the tasks of 2012 to
    2017, input and gold apart (`STS.input.X.txt` beside `STS.gs.X.txt`; their folder for all of them,
    with X in a column `file`). Columns are separated by tabs, and quotes are plain characters, or by
    semicolons or commas, and quotes hold cells together.

    Pairs without a rating or a text are left out; `frame.attrs["left_out"]` says how many, by reason, and this is
    logged. Raises `InputError` with file and line for another layout, a line with too few or too many cells, and a
    score that is not a number from 0 to 5. The scale is that of the SemEval tasks (cer2017semeval).

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.tsv")
        ...     _ = path.write_text("score\tsentence1\tsentence2\n4.5\tA dog.\tOne dog.\n")
        ...     read_sts(path)["score"].to_list()
        [4.5]
    """
    inputs = _inputs(path)
    if inputs:
        rows = [row for file in inputs for row in _apart(file, encoding, several=path.is_dir())]
        names = ["file"] if path.is_dir() else []
    else:
        names, rows = _read_json(path, encoding) or _read_table(path, encoding)
    left_out: Counter[str] = Counter()
    found = []
    for place, values in rows:
        if reason := _unusable(values):
            left_out[reason] += 1
            continue
        score = _score(values["score"])
        if score is None:
            raise InputError(f"{place}: the score {values['score']!r} is no number from 0 to 5")
        found.append({**values, "score": score})
    if left_out:
        logger.warning("%s: pairs left out: %s", path.name, say_left_out(left_out))
    frame = pd.DataFrame(found, columns=[*_FRONT, *(name for name in names if name not in _FRONT)])
    frame.attrs["left_out"] = dict(left_out)
    return frame


def _unusable(values: dict[str, Any]) -> str | None:
    """Say why a pair cannot be used, though nothing is wrong with its line."""
    texts = [str(values[name] or "").strip() for name in ("sentence1", "sentence2")]
    if not any(texts) or not all(texts):
        return "no text" if not any(texts) else "a blank sentence"
    return "no rating" if values["score"] is None or not str(values["score"]).strip() else None


def _score(value: Any) -> float | None:
    number = number_in(str(value)) if isinstance(value, str | int | float) and not isinstance(value, bool) else None
    return number if number is not None and 0 <= number <= 5 else None


def _inputs(path: Path) -> list[Path]:
    """List the input files of the tasks of 2012 to 2017: the file itself, or those of a folder."""
    if path.is_dir():
        files = sorted(
            file for file in path.rglob("*.txt")
            if _INPUT.fullmatch(file.name) and ".input." in file.name.lower() and not _hidden(file, path)
        )  # fmt: skip
        if not files:
            raise InputError(
                f"{path}: a folder without STS.input.X.txt, as the tasks of 2012 to 2017 have; name a file of pairs"
            )
        return files
    if not _INPUT.fullmatch(path.name):
        return []
    if ".gs." in path.name.lower():
        return [_partner(path, "input")]
    return [path]


def _hidden(file: Path, top: Path) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in file.relative_to(top).parts)


def _partner(file: Path, kind: str) -> Path:
    """Find the gold file of an input, or the other way round: beside it, or in a folder beside its own."""
    name = re.sub(r"\.(input|gs)\.", f".{kind}.", file.name, flags=re.IGNORECASE)
    beside = file.with_name(name)
    if beside.is_file():
        return beside
    near = [other for other in sorted(file.parent.parent.glob(f"*/{name}")) if not _hidden(other, file.parent.parent)]
    if len(near) != 1:
        found = f"in {len(near)} folders" if near else "neither beside it nor in a folder beside its own"
        raise InputError(f"{file}: {name}, which belongs to it, is {found}")
    return near[0]


def _apart(file: Path, encoding: str, *, several: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read an input file and its gold file, line by line; a blank line of gold is a pair without a rating."""
    gold = _partner(file, "gs")
    pairs, scores = (list(numbered_lines(part, encoding, blanks=True)) for part in (file, gold))
    if len(pairs) != len(scores):
        raise InputError(f"{file} has {len(pairs)} lines and {gold} has {len(scores)}")
    names = _INPUT.fullmatch(file.name)
    more = {"file": names[2]} if several and names else {}
    for (place, line), (gold_place, score) in zip(pairs, scores, strict=True):
        cells = line.split("\t")
        if line.strip() and len(cells) < 2:
            raise InputError(f"{place}: {line[:80]!r} is not `sentence TAB sentence`")
        first, second = (cells[0], cells[1]) if len(cells) > 1 else ("", "")
        yield gold_place, {"sentence1": first.strip(), "sentence2": second.strip(), "score": score.strip(), **more}


_Rows = tuple[list[str], list[tuple[str, dict[str, Any]]]]


def _read_json(path: Path, encoding: str) -> _Rows | None:
    """Read JSON objects, a line each or in one list; None for a file that is neither."""
    text = read_text(path, encoding)
    start = text.lstrip()
    named = path.suffix.lower() in (".json", ".jsonl", ".ndjson")
    if not start.startswith(("{", "[")) or not (named or re.match(r'\{\s*"[^"\n]*"\s*:|\[\s*\{\s*"', start)):
        if named and start:
            raise InputError(f"{path}: no JSON: it begins with {start[:20]!r}")
        return None
    if start.startswith("["):
        items = [(f"{path}, item {n}", item) for n, item in enumerate(parse_json(text, str(path)), start=1)]
    else:
        items = [(place, parse_json(line, place)) for place, line in numbered_lines(path, encoding)]
    names: dict[str, None] = {}
    rows = []
    for place, item in items:
        if not isinstance(item, dict):
            raise InputError(f"{place}: {item!r:.80} is not a JSON object")
        columns = _named(list(item))
        if len(columns) < len(_NAMES):
            raise InputError(f"{place}: no object with sentence1, sentence2 and score: it has {', '.join(item)}")
        values = dict(zip(_renamed(list(item), columns), item.values(), strict=True))
        for name in ("sentence1", "sentence2"):
            if not isinstance(values[name], str | None):
                raise InputError(f"{place}: {name} is {values[name]!r:.80}, not a text")
        names |= dict.fromkeys(values)
        rows.append((place, values))
    return list(names), rows


def _named(header: list[str]) -> dict[str, int]:
    """Find the three columns by their names, as far as they are there."""
    keys = ["".join(c for c in name.lower() if c.isalnum()) for name in header]
    found = {name: next((keys.index(key) for key in known if key in keys), None) for name, known in _NAMES.items()}
    return {name: at for name, at in found.items() if at is not None}


def _renamed(header: list[str], columns: dict[str, int]) -> list[str]:
    """Give the names of all columns, the three by our names; another of those names keeps its own, marked."""
    ours = {at: name for name, at in columns.items()}
    return [ours.get(at, f"{name} (other)" if name in _FRONT else name) for at, name in enumerate(header)]


def _read_table(path: Path, encoding: str) -> _Rows:
    """Read a table by the separator and the layout under which most of its lines are rated pairs."""
    lines = list(numbered_lines(path, encoding, blanks=True))
    best: tuple[int, list[Row], _Layout] | None = None
    failure: InputError | None = None
    filled = [line for _, line in lines if line.strip()]
    count = {separator: sum(separator in line for line in filled) for separator in "\t;,"}
    commoner = sorted(";,", key=lambda separator: -count[separator])
    for separator in ["\t"] if count["\t"] > len(filled) / 2 else commoner:
        try:
            rows = split_rows(lines, separator)
            fits, layout = _find_layout(rows)
        except InputError as error:
            failure = failure or error
            continue
        if layout and fits > (best[0] if best else 0):
            best = fits, rows, layout
    if best is None:
        if failure:
            raise failure
        place, line = next(((place, line) for place, line in lines if line.strip()), (str(path), ""))
        if not line:
            raise InputError(f"{path} holds no pair of sentences")
        raise InputError(
            f"{place}: neither a header with sentence1, sentence2 and score, nor a line of the STS benchmark "
            f"(score in column 5, sentences in 6 and 7), nor two sentences and a score from 0 to 5: {line[:200]!r}"
        )
    _, rows, layout = best
    names = _renamed(rows[0].cells, layout.columns) if layout.header else _FRONT
    places = list(range(len(names))) if layout.header else [layout.columns[name] for name in names]
    found = []
    for place, cells in rows[layout.header :]:
        if not any(cells):
            found.append((place, dict.fromkeys(names, "")))
            continue
        while layout.width and len(cells) > layout.width and not cells[-1]:
            cells = cells[:-1]
        if len(cells) < max(places) + 1 or (layout.width and len(cells) != layout.width):
            raise InputError(
                f"{place}: {len(cells)} cells where the first line has {layout.width or len(rows[0].cells)}"
            )
        found.append((place, {name: cells[at] for name, at in zip(names, places, strict=True)}))
    return names, found


def _find_layout(rows: list[Row]) -> tuple[int, _Layout | None]:
    """Find the layout that most rows have a score in, and how many: a header that names the three is in all of them."""
    header = rows[0].cells if rows else []
    named = _named(header)
    if len(named) == len(_NAMES):
        return len(rows), _Layout(named, True, len(header))
    if len(named) > 1:  # names of columns, but not of all three
        return 0, None
    counts: list[tuple[int, _Layout]] = []
    for columns, width in ((_BENCHMARK, None), (_LAST, 3), (_SCORE_FIRST, 3)):
        at = columns["score"]
        fitting = [row.cells for row in rows if (len(row.cells) == width if width else len(row.cells) >= 7)]
        scored = [cells for cells in fitting if number_in(cells[at]) is not None]
        counts.append((len(scored), _Layout(columns, False, width)))
    fits, layout = max(counts, key=lambda counted: counted[0])
    if counts[1][0] == counts[2][0] == fits > 0 and counts[0][0] < fits:
        raise InputError(f"{rows[0].place}: the first and the last column are numbers, and no header says which is the "
                         f"score: {rows[0].cells}")  # fmt: skip
    return fits, layout if fits else None
