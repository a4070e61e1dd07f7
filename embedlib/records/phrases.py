"""Numbers and lists as words, for the phrases that a chapter records whole."""

from __future__ import annotations

from collections.abc import Iterable

from embedlib.errors import RecordError

_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def number_word(count: int) -> str:
    """Write a count up to twelve as a word, and a larger one in digits; zero is "none".

    Raises `RecordError` for a count below zero.

    Example:
        >>> number_word(0), number_word(6), number_word(20)
        ('none', 'six', '20')
    """
    if count < 0:
        raise RecordError(f"a count is at least 0, not {count}")
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def listed(parts: Iterable[str]) -> str:
    """Join words with commas, and the last one with "and"; raises `RecordError` where there are none.

    Example:
        >>> listed(["analogies", "senses", "similar words"])
        'analogies, senses and similar words'
    """
    words = list(parts)
    if not words:
        raise RecordError("a list of no words cannot be written")
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def say_gap(low: float, high: float, who: str, unit: str = "points") -> str:
    """Say what a 95 % interval of a lead allows: how wide the gap is, or that either side may be ahead.

    `low` and `high` are the ends of the interval of how far `who` is ahead, in `unit`.

    Example:
        >>> say_gap(-11.2, -3.8, "the LLM")
        'the gap would be between 4 and 11 points'
        >>> say_gap(-2.1, 3.9, "the LLM")
        'the LLM could be 2 points behind or 4 ahead'
    """
    if low > 0 or high < 0:
        nearer, farther = sorted((abs(low), abs(high)))
        return f"the gap would be between {nearer:.0f} and {farther:.0f} {unit}"
    return f"{who} could be {-low:.0f} {unit} behind or {high:.0f} ahead"
