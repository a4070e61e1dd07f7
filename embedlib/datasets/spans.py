"""Spans: parts of sentences, as `(sentence, (start, end))` in characters."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping

import regex

from embedlib.errors import InputError, UnknownNameError

Span = tuple[int, int]
SpanKey = tuple[str, Span]


def broken_reason(text: str) -> str | None:
    """Say where a text was cut in the middle of a character; None where it was not."""
    half = regex.search(r"\p{Cs}", text)
    return f"half a surrogate pair at character {half.start()}: not a text" if half else None


def distinct_spans(spans: Iterable[SpanKey]) -> list[SpanKey]:
    """Keep each `(sentence, (start, end))` once, in order, as plain `str` and `int`.

    Raises `InputError` with its position for what is not a span, for one that is empty or reaches outside its
    sentence, and for a sentence that was cut in the middle of a character.

    Example:
        >>> distinct_spans([("A dog.", (2, 5)), ["A dog.", [2, 5]]])
        [('A dog.', (2, 5))]
    """
    keys: dict[SpanKey, None] = {}
    if isinstance(spans, str | bytes | Mapping) or not isinstance(spans, Iterable):
        raise InputError(f"expected a list of spans (sentence, (start, end)), got a {type(spans).__name__}")
    for position, item in enumerate(spans):
        try:
            sentence, (start, end) = item
            start, end = operator.index(start), operator.index(end)
            sentence = str.__str__(sentence)  # a TypeError for what is no text
            inside = 0 <= start < end <= len(sentence)
        except (TypeError, ValueError):
            raise InputError(f"span {position} is {item!r}; a span is (sentence, (start, end))") from None
        if reason := broken_reason(sentence):
            raise InputError(f"the sentence of span {position} has {reason}: {sentence!r}")
        if not inside:
            raise InputError(
                f"span {position} is ({start}, {end}) in a sentence of {len(sentence)} characters; "
                f"allowed: 0 <= start < end <= {len(sentence)}: {sentence!r}"
            )
        keys[(sentence, (start, end))] = None
    return list(keys)


def cut_word(sentence: str, start: int, end: int) -> str | None:
    """Say which word a span cuts in two; None where it cuts none.

    Words are those of Unicode's word boundaries (UAX 29), but an apostrophe ends a word, too: "dog"
    is whole in "dog's".

    Example:
        >>> cut_word("The dog's bone", 4, 7), cut_word("The dogs", 4, 7)
        (None, "the span 'dog' cuts the word 'dogs'")
    """
    for word in regex.finditer(r"\b\w.*?\b", sentence, flags=regex.WORD | regex.DOTALL):
        for edge in (start, end):
            if word.start() < edge < word.end() and regex.fullmatch(r"\w\w", sentence[edge - 1 : edge + 1]):
                return f"the span {sentence[start:end]!r} cuts the word {word.group()!r}"
    return None


def find_span(sentence: str, form: str) -> Span:
    """Find a form among the words of a sentence; capitals do not count.

    Raises `InputError` where it is not there, with the nearest word that is, and where it is there more than once.

    Example:
        >>> find_span("Dogs bark.", "dogs")
        (0, 4)
    """
    if not form.strip():
        raise InputError("the form to find is blank")
    found = [match.span() for match in regex.finditer(regex.escape(form), sentence, flags=regex.IGNORECASE)]
    whole = [span for span in found if not cut_word(sentence, *span)]
    if len(whole) > 1:
        raise InputError(f"{form!r} is there {len(whole)} times, at {whole}, in {sentence!r}; give the span instead")
    if not whole:
        words = regex.findall(r"\w+", sentence)
        raise InputError(f"{UnknownNameError.of(f'word of {sentence!r}', form, words)}")
    return whole[0]
