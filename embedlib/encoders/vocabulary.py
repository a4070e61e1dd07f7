"""The words of a model of word vectors, and how a word that is asked for is found among them."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence

from embedlib.models.spec import Case

# A space, an underscore or a hyphen between two parts of a word or phrase.
_JOINT = re.compile(r"(?<=[^\s_-])[\s_\-\u2010\u2011](?=[^\s_-])")
_JOINTS = ("_", "-", " ")


class Vocabulary:
    """Words in the order of their rows, each found by any of the ways that it is written in.

    A word is looked up in these forms, and the first that is there is taken:

    1. as given, character by character;
    2. in lower case;
    3. unless the vocabulary is lower case: each part capitalised (New York), the first part only
       (New york), in upper case.

    Each of these is tried as it stands, then its parts joined by `_`, by `-`, by a space, then whatever word of
    the vocabulary has the same letters, its parts joined by a mixture of these. Composed and decomposed accents (NFC
    and NFD) are the same letters; compatibility forms (NFKC) are not.
    """

    def __init__(self, words: Sequence[str], case: Case) -> None:
        self.words = words
        self.case = case
        self._row = {word: row for row, word in enumerate(words)}

    def find(self, word: str) -> int | None:
        """Give the row of a word, or None."""
        row = self._row.get(word)
        if row is not None:
            return row
        for form in self._cases(unicodedata.normalize("NFC", word)):
            for spelled in _joined(form):
                row = self._row.get(spelled)
                if row is not None:
                    return row
            row = self._folded.get(_fold(form))
            if row is not None:
                return row
        return None

    def tried(self, word: str) -> str:
        """Say in which other ways a word was looked up; empty where it can be written in no other."""
        form = unicodedata.normalize("NFC", word)
        ways = []
        if form != form.lower():
            ways.append("in lower case")
        if self.case != "lower" and form.lower() != form.upper():
            ways.append("capitalised")
        if _JOINT.search(form):
            ways.append("joined by a space, _ or -")
        if form != unicodedata.normalize("NFD", form) or form != word:
            ways.append("with its accents composed or not")
        return f" (tried as given, {', '.join(ways)})" if ways else ""

    def _cases(self, form: str) -> Iterator[str]:
        lower = form.lower()
        yield from dict.fromkeys((form, lower))
        if self.case != "lower":
            parts = _JOINT.sub(lambda joint: f"{joint[0]}\0", lower).split("\0")
            yield "".join(part.capitalize() for part in parts)
            yield lower.capitalize()
            yield lower.upper()

    @functools.cached_property
    def _folded(self) -> dict[str, int]:
        """The rows of those words that no composed form with joints of one kind is equal to."""
        found: dict[str, int] = {}
        for row, word in enumerate(self.words):
            if word.isascii() and ("_" in word) + ("-" in word) + (" " in word) < 2:
                continue
            composed = unicodedata.normalize("NFC", word)
            joints = set(_JOINT.findall(composed))
            if composed != word or len(joints) > 1 or not joints <= set(_JOINTS):
                found.setdefault(_fold(composed), row)
        return found


def _joined(form: str) -> Iterator[str]:
    yield form
    if _JOINT.search(form):
        for joint in _JOINTS:
            yield _JOINT.sub(joint, form)


def _fold(form: str) -> str:
    return _JOINT.sub("_", form)
