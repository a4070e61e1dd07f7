"""Public sets of relations, categories, analogies, languages and documents, and the readers of their files."""

import json

import numpy as np
import pytest
from gensim.test.utils import datapath

from embedlib import load_dataset
from embedlib.datasets.catalogue import catalogue
from embedlib.errors import InputError


def test_what_is_left_out_of_a_known_file_is_counted_and_of_ones_own_is_told(caplog, tmp_path):
    assert load_dataset("bless").attrs["left_out"] == {"no relation": 3, "listed before": 240}
    assert caplog.records == []
    path = tmp_path / "own.csv"
    path.write_text("word1,word2,relation\na,b,?\na,c,hyper\n")
    load_dataset("bless", path=path)
    assert [record.getMessage() for record in caplog.records] == ["own.csv: rows left out: 1 (no relation)"]


def test_bless_and_semantic_neighbours():
    bless = load_dataset("bless")
    assert bless["relation"].value_counts().to_dict() == {
        "random": 12_120, "event": 3_762, "coord": 3_553, "mero": 2_871, "attri": 2_728, "hyper": 1_276,
    }  # fmt: skip
    assert bless.attrs["left_out"] == {"no relation": 3, "listed before": 240}
    assert bless["word1"].nunique() == 200
    near = load_dataset("semantic-neighbours")
    assert near["relation"].value_counts().to_dict() == {"coord": 7_341, "random": 7_339}


@pytest.mark.parametrize(
    ("name", "categories", "words", "left_out"),
    [
        ("ap-categories", 21, 402, {"no word": 21}),
        ("battig-categories", 56, 5_229, {"listed before": 2}),
        ("bless-categories", 17, 200, {"no word": 17}),
        ("esslli-categories", 9, 45, {}),
    ],
)
def test_words_in_categories(name, categories, words, left_out):
    frame = load_dataset(name)
    assert (frame["category"].nunique(), len(frame), frame.attrs["left_out"]) == (categories, words, left_out)


def test_analogies_of_the_wheel():
    msr = load_dataset("msr-analogies")
    assert (len(msr), msr["relation"].nunique()) == (8_000, 16)
    assert msr.iloc[0].tolist() == ["JJ_JJR", "good", "better", "rough", "rougher"]
    degrees = load_dataset("semeval2012-analogies")
    assert (len(degrees), degrees["relation"].nunique()) == (10_014, 79)
    with pytest.raises(InputError, match="sat-analogies is not part of this project"):
        load_dataset("sat-analogies")


def test_pairs_across_languages_say_their_languages():
    across = {name: known.languages for name, known in catalogue().items() if len(known.languages) > 1}
    assert len(across) == 15
    for name, languages in across.items():
        assert name.endswith("-".join(languages))
        frame = load_dataset(name)
        assert len(frame) >= 100
        assert frame["score"].between(0, 4).all()
        assert frame.attrs["left_out"] == {}
    assert "پلی‌ستر" in set(load_dataset("semeval2017-es-fa")["word2"])  # with its zero-width non-joiner
    assert catalogue()["men"].languages == ("en",)


def test_documents_that_people_compared():
    frame = load_dataset("lee")
    assert len(frame) == 50 * 49 // 2
    assert (frame["score"].min(), frame["score"].max()) == (0.2, 1.0)
    assert any("£3,000" in text for text in frame["sentence1"])  # the file is Latin-1
    square = np.loadtxt(datapath("similarities0-1.txt"))
    rows = frame["document1"].to_numpy(), frame["document2"].to_numpy()
    np.testing.assert_allclose(frame["score"], square[rows])
    assert load_dataset("lee", path=datapath("similarities0-1.txt")).equals(frame)


def test_documents_that_do_not_fit_are_named(tmp_path):
    (tmp_path / "lee.cor").write_text("Rain fell.\nIt rained.\n")
    with pytest.raises(InputError, match=r"has no similarities0-1\.txt"):
        load_dataset("lee", path=tmp_path)
    for square, said in (
        ("1 0.5\n0.4 1\n", "documents 0 and 1 have two scores, 0.5 and 0.4"),
        ("1 0.5\n", "has 2 documents and .* has 1 rows"),
        ("1 x\n0.5 1\n", "line 1: '1 x' is not 2 numbers"),
        ("1\n1\n", "line 1: '1' is not 2 numbers"),
    ):
        (tmp_path / "similarities0-1.txt").write_text(square)
        with pytest.raises(InputError, match=said):
            load_dataset("lee", path=tmp_path)
    (tmp_path / "similarities0-1.txt").write_text("1\t0.5\n0\t1\n")
    assert load_dataset("lee", path=tmp_path)["score"].to_list() == [0.5]


def test_tables_of_ones_own_with_named_columns(tmp_path):
    path = tmp_path / "own.tsv"
    path.write_text("concept\trelatum\trelation\nguinea_pig\tpet\thyper\n\npig\t\thyper\nguinea_pig\tpet\thyper\n")
    frame = load_dataset("bless", path=path)
    assert frame.to_numpy().tolist() == [["guinea pig", "pet", "hyper"]]
    assert frame.attrs["left_out"] == {"no word": 1, "listed before": 1}
    path.write_text("concept;relatum;relation\ndog;pet\n")
    with pytest.raises(InputError, match=r"own\.tsv, line 2: \['dog', 'pet'\] has 2 cells; the first line names 3"):
        load_dataset("bless", path=path)
    path.write_text("word1,word2,label\na,b,c\n")
    with pytest.raises(InputError, match=r"line 1: no column 'relation' for the relation; .* names 'word1'"):
        load_dataset("bless", path=path)
    path.write_text("word1,word2,relation\na,b,?\n")
    with pytest.raises(InputError, match=r"holds no item of bless; left out: 1 \(no relation\)"):
        load_dataset("bless", path=path)
    path.write_text("category\tword\npets\tdog\n")
    assert load_dataset("ap-categories", path=path).to_numpy().tolist() == [["pets", "dog"]]
    path.write_text("")
    with pytest.raises(InputError, match="is empty"):
        load_dataset("bless", path=path)


