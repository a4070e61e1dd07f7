"""From what a call says of a reading to what is extracted, and from what was extracted to what the reading gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from embedlib.embeddings.table import EmbeddingTable, Key
from embedlib.encoders.base import Layer, PoolingChoice
from embedlib.errors import InputError
from embedlib.models.chosen import chosen_reading
from embedlib.models.encoder_kinds import Pooling
from embedlib.models.reading import NAMED, Kind, Reading, check_template
from embedlib.models.selection import Models
from embedlib.models.spec import ModelSpec
from embedlib.models.transforms import fit

ReadingChoice = Reading | str | None


@dataclass(frozen=True)
class Settled:
    """A reading with nothing left open, and the layers and poolings to extract for it.

    `averages` says that the layers are averaged; otherwise the table has each of them.
    """

    reading: Reading
    layers: tuple[int, ...]
    poolings: tuple[Pooling, ...]
    averages: bool

    @property
    def front(self) -> str | None:
        """Give the token in front, "" for nothing; None for a model that has no fronts."""
        return self.reading.front

    def with_front(self, front: str | None) -> Settled:
        """Give the same with the token in front that was found."""
        return replace(self, reading=self.reading.model_copy(update={"front": front}))


def reading_of(spec: ModelSpec, reading: ReadingChoice, kind: Kind) -> Reading:
    """Give a model's reading of a kind of text in full: "study", "chosen", a `Reading` or its JSON, None by default.

    A front of "auto" stays. Raises `UnknownNameError` and `InputError` as `Reading.of`, `chosen_reading` and
    `ModelSpec.resolve_reading` do.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> reading_of(find_model("glove-6b-50d"), "study", "words").label
        'alone, layer 0, mean'
    """
    if reading is None or reading == "study":
        return spec.resolve_reading("study" if reading else None, kind)
    return spec.resolve_reading(chosen_reading(spec, kind) if reading == "chosen" else Reading.of(reading), kind)


def list_readings(models: Models, readings: Sequence[ReadingChoice], kind: Kind) -> pd.DataFrame:
    """Say in words how each model is read: a row a model, a column for each reading, by its name.

    It raises what is wrong with a reading, or with that of one model, before anything is extracted: as `reading_of`
    does, and `InputError` for no reading and for the same one twice.

    Example:
        >>> from embedlib.models.roster import check_models
        >>> list_readings(check_models(["glove-6b-50d"]), ["study"], "words").loc["glove-6b-50d", "study"]
        'alone, layer 0, mean'
    """
    if isinstance(readings, str) or not readings:
        raise InputError(f"readings is {readings!r}; allowed: a list of one or more of {', '.join(NAMED)}, or JSON")
    names = [str(reading.text if isinstance(reading, Reading) else reading) for reading in readings]
    if len(set(names)) < len(names):
        raise InputError(f"a reading comes twice in {names}")
    columns = {
        name: [reading_of(spec, reading, kind).label for spec in models.specs.values()]
        for name, reading in zip(names, readings, strict=True)
    }
    return pd.DataFrame(columns, index=pd.Index(models.names, name="model"))


def settle(
    spec: ModelSpec, kind: Kind, reading: ReadingChoice, layer: Layer, pooling: PoolingChoice, template: str | None
) -> Settled:
    """Join a reading with the layers, poolings and template that take the place of its own.

    Raises `UnknownNameError` and `InputError` for what the model does not have.
    """
    whole = reading_of(spec, reading, kind)
    if template is not None:
        check_template(template)
        whole = whole.model_copy(update={"template": template})
    averaged = whole.layer if isinstance(whole.layer, tuple) else None
    layers = spec.resolve_layers(whole.layer if layer is None else layer)
    poolings = spec.resolve_poolings(whole.pooling if pooling is None else pooling)
    return Settled(whole, layers, poolings, averages=layer is None and averaged is not None)


def finish(
    table: EmbeddingTable[Key], settled: Settled, fitting: Callable[[str, Settled], EmbeddingTable[Any]]
) -> EmbeddingTable[Key]:
    """Turn what was extracted into what a reading gives: layers averaged, vectors transformed.

    `fitting` gives the vectors of the named texts that the transform is fitted on, read in the same way without it.
    """
    if settled.averages:
        table = replace(table, array=table.array.mean(axis=2, keepdims=True), layers=settled.layers[-1:])
    transform = settled.reading.transform
    if transform.way != "none" and len(table):
        plain = replace(settled, reading=settled.reading.raw)
        fitted_on = fitting(transform.fitted_on, plain).array  # (texts, poolings, layers, d)
        done = np.empty_like(table.array)
        for slot in np.ndindex(table.array.shape[1:3]):
            done[:, *slot] = fit(transform, fitted_on[:, *slot]).apply(table.array[:, *slot])
        table = replace(table, array=done)
    return replace(table, reading=settled.reading)
