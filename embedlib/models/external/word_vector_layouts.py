"""The layouts of word vectors in one file, text and word2vec's binary one, read block by block."""

from __future__ import annotations

import contextlib
import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Literal, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from embedlib.datasets.text_files import decode
from embedlib.errors import ArtifactError, InputError
from embedlib.models.external.bracket_options import Options
from embedlib.models.external.compressed import is_packed, unpacked

_BLOCK = 1 << 20
_HEAD = 1 << 20
_SAMPLE = 50  # lines that are looked at to tell a layout
_LONGEST = 1 << 16  # bytes of a word
_BOM = b"\xef\xbb\xbf"
_HEADER = re.compile(rb"\s*(\d{1,18})[\s,]+(\d{1,9})[\s,]*")
_NUMBER = re.compile(rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
Separator = Literal[b" ", b"\t", b","]
_SEPARATORS: tuple[Separator, ...] = (b" ", b",")
_GAPS = {b",": re.compile(rb"[ \t]*,[ \t]*"), b" ": re.compile(rb"[ \t]+"), b"\t": re.compile(rb"[ \t]+")}
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f]")
_BLANK = b" \t\r\n"


class Block(NamedTuple):
    """Some words of a file, a row of (n, d) float32 for each, and the numbers of their lines (or of the words)."""

    words: list[str]
    rows: NDArray[np.float32]
    places: Sequence[int]


@dataclass(frozen=True)
class Layout:
    """How a file of word vectors is laid out: `separator` is "" in a binary one.

    `said` is the number of words by the first line, None where that is no header. `start` counts the bytes before
    the first word.
    """

    dimension: int
    said: int | None
    start: int
    separator: Separator | Literal[b""]

    @property
    def format(self) -> str:
        """Name the format."""
        if not self.separator:
            return "word2vec binary"
        return "GloVe text" if self.said is None else "word2vec text"

    @property
    def unit(self) -> str:
        """Name what `Block.places` counts."""
        return "line" if self.separator else "word"


def find_layout(path: Path) -> Layout | None:
    """Tell how a file is laid out by its first bytes; None where it is no file of word vectors.

    Raises `ArtifactError` where the first line and those behind it disagree.
    """
    with unpacked(path) as file:
        head = file.read(_HEAD)
    bom = len(_BOM) if head.startswith(_BOM) else 0
    lines = head[bom:].split(b"\n")
    if len(head) == _HEAD and len(lines) > 1:
        lines.pop()  # is not whole
    header = _HEADER.fullmatch(lines[0])
    if header and int(header[1]) and int(header[2]):
        said, dimension = int(header[1]), int(header[2])
        start = bom + len(lines[0]) + 1
        sample = [line for line in islice(lines, 1, None) if line.strip()][:_SAMPLE]
        if not sample or _CONTROL.search(sample[0]) or not (found := _dimension(sample)):
            return Layout(dimension, said, start, b"")
        if found[0] != dimension:
            raise ArtifactError(
                f"{path}: the first line says {dimension} numbers a word, the lines behind it have {found[0]}; "
                "put the right number there, or take that line away"
            )
        return Layout(dimension, said, start, found[1])
    sample = [line for line in lines if line.strip()][:_SAMPLE]
    found = _dimension(sample) if sample and not _CONTROL.search(sample[0]) else None
    return Layout(found[0], None, bom, found[1]) if found and found[0] > 1 else None


def _dimension(sample: Sequence[bytes]) -> tuple[int, Separator] | None:
    """Tell the numbers of a line, and what parts them, from some lines: as most of them have it."""
    found = Counter(_numbers_of(line) for line in sample)
    found.pop(None, None)
    if not found:
        return None
    (most, times) = found.most_common(1)[0]
    return most if times * 2 >= len(sample) else None


def _numbers_of(line: bytes) -> tuple[int, Separator] | None:
    """Count the numbers at the end of a line, all parted in the same way."""
    text, found = line.strip(_BLANK), []
    for separator in _SEPARATORS:
        fields = _GAPS[separator].split(text)
        count = next((n for n, field in enumerate(reversed(fields)) if not _NUMBER.fullmatch(field)), len(fields))
        if not line.startswith((b" ", b"\t", b",")):
            count = min(count, len(fields) - 1)  # the first is the word
        found.append((count, separator))
    count, separator = max(found, key=lambda each: each[0])
    return (count, b"\t" if separator == b" " and b"\t" in line else separator) if count else None


