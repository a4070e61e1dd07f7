"""Time and peak memory by the number of words: extraction, the histogram of all pairs, analogies.

Every point is measured in a process of its own. The words are those of the book's relations, then
the lexicon's most frequent, so that the same questions are asked at every size; the vectors are
those that the extraction made. Rewrites its table in benchmarks/README.md and scaling.png.

    python benchmarks/scaling.py [--sizes 5000 10000 20000 40000 77568] [--repeats 2]
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import common
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from embedlib import load_dataset, load_words
from embedlib.datasets.load import words_of

MODEL = "gemma-3-270m-q4"
PICTURE = Path(__file__).with_name("scaling.png")
NAMES = {"extraction": "extraction", "histogram": "all pairs", "analogies": "3CosAdd"}
COLOURS = {"extraction": "#cc5544", "histogram": "#4477aa", "analogies": "#228833"}
Point = tuple[float, float]  # seconds, MiB


def word_list(size: int) -> list[str]:
    """List the words of the relations, then the lexicon's, `size` together."""
    return list(dict.fromkeys([*words_of(load_dataset("bats")), *load_words()]))[:size]


def extraction(size: int, file: Path) -> Point:
    """Measure encoding without the store, and keep the vectors."""
    from embedlib.encoders.loader import WordEncoder, load_model

    words, encoder = word_list(size), load_model(MODEL)
    assert isinstance(encoder, WordEncoder)
    encoder.encode_words(words[:200])  # loads what the first call loads
    with common.PeakMemory() as peak:
        tables = []
        seconds = common.timed(lambda: tables.append(encoder.encode_words(words)))
    if tables[0].missing:
        raise SystemExit(f"{MODEL} lacks {len(tables[0].missing)} words, so rows are not words")
    np.save(file, tables[0].vectors)
    return seconds, peak.above


def histogram(size: int, file: Path) -> Point:
    """Measure the histogram of all pairs."""
    from embedlib.metrics import similarity

    vectors = np.load(file)[:size]
    common.warm_up()
    with common.PeakMemory() as peak:
        seconds = common.timed(lambda: similarity.all_pairs_histogram(vectors))
    return seconds, peak.above


def analogies(size: int, file: Path) -> Point:
    """Measure 3CosAdd on all questions of the book's relations, every word a candidate."""
    from embedlib.metrics import analogy, questions

    vectors, words = np.load(file)[:size], word_list(size)
    common.warm_up()
    with common.PeakMemory() as peak:

        def work() -> None:
            asked = questions.from_relations(load_dataset("bats"), words)
            analogy.answer_questions(vectors, np.concatenate([q.pairwise for q in asked]))

        seconds = common.timed(work)
    return seconds, peak.above


def measure(sizes: list[int], repeats: int) -> pd.DataFrame:
    """Give a row for each work and size: words, work, seconds (the best), mib (the largest)."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        for size in sizes:
            for work, times in ((extraction, 1), (histogram, repeats), (analogies, repeats)):
                points = [common.in_fresh_process(work, size, file) for _ in range(times)]
                seconds, mib = min(p[0] for p in points), max(p[1] for p in points)
                common.say(f"{size:,} words, {work.__name__}: {seconds:.2f} s, {mib:.0f} MiB")
                rows.append((size, work.__name__, seconds, mib))
    return pd.DataFrame(rows, columns=["words", "work", "seconds", "mib"])


def draw(found: pd.DataFrame, file: Path) -> None:
    """Draw time and memory against words, on logarithmic scales."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    from embedlib import figures

    titles = {"seconds": "time, seconds", "mib": "peak memory, MiB"}
    figure, panels = figures.new_panels(list(titles.values()), columns=2, width=5.2, height=3.9)
    sizes = sorted(found["words"].unique())
    for column, title in titles.items():
        ax, ends = panels[title], []
        for work, rows in found.groupby("work", sort=False):
            ax.plot(rows["words"], rows[column], color=COLOURS[str(work)], marker="o", ms=4.5, lw=1.8)
            ends.append((float(rows[column].iloc[-1]), str(work)))
        ax.set(xscale="log", yscale="log", xlabel="words", xlim=(sizes[0] / 1.15, sizes[-1] * 2.6))
        ax.set_xticks(sizes, labels=[f"{size / 1000:.3g}k" for size in sizes])
        ax.xaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if column == "mib" else (1,)))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        ax.grid(alpha=0.25)
        name_lines(ax, ends, sizes[-1])
    figure.savefig(file, dpi=120)


def name_lines(ax: Axes, ends: list[tuple[float, str]], right: int) -> None:
    """Write each line's name at its right end, names that would touch moved apart."""
    above = -np.inf
    for value, work in sorted(ends):
        height = float(ax.transData.transform((right, value))[1]) * 72 / ax.figure.dpi
        place = max(height, above + 13)
        ax.annotate(
            NAMES[work], (right, value), (9, place - height), textcoords="offset points", va="center", fontsize=10,
            color=COLOURS[work],
        )  # fmt: skip
        above = place


def growth(found: pd.DataFrame) -> str:
    """Say how time grows between the two largest sizes."""
    small, large = sorted(found["words"].unique())[-2:]
    times = found.pivot_table(index="work", columns="words", values="seconds", sort=False)
    powers = np.log(times[large] / times[small]) / np.log(large / small)
    parts = [f"{NAMES[str(work)]} {power:.2f}" for work, power in powers.items()]
    return (
        f"From {small:,} to {large:,} words, time grows as a power of the number of words. The exponents: "
        f"{', '.join(parts)}."
    )


def main() -> None:
    everything = len(load_words())
    parser = common.parser(__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 10_000, 20_000, 40_000, everything])
    parser.add_argument("--repeats", type=int, default=2, help="of the histogram and the analogies; the best counts")
    given = parser.parse_args()

    common.say(f"extraction by {MODEL}, all pairs and analogies at {len(given.sizes)} sizes")
    found = measure(sorted(given.sizes), given.repeats)
    cells = {(words, work): (s, mib) for words, work, s, mib in found.itertuples(index=False)}
    header = ["words", *(f"{NAMES[work]}, {unit}" for work in NAMES for unit in ("s", "MiB"))]
    lines = [
        [f"{size:,}"]
        + [text for work in NAMES for s, mib in [cells[size, work]] for text in (f"{s:.2f}", f"{mib:.0f}")]
        for size in sorted(given.sizes)
    ]
    content = f"{common.table(header, lines)}\n"
    if len(lines) > 1:
        content += f"{growth(found)}\n"
    line = common.machine_line("torch", "numpy", "numba")
    if not given.print_only:
        draw(found, PICTURE)
    common.write_section("scaling", f"{content}\n{line}", print_only=given.print_only)


if __name__ == "__main__":
    main()
