"""Making records: a value is checked, shown in the notebook and kept.

A record travels in a cell's output, in one display bundle: what the reader sees (text, a table, a
picture), the typed value under `MIME`, and the metadata by which prose glues it.
"""

from __future__ import annotations

import math
import numbers
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedlib.datasets.spans import broken_reason
from embedlib.errors import RecordError
from embedlib.metrics.verdicts import Verdict
from embedlib.records.read import MIME
from embedlib.records.record import RECORD, FrameRecord, PartFields, Record, VerdictFields, VerdictRecord
from embedlib.records.render import draw, render
from embedlib.records.tolerance import Tolerance

Tolerances = float | Tolerance | Mapping[str, float | Tolerance] | None

_HIDDEN = "application/papermill.record/"  # before the media types of what is kept and not shown
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def record(
    name: str,
    value: Any,
    *,
    tolerance: Tolerances = None,
    figure: Figure | None = None,
    alt: str | None = None,
    show: bool = True,
) -> None:
    """Show a value in a notebook and keep it, typed, for the drift gate and for glueing in prose.

    `value` is a number, a string, a boolean, a `Verdict` or a DataFrame whose index names its rows
    (a default index numbers them). With `figure` the value is the data that the picture shows:
    the picture is displayed (with `alt` as its description) and the data is what drift compares.
    `tolerance` is a relative one (1e-3 where none is given), a `Tolerance`, or for a frame a
    mapping from column to either. `show=False` keeps the value for glueing without displaying it.

    Raises `RecordError` for a name that is not lower-case words joined by hyphens, a type that
    cannot be kept, an infinity, a repeated row key or column, and a figure without `alt`.

    Example:
        >>> import embedlib
        >>> embedlib.record("shared-words", 1200)  # doctest: +ELLIPSIS
        {...'name': 'shared-words'...'value': 1200}, 'text/plain': '1200'}
    """
    kept = make_record(name, value, tolerance, is_figure=figure is not None)
    if figure is None:
        tolerances = kept.tolerance if isinstance(kept, FrameRecord) else None
        _display(kept, render(value, tolerances), show=show)
        return
    if not alt:
        raise RecordError(f"record {name!r}: a figure needs `alt`, a sentence that says what it shows")
    mime, picture = draw(figure)
    _display(kept, {mime: picture, "text/plain": alt}, {mime: {"alt": alt}}, show=show)


def record_facts(facts: Mapping[str, float | str | bool], *, tolerance: float | Tolerance | None = None) -> None:
    """Keep several facts for glueing in prose, as `record(..., show=False)` keeps each.

    `facts` maps the name of a record to a number, a string or a boolean. `tolerance` is for the
    floats among them; all else is compared exactly.

    Raises `RecordError` as `record` does, before anything is kept, and for a `tolerance` without a float.

    Example:
        >>> import embedlib
        >>> embedlib.record_facts({"words-used": 1200, "spread": 0.125}, tolerance=0.01)  # doctest: +ELLIPSIS
        {...'name': 'words-used'...'type': 'int'...'value': 1200}...}
        {...'name': 'spread'...'tolerance': {'rtol': 0.01, 'atol': 0.0}, 'value': 0.125}...}
    """
    are_floats = {name: _type(name, value) == "float" for name, value in facts.items()}
    if tolerance is not None and not any(are_floats.values()):
        raise RecordError(f"none of the facts {list(facts)} is a float, so there is nothing for a tolerance")
    tolerances = {name: tolerance if is_float else None for name, is_float in are_floats.items()}
    made = [make_record(name, value, tolerances[name]) for name, value in facts.items()]
    for kept, value in zip(made, facts.values(), strict=True):
        _display(kept, render(value), show=False)


def _display(kept: Record, shown: Mapping[str, str], metadata: Mapping[str, Any] | None = None, *, show: bool) -> None:
    """Display a record and what the reader sees of it, in one bundle."""
    from IPython.display import display

    prefix = "" if show else _HIDDEN
    bundle = {MIME: kept.payload(), **{prefix + mime: content for mime, content in shown.items()}}
    glue = {"scrapbook": {"name": kept.name, "mime_prefix": prefix}}
    display(bundle, metadata={**(metadata or {}), **glue}, raw=True)


