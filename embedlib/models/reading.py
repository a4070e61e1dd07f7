"""How a model is read: the token in front, the text around, the layer, the pooling, and what is done to the vectors."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from embedlib.datasets.spans import broken_reason
from embedlib.errors import InputError, UnknownNameError
from embedlib.models.encoder_kinds import Pooling

Way = Literal["none", "centre", "without", "whiten"]
Kind = Literal["words", "contexts", "sentences"]

WAYS: tuple[Way, ...] = get_args(Way)
KINDS: tuple[Kind, ...] = get_args(Kind)
AUTO = "auto"

# The names of the readings that are made for each model anew: the study's, and the one that was chosen for it.
NAMED = ("study", "chosen")

_FITTED_ON = re.compile(r"words-[1-9]\d*|contexts|sentences")


class Transform(BaseModel):
    """What is done to vectors after pooling, with what is fitted on vectors of named texts.

    `way` is "none", "centre" (the mean of the fitting vectors is subtracted), "without" (their first `directions`
    principal components, too; mu2018allbutthetop) or "whiten" (each axis is scaled to variance one, too;
    su2021whitening). Rows are scaled to length one before, so that no long row decides the mean. `fitted_on` names
    the texts: "words-N" (the N most frequent words of the lexicon), "contexts" (the development anchors in their
    sentences) or "sentences" (the development sentences); empty is what suits the kind of text.

    Example:
        >>> Transform(way="without", directions=3).label
        'without 3 shared directions'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Way = "none"
    directions: int = Field(default=0, ge=0)
    fitted_on: str = ""

    @field_validator("fitted_on")
    @classmethod
    def _names_texts(cls, value: str) -> str:
        if value and not _FITTED_ON.fullmatch(value):
            raise ValueError(f"fitted_on is {value!r}; allowed: words-N such as words-2000, contexts, sentences, or ''")
        return value

    @model_validator(mode="after")
    def _directions_belong_to_a_way(self) -> Transform:
        if (self.way == "without") != (self.directions > 0):
            raise ValueError('directions are a number above 0 for the way "without", and 0 for all others')
        return self

    @property
    def label(self) -> str:
        """Say what is done, as tables do."""
        return {
            "none": "as they are",
            "centre": "centred",
            "without": f"without {self.directions} shared directions",
            "whiten": "whitened",
        }[self.way]

    def for_kind(self, kind: Kind) -> Transform:
        """Name the texts that it is fitted on where none are named: 2,000 words for words, else those of the kind.

        Example:
            >>> Transform(way="centre").for_kind("words").fitted_on
            'words-2000'
        """
        if self.way == "none" or self.fitted_on:
            return self
        return self.model_copy(update={"fitted_on": "words-2000" if kind == "words" else kind})


class Reading(BaseModel):
    """One way to read a model; two readings that are equal give the same vectors.

    `front` is the token in front of every text of a decoder: None is the model's default, "" is nothing, "auto" finds
    one (see `embedlib.encoders.fronts`), and anything else is a token of the model's own. It is never pooled.
    `template` holds `{text}` once; None is the text alone. `layer` is a number (-1 is the last), or several whose
    vectors are averaged; None is the model's default, as it is for `pooling`. `transform` is what is done to
    the vectors.

    Example:
        >>> without = Transform(way="without", directions=3)
        >>> reading = Reading(template=" {text}", layer=12, pooling="mean", transform=without)
        >>> reading.label
        "' {text}', layer 12, mean, without 3 shared directions"
        >>> {reading: "a key"}[Reading.of(reading.text)]
        'a key'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    front: str | None = None
    template: str | None = None
    layer: int | tuple[int, ...] | None = None
    pooling: Pooling | None = None
    transform: Transform = Transform()

    @field_validator("template")
    @classmethod
    def _template_has_a_place(cls, value: str | None) -> str | None:
        if value is not None:
            check_template(value)
        return None if value == "{text}" else value

    @field_validator("layer")
    @classmethod
    def _one_layer_or_several(cls, value: int | tuple[int, ...] | None) -> int | tuple[int, ...] | None:
        if not isinstance(value, tuple):
            return value
        distinct = tuple(sorted(set(value)))
        if not distinct:
            raise ValueError("layer is empty; allowed: a number, or several whose vectors are averaged")
        return distinct if len(distinct) > 1 else distinct[0]

    @classmethod
    def of(cls, given: Reading | str) -> Reading:
        """Make a reading of its fields as JSON, as a chapter's parameter or the command line gives it.

        Raises `InputError` for anything else, with what is wrong.

        Example:
            >>> Reading.of('{"layer": 12, "template": " {text}"}').layer
            12
        """
        if isinstance(given, Reading):
            return given
        if isinstance(given, str) and not given.lstrip().startswith("{"):
            raise UnknownNameError(f"{UnknownNameError.of('reading', given, NAMED)} Or its fields as JSON.")
        try:
            return cls.model_validate_json(given) if isinstance(given, str) else cls.model_validate(given)
        except InputError:
            raise
        except ValidationError as error:
            raise InputError(f"the reading {given!r} cannot be used: {_first(error, cls)}") from None

    @property
    def raw(self) -> Reading:
        """Give the reading without its transform: the vectors as they come out of the model.

        Example:
            >>> Reading(layer=9, transform=Transform(way="centre")).raw.label
            'alone, layer 9'
        """
        return self.model_copy(update={"transform": Transform()})

    @property
    def text(self) -> str:
        """Write the reading as JSON, without what is left at its default."""
        return self.model_dump_json(exclude_defaults=True)

    @property
    def label(self) -> str:
        """Say the reading in words, as tables do."""
        said = []
        if self.front is not None:
            said.append("nothing in front" if self.front == "" else f"{self.front!r} in front")
        said.append("alone" if self.template is None else repr(self.template))
        if self.layer is not None:
            several = isinstance(self.layer, tuple)
            said.append(f"mean of layers {', '.join(map(str, self.layer))}" if several else f"layer {self.layer}")  # type: ignore[arg-type]
        if self.pooling is not None:
            said.append(self.pooling)
        if self.transform.way != "none":
            said.append(self.transform.label)
        return ", ".join(said)


def check_template(template: str | None) -> None:
    """Raise `InputError` for a template that has no place for the text, or several, or is no text."""
    if template is None:
        return
    if not isinstance(template, str) or template.count("{text}") != 1:
        raise InputError(f"a template is a text that has '{{text}}' exactly once; got {template!r}")
    if reason := broken_reason(template):
        raise InputError(f"the template {template!r} has {reason}")


def check_kind(kind: str) -> Kind:
    """Give a kind of text back; raises `UnknownNameError` for what is none."""
    for known in KINDS:
        if known == kind:
            return known
    raise UnknownNameError.of("kind of text", kind, KINDS)


def _first(error: ValidationError, model: type[BaseModel]) -> str:
    """Say the first thing that is wrong with fields."""
    found: Any = error.errors(include_url=False)[0]
    where = ".".join(str(part) for part in found["loc"] if not str(part).startswith("function"))
    said = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        return str(UnknownNameError.of("field of a reading", str(found["loc"][-1]), model.model_fields))
    return f"{where}: {said}" if where else said


class Readings(BaseModel):
    """The readings of one model that were chosen for it, one a kind of text; None where none was.

    Example:
        >>> Readings(words=Reading(layer=9)).words.layer
        9
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: Reading | None = None
    contexts: Reading | None = None
    sentences: Reading | None = None

    def of(self, kind: Kind) -> Reading | None:
        """Give the reading of a kind of text."""
        found: Reading | None = getattr(self, kind)
        return found
