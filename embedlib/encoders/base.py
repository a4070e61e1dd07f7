"""What an encoder is, and the steps that all encoders share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, SupportsIndex, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embedlib.datasets.spans import SpanKey, broken_reason
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import InputError
from embedlib.models.spec import ModelSpec

Layer = SupportsIndex | Iterable[SupportsIndex] | str | None
PoolingChoice = str | Iterable[str] | None

TOKEN_BUDGET = 1024


@runtime_checkable
class Encoder(Protocol):
    """Text to vectors for one model, without the store.

    An encoder has those of `encode_words`, `encode_sentences` and `encode_spans` that its model
    can do: `isinstance(encoder, SpanEncoder)` tells.
    """

    spec: ModelSpec
    dtype: str


@runtime_checkable
class WordEncoder(Encoder, Protocol):
    """An encoder of words alone."""

    def encode_words(
        self,
        words: Sequence[str],
        *,
        layer: Layer = None,
        pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:
        """Encode words; see `embedlib.embed_words`."""  # fmt: skip


@runtime_checkable
class SentenceEncoder(Encoder, Protocol):
    """An encoder of sentences."""

    def encode_sentences(
        self,
        sentences: Sequence[str],
        *,
        layer: Layer = None,
        pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:
        """Encode sentences; see `embedlib.embed_sentences`."""  # fmt: skip


@runtime_checkable
class SpanEncoder(Encoder, Protocol):
    """An encoder of parts of a sentence in their context."""

    def encode_spans(
        self, spans: Sequence[SpanKey], *, layer: Layer = None, pooling: PoolingChoice = None
    ) -> EmbeddingTable[SpanKey]:
        """Encode spans; see `embedlib.embed_spans`."""


class WordsAsTexts:
    """Gives an encoder of sentences `encode_words`, to which a word is a short text."""

    def encode_words(
        self: SentenceEncoder, words: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode words alone; see `embedlib.embed_words`."""
        return self.encode_sentences(words, layer=layer, pooling=pooling, template=template)


def distinct_texts(texts: Iterable[str]) -> list[str]:
    """Keep each text once, in order, as a plain `str`: of a list, array, Series or anything that gives texts.

    Raises `InputError` for a lone string, a table and a dict, and for anything that is not a string, with its
    position.
    """
    if isinstance(texts, str):
        raise InputError(f"expected a list of texts, got the single string {_short(texts)}: put it in a list")
    if isinstance(texts, bytes | Mapping) or getattr(texts, "ndim", 1) != 1:
        raise InputError(f"expected a list of texts, got a {type(texts).__name__}; give a list, or one column of it")
    try:
        given = list(texts)
    except TypeError:
        raise InputError(f"expected a list of texts, got {_short(texts)}, a {type(texts).__name__}") from None
    for position, text in enumerate(given):
        if not isinstance(text, str):
            raise InputError(f"text {position} is {_short(text)}, a {type(text).__name__}; texts are strings")
    return list(dict.fromkeys(map(str.__str__, given)))


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def check_template(template: str | None) -> None:
    """Raise `InputError` for a template that has no place for the text, or several, or is no text."""
    if template is None:
        return
    if not isinstance(template, str) or template.count("{text}") != 1:
        raise InputError(f"a template is a text that has '{{text}}' exactly once; got {template!r}")
    if reason := broken_reason(template):
        raise InputError(f"the template {template!r} has {reason}")


def fill(template: str | None, text: str) -> str:
    """Put a text into its template."""
    return text if template is None else template.replace("{text}", text)


def blank_reason(text: str) -> str | None:
    """Say why a text cannot have a vector in any model, or None."""
    if reason := broken_reason(text):
        return reason
    return None if text.strip() else "blank: no character but white space" if text else "empty text"


def equal_length_batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET) -> Iterator[NDArray[np.intp]]:
    """Group positions of equal length into batches of at most `budget` tokens, shortest first.

    Order inside a length is kept; a text longer than the budget is a batch of its own.
    """
    sizes = np.asarray(lengths, dtype=np.intp)
    for length in np.unique(sizes):
        positions = np.flatnonzero(sizes == length)
        step = max(1, budget // max(1, int(length)))
        for start in range(0, len(positions), step):
            yield positions[start : start + step]
