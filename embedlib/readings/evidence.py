"""The evidence of a choice: the score of every reading that it was made from; it is read without choosing again."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pandas as pd

from embedlib._util.paths import data_dir
from embedlib.errors import InputError
from embedlib.models.chosen import own_file
from embedlib.models.reading import Kind, Reading
from embedlib.models.spec import ModelSpec
from embedlib.readings.grid import grid


def evidence_file() -> Path:
    """Name the table of the evidence for the book's models."""
    return data_dir() / "readings" / "evidence.tsv"


def read_evidence(file: Path | None = None) -> pd.DataFrame:
    """Read the table of evidence, the book's where no file is named; without rows where it is not there.

    Example:
        >>> "mean" in read_evidence()
        True
    """
    file = file or evidence_file()
    if not file.exists():
        return pd.DataFrame()
    return pd.read_csv(file, sep="\t", keep_default_na=False, na_values={"mean": [""]})


def evidence_for(spec: ModelSpec, kind: Kind) -> pd.DataFrame:
    """Give the evidence of a model's reading of a kind of text: the book's, or what was kept in the cache."""
    for file in (evidence_file(), own_file(spec).with_suffix(".tsv")):
        rows = read_evidence(file)
        if len(rows) and len(found := rows[(rows["model"] == spec.name) & (rows["kind"] == kind)]):
            return found
    raise InputError(f"{spec.name}: there is no evidence for its reading of {kind}; run: embedlib choose-reading")


def best_by_template(spec: ModelSpec, kind: Kind) -> dict[str | None, Reading]:
    """Give, for each template of the grid, the reading that scores highest on development data, of equals the first.

    The template of the highest score comes first. Only readings that leave the vectors as they are take part, so that
    templates are compared and not transforms. Raises `InputError` where there is no evidence for the model.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> {template: reading.label for template, reading in
        ...  best_by_template(find_model("glove-6b-50d"), "sentences").items()}
        {None: 'alone, layer 0, mean'}
    """
    rows = evidence_for(spec, kind)
    columns = ["template", "layer", "pooling", "transform"]
    scores = dict(zip(rows[columns].astype(str).itertuples(index=False, name=None), rows["mean"], strict=True))
    front = ast.literal_eval(rows["front"].iloc[0]) if spec.encoder_kind.left_to_right else None
    best: dict[str | None, tuple[float, Reading]] = {}
    for reading in grid(spec, kind):
        said = (reading.template or "{text}", str(reading.layer), str(reading.pooling), reading.transform.label)
        score = scores.get(said)
        if score is None or math.isnan(score) or reading.transform.way != "none":
            continue
        if reading.template not in best or score > best[reading.template][0]:
            best[reading.template] = score, reading.model_copy(update={"front": front})
    ranked = sorted(best.items(), key=lambda item: -item[1][0])
    return {template: reading for template, (_, reading) in ranked}
