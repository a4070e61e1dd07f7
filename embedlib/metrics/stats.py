"""Resampling and intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import InputError


def resample_counts(items: int, draws: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Draw bootstrap samples of items as counts: (draws, items), each row sums to `items`.

    Using one matrix for several models makes their differences paired (efron1993bootstrap).
    Raises `InputError` unless both numbers are positive.
    """
    if items < 1 or draws < 1:
        raise InputError(f"a bootstrap needs items and draws of at least 1, not {items} and {draws}")
    counts = np.empty((draws, items), dtype=np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(items, size=items), minlength=items)
    return counts


def percentile_interval(draws: NDArray[np.floating], level: float = 0.95) -> tuple[float, float]:
    """Give the percentile bootstrap interval of (draws,) values (efron1993bootstrap).

    Raises `InputError` for fewer than two draws, NaN, or a level outside (0, 1).
    """
    if draws.ndim != 1 or len(draws) < 2 or np.isnan(draws).any() or not 0 < level < 1:
        raise InputError(f"an interval needs at least two draws without NaN and 0 < level < 1; got {draws.shape}")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
