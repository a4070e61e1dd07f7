"""The types of records: what a notebook claims, as it is kept in the output of a cell.

Each type knows its values, how another run differs from it, and which Python value it stands for.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import pandas as pd
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    TypeAdapter,
    model_validator,
)

from embedlib.errors import NotebookError
from embedlib.metrics.verdicts import Part, Verdict, VerdictWord
from embedlib.records.tolerance import Tolerance, agree, are_numbers

Number = StrictInt | StrictFloat
Value = StrictBool | StrictInt | StrictFloat | StrictStr | None


@dataclass(frozen=True)
class Cell:
    """One recorded value and its place.

    `row` and `column` are empty where a record has one value only. `label` names the place in one string:
    `name`, `name[row].column` for a frame, `name.column` or `name[part].column` for a verdict.
    """

    record: str
    row: str
    column: str
    value: Value
    tolerance: Tolerance
    label: str


@dataclass(frozen=True)
class Difference:
    """One difference between two runs of a record: where, what it was, what it is, what would have been allowed."""

    place: str
    old: str
    new: str
    allowed: str


class _Record(BaseModel, ABC):
    """What all records have: a type, a name, and whether the value is the data of a picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: Literal[1] = Field(default=1, alias="schema")
    name: str
    figure: StrictBool = False
    type: str

    def payload(self) -> dict[str, Any]:
        """Give the record as a notebook keeps it, ready for JSON."""
        return self.model_dump(by_alias=True)

    def csv(self) -> bytes | None:
        """Give the record as a CSV file; None where it is no table."""
        return None

    @abstractmethod
    def to_python(self) -> Any:
        """Give the value that was recorded; a missing number is NaN."""

    @abstractmethod
    def values(self) -> Iterator[Cell]:
        """Give every value of the record, with its place and its tolerance."""

    def differs_from(self, new: _Record) -> Iterator[Difference]:
        """Give the differences of another run's record from this one, beyond the tolerance of this one."""
        if (self.type, self.figure) == (new.type, new.figure):
            yield from self._differences(new)
        else:
            yield Difference(self.name, self._kind(), new._kind(), "the same type")

    @abstractmethod
    def _differences(self, new: Any) -> Iterator[Difference]:
        """Give the differences of a record of the same type."""

    def _kind(self) -> str:
        return f"{self.type} {'figure' if self.figure else 'value'}"


class _Single(_Record):
    """A record of one value."""

    tolerance: Tolerance
    value: Value

    def to_python(self) -> bool | int | float | str:
        """Give the value that was recorded; a missing number is NaN."""
        return math.nan if self.value is None else self.value

    def values(self) -> Iterator[Cell]:
        """Give the value; its row and column are empty."""
        yield Cell(self.name, "", "", self.value, self.tolerance, self.name)

    def _differences(self, new: Self) -> Iterator[Difference]:
        yield from _difference(self.name, self.value, new.value, self.tolerance)


class ScalarRecord(_Single):
    """A number or a boolean; a NaN is kept as null."""

    type: Literal["float", "int", "bool"]
    value: StrictBool | StrictInt | StrictFloat | None


class TextRecord(_Single):
    """A string."""

    type: Literal["str"]
    value: StrictStr


class FrameRecord(_Record):
    """A table: `keys` has a list of index levels for each row, `rows` the cells in the order of `columns`.

    The index levels have names; "None" is that of one without. `tolerance` is by column.
    """

    type: Literal["frame"] = "frame"
    index: list[str]
    columns: list[str]
    keys: list[list[Value]]
    rows: list[list[Value]]
    tolerance: dict[str, Tolerance]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if len(self.keys) != len(self.rows) or {len(row) for row in self.rows} - {len(self.columns)}:
            raise ValueError("the rows of a frame have a key each, and a cell for each column")
        if {len(key) for key in self.keys} - {len(self.index)} or set(self.tolerance) != set(self.columns):
            raise ValueError("the keys of a frame have a part for each index level, its columns have a tolerance each")
        return self

    def to_python(self) -> pd.DataFrame:
        """Give the frame with its index."""
        frame = pd.DataFrame(self.rows, columns=self.columns)
        names = [None if name == "None" else name for name in self.index]
        if len(names) > 1:
            return frame.set_index(pd.MultiIndex.from_tuples([tuple(key) for key in self.keys], names=names))
        return frame.set_index(pd.Index([key[0] for key in self.keys], name=names[0]))

    def csv(self) -> bytes:
        """Give the frame as a CSV file, index first."""
        return self.to_python().to_csv(lineterminator="\n").encode()

    def values(self) -> Iterator[Cell]:
        """Give the cells row by row; a row is named by its key, joined by commas."""
        for key, row in zip(self.keys, self.rows, strict=True):
            for column, value in zip(self.columns, row, strict=True):
                where = _joined(key)
                yield Cell(self.name, where, column, value, self.tolerance[column], f"{self.name}[{where}].{column}")

    def _differences(self, new: Self) -> Iterator[Difference]:
        for part, one, other in (("index", self.index, new.index), ("columns", self.columns, new.columns)):
            if one != other:
                yield Difference(f"{self.name} {part}", str(one), str(other), "equal")
                return
        before, after = self._by_key(), new._by_key()
        yield from self._moved_rows(list(before), list(after))
        for key, row in before.items():
            for column, old, now in zip(self.columns, row, after.get(key, row), strict=True):
                yield from _difference(f"{self.name}[{_joined(key)}].{column}", old, now, self.tolerance[column])

    def _by_key(self) -> dict[tuple[Value, ...], list[Value]]:
        return {tuple(key): row for key, row in zip(self.keys, self.rows, strict=True)}

    def _moved_rows(self, before: list[tuple[Value, ...]], after: list[tuple[Value, ...]]) -> Iterator[Difference]:
        """Give the rows that are gone, those that are new, and another order of the same rows."""
        old, new = set(before), set(after)
        for key in before:
            if key not in new:
                yield Difference(f"{self.name}[{_joined(key)}]", "a row", "missing", "the same rows")
        for key in after:
            if key not in old:
                yield Difference(f"{self.name}[{_joined(key)}]", "missing", "a new row", "the same rows")
        if old == new and before != after:
            one, other = ("; ".join(map(_joined, keys[:6])) for keys in (before, after))
            yield Difference(f"{self.name} order", one, other, "the same order")


