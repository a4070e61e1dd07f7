"""The texts that transforms of vectors are fitted on, by name."""

from __future__ import annotations

from embedlib.datasets.lexicon import load_words
from embedlib.datasets.load import load_dataset
from embedlib.datasets.sentences import spans_of
from embedlib.datasets.spans import SpanKey


def fitting_words(name: str) -> list[str]:
    """List the words of "words-N": the N most frequent of the lexicon; raises `InputError` for more than it has.

    Example:
        >>> fitting_words("words-3")
        ['a', 'in', 'i']
    """
    return load_words(int(name.removeprefix("words-")))


def fitting_spans() -> list[SpanKey]:
    """List the development anchors in their sentences, as spans.

    Example:
        >>> len(fitting_spans()) > 500
        True
    """
    return spans_of(load_dataset("anchors", part="development"))


def fitting_sentences() -> list[str]:
    """List the development sentences: those of the anchors and of the rated pairs, each once.

    Example:
        >>> len(fitting_sentences()) > 500
        True
    """
    pairs = load_dataset("sts", part="development")
    anchors = load_dataset("anchors", part="development")
    return list(dict.fromkeys([*pairs["sentence1"], *pairs["sentence2"], *anchors["sentence"]]))
