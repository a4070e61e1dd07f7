"""The parts of a reading: every mixture of two readings, and the vectors of each of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any

import pandas as pd

from embedlib.datasets.fitting import fitting_texts
from embedlib.embeddings.embed import embed_words
from embedlib.embeddings.table import EmbeddingTable
from embedlib.models.reading import Reading

# What chapters call the parts of a reading, and its fields.
READING_PARTS: dict[str, str] = {
    "first token": "front", "space": "template", "layer": "layer", "pooling": "pooling",
    "shared directions": "transform",
}  # fmt: skip


def mixtures(before: Reading, after: Reading) -> dict[frozenset[str], Reading]:
    """Give every reading that has some parts of one reading and the others of another: 32, by the parts of `after`.

    Both readings should have nothing left open, as `EmbeddingTable.reading` has. Parts that are the same in both make
    equal readings.

    Example:
        >>> mixed = mixtures(Reading(layer=6), Reading(layer=3, template=" {text}"))
        >>> mixed[frozenset({"space"})].label, len(set(mixed.values()))
        ("' {text}', layer 6", 4)
    """
    found = {}
    for size in range(len(READING_PARTS) + 1):
        for parts in itertools.combinations(READING_PARTS, size):
            fields = {READING_PARTS[part]: getattr(after, READING_PARTS[part]) for part in parts}
            found[frozenset(parts)] = before.model_copy(update=fields)
    return found


def describe_parts(reading: Reading) -> pd.Series:
    """Say each part of a reading as tables do: a text a part.

    Example:
        >>> describe_parts(Reading(template=" {text}", layer=3)).to_list()
        ['-', "' {text}'", '3', '-', 'as they are']
    """
    front = "-" if reading.front is None else repr(reading.front) if reading.front else "nothing"
    template = "bare" if reading.template is None else repr(reading.template)
    layers = reading.layer if isinstance(reading.layer, tuple) else [reading.layer]
    layer = "-" if reading.layer is None else ", ".join(map(str, layers))
    return pd.Series([front, template, layer, reading.pooling or "-", reading.transform.label], list(READING_PARTS))


def embed_each(
    model: str, words: Iterable[str], readings: Iterable[Reading]
) -> Iterator[tuple[Reading, EmbeddingTable[str]]]:
    """Embed words in several readings, each once, and give the table of one after the other.

    Each is what `embed_words` gives. What readings of one front and template need, the words of their
    transforms among it, is extracted in one pass.

    Example:
        >>> readings = [Reading(layer=0), Reading(layer=0), Reading(layer=0, pooling="mean")]
        >>> [len(table) for _, table in embed_each("glove-6b-50d", ["dog", "cat"], readings)]
        [2, 2]
    """
    asked, wanted = list(words), list(dict.fromkeys(readings))
    passes: dict[tuple[str | None, str | None], list[Reading]] = {}
    for reading in wanted:
        passes.setdefault((reading.front, reading.template), []).append(reading)
    for (front, template), alike in passes.items():
        layers = {layer for one in alike for layer in _layers(one)}
        poolings = dict.fromkeys(one.pooling for one in alike if one.pooling is not None)
        fitted_on = {one.transform.fitted_on for one in alike if one.transform.fitted_on.startswith("words-")}
        fitting: list[Any] = [word for name in sorted(fitted_on) for word in fitting_texts(name)]
        if len(alike) > 1:
            embed_words(
                model, [*asked, *fitting], reading=Reading(front=front, template=template),
                layer=sorted(layers) or None, pooling=list(poolings) or None,
            )  # fmt: skip
        for reading in alike:
            yield reading, embed_words(model, asked, reading=reading)


def _layers(reading: Reading) -> tuple[int, ...]:
    if reading.layer is None:
        return ()
    return reading.layer if isinstance(reading.layer, tuple) else (reading.layer,)
