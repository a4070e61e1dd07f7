"""The form in which a model is asked for words: as given, in lower case, or as its vocabulary spells them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import pandas as pd

from embedlib.embeddings.table import EmbeddingTable
from embedlib.models.spec import ModelSpec

Form = Literal["lower", "as given"]

# The columns of test sets that hold words; a cell of `targets` is a tuple of them.
WORD_COLUMNS = ["source", "targets", "a", "a2", "b", "b2", "word1", "word2", "word"]


def form_for(spec: ModelSpec, form: Form) -> Form:
    """Say in which form a model is asked: word vectors with capitals as given, all others as `form` says."""
    return "as given" if spec.encoder_kind.looks_words_up and spec.case != "lower" else form


def as_asked(frame: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Put the words of a test set in the form in which a model is asked for them.

    Two sources of a relation that become the same word become one, with the answers of both.

    Example:
        >>> as_asked(pd.DataFrame({"category": ["cities"], "word": ["Oslo"]}), "lower")["word"].to_list()
        ['oslo']
    """
    return frame if form == "as given" else _spelled(frame, str.lower)


def as_found(frame: pd.DataFrame, table: EmbeddingTable[str]) -> pd.DataFrame:
    """Put the words of a test set in the spelling of a model's vocabulary; see `once`."""
    return _spelled(frame, lambda word: table.found_as.get(word) or word) if table.found_as else frame


def once(table: EmbeddingTable[str]) -> EmbeddingTable[str]:
    """Give a table whose keys are the words of the vocabulary, each once.

    Where "athens" and "Athens" were both found as "Athens", their vectors would tie as candidates;
    "Athens" alone is left. Test sets follow with `as_found`, by `found_as`, which stays.
    """
    if not table.found_as:
        return table
    row_of: dict[str, int] = {}
    for row, key in enumerate(table.keys):
        row_of.setdefault(table.found_as.get(key) or key, row)  # empty: made of subwords
    return replace(table, keys=list(row_of), array=table.array[list(row_of.values())])


def _spelled(frame: pd.DataFrame, spell: Callable[[str], str]) -> pd.DataFrame:
    """Change the spelling of a table's words; sources of a relation that become the same word become one."""
    new = frame.copy()
    for name in frame.columns.intersection(WORD_COLUMNS):
        new[name] = [
            spell(cell) if isinstance(cell, str) else tuple(dict.fromkeys(map(spell, cell))) for cell in frame[name]
        ]
    if "targets" not in frame or not new.duplicated(["group", "relation", "source"]).any():
        return new
    answers: dict[tuple[str, str, str], dict[str, None]] = {}
    for group, relation, source, targets in new[["group", "relation", "source", "targets"]].itertuples(index=False):
        answers.setdefault((group, relation, source), {}).update(dict.fromkeys(targets))
    rows = [(*key, tuple(targets)) for key, targets in answers.items()]
    return pd.DataFrame(rows, columns=["group", "relation", "source", "targets"])
