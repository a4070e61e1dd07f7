"""The committed data, and facts about the models measured on it."""

import hashlib
import re

import numpy as np
import pandas as pd
import pytest
from conftest import real
from wordfreq import zipf_frequency

from embedlib import load_dataset, load_words
from embedlib._util.paths import data_dir
from embedlib.datasets.lexicon import frequency_bands, load_lexicon
from embedlib.datasets.load import words_of
from embedlib.errors import InputError
from embedlib.metrics.similarity import all_pairs_moments


def test_lexicon_is_plain_frequent_first_and_complete():
    lexicon = load_lexicon()
    words = lexicon.index
    assert len(words) == words.nunique() == 77_568
    assert words.str.fullmatch("[a-z]+").all()
    keys = list(zip(-lexicon["zipf"], words, strict=True))
    assert keys == sorted(keys)
    assert {"nan", "null"} & set(words) == {"nan", "null"} & set(load_words())
    assert lexicon.loc["dog", "lexfile"].split(",")[0] == "noun.animal"
    pairs = zip(lexicon["pos"].str.split(","), lexicon["lexfile"].str.split(","), strict=True)
    assert all([part.split(".")[0] for part in files] == parts for parts, files in pairs)


def test_frequencies_are_those_of_wordfreq():
    for word, zipf in load_lexicon()["zipf"].iloc[::397].items():
        assert zipf == zipf_frequency(word, "en")


RELATIONS = data_dir() / "relations"
FILES = sorted(RELATIONS.glob("*/*.txt"))
PROPER = {"E01": (0, 1), "E02": (0, 1), "E03": (0, 1), "E04": (0, 1), "E05": (0,)}  # the columns of names
RARE = {"D04", "E02", "E06", "E07", "E08"}  # where the relation leaves no choice; see data/README.md


def test_there_are_four_groups_of_ten_relations():
    assert [len(list(folder.glob("*.txt"))) for folder in sorted(RELATIONS.iterdir())] == [10] * 4
    assert [file.name[:3] for file in FILES] == [f"{group}{n:02}" for group in "IDEL" for n in range(1, 11)]


@pytest.mark.parametrize("file", FILES, ids=[file.stem[:3] for file in FILES])
def test_relation_file(file):
    assert re.fullmatch(r"[IDEL]\d\d \[[A-Za-z_0-9 +3-]+\]\.txt", file.name)
    lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    assert len(lines) >= 50
    pairs = [line.split("\t") for line in lines]
    for source, answers in pairs:
        targets = answers.split("/")
        assert len(set(targets)) == len(targets)
        assert source not in targets
        for column, word in ((0, source), *((1, target) for target in targets)):
            letter = "[A-Z][a-z]+" if column in PROPER.get(file.stem[:3], ()) else "[a-z]+"
            assert re.fullmatch(f"{letter}(_{letter})*", word), word
            assert file.stem[:3] in RARE or zipf_frequency(word.replace("_", " "), "en") >= 2.5, word
    sources = [source for source, _ in pairs]
    assert len(set(sources)) == len(sources)


def test_no_pair_stands_twice_and_two_models_know_both_words():
    relations = load_dataset("bats")
    pairs = [(s, t) for s, targets in zip(relations["source"], relations["targets"], strict=True) for t in targets]
    assert len(set(pairs)) == len(pairs)
    covered = [set(real(name).encode_words(words_of(relations)).keys) for name in ("glove-6b-50d", "wordllama-l2-256")]
    best = [(source, targets[0]) for source, targets in zip(relations["source"], relations["targets"], strict=True)]
    assert [pair for pair in best if not all(set(pair) <= known for known in covered)] == []


def test_categories_are_large_enough_and_share_no_word():
    categories = load_dataset("categories")
    assert categories["word"].is_unique
    assert categories["word"].str.fullmatch("[a-z]+").all()
    assert categories["category"].nunique() >= 20
    assert categories["category"].value_counts().min() >= 20


