"""The seven shapes that a test set can have: which columns its table has, and what is in their cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_integer_dtype

from embedlib.errors import InputError

SchemaName = Literal["pairs", "labelled pairs", "relations", "questions", "categories", "sentences", "words in context"]


@dataclass(frozen=True)
class Column:
    """What the cells of a column hold.

    `what` is a phrase for messages. `has_dtype` looks at the column as a whole, `is_filled` at one cell.
    """

    what: str
    is_filled: Callable[[Any], bool]
    has_dtype: Callable[[Any], bool] = lambda _: True


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str) and bool(cell.strip())


def _are_texts(cell: Any) -> bool:
    return isinstance(cell, tuple) and bool(cell) and all(map(_is_text, cell))


TEXT = Column("a text that is not blank", _is_text)
TEXTS = Column("a tuple of texts, at least one", _are_texts)
NUMBER = Column("a finite number", math.isfinite, is_float_dtype)
TRUTH = Column("true or false", lambda cell: cell in (True, False), is_bool_dtype)
PLACE = Column("a place in characters, from 0", lambda cell: bool(cell >= 0), is_integer_dtype)


@dataclass(frozen=True)
class Schema:
    """A shape of test sets: its columns by name, in one or more `layouts`. A set may have further columns."""

    name: SchemaName
    layouts: tuple[Mapping[str, Column], ...]

    def check(self, frame: pd.DataFrame, name: str) -> pd.DataFrame:
        """Check that a table has this shape, and give it back as it is.

        `name` is what messages call the table. Raises `InputError` that names the column, and the row from 0,
        for a column that is missing, one of another dtype, and a cell that is empty or of another kind. A table without
        rows has the shape if it has the columns.

        Example:
            >>> import pandas as pd
            >>> frame = pd.DataFrame({"category": ["pets", "pets"], "word": ["dog", " "]})
            >>> SCHEMAS["categories"].check(frame, "mine")
            Traceback (most recent call last):
            ...
            embedlib.errors.InputError: mine: row 1 of the column 'word' is ' '; it needs a text that is not blank
        """
        if not isinstance(frame, pd.DataFrame):
            raise InputError(f"{name}: its reader gave a {type(frame).__name__}, not a pandas.DataFrame")
        for column, kind in self._layout(frame, name).items():
            cells = frame[column]
            if len(cells) and not kind.has_dtype(cells.dtype):  # pandas gives the columns of an empty table no dtype
                raise InputError(f"{name}: the column {column!r} has the dtype {cells.dtype}; it needs {kind.what}")
            wrong = next(((row, cell) for row, cell in enumerate(cells) if not kind.is_filled(cell)), None)
            if wrong:
                raise InputError(
                    f"{name}: row {wrong[0]} of the column {column!r} is {wrong[1]!r}; it needs {kind.what}"
                )
        return frame

    def _layout(self, frame: pd.DataFrame, name: str) -> Mapping[str, Column]:
        """Find the layout whose columns the table has."""
        for layout in self.layouts:
            if all(column in frame for column in layout):
                return layout
        allowed = " or ".join(", ".join(layout) for layout in self.layouts)
        raise InputError(
            f"{name}: its columns are {', '.join(map(str, frame.columns)) or 'none'}; {self.name} need {allowed}"
        )


# Pairs of words or of sentences with a score on the set's own scale.
_PAIRS = Schema(
    "pairs",
    (
        {"word1": TEXT, "word2": TEXT, "score": NUMBER},
        {"sentence1": TEXT, "sentence2": TEXT, "score": NUMBER},
    ),
)
# Pairs of words with the name of a relation, or of none.
_LABELLED = Schema("labelled pairs", ({"word1": TEXT, "word2": TEXT, "relation": TEXT},))
# Words and their right answers, the best first, in named relations, which are in groups.
_RELATIONS = Schema("relations", ({"group": TEXT, "relation": TEXT, "source": TEXT, "targets": TEXTS},))
# "a is to a2 as b is to b2".
_QUESTIONS = Schema("questions", ({"relation": TEXT, "a": TEXT, "a2": TEXT, "b": TEXT, "b2": TEXT},))
_CATEGORIES = Schema("categories", ({"category": TEXT, "word": TEXT},))
# Sentences of anchor words: `form` is at `start` to `end` of the sentence.
_SENTENCES = Schema(
    "sentences",
    (
        {
            "id": TEXT, "anchor": TEXT, "pos": TEXT, "kind": TEXT, "sentence": TEXT, "start": PLACE, "end": PLACE,
            "form": TEXT,
        },
    ),
)  # fmt: skip

# A word in two sentences, each with its place there, and whether it has the same sense in both.
_IN_CONTEXT = Schema(
    "words in context",
    (
        {
            "word": TEXT, "sentence1": TEXT, "start1": PLACE, "end1": PLACE, "sentence2": TEXT, "start2": PLACE,
            "end2": PLACE, "same": TRUTH,
        },
    ),
)  # fmt: skip

_ALL = (_PAIRS, _LABELLED, _RELATIONS, _QUESTIONS, _CATEGORIES, _SENTENCES, _IN_CONTEXT)

SCHEMAS: Mapping[SchemaName, Schema] = MappingProxyType({schema.name: schema for schema in _ALL})
