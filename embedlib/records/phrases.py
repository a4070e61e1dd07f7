"""Numbers and lists as words, for the phrases that a chapter records whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from embedlib.errors import RecordError
from embedlib.metrics.estimates import Estimates
from embedlib.metrics.families import FamilyEffect
from embedlib.models.reading import NAMED

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


def reading_labels(readings: Sequence[str]) -> dict[str, str]:
    """Give readings short names for tables and sentences: their own, or "reading 2" for one that is given as JSON.

    Example:
        >>> reading_labels(["chosen", '{"template": " {text}"}'])
        {'chosen': 'chosen', '{"template": " {text}"}': 'reading 2'}
    """
    return {name: name if name in NAMED else f"reading {place}" for place, name in enumerate(readings, start=1)}


def say_reading(label: str) -> str:
    """Say how models were read, by the label of a reading, as a sentence takes it up.

    Example:
        >>> say_reading("chosen"), say_reading("study"), say_reading("reading 2")
        ('at the chosen readings', "at the study's reading", 'at reading 2')
    """
    return {"chosen": "at the chosen readings", "study": "at the study's reading"}.get(label, f"at {label}")


def say_gains(gains: Estimates, over: str) -> str:
    """Say by how much a reading changes the models' scores against another one, and for which models clearly.

    `gains` are the scores at the reading less those at the other, which is called `over`. A change is clear where
    its 95 % interval does not hold zero. Without a gain, the run has one reading.

    Example:
        >>> from embedlib.metrics.estimates import Estimate
        >>> gains = Estimates({"glove": Estimate(0.0, [0.0, 0.0]), "gemma": Estimate(0.2, [0.1, 0.3])})
        >>> say_gains(gains, "study").split(". ")[0]
        'Against the reading study, scores change by +0.00 (glove) to +0.20 (gemma)'
        >>> say_gains(gains, "study").split(". ")[1]
        'The change is clear for gemma.'
    """
    if not len(gains):
        return "This run has one reading."
    least, most = gains.worst(), gains.best()
    clear = [str(model) for model, gain in gains.items() if gain.is_above(0) or gain.is_below(0)]
    return (
        f"Against the reading {over}, scores change by {gains[least].value:+.2f} ({least}) to "
        f"{gains[most].value:+.2f} ({most}). The change is clear for {listed(clear) if clear else 'no model'}."
    )


def say_lead(lead: FamilyEffect, shares: Mapping[str, float], does: str, others: str) -> str:
    """Say which side is ahead, by how much of what it does, and what that is worth with other items and models.

    `lead` is the effect of the best LLM over the best classical model. `shares` has each model's score, as a share
    of 1, and `does` is what a model does in that share of the items, such as "answers". `others` are the items that
    could be drawn instead.

    Example:
        >>> from embedlib.metrics.estimates import Estimate
        >>> estimate = Estimate(-0.08, [-0.112, -0.038])
        >>> lead = FamilyEffect(estimate, "gemma", "glove", {"use": -0.07, "qwen": -0.09}, ("gemma", "glove"), 0.3, 0.2)
        >>> said = say_lead(lead, {"gemma": 0.2, "glove": 0.28}, "answers", "other relations").split(". ")
        >>> said[0]
        'LLMs are behind: the best of them, gemma, answers 20%'
        >>> said[1]
        'With other relations, the gap would be between 4 and 11 points (95 % interval)'
        >>> said[2]
        'Whichever of the models is left out, the LLM is still behind.'
    """
    if lead.estimate is None:
        return "This run has models of one side only, so it compares none with the other."
    llm, classical = (f"{does} {shares[model]:.0%}" for model in (lead.best_llm, lead.best_classical))
    low, high = (100 * end for end in lead.estimate.interval())
    nearer, farther = sorted((abs(low), abs(high)))
    gap = f"the gap would be between {nearer:.0f} and {farther:.0f} points"
    if high < 0:
        who = f"LLMs are behind: the best of them, {lead.best_llm}, {llm}."
    elif low > 0:
        who = f"Classical models are behind: the best of them, {lead.best_classical}, {classical}."
    else:
        in_share = f"{shares[lead.best_classical]:.0%}"
        who = f"Neither side is clearly ahead: the best LLM, {lead.best_llm}, {llm}, the best classical model, "
        who += f"{lead.best_classical}, {in_share}."
        behind = f"{-low:.0f}"
        gap = f"the LLM could be {behind} point{'' if behind == '1' else 's'} behind or {high:.0f} ahead"
    return f"{who} With {others}, {gap} (95 % interval).{_say_left_out(lead, low, high)}"


def _say_left_out(lead: FamilyEffect, low: float, high: float) -> str:
    """Say whether the side that is clearly ahead is so without any one of the models; nothing where none is."""
    if not lead.left_out or low <= 0 <= high:
        return ""
    ahead, sign = ("ahead", 1) if low > 0 else ("behind", -1)
    turned = [model for model, effect in lead.left_out.items() if sign * effect <= 0]
    if not turned:
        return f" Whichever of the models is left out, the LLM is still {ahead}."
    return f" Without {' or '.join(turned)}, the LLM would not be {ahead}."