def test_load_words_takes_a_number_all_or_a_file(tmp_path):
    assert load_words(3) == ["a", "in", "i"]
    assert len(load_words()) == len(load_words("all")) == 77_568
    own = tmp_path / "own.txt"
    own.write_text("naïve\n\n dog \nnaïve\n", encoding="utf-8")
    assert load_words(str(own)) == ["naïve", "dog"]


@pytest.mark.parametrize("words", [0, -1, 77_569, True, 1.5])
def test_a_number_outside_the_list_is_an_error(words):
    with pytest.raises(InputError, match="allowed: 1 to 77568"):
        load_words(words)


def test_a_missing_or_empty_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot read words"):
        load_words("al")
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    with pytest.raises(InputError, match="has no words"):
        load_words(str(empty))


def test_every_data_file_has_its_checksum_and_its_place_in_the_readme():
    folder = data_dir()
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    files = [p for p in folder.rglob("*") if p.is_file() and "scripts" not in p.parts and p.suffix != ".md"]
    assert {str(path.relative_to(folder)) for path in files} == {*listed, "SHA256SUMS"}
    readme = (folder / "README.md").read_text()
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name
        assert f"| `{name}` |" in readme or f"| `{name.rpartition('/')[0]}` |" in readme, name


def test_word2vec_vectors_are_small_and_half_precision():
    path = data_dir() / "word2vec-enwiki-sample" / "vectors.npy"
    assert path.stat().st_size < 8e6
    assert np.load(path).dtype == np.float16


# Cosine of random words: mean and sd as measured elsewhere on another list of 32,655 frequent words. Our
# words are others, so the tolerance is wide; what it would catch is a wrong layer, pooling or BOS policy.
FACTS = [
    ("glove-6b-50d", None, None, 0.054, 0.179),
    ("wordllama-l2-256", None, None, 0.006, 0.069),
    ("sbert-minilm", None, None, 0.201, 0.072),
    ("use-multilingual-v3", None, None, 0.316, 0.108),
    ("gemma-3-270m-q4", 0, "mean", 0.288, 0.110),
    ("gemma-3-270m-q4", 9, "mean", 0.985, 0.005),
    ("gemma-3-270m-q4", 18, "mean", 0.396, 0.128),
    ("gemma-3-270m-q4", 18, "last", 0.402, 0.148),
]


@pytest.mark.parametrize(("name", "layer", "pooling", "mean", "sd"), FACTS)
def test_random_pair_cosine_facts(name, layer, pooling, mean, sd):
    table = real(name).encode_words(load_words(20_000)[::16], layer=layer, pooling=pooling)
    found = all_pairs_moments(table.vectors)
    assert found.mean == pytest.approx(mean, abs=0.03)
    assert found.sd == pytest.approx(sd, abs=0.01)


def test_a_lone_word_would_sit_on_the_sink_without_bos():
    encoder = real("gemma-3-270m-q4")
    ids = [tokens.ids for tokens in encoder.tokenize(load_words(200))]
    with_bos = next(iter(encoder.hidden_batches([i for i in ids if len(i) == 2], (9,))))
    norms = with_bos.hidden[:, 0].norm(dim=-1).mean(0)
    assert norms[0] > 10 * norms[1]


def test_bands_of_frequency_are_ordered_and_whole():
    words = ["maximum", "a", "zyrian", "qzqz", "striped"]
    assert frequency_bands(words, [3.0, 4.0]) == {
        "Zipf 4 and more": ["a", "maximum"], "Zipf 3 to 4": ["striped"], "Zipf below 3": ["zyrian"],
        "not in the lexicon": ["qzqz"],
    }  # fmt: skip
    every = frequency_bands(load_words(500), [4.0])
    assert [word for band in every.values() for word in band] == load_words(500)
    for limits in ([], [3.0, 3.0]):
        with pytest.raises(InputError, match="bands are"):
            frequency_bands(words, limits)


def test_the_words_of_a_test_set_are_listed_once():
    assert words_of(pd.DataFrame({"source": ["a", "b"], "targets": [("c", "a"), ("d",)]})) == ["a", "b", "c", "d"]
    assert words_of(pd.DataFrame({"word1": ["a"], "word2": ["b"], "score": [1.0]})) == ["a", "b"]
