"""Models outside the roster: a path or a hub id, turned into a spec like those of the roster.

What is found out about a model is kept in the cache, with the sizes and times of its files, and found
out again when one of them changes.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import importlib.metadata
import json
import logging
import os
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from embedlib._util.code_digest import code_digest, imported_files
from embedlib._util.paths import cache_dir, written_whole
from embedlib.errors import ArtifactError, InputError
from embedlib.models.external import api, hub
from embedlib.models.external.bracket_options import Options, split_options
from embedlib.models.external.compressed import PACKED
from embedlib.models.external.word_vectors import file_notes, neighbours
from embedlib.models.spec import FAMILIES, ModelSpec, family_of

logger = logging.getLogger(__name__)

__all__ = ["digits", "is_reference", "resolve_reference", "stored_references"]

_SAID = (*FAMILIES, "llm", "classical")  # what may stand in front; the last two as before there were four families
_ENDINGS = {".kv", ".vec", ".txt", ".bin", ".model", ".gguf", ".safetensors", *PACKED}
_LONGEST = 40  # characters of a name
_PACKAGES = ("transformers", "peft", "sentence-transformers", "gensim", "gguf", "numpy", "pyarrow")

# The models of which it was said in this process what their files left out.
_told: set[tuple[str, str]] = set()


class _Reference(NamedTuple):
    """A reference taken apart: `family` is "" where none is put in front, `rest` a path or a hub id."""

    family: str
    rest: str
    options: Options

    @property
    def is_hub(self) -> bool:
        return self.rest.startswith("hf:")

    def with_rest(self, rest: str) -> str:
        return f"{self.family}:{rest}{self.options.text}" if self.family else f"{rest}{self.options.text}"


def _take_apart(text: str) -> _Reference:
    family, sign, rest = text.partition(":")
    family, rest = (family, rest) if sign and family in _SAID else ("", text)
    return _Reference(family, *split_options(rest))


def is_reference(text: str) -> bool:
    """Tell a path or a hub id from what can only be a roster name."""
    rest = _take_apart(text).rest
    if rest.startswith(("hf:", api.PREFIX, ".", "~")) or "/" in rest or os.sep in rest:
        return True
    with contextlib.suppress(OSError, ValueError):  # too long, or with a NUL
        return Path(rest).suffix in _ENDINGS or Path(rest).exists()
    return False


def digits(spec: ModelSpec) -> str:
    """Give 8 digits that stand for a model's checksum."""
    return hashlib.sha256(spec.checksum.encode()).hexdigest()[:8]


def resolve_reference(text: str, taken: Collection[str] = ()) -> tuple[str, ModelSpec]:
    """Turn a reference into its pinned form (absolute path, hub id with commit) and the model's spec.

    A model whose name would be one of `taken` gets 8 digits of its checksum behind it. A hub id is
    fetched where it is not in the local cache and the environment allows it. What was left out of its
    file is said once in a process, whether it is read now or was before. Raises `ArtifactError`
    and `InputError` that say what is wrong with which file and what is allowed.
    """
    reference = _take_apart(text)
    if reference.rest.startswith(api.PREFIX):
        spec = api.describe_api(reference.rest, reference.options)
        return reference.with_rest(reference.rest), _renamed(_of_family(spec, reference.family), taken)
    if reference.is_hub:
        source = hub.parse_hub_id(reference.rest)
        folder, commit = hub.fetch_snapshot(source)
        path = folder / source.file if source.file else folder
        pinned = reference.with_rest(source.at(commit))
        stem, origin = path.stem if source.file else source.repo.partition("/")[2], source.at(commit[:12])
    else:
        path = Path(os.path.abspath(Path(reference.rest).expanduser()))  # noqa: PTH100 (a link keeps its name)
        pinned, stem, origin = reference.with_rest(str(path)), _stem(path), path.name
    _check_exists(path, reference.rest)
    options = reference.options
    name = _safe_name(f"{stem}{options.text}")
    spec = _remembered(pinned, path) or _examine(pinned, path, name, f"{origin}{options.text}", options)
    _tell(pinned, spec)
    return pinned, _renamed(_of_family(spec, reference.family), taken)


def _of_family(spec: ModelSpec, word: str) -> ModelSpec:
    return spec.model_copy(update={"family": family_of(word, spec.kind)}) if word else spec


def _tell(pinned: str, spec: ModelSpec) -> None:
    if (pinned, spec.checksum) not in _told:
        _told.add((pinned, spec.checksum))
        for sentence in file_notes(spec):
            logger.warning("%s: %s", spec.title, sentence)