def read_vectors(path: Path, layout: Layout, options: Options) -> Iterator[Block]:
    """Read a file block by block, the first `options.limit` words of it.

    Raises `ArtifactError` that names the line, or the number of the word, and `InputError` where a word is in
    another encoding.
    """
    encoding = options.encoding or "utf-8"
    try:
        fits = b"word 0.1\n".decode(encoding) == "word 0.1\n"
    except (LookupError, UnicodeError):  # of bytes that are no text, or two bytes a letter
        fits = False
    if not fits:
        raise ArtifactError(f"{path}: word vectors in {encoding} are not read; save the file as UTF-8")
    return (_read_text if layout.separator else _read_binary)(path, layout, options.limit, encoding)


def _wanted(layout: Layout, limit: int | None) -> int | None:
    return min((n for n in (layout.said, limit) if n is not None), default=None)


def _read_text(path: Path, layout: Layout, limit: int | None, encoding: str) -> Iterator[Block]:
    """Read lines of a word and its numbers."""
    read, first = 0, 1 if layout.said is None else 2
    with unpacked(path) as file:
        file.read(layout.start)
        for lines in _lines(file, limit):
            places = [first + n for n, line in enumerate(lines) if line.strip()]
            first += len(lines)
            if places:
                read += len(places)
                yield _parse(path, layout, [line for line in lines if line.strip()], places, encoding)
    wanted = _wanted(layout, limit) or 0
    if layout.said is not None and (read < wanted or (limit is None and read > wanted)):
        raise ArtifactError(
            f"{path}: the first line says {layout.said:,} words, the file has {read:,}; is it complete? "
            f"Write {path.name}[:{read}] to take what is there"
        )


def _lines(file: IO[bytes], limit: int | None) -> Iterator[list[bytes]]:
    """Give the lines of a file in blocks, until `limit` of them that are not blank."""
    left = limit
    while left != 0 and (lines := file.readlines(_BLOCK)):
        if left is not None:
            if len(lines) >= left:
                filled = [n for n, line in enumerate(lines) if line.strip()][:left]
                lines = lines if len(filled) < left else lines[: filled[-1] + 1]
            left -= sum(bool(line.strip()) for line in lines)
        yield lines


def _parse(path: Path, layout: Layout, lines: list[bytes], places: list[int], encoding: str) -> Block:
    """Take lines apart: most by the first separator, the others with care, and all numbers at once."""
    separator, dimension = layout.separator, layout.dimension
    words, rests = [], []
    for line in lines:
        word, _, rest = line.rstrip(_BLANK).partition(separator)
        words.append(word)
        rests.append(rest)
    if separator == b",":
        rests = [rest.replace(b",", b" ") for rest in rests]
    fields = _split(rests)
    odd = np.flatnonzero(_lengths(fields, rests) != dimension)
    if separator == b",":
        odd = np.union1d(odd, [n for n, word in enumerate(words) if word.startswith(b'"')]).astype(np.intp)
    for n in odd:
        words[n], rests[n] = _with_care(path, layout, lines[n], places[n])
    rows = _floats(path, _split(rests) if len(odd) else fields, rests, places, dimension)
    return Block(decoded(path, words, "line", places, encoding), rows, places)


def _split(rests: Sequence[bytes]) -> pa.ListArray | None:
    """Split what stands behind words at white space; None where one of them is no text."""
    try:
        return pc.ascii_split_whitespace(pa.array([rest.strip() for rest in rests], pa.binary()).cast(pa.string()))
    except pa.ArrowInvalid:
        return None


def _lengths(fields: pa.ListArray | None, rests: Sequence[bytes]) -> NDArray[np.intp]:
    if fields is None:
        return np.array([len(rest.split()) if rest.isascii() else 0 for rest in rests], dtype=np.intp)
    return np.asarray(pc.list_value_length(fields).to_numpy(zero_copy_only=False), dtype=np.intp)


def _floats(
    path: Path, fields: pa.ListArray | None, rests: Sequence[bytes], places: Sequence[int], dimension: int
) -> NDArray[np.float32]:
    """Parse the numbers of lines, (lines, d): the float32 nearest to each."""
    if fields is not None and (_lengths(fields, rests) == dimension).all():
        flat = fields.flatten()
        # Anything else is no number, or written as only numpy reads it (+0.5).
        with contextlib.suppress(pa.ArrowInvalid):
            return np.asarray(flat.cast(pa.float32()).to_numpy(zero_copy_only=False)).reshape(len(rests), dimension)
    return np.array([_row(path, rest, n, dimension) for rest, n in zip(rests, places, strict=True)])


def _row(path: Path, rest: bytes, place: int, dimension: int) -> NDArray[np.float32]:
    numbers = rest.split()
    wrong = next((field for field in numbers if not _NUMBER.fullmatch(field)), None)
    if wrong is not None or len(numbers) != dimension:
        shown = (wrong or rest)[:40].decode("ascii", errors="backslashreplace")
        raise ArtifactError(f"{path}, line {place}: not {dimension} numbers after a word: {shown!r}")
    with np.errstate(over="ignore"):  # what is too large is refused as not finite
        return np.array([float(number) for number in numbers]).astype(np.float32)


