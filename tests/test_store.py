"""The store, with real processes, real kills and real damage."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import real
from filelock import Timeout

import embedlib
from embedlib.embeddings.store import Identity, ShardFolder, fetch_vectors, remove, stored_folders
from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.loader import code_version
from embedlib.errors import EmbedlibError, InputError, UnknownNameError

IDENTITY = Identity("m", "sum", "words", 0, "mean", None, "none", "float32", "code")


class Counting:
    """A deterministic encoder of text that remembers what it was asked for."""

    def __init__(self, layers=(0,)):
        self.layers = layers
        self.asked = []

    def __call__(self, texts):
        self.asked.append(list(texts))
        kept = [text for text in texts if not text.startswith("no-")]
        rows = [[len(text) + 10 * layer, ord(text[0])] for text in kept for layer in self.layers]
        array = np.array(rows, dtype=np.float32).reshape(len(kept), 1, len(self.layers), 2)
        return EmbeddingTable(kept, array, {t: f"reason of {t}" for t in texts if t not in kept}, self.layers)


@pytest.fixture
def folder(tmp_path):
    return ShardFolder(IDENTITY, 2, tmp_path)


def layered(tmp_path, *layers):
    return [
        ShardFolder(Identity("m", "sum", "words", layer, "mean", None, "none", "float32", "code"), 2, tmp_path)
        for layer in layers
    ]


def test_only_what_is_missing_is_computed(folder):
    compute = Counting()
    first = fetch_vectors([folder], ["b", "a", "no-vector"], compute)
    again = fetch_vectors([folder], ["c", "no-vector", "a", "c"], compute)
    assert compute.asked == [["a", "b", "no-vector"], ["c"]]
    assert first.keys == ["b", "a"]
    assert again.keys == ["c", "a"]
    assert again.vectors.tolist() == [[1, ord("c")], [1, ord("a")]]
    assert first.missing == again.missing == {"no-vector": "reason of no-vector"}


def test_another_pass_of_a_model_does_not_wait_and_the_same_one_does(tmp_path):
    words, *others = (
        ShardFolder(replace(IDENTITY, **change), 2, tmp_path)
        for change in ({}, {"kind": "sentences"}, {"front": "<bos>"}, {"template": " {text}"})
    )
    deeper = ShardFolder(replace(IDENTITY, layer=3, pooling="last"), 2, tmp_path)
    assert len({folder.lock().lock_file for folder in (words, *others)}) == 4
    assert deeper.lock().lock_file == words.lock().lock_file  # one pass gives all layers and poolings
    with words.lock():
        for folder in others:
            assert fetch_vectors([folder], ["a"], Counting()).keys == ["a"]
        with pytest.raises(Timeout):
            deeper.lock().acquire(timeout=0.01)


def test_layers_are_stored_apart_and_joined(tmp_path):
    compute = Counting((0, 2))
    both = fetch_vectors(layered(tmp_path, 0, 2), ["aa"], compute)
    assert both.layers == (0, 2)
    assert both.array.tolist() == [[[[2, 97], [22, 97]]]]
    alone = Counting((2,))
    assert fetch_vectors(layered(tmp_path, 2), ["aa"], alone).vectors.tolist() == [[22, 97]]
    assert alone.asked == []


def test_a_new_layer_does_not_repeat_the_rows_of_an_old_one(tmp_path):
    fetch_vectors(layered(tmp_path, 0), ["aa"], Counting())
    fetch_vectors(layered(tmp_path, 0, 2), ["aa", "bb"], Counting((0, 2)))
    assert sorted(layered(tmp_path, 0)[0].keys().to_pylist()) == ["aa", "bb"]


@pytest.mark.parametrize("damage", ["flip", "truncate", "empty"])
def test_damaged_shard_is_set_aside_and_computed_again(folder, caplog, damage):
    fetch_vectors([folder], ["a", "b"], Counting())
    (shard,) = folder.path.glob("*.parquet")
    content = bytearray(shard.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    shard.write_bytes(content[: {"flip": None, "truncate": 100, "empty": 0}[damage]])
    compute = Counting()
    assert fetch_vectors([folder], ["b", "a"], compute).vectors.tolist() == [[1, 98], [1, 97]]
    assert compute.asked == [["a", "b"]]
    assert "damaged shard set aside" in caplog.text
    assert len(list(folder.path.glob("*.damaged"))) == 1


def test_damage_that_never_ends_is_an_error(folder, monkeypatch):
    monkeypatch.setattr(ShardFolder, "_read", lambda self, path: None)
    with pytest.raises(EmbedlibError, match="damaged 3 times"):
        fetch_vectors([folder], ["a"], Counting())


WORKER = """
import sys, time
sys.path.insert(0, {tests!r})
from pathlib import Path
import test_store as t
import embedlib.embeddings.store
embedlib.embeddings.store.SHARD_ROWS = 10
def slow(texts):
    time.sleep({pause})
    print(len(texts), flush=True)
    return t.Counting()(texts)
