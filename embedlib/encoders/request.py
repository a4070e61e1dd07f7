"""What a call asks an encoder for: its arguments, checked once and in one way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic

from embedlib.datasets.spans import SpanKey, distinct_spans
from embedlib.embeddings.table import EmbeddingTable, FloatArray, Key
from embedlib.encoders.base import Layer, PoolingChoice
from embedlib.errors import InputError
from embedlib.models.encoder_kinds import Pooling
from embedlib.models.reading import check_template
from embedlib.models.spec import ModelSpec


@dataclass(frozen=True)
class Request(Generic[Key]):
    """Keys, each once and in order, with the layers and poolings that they are wanted at and what stands around them.

    `front` is the token in front of a decoder's texts; None is the model's own.
    """

    keys: list[Key]
    layers: tuple[int, ...]
    poolings: tuple[Pooling, ...]
    template: str | None = None
    front: str | None = None

    def fill(self, text: str) -> str:
        """Put a text into the template."""
        return text if self.template is None else self.template.replace("{text}", text)

    def split(self, reason_of: Callable[[Key], str | None]) -> tuple[list[Key], dict[Key, str]]:
        """Sort the keys into those that can have a vector, and those that cannot with the reason."""
        missing = {key: reason for key in self.keys if (reason := reason_of(key))}
        return [key for key in self.keys if key not in missing], missing

    def table(
        self, keys: list[Key], array: FloatArray, missing: dict[Key, str], *,
        found_as: dict[Key, str] | None = None, cut: dict[Key, int] | None = None,
    ) -> EmbeddingTable[Key]:  # fmt: skip
        """Make the table that answers the request; `array` is (n, poolings, layers, d) float32."""
        return EmbeddingTable(keys, array, missing, self.layers, self.poolings, found_as or {}, cut or {})


def text_request(
    spec: ModelSpec, texts: Iterable[str], layer: Layer, pooling: PoolingChoice, template: str | None,
    front: str | None = None,
) -> Request[str]:  # fmt: skip
    """Check what `encode_words`, `encode_sentences` and their like are given.

    Raises `UnknownNameError` and `InputError` for a layer, a pooling, a template, a front or texts that cannot be
    used.
    """
    layers, poolings = spec.resolve_layers(layer), spec.resolve_poolings(pooling)
    check_template(template)
    spec.resolve_front(front)
    return Request(distinct_texts(texts), layers, poolings, template, front)


def span_request(
    spec: ModelSpec, spans: Iterable[SpanKey], layer: Layer, pooling: PoolingChoice, front: str | None = None
) -> Request[SpanKey]:
    """Check what `encode_spans` and `embed_spans` are given; raises as `text_request` does."""
    layers, poolings = spec.resolve_layers(layer), spec.resolve_poolings(pooling)
    spec.resolve_front(front)
    return Request(distinct_spans(spans), layers, poolings, front=front)


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
