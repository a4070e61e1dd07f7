"""Typed result records: what a notebook claims, shown and kept for the drift gate.

A record travels in a cell's output, in one display bundle: what the reader sees (text, a table, a
picture), the typed value under `MIME`, and the metadata by which prose glues it.
"""

from __future__ import annotations

import base64
import io
import json
import math
import numbers
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from embedlib._util.paths import PROJECT
from embedlib.datasets.spans import broken_reason
from embedlib.errors import NotebookError, RecordError
from embedlib.metrics.verdicts import Verdict

MIME = "application/vnd.embedlib.record+json"
SCHEMA = 1
SVG_LIMIT = 40_000  # bytes up to which a picture is kept as SVG

_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True)
class Tolerance:
    """How far a recorded number may move: |new - old| <= atol + rtol * |old|."""

    rtol: float = 1e-3
    atol: float = 0.0

    def __post_init__(self) -> None:
        given: tuple[Any, ...] = (self.rtol, self.atol)
        if not all(isinstance(one, numbers.Real) and 0 <= float(one) < math.inf for one in given):
            raise RecordError(f"a tolerance has finite rtol and atol of at least 0, not {self}")

    def allows(self, old: float, new: float) -> bool:
        """Tell whether `new` is near enough to `old`."""
        return abs(new - old) <= self.atol + self.rtol * abs(old)


def record(
    name: str,
    value: Any,
    *,
    tolerance: float | Tolerance | Mapping[str, float | Tolerance] | None = None,
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
    """
    from IPython.display import display

    payload = make_payload(name, value, tolerance, is_figure=figure is not None)
    bundle: dict[str, Any] = {MIME: payload}
    metadata: dict[str, Any] = {}
    if figure is not None:
        if not alt:
            raise RecordError(f"record {name!r}: a figure needs `alt`, a sentence that says what it shows")
        mime, picture = _draw(figure)
        bundle |= {mime: picture, "text/plain": alt}
        metadata[mime] = {"alt": alt}
    elif isinstance(value, pd.DataFrame):
        bundle["text/html"] = _html(value)
        bundle["text/plain"] = value.to_string(float_format=_short)
    else:
        if isinstance(value, Verdict):
            bundle["text/html"] = _verdict_html(value)
        bundle["text/plain"] = _short(value) if isinstance(value, float) else str(value)
    prefix = "" if show else "application/papermill.record/"
    shown = {(mime if mime == MIME else prefix + mime): content for mime, content in bundle.items()}
    metadata["scrapbook"] = {"name": name, "mime_prefix": prefix}
    display(shown, metadata=metadata, raw=True)


def record_facts(facts: Mapping[str, float | str | bool], *, tolerance: float | Tolerance | None = None) -> None:
    """Keep several facts for glueing in prose, as `record(..., show=False)` keeps each.

    `facts` maps the name of a record to a number, a string or a boolean. `tolerance` is for the
    floats among them; all else is compared exactly.

    Raises `RecordError` as `record` does, before anything is kept, and for a `tolerance` without a float.

    Example:
        >>> import embedlib
        >>> embedlib.record_facts({"words-used": 1200, "spread": 0.125}, tolerance=0.01)  # doctest: +ELLIPSIS
        {...'name': 'words-used'...'type': 'int', 'value': 1200}...}
        {...'name': 'spread'...'tolerance': {'rtol': 0.01, 'atol': 0.0}, 'type': 'float', 'value': 0.125}...}
    """
    are_floats = {name: _type(name, value) == "float" for name, value in facts.items()}
    if tolerance is not None and not any(are_floats.values()):
        raise RecordError(f"none of the facts {list(facts)} is a float, so there is nothing for a tolerance")
    tolerances = {name: tolerance if is_float else None for name, is_float in are_floats.items()}
    for name, value in facts.items():
        make_payload(name, value, tolerances[name])
    for name, value in facts.items():
        record(name, value, tolerance=tolerances[name], show=False)


def make_payload(
    name: str,
    value: Any,
    tolerance: float | Tolerance | Mapping[str, float | Tolerance] | None = None,
    *,
    is_figure: bool = False,
) -> dict[str, Any]:
    """Turn a value into what a record holds under `MIME`; raises `RecordError` as `record` does."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise RecordError(f"record name {name!r}: allowed are lower-case words and digits joined by hyphens")
    payload: dict[str, Any] = {"schema": SCHEMA, "name": name, "figure": is_figure}
    if isinstance(value, pd.DataFrame):
        payload |= {"type": "frame", **_frame(name, value), "tolerance": _columns(name, value, tolerance)}
        return payload
    if isinstance(tolerance, Mapping):
        raise RecordError(f"record {name!r}: a tolerance by column is for frames")
    payload["tolerance"] = asdict(_tolerance(tolerance))
    if tolerance is not None and not isinstance(value, Verdict) and _type(name, value) != "float":
        raise RecordError(f"record {name!r}: a {_type(name, value)} is compared exactly and takes no tolerance")
    if isinstance(value, Verdict):
        holds = {str(model): bool(held) for model, held in value.holds.items()}
        fields = {field: _cell(name, content) for field, content in asdict(value).items() if field != "holds"}
        return payload | {"type": "verdict", "value": {**fields, "holds": holds}}
    return payload | {"type": _type(name, value), "value": _cell(name, value)}


