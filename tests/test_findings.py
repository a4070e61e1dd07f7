"""The page of findings, really run on made-up chapters: it says what they have recorded, and nothing else."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from embedlib.book.notebooks import find_source, write
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.families import family_effect
from embedlib.metrics.verdicts import Part, Verdict
from embedlib.records.make import make_record
from embedlib.records.read import MIME, read_records

PAGE = "20_findings"
SIDES = {
    "glove-6b-50d": "classical", "sbert-minilm": "classical", "smollm2-135m-q4": "LLM", "gemma-3-270m-q4": "LLM",
}  # fmt: skip
TASKS = {
    "02_random_pairs": ("d1", ["random pairs (mean cosine)"]),
    "03_related_pairs": ("d2", ["related pairs (AUC)", "morphology (AUC)"]),
    "04_analogies": ("d4", ["analogies (accuracy)"]),
    "05_agreement": ("d5", ["agreement with LLMs"]),
    "06_human_similarity": ("", ["rated word pairs (Spearman)"]),
    "08_anchor_words": ("c1", ["movement", "senses (AUC)"]),
    "10_sentence_variations": ("c2", ["triplets alike in form (accuracy)"]),
    "11_sts": ("", ["rated texts (Spearman)"]),
}


def effect_of(lead):
    """Give the effect of LLMs that are ahead of classical models by a lead."""
    values = {
        model: 0.5 + (lead if side == "LLM" else 0.0) + 0.001 * n for n, (model, side) in enumerate(SIDES.items())
    }
    scores = Estimates({model: Estimate(value, [value - 0.01, value + 0.01]) for model, value in values.items()})
    return family_effect(scores, SIDES)


def records_of_chapter(claim, tasks, leads):
    """Give what a chapter records: its verdict, its leads and its scores, at a reading for each of the leads."""
    found = {}
    for suffix, lead in zip(("", "-second"), leads, strict=False):
        effect = effect_of(lead)
        if claim:
            side = Part.of("another part", Estimate(0.0, [-1.0, 1.0]))
            found[f"{claim}-verdict{suffix}"] = Verdict(claim.upper(), Part.of("LLMs ahead", effect), (side,))
        found |= {f"{name}{suffix}": fact for name, fact in effect.facts.items()}
    keys = [(model, name) for model in SIDES for name in ("chosen", "study")[: len(leads)]]
    rows = pd.MultiIndex.from_tuples(keys, names=["model", "reading"])
    found["summary"] = pd.DataFrame({task: np.linspace(0.2, 0.9, len(rows)) for task in tasks}, rows)
    return found


def differences(reading, size, kind):
    keys = [("size, decoders", "chosen"), ("kind, matched size", "chosen"), ("reading, decoders", "chosen less study")]
    index = pd.MultiIndex.from_tuples([(*key, "own layer") for key in keys], names=["what", "reading", "layer"])
    rows = [(value, value - 0.01, value + 0.01) for value in (size, kind, reading)]
    return pd.DataFrame(rows, index, ["difference", "low", "high"])


@pytest.fixture
def page(build, tmp_path):
    """Give a function that runs the page on chapters with some records and gives what it records."""

    def run(chapters):
        runs = []
        for name, records in chapters.items():
            made = [make_record(key, value) for key, value in records.items()]
            cell = nbformat.v4.new_code_cell(
                outputs=[nbformat.v4.new_output("display_data", {MIME: one.payload()}) for one in made]
            )
            runs.append(tmp_path / f"{name}.ipynb")
            write(nbformat.v4.new_notebook(cells=[cell]), runs[-1])
        settings = {"runs": ", ".join(map(str, runs)), "models": ", ".join(SIDES)}
        planned = plan(find_source(PAGE), settings, build)
        execute(planned)
        return read_records(planned.output)

    return run


def test_the_page_leads_with_what_matters_and_has_both_readings(page):
    chapters = {name: records_of_chapter(*about, (-0.1, 0.2)) for name, about in TASKS.items()}
    chapters["04_analogies"] = records_of_chapter(*TASKS["04_analogies"], (-0.1, -0.1))
    chapters["12_size_or_kind"] = {"differences": differences(0.4, 0.05, 0.1)}
    found = page(chapters)
    assert found["in-short"].startswith(
        "How an LLM is read matters more than whether a model is an LLM or an older one. "
        "Whether a model is an LLM or an older one matters more than an LLM's size. "
        "On none of our six measures of meaning is the best LLM clearly ahead"
    )
    assert found["readings-said"].startswith(
        'With the reading "study" in place of "chosen", who is ahead changes on five of six measures: related words, '
    )
    # D3 has no verdict of its own here, and is left out.
    assert (found["contradicted"], found["supported"], found["d3-verdict"]) == (6, 0, "not recorded")
    assert (found["d1-verdict"], found["d1-verdict-second"]) == ("contradicted", "supported")
    assert found["d4-effect"] == pytest.approx(-0.1 + 0.002)
    assert found["d4-least-p"] == pytest.approx(1 / 3)
    assert found["findings"].loc[("D4", "second"), "verdict"] == "contradicted"
    assert found["parts"].loc[("D1", "another part", "first"), "verdict"] == "undecided"
    assert found["tasks"].loc[("movement", "study"), "glove-6b-50d"] == pytest.approx(0.3)
    assert found["leads-survive"] == "All clear leads stay if any one of the models is dropped."
    assert found["chapters-missing"] == "none"


def test_what_is_not_recorded_is_left_out_and_named(page):
    found = page({"04_analogies": records_of_chapter(*TASKS["04_analogies"], (0.2,))})
    assert "08_anchor_words" in found["chapters-missing"]
    assert found["first-claim"] == (
        "On our one measure of meaning the best LLM is clearly ahead of the best classical model."
    )
    assert found["readings-said"] == "This run has one reading only."
    assert (found["reading-claim"], found["second-claim"]) == ("", "Words alone are not compared in this run.")
    assert (found["d4-verdict"], found["d4-verdict-second"]) == ("supported", "not recorded")
    assert found["third-claim"] == "Of the study's one claim, one is supported."