def _with_care(path: Path, layout: Layout, line: bytes, place: int) -> tuple[bytes, bytes]:
    """Take a line apart from its end: its word may have separators in it, or be blank."""
    dimension, separator = layout.dimension, layout.separator
    text = line.strip(_BLANK)
    if separator == b"," and text.startswith(b'"'):
        fields = [field.encode("latin-1") for field in next(csv.reader([text.decode("latin-1")]))]
        if len(fields) == dimension + 1:
            return fields[0], b" ".join(fields[1:])
    gaps = list(_GAPS[separator].finditer(text))
    if len(gaps) >= dimension:
        word, rest = text[: gaps[-dimension].start()], text[gaps[-dimension].end() :]
        pieces = word.split()[1:]
        if not any(_NUMBER.fullmatch(piece) for piece in pieces):  # one number too many is no word
            return word, rest.replace(b",", b" ") if separator == b"," else rest
    elif len(gaps) == dimension - 1 and line[:1] in (b" ", b"\t", b","):
        return b"", text.replace(b",", b" ") if separator == b"," else text
    raise ArtifactError(f"{path}, line {place}: {len(gaps)} numbers where the first lines have {dimension}")


def decoded(path: Path, words: Sequence[bytes], unit: str, places: Sequence[int], encoding: str) -> list[str]:
    """Decode words, all at once where all can be; none of them has a line end or a space of a binary file in it."""
    glue = b"\n" if unit == "line" else b" "
    try:
        decoded = glue.join(words).decode(encoding).split(glue.decode())
    except UnicodeDecodeError:
        decoded = []
    if len(decoded) == len(words):
        return decoded
    decoded = []
    for at, (word, place) in enumerate(zip(words, places, strict=True)):
        try:
            decoded.append(decode(word, f"{path}, {unit} {place}", encoding))
        except InputError:
            context = b"\n".join([word + b" ", *words[at + 1 :]])  # by what follows, the encoding is guessed
            try:
                decode(context, f"{path}, {unit} {place}", encoding)
            except InputError as error:
                raise InputError(f"{error}. Behind a path it is written {path.name}[encoding=NAME]") from None
            raise
    return decoded


def _read_binary(path: Path, layout: Layout, limit: int | None, encoding: str) -> Iterator[Block]:
    """Read word2vec's binary format; the size is checked first where it can be."""
    wanted, dimension = _wanted(layout, limit) or 0, layout.dimension
    least = layout.start + wanted * (4 * dimension + 1)
    if not is_packed(path) and (size := path.stat().st_size) < least:
        raise ArtifactError(
            f"{path}: truncated: {wanted:,} words of {dimension} numbers take {least:,} bytes at least, "
            f"the file has {size:,}. Write {path.name}[:N] to take its first N words"
        )
    read = 0
    with unpacked(path) as file:
        file.read(layout.start)
        for words, vectors in _records(path, file, layout, limit):
            places = range(read + 1, read + 1 + len(words))
            rows = np.frombuffer(vectors, dtype="<f4").reshape(len(words), dimension)
            yield Block(decoded(path, words, "word", places, encoding), rows, places)
            read += len(words)


def _records(path: Path, file: IO[bytes], layout: Layout, limit: int | None) -> Iterator[tuple[list[bytes], bytes]]:
    """Walk through words and the bytes of their vectors, in blocks; a newline may stand before a word."""
    width, buffer, read = 4 * layout.dimension, b"", 0
    wanted = _wanted(layout, limit) or 0
    while read < wanted:
        fresh = file.read(max(_BLOCK, 2 * width))
        buffer += fresh
        view = memoryview(buffer)
        words: list[bytes] = []
        vectors: list[memoryview] = []
        start = 0
        while read + len(words) < wanted:
            space = buffer.find(b" ", start, start + _LONGEST)
            if space < 0 or space + 1 + width > len(buffer):
                break
            words.append(buffer[start:space].lstrip(b"\n"))
            start = space + 1 + width
            vectors.append(view[space + 1 : start])
        if words:
            yield words, b"".join(vectors)
            read += len(words)
        buffer = buffer[start:]
        if read < wanted and (not fresh or (b" " not in buffer and len(buffer) > _LONGEST)):
            raise ArtifactError(
                f"{path}: cannot be read as word2vec binary: cut short? The first line says {layout.said:,} words of "
                f"{layout.dimension} numbers, word {read + 1:,} is not whole. Write {path.name}[:{read}] to take "
                "what stands before it"
            )
    if limit is None and (buffer + file.read(1 << 10)).strip(_BLANK):
        raise ArtifactError(f"{path}: the first line says {layout.said:,} words, the file goes on after them")