folder = t.ShardFolder(t.IDENTITY, 2, Path(sys.argv[1]))
t.fetch_vectors([folder], [f"w{{i:03d}}" for i in range(100)], slow)
"""


def start(tmp_path, pause):
    code = WORKER.format(tests=str(Path(__file__).parent), pause=pause)
    return subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)


def test_kill_loses_at_most_one_shard(tmp_path, folder):
    process = start(tmp_path, 0.2)
    done = 0
    for _ in range(4):
        done += int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = len(folder.read())
    assert done - 10 <= kept <= done + 10
    compute = Counting()
    table = fetch_vectors([folder], [f"w{i:03d}" for i in range(100)], compute)
    assert len(table) == 100
    assert sum(map(len, compute.asked)) == 100 - kept


def test_two_processes_share_a_store_and_compute_each_row_once(tmp_path, folder):
    processes = [start(tmp_path, 0.05) for _ in range(2)]
    counts = [sum(map(int, process.communicate()[0].split())) for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sum(counts) == 100
    assert sorted(folder.read()["key"].to_pylist()) == [f"w{i:03d}" for i in range(100)]


def test_unfinished_files_are_not_read_and_are_cleaned(folder):
    fetch_vectors([folder], ["a"], Counting())
    (folder.path / ".abc.parquet.tmp-1").write_bytes(b"half")
    root = folder.path.parents[1]
    (listed,) = stored_folders(root)
    assert (listed.rows, listed.shards, listed.leftovers, listed.identity) == (1, 1, 1, IDENTITY)
    remove(listed, only_leftovers=True)
    assert [f.leftovers for f in stored_folders(root)] == [0]
    remove(listed)
    assert list(stored_folders(root)) == []


def test_a_damaged_shard_is_listed_and_cleaned(folder):
    fetch_vectors([folder], ["a"], Counting())
    next(folder.path.glob("*.parquet")).write_bytes(b"")
    (listed,) = stored_folders(folder.path.parents[1])
    assert (listed.rows, listed.shards, listed.leftovers) == (0, 0, 1)
    remove(listed, only_leftovers=True)
    assert not list(folder.path.glob("*.parquet"))


def test_settings_and_package_versions_are_part_of_the_identity(monkeypatch):
    spec = real("sbert-minilm").spec
    before = code_version(spec)
    for change in ({"max_tokens": 16}, {"case": "cased"}, {"pool_special": False}):
        assert code_version(spec.model_copy(update=change)) != before
    assert code_version(spec.model_copy(update={"title": "other"})) == before
    monkeypatch.setattr("importlib.metadata.version", lambda name: "0")
    assert code_version(spec) != before


def test_manifest_spells_the_identity_out(folder):
    fetch_vectors([folder], ["a"], Counting())
    manifest = json.loads((folder.path / "manifest.json").read_text())
    assert manifest["model"] == "m"
    assert manifest["code"] == "code"
    assert manifest["dimension"] == 2


@pytest.mark.parametrize("field", ["checksum", "kind", "layer", "pooling", "template", "front", "dtype", "code"])
def test_every_part_of_the_identity_has_its_own_folder(field):
    changed = IDENTITY.__class__(**{**IDENTITY.__dict__, field: 7 if field == "layer" else "other"})
    assert changed.folder != IDENTITY.folder


def test_embed_words_goes_through_the_store(cache, monkeypatch):
    first = embedlib.embed_words("glove-6b-50d", ["dog", "zxqwv", "cat"])
    monkeypatch.setattr("embedlib.embeddings.embed.load_quietly", lambda *_: pytest.fail("a model was loaded"))
    again = embedlib.embed_words("glove-6b-50d", ["cat", "dog", "zxqwv"])
    np.testing.assert_array_equal(again.rows(["dog", "cat"]), first.vectors)
    assert again.missing == first.missing
    assert len(list((cache / "store").glob("*/*/*.parquet"))) == 1


def test_embed_sentences_and_spans_go_through_the_store(cache):
    encoder = real("sbert-minilm")
    text = "the dog saw a dog"
    spans = [(text, (4, 7)), (text, (14, 17)), (text, (4, 6))]
    table = embedlib.embed_spans(encoder, spans, layer="all")
    np.testing.assert_allclose(table.array, encoder.encode_spans(spans[:2], layer="all").array, rtol=1e-5, atol=1e-6)
    assert table.keys == spans[:2]
    assert list(table.missing) == spans[2:]
    sentences = embedlib.embed_sentences("sbert-minilm", [text, ""], pooling="first")
    np.testing.assert_allclose(
        sentences.vectors, encoder.encode_sentences([text], pooling="first").vectors, rtol=1e-4, atol=1e-5
    )
    assert sentences.missing == {"": "empty text"}


def test_bad_arguments_are_errors_before_a_model_is_loaded(cache, monkeypatch):
    monkeypatch.setattr("embedlib.embeddings.embed.load_quietly", lambda *_: pytest.fail("a model was loaded"))
    with pytest.raises(UnknownNameError, match="Did you mean 'gemma-3-270m-q4'"):
        embedlib.embed_words("gemma-3-270m", ["dog"])
    with pytest.raises(UnknownNameError, match="layer"):
        embedlib.embed_words("gemma-3-270m-q4", ["dog"], layer=19)
    with pytest.raises(UnknownNameError, match="pooling"):
        embedlib.embed_words("gemma-3-270m-q4", ["dog"], pooling="sum")
    with pytest.raises(InputError, match="exactly once"):
        embedlib.embed_words("gemma-3-270m-q4", ["dog"], template="text")
    with pytest.raises(InputError, match="put it in a list"):
        embedlib.embed_words("gemma-3-270m-q4", "dog")
    with pytest.raises(InputError, match="glove-6b-50d cannot embed spans"):
        embedlib.embed_spans("glove-6b-50d", [("the dog", (4, 7))])
    with pytest.raises(InputError, match="in a sentence of 7 characters"):
        embedlib.embed_spans("sbert-minilm", [("the dog", (4, 9))])


def test_a_table_checks_itself():
    good = EmbeddingTable.plain(["a", "b"], np.eye(2, dtype=np.float32), {"c": "why"})
    assert good.rows(["b", "b"]).tolist() == [[0, 1], [0, 1]]
    with pytest.raises(InputError, match="no vector for 'c': why"):
        good.rows(["c"])
    with pytest.raises(UnknownNameError, match="layer of this table"):
        good.at_layer(3)
    with pytest.raises(UnknownNameError, match="pooling of this table"):
        good.at_pooling("last")
    wide = EmbeddingTable(
        ["a"], np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2), layers=(0, 3), poolings=("mean", "last")
    )
    assert wide.at_pooling("last").array.tolist() == [[[[4, 5], [6, 7]]]]
    assert wide.at_layer(3).array.tolist() == [[[[2, 3]], [[6, 7]]]]
    assert wide.at_layer(3).at_pooling("mean").vectors.tolist() == [[2, 3]]
    assert wide.at_pooling("last").at_layer(-1).rows(["a", "a"]).tolist() == [[6, 7], [6, 7]]
    with pytest.raises(InputError, match=r"has the layers 0, 3: take one with at_layer"):
        _ = wide.vectors
    with pytest.raises(InputError, match=r"has the poolings mean, last: take one with at_pooling"):
        wide.at_layer(0).rows(["a"])
    with pytest.raises(InputError, match=r"of one layer and pooling; got 2-D float32 for layers \(0, 3\)"):
        wide.with_vectors(np.ones((1, 2), dtype=np.float32))
    moved = good.with_vectors(np.ones((2, 5), dtype=np.float32))
    assert (moved.keys, moved.missing, moved.vectors.shape) == (good.keys, good.missing, (2, 5))
    with pytest.raises(InputError, match="do not fit"):
        good.with_vectors(np.ones((3, 2), dtype=np.float32))
    with pytest.raises(InputError, match=r"4-D float32 \(keys, poolings, layers, d\), not 2-D"):
        EmbeddingTable(["a"], np.ones((1, 2), dtype=np.float32))
    nan = np.array([[1, np.nan]], dtype=np.float32)
    for keys, vectors, said in (
        (["a"], nan, "'a' is not finite"),
        (["a", "a"], np.eye(2, dtype=np.float32), "twice"),
        (["a"], np.eye(2, dtype=np.float32), "do not fit"),
        (["a"], np.eye(1), "2-D float32"),
    ):
        with pytest.raises(InputError, match=said):
            EmbeddingTable.plain(keys, vectors)


def test_no_bar_where_there_is_no_terminal(folder, capsys):
    fetch_vectors([folder], ["a"], Counting())
    assert capsys.readouterr().err == ""


def test_pairs_of_keys_are_found_as_rows():
    table = EmbeddingTable.plain(["a", "b", "c"], np.eye(3, dtype=np.float32))
    left, right, known = table.pair_rows(["a", "x", "c"], ["b", "a", "c"])
    assert (left.tolist(), right.tolist(), known.tolist()) == ([0, 2], [1, 2], [True, False, True])


def test_folders_that_disagree_say_of_which_layer_a_vector_is_missing(tmp_path):
    first, second = layered(tmp_path, 0, 2)
    rows = np.array([[1, 2], [3, 4]], dtype=np.float32)
    first.write(EmbeddingTable.plain(["a", "b"], rows, {"c": "why", "d": "here"}, found_as={"a": "A"}))
    second.write(EmbeddingTable.plain(["a"], rows[:1], {"b": "broken", "c": "why", "d": "there"}))
    table = fetch_vectors([first, second], ["d", "c", "b", "a"], Counting())
    assert table.keys == ["a"]
    assert table.array.tolist() == [[[[1, 2], [1, 2]]]]
    assert table.found_as == {"a": "A"}
    assert table.missing == {
        "d": "here (layer 0, pooling mean); there (layer 2, pooling mean)",
        "c": "why",
        "b": "broken (layer 2, pooling mean)",
    }
    assert fetch_vectors([first], ["b"], Counting()).vectors.tolist() == [[3, 4]]


def test_what_is_computed_fills_other_folders_too(tmp_path):
    counting = Counting((0, 2))
    (wanted,), (other,) = layered(tmp_path, 0), layered(tmp_path, 2)
    assert fetch_vectors([wanted], ["aa"], counting, filled=[other, wanted]).layers == (0,)
    assert counting.asked == [["aa"]]
    asked = Counting((2,))
    assert fetch_vectors([other], ["aa"], asked).vectors.tolist() == [[22, 97]]
    assert asked.asked == []
