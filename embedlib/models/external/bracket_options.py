"""What may stand in brackets behind a path or hub id: `./vectors.bin[:200000]`, `./model[prompt=query]`."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from embedlib.errors import ArtifactError, InputError, UnknownNameError
from embedlib.models.spec import Case

_BRACKETS = re.compile(r"(?P<rest>.+)\[(?P<options>[^\[\]]*)\]", re.DOTALL)

Option = Literal["limit", "case", "encoding", "prompt", "dimensions"]


class Options(BaseModel):
    """How the files of a model are read, where that is said with its name.

    `limit` takes the first words of a file of word vectors and reads no further, `case` says how its
    vocabulary is spelled and `encoding` in which encoding it is; `prompt` names one of the prompts of a
    sentence-transformers model. `dimensions` says how long the vectors of an API are.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    limit: int | None = Field(default=None, gt=0)
    case: Case | None = None
    encoding: str | None = None
    prompt: str | None = None
    dimensions: int | None = Field(default=None, gt=0)

    @field_validator("encoding")
    @classmethod
    def _encoding_is_known(cls, value: str | None) -> str | None:
        if value is None:
            return None
        try:
            return codecs.lookup(value).name
        except LookupError:
            raise ValueError("Python knows no encoding of this name") from None

    @classmethod
    def parse(cls, text: str, where: str) -> Self:
        """Read what stands between the brackets of `where`; raises `InputError`."""
        given: dict[str, str] = {}
        for part in filter(None, (part.strip() for part in text.split(","))):
            name, sign, value = part.partition("=")
            if not sign and re.fullmatch(r":\s*\d+", part):
                name, value = "limit", part[1:]
            elif not sign or name.strip() not in cls.model_fields:
                known = UnknownNameError.of("option", name.strip(), cls.model_fields)
                raise InputError(f"{where}: {known} They are written [:200000] or [limit=200000, case=cased].")
            given[name.strip()] = value.strip()
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            wrong = error.errors()[0]
            name = str(wrong["loc"][0])
            raise InputError(f"{where}: the option {name} is {given[name]!r}: {wrong['msg']}") from None

    @property
    def text(self) -> str:
        """Write the options that are set, in brackets; empty where none is."""
        said = ",".join(f"{name}={value}" for name, value in self.model_dump(exclude_none=True).items())
        return f"[{said}]" if said else ""

    def check(self, path: Path | str, allowed: tuple[Option, ...], what: str) -> None:
        """Raise `ArtifactError` for an option that is set and means nothing for a model of this kind (`what`)."""
        for name in get_args(Option):
            if getattr(self, name) is not None and name not in allowed:
                listed = ", ".join(allowed) or "none"
                raise ArtifactError(f"{path}: the option {name} means nothing for {what}; allowed: {listed}")


def split_options(text: str) -> tuple[str, Options]:
    """Take a reference's options off it; a file whose own name ends so has none. Raises `InputError`."""
    match = _BRACKETS.fullmatch(text)
    if match is None or Path(text.partition(":")[2] or text).expanduser().exists() or Path(text).exists():
        return text, Options()
    return match["rest"], Options.parse(match["options"], text)
