"""Encoders with one vector for each word or token, whatever its context."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from embedlib._util.parquet import read_parquet
from embedlib.embeddings.table import EmbeddingTable, FloatMatrix
from embedlib.encoders.base import Layer, PoolingChoice, WordsAsTexts, blank_reason, equal_length_batches
from embedlib.encoders.pooling import pool
from embedlib.encoders.request import text_request
from embedlib.encoders.vocabulary import Vocabulary
from embedlib.errors import ArtifactError
from embedlib.models.external.gensim_fasttext import Subwords
from embedlib.models.files import verified_file
from embedlib.models.spec import ModelSpec

# Words, numbers and the clitics that GloVe's Penn Treebank tokens split off; punctuation is left out.
_TOKEN = re.compile(r"n't|'(?:s|re|ve|ll|d|m)\b|\d+(?:[.,]\d+)*|[^\W_]+?(?=n't\b)|[^\W_]+")


def pool_rows(matrix: FloatMatrix, rows: Sequence[Sequence[int]], pooling: str) -> FloatMatrix:
    """Pool rows of a matrix for each text: n non-empty lists of row numbers to (n, d) float32."""
    out = np.empty((len(rows), matrix.shape[1]), dtype=np.float32)
    for batch in equal_length_batches([len(r) for r in rows], budget=1 << 16):
        hidden = torch.from_numpy(matrix[np.array([rows[i] for i in batch])].astype(np.float32, copy=False))
        out[batch] = pool(hidden, torch.ones(hidden.shape[:2], dtype=torch.bool), pooling).numpy()
    return out


class StaticEncoder:
    """What word vectors and token vectors share: a matrix, and row numbers for a text."""

    def __init__(self, spec: ModelSpec, matrix: FloatMatrix | NDArray[np.float16]) -> None:
        self.spec = spec
        self.dtype = "float32"
        self.vectors = matrix.astype(np.float32, copy=False)
        if matrix.ndim != 2 or matrix.shape[1] != spec.dimension:
            raise ArtifactError(
                f"{spec.name}: the vectors have shape {matrix.shape}, the roster says dimension {spec.dimension}"
            )

    def text_rows(self, text: str) -> list[int]:
        """Give the rows of a text's words or tokens, in order; empty where there is none."""
        raise NotImplementedError

    def no_rows_reason(self) -> str:
        """Say why a text has no rows."""
        raise NotImplementedError

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Pool the vectors of each sentence's words or tokens; see `embedlib.embed_sentences`."""
        asked = text_request(self.spec, sentences, layer, pooling, template)
        keys, missing = asked.split(
            lambda text: blank_reason(text) or (None if self.text_rows(text) else self.no_rows_reason())
        )
        rows = [self.text_rows(asked.fill(text)) for text in keys]
        pooled = [pool_rows(self.vectors, rows, mode) for mode in asked.poolings]
        return asked.table(keys, np.stack(pooled, axis=1)[:, :, None], missing)


class WordVectorEncoder(StaticEncoder):
    """A vector a word: GloVe (pennington2014glove), Word2Vec (mikolov2013word2vec), fastText.

    `words` holds the vocabulary in the order of the rows of `vectors`, which stay on disk until they are asked for.
    How a word is looked up stands at `Vocabulary`. A word that fastText has not seen is made of its subwords where the
    file holds them, and `found_as` says "" of it; in a sentence such words are left out.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        super().__init__(spec, _mapped(spec, "vectors"))
        table = read_parquet(verified_file(spec, "vocabulary"))
        self.words: list[str] = table.column(0).to_pylist()
        if len(self.words) != len(self.vectors):
            raise ArtifactError(f"{spec.name}: {len(self.words)} words but {len(self.vectors)} vectors")
        self.vocabulary = Vocabulary(self.words, spec.case)
        self.subwords = None
        if spec.has_artifact("subwords"):
            lengths = table.schema.metadata
            self.subwords = Subwords(_mapped(spec, "subwords"), int(lengths[b"shortest"]), int(lengths[b"longest"]))

    def text_rows(self, text: str) -> list[int]:
        text = unicodedata.normalize("NFC", text).replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        tokens = _TOKEN.findall(text.lower() if self.spec.case == "lower" else text)
        return [row for row in map(self.vocabulary.find, tokens) if row is not None]

    def no_rows_reason(self) -> str:
        return f"no word of it is among the {len(self.words):,} of the vocabulary"

    def encode_words(
        self, words: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Look words up; with a template, encode the filled template as a sentence."""
        if template is not None:
            return self.encode_sentences(words, layer=layer, pooling=pooling, template=template)
        asked = text_request(self.spec, words, layer, pooling, None)
        rows: dict[str, int] = {}
        made: dict[str, FloatMatrix] = {}
        missing, found_as = {}, {}
        for word in asked.keys:
            row = self.vocabulary.find(word)
            if row is not None:
                rows[word] = row
                if self.words[row] != word:
                    found_as[word] = self.words[row]
            elif reason := blank_reason(word):
                missing[word] = reason
            elif self.subwords is not None and (vector := _composed(word, self.subwords)).any():
                rows[word], made[word], found_as[word] = 0, vector, ""
            else:
                among = f"not among the {len(self.words):,} words of the vocabulary{self.vocabulary.tried(word)}"
                missing[word] = among if self.subwords is None else f"{among}, and none of its subwords has a vector"
        vectors = self.vectors[np.array(list(rows.values()), dtype=np.intp)]
        for place, word in enumerate(rows):
            if word in made:
                vectors[place] = made[word]
        array = np.repeat(vectors[:, None, None], len(asked.poolings), axis=1)  # a word is one vector, however pooled
        return asked.table(list(rows), array, missing, found_as=found_as)


def _composed(word: str, subwords: Subwords) -> FloatMatrix:
    """Make the vector of a word that fastText has not seen, (d,): the mean over its n-grams, zeros without any."""
    numbers = subwords.buckets_of(word)
    mean: FloatMatrix = subwords.buckets[numbers].sum(axis=0, dtype=np.float32) / max(1, len(numbers))
    return mean


def _mapped(spec: ModelSpec, role: str) -> FloatMatrix:
    """Open a matrix on disk: its rows are read when they are used."""
    matrix: FloatMatrix = np.asarray(np.load(verified_file(spec, role), mmap_mode="r"))
    return matrix


class TokenVectorEncoder(WordsAsTexts, StaticEncoder):
    """A vector a subword token, pooled over a text's tokens: WordLlama (miller2024wordllama)."""

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        super().__init__(spec, load_file(verified_file(spec, "vectors"))["embedding.weight"])
        self.tokenizer = Tokenizer.from_file(str(verified_file(spec, "tokenizer")))
        self._unknown = {self.tokenizer.token_to_id("<unk>")}

    def text_rows(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return [] if set(ids) <= self._unknown else ids

    def no_rows_reason(self) -> str:
        return "tokenises to nothing that the model knows"
