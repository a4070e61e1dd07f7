"""What visits all pairs of words: the histogram of cosines and the nearest neighbours.

(a) The histogram's time beside that of the matrix products alone, which nothing can do without.
(b) Its counts beside numpy's. (c) Its time and memory on the whole lexicon. (d) The ten nearest
neighbours of every word in every model. Rewrites its tables in benchmarks/README.md.

    python benchmarks/all_pairs.py [--words all] [--size 32000] [--repeats 7] [--vectors auto]
"""

from __future__ import annotations

import common
import numpy as np

from embedlib import embed_words, list_models, load_words
from embedlib.embeddings.store import stored_folders
from embedlib.encoders.loader import code_version
from embedlib.metrics import similarity
from embedlib.models.roster import find_model

OVERHEAD, MEMORY, NEIGHBOURS = 1.35, 1536, 120  # the targets: ratio, MiB, seconds
CHECKED, DIMENSION, WIDEST, K = 3000, 384, 640, 10


def bare(rows: np.ndarray) -> None:
    """Take the products of the upper triangle, each into the same memory, and leave them."""
    for _ in similarity.upper_blocks(rows):
        pass


def plain(rows: np.ndarray, height: int = 1024, width: int = 4096) -> None:
    """Do so in numpy without any of embedlib."""
    for top in range(0, len(rows), height):
        for left in range(top, len(rows), width):
            rows[top : top + height] @ rows[left : left + width].T


def overhead(size: int, repeats: int) -> str:
    vectors = common.random_vectors(size, DIMENSION)
    rows = similarity.unit(vectors)
    works = {
        "plain numpy": lambda: plain(rows),
        "products alone": lambda: bare(rows),
        "histogram": lambda: similarity.all_pairs_histogram(vectors),
    }
    bare(rows)
    seconds = common.interleave(works, repeats)
    lines = []
    for name, values in seconds.items():
        ratio = common.median([a / b for a, b in zip(values, seconds["products alone"], strict=True)])
        best = min(values) / min(seconds["products alone"])
        last = name == "histogram"
        lines.append((
            f"{name}, {size:,} x {DIMENSION}", f"{common.median(values):.2f}", f"{min(values):.2f}",
            f"**{ratio:.2f}**" if last else f"{ratio:.2f}", f"{best:.2f}",
            f"at most {OVERHEAD}: {common.verdict(ratio <= OVERHEAD)}" if last else "",
        ))  # fmt: skip
    header = ("work", "median, s", "best, s", "ratio to the products alone, median of turns", "of the best", "target")
    return common.table(header, lines)


def check() -> str:
    """Compare the histogram's counts with numpy's; ends the script where they differ."""
    vectors = common.random_vectors(CHECKED, DIMENSION)
    counts = similarity.all_pairs_histogram(vectors)[0, 0]
    blocks = similarity.upper_blocks(similarity.unit(vectors))
    cosines = np.concatenate([
        block[np.triu_indices(len(block), 1, block.shape[1])] if left == top else block.ravel().copy()
        for top, left, block in blocks
    ])  # fmt: skip
    expected, _ = np.histogram(cosines, np.linspace(-1, 1, len(counts) + 1))
    if (counts != expected).any():
        raise SystemExit("the histogram's counts are not numpy's: the comparison is void")
    return (
        f"On {CHECKED:,} words ({counts.sum():,} pairs), all {len(counts)} counts equal those of numpy's "
        "histogram with the same edges."
    )


def whole(words: int) -> tuple[float, float]:
    """Measure seconds and peak memory above the vectors in MiB; runs in a process of its own."""
    vectors = common.random_vectors(words, WIDEST)
    common.warm_up()
    with common.PeakMemory() as peak:
        seconds = common.timed(lambda: similarity.all_pairs_histogram(vectors))
    return seconds, peak.above


def stored(model: str) -> int:
    """Count the words whose default vectors the store holds."""
    spec = find_model(model)
    wanted = (spec.name, spec.checksum, "words", spec.layer, spec.pooling, None, "float32", code_version(spec))
    for folder in stored_folders():
        who = folder.identity
        found = (who.model, who.checksum, who.kind, who.layer, who.pooling, who.template, who.dtype, who.code)
        if found == wanted:
            return folder.rows
    return 0


def vectors_of(model: str, words: list[str], kind: str) -> tuple[np.ndarray, str]:
    """Give a model's vectors of the words it knows, and where they are from.

    A causal model takes minutes for the whole lexicon: where its vectors are not stored, auto
    draws random ones of the same shape.
    """
    spec = find_model(model)
    if kind == "random" or (kind == "auto" and spec.encoder_kind.left_to_right and stored(model) < len(words)):
        return common.random_vectors(len(words), spec.dimension), "random"
    return embed_words(model, words).vectors, "the model's"


def neighbours(words: list[str], kind: str) -> str:
    lines, total = [], 0.0
    for model in list_models().index:
        vectors, source = vectors_of(model, words, kind)
        seconds = common.timed(lambda: similarity.nearest_neighbours(vectors, K))  # noqa: B023
        total += seconds
        common.say(f"{K} neighbours, {model}: {len(vectors):,} x {vectors.shape[1]}, {source}: {seconds:.1f} s")
        lines.append((f"`{model}`", f"{len(vectors):,}", f"{vectors.shape[1]}", source, f"{seconds:.1f}", ""))
    met = f"below {NEIGHBOURS}: {common.verdict(total < NEIGHBOURS)}"
    lines.append(("together", "", "", "", f"**{total:.0f}**", met))
    return common.table(("model", "words known", "dimension", "vectors", f"{K} neighbours, s", "target"), lines)


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--words", type=common.word_count, default="all", help="of the lexicon, for memory, neighbours")
    parser.add_argument("--size", type=int, default=32_000, help="random vectors to time")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--vectors", choices=("auto", "model", "random"), default="auto", help="for the neighbours")
    given = parser.parse_args()

    words = load_words(given.words)
    common.warm_up()
    common.say(f"all pairs of {given.size:,} vectors, {given.repeats} times")
    first = overhead(given.size, given.repeats)
    checked = check()
    common.say(f"{checked} Now all pairs of {len(words):,} x {WIDEST} in a process of its own")
    seconds, above = common.in_fresh_process(whole, len(words))
    second = common.table(
        ("histogram of", "time, s", "peak memory above the vectors", "target"),
        [(f"{len(words):,} x {WIDEST}, random", f"{seconds:.1f}", f"**{above:.0f} MiB**",
          f"below {MEMORY:,} MiB: {common.verdict(above < MEMORY)}")],
    )  # fmt: skip
    third = neighbours(words, given.vectors)
    content = f"{first}\n{checked}\n\n{second}\n{third}\n{common.machine_line('numpy', 'numba')}"
    common.write_section("all-pairs", content, print_only=given.print_only)


if __name__ == "__main__":
    main()
