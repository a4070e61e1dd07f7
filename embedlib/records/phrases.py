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
