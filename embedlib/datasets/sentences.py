"""Reader of anchor sentences: anchor words, each in controlled variations of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from embedlib.datasets.spans import SpanKey, cut_word, find_span
from embedlib.datasets.text_files import numbered_lines, parse_json
from embedlib.errors import InputError, UnknownNameError

KEPT = ("synonym", "paraphrase", "voice", "question", "exclamation", "formality", "longer")
CHANGED = ("antonym", "negation", "swap", "circumstance", "jumble", "unrelated")
KINDS = ("base", *KEPT, *CHANGED, "inflection", "same sense", "other sense")

_TEXTS = ("id", "anchor", "pos", "kind", "sentence", "form")
_OPTIONAL = {"change": "", "word": "", "reason": "", "sense": "", "forms": []}


def choose_anchors(frame: pd.DataFrame, words: Sequence[str]) -> pd.DataFrame:
    """Keep the sentences of some anchors, or all of them where `words` is empty.

    Raises `UnknownNameError` for a word that is not an anchor of the table.

    Example:
        >>> from embedlib import load_dataset
        >>> choose_anchors(load_dataset("anchors"), ["bank"])["anchor"].unique().tolist()
        ['bank']
    """
    known = dict.fromkeys(frame["anchor"])
    for word in words:
        if word not in known:
            raise UnknownNameError.of("anchor", word, known)
    return frame[frame["anchor"].isin(words)] if words else frame


def spread_anchors(frame: pd.DataFrame, number: int) -> list[str]:
    """Take a number of anchors of a table, evenly from the first to the last; all where it has no more.

    Example:
        >>> spread_anchors(pd.DataFrame({"anchor": ["a", "a", "b", "c", "d", "e"]}), 3)
        ['a', 'c', 'e']
    """
    names = list(dict.fromkeys(frame["anchor"]))
    if number >= len(names):
        return names
    return [names[round(at * (len(names) - 1) / max(1, number - 1))] for at in range(number)]


def spans_of(frame: pd.DataFrame) -> list[SpanKey]:
    """Give the span of each row's anchor in its sentence: `(sentence, (start, end))`.

    Example:
        >>> spans_of(pd.DataFrame({"sentence": ["A dog."], "start": [2], "end": [5]}))
        [('A dog.', (2, 5))]
    """
    columns = (frame[name].tolist() for name in ("sentence", "start", "end"))
    return [(sentence, (start, end)) for sentence, start, end in zip(*columns, strict=True)]


def read_anchors(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read anchor sentences: a JSON object a line.

    Each has id, anchor, pos, kind, sentence and form. The form is the anchor as the sentence spells it, or what the
    sentence has in its place. Its start and end, in characters, may be left out if it is in the sentence once.
    The table has these columns, `meaning` (kept, changed or empty, by kind), and change, word, reason, sense and
    forms, which are empty where a line does not have them.

    Raises `InputError` with file and line for a line that is not such an object, an unknown kind, a repeated
    id, a span that is not the form or cuts a word, and an anchor without a base sentence.

    Example:
        >>> import tempfile
        >>> line = '{"id": "1", "anchor": "dog", "pos": "n", "kind": "base", "sentence": "A dog.", "form": "dog"}\n'
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.jsonl")
        ...     _ = path.write_text(line)
        ...     read_anchors(path)[["start", "end"]].to_numpy().tolist()
        [[2, 5]]
    """
    rows, ids = [], set()
    for place, line in numbered_lines(path, encoding):
        row = _anchor(place, parse_json(line, place))
        if row["id"] in ids:
            raise InputError(f"{place}: the id {row['id']!r} is used twice")
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
