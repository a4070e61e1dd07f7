"""The roster: every model as data, found by name."""

from __future__ import annotations

import functools
import os
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from embedlib.errors import EmbedlibError, InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd

ROSTER = Path(__file__).with_name("roster.toml")

Pooling = Literal["mean", "last", "first", "max", "builtin"]


class Part(BaseModel):
    """One piece of an artifact: a file in an installed wheel, or a file on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wheel: str | None = None
    path: str

    @property
    def label(self) -> str:
        """Name the piece as messages do."""
        return f"{self.path} of {self.wheel}" if self.wheel else self.path


class Artifact(BaseModel):
    """A file that a model is made of, as parts joined in order, with the whole's SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    parts: tuple[Part, ...] = Field(min_length=1)


class ModelSpec(BaseModel):
    """What the roster says of one model.

    `layers` counts the blocks after the input embeddings, so layers 0 to `layers` can be asked
    for. `max_tokens` is the window that texts are cut to (None: no window), special tokens
    included. `bos` is the token put in front of every text to take the place of the attention
    sink, and is never pooled (None: nothing is put in front). `pool_special` says whether special
    tokens that frame the text ([CLS], [SEP]) take part in pooling.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    family: Literal["classical", "llm"]
    kind: Literal["static", "sentence", "causal"]
    encoder: Literal["word-vectors", "token-vectors", "use", "bert", "causal"]
    dimension: int = Field(gt=0)
    layers: int = Field(ge=0)
    parameters: int = Field(gt=0)
    max_tokens: int | None = Field(default=None, gt=1)
    lowercase: bool = False
    bos: str | None = None
    pool_special: bool = False
    layer: int
    pooling: Pooling
    trained_on: str
    licence: str
    citation: str
    artifacts: tuple[Artifact, ...] = Field(min_length=1)

    @field_validator("name")
    @classmethod
    def _name_is_a_folder_name(cls, value: str) -> str:
        if not value or not all(c.isalnum() or c in "-._" for c in value) or value.startswith("."):
            raise ValueError("a model's name has letters, digits, '-', '.' and '_' only")
        return value

    @model_validator(mode="after")
    def _default_layer_exists(self) -> ModelSpec:
        if not 0 <= self.layer <= self.layers:
            raise ValueError(f"default layer {self.layer} is outside 0..{self.layers}")
        return self

    @property
    def poolings(self) -> tuple[Pooling, ...]:
        """List the pooling modes that the model knows."""
        return ("builtin",) if self.encoder == "use" else ("mean", "last", "first", "max")

    @property
    def bos_policy(self) -> str:
        """Put the position-0 policy in words, as it is recorded beside every score."""
        if self.kind == "causal":
            return f"{self.bos} in front, not pooled" if self.bos else "nothing in front"
        return "special tokens pooled" if self.pool_special else "no special tokens"

    @property
    def source(self) -> str:
        """Say where the files come from: a package (its numbered parts as one), or files on disk."""
        wheels = {part.wheel for artifact in self.artifacts for part in artifact.parts if part.wheel}
        return ", ".join(sorted({re.sub(r"-part\d+$", "", wheel) for wheel in wheels})) or "files on disk"

    @property
    def checksum(self) -> str:
        """Join the SHA-256 of the artifacts: what the model's vectors depend on."""
        return "+".join(artifact.sha256 for artifact in self.artifacts)

    def artifact(self, role: str) -> Artifact:
        """Find the artifact of a role; raises `UnknownNameError`."""
        for artifact in self.artifacts:
            if artifact.role == role:
                return artifact
        raise UnknownNameError.of(f"artifact role of {self.name}", role, [a.role for a in self.artifacts])

    def resolve_layers(self, layer: int | Sequence[int] | Literal["all"] | None) -> tuple[int, ...]:
        """Turn a `layer` argument into layer numbers, rising; raises `UnknownNameError`."""
        if layer is None:
            return (self.layer,)
        if layer == "all":
            return tuple(range(self.layers + 1))
        if isinstance(layer, list | tuple) and layer:
            return tuple(sorted({self.resolve_layers(number)[0] for number in layer}))
        if isinstance(layer, bool) or not isinstance(layer, int) or not 0 <= layer <= self.layers:
            raise UnknownNameError.of(f"layer of {self.name}", layer, [*range(self.layers + 1), "all"])
        return (layer,)

    def resolve_poolings(self, pooling: str | Sequence[str] | None) -> tuple[Pooling, ...]:
        """Turn a `pooling` argument into modes of this model, each once; raises `UnknownNameError`."""
        wanted = (pooling or self.pooling,) if pooling is None or isinstance(pooling, str) else tuple(pooling)
        for mode in wanted or (pooling,):
            if mode not in self.poolings:
                raise UnknownNameError.of(f"pooling of {self.name}", mode, self.poolings)
        return tuple(dict.fromkeys(mode for name in wanted for mode in self.poolings if mode == name))


def read_roster(path: Path) -> dict[str, ModelSpec]:
    """Read a roster file: one `[models.NAME]` table a model.

    Relative paths of artifacts outside wheels start at the roster's own folder. Raises
    `EmbedlibError` that names the file, the model and the field.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("models", {})
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise EmbedlibError(f"cannot read the roster {path}: {error}") from error
    roster = {}
    for name, table in tables.items():
        try:
            spec = ModelSpec(name=name, **table)
        except (ValidationError, TypeError) as error:
            raise EmbedlibError(f"{path}: model {name!r}: {error}") from error
        roster[name] = spec.model_copy(
            update={"artifacts": tuple(_anchored(artifact, path.parent) for artifact in spec.artifacts)}
        )
    return roster


def _anchored(artifact: Artifact, folder: Path) -> Artifact:
    parts = tuple(part if part.wheel else Part(path=str((folder / part.path).resolve())) for part in artifact.parts)
    return artifact.model_copy(update={"parts": parts})


@functools.lru_cache(maxsize=4)
def _roster(extra: str | None) -> dict[str, ModelSpec]:
    roster = read_roster(ROSTER)
    if extra:
        added = read_roster(Path(extra).expanduser())
        if twice := sorted(roster.keys() & added.keys()):
            raise EmbedlibError(f"{extra}: the book's roster already has a model named {twice[0]!r}")
        roster = roster | added
    return roster


def roster() -> dict[str, ModelSpec]:
    """Give every known model by name: the book's, then those of the file `$EMBEDLIB_ROSTER` names."""
    return dict(_roster(os.environ.get("EMBEDLIB_ROSTER")))


def find_model(name: str) -> ModelSpec:
    """Find a model by its roster name; raises `UnknownNameError` with the nearest match."""
    known = roster()
    if name not in known:
        raise UnknownNameError.of("model", name, known)
    return known[name]


def list_models() -> pd.DataFrame:
    """Tabulate the roster, one row a model, indexed by name and in the book's order."""
    import pandas as pd

    columns = ["title", "family", "kind", "dimension", "layers", "parameters", "layer", "pooling",
               "bos_policy", "trained_on", "source", "licence", "citation"]  # fmt: skip
    rows = {name: {column: getattr(spec, column) for column in columns} for name, spec in roster().items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("model")


def check_models(models: Sequence[str]) -> list[str]:
    """Give the names of models back, each once.

    Raises `InputError` for an empty list and `UnknownNameError` for a name that is not in the roster.
    """
    if not models:
        raise InputError(f"models is empty; allowed: one or more of {', '.join(roster())}")
    return [find_model(name).name for name in dict.fromkeys(models)]
