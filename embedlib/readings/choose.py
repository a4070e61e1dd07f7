"""The choice of a reading: every one of the grid is scored on development data, and the best is taken."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from embedlib.datasets.fitting import fitting_texts
from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.front_probe import best_front
from embedlib.encoders.loader import load_quietly
from embedlib.errors import InputError
from embedlib.models.chosen import Chosen
from embedlib.models.reading import AUTO, KINDS, Kind, Reading, Readings
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec
from embedlib.models.transforms import fit
from embedlib.readings.grid import grid
from embedlib.readings.tasks import DevelopmentData, development

logger = logging.getLogger(__name__)

# What names a reading in the table of evidence.
EVIDENCE = ["model", "kind", "front", "template", "layer", "pooling", "transform"]


@dataclass(frozen=True)
class Choice:
    """What was chosen for a model, and the scores of every reading that it was chosen from, a row each."""

    chosen: Chosen
    evidence: pd.DataFrame


def kinds_of(spec: ModelSpec) -> tuple[Kind, ...]:
    """List the kinds of text that a model can read: words in context only where it has hidden states."""
    return tuple(kind for kind in KINDS if kind != "contexts" or spec.encoder_kind.has_hidden_states)


def choose_readings(model: str, kinds: Sequence[Kind] = ()) -> Choice:
    """Choose a reading of a model for each kind of text that it can read, or for those given.

    The highest mean score on the development data is taken, of equals the first; see `embedlib.readings.grid` and
    `embedlib.readings.tasks`. Raises what `find_model` and the loading of the model raise.
    """
    spec = find_model(model)
    readings: dict[str, Any] = {}
    rows = []
    for kind in kinds or kinds_of(spec):
        scores = score_readings(model, kind, list(grid(spec, kind)))
        if scores["mean"].isna().all():
            raise InputError(f"{spec.name}: no reading of {kind} has a score to choose by")
        best = int(np.nanargmax(scores["mean"]))
        readings[kind] = scores["reading"].iloc[best]
        rows.append(scores)
        logger.info("%s, %s: %s (%.3f)", spec.name, kind, readings[kind].label, scores["mean"].iloc[best])
    return Choice(Chosen(checksum=spec.checksum, readings=Readings(**readings)), pd.concat(rows, ignore_index=True))


def score_readings(model: str, kind: Kind, readings: Sequence[Reading]) -> pd.DataFrame:
    """Score readings of a model on the development data of a kind of text: a row a reading.

    Columns are `EVIDENCE`, `reading`, a score for each task and their `mean`. Readings that differ in layer,
    pooling and transform alone are extracted in one pass. Raises `InputError` where a task cannot be scored.
    """
    spec = find_model(model)
    data = development(kind, cased=spec.case != "lower")
    whole = [spec.resolve_reading(reading, kind) for reading in readings]
    if any(reading.front == AUTO for reading in whole):
        front = best_front(load_quietly(spec))
        whole = [r.model_copy(update={"front": front}) if r.front == AUTO else r for r in whole]
    rows: list[dict[str, Any]] = []
    for (front, template), alike in itertools.groupby(whole, lambda reading: (reading.front, reading.template)):
        group = list(alike)
        how: dict[str, Any] = {
            "layer": sorted({layer for reading in group for layer in spec.resolve_layers(reading.layer)}),
            "pooling": list(dict.fromkeys(str(reading.pooling) for reading in group)),
            **({} if kind == "contexts" else {"template": template}),
            **({"front": front} if spec.encoder_kind.left_to_right else {}),
        }
        tables = _Tables(spec, kind, data.texts, group, how)
        for reading in group:
            table = tables.at(reading)
            found = scores_of(table, data)
            rows.append(evidence_row(spec, kind, reading) | {"reading": reading} | found)
    frame = pd.DataFrame(rows)
    return frame.assign(mean=data.mean(frame))


def scores_of(table: EmbeddingTable[Any], data: DevelopmentData) -> dict[str, float]:
    """Score the vectors of one reading by each task; NaN where one of them is zero and has no direction."""
    if not table.vectors.any(axis=1).all():
        return dict.fromkeys(data.scores, float("nan"))
    return {task: score(table) for task, score in data.scores.items()}


class _Tables:
    """The vectors of texts at several layers and poolings, and of those that transforms are fitted on.

    They do not go through the store: few of them are ever asked for again.
    """

    def __init__(
        self, spec: ModelSpec, kind: Kind, texts: Sequence[Any], readings: Sequence[Reading], how: Mapping[str, Any]
    ) -> None:  # fmt: skip
        self._texts = list(texts)
        names = {reading.transform.fitted_on for reading in readings if reading.transform.way != "none"}
        self._fitting = {name: fitting_texts(name) for name in names}
        # One pass for all: many texts are in both.
        every = dict.fromkeys(itertools.chain(self._texts, *self._fitting.values()))
        self._table = _encode_of(spec, kind)(list(every), **how)

    def at(self, reading: Reading) -> EmbeddingTable[Any]:
        """Give the vectors of one reading, with its layer, or the mean of its layers, and its transform."""
        whole = _at(self._table, reading)
        table = _rows(whole, self._texts)
        if reading.transform.way == "none":
            return table
        fitted_on = _rows(whole, self._fitting[reading.transform.fitted_on])
        return replace(table, array=fit(reading.transform, fitted_on.vectors).apply(table.vectors)[:, None, None])


def _rows(table: EmbeddingTable[Any], texts: Sequence[Any]) -> EmbeddingTable[Any]:
    """Take the rows of some texts, those that have a vector."""
    known = [text for text in texts if text in table.index]
    return replace(table, keys=known, array=table.array[[table.index[text] for text in known]], missing={})


def _at(table: EmbeddingTable[Any], reading: Reading) -> EmbeddingTable[Any]:
    """Take the pooling and the layer of a reading, several layers as their mean."""
    layers = reading.layer if isinstance(reading.layer, tuple) else (reading.layer or 0,)
    pooled = table.at_pooling(str(reading.pooling))
    array = pooled.array[:, :, [pooled.layers.index(layer) for layer in layers]].mean(axis=2, keepdims=True)
    return replace(pooled, array=array, layers=layers[-1:])


def _encode_of(spec: ModelSpec, kind: Kind) -> Callable[..., EmbeddingTable[Any]]:
    """Give the method of a model's encoder that reads a kind of text."""
    name = {"words": "encode_words", "contexts": "encode_spans", "sentences": "encode_sentences"}[kind]
    method: Callable[..., EmbeddingTable[Any]] | None = getattr(load_quietly(spec), name, None)
    if method is None:
        raise InputError(f"{spec.name} cannot read {kind}: its encoder has no {name}")
    return method


def evidence_row(spec: ModelSpec, kind: Kind, reading: Reading) -> dict[str, Any]:
    """Write a reading as the columns `EVIDENCE`."""
    return {
        "model": spec.name, "kind": kind, "front": repr(reading.front or ""), "template": reading.template or "{text}",
        "layer": reading.layer, "pooling": reading.pooling, "transform": reading.transform.label,
    }  # fmt: skip
