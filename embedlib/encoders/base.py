"""What an encoder is, and the steps that all encoders share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, SupportsIndex, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from embedlib.datasets.spans import SpanKey, broken_reason
from embedlib.embeddings.table import EmbeddingTable
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


@runtime_checkable
class BatchedEncoder(Encoder, Protocol):
    """An encoder that says itself how many texts it takes in one call, since each call costs money."""

    def batches(self, texts: Sequence[str], template: str | None) -> Iterator[list[str]]:
        """Sort texts into calls, in order."""


class WordsAsTexts:
    """Gives an encoder of sentences `encode_words`, to which a word is a short text."""

    def encode_words(
        self: SentenceEncoder, words: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode words alone; see `embedlib.embed_words`."""
        return self.encode_sentences(words, layer=layer, pooling=pooling, template=template)


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
