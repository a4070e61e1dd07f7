"""Words a second of the causal models: embedlib in fp32 and bfloat16 beside sentence-transformers in fp32.

All run in this process, in turns, on the same weights and words, with mean pooling.
sentence-transformers' mean includes the BOS token, which embedlib leaves out: for the comparison of
vectors, row by row, embedlib's hidden states are pooled with BOS too. Ends with an error where the
fp32 vectors differ. A second table says what bfloat16 does to scores. Rewrites its tables in
benchmarks/README.md.

    python benchmarks/extraction.py [--words 6000] [--random] [--repeats 2] [--candidates 2000] [--device cpu]
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import common
import numpy as np
import torch
from scipy import stats
from transformers.utils import logging as hub_logging

from embedlib import load_dataset, load_words
from embedlib.datasets.load import words_of
from embedlib.datasets.word_forms import as_asked
from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.causal import CausalEncoder
from embedlib.encoders.gguf_convert import model_folder
from embedlib.metrics import analogy, questions, relatedness, similarity
from embedlib.models.roster import find_model

hub_logging.set_verbosity_error()
hub_logging.disable_progress_bar()

MODELS = ("gemma-3-270m-q4", "qwen2.5-coder-0.5b-q4")
DTYPES = ("float32", "bfloat16")
TIMES = {"float32": 2.5, "bfloat16": 4.0}  # the targets; that of bfloat16 is for AMX or a GPU
Agreement = dict[str, tuple[float, float]]
AGREEMENT = 0.9999  # the least cosine of an fp32 vector with the peer's


def peer(encoder: CausalEncoder, device: str) -> Callable[[list[str]], np.ndarray]:
    """Build sentence-transformers on the same folder, with mean pooling, reading BOS in front of every word."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    plain = {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}  # words, not chat messages
    transformer = Transformer(
        str(model_folder(encoder.spec)), modality_config=plain, module_output_name="token_embeddings"
    )
    model = SentenceTransformer(modules=[transformer, Pooling(encoder.spec.dimension, "mean")], device=device)
    front = common.bos_in_front(transformer.tokenizer, encoder.spec.bos)

    def run(words: list[str]) -> np.ndarray:
        return np.asarray(model.encode([front + word for word in words], batch_size=256, show_progress_bar=False))

    return run


def with_bos(encoder: CausalEncoder, words: list[str]) -> np.ndarray:
    """Give embedlib's mean over BOS and the word's tokens, as sentence-transformers pools."""
    tokens = encoder.tokenize(words)
    out = np.empty((len(words), encoder.spec.dimension), dtype=np.float32)
    with torch.inference_mode():
        for batch in encoder.hidden_batches([t.ids for t in tokens], (encoder.spec.layer,)):
            out[batch.positions] = batch.hidden[:, 0].float().mean(dim=1).cpu().numpy()
    return out


