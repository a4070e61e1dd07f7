"""Google's analogy questions over GloVe's most frequent words: embedlib beside gensim.

Both read the same file, answer by 3CosAdd with the inputs left out, and count right answers a
section, in one process and on the same vectors. Ends with an error where a count differs.
Rewrites its table in benchmarks/README.md.

    python benchmarks/analogies.py [--words 300000] [--repeats 5] [--peer-repeats 2]
"""

from __future__ import annotations

import common
import numpy as np
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from embedlib import load_dataset, load_model
from embedlib.datasets.word_forms import as_asked
from embedlib.encoders.static import WordVectorEncoder
from embedlib.metrics import analogy, questions

MODEL = "glove-6b-50d"
TIMES, MEMORY = 14, 1024  # the targets: times as fast as gensim; MiB above the vectors
Counts = dict[str, tuple[int, int]]


def load(words: int) -> tuple[list[str], np.ndarray]:
    """Give the most frequent words and their vectors."""
    encoder = load_model(MODEL)
    assert isinstance(encoder, WordVectorEncoder)
    return encoder.words[:words], encoder.vectors[:words]


def answer(words: list[str], vectors: np.ndarray) -> Counts:
    """Read, look up, answer and count, by embedlib: right and answered questions a section."""
    asked = questions.from_analogies(as_asked(load_dataset("google-analogies"), "lower"), words)
    answers = analogy.answer_questions(vectors, np.concatenate([q.pairwise for q in asked]))
    right = answers.excluded == np.concatenate([q.right[:, 0] for q in asked])
    parts = np.split(right, np.cumsum([len(q.pairwise) for q in asked])[:-1])
    return {q.relation: (int(part.sum()), len(part)) for q, part in zip(asked, parts, strict=True)}


def answer_by_gensim(keyed: KeyedVectors, words: int) -> Counts:
    """Do the same by gensim."""
    _, sections = keyed.evaluate_word_analogies(datapath("questions-words.txt"), restrict_vocab=words)
    right = {section["section"]: len(section["correct"]) for section in sections[:-1]}
    return {
        section["section"]: (right[section["section"]], right[section["section"]] + len(section["incorrect"]))
        for section in sections[:-1]
    }


def memory(words: int) -> float:
    """Measure the peak above the vectors in MiB; runs in a process of its own."""
    listed, vectors = load(words)
    common.warm_up()
    with common.PeakMemory() as peak:
        answer(listed, vectors)
    return peak.above


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--words", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peer-repeats", type=int, default=2, help="gensim takes about a minute each time")
    given = parser.parse_args()

    words, vectors = load(given.words)
    keyed = KeyedVectors(vectors.shape[1])
    keyed.add_vectors(words, vectors)
    common.warm_up()
    common.say(f"{len(words):,} words; each answers all questions, gensim in about a minute")
    counts: dict[str, Counts] = {}

    def ours() -> None:
        counts["embedlib"] = answer(words, vectors)

    def theirs() -> None:
        counts["gensim"] = answer_by_gensim(keyed, len(words))

    together = min(given.repeats, given.peer_repeats)
    seconds = common.interleave({"gensim": theirs, "embedlib": ours}, together)
    seconds["gensim"] += common.interleave({"gensim": theirs}, given.peer_repeats - together)["gensim"]
    seconds["embedlib"] += common.interleave({"embedlib": ours}, given.repeats - together)["embedlib"]
    report(counts["embedlib"], counts["gensim"])
    above = common.in_fresh_process(memory, given.words)

    gensim, embedlib = min(seconds["gensim"]), min(seconds["embedlib"])
    right, asked = (sum(column) for column in zip(*counts["embedlib"].values(), strict=True))
    content = common.table(
        ("candidates", "questions", "right", "gensim, s", "embedlib, s", "ratio", "target", "embedlib's peak memory"),
        [(
            f"{len(words):,}", f"{asked:,}", f"{right:,}, equal in all {len(counts['gensim'])} sections",
            f"{gensim:.1f}", f"{embedlib:.2f}", f"**{gensim / embedlib:.1f}**",
            f"at least {TIMES}: {common.verdict(gensim / embedlib >= TIMES)}",
            f"{above:.0f} MiB; target below {MEMORY:,}: {common.verdict(above < MEMORY)}",
        )],
    )  # fmt: skip
    best = f"The best of {given.peer_repeats} times for gensim, and of {given.repeats} for embedlib."
    line = common.machine_line("gensim", "numpy", "numba")
    common.write_section("analogies", f"{content}\n{best} {line}", print_only=given.print_only)


def report(ours: Counts, theirs: Counts) -> None:
    """Show the counts of every section; ends the script where one differs."""
    for section in dict.fromkeys([*theirs, *ours]):
        same = ours.get(section) == theirs.get(section)
        print(f"  {section:30} gensim {theirs.get(section)}  embedlib {ours.get(section)}{'' if same else '  DIFFERS'}")
    if ours != theirs:
        raise SystemExit("the counts differ: the comparison is void")


if __name__ == "__main__":
    main()
