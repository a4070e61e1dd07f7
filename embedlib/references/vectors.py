"""Files of word vectors: word2vec, GloVe, fastText and gensim's own, read once into the cache."""

from __future__ import annotations

import functools
import gzip
import json
import logging
import os
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from embedlib.artifacts import sha256
from embedlib.errors import ArtifactError
from embedlib.paths import cache_dir, made_whole
from embedlib.references.options import Options
from embedlib.spec import Artifact, ModelSpec, Part

logger = logging.getLogger(__name__)

_FORMAT = 1  # raised when what is read from a file, or how it is kept, changes
_FASTTEXT = (793712314).to_bytes(4, "little")
_LINE = 1 << 20
_HEADER = re.compile(rb"\s*(\d+)\s+(\d+)\s*")
_NUMBERS = re.compile(rb"(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*|[-+]?(?:nan|inf)\s*)+", re.IGNORECASE)
_FILES = {"vectors": "vectors.npy", "vocabulary": "vocabulary.parquet"}


class _Vectors(NamedTuple):
    """What a file holds: words, a row of (n, d) float32 for each, and the name of the format."""

    words: list[str]
    rows: NDArray[np.float32]
    format: str


def describe_vectors(path: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Give the spec of a file of word vectors, which is converted on the first call.

    Raises `ArtifactError` that names the file and, in a text, the line.
    """
    options.check(path, (), "a file of word vectors")
    folder = _converted(path, name)
    about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return ModelSpec(
        name=name, title=path.name, family="classical", kind="static", encoder="word-vectors",
        dimension=about["dimension"], layers=0, parameters=about["words"] * about["dimension"],
        case="lower" if about["lowercase"] else "cased", layer=0, pooling="mean", trained_on="not said",
        licence="not said", citation="none", origin=origin,
        artifacts=tuple(
            Artifact(role=role, sha256=about["sha256"][role], parts=(Part(path=str(folder / file)),))
            for role, file in _FILES.items()
        ),
    )  # fmt: skip


def neighbours(path: Path) -> list[Path]:
    """List the arrays that gensim stored beside a file of its own."""
    return sorted(
        file for file in path.parent.iterdir() if re.fullmatch(rf"{re.escape(path.name)}\..+\.npy", file.name)
    )


def _converted(path: Path, name: str) -> Path:
    """Give the folder of a file's vectors, made on the first call, whole or not at all."""
    folder = cache_dir() / "converted" / f"{name}-{sha256(path, *neighbours(path))[:16]}-words-v{_FORMAT}"
    return made_whole(folder, _intact, functools.partial(_convert, path))


def _convert(path: Path, work: Path) -> None:
    """Read a file's vectors into a folder with a manifest."""
    logger.info("%s: reading the word vectors once", path.name)
    found = _usable(path, _read(path))
    np.save(work / _FILES["vectors"], found.rows)
    pq.write_table(pa.table({"word": found.words}), work / _FILES["vocabulary"], compression="NONE")
    about = {
        "source": path.name, "format": found.format, "words": len(found.words),
        "dimension": found.rows.shape[1], "lowercase": all(word == word.lower() for word in found.words),
        "sha256": {role: sha256(work / file) for role, file in _FILES.items()},
    }  # fmt: skip
    (work / "manifest.json").write_text(json.dumps(about, indent=1), encoding="utf-8")


def _intact(folder: Path) -> bool:
    try:
        about = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        return all(sha256(folder / file) == about["sha256"][role] for role, file in _FILES.items())
    except (OSError, ValueError, KeyError):
        return False


def _read(path: Path) -> _Vectors:
    """Read a file by what is in it, whatever its ending; `ArtifactError` for one that cannot be read."""
    try:
        return _read_as_it_is(path)
    except (OSError, EOFError, zlib.error) as error:  # of the disk, or of a packed file
        raise ArtifactError(f"{path}: cannot be read: {error}") from None


def _read_as_it_is(path: Path) -> _Vectors:
    with _open(path) as file:
        start = file.read(16)
        file.seek(0)
        first, second = file.readline(_LINE), file.readline(_LINE)
    if not start:
        raise ArtifactError(f"{path}: the file is empty")
    if start.startswith(b"PK\x03\x04"):
        raise ArtifactError(f"{path}: a zip archive; unpack word vectors first (a PyTorch checkpoint is not opened)")
    if start[8:10] == b'{"':
        raise ArtifactError(f"{path}: the weights of a model; name the folder that they are in")
    if start.startswith(_FASTTEXT):
        return _by_gensim(path, "fastText .bin", _facebook)
    if start.startswith(b"\x80"):
        return _by_gensim(path, "gensim", _gensim)
    if header := _HEADER.fullmatch(first):
        rows, dimension = int(header[1]), int(header[2])
        if rows and dimension:
            is_text = _NUMBERS.fullmatch(second.partition(b" ")[2])
            return _text(path, dimension, rows) if is_text else _binary(path, dimension, rows, len(first))
    elif len(fields := first.split()) > 2 and _NUMBERS.fullmatch(first.strip().partition(b" ")[2]):
        return _text(path, len(fields) - 1, None)
    raise ArtifactError(
        f"{path}: not a model that embedlib reads; allowed: word2vec (text or binary), GloVe text, fastText (.vec or "
        ".bin), gensim (.kv or .model), GGUF, or a folder of transformers or sentence-transformers"
    )


def _open(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _text(path: Path, dimension: int, expected: int | None) -> _Vectors:
    """Read lines of a word and its numbers; `expected` is what a header says, None where there is none.

    gensim's reader takes a line of too few numbers for one of other numbers, and stops at the count
    of the header; GloVe's own files have words with spaces in them, which it cannot read.
    """
    skipped = expected is not None
    with _open(path) as file:
        count = sum(bool(line.strip()) for line in file) - skipped
    if expected is not None and count != expected:
        raise ArtifactError(f"{path}: the first line says {expected:,} words, the file has {count:,}; is it complete?")
    rows = np.empty((count, dimension), dtype=np.float32)
    row_of: dict[str, int] = {}
    with _open(path) as file:
        for number, line in enumerate(file, start=1):
            if (number == 1 and skipped) or not line.strip():
                continue
            word, row = _parse(path, number, line, dimension, spaces=expected is None)
            if word not in row_of:
                rows[len(row_of)] = row
                row_of[word] = len(row_of)
    if len(row_of) < count:
        logger.warning("%s: %d words stand twice; the first of each counts", path.name, count - len(row_of))
    return _Vectors(list(row_of), rows[: len(row_of)], "GloVe text" if expected is None else "word2vec text")


def _parse(path: Path, number: int, line: bytes, dimension: int, *, spaces: bool) -> tuple[str, NDArray[np.float32]]:
    word, *numbers = line.rstrip(b" \t\r\n").rsplit(b" ", dimension)
    ragged = not word or len(numbers) != dimension
    if b" " in word:  # "at name@domain.com" is a word of GloVe's; one number too many is not
        ragged |= not spaces or any(_NUMBERS.fullmatch(piece) for piece in word.split(b" ")[1:])
    if ragged:
        found = max(0, len(line.split()) - 1)
        raise ArtifactError(f"{path}, line {number}: {found} numbers where the first lines have {dimension}")
    try:
        row = np.array(numbers, dtype=np.float32)
    except ValueError as error:
        raise ArtifactError(f"{path}, line {number}: not {dimension} numbers after a word: {error}") from None
    return word.decode("utf-8", errors="replace"), row


def _binary(path: Path, dimension: int, expected: int, header: int) -> _Vectors:
    """Read word2vec's binary format; its size is checked first, so that a wrong header takes no memory."""
    with _open(path) as file:
        size = file.seek(0, os.SEEK_END)
    least = header + expected * (4 * dimension + 2)
    if size < least:
        raise ArtifactError(
            f"{path}: truncated: {expected:,} words of {dimension} numbers take {least:,} bytes at least, "
            f"the file has {size:,}"
        )
    found = _by_gensim(path, "word2vec binary", _word2vec)
    used = header + sum(len(word.encode()) + 1 + 4 * dimension for word in found.words)
    if len(found.words) == expected and size > used + expected + 1:  # a newline after each vector at most
        raise ArtifactError(f"{path}: the first line says {expected:,} words, the file goes on after them")
    return found


def _by_gensim(path: Path, kind: str, load: Callable[[str], Any]) -> _Vectors:
    """Read a file with gensim; whatever it stumbles over is an `ArtifactError` with the reason."""
    try:
        vectors = load(str(path))
    except FileNotFoundError as error:
        missing = Path(str(error.filename or error)).name
        raise ArtifactError(
            f"{path}: the array {missing} is missing; gensim stored it beside the file, copy it there as well"
        ) from None
    except Exception as error:
        raise ArtifactError(
            f"{path}: cannot be read as {kind}: cut short, or of an old version? ({type(error).__name__}: {error})"
        ) from error
    words, rows = getattr(vectors, "index_to_key", None), getattr(vectors, "vectors", None)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not len(words):
        raise ArtifactError(f"{path}: a {type(vectors).__name__}, which has no words with vectors")
    if not isinstance(rows, np.ndarray) or rows.shape[:1] != (len(words),):
        raise ArtifactError(f"{path}: {len(words):,} words, but not as many vectors")
    return _Vectors(list(words), np.asarray(rows, dtype=np.float32), kind)


def _word2vec(path: str) -> Any:
    from gensim.models import KeyedVectors

    return KeyedVectors.load_word2vec_format(path, binary=True, unicode_errors="replace")


def _facebook(path: str) -> Any:
    from gensim.models.fasttext import load_facebook_vectors

    return load_facebook_vectors(path)


def _gensim(path: str) -> Any:
    from gensim.models import FastText, KeyedVectors, Word2Vec

    failures = []
    for kind in (KeyedVectors, Word2Vec, FastText):  # a class reads its own models of older versions only
        try:
            loaded = kind.load(path)
        except AttributeError as error:
            failures.append(error)
        else:
            return getattr(loaded, "wv", loaded)
    raise failures[0]


def _usable(path: Path, found: _Vectors) -> _Vectors:
    """Refuse vectors that are not finite and leave out those that are zero, which have no direction."""
    finite = np.isfinite(found.rows).all(axis=1)
    if not finite.all():
        raise ArtifactError(f"{path}: the vector of {found.words[int(np.argmin(finite))]!r} is not finite")
    kept = found.rows.any(axis=1)
    if kept.all():
        return found
    logger.warning("%s: %d words have a vector of zeros and are left out", path.name, int((~kept).sum()))
    words = [found.words[row] for row in np.flatnonzero(kept)]
    if not words:
        raise ArtifactError(f"{path}: all vectors are zero")
    return found._replace(words=words, rows=found.rows[kept])
