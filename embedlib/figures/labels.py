"""Names beside lines, and a picture in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression


def spread(values: pd.Series, gap: float) -> dict[str, float]:
    """Move values as little as it takes to keep each at least `gap` from the next; in rising order."""
    ordered = values.sort_values(kind="stable")
    steps = gap * np.arange(len(ordered))
    if ordered.empty:
        return {}
    places = isotonic_regression(ordered.to_numpy(dtype=float) - steps).x + steps
    return dict(zip(map(str, ordered.index), places, strict=True))


def say_ends(values: pd.Series | pd.DataFrame, digits: int = 2) -> str:
    """Put the lowest and the highest of some numbers in words, with their keys, for a picture's description."""
    if isinstance(values, pd.DataFrame):
        long = values.melt(var_name="column", value_name="value", ignore_index=False)
        values = long.set_index("column", append=True)["value"]
    numbers = values.dropna().sort_values(kind="stable")
    if numbers.empty:
        return "no values"
    ends = []
    for word, (key, number) in zip(("lowest", "highest"), numbers.iloc[[0, -1]].items(), strict=True):
        parts: tuple[object, ...] = key if isinstance(key, tuple) else (key,)
        named = (f"{part:.2g}" if isinstance(part, float) else str(part) for part in parts)
        ends.append(f"{word} {number:.{digits}f} ({', '.join(named)})")
    return ", ".join(ends)
