"""Numbers and lists as words, for the phrases that a chapter records whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from embedlib.errors import RecordError
from embedlib.metrics.families import FamilyLead

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


def say_lead(lead: FamilyLead, shares: Mapping[str, float], does: str, others: str) -> str:
    """Say which family is ahead, by how much of what it does, and what that is worth with other items.

    `shares` has each model's score, as a share of 1, and `does` is what a model does in that share of the
    items, such as "answers". `others` are the items that could be drawn instead.

    Example:
        >>> from embedlib.metrics.estimates import Estimate
        >>> lead = FamilyLead("gemma", "glove", Estimate(-0.08, [-0.112, -0.038]))
        >>> said = say_lead(lead, {"gemma": 0.2, "glove": 0.28}, "answers", "other relations").split(". ")
        >>> said[0]
        'LLMs are behind: the best of them, gemma, answers 20%'
        >>> said[1]
        'With other relations, the gap would be between 4 and 11 points (95 % interval).'
    """
    if lead.estimate is None:
        return "This run has models of one family only, so it compares none with the other."
    llm, classical = (f"{does} {shares[model]:.0%}" for model in (lead.llm, lead.classical))
    low, high = (100 * end for end in lead.estimate.interval())
    nearer, farther = sorted((abs(low), abs(high)))
    gap = f"the gap would be between {nearer:.0f} and {farther:.0f} points"
    if high < 0:
        who = f"LLMs are behind: the best of them, {lead.llm}, {llm}."
    elif low > 0:
        who = f"Classical models are behind: the best of them, {lead.classical}, {classical}."
    else:
        in_share = f"{shares[lead.classical]:.0%}"
        who = f"Neither family is clearly ahead: the best LLM, {lead.llm}, {llm}, the best classical model, "
        who += f"{lead.classical}, {in_share}."
        gap = f"the LLM could be {-low:.0f} points behind or {high:.0f} ahead"
    return f"{who} With {others}, {gap} (95 % interval)."