def agreement(left: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Give the least and the median cosine of a row with the same row of the other."""
    cosines = common.row_cosines(left, right)
    return float(cosines.min()), float(np.median(cosines))


def scores(table: EmbeddingTable[str]) -> dict[str, float]:
    """Score vectors as the book does: ratings, related pairs, analogies among the table's words."""
    rated = as_asked(load_dataset("simlex999"), "lower")
    left, right, known = table.pair_rows(list(rated["word1"]), list(rated["word2"]))
    cosines = similarity.pairwise_cosine(table.vectors, left, right)
    relations = load_dataset("bats")
    related = relatedness.related_pairs(relations)
    related = related[related["kind"] == "semantic"]
    others = relatedness.re_pair(related, np.random.default_rng(1))
    sets = []
    for pairs in (related, others):
        first, second, _ = table.pair_rows(list(pairs["first"]), list(pairs["second"]))
        sets.append(similarity.pairwise_cosine(table.vectors, first, second))
    asked = questions.from_relations(relations, table.keys)
    answers = analogy.answer_questions(table.vectors, np.concatenate([q.pairwise for q in asked])).excluded
    parts = np.split(answers, np.cumsum([len(q.pairwise) for q in asked])[:-1])
    hits = [(q.right == part[:, None]).any(axis=1) for q, part in zip(asked, parts, strict=True)]
    return {
        "SimLex-999, Spearman": float(stats.spearmanr(cosines, rated["score"][known]).statistic),
        "semantic pairs, AUC": relatedness.separate(*sets).auc,
        "relations, 3CosAdd, accuracy": float(np.concatenate(hits).mean()),
    }


def load(model: str, dtype: str, device: str) -> CausalEncoder:
    """Load an encoder that the next one does not replace."""
    return CausalEncoder(find_model(model), dtype, device)


def fast_bfloat16(device: str) -> bool:
    """Tell whether AMX or a GPU does the work."""
    return device != "cpu" or "amx_bf16" in common.cpu_flags()


def target(dtype: str, ratio: float, device: str) -> str:
    """Say what the target is, and whether it is met or does not apply."""
    text = f"at least {TIMES[dtype]}"
    if dtype == "bfloat16" and not fast_bfloat16(device):
        would = "would be met" if ratio >= TIMES[dtype] else "would not be met"
        return f"{text} where AMX or a GPU does the work, so not here; it {would}"
    return f"{text}: {common.verdict(ratio >= TIMES[dtype])}"


def check(model: str, encoders: dict[str, CausalEncoder], words: list[str], theirs: np.ndarray) -> Agreement:
    """Compare vectors in each precision with the peer's; ends the script where fp32 differs."""
    found = {dtype: agreement(with_bos(encoder, words), theirs) for dtype, encoder in encoders.items()}
    common.say(f"{model}, {len(words):,} words: smallest and median cosine with sentence-transformers {found}")
    if found["float32"][0] < AGREEMENT:
        raise SystemExit(f"{model}: the vectors differ: the comparison is void")
    return found


def compare(model: str, words: list[str], listed: list[str], given: Any) -> tuple[list[Any], list[Any]]:
    """Time one model and score it in both precisions: the lines of the two tables."""
    common.say(f"{model}: loading")
    encoders = {dtype: load(model, dtype, given.device) for dtype in DTYPES}
    run_peer = peer(encoders["float32"], given.device)
    check(model, encoders, words[:200], run_peer(words[:200]))
    rounds: list[np.ndarray] = []
    works: dict[str, Callable[[], object]] = {f"{model}, sentence-transformers": lambda: rounds.append(run_peer(words))}
    works |= {
        f"{model}, {dtype}": functools.partial(encoder.encode_words, words) for dtype, encoder in encoders.items()
    }
    seconds = common.interleave(works, given.repeats)
    agree = check(model, encoders, words, rounds[0])
    rates = {name: len(words) / min(values) for name, values in seconds.items()}
    their_rate = rates[f"{model}, sentence-transformers"]
    lines = []
    for dtype in DTYPES:
        ratio = rates[f"{model}, {dtype}"] / their_rate
        lines.append((
            f"`{model}`", dtype, f"{their_rate:,.0f}", f"{rates[f'{model}, {dtype}']:,.0f}", f"**{ratio:.2f}**",
            target(dtype, ratio, given.device), *(f"{cosine:.6f}" for cosine in agree[dtype]),
        ))  # fmt: skip

    common.say(f"{model}: {len(listed):,} words in both precisions, for the scores")
    found = {dtype: scores(encoder.encode_words(listed)) for dtype, encoder in encoders.items()}
    changes = [
        (f"`{model}`", name, *(f"{found[dtype][name]:.4f}" for dtype in DTYPES),
         f"{found['bfloat16'][name] - found['float32'][name]:+.4f}")
        for name in found["float32"]
    ]  # fmt: skip
    return lines, changes


def hardware(device: str) -> str:
    """Say what there is for bfloat16 here."""
    flags = common.cpu_flags()
    parts = [
        f"AMX {'yes' if 'amx_bf16' in flags else 'no'}",
        f"AVX-512 bfloat16 {'yes' if 'avx512_bf16' in flags else 'no'}",
        f"GPU {'yes' if torch.cuda.is_available() else 'no'}",
    ]
    return f"Run on `{device}`; {', '.join(parts)}."


def main() -> None:
    parser = common.parser(__doc__)
    parser.add_argument("--words", type=int, default=6000, help="how many of the most frequent words to time")
    parser.add_argument("--random", action="store_true", help="draw them from the whole lexicon instead")
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--candidates", type=int, default=2000, help="frequent words beside those of the scores")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    given = parser.parse_args()

    words = load_words(given.words)
    if given.random:
        words = np.random.default_rng(0).permutation(load_words())[: given.words].tolist()
    sets = [*words_of(load_dataset("bats")), *words_of(as_asked(load_dataset("simlex999"), "lower"))]
    listed = list(dict.fromkeys([*sets, *load_words(given.candidates)]))
    results = [compare(model, words, listed, given) for model in given.models]
    first = common.table(
        ("model", "embedlib in", "sentence-transformers in fp32, words/s", "embedlib, words/s", "ratio", "target",
         "smallest cosine", "median cosine"),
        [line for lines, _ in results for line in lines],
    )  # fmt: skip
    second = common.table(
        ("model", "score", "float32", "bfloat16", "difference"), [line for _, lines in results for line in lines]
    )
    sort = "random" if given.random else "most frequent"
    about = (
        f"The {len(words):,} {sort} words in batches of 256; the best of {given.repeats} times. "
        f"{hardware(given.device)}"
    )
    line = common.machine_line("torch", "transformers", "sentence-transformers")
    caption = f"Scores on {len(listed):,} words, those of the test sets and the {given.candidates:,} most frequent:"
    content = f"{first}\n{about}\n\n{caption}\n\n{second}\n{line}"
    common.write_section("extraction", content, print_only=given.print_only)


if __name__ == "__main__":
    main()
