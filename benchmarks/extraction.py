"""Words a second with gemma-3-270m-q4 in fp32: embedlib beside sentence-transformers.

Both run in this process, one after the other, on the same weights and words, with mean pooling.
sentence-transformers' mean includes the BOS token, which embedlib leaves out: for the comparison of
vectors, row by row, embedlib's hidden states are pooled with BOS too. Rewrites the table in
benchmarks/README.md.

    python benchmarks/extraction.py [--words 4000] [--repeats 3]
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np
import torch
from transformers.utils import logging as hub_logging

from embedlib import load_model, load_words
from embedlib.encoders.causal import CausalEncoder
from embedlib.encoders.convert import model_folder

hub_logging.set_verbosity_error()
hub_logging.disable_progress_bar()

MODEL = "gemma-3-270m-q4"
README = Path(__file__).with_name("README.md")


def peer(folder: Path) -> Any:
    """Build the sentence-transformers model: the same folder with mean pooling."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    transformer = Transformer(str(folder))
    return SentenceTransformer(modules=[transformer, Pooling(640, "mean")], device="cpu")


def with_bos(encoder: CausalEncoder, words: list[str]) -> np.ndarray:
    """Give embedlib's mean over BOS and the word's tokens, as sentence-transformers pools."""
    tokens = encoder.tokenize(words)
    out = np.empty((len(words), encoder.spec.dimension), dtype=np.float32)
    with torch.inference_mode():
        for batch in encoder.hidden_batches([t.ids for t in tokens], (encoder.spec.layer,)):
            out[batch.positions] = batch.hidden[:, 0].mean(dim=1).numpy()
    return out


def cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give the cosine of each row with the same row of the other."""
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms)


def rate(work: Any, words: list[str], repeats: int) -> float:
    """Time `work(words)` and give the best of the repeats in words a second."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        work(words)
        times.append(time.perf_counter() - started)
    return len(words) / min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--words", type=int, default=4000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()

    everything = load_words()
    chosen = np.random.default_rng(0).permutation(len(everything))[: given.words]
    words = [everything[i] for i in chosen]
    encoder = load_model(MODEL)
    assert isinstance(encoder, CausalEncoder)
    other = peer(model_folder(encoder.spec))

    def run_peer(texts: list[str]) -> np.ndarray:
        return np.asarray(other.encode(texts, batch_size=256, show_progress_bar=False))

    agreement = float(cosines(with_bos(encoder, words), run_peer(words)).min())
    theirs = rate(run_peer, words, given.repeats)
    ours = rate(encoder.encode_words, words, given.repeats)
    line = (
        f"| `{MODEL}`, fp32, mean pooling, {len(words):,} random words, batch 256 | {theirs:,.0f} | {ours:,.0f} "
        f"| **{ours / theirs:.2f}** | {agreement:.6f} |"
    )
    print(line)
    if agreement < 0.9999:
        raise SystemExit("the vectors differ: the comparison is void")
    text = README.read_text(encoding="utf-8")
    head, _, tail = text.partition("<!-- extraction -->\n")
    _, _, after = tail.partition("<!-- end -->\n")
    table = (
        "| task | sentence-transformers, words/s | embedlib, words/s | ratio | smallest cosine |\n"
        "|---|---|---|---|---|\n"
        f"{line}\n\n"
        f"{platform.machine()}, {os.cpu_count()} cores, torch {torch.__version__.split('+')[0]}, "
        f"best of {given.repeats}.\n"
    )
    README.write_text(f"{head}<!-- extraction -->\n{table}<!-- end -->\n{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
