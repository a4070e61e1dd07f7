"""Reading files of word vectors: embedlib beside gensim.

Makes a GloVe text and a word2vec binary file of random numbers, and reads each by both: the text whole, the binary
file up to a limit. Ends with an error where a word or a number differs. Rewrites its table in benchmarks/README.md.

    python benchmarks/vectors.py [--words 400000] [--binary-words 3000000] [--limit 200000] [--dimension 300]
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import common
import numpy as np
from gensim.models import KeyedVectors

from embedlib import load_model
from embedlib.encoders.static import WordVectorEncoder

TIMES, TIMES_LIMIT, MEMORY = 2.0, 1.0, 1536  # the targets: times as fast as gensim; MiB
_ROWS = 1 << 12


def write_text(path: Path, words: int, dimension: int) -> None:
    """Write GloVe's text."""
    with path.open("w", encoding="ascii") as file:
        for start in range(0, words, _ROWS):
            for number, row in enumerate(random_rows(start, min(_ROWS, words - start), dimension).tolist(), start):
                file.write(f"w{number} {' '.join(map('%.5f'.__mod__, row))}\n")


def write_binary(path: Path, words: int, dimension: int, filled: int) -> None:
    """Write word2vec's binary format, of which the first words are filled; the rest takes no space on the disk."""
    with path.open("wb") as file:
        file.write(f"{words} {dimension}\n".encode())
        for start in range(0, filled, _ROWS):
            for number, row in enumerate(random_rows(start, min(_ROWS, filled - start), dimension), start):
                file.write(b"w%d " % number + row.tobytes() + b"\n")
        file.truncate(file.tell() + (words - filled) * (4 * dimension + 10))


def random_rows(seed: int, words: int, dimension: int) -> np.ndarray:
    """Draw rows, (words, dimension) float32."""
    return np.random.default_rng(seed).standard_normal((words, dimension), dtype=np.float32)


def by_embedlib(path: str, cache: Path) -> WordVectorEncoder:
    """Read a file, or open what the cache holds of it."""
    os.environ["EMBEDLIB_CACHE"] = str(cache)
    encoder = load_model(path)
    assert isinstance(encoder, WordVectorEncoder)
    return encoder


def cost(path: str, cache: Path, small: Path) -> tuple[float, float]:
    """Give the seconds and the peak MiB of one call; runs in a process of its own, which remembers no file."""
    with tempfile.TemporaryDirectory() as other:
        by_embedlib(str(small), Path(other))  # what loads at first use is loaded
    with common.PeakMemory() as peak:
        seconds = common.timed(lambda: by_embedlib(path, cache))
    return seconds, peak.above


def by_gensim(path: Path, limit: int | None) -> KeyedVectors:
    """Read a file by gensim: text, or the first words of a binary one."""
    return KeyedVectors.load_word2vec_format(path, binary=limit is not None, no_header=limit is None, limit=limit)


def compare(
    folder: Path, path: Path, small: Path, limit: int | None, repeats: int, peer_repeats: int
) -> dict[str, float]:
    """Read a file by both in turns; gives the best seconds of each, and embedlib's peak memory."""
    name = f"{path}[:{limit}]" if limit else str(path)
    caches = [folder / f"{path.stem}-{turn}" for turn in range(repeats)]
    first: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    theirs: list[float] = []
    peer: dict[str, KeyedVectors] = {}

    def read_by_gensim() -> None:
        peer.clear()  # before the next one is read
        peer["last"] = by_gensim(path, limit)

    for turn, cache in enumerate(caches):
        if turn < peer_repeats:
            theirs.append(common.timed(read_by_gensim))
            common.say(f"gensim: {theirs[-1]:.2f} s")
        for costs in (first, again):
            costs.append(common.in_fresh_process(cost, name, cache, small))
        common.say(f"embedlib: {first[-1][0]:.2f} s, again {again[-1][0]:.2f} s")
    ours, gensim = by_embedlib(name, caches[0]), peer["last"]
    if ours.words != gensim.index_to_key or not np.array_equal(ours.vectors, gensim.vectors):
        raise SystemExit(f"{path.name}: embedlib and gensim read other words or numbers: the comparison is void")
    seconds, memory = min(second for second, _ in first), max(peak for _, peak in first)
    return {"gensim": min(theirs), "embedlib": seconds, "again": min(second for second, _ in again), "memory": memory}


def rows_of(what: str, found: dict[str, float], times: float) -> list[tuple[str, ...]]:
    """Lay the rows of one file out."""
    ratio = found["gensim"] / found["embedlib"]
    below = f"; below {MEMORY:,} MiB: {common.verdict(found['memory'] < MEMORY)}"
    target = f"at least {times:g}: {common.verdict(ratio >= times)}{below}"
    return [
        (what, "gensim", f"{found['gensim']:.2f}", "**1.00**", "", ""),
        ("", "embedlib", f"{found['embedlib']:.2f}", f"**{ratio:.2f}**", f"{found['memory']:.0f} MiB", target),
        ("", "embedlib, again", f"{found['again']:.2f}", f"**{found['gensim'] / found['again']:.2f}**", "", ""),
    ]  # fmt: skip


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--words", type=int, default=400_000, help="of the text")
    parser.add_argument("--binary-words", type=int, default=3_000_000)
    parser.add_argument("--limit", type=int, default=200_000, help="of the binary file")
    parser.add_argument("--dimension", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-repeats", type=int, default=1, help="gensim takes minutes for the text each time")
    given = parser.parse_args()

    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        glove, word2vec = folder / "glove.txt", folder / "word2vec.bin"
        common.say("writing the files")
        small = folder / "small.txt"
        write_text(small, 100, given.dimension)
        write_text(glove, given.words, given.dimension)
        write_binary(word2vec, given.binary_words, given.dimension, given.limit)
        text = compare(folder, glove, small, None, given.repeats, given.peer_repeats)
        binary = compare(folder, word2vec, small, given.limit, given.repeats, given.repeats)
    content = common.table(
        ("file", "read by", "time, s", "times gensim", "peak memory", "target"),
        [
            *rows_of(f"GloVe text, {given.words:,} x {given.dimension}", text, TIMES),
            *rows_of(
                f"word2vec binary, {given.limit:,} of {given.binary_words:,} x {given.dimension}", binary, TIMES_LIMIT
            ),
        ],
    )
    best = f"The best of {given.repeats} times, for gensim's text of {given.peer_repeats}."
    line = common.machine_line("gensim", "numpy", "pyarrow")
    common.write_section("vectors", f"{content}\n{best} {line}", print_only=given.print_only)


if __name__ == "__main__":
    main()
