"""Turn the text of a parameter into a value. Its type annotation alone says how the text is read."""

from __future__ import annotations

import ast
import json
import math
import warnings
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

import regex

_CLOSES = {"[": "]", "(": ")", "{": "}"}
_QUOTED = regex.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', regex.DOTALL)
_TRUTH = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}
_WHOLE = regex.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
_DIGITS = 40  # the most digits of a whole number
_EXPONENT = regex.compile(r"[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?[eE]\+?[0-9]{1,2}")
_NUMBER = regex.compile(r"[+-]?(?:[0-9]+(?:_[0-9]+)*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_COMMAS = regex.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
# The types of a union are tried in this order: a text that can be a number is one, and is a text only after that.
_ORDER = (Literal, NoneType, int, float, bool, dict, list, tuple, Any, str)
_IS = {
    int: "a whole number", float: "a finite number", bool: "true or false", NoneType: "null", str: "a text",
    list: "a list, such as a,b or [a, b]", tuple: "a tuple, such as a,b or (a, b)", dict: "a mapping, such as {a: b}",
}  # fmt: skip


class RefusedError(ValueError):
    """A text that cannot be read as its annotation asks. The message says why."""


def parse(kind: Any, text: str) -> Any:
    """Read a text as a value of the type `kind`.

    For `str` the text is kept as it is. Numbers are decimal: `02000` is 2000 and `5e3` is 5000. Truth values are
    true, false, yes, no, on, off, 1 and 0. Both null and None are None. The items of lists, tuples and mappings
    are separated by commas, with or without brackets around them. An item in quotes is the text between the quotes.

    Raises `RefusedError` for a text that is not such a value.

    Example:
        >>> parse(list[int], "1, 2"), parse(float, "5e3"), parse(int | str, "all")
        ([1, 2], 5000.0, 'all')
    """
    if broken := regex.search(r"\p{Cs}", text):
        raise RefusedError(f"is no text at character {broken.start() + 1}: bytes that are no UTF-8")
    if kind is str:
        return text
    text = text.strip()
    if kind is int:
        return _whole(text)
    if kind is float:
        return _number(text)
    if kind is bool:
        return _of(_TRUTH, text.lower(), kind, text)
    if kind is NoneType or kind is None:
        return _of({"null": None, "none": None}, text.lower(), NoneType, text)
    return _structured(kind, text)


def quoted(text: str) -> str | None:
    """Give the text between the quotes around a whole text, as JSON or Python read it; None without quotes.

    Example:
        >>> quoted('"a, b"'), quoted("a")
        ('a, b', None)
    """
    if not _QUOTED.fullmatch(text):
        return None
    try:
        return str(json.loads(text, strict=False))
    except ValueError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(ast.literal_eval(text))
    except (SyntaxError, ValueError):  # such as a path of Windows
        return text[1:-1]


def split(text: str, sign: str = ",") -> list[str]:
    """Split a text at a sign, but not within quotes or brackets; raises `RefusedError` where one is not closed.

    Example:
        >>> split("a, [b, c], 'd, e'")
        ['a', '[b, c]', "'d, e'"]
    """
    parts, start, place, open_ = [], 0, 0, ""
    begins = True  # whether an item begins here: a quote opens there only, and an apostrophe in a word is none
    while place < len(text):
        char = text[place]
        if begins and char in "\"'":
            match = _QUOTED.match(text, place)
            if match is None:
                raise RefusedError(f"has a quote at character {place + 1} that is not closed")
            place, begins = match.end(), False
            continue
        if char in _CLOSES:
            open_ += _CLOSES[char]
        elif open_ and char == open_[-1]:
            open_ = open_[:-1]
        elif char in _CLOSES.values():
            raise RefusedError(f"has {char!r} at character {place + 1} that was not opened; put the item in quotes")
        if char == sign and not open_:
            parts.append(text[start:place].strip())
            start = place + 1
        begins = char in ",:" or char in _CLOSES or (begins and char.isspace())
        place += 1
    if open_:
        raise RefusedError(f"lacks {open_[::-1]!r} at its end; put an item with brackets of its own in quotes")
    return [*parts, text[start:].strip()]


def _structured(kind: Any, text: str) -> Any:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin in (Union, UnionType):
        return _union(inner, text)
    if origin is Literal:
        return _choice(inner, text)
    if kind is Any:
        return _union((None, int, float, bool, dict, list, str), text)
    if origin is list:
        of = inner[0] if inner else Any
        return [_item(of, part) for part in _items(text, "[")]
    if origin is tuple:
        return _tuple(inner, _items(text, "(["))
    if origin is dict:
        return _mapping(inner or (str, Any), _items(text, "{"))
    raise RefusedError("cannot be given as a text")


def _tuple(inner: tuple[Any, ...], items: list[str]) -> tuple[Any, ...]:
    if len(inner) == 2 and inner[1] is ...:
        inner = (inner[0],) * len(items)
    elif not inner:
        inner = (Any,) * len(items)
    if len(inner) != len(items):
        raise RefusedError(f"has {len(items)} items, not {len(inner)}")
    return tuple(_item(of, part) for of, part in zip(inner, items, strict=True))


def _mapping(inner: tuple[Any, ...], items: list[str]) -> dict[Any, Any]:
    found = {}
    for item in items:
        key, *rest = split(item, ":")
        if not rest:
            raise RefusedError(f"has the item {item!r}, which is no `key: value`")
        name = _item(inner[0], key)
        if name in found:
            raise RefusedError(f"has the key {name!r} twice")
        found[name] = _item(inner[1], item[item.index(":", len(key)) + 1 :].strip())
    return found


def _items(text: str, opens: str) -> list[str]:
    """List the items of a text with commas between them, with or without brackets around it."""
    parts = split(text)
    if len(parts) == 1 and text.startswith(tuple(opens)):
        if not text.endswith(_CLOSES[text[0]]):
            raise RefusedError(f"has something behind its {_CLOSES[text[0]]!r}; put the items in quotes")
        parts = split(text[1:-1])
    if parts[-1] == "":  # a comma at the end, or nothing at all
        parts.pop()
    if "" in parts:
        raise RefusedError(f"has an item {parts.index('') + 1} that is empty; an empty text is written ''")
    return parts


def _item(kind: Any, text: str) -> Any:
    """Read one item of a list. An item in quotes is a text, or one of the choices of a `Literal`."""
    inside = quoted(text)
    kinds = {_plain(member): member for member in _members(kind)}
    if inside is not None and kinds.keys() & {str, Any}:
        return inside
    try:
        if inside is None:
            return parse(kind, text)
        if Literal in kinds:
            return _choice(get_args(kinds[Literal]), inside)
    except RefusedError as refused:
        raise RefusedError(f"has the item {text}, which {refused}") from None
    raise RefusedError(f"has the text {text}, where {_said(kind)} is asked for")


def _members(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


def _union(members: tuple[Any, ...], text: str) -> Any:
    kinds = {_plain(member) for member in members}
    several = kinds & {list, tuple, dict}
    if int in kinds and not several and _COMMAS.fullmatch(text):
        raise RefusedError(_commas(text))
    for member in sorted(members, key=lambda member: _ORDER.index(_plain(member))):
        if member is int and float in kinds and not _WHOLE.fullmatch(text):
            continue
        if _plain(member) in several and str in kinds and text[:1] not in {*_CLOSES}:
            continue  # a text with a comma
        try:
            return parse(member, text)
        except RefusedError as refused:
            if _plain(member) in several and str not in kinds and not str(refused).startswith("is not "):
                raise
    raise RefusedError(f"is not {' or '.join(map(_said, members))}")


def _plain(kind: Any) -> Any:
    """Give the bare type of an annotation."""
    return NoneType if kind is None else get_origin(kind) or kind


def _said(kind: Any) -> str:
    plain = _plain(kind)
    if plain is Literal:
        return " or ".join(str(choice) for choice in get_args(kind))
    return " or ".join(map(_said, get_args(kind))) if plain in (Union, UnionType) else _IS.get(plain, "a value")


def _choice(choices: tuple[Any, ...], text: str) -> Any:
    if text in choices:
        return text
    for choice in choices:
        if not isinstance(choice, str):
            try:
                if parse(type(choice), text) == choice:
                    return choice
            except RefusedError:
                continue
    raise RefusedError(f"is not {' or '.join(map(str, choices))}")


def _of(values: dict[str, Any], name: str, kind: Any, text: str) -> Any:
    if name not in values:
        raise RefusedError(f"is not {_IS[kind]}")
    return values[name]


def _whole(text: str) -> int:
    if _COMMAS.fullmatch(text):
        raise RefusedError(_commas(text))
    if _WHOLE.fullmatch(text) and len(text) <= _DIGITS:
        return int(text)
    if _EXPONENT.fullmatch(text):
        value = Decimal(text)
        if value.adjusted() < _DIGITS and value == value.to_integral_value():
            return int(value)
    raise RefusedError(f"is not {_IS[int]}")


def _commas(text: str) -> str:
    return f"has commas in a number; it is written {text.replace(',', '')}"


def _number(text: str) -> float:
    if _COMMAS.fullmatch(text):
        raise RefusedError(_commas(text))
    if not _NUMBER.fullmatch(text) or not math.isfinite(value := float(text)):
        raise RefusedError(f"is not {_IS[float]}")
    return value