def _tolerance(given: float | Tolerance | None) -> Tolerance:
    if given is None:
        return Tolerance()
    return given if isinstance(given, Tolerance) else Tolerance(rtol=given)


def _columns(
    name: str, frame: pd.DataFrame, given: float | Tolerance | Mapping[str, float | Tolerance] | None
) -> dict[str, dict[str, float]]:
    if not isinstance(given, Mapping):
        return {str(column): asdict(_tolerance(given)) for column in frame.columns}
    if unknown := sorted(set(map(str, given)) - set(map(str, frame.columns))):
        raise RecordError(
            f"record {name!r}: tolerance for {unknown[0]!r}, which is no column; there are {list(frame.columns)}"
        )
    return {str(column): asdict(_tolerance(given.get(str(column)))) for column in frame.columns}


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


def _frame(name: str, frame: pd.DataFrame) -> dict[str, Any]:
    if frame.columns.nlevels > 1:
        raise RecordError(f"record {name!r}: columns have one level, not {frame.columns.nlevels}; join their names")
    columns = [_cell(name, str(column)) for column in frame.columns]
    if len(set(columns)) != len(columns):
        raise RecordError(f"record {name!r}: a column name stands twice in {columns}")
    several = frame.index.nlevels > 1
    keys = [[_cell(name, part) for part in (key if several else (key,))] for key in frame.index]
    counts = Counter(map(tuple, keys))
    if twice := [key for key, count in counts.items() if count > 1]:
        shown = twice[0] if several else twice[0][0]
        raise RecordError(f"record {name!r}: the row {shown!r} stands twice; row keys are unique")
    rows = [[_cell(name, cell) for cell in row] for row in frame.itertuples(index=False, name=None)]
    return {"index": [str(level) for level in frame.index.names], "columns": columns, "keys": keys, "rows": rows}


def _short(value: float) -> str:
    return f"{value:.4g}"


def _is_whole(kind: Any) -> bool:
    return bool(pd.api.types.is_integer_dtype(kind))


def _verdict_html(verdict: Verdict) -> str:
    """Give a verdict as a small card: the word, the effect with its interval, and for whom it holds."""
    kind = verdict.verdict.replace(" ", "-")
    parts = [f"<strong>{verdict.claim}: {verdict.verdict}</strong>"]
    if verdict.holds:
        parts.append(f"effect {verdict.effect:.3f}, 95 % interval {verdict.low:.3f} to {verdict.high:.3f}")
        parts += [f"{'holds' if held else 'does not hold'} for {model}" for model, held in verdict.holds.items()]
    return f'<div class="embedlib-verdict {kind}">' + "<br>".join(parts) + "</div>"


