"""The best reading of each template, from the evidence of the choice."""

import pandas as pd
import pytest

from embedlib.errors import InputError
from embedlib.models.reading import Reading
from embedlib.models.roster import find_model
from embedlib.readings import evidence as evidences
from embedlib.readings.choose import evidence_row
from embedlib.readings.evidence import best_by_template
from embedlib.readings.grid import SENTENCE_TEMPLATES, grid


@pytest.fixture
def evidence(tmp_path, monkeypatch):
    """Write evidence for a decoder: the prompt at layer 10 is best, and everything is better when transformed."""
    spec = find_model("gemma-3-270m-q4")
    _, prompt = SENTENCE_TEMPLATES
    scores = {(None, 18, "mean"): 0.3, (prompt, 10, "last"): 0.7, (prompt, 18, "last"): 0.5}
    rows = []
    for reading in grid(spec, "sentences"):
        row = evidence_row(spec, "sentences", reading.model_copy(update={"front": "<bos>"}))
        score = scores.get((reading.template, reading.layer, reading.pooling), 0.1)
        # At the input, the last token of a prompt is the same for all: no score.
        mean = float("nan") if reading.layer == 0 else score + (reading.transform.way != "none")
        rows.append(row | {"mean": mean})
    file = tmp_path / "evidence.tsv"
    pd.DataFrame(rows).to_csv(file, sep="\t", index=False)
    monkeypatch.setattr(evidences, "evidence_file", lambda: file)
    return spec, prompt


def test_each_template_has_its_best_layer_and_the_best_template_is_first(evidence):
    spec, prompt = evidence
    assert list(best_by_template(spec, "sentences").items()) == [
        (prompt, Reading(front="<bos>", template=prompt, layer=10, pooling="last")),
        (None, Reading(front="<bos>", layer=18, pooling="mean")),
    ]


def test_a_model_without_evidence_is_an_error_that_names_the_command(evidence, cache):
    with pytest.raises(InputError, match="no evidence for its reading of sentences; run: embedlib choose-reading"):
        best_by_template(find_model("sbert-minilm"), "sentences")