def stored_references(name: str, taken: Collection[str] = ()) -> Iterator[ModelSpec]:
    """Give the models of a name that were used from this cache before and whose files are as they were."""
    for file in sorted(_folder().glob("*.json")):
        memo = _read(file)
        if memo and _stamps([Path(path) for path, _, _ in memo["watched"]]) == memo["watched"]:
            with contextlib.suppress(ValidationError):  # written by an older embedlib
                spec = _renamed(ModelSpec.model_validate(memo["spec"]), taken)
                if spec.name == name:
                    yield spec


def _renamed(spec: ModelSpec, taken: Collection[str]) -> ModelSpec:
    return spec.model_copy(update={"name": f"{spec.name}-{digits(spec)}"}) if spec.name in taken else spec


def _stem(path: Path) -> str:
    if path.is_dir():
        return path.name
    inner = Path(path.stem)
    return inner.stem if path.suffix in PACKED and inner.suffix in _ENDINGS else path.stem


def _safe_name(stem: str) -> str:
    """Keep letters, digits and '-._' of a name, so that it can be a folder's."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:_LONGEST] or "model"


def _check_exists(path: Path, given: str) -> None:
    if path.exists():
        return
    folder = path.parent
    there = sorted(entry.name for entry in folder.iterdir()) if folder.is_dir() else []
    close = difflib.get_close_matches(path.name, there, n=1, cutoff=0.5)
    hint = f" Did you mean {str(folder / close[0])!r}?" if close else ""
    if not folder.is_dir():
        hint = f" There is no folder {str(folder)!r} either."
    if re.fullmatch(r"[\w-]+/[\w.-]+", given):
        hint += f" A model of the hub is named 'hf:{given}'."
    raise InputError(f"there is no model file or folder {str(path)!r}.{hint}")


def _folder() -> Path:
    return cache_dir() / "references"


def _memo(pinned: str) -> Path:
    return _folder() / f"{hashlib.sha256(pinned.encode()).hexdigest()[:24]}.json"


def _read(file: Path) -> dict[str, Any] | None:
    try:
        memo = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return memo if isinstance(memo, dict) and {"code", "watched", "made", "spec"} <= memo.keys() else None


def _code() -> str:
    versions = " ".join(f"{name}=={importlib.metadata.version(name)}" for name in _PACKAGES)
    return f"{code_digest(imported_files(__name__))} {versions}"


def _stamps(paths: list[Path]) -> list[list[Any]]:
    """Note the sizes and times of files; one that is gone has none."""
    stamps: list[list[Any]] = []
    for path in paths:
        try:
            stat = path.stat()
            stamps.append([str(path), stat.st_size, stat.st_mtime_ns])
        except OSError:
            stamps.append([str(path), None, None])
    return stamps


def _watched(path: Path) -> list[Path]:
    """List the files that say what a model is: of a folder and the folders in it, or a file and its arrays."""
    if path.is_dir():
        return sorted(file for pattern in ("*", "*/*", "*/*/*") for file in path.glob(pattern) if file.is_file())
    return [path, *neighbours(path)]


def _remembered(pinned: str, path: Path) -> ModelSpec | None:
    memo = _read(_memo(pinned))
    if memo is None or memo["code"] != _code():
        return None
    if (
        _stamps(_watched(path)) != memo["watched"]
        or _stamps([Path(made) for made, _, _ in memo["made"]]) != memo["made"]
    ):
        return None
    return ModelSpec.model_validate(memo["spec"])


def _examine(pinned: str, path: Path, name: str, origin: str, options: Options) -> ModelSpec:
    before = _stamps(_watched(path))
    try:
        spec = _describe(path, name, origin, options)
    except ValidationError as error:
        wrong = error.errors()[0]
        raise ArtifactError(f"{path}: {'.'.join(map(str, wrong['loc']))} of the model: {wrong['msg']}") from error
    if _stamps(_watched(path)) != before:
        raise ArtifactError(f"{path} changed while it was read; try again when it is complete")
    parts = [Path(part.path) for artifact in spec.artifacts for part in artifact.parts]
    memo = {
        "code": _code(),
        "watched": before,
        "made": _stamps([part for part in parts if not part.is_relative_to(path)]),
        "spec": spec.model_dump(mode="json"),
    }
    with written_whole(_memo(pinned)) as file:
        file.write_text(json.dumps(memo, indent=1), encoding="utf-8")
    return spec


def _describe(path: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Look at a file or folder; gives the spec of the model in it, read as the options say."""
    if path.is_dir():
        from embedlib.models.external.hf_folder import describe_folder

        return describe_folder(path, name, origin, options)
    from embedlib.models.external.gguf import GGUF_MAGIC, describe_gguf

    with path.open("rb") as file:
        magic = file.read(4)
    if magic == GGUF_MAGIC:
        options.check(path, (), "a GGUF file")
        return describe_gguf(path, name, origin)
    from embedlib.models.external.word_vectors import describe_vectors

    return describe_vectors(path, name, origin, options)
