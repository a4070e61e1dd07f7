"""The best of each family, and the lead of one over the other."""

import numpy as np
import pandas as pd
import pytest

from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate
from embedlib.metrics.families import FamilyLead, best_of_families, first_places, lead_of_llms
from embedlib.records.phrases import say_lead

FAMILY = {"glove": "classical", "use": "classical", "gemma": "llm", "qwen": "llm"}


def test_the_best_of_each_family_is_named_without_nan_and_the_first_of_equals():
    scores = pd.DataFrame(
        {"glove": [0.4, np.nan], "use": [0.4, 0.1], "qwen": [0.2, np.nan], "gemma": [0.9, np.nan]}, ["pairs", "senses"]
    )
    found = best_of_families(scores, FAMILY)
    assert found.loc["pairs"].to_list() == ["gemma", 0.9, "glove", 0.4]
    assert found.loc["senses", ["best LLM", "best classical", "classical"]].to_list() == ["none", "use", 0.1]
    assert np.isnan(found.loc["senses", "LLM"])
    alone = best_of_families(scores[["use"]], FAMILY)
    assert alone["best LLM"].to_list() == ["none", "none"]


def test_the_lead_is_that_of_the_best_llm_over_the_best_classical_model():
    rng = np.random.default_rng(3)
    scores = pd.DataFrame(rng.random((30, 4)), columns=list(FAMILY))
    boot = Bootstrap(30, 200, rng)
    lead = lead_of_llms(boot.means(scores), FAMILY)
    means = scores.mean()
    assert lead.llm == means[["gemma", "qwen"]].idxmax()
    assert lead.classical == means[["glove", "use"]].idxmax()
    assert lead.estimate is not None
    paired = boot.mean(scores[lead.llm] - scores[lead.classical])
    assert lead.estimate.row == pytest.approx(paired.row)
    assert lead.facts["llm-lead-low"] == pytest.approx(paired.low)
    alone = lead_of_llms(boot.means(scores[["glove", "use"]]), FAMILY)
    assert (alone.llm, alone.estimate) == ("none", None)
    assert np.isnan(alone.facts["llm-lead"])
    assert say_lead(alone, {}, "answers", "other words").startswith("This run has models of one family")


def test_equals_share_the_first_place_and_each_row_sums_to_one():
    scores = pd.DataFrame({"glove": [0.5, 0.1, 0.2], "use": [0.5, 0.3, 0.2], "gemma": [0.5, 0.2, 0.1]})
    found = first_places(scores)
    assert found.sum(axis=1).to_list() == pytest.approx([1, 1, 1])
    assert found["use"].to_list() == pytest.approx([1 / 3, 1, 1 / 2])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            [0.1, 0.2],
            ["Classical models are behind: the best of them, glove, answers 20%.", "between 10 and 20 points"],
        ),
        ([-0.2, -0.1], ["LLMs are behind: the best of them, gemma, answers 30%.", "between 10 and 20 points"]),
        ([-0.1, 0.2], ["gemma, answers 30%, the best classical model, glove, 20%.", "10 points behind or 20 ahead"]),
    ],
)
def test_a_lead_is_said_by_its_interval(values, said):

    lead = FamilyLead("gemma", "glove", Estimate(0.1, np.repeat(values, 100)))
    text = say_lead(lead, {"gemma": 0.3, "glove": 0.2}, "answers", "other words")
    assert all(part in text for part in said), text
