"""The form in which a model is asked for words: as given, in lower case, or as its vocabulary spells them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

import pandas as pd

from embedlib.embeddings.table import EmbeddingTable
from embedlib.models.spec import ModelSpec

Form = Literal["lower", "as given"]

# The columns of test sets that hold words; a cell of `targets` is a tuple of them.
WORD_COLUMNS = ["source", "targets", "a", "a2", "b", "b2", "word1", "word2", "word"]


def form_for(spec: ModelSpec, form: Form = "as given") -> Form:
    """Say in which form a model is asked for words: a test set's own capitals are for models that know capitals.

    A model of lower-case letters alone is asked in lower case, and word vectors with capitals as given. All others are
    asked as `form` says.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> [form_for(find_model(name)) for name in ("glove-6b-50d", "use-multilingual-v3")]
        ['lower', 'as given']
    """
    if spec.case == "lower":
        return "lower"
    return "as given" if spec.encoder_kind.looks_words_up else form


def candidate_words(frequent: Iterable[str], asked: Iterable[str]) -> list[str]:
    """List the candidates for an answer, each once: frequent words, and the words of test sets as a model is asked.

    A frequent word that a test set spells with capitals is there as the test set has it, and not in lower case beside
    it: "paris" would else stand in the way of "Paris". A word that test sets have in both forms, such as "turkey", is
    there in both. So every model has the same candidates, each in the form in which it is asked.

    Example:
        >>> candidate_words(["the", "paris", "turkey"], ["Paris", "Turkey", "turkey", "gobble"])
        ['the', 'Paris', 'Turkey', 'turkey', 'gobble']
    """
    words = list(dict.fromkeys(asked))
    in_form: dict[str, list[str]] = {}
    for word in words:
        in_form.setdefault(word.lower(), []).append(word)
    spelled = [form for word in frequent for form in in_form.get(word, [word])]
    return list(dict.fromkeys([*spelled, *words]))


def as_asked(frame: pd.DataFrame, form: Form) -> pd.DataFrame:
    """Put the words of a test set in the form in which a model is asked for them.

    Two sources of a relation that become the same word become one, with the answers of both. `form_for` says which
    form is a model's, and `candidate_words` puts a list of candidates in the same form.

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
