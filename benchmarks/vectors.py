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
    """Read a file, or take what the cache holds of it."""
    os.environ["EMBEDLIB_CACHE"] = str(cache)
    encoder = load_model(path)
    assert isinstance(encoder, WordVectorEncoder)
    return encoder


def by_gensim(path: Path, limit: int | None) -> KeyedVectors:
    """Read a file by gensim: text, or the first words of a binary one."""
    return KeyedVectors.load_word2vec_format(path, binary=limit is not None, no_header=limit is None, limit=limit)


def memory(path: str) -> float:
    """Measure the peak of reading a file in MiB; runs in a process of its own."""
    with tempfile.TemporaryDirectory() as cache, common.PeakMemory() as peak:
        by_embedlib(path, Path(cache))
    return peak.above


def compare(folder: Path, path: Path, limit: int | None, repeats: int, peer_repeats: int) -> dict[str, float]:
    """Read a file by both in turns; gives the best seconds of each, and embedlib's peak memory."""
    name = f"{path}[:{limit}]" if limit else str(path)
    caches = iter(range(1000))
    read: dict[str, WordVectorEncoder] = {}
    peer: dict[str, KeyedVectors] = {}

    def ours() -> None:
        read["last"] = by_embedlib(name, folder / f"{path.stem}-{next(caches)}")

    def theirs() -> None:
        peer.clear()  # before the next one is read
        peer["last"] = by_gensim(path, limit)

    together = min(repeats, peer_repeats)
    seconds = common.interleave({"gensim": theirs, "embedlib": ours}, together)
    seconds["embedlib"] += common.interleave({"embedlib": ours}, repeats - together)["embedlib"]
    ours_last, theirs_last = read["last"], peer["last"]
    if ours_last.words != theirs_last.index_to_key or not np.array_equal(ours_last.vectors, theirs_last.vectors):
        raise SystemExit(f"{path.name}: embedlib and gensim read other words or numbers: the comparison is void")
    again = common.interleave({"again": lambda: by_embedlib(name, folder / f"{path.stem}-0")}, repeats)["again"]
    above = common.in_fresh_process(memory, name)
    return {"again": min(again), "memory": above, **{who: min(times) for who, times in seconds.items()}}


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
        write_text(folder / "small.txt", 100, given.dimension)
        write_text(glove, given.words, given.dimension)
        write_binary(word2vec, given.binary_words, given.dimension, given.limit)
        by_embedlib(str(folder / "small.txt"), folder / "small")  # what loads at first use is loaded
        text = compare(folder, glove, None, given.repeats, given.peer_repeats)
        binary = compare(folder, word2vec, given.limit, given.repeats, given.repeats)
    content = common.table(
        ("file", "read by", "time, s", "times gensim", "peak memory", "target"),
        [
            *rows_of(f"GloVe text, {given.words:,} x {given.dimension}", text, TIMES),
            *rows_of(
                f"word2vec binary, {given.limit:,} of {given.binary_words:,} x {given.dimension}", binary, TIMES_LIMIT
            ),
        ],
    )
    best = f"Best of {given.repeats}, gensim's text of {given.peer_repeats}."
    line = common.machine_line("gensim", "numpy", "pyarrow")
    common.write_section("vectors", f"{content}\n{best} {line}", print_only=given.print_only)


if __name__ == "__main__":
    main()
