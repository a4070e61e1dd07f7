"""The readings that were chosen for models: the book's in data/readings, one's own in the cache."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from embedlib._util.paths import cache_dir, data_dir, written_whole
from embedlib.errors import EmbedlibError, InputError
from embedlib.models.external.resolve import digits
from embedlib.models.reading import Kind, Reading, Readings
from embedlib.models.spec import ModelSpec


class Chosen(BaseModel):
    """The readings that were chosen for the files of one model; `checksum` is that of the model's spec."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    checksum: str
    readings: Readings


def chosen_reading(spec: ModelSpec, kind: Kind) -> Reading:
    """Give the reading that was chosen for a model and a kind of text.

    The roster's own counts first, then the book's, then what `embedlib choose-reading` left in the cache. Raises
    `InputError` with that command where none was chosen, or where it was chosen for other files of the model.

    Example:
        >>> from embedlib.models.roster import find_model
        >>> chosen_reading(find_model("gemma-3-270m-q4"), "words").template
        ' {text}'
    """
    own = spec.readings.of(kind)
    if own is not None:
        return own
    stale = False
    for file in (book_file(), own_file(spec)):
        found = read_chosen(file).get(spec.name)
        if found is not None and found.checksum == spec.checksum:
            reading = found.readings.of(kind)
            if reading is not None:
                return reading
        stale = stale or (found is not None and found.checksum != spec.checksum)
    command = f"embedlib choose-reading {spec.origin or spec.name}"
    if stale:
        raise InputError(f"the reading of {spec.name} was chosen for other files, not these; run: {command}")
    raise InputError(f"no reading of {kind} was chosen for {spec.name}; run: {command}; or take the reading 'study'")


def book_file() -> Path:
    """Name the file with the readings of the book's models."""
    return data_dir() / "readings" / "chosen.toml"


def own_file(spec: ModelSpec) -> Path:
    """Name the file for the readings of a model that is not the book's."""
    return cache_dir() / "readings" / f"{spec.name}-{digits(spec)}.toml"


def read_chosen(file: Path) -> dict[str, Chosen]:
    """Read a file of chosen readings, by model; none where it is not there. Raises `EmbedlibError` that names it."""
    try:
        tables = tomllib.loads(file.read_text(encoding="utf-8")).get("models", {})
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EmbedlibError(f"cannot read the chosen readings {file}: {error}") from error
    try:
        return {name: Chosen.model_validate(table) for name, table in tables.items()}
    except ValidationError as error:
        raise EmbedlibError(f"{file}: {error}") from error


def write_chosen(file: Path, chosen: Mapping[str, Chosen]) -> None:
    """Write a file of chosen readings, whole or not at all; the models are in the order given."""
    lines = ["# How each model is read, by kind of text. Written by `embedlib choose-reading`; evidence.tsv says why."]
    for name, found in chosen.items():
        lines += ["", f"[models.{_quoted(name)}]", f"checksum = {_quoted(found.checksum)}"]
        for kind, reading in found.readings:
            if reading is None:
                continue
            lines += ["", f"[models.{_quoted(name)}.readings.{kind}]"]
            for field, value in reading.model_dump(exclude_none=True).items():
                lines.append(f"{field} = {_toml(value)}")
    with written_whole(file) as aside:
        aside.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _quoted(text: str) -> str:
    # JSON's escapes are those of TOML's basic strings.
    return json.dumps(text, ensure_ascii=False)


def _toml(value: object) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{name} = {_toml(part)}' for name, part in value.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    return str(value)
