"""From a model's spec to files on disk whose SHA-256 is the roster's.

Wheels are looked up through their metadata: nothing of a model wheel is imported here.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

from embedlib.errors import ArtifactError
from embedlib.models.spec import Artifact, FilePart, ModelSpec

_BLOCK = 1 << 22


def locate(part: FilePart, model: str) -> Path:
    """Find the file of one part.

    Raises `ArtifactError` that names the model, the wheel to install or the missing file.
    """
    if part.wheel is None:
        path = Path(part.path)
    else:
        try:
            distribution = importlib.metadata.distribution(part.wheel)
        except importlib.metadata.PackageNotFoundError:
            raise ArtifactError(
                f"{model} needs the wheel {part.wheel!r}, which is not installed: "
                "run `make setup`, or pip install the version that requirements.txt pins"
            ) from None
        path = Path(str(distribution.locate_file(part.path)))
    if not path.is_file():
        raise ArtifactError(f"{model}: the file {part.label} is missing (looked for {path})")
    return path


def read_blocks(paths: tuple[Path, ...]) -> Iterator[bytes]:
    """Read files one after the other, as if joined, in blocks of a few MiB."""
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                yield block


@functools.lru_cache(maxsize=64)
def _digest(files: tuple[tuple[Path, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for block in read_blocks(tuple(path for path, _, _ in files)):
        digest.update(block)
    return digest.hexdigest()


def sha256(*paths: Path) -> str:
    """Hash files joined in order; remembered while their sizes and times stay the same."""
    stats = [(path, path.stat()) for path in paths]
    return _digest(tuple((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats))


def verified(spec: ModelSpec, artifact: Artifact) -> tuple[Path, ...]:
    """Give the parts of an artifact, in order, once their joined SHA-256 is the roster's.

    Raises `ArtifactError` that names the model, the files and both checksums: the files are not
    used.
    """
    paths = tuple(locate(part, spec.name) for part in artifact.parts)
    found = sha256(*paths)
    if found != artifact.sha256:
        raise refusal(spec, artifact, found, sum(path.stat().st_size for path in paths))
    return paths


def refusal(spec: ModelSpec, artifact: Artifact, found: str, size: int) -> ArtifactError:
    """Say which files were refused, with the checksum they have and the one they should have."""
    names = " + ".join(part.label for part in artifact.parts)
    known, remedy = "the roster says", "Reinstall the package that holds it."
    if spec.origin:
        known, remedy = "it was", "Name the model again where the file was changed on purpose."
    return ArtifactError(
        f"{spec.name}: refused {names}: SHA-256 is {found} ({size:,} bytes), {known} "
        f"{artifact.sha256}; a file is truncated or not the one it claims to be. {remedy}"
    )


def verified_file(spec: ModelSpec, role: str) -> Path:
    """Give the one file of the artifact with this role, checked as `verified` does."""
    paths = verified(spec, spec.artifact(role))
    if len(paths) != 1:
        raise ArtifactError(f"{spec.name}: artifact {role!r} has {len(paths)} parts where one file is needed")
    return paths[0]
