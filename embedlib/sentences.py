"""Readers of sentences: anchor words in context, and pairs rated for similarity."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from embedlib.errors import InputError, UnknownNameError
from embedlib.lines import numbered_lines, read_text
from embedlib.spans import cut_word, find_span

KEPT = ("synonym", "paraphrase", "voice", "question", "exclamation", "formality", "longer")
CHANGED = ("antonym", "negation", "swap", "circumstance", "jumble", "unrelated")
KINDS = ("base", *KEPT, *CHANGED, "inflection", "same sense", "other sense")

_TEXTS = ("id", "anchor", "pos", "kind", "sentence", "form")
_OPTIONAL = {"change": "", "word": "", "reason": "", "sense": "", "forms": []}


def choose_anchors(frame: pd.DataFrame, words: Sequence[str]) -> pd.DataFrame:
    """Keep the sentences of some anchors, or all where `words` is empty.

    Raises `UnknownNameError` for a word that is no anchor of the file.
    """
    known = dict.fromkeys(frame["anchor"])
    for word in words:
        if word not in known:
            raise UnknownNameError.of("anchor", word, known)
    return frame[frame["anchor"].isin(words)] if words else frame


def spread_anchors(frame: pd.DataFrame, number: int) -> list[str]:
    """Take some of the anchors of a file, evenly from first to last; all where it has no more."""
    names = list(dict.fromkeys(frame["anchor"]))
    if number >= len(names):
        return names
    return [names[round(at * (len(names) - 1) / max(1, number - 1))] for at in range(number)]


def read_anchors(path: Path) -> pd.DataFrame:
    """Read anchor sentences: a JSON object a line.

    Each has id, anchor, pos, kind, sentence and form, the text of the anchor or of what stands in
    its place; start and end, its place in characters, may be left out where the form stands once.
    Columns of the frame: those, `meaning` (kept, changed or empty, by kind), and change, word,
    reason, sense and forms, empty where a line has none.

    Raises `InputError` with file and line for what is no such object, an unknown kind, a repeated
    id, a span that is not the form or cuts a word, and an anchor without a base sentence.
    """
    rows, ids = [], set()
    for place, line in numbered_lines(path):
        try:
            item = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{place}: no JSON object: {error}") from None
        row = _anchor(place, item)
        if row["id"] in ids:
            raise InputError(f"{place}: the id {row['id']!r} stands twice")
        ids.add(row["id"])
        rows.append(row)
    frame = pd.DataFrame(rows, columns=["id", "anchor", "pos", "kind", "meaning", "sentence", "start", "end", "form",
                                        *_OPTIONAL])  # fmt: skip
    bases = frame[frame["kind"] == "base"]
    alone = frame[~frame["anchor"].isin(bases["anchor"])]
    if len(alone):
        raise InputError(f"{path}: the anchor {alone['anchor'].iloc[0]!r} has no base sentence")
    if (twice := bases["anchor"].duplicated()).any():
        raise InputError(f"{path}: the anchor {bases['anchor'][twice].iloc[0]!r} has two base sentences")
    return frame


def _anchor(place: str, item: Any) -> dict[str, Any]:
    """Check one line of an anchor file."""
    if not isinstance(item, dict):
        raise InputError(f"{place}: {item!r} is not a JSON object")
    for key in _TEXTS:
        if not isinstance(item.get(key), str) or not item[key].strip():
            raise InputError(f"{place}: {key!r} is {item.get(key)!r}; it is needed, as text")
    if item["kind"] not in KINDS:
        raise InputError(f"{place}: {UnknownNameError.of('kind', item['kind'], KINDS)}")
    sentence, form = item["sentence"], item["form"]
    if "start" in item or "end" in item:
        start, end = item.get("start"), item.get("end")
        if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end <= len(sentence):
            raise InputError(f"{place}: the span ({start}, {end}) is outside a sentence of {len(sentence)} characters")
        if sentence[start:end] != form:
            raise InputError(f"{place}: the span ({start}, {end}) is {sentence[start:end]!r}, not the form {form!r}")
        if reason := cut_word(sentence, start, end):
            raise InputError(f"{place}: {reason}")
    else:
        try:
            start, end = find_span(sentence, form)
        except InputError as error:
            raise InputError(f"{place}: {error}") from None
    meaning = "kept" if item["kind"] in KEPT else "changed" if item["kind"] in CHANGED else ""
    given = {key: item.get(key, default) for key, default in _OPTIONAL.items()}
    return {**{key: item[key] for key in _TEXTS}, **given, "meaning": meaning, "start": start, "end": end}


# Names that the columns of rated pairs go by, in lower case.
_NAMES = {
    "sentence1": ("sentence1", "sentence_1", "sent1", "text1"),
    "sentence2": ("sentence2", "sentence_2", "sent2", "text2"),
    "score": ("score", "similarity_score", "similarity", "label", "rating"),
}


def read_sts(path: Path) -> pd.DataFrame:
    """Read sentence pairs rated for similarity from 0 to 5: columns sentence1, sentence2 and score.

    The layout is found out: a table with a header that names the three (as GLUE's `dev.tsv`; other
    columns, such as genre, stay); the distribution of the STS benchmark (`sts-dev.csv`: genre, file,
    year, number, score and sentences, no header); or three columns without a header, the score last
    or first. Columns are separated by tabs, and quotes are plain characters, or by commas, and quotes
    hold cells together.

    Raises `InputError` with file and line for another layout, a ragged line, a blank sentence, and a
    score that is no number from 0 to 5.
    """
    lines = list(_cells(path))
    if not lines:
        raise InputError(f"{path} holds no pair of sentences")
    names, columns, header = _layout(*lines[0])
    width = len(lines[0][1])
    rows = []
    for place, cells in lines[header:]:
        if len(cells) <= max(columns) or (len(columns) == width and len(cells) != width):
            raise InputError(f"{place}: {len(cells)} cells where the first line has {width}")
        values = {name: cells[column] for name, column in zip(names, columns, strict=True)}
        score = _score(values["score"])
        if score is None:
            raise InputError(f"{place}: the score {values['score']!r} is no number from 0 to 5")
        if not values["sentence1"].strip() or not values["sentence2"].strip():
            raise InputError(f"{place}: a sentence is blank")
        rows.append({**values, "score": score})
    front = ["sentence1", "sentence2", "score"]
    return pd.DataFrame(rows, columns=[*front, *(name for name in names if name not in front)])


def _cells(path: Path) -> list[tuple[str, list[str]]]:
    text = read_text(path)
    if "\t" in text.partition("\n")[0]:
        return [(place, line.split("\t")) for place, line in numbered_lines(path)]
    reader = csv.reader(text.splitlines(keepends=True))
    return [(f"{path}, line {reader.line_num}", cells) for cells in reader if cells]


def _layout(place: str, cells: list[str]) -> tuple[list[str], list[int], bool]:
    """Tell a file's layout by its first line: names, the columns that have them, and whether the line is a header."""
    header = [cell.strip().lower() for cell in cells]
    known = {own: name for name, others in _NAMES.items() for own in header if own in others}
    if set(known.values()) == set(_NAMES):
        return [known.get(name, name) for name in header], list(range(len(header))), True
    if len(cells) >= 7 and _score(cells[4]) is not None:  # more columns may follow, and not in every line
        return ["score", "sentence1", "sentence2"], [4, 5, 6], False
    if len(cells) == 3 and _score(cells[2]) is not None:
        return ["sentence1", "sentence2", "score"], [0, 1, 2], False
    if len(cells) == 3 and _score(cells[0]) is not None:
        return ["score", "sentence1", "sentence2"], [0, 1, 2], False
    raise InputError(
        f"{place}: neither a header with sentence1, sentence2 and score, nor a line of the STS benchmark "
        f"(score in column 5, sentences in 6 and 7), nor two sentences and a score from 0 to 5: {cells}"
    )


def _score(text: str) -> float | None:
    try:
        score = float(text)
    except ValueError:
        return None
    return score if math.isfinite(score) and 0 <= score <= 5 else None