def make_record(name: str, value: Any, tolerance: Tolerances = None, *, is_figure: bool = False) -> Record:
    """Turn a value into a record; raises `RecordError` as `record` does.

    Example:
        >>> make_record("share", 0.125).payload()["type"]
        'float'
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecordError(f"record name {name!r}: allowed are lower-case words and digits joined by hyphens")
    if isinstance(value, pd.DataFrame):
        return _frame(name, value, tolerance, is_figure=is_figure)
    if isinstance(tolerance, Mapping):
        raise RecordError(f"record {name!r}: a tolerance by column is for frames")
    allowed = _tolerance(tolerance)
    if isinstance(value, Verdict):
        return VerdictRecord(name=name, figure=is_figure, tolerance=allowed, value=_verdict(name, value))
    kind = _type(name, value)
    if tolerance is not None and kind != "float":
        raise RecordError(f"record {name!r}: a {kind} is compared exactly and takes no tolerance")
    fields = {"name": name, "figure": is_figure, "type": kind, "tolerance": allowed, "value": _cell(name, value)}
    return RECORD.validate_python(fields)


def _verdict(name: str, verdict: Verdict) -> VerdictFields:
    main, *parts = (
        PartFields(**{field: _cell(name, content) for field, content in asdict(part).items()})
        for part in verdict.all_parts
    )
    return VerdictFields(claim=_cell(name, verdict.claim), main=main, parts=parts)


def _frame(name: str, frame: pd.DataFrame, tolerance: Tolerances, *, is_figure: bool) -> FrameRecord:
    if frame.columns.nlevels > 1:
        raise RecordError(f"record {name!r}: columns have one level, not {frame.columns.nlevels}; join their names")
    columns = [_cell(name, str(column)) for column in frame.columns]
    if len(set(columns)) != len(columns):
        raise RecordError(f"record {name!r}: a column name comes twice in {columns}")
    several = frame.index.nlevels > 1
    keys = [[_cell(name, part) for part in (key if several else (key,))] for key in frame.index]
    counts = Counter(map(tuple, keys))
    if twice := [key for key, count in counts.items() if count > 1]:
        shown = twice[0] if several else twice[0][0]
        raise RecordError(f"record {name!r}: the row {shown!r} comes twice; row keys are unique")
    return FrameRecord(
        name=name,
        figure=is_figure,
        index=[_cell(name, str(level)) for level in frame.index.names],
        columns=columns,
        keys=keys,
        rows=[[_cell(name, cell) for cell in row] for row in frame.itertuples(index=False, name=None)],
        tolerance=_columns(name, frame, tolerance),
    )


def _tolerance(given: float | Tolerance | None) -> Tolerance:
    if given is None:
        return Tolerance()
    return given if isinstance(given, Tolerance) else Tolerance(rtol=given)


def _columns(name: str, frame: pd.DataFrame, given: Tolerances) -> dict[str, Tolerance]:
    if not isinstance(given, Mapping):
        return {str(column): _tolerance(given) for column in frame.columns}
    if unknown := sorted(set(map(str, given)) - set(map(str, frame.columns))):
        raise RecordError(
            f"record {name!r}: tolerance for {unknown[0]!r}, which is no column; there are {list(frame.columns)}"
        )
    return {str(column): _tolerance(given.get(str(column))) for column in frame.columns}


def _type(name: str, value: Any) -> str:
    is_duration = isinstance(value, np.timedelta64)  # which passes for a number
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, numbers.Integral) and not is_duration:
        return "int"
    if isinstance(value, numbers.Real) and not is_duration:
        return "float"
    if isinstance(value, str):
        return "str"
    raise RecordError(
        f"record {name!r}: a {type(value).__name__} cannot be kept; "
        "allowed: a number, a string, a boolean, a Verdict or a DataFrame of the first three; str(...) of it, too"
    )


def _cell(name: str, value: Any) -> Any:
    """Turn a scalar into JSON, NaN into null; floats keep 9 digits, more than fp32 holds."""
    if value is None or value is pd.NA:
        return None
    kind = _type(name, value)
    if kind == "float":
        try:
            number = float(f"{float(value):.9g}")
        except OverflowError:
            number = math.inf
        if math.isinf(number):
            raise RecordError(f"record {name!r} holds an infinity")
        return None if math.isnan(number) else number
    if kind == "int" and not -(2**63) <= int(value) < 2**64:
        raise RecordError(f"record {name!r} holds a whole number of more than 64 bits; a float can be kept")
    if kind == "str" and (reason := broken_reason(value)):
        raise RecordError(f"record {name!r} holds {value!r}, which has {reason}")
    return {"bool": bool, "int": int, "str": str}[kind](value)
