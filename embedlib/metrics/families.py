"""The two families of models, LLMs and classical ones: the best of each, and how far one is ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedlib.metrics.estimates import Estimate, Estimates

_NAMES = {"llm": "LLM", "classical": "classical"}


def best_of_families(scores: pd.DataFrame, family: Mapping[str, str]) -> pd.DataFrame:
    """Name the best LLM and the best classical model of each row of scores, and give their scores.

    `scores` has a row for each thing that is scored and a column a model; `family` maps a model to "llm"
    or "classical". NaN is left out, and the first of equals is named. A family without a score has the
    best "none" and the score NaN.

    Example:
        >>> scores = pd.DataFrame({"glove": [0.3, 0.2], "use": [0.1, 0.4], "gemma": [0.2, None]}, ["pairs", "senses"])
        >>> best_of_families(scores, {"glove": "classical", "use": "classical", "gemma": "llm"})
               best LLM  LLM best classical  classical
        pairs     gemma  0.2          glove        0.3
        senses     none  NaN            use        0.4
    """
    columns: dict[str, list[object]] = {}
    for side, name in _NAMES.items():
        of_side = scores[[model for model in scores.columns if family[model] == side]]
        known = [row.dropna() for _, row in of_side.iterrows()]
        columns[f"best {name}"] = [row.idxmax() if len(row) else "none" for row in known]
        columns[name] = [row.max() if len(row) else float("nan") for row in known]
    return pd.DataFrame(columns, scores.index)


@dataclass(frozen=True)
class FamilyLead:
    """The best LLM, the best classical model, and how far the first is ahead of the second.

    Where a family has no model, its best is "none" and there is no `estimate`.
    """

    llm: str
    classical: str
    estimate: Estimate | None

    @property
    def facts(self) -> dict[str, float | str]:
        """The lead with its 95 % interval and the two models, under the names that chapters record them by.

        Example:
            >>> FamilyLead("gemma", "none", None).facts["best-llm"]
            'gemma'
        """
        value, low, high = self.estimate.row if self.estimate is not None else (np.nan, np.nan, np.nan)
        models = {"best-llm": self.llm, "best-classical": self.classical}
        return {"llm-lead": value, "llm-lead-low": low, "llm-lead-high": high, **models}


def lead_of_llms(scores: Estimates, family: Mapping[str, str]) -> FamilyLead:
    """Compare the best LLM with the best classical model, on the same draws.

    `scores` are the models' estimates; `family` maps a model to "llm" or "classical".

    Example:
        >>> scores = Estimates({"glove": Estimate(0.3, [0.2, 0.4]), "gemma": Estimate(0.5, [0.4, 0.6])})
        >>> lead = lead_of_llms(scores, {"glove": "classical", "gemma": "llm"})
        >>> print(lead.llm, lead.classical, lead.estimate)
        gemma glove 0.20 [0.20, 0.20]
    """
    sides = [[model for model in scores if family[model] == side] for side in _NAMES]
    llm, classical = (str(scores.best(side)) if side else "none" for side in sides)
    return FamilyLead(llm, classical, scores.difference(llm, classical) if all(sides) else None)


def first_places(scores: pd.DataFrame) -> pd.DataFrame:
    """Give each column 1 in the rows where it is highest, and 0 elsewhere; equals share the 1.

    Example:
        >>> first_places(pd.DataFrame({"glove": [0.3, 0.2], "use": [0.1, 0.2]}))
           glove  use
        0    1.0  0.0
        1    0.5  0.5
    """
    is_first = scores.eq(scores.max(axis=1), axis=0)
    return is_first.div(is_first.sum(axis=1), axis=0)
