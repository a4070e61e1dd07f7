"""Files of word vectors: word2vec, GloVe, fastText and gensim's own, read once into the cache."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from embedlib._util.paths import cache_dir, made_whole
from embedlib.errors import ArtifactError
from embedlib.models.encoder_kinds import WORD_VECTORS
from embedlib.models.external.bracket_options import Option, Options
from embedlib.models.external.compressed import unpacked
from embedlib.models.external.gensim_fasttext import FASTTEXT, Subwords, read_fasttext, read_gensim
from embedlib.models.external.word_vector_layouts import Block, Layout, find_layout, read_vectors
from embedlib.models.files import sha256
from embedlib.models.spec import Artifact, Case, FilePart, ModelSpec

logger = logging.getLogger(__name__)

_FORMAT = 2  # raised when what is read from a file, or how it is kept, changes
_FILES = {"vectors": "vectors.npy", "vocabulary": "vocabulary.parquet", "subwords": "subwords.npy"}
_MANIFEST = "manifest.json"
_FEW, _MANY = 0.01, 0.10  # shares of words with a capital: below the first lower, above the second cased


class _Source(NamedTuple):
    """A file, what it is, and what of it is read."""

    path: Path
    kind: Layout | str
    options: Options

    def digest(self) -> str:
        """Hash the file with its arrays; where only its first words are read, its place, size and time instead."""
        if isinstance(self.kind, Layout) and self.options.limit:
            stat = self.path.stat()
            return hashlib.sha256(repr((str(self.path), stat.st_size, stat.st_mtime_ns)).encode()).hexdigest()
        return sha256(self.path, *neighbours(self.path))


def describe_vectors(path: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Give the spec of a file of word vectors, which is converted on the first call.

    Raises `ArtifactError` that names the file and, in a text, the line, and `InputError` for a word in another
    encoding than is said.
    """
    folder = _converted(_find_source(path, options), name)
    about = _manifest(folder)
    numbers = (about["words"] + about["buckets"]) * about["dimension"]
    return ModelSpec(
        name=name, title=path.name, family="counting", kind="static", encoder=WORD_VECTORS.name,
        dimension=about["dimension"], layers=0, parameters=numbers, embedding_parameters=numbers,
        case=options.case or case_of(about["capitals"], about["letters"]), layer=0, pooling="mean",
        trained_on="not said", licence="not said", citation="none", origin=origin,
        artifacts=tuple(
            Artifact(role=role, sha256=digest, parts=(FilePart(path=str(folder / _FILES[role])),))
            for role, digest in about["sha256"].items()
        ),
    )  # fmt: skip


def case_of(capitals: int, letters: int) -> Case:
    """Say what a vocabulary is by the share of words with a capital letter among those that have letters of two cases.

    Below 1 % it is lower, above 10 % cased, in between mixed: a few stray capitals do not make a vocabulary cased. One
    word alone never makes a small one cased either.
    """
    if capitals < _FEW * letters or not capitals:
        return "lower"
    return "cased" if capitals > max(1, _MANY * letters) else "mixed"


def file_notes(spec: ModelSpec) -> list[str]:
    """List what is to be known of the file that a model was converted from: words that were left out, and why."""
    folder = Path(spec.artifacts[0].parts[0].path).parent
    if spec.encoder_kind != WORD_VECTORS or not (folder / _MANIFEST).is_file():
        return []
    return list(map(str, _manifest(folder)["said"]))


def neighbours(path: Path) -> list[Path]:
    """List the arrays that gensim stored beside a file of its own."""
    return sorted(
        file for file in path.parent.iterdir() if re.fullmatch(rf"{re.escape(path.name)}\..+\.npy", file.name)
    )


def _find_source(path: Path, options: Options) -> _Source:
    """Tell by what is in a file, whatever its ending, how it is read; `ArtifactError` for one that cannot be."""
    with unpacked(path) as file:
        start = file.read(16)
    if not start:
        raise ArtifactError(f"{path}: the file is empty")
    if start[8:10] == b'{"':
        raise ArtifactError(f"{path}: the weights of a model; name the folder that they are in")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ArtifactError(f"{path}: looks like UTF-16, which is not read; save the file as UTF-8")
    allowed: tuple[Option, ...] = ("limit", "case", "encoding")
    kind: Layout | str | None
    if start.startswith(FASTTEXT):
        kind = "fastText .bin"
    elif start.startswith(b"\x80"):
        kind, allowed = "gensim", ("limit", "case")
    else:
        kind = find_layout(path)
    if kind is None:
        raise ArtifactError(
            f"{path}: not a model that embedlib reads; allowed: word2vec (text or binary), GloVe text, fastText (.vec "
            "or .bin), gensim (.kv or .model), GGUF, or a folder of transformers or sentence-transformers"
        )
    options.check(path, allowed, "gensim's own files" if kind == "gensim" else "a file of word vectors")
    return _Source(path, kind, options)


def _converted(source: _Source, name: str) -> Path:
    """Give the folder of a file's vectors, made on the first call, whole or not at all."""
    read = "".join(f"-{value}" for value in (source.options.limit, source.options.encoding) if value)
    folder = cache_dir() / "converted" / f"{name}-{source.digest()[:16]}-words{read}-v{_FORMAT}"
    return made_whole(folder, _intact, functools.partial(_convert, source))


