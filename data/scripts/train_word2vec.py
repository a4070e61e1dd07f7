"""Train `word2vec-enwiki-sample` and write its vectors under data/ (run by `make word2vec`).

Skip-gram with negative sampling (mikolov2013word2vec) on the Wikipedia sample that gensim ships,
with one worker, a fixed seed and a fixed hash seed, so that a second run on the same versions of
gensim and numpy gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from gensim.corpora.wikicorpus import WikiCorpus
from gensim.models import Word2Vec
from gensim.test.utils import datapath

CORPUS = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
SETTINGS = {
    "sg": 1, "vector_size": 100, "window": 5, "negative": 10, "sample": 1e-4, "min_count": 3,
    "epochs": 20, "seed": 1, "workers": 1,
}  # fmt: skip


def main(folder: Path) -> None:
    """Train and write `vectors.npy` (float16) and `vocabulary.parquet` into a folder."""
    if os.environ.get("PYTHONHASHSEED") != "0":
        sys.exit("train_word2vec needs PYTHONHASHSEED=0 (use `make word2vec`): gensim hashes words with it")
    started = time.monotonic()
    corpus = WikiCorpus(datapath(CORPUS), processes=1, dictionary={}, article_min_tokens=0, token_min_len=1)
    articles = list(corpus.get_texts())
    words = sum(map(len, articles))
    model = Word2Vec(articles, **SETTINGS)
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "vectors.npy", model.wv.vectors.astype(np.float16))
    vocabulary = pa.table({"word": model.wv.index_to_key})
    pq.write_table(vocabulary, folder / "vocabulary.parquet", compression="zstd")
    print(f"{len(articles)} articles, {words:,} words, {len(model.wv):,} vectors, {time.monotonic() - started:.0f} s")
    for path in (folder / "vectors.npy", folder / "vocabulary.parquet"):
        print(hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_size, path.name)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1] / "word2vec-enwiki-sample")