class PartFields(BaseModel):
    """The fields of a `Part`, NaN as null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: StrictStr
    verdict: VerdictWord
    effect: Number | None
    low: Number | None
    high: Number | None
    detectable: Number | None
    left_out_low: Number | None
    left_out_high: Number | None
    p: Number | None
    least_p: Number | None

    def to_python(self) -> Part:
        """Give the part; numbers that are missing are NaN."""
        fields: dict[str, Any] = {field: math.nan if value is None else value for field, value in self}
        return Part(**fields)


class VerdictFields(BaseModel):
    """The fields of a `Verdict`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: StrictStr
    main: PartFields
    parts: list[PartFields]


class VerdictRecord(_Record):
    """A verdict on a claim, part by part."""

    type: Literal["verdict"] = "verdict"
    tolerance: Tolerance
    value: VerdictFields

    def to_python(self) -> Verdict:
        """Give the verdict; numbers that are missing are NaN."""
        return Verdict(self.value.claim, self.value.main.to_python(), tuple(p.to_python() for p in self.value.parts))

    def values(self) -> Iterator[Cell]:
        """Give the claim and its verdict, and then the fields of each part; a part is a row, its fields are columns."""
        whole: dict[str, Value] = {"claim": self.value.claim, "verdict": self.value.main.verdict}
        for field, value in whole.items():
            yield Cell(self.name, "", field, value, self.tolerance, f"{self.name}.{field}")
        for part, row in self._by_name().items():
            for field, value in row.items():
                yield Cell(self.name, part, field, value, self.tolerance, f"{self.name}[{part}].{field}")

    def _differences(self, new: Self) -> Iterator[Difference]:
        yield from _difference(f"{self.name}.claim", self.value.claim, new.value.claim, self.tolerance)
        before, after = self._by_name(), new._by_name()
        if list(before) != list(after):  # the main part is the first
            yield Difference(f"{self.name} parts", "; ".join(before), "; ".join(after), "equal")
        for part in before.keys() & after.keys():
            for field, old in before[part].items():
                yield from _difference(f"{self.name}[{part}].{field}", old, after[part][field], self.tolerance)

    def _by_name(self) -> dict[str, dict[str, Value]]:
        """Give the fields of each part by the part's name, the main part first."""
        parts = (self.value.main, *self.value.parts)
        return {part.name: {field: value for field, value in part if field != "name"} for part in parts}


class OutdatedVerdictRecord(_Record):
    """A verdict in the form that it had before it had parts: it is told apart, and cannot be used."""

    type: Literal["outdated verdict"] = "outdated verdict"
    tolerance: Tolerance
    value: dict[str, Any]

    def to_python(self) -> Any:
        """Raise `NotebookError`: what the words meant then is not what they mean now."""
        raise NotebookError(f"the record {self.name!r} is a verdict in the form of an older embedlib; run it again")

    def values(self) -> Iterator[Cell]:
        """Give the word of the verdict, so that a comparison of runs shows it."""
        word = str(self.value.get("verdict"))
        yield Cell(self.name, "", "verdict", word, self.tolerance, f"{self.name}.verdict")

    def _differences(self, new: Self) -> Iterator[Difference]:
        yield from ()


_AnyRecord = ScalarRecord | TextRecord | FrameRecord | VerdictRecord | OutdatedVerdictRecord
Record = Annotated[_AnyRecord, Field(discriminator="type")]
RECORD: TypeAdapter[_AnyRecord] = TypeAdapter(Record)


def with_outdated_named(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a record as a notebook has it, its type changed where it is a verdict of an older embedlib."""
    value = payload.get("value")
    is_outdated = payload.get("type") == "verdict" and isinstance(value, Mapping) and "holds" in value
    return {**payload, "type": "outdated verdict"} if is_outdated else payload


def _difference(place: str, old: Any, new: Any, tolerance: Tolerance) -> Iterator[Difference]:
    """Give the difference between two values, if there is one."""
    if agree(old, new, tolerance):
        return
    if are_numbers(old, new):
        yield Difference(place, f"{old:.6g}", f"{new:.6g}", f"{old:.6g} ± {tolerance.around(old):.2g}")
    else:
        yield Difference(place, str(old), str(new), "equal")


def _joined(key: list[Value] | tuple[Value, ...]) -> str:
    return ", ".join(map(str, key))
