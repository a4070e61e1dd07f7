"""Models by name: the roster, and those that are named by a path or a hub id."""

from __future__ import annotations

import functools
import tomllib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from embedlib._util.paths import setting
from embedlib.errors import EmbedlibError, InputError, UnknownNameError
from embedlib.models.external.resolve import digits, is_reference, resolve_reference
from embedlib.models.selection import Models, tabulate
from embedlib.models.spec import Artifact, FilePart, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ROSTER", "check_models", "find_model", "list_models", "pin_model", "read_roster", "roster"]

ROSTER = Path(__file__).with_name("roster.toml")

# The short names that `check_models` gave in this process, each with its pinned reference. A name travels through
# data frames and records as plain text, so this is what `find_model` finds the model again by.
_labels: dict[str, str] = {}


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
    parts = tuple(part if part.wheel else FilePart(path=str((folder / part.path).resolve())) for part in artifact.parts)
    return artifact.model_copy(update={"parts": parts})


@functools.lru_cache(maxsize=4)
def _roster(extra: str | None) -> dict[str, ModelSpec]:
    roster = read_roster(ROSTER)
    if extra:
        added = read_roster(Path(extra))
        if twice := sorted(roster.keys() & added.keys()):
            raise EmbedlibError(f"{extra}: the book's roster already has a model named {twice[0]!r}")
        roster = roster | added
    return roster


def roster() -> dict[str, ModelSpec]:
    """Give every known model by name: the book's, then those of the file `$EMBEDLIB_ROSTER` names."""
    own = setting("EMBEDLIB_ROSTER")
    return dict(_roster(str(own) if own else None))


def find_model(name: str) -> ModelSpec:
    """Find a model by roster name, path or hub id, or by the label that `check_models` gave it.

    Raises `UnknownNameError` with the nearest match for what is none of these, and `ArtifactError`
    where the files of a path or hub id are not there or are no model.

    Example:
        >>> find_model("sbert-minilm").poolings
        ('mean', 'last', 'first', 'max')
    """
    return _find(name)[1]


def pin_model(name: str) -> str:
    """Turn a model's name into one that means the same from any folder, at any time.

    A path becomes absolute, a hub id gets its commit (and is fetched where it has to be), a roster
    name stays. Raises what `find_model` raises.
    """
    return _find(name)[0]


def _find(name: str) -> tuple[str, ModelSpec]:
    known = roster()
    if name in known:
        return name, known[name]
    reference = _labels.get(name, name)
    if not is_reference(reference):
        raise UnknownNameError(
            f"{UnknownNameError.of('model', name, known)} A path is an existing file or folder, or begins "
            "with './'; a hub id is hf:owner/name."
        )
    return resolve_reference(reference, taken=known.keys())


def list_models(models: Sequence[str] | None = None) -> pd.DataFrame:
    """Tabulate models, one row each, indexed by name: the roster in the book's order, or those given.

    Raises what `check_models` raises.

    Example:
        >>> import embedlib
        >>> embedlib.list_models(["sbert-minilm", "glove-6b-50d"])["family"].to_dict()
        {'sbert-minilm': 'contrastive', 'glove-6b-50d': 'counting'}
    """
    return tabulate(roster()) if models is None else check_models(models).listing


def check_models(models: Sequence[str]) -> Models:
    """Check names of models and give them, each once, as `Models`: short names for paths and hub ids.

    A path or hub id gets the name of its file or repository; where two would have the same one, with
    digits of their checksums behind. `embed_words` and the like know these names in this process. Raises
    `InputError` for an empty list and what `find_model` raises.

    Example:
        >>> check_models(["sbert-minilm", "glove-6b-50d", "sbert-minilm"])
        ['sbert-minilm', 'glove-6b-50d']
    """
    if isinstance(models, Models):
        return models
    if not models:
        raise InputError(f"models is empty; allowed: one or more of {', '.join(roster())}")
    settled = {*roster(), *_labels}
    found = {name: _find(name) for name in dict.fromkeys(models)}
    distinct = {(spec.name, spec.checksum) for name, (_, spec) in found.items() if name not in settled}
    shared = Counter(name for name, _ in distinct)
    specs: dict[str, ModelSpec] = {}
    given: dict[tuple[str, str], str] = {}
    for name, (reference, spec) in found.items():
        label = name
        if name not in settled:
            label = spec.name
            if shared[label] > 1 or _labels.get(label, reference) != reference:
                label = f"{spec.name}-{digits(spec)}"
            label = given.setdefault((spec.name, spec.checksum), label)  # the same file at two places is one model
            _labels.setdefault(label, reference)
        specs.setdefault(label, spec)
    return Models(specs)