def _html(frame: pd.DataFrame) -> str:
    shown = frame.copy()
    if shown.index.names != [None]:
        shown = shown.reset_index()
    whole = {str(name): "{:,}".format for name in shown.columns[[_is_whole(kind) for kind in shown.dtypes]]}
    html: str = shown.to_html(
        index=frame.index.names == [None], border=0, float_format=_short, formatters=whole, na_rep="-",
        classes="embedlib-table",
    )  # fmt: skip
    return html.replace(' style="text-align: right;"', "")


def _draw(figure: Figure) -> tuple[str, str]:
    """Draw a figure as SVG where that stays small, as PNG otherwise; gives its media type and its text.

    A PNG has 120 dots an inch and 256 colours: a third of the bytes, and no eye sees the difference.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    drawn, buffer = io.BytesIO(), io.BytesIO()
    with plt.rc_context({"svg.hashsalt": "embedlib", "svg.fonttype": "none"}):  # the same bytes in every run
        figure.savefig(drawn, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
    if drawn.tell() <= SVG_LIMIT:
        plt.close(figure)
        return "image/svg+xml", drawn.getvalue().decode()
    drawn = io.BytesIO()
    figure.savefig(drawn, format="png", dpi=120, bbox_inches="tight")
    plt.close(figure)
    with Image.open(drawn) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return "image/png", base64.b64encode(buffer.getvalue()).decode("ascii")


def agree(old: Any, new: Any, tolerance: Tolerance) -> bool:
    """Tell whether a recorded value may be another one: floats within the tolerance, all else exactly."""
    if isinstance(old, float) and isinstance(new, float | int) and not isinstance(new, bool):
        return tolerance.allows(old, float(new))
    return type(old) is type(new) and bool(old == new)


def picture_of(output: Mapping[str, Any]) -> tuple[str, bytes] | None:
    """Take the picture out of a cell's output: how a file of it ends (svg or png), and its bytes."""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return "svg", "".join(data["image/svg+xml"]).encode()
    return ("png", base64.b64decode(data["image/png"])) if "image/png" in data else None


def payloads(outputs: list[Any]) -> list[dict[str, Any]]:
    """Find the records among a cell's outputs, in order."""
    return [output["data"][MIME] for output in outputs if MIME in output.get("data", {})]


def last_run(name: str, runs: Sequence[str] = ()) -> Path:
    """Find the executed notebook of a chapter: among `runs`, or its last run, or the committed one.

    Raises `NotebookError` where `runs` are given and none is of that chapter.
    """
    if runs:
        for path in map(Path, runs):
            if path.stem.partition("--")[0] == name:
                return path
        raise NotebookError(f"none of the runs given is of {name}: {', '.join(runs)}")
    built = PROJECT / "_build" / "executed" / f"{name}.ipynb"
    return built if built.is_file() else PROJECT / "notebooks" / f"{name}.ipynb"


def read_records(path: Path) -> dict[str, Any]:
    """Read what an executed notebook recorded, by name: numbers, strings, `Verdict`s and frames.

    Raises `NotebookError` for a file that is no notebook or has no records.
    """
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise NotebookError(f"{path}: not a notebook: {error}") from None
    found = {payload["name"]: _value(payload) for cell in cells for payload in payloads(cell.get("outputs", []))}
    if not found:
        raise NotebookError(f"{path} has no records; was it run?")
    return found


def record_frame(payload: dict[str, Any]) -> pd.DataFrame:
    """Give the frame that a record keeps under `MIME`, with its index."""
    frame = pd.DataFrame(payload["rows"], columns=payload["columns"])
    names = [None if name == "None" else name for name in payload["index"]]
    keys = [tuple(key) for key in payload["keys"]]
    if len(names) > 1:
        return frame.set_index(pd.MultiIndex.from_tuples(keys, names=names))
    return frame.set_index(pd.Index([key[0] for key in keys], name=names[0]))


def _value(payload: dict[str, Any]) -> Any:
    if payload["type"] == "verdict":
        fields = payload["value"]
        numbers = {name: math.nan if fields[name] is None else fields[name] for name in ("effect", "low", "high")}
        return Verdict(**{**fields, **numbers})
    if payload["type"] == "frame":
        return record_frame(payload)
    return math.nan if payload["value"] is None else payload["value"]