def _manifest(folder: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
    return about


def _intact(folder: Path) -> bool:
    try:
        return all(sha256(folder / _FILES[role]) == digest for role, digest in _manifest(folder)["sha256"].items())
    except (OSError, ValueError, KeyError):
        return False


def _convert(source: _Source, work: Path) -> None:
    """Read a file's vectors into a folder with a manifest, block by block."""
    path, kind, options = source
    logger.info("%s: reading the word vectors once", path.name)
    subwords, unit = None, "word"
    if isinstance(kind, Layout):
        name, dimension, unit, blocks = kind.format, kind.dimension, kind.unit, read_vectors(path, kind, options)
    else:
        read = read_gensim(path, options.limit) if kind == "gensim" else read_fasttext(path, options)
        name, dimension, blocks, subwords = read
    kept = _Kept(path, unit)
    with _Matrix(work / _FILES["vectors"], dimension) as matrix:
        for block in blocks:
            matrix.write(kept.take(block))
    words = list(kept.words)
    if not words:
        raise ArtifactError(f"{path}: no word of it can be used: {'; '.join(kept.said()) or 'there is none'}")
    column = pa.array(words, pa.string())
    lower, upper = pc.utf8_lower(column), pc.utf8_upper(column)
    vocabulary = pa.table({"word": column})
    if subwords is not None:
        _write_subwords(path, subwords, work / _FILES["subwords"])
        lengths = {"shortest": str(subwords.shortest), "longest": str(subwords.longest)}
        vocabulary = vocabulary.replace_schema_metadata(lengths)
    pq.write_table(vocabulary, work / _FILES["vocabulary"], compression="NONE")
    about = {
        "source": path.name, "format": name, "words": len(words), "dimension": dimension,
        "buckets": len(subwords.buckets) if subwords else 0, "capitals": _count(pc.not_equal(column, lower)),
        "letters": _count(pc.not_equal(lower, upper)), "said": kept.said(),
        "sha256": {role: sha256(work / file) for role, file in _FILES.items() if (work / file).exists()},
    }  # fmt: skip
    (work / _MANIFEST).write_text(json.dumps(about, indent=1), encoding="utf-8")


def _count(true: pa.BooleanArray) -> int:
    return int(pc.sum(true).as_py())


class _Kept:
    """Sorts out what can be used of the blocks of a file, and counts what cannot.

    Vectors that are not finite are refused. What has no direction (zeros), a blank word and a word that was there
    before are left out.
    """

    def __init__(self, path: Path, unit: str) -> None:
        self.path, self.unit = path, unit
        self.words: dict[str, None] = {}
        self.zeros: set[str] = set()
        self.blank = self.twice = 0

    def take(self, block: Block) -> NDArray[np.float32]:
        """Give the rows of a block that are used; their words are behind those of `words`."""
        finite = np.isfinite(block.rows).all(axis=1)
        if not finite.all():
            bad = int(np.argmin(finite))
            raise ArtifactError(
                f"{self.path}, {self.unit} {block.places[bad]}: the vector of {block.words[bad]!r} is not finite"
            )
        directed: NDArray[np.bool_] = np.any(block.rows, axis=1)
        rows = []
        for row, word in enumerate(block.words):
            if not word.strip():
                self.blank += 1
            elif word in self.words or word in self.zeros:
                self.twice += 1
            elif not directed[row]:
                self.zeros.add(word)
            else:
                self.words[word] = None
                rows.append(row)
        return block.rows if len(rows) == len(block.rows) else block.rows[np.array(rows, dtype=np.intp)]

    def said(self) -> list[str]:
        """Say what was left out, a sentence a reason."""
        counted = {
            "words are listed twice; the first of each counts": self.twice,
            "words have a vector of zeros and are left out": len(self.zeros),
            "words are blank and are left out": self.blank,
        }
        return [f"{count:,} {sentence}" for sentence, count in counted.items() if count]


class _Matrix:
    """Writes an .npy file of (n, dimension) float32 block by block, whose n is known at the end."""

    def __init__(self, path: Path, dimension: int) -> None:
        self.path, self.dimension, self.rows = path, dimension, 0

    def __enter__(self) -> Self:
        self.file = self.path.open("wb")
        self._write_header()
        return self

    def write(self, rows: NDArray[np.float32]) -> None:
        """Append rows."""
        self.file.write(np.ascontiguousarray(rows, dtype="<f4").data)
        self.rows += len(rows)

    def __exit__(self, *_: object) -> None:
        with self.file:
            self.file.seek(0)
            self._write_header()

    def _write_header(self) -> None:
        # Is as long for any number of rows: numpy leaves room in it, so that rows can be appended.
        about = {"descr": "<f4", "fortran_order": False, "shape": (self.rows, self.dimension)}
        np.lib.format.write_array_header_1_0(self.file, about)


def _write_subwords(path: Path, subwords: Subwords, file: Path) -> None:
    with _Matrix(file, subwords.buckets.shape[1]) as matrix:
        for rows in _parts(subwords.buckets):
            if not np.isfinite(rows).all():
                raise ArtifactError(f"{path}: a vector of its subwords is not finite")
            matrix.write(rows)


def _parts(rows: NDArray[np.float32], size: int = 1 << 14) -> Iterator[NDArray[np.float32]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
