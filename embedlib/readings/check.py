"""Whether the chosen readings still follow from their evidence, and the evidence from the models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from embedlib.embeddings.embed import embed_sentences, embed_spans, embed_words
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import UnknownNameError
from embedlib.models.chosen import chosen_reading
from embedlib.models.reading import KINDS, Kind
from embedlib.models.roster import find_model
from embedlib.readings.choose import EVIDENCE, evidence_row, kinds_of, scores_of
from embedlib.readings.evidence import evidence_for
from embedlib.readings.tasks import development

_EMBED: dict[Kind, Callable[..., EmbeddingTable[Any]]] = {
    "words": embed_words, "contexts": embed_spans, "sentences": embed_sentences,
}  # fmt: skip


def score_reading(model: str, kind: Kind, reading: Any) -> pd.Series:
    """Score one reading on the development data of a kind of text, through the store: a value a task, and `mean`.

    `reading` is what `embed_words` takes.

    Example:
        >>> scores = score_reading("glove-6b-50d", "words", "study")
        >>> 0.6 < float(scores["men"]) < 0.7, list(scores.index[:2])
        (True, ['men', 'simverb3500'])
    """
    data = development(kind, cased=find_model(model).case != "lower")
    table = _EMBED[kind](model, data.texts, reading=reading)
    found = pd.DataFrame([scores_of(table, data)])
    return found.assign(mean=data.mean(found)).iloc[0]


def check_choices(
    models: Sequence[str], kinds: Sequence[Kind] = (), *, again: Sequence[str] = KINDS
) -> pd.DataFrame:  # fmt: skip
    """Compare the chosen reading of each model with its evidence, a row a model and kind of text.

    `kinds` are those that are compared; empty: all that a model can read.

    Columns: `reading` (in words), `tried` (readings that it was chosen from), `is best` (none of these has a higher
    mean score), `evidence` (its mean score as kept) and `again` (the same, computed anew, for the kinds of `again`;
    NaN for others, since it takes a model's pass over all development data). Raises `UnknownNameError` for another
    kind.
    """
    for kind in again:
        if kind not in KINDS:
            raise UnknownNameError.of("kind of text", kind, KINDS)
    rows = []
    for model in models:
        spec = find_model(model)
        for kind in kinds or kinds_of(spec):
            reading = spec.resolve_reading(chosen_reading(spec, kind), kind)
            tried = evidence_for(spec, kind)
            same = (tried[EVIDENCE].astype(str) == pd.Series(evidence_row(spec, kind, reading)).astype(str)).all(axis=1)
            kept = float(tried.loc[same, "mean"].max()) if same.any() else float("nan")
            anew = float(score_reading(model, kind, reading)["mean"]) if kind in again else float("nan")
            rows.append((model, kind, reading.label, len(tried), bool(kept >= tried["mean"].max()), kept, anew))
    columns = ["model", "kind", "reading", "tried", "is best", "evidence", "again"]
    return pd.DataFrame(rows, columns=columns).set_index(["model", "kind"])
