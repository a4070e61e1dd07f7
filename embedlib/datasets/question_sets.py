"""Analogy questions without those that show a pair which readings were chosen on, and the pairs of their relations."""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd

from embedlib.datasets.load import load_dataset
from embedlib.errors import InputError


def load_questions(name: str, *, path: str | Path | None = None) -> pd.DataFrame:
    """Load a set of analogy questions; those that show a pair of the development data of `bats` are left out.

    `name` is a set of the catalogue whose shape is questions, and `path` its file, as `load_dataset` takes them. A
    question shows two pairs, a and a2, b and b2. A pair counts in either order and any case. `attrs["in development"]`
    is the number of questions that are left out. Raises `InputError` for a set of another shape, where no question is
    left, and as `load_dataset` does.

    Example:
        >>> questions = load_questions("msr-analogies")
        >>> len(questions), questions.attrs["in development"]
        (6886, 1114)
    """
    frame = load_dataset(name, path=path)
    if "b2" not in frame:
        raise InputError(f"{name} has no analogy questions; it has the columns {', '.join(frame.columns)}")
    chosen_on = _development_pairs()
    shown = zip(_pairs(frame["a"], frame["a2"]), _pairs(frame["b"], frame["b2"]), strict=True)
    seen = pd.Series([not chosen_on.isdisjoint(pairs) for pairs in shown], frame.index, dtype=bool)
    if seen.all():
        raise InputError(f"{name}: all {len(frame)} questions show a pair that readings were chosen on")
    left = frame[~seen].reset_index(drop=True)
    left.attrs["in development"] = int(seen.sum())
    return left


def pairs_of_questions(questions: pd.DataFrame) -> pd.DataFrame:
    """List the pairs that the questions of each relation show, each once: relation, source and targets.

    The columns are those that `embedlib.datasets.relations.relation_units` needs.

    Example:
        >>> columns = ["relation", "a", "a2", "b", "b2"]
        >>> asked = pd.DataFrame([("plural", "cat", "cats", "dog", "dogs")], columns=columns)
        >>> pairs_of_questions(asked).to_numpy().tolist()
        [['plural', 'cat', ('cats',)], ['plural', 'dog', ('dogs',)]]
    """
    sides = [questions[["relation", *side]].set_axis(["relation", "source", "target"], axis=1)
             for side in (["a", "a2"], ["b", "b2"])]  # fmt: skip
    pairs = pd.concat(sides).drop_duplicates(ignore_index=True)
    pairs["targets"] = [(target,) for target in pairs["target"]]
    return pairs[["relation", "source", "targets"]]


def _pairs(first: pd.Series, second: pd.Series) -> list[frozenset[str]]:
    """List pairs of words, whatever their order and case."""
    words = zip(first.str.lower(), second.str.lower(), strict=True)
    return [frozenset(pair) for pair in words]


@functools.cache
def _development_pairs() -> frozenset[frozenset[str]]:
    """Collect the pairs of the book's relations that readings are chosen on."""
    relations = load_dataset("bats", part="development").explode("targets")
    return frozenset(_pairs(relations["source"], relations["targets"]))
