"""Word vectors as two libraries keep them: gensim's own files, and fastText's `.bin` with its subwords."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import ArtifactError
from embedlib.models.external.bracket_options import Options
from embedlib.models.external.compressed import is_packed
from embedlib.models.external.word_vector_layouts import Block, decoded

FASTTEXT = (793712314).to_bytes(4, "little")
_ARGS, _WORDS = struct.Struct("<2i12id"), struct.Struct("<3i2q")
_BLOCK = 1 << 13  # rows


class Subwords(NamedTuple):
    """What fastText makes vectors of unseen words from: a row for each bucket of n-grams, (buckets, d) float32."""

    buckets: NDArray[np.float32]
    shortest: int
    longest: int

    def buckets_of(self, word: str) -> list[int]:
        """List the buckets of a word's n-grams."""
        from gensim.models.fasttext import ft_ngram_hashes

        found: list[int] = ft_ngram_hashes(word, self.shortest, self.longest, len(self.buckets))
        return found


class Library(NamedTuple):
    """What a library's file holds: the name of the format, the vectors block by block, and the subwords if any."""

    format: str
    dimension: int
    blocks: Iterator[Block]
    subwords: Subwords | None


def read_gensim(path: Path, limit: int | None) -> Library:
    """Read a file of gensim's; whatever gensim stumbles over is an `ArtifactError` with the reason."""
    vectors = _loaded(path, _gensim)
    words, rows = getattr(vectors, "index_to_key", None), getattr(vectors, "vectors", None)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words) or not words:
        raise ArtifactError(f"{path}: a {type(vectors).__name__}, which has no words with vectors")
    if not isinstance(rows, np.ndarray) or rows.shape[:1] != (len(words),) or rows.ndim != 2:
        raise ArtifactError(f"{path}: {len(words):,} words, but not as many vectors")
    return Library("gensim", rows.shape[1], _blocks(words[:limit], rows), _subwords_of(vectors))


def _loaded(path: Path, load: Callable[[str], Any]) -> Any:
    try:
        return load(str(path))
    except FileNotFoundError as error:
        missing = Path(str(error.filename or error)).name
        raise ArtifactError(
            f"{path}: the array {missing} is missing; gensim stored it beside the file, copy it there as well"
        ) from None
    except Exception as error:
        raise ArtifactError(
            f"{path}: cannot be read as gensim: cut short, or of an old version? ({type(error).__name__}: {error})"
        ) from error


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


def _blocks(words: Sequence[str], rows: NDArray[Any]) -> Iterator[Block]:
    for start in range(0, len(words), _BLOCK):
        part = words[start : start + _BLOCK]
        block = np.asarray(rows[start : start + len(part)], dtype=np.float32)
        yield Block(list(part), block, range(start + 1, start + 1 + len(part)))


def _subwords_of(vectors: Any) -> Subwords | None:
    from gensim.models.fasttext import FastTextKeyedVectors

    if not isinstance(vectors, FastTextKeyedVectors) or not vectors.bucket:
        return None
    buckets = np.asarray(vectors.vectors_ngrams, dtype=np.float32)
    return Subwords(buckets, int(vectors.min_n), int(vectors.max_n))


def read_fasttext(path: Path, options: Options) -> Library:
    """Read a `.bin` of fastText's: its matrix stays on disk, and the first `options.limit` words are composed.

    A word's vector is the mean of its own row and those of its n-grams, as in gensim. Raises `ArtifactError`.
    """
    if is_packed(path):
        raise ArtifactError(f"{path}: a packed model of fastText; unpack it first")
    try:
        return _fasttext(path, options)
    except (struct.error, ValueError, OverflowError) as error:
        raise ArtifactError(
            f"{path}: cannot be read as fastText .bin: cut short, or of another version? ({error})"
        ) from None


def _fasttext(path: Path, options: Options) -> Library:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        _, _, dimension, *rest = _ARGS.unpack_from(content)
        buckets, shortest, longest = rest[7:10]
        size, words, _, _, pruned = _WORDS.unpack_from(content, _ARGS.size)
        if pruned > 0:
            raise ArtifactError(f"{path}: a quantised model of fastText, which is not read; name its .bin")
        raw, place = [], _ARGS.size + _WORDS.size
        for _ in range(size):
            end = content.find(b"\0", place)
            if end < 0:
                raise ValueError("the list of words has no end")
            raw.append(content[place:end])
            place = end + 10  # the count of the word, and what kind it is
        quantised, rows, columns = struct.unpack_from("<?2q", content, place)
        place += 17
        if quantised:
            raise ArtifactError(f"{path}: a quantised model of fastText, which is not read; name its .bin")
        if columns != dimension or rows != words + buckets or not 0 < words <= size or dimension < 1 or buckets < 0:
            raise ValueError(f"{words} words and {buckets} buckets do not fit a matrix of {rows} x {columns}")
        if place + 4 * rows * columns > len(content):
            raise ValueError(f"{rows} x {columns} numbers take {place + 4 * rows * columns} bytes")
    matrix = np.memmap(path, dtype="<f4", mode="r", offset=place, shape=(rows, columns))
    kept = raw[: min(words, options.limit or words)]
    named = decoded(path, kept, "word", range(1, len(kept) + 1), options.encoding or "utf-8")
    subwords = Subwords(matrix[words:], shortest, longest) if buckets and longest else None
    return Library("fastText .bin", dimension, _composed(named, matrix[:words], subwords), subwords)


def _composed(words: Sequence[str], rows: NDArray[np.float32], subwords: Subwords | None) -> Iterator[Block]:
    for block in _blocks(words, rows):
        if subwords is None:
            yield block
            continue
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused with its word
            made = [
                np.concatenate([row[None], subwords.buckets[subwords.buckets_of(word)]]).mean(axis=0, dtype=np.float32)
                for word, row in zip(block.words, block.rows, strict=True)
            ]
        yield block._replace(rows=np.array(made))