def test_questions_in_a_table_and_as_msr_distributes_them(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(',type,word1,word2,word3,target\n0,t,"solar system ", sun,atom,nucleus\n')
    assert load_dataset("msr-analogies", path=path).iloc[0].tolist() == ["t", "solar system", "sun", "atom", "nucleus"]
    path.write_text(",type,word1,word2,word3,target\n0,t,a,b,,d\n")
    with pytest.raises(InputError, match=r"line 2: .* is not a relation and four words"):
        load_dataset("msr-analogies", path=path)
    path.write_text(": t\na b c d\n")
    assert load_dataset("msr-analogies", path=path).iloc[0].tolist() == ["t", "a", "b", "c", "d"]


DATA = "bank\tN\t1-2\tThe bank , closed .\tOn the bank .\nrun\tV\t0-1\tRun !\tThey run\n"


def test_wic_of_its_authors(tmp_path):
    for part, gold in (("train", "F\nT\n"), ("dev", "T\nT\n")):
        (tmp_path / part).mkdir()
        (tmp_path / part / f"{part}.data.txt").write_text(DATA)
        (tmp_path / part / f"{part}.gold.txt").write_text(gold)
    frame = load_dataset("wic", path=tmp_path)
    assert frame["same"].to_list() == [True, True, False, True]
    spans = [frame.iloc[0][f"sentence{n}"][frame.iloc[0][f"start{n}"] : frame.iloc[0][f"end{n}"]] for n in (1, 2)]
    assert spans == ["bank", "bank"]
    assert len(load_dataset("wic", path=tmp_path / "dev" / "dev.data.txt")) == 2
    with pytest.raises(InputError, match=r"has the labels; give dev\.data\.txt"):
        load_dataset("wic", path=tmp_path / "dev" / "dev.gold.txt")
    gold = tmp_path / "dev" / "dev.gold.txt"
    for text, said in (
        ("T\n", "has 2 items and .* has 1 labels"),
        ("T\nmaybe\n", r"gold\.txt, line 2: 'maybe' is not T"),
    ):
        gold.write_text(text)
        with pytest.raises(InputError, match=said):
            load_dataset("wic", path=tmp_path)
    gold.unlink()
    frame = load_dataset("wic", path=tmp_path)
    assert (len(frame), frame.attrs["left_out"]) == (2, {"no label": 2})
    with pytest.raises(InputError, match=r"no item can be used; left out: 2 \(no label\)"):
        load_dataset("wic", path=tmp_path / "dev")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("bank\tN\t1-9\tThe bank .", "is not `word TAB pos"),
        ("bank\tN\t1-9\tThe bank .\tA .", "word 9 of a sentence of 2 words"),
        ("bank\tN\t2-0\tThe bank .\tA .", r"word 2 is '\.', which is no word"),
    ],
)
def test_a_wrong_line_of_wic_is_named(tmp_path, line, said):
    (tmp_path / "dev.data.txt").write_text(f"{DATA}{line}\n")
    with pytest.raises(InputError, match=rf"dev\.data\.txt, line 3: .*{said}"):
        load_dataset("wic", path=tmp_path)


ITEM = {"word": "bank", "sentence1": "The bank shut.", "start1": 4, "end1": 8, "sentence2": "On banks.", "start2": 3,
        "end2": 8, "label": False, "idx": 0, "version": 1.1}  # fmt: skip


def test_wic_of_superglue(tmp_path):
    path = tmp_path / "val.jsonl"
    items = [ITEM, {**ITEM, "label": None}, {**ITEM, "end2": 7}, {**ITEM, "start1": "4", "end1": "8", "label": "true"}]
    path.write_text("".join(json.dumps(item) + "\n" for item in items))
    frame = load_dataset("wic", path=path)
    assert frame["same"].to_list() == [False, True]
    assert frame.attrs["left_out"] == {"no label": 1, "a span that cuts a word": 1}
    for change, said in (
        ({"end1": 99}, r"the span \(4, 99\) is outside a sentence of 14 characters"),
        ({"word": ""}, "'word' is ''; it is needed, as text"),
        ({"sentence2": 3}, "'sentence2' is 3; it is needed, as text"),
        ({"label": "perhaps"}, "'label' is 'perhaps'; allowed: true, false"),
    ):
        path.write_text(json.dumps({**ITEM, **change}) + "\n")
        with pytest.raises(InputError, match=said):
            load_dataset("wic", path=path)
    path.write_text("[1]\n")
    with pytest.raises(InputError, match="is not a JSON object"):
        load_dataset("wic", path=path)
    path.unlink()
    with pytest.raises(InputError, match=r"no NAME\.data\.txt with NAME\.gold\.txt, and no NAME\.jsonl"):
        load_dataset("wic", path=tmp_path)
