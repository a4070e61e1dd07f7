"""Reader of WiC: a word in two sentences, and whether it has one sense in both."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from embedlib.datasets.spans import cut_word
from embedlib.datasets.table_files import say_left_out
from embedlib.datasets.text_files import numbered_lines, parse_json
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

_COLUMNS = ("word", "pos", "sentence1", "start1", "end1", "sentence2", "start2", "end2", "same")
_TRUTH = {"T": True, "F": False, "TRUE": True, "FALSE": False, "1": True, "0": False}


def read_wic(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read WiC (pilehvar2019wic): a word, its place in two sentences, and `same`, whether its sense is the same.

    Two layouts are known. That of its authors is `NAME.data.txt`, with `word TAB pos TAB 2-3 TAB sentence TAB sentence`
    a line (the numbers of the words in the sentences, from 0, split at blanks), and `NAME.gold.txt` beside it with T
    or F a line. That of SuperGLUE is a JSON object a line, with word, sentence1, sentence2, start1, end1, start2, end2
    and label. `path` is a file, or a folder with several, which are joined. Items without a label, as SuperGLUE's test
    has them, and spans that cut a word are left out and counted in `frame.attrs["left_out"]`. Columns: word, pos (empty
    in SuperGLUE), sentence1, start1, end1, sentence2, start2, end2, in characters, and same.

    Raises `InputError` with file and line for a malformed line and a span outside its sentence, and where no item can
    be used.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     data = Path(folder, "dev.data.txt")
        ...     _ = data.write_text("bank\tN\t1-2\tThe bank closed .\tOn the bank .\n")
        ...     _ = Path(folder, "dev.gold.txt").write_text("F\n")
        ...     read_wic(data)[["start1", "end1", "start2", "end2", "same"]].to_numpy().tolist()
        [[4, 8, 7, 11, False]]
    """
    rows: list[dict[str, Any]] = []
    left_out: Counter[str] = Counter()
    for file in _files(path):
        for row in _read_pairs(file, encoding) if file.name.endswith(".data.txt") else _read_lines(file, encoding):
            cut = any(cut_word(row[f"sentence{n}"], row[f"start{n}"], row[f"end{n}"]) for n in "12")
            if row["same"] is None or cut:
                left_out["a span that cuts a word" if cut else "no label"] += 1
            else:
                rows.append(row)
    if not rows and left_out:
        raise InputError(f"{path}: no item can be used; left out: {say_left_out(dict(left_out))}")
    frame = pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"same": bool})
    frame.attrs["left_out"] = dict(left_out)
    if left_out:
        logger.warning("%s: items left out: %s", path.name, say_left_out(frame.attrs["left_out"]))
    return frame


def _files(path: Path) -> list[Path]:
    """List the files of a folder's parts: those of one layout; of a file, itself."""
    if path.is_file():
        if path.name.endswith(".gold.txt"):
            raise InputError(f"{path} has the labels; give {path.name.replace('.gold.', '.data.')}")
        return [path]
    for pattern in ("*.data.txt", "*/*.data.txt", "*.jsonl", "*/*.jsonl"):
        found = sorted(file for file in path.glob(pattern) if not file.name.startswith("."))
        if found:
            return found
    raise InputError(f"{path}: no NAME.data.txt with NAME.gold.txt, and no NAME.jsonl, in it or a folder below")


def _read_pairs(file: Path, encoding: str) -> Iterator[dict[str, Any]]:
    """Read the layout of WiC's authors."""
    gold = file.with_name(file.name.replace(".data.txt", ".gold.txt"))
    lines = list(numbered_lines(file, encoding))
    labels: list[tuple[str, str | None]]
    labels = list(numbered_lines(gold, encoding)) if gold.is_file() else [("", None)] * len(lines)
    if len(labels) != len(lines):
        raise InputError(f"{file} has {len(lines)} items and {gold} has {len(labels)} labels")
    for (place, line), (label_place, label) in zip(lines, labels, strict=True):
        cells = [cell.strip() for cell in line.split("\t")]
        at = re.fullmatch(r"(\d+)-(\d+)", cells[2]) if len(cells) == 5 else None
        if at is None or not all(cells):
            raise InputError(f"{place}: {line[:200]!r} is not `word TAB pos TAB 2-3 TAB sentence TAB sentence`")
        word, pos, _, first, second = cells
        if label is not None and label.strip().upper() not in _TRUTH:
            raise InputError(f"{label_place}: {label[:80]!r} is not T or F")
        yield {
            "word": word, "pos": pos, "sentence1": first, "sentence2": second,
            **_span(place, first, int(at[1]), "1"), **_span(place, second, int(at[2]), "2"),
            "same": None if label is None else _TRUTH[label.strip().upper()],
        }  # fmt: skip


def _span(place: str, sentence: str, number: int, suffix: str) -> dict[str, int]:
    """Find the n-th word of a sentence, split at blanks, without the signs around it."""
    words = list(re.finditer(r"\S+", sentence))
    if number >= len(words):
        raise InputError(f"{place}: word {number} of a sentence of {len(words)} words: {sentence!r}")
    inner = re.search(r"\w(?:.*\w)?", words[number].group())
    if inner is None:
        raise InputError(f"{place}: word {number} is {words[number].group()!r}, which is no word: {sentence!r}")
    start = words[number].start()
    return {f"start{suffix}": start + inner.start(), f"end{suffix}": start + inner.end()}


def _read_lines(file: Path, encoding: str) -> Iterator[dict[str, Any]]:
    """Read the layout of SuperGLUE."""
    for place, line in numbered_lines(file, encoding):
        item = parse_json(line, place)
        if not isinstance(item, dict):
            raise InputError(f"{place}: {line[:80]!r} is not a JSON object")
        row: dict[str, Any] = {"word": item.get("word"), "pos": str(item.get("pos", ""))}
        if not isinstance(row["word"], str) or not row["word"].strip():
            raise InputError(f"{place}: 'word' is {row['word']!r}; it is needed, as text")
        for n in ("1", "2"):
            sentence, start, end = (item.get(f"{name}{n}") for name in ("sentence", "start", "end"))
            if not isinstance(sentence, str):
                raise InputError(f"{place}: 'sentence{n}' is {sentence!r}; it is needed, as text")
            start, end = (int(x) if isinstance(x, str) and x.isdigit() else x for x in (start, end))
            if type(start) is not int or type(end) is not int or not 0 <= start < end <= len(sentence):
                raise InputError(
                    f"{place}: the span ({start}, {end}) is outside a sentence of {len(sentence)} characters"
                )
            row |= {f"sentence{n}": sentence, f"start{n}": start, f"end{n}": end}
        label = item.get("label")
        if label is not None and str(label).upper() not in _TRUTH:
            raise InputError(f"{place}: 'label' is {label!r}; allowed: true, false")
        yield row | {"same": None if label is None else _TRUTH[str(label).upper()]}
