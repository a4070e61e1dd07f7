"""The texts that transforms of vectors are fitted on, by name."""

from __future__ import annotations

from embedlib.datasets.lexicon import load_words
from embedlib.datasets.load import load_dataset
from embedlib.datasets.sentences import spans_of
from embedlib.datasets.spans import SpanKey


def fitting_texts(name: str) -> list[str] | list[SpanKey]:
    """List the texts of a name.

    "words-N" are the N most frequent words of the lexicon, "contexts" the development anchors in their sentences, as
    spans, and "sentences" the development sentences: those that anchors' variations begin from, and those of the rated
    pairs, each once. Raises `InputError` for more words than the lexicon has.

    Example:
        >>> fitting_texts("words-3")
        ['a', 'in', 'i']
        >>> len(fitting_texts("contexts")) > 500, len(fitting_texts("sentences")) > 100
        (True, True)
    """
    if name.startswith("words-"):
        return load_words(int(name.removeprefix("words-")))
    anchors = load_dataset("anchors", part="development")
    if name == "contexts":
        return spans_of(anchors)
    bases = anchors.loc[anchors["kind"] == "base", "sentence"]
    pairs = load_dataset("sts", part="development")
    return list(dict.fromkeys([*pairs["sentence1"], *pairs["sentence2"], *bases]))
