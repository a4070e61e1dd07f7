"""The texts that transforms of vectors are fitted on, by name."""

from __future__ import annotations

from embedlib.datasets.lexicon import load_words
from embedlib.datasets.load import load_dataset
from embedlib.datasets.sentences import spans_of
from embedlib.datasets.spans import SpanKey


def fitting_texts(name: str) -> list[str] | list[SpanKey]:
    """List the texts of a name.

    "words-N" are the N most frequent words of the lexicon. "contexts" are the development anchors, as spans: each in
    the sentence that its variations begin from, and in those that share nothing with it but the anchor. "sentences"
    are the development sentences: those that variations begin from, and those of the rated pairs, each once. Raises
    `InputError` for more words than the lexicon has.

    Example:
        >>> fitting_texts("words-3")
        ['a', 'in', 'i']
        >>> len(fitting_texts("contexts")) > 200, len(fitting_texts("sentences")) > 100
        (True, True)
    """
    if name.startswith("words-"):
        return load_words(int(name.removeprefix("words-")))
    anchors = load_dataset("anchors", part="development")
    if name == "contexts":
        # Variations of one sentence are so alike that they would say the same many times over.
        return spans_of(anchors[anchors["kind"].isin(["base", "same sense", "other sense"])])
    bases = anchors.loc[anchors["kind"] == "base", "sentence"]
    pairs = load_dataset("sts", part="development")
    return list(dict.fromkeys([*pairs["sentence1"], *pairs["sentence2"], *bases]))
