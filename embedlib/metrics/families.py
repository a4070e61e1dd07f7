"""The best model of each family."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

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
