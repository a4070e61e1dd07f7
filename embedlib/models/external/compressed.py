"""Opening a file that may be packed: gzip, bzip2, xz, or a zip archive with one file in it."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from embedlib.errors import ArtifactError

PACKED = {".gz", ".bz2", ".xz", ".zip"}
_ZIP = b"PK\x03\x04"
_OPENERS: dict[bytes, Callable[[Path], Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


def is_packed(path: Path) -> bool:
    """Tell a packed file by its first bytes."""
    start = _start(path)
    return start.startswith((_ZIP, *_OPENERS))


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, unpacked where it is packed; its name's ending does not count.

    Raises `ArtifactError` for one that is damaged or cut short, and for a zip archive that does not hold one file.
    """
    try:
        start = _start(path)
        if start.startswith(_ZIP):
            with zipfile.ZipFile(path) as archive, archive.open(_only_file(path, archive)) as file:
                yield file
            return
        opener = next((opener for magic, opener in _OPENERS.items() if start.startswith(magic)), None)
        with path.open("rb") if opener is None else opener(path) as file:
            yield file
    except zipfile.BadZipFile as error:
        raise ArtifactError(f"{path}: a zip archive; unpack word vectors first: {error}") from None
    # of the disk, or of a packed file that is damaged, encrypted, or packed in a way that Python does not know
    except (OSError, EOFError, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError) as error:
        raise ArtifactError(f"{path}: cannot be read: {error}") from None


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(6)


def _only_file(path: Path, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [entry for entry in archive.infolist() if not entry.is_dir() and not entry.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        shown = ", ".join(entry.filename for entry in files[:6])
        raise ArtifactError(
            f"{path}: a zip archive of {len(files)} files ({shown}); unpack word vectors first, and name one file "
            "(a PyTorch checkpoint is not opened)"
        )
    return files[0]
