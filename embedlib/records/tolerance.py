"""How far a recorded number may move before the drift gate calls it a difference."""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass
from typing import Any

from embedlib.errors import RecordError


@dataclass(frozen=True)
class Tolerance:
    """How far a recorded number may move: |new - old| <= atol + rtol * |old|.

    Raises `RecordError` for a value that is negative or not finite.

    Example:
        >>> import embedlib
        >>> embedlib.Tolerance(rtol=0.1).allows(10, 11)
        True
        >>> embedlib.Tolerance(rtol=0, atol=0.5).allows(10, 11)
        False
    """

    rtol: float = 1e-3
    atol: float = 0.0

    def __post_init__(self) -> None:
        given: tuple[Any, ...] = (self.rtol, self.atol)
        if not all(isinstance(one, numbers.Real) and 0 <= float(one) < math.inf for one in given):
            raise RecordError(f"a tolerance has finite rtol and atol of at least 0, not {self}")

    def allows(self, old: float, new: float) -> bool:
        """Say whether `new` is near enough to `old`."""
        return abs(new - old) <= self.around(old)

    def around(self, old: float) -> float:
        """Give how far from `old` a new value may be."""
        return self.atol + self.rtol * abs(old)


def are_numbers(old: Any, new: Any) -> bool:
    """Say whether two recorded values are judged by a tolerance: the old one is a float, the new one a number."""
    return isinstance(old, float) and isinstance(new, float | int) and not isinstance(new, bool)


def agree(old: Any, new: Any, tolerance: Tolerance) -> bool:
    """Say whether a recorded value may stand in another one's place: floats within the tolerance, all else exactly.

    Example:
        >>> agree(0.5, 0.5004, Tolerance()), agree(3, 4, Tolerance(atol=1))
        (True, False)
    """
    if are_numbers(old, new):
        return tolerance.allows(old, float(new))
    return type(old) is type(new) and bool(old == new)
