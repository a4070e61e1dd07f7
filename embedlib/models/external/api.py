"""Models behind an embedding API: `api:openai/text-embedding-3-small`, or any server by its address and model.

Nothing is asked of a server here. What a vector depends on is the address, the model and the dimension; limits and
prices may change without a text being paid for again.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

from embedlib.errors import InputError, UnknownNameError
from embedlib.models.encoder_kinds import REMOTE
from embedlib.models.external.bracket_options import Options
from embedlib.models.spec import Artifact, FilePart, ModelSpec

PREFIX = "api:"
_FILE = Path(__file__).parents[1] / "apis.toml"
_OWN_KEY = "EMBEDLIB_API_KEY"  # the variable with the key of a server that is named by its address


class Limits(BaseModel):
    """The most that one request may hold, and the variable with the key, by provider."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: str
    key: str = _OWN_KEY
    items: int = Field(default=64, gt=0)
    tokens: int = Field(default=16_000, gt=0)
    bytes: int = Field(default=1_000_000, gt=0)


class Known(BaseModel):
    """What is known of a provider's model; `shorter` says whether fewer dimensions can be asked for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimension: int = Field(gt=0)
    shorter: bool = False
    max_tokens: int | None = None
    price: float | None = Field(default=None, ge=0)
    dated: str = ""


class Api(BaseModel):
    """A model behind an API: its provider's limits, its own name there, and what is known of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    limits: Limits
    model: str
    known: Known
    asked_dimension: int | None = None

    @property
    def checksum(self) -> str:
        """Digest what the vectors depend on (SHA-256): the address, the model and its dimension."""
        content = [self.limits.address, self.model, self.known.dimension]
        return hashlib.sha256(json.dumps(content).encode()).hexdigest()

    @property
    def key(self) -> str | None:
        """Read the key from the environment; None where there is none."""
        return os.environ.get(self.limits.key) or None

    @property
    def needs_key(self) -> bool:
        """Say whether the provider answers nobody without a key; a server of one's own may."""
        return self.limits.key != _OWN_KEY

    def cost(self, tokens: int) -> float | None:
        """Give the price of tokens in US dollars; None where the price is not known."""
        return None if self.known.price is None else tokens * self.known.price / 1e6


@functools.lru_cache(maxsize=1)
def _table() -> tuple[dict[str, Limits], dict[str, Known]]:
    content: dict[str, dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    providers = {name: Limits(**fields) for name, fields in content["providers"].items()}
    return providers, {name: Known(**fields) for name, fields in content["models"].items()}


def known_apis() -> list[str]:
    """List the models of providers by the names under which they can be asked for.

    Example:
        >>> "api:openai/text-embedding-3-small" in known_apis()
        True
    """
    return [f"{PREFIX}{name}" for name in _table()[1]]


def find_api(text: str, options: Options) -> Api:
    """Find the model that a reference without its options names.

    Raises `UnknownNameError` for an unknown provider or model of one, and `InputError` for an address that is none,
    and for a dimension that is missing or that the model cannot have. Raises `ArtifactError` for another option.

    Example:
        >>> api = find_api("api:http://127.0.0.1:7997/v1#all-MiniLM-L6-v2", Options(dimensions=384))
        >>> api.model, api.known.dimension, api.limits.key
        ('all-MiniLM-L6-v2', 384, 'EMBEDLIB_API_KEY')
    """
    options.check(text, ("dimensions",), "an embedding API")
    rest = text.removeprefix(PREFIX)
    if "#" in rest or "://" in rest:
        return _by_address(text, rest, options)
    providers, models = _table()
    provider, _, model = rest.partition("/")
    if provider not in providers:
        raise UnknownNameError(
            f"{UnknownNameError.of('provider of an API', provider, providers)} "
            "A server of your own is api:https://HOST/v1#MODEL[dimensions=N]."
        )
    if rest not in models:
        of_provider = [name for name in models if name.startswith(f"{provider}/")]
        raise UnknownNameError.of("model of an API", rest, of_provider)
    known, asked = models[rest], options.dimensions
    if asked is not None:
        if asked > known.dimension or (asked != known.dimension and not known.shorter):
            most = f"1 to {known.dimension}" if known.shorter else str(known.dimension)
            raise InputError(f"{text}: the option dimensions is {asked}; allowed: {most}")
        known = known.model_copy(update={"dimension": asked})
    return Api(limits=providers[provider], model=model, known=known, asked_dimension=asked)


def _by_address(text: str, rest: str, options: Options) -> Api:
    address, _, model = rest.partition("#")
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or not model:
        raise InputError(f"{text} is no address of an API; it is written api:https://HOST/v1#MODEL[dimensions=N]")
    if parts.username or parts.password:
        raise InputError(
            f"the address of {parts.hostname} has a user or password in it, which would be written down; put the key "
            f"into the environment variable {_OWN_KEY}"
        )
    if options.dimensions is None:
        raise InputError(f"{text}: say how long its vectors are, such as {text}[dimensions=384]")
    # A server of one's own need not know the parameter: what it gives is checked against it.
    limits, known = Limits(address=address.rstrip("/")), Known(dimension=options.dimensions)
    return Api(limits=limits, model=model, known=known)


def describe_api(text: str, options: Options) -> ModelSpec:
    """Turn a reference without its options into the spec of a model; raises what `find_api` raises.

    Example:
        >>> spec = describe_api("api:openai/text-embedding-3-small", Options(dimensions=256))
        >>> spec.name, spec.dimension, spec.side
        ('text-embedding-3-small-dimensions-256', 256, 'LLM')
    """
    api = find_api(text, options)
    stem = f"{api.model.rpartition('/')[2]}{options.text}"
    origin = f"{text}{options.text}"
    return ModelSpec(
        name=re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:60] or "model", title=api.model, family="hosted",
        kind="sentence", encoder=REMOTE.name, dimension=api.known.dimension, layers=0, parameters=None,
        max_tokens=api.known.max_tokens, layer=0, pooling="builtin", trained_on="not said", licence="not said",
        citation="none", origin=origin,
        artifacts=(Artifact(role="api", sha256=api.checksum, parts=(FilePart(path=origin),)),),
    )  # fmt: skip


def api_of(spec: ModelSpec) -> Api:
    """Find the API behind a model's spec."""
    from embedlib.models.external.bracket_options import split_options

    return find_api(*split_options(spec.artifact("api").parts[0].path))
