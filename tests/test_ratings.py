"""Rated word pairs: tables as their authors distribute them, and those that cannot be read safely."""

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib.datasets.rated_sets import load_rated_sets, load_ratings
from embedlib.errors import EmbedlibError, InputError

TWO = [["boat", "ship", 8.1], ["boat", "New York", 0.4]]
SIMLEX = "word1\tword2\tPOS\tSimLex999\tconc(w1)\tconc(w2)\tconcQ\tAssoc(USF)\tSimAssoc333\tSD(SimLex)\n"
LAYOUTS = {  # the name of a set, and a table of the pairs in the layout of one of its files
    "SimLex-999": ("simlex999", f"{SIMLEX}"
                   "boat\tship\tN\t8.1\t4\t4\t4\t0.5\t1\t1\nboat\tNew York\tN\t0.4\t4\t4\t4\t0\t0\t1\n"),
    "SimLex-999 bare": ("simlex999", "boat\tship\tN\t8.1\t4.9\t4.9\nboat\tNew_York\tN\t0.4\t4\t4\n"),
    "WordSim csv": ("wordsim353", "Word 1,Word 2,Human (mean)\r\nboat,ship,8.1\r\nboat,New York,0.4\r\n"),
    "WordSim raters": ("wordsim353", "Word 1\tWord 2\tHuman (mean)\t1\t2\n"
                       "boat\tship\t8.1\t8\t8\nboat\tNew York\t0.4\t0\t1\n"),
    "WordSim gensim": ("wordsim353", "# A collection\n# Word 1\tWord 2\tHuman (mean)\n"
                       "boat\tship\t8.1\nboat\tNew York\t.4\n"),
    "WordSim parts": ("wordsim353-similarity", "boat\tship\t8.1\nboat\tNew York\t0.4\n"),
    "SimVerb": ("simverb3500", "boat\tship\tV\t8.1\tSYNONYMS\nboat\tNew_York\tV\t0.4\tNONE\n"),
    "SimVerb csv": ("simverb3500", ',similarity,word1,word2,POS,relation\n'
                    '0,8.1,boat,ship,V,NONE\n1,0.4,boat,"New York",V,NONE\n,,,,,\n'),
    "MEN natural": ("men", "boat ship 8.100000\nboat New_York 0.4\n"),
    "MEN lemmas": ("men", "boat-n ship-n 8.1\nboat-n New_York-n 0.4\n"),
    "MEN csv": ("men", "0,boat,ship,8.1\n1,boat,New York,0.4\n"),
    "RG-65": ("rg65", "boat;ship;8.1\nboat;New York;0.4\n"),
    "RG-65 comma": ("rg65", "word1;word2;sim\nboat;ship;8,1\nboat;New York;0,4\n"),
    "MC-30": ("mc30", "boat   ship  8.1 \nboat\tNew_York  0.4\n"),
    "MTurk": ("mturk771", "boat,ship,8.1\nboat,New York,0.4"),
    "MTurk numbered": ("mturk287", "x;first;second;average score\n7;boat;ship;8.1\n9;boat;New York;0.4\n"),
    "YP-130": ("yp130", "boat\tship\t8.1\r\nboat\tNew York\t0.4\r\n"),
    "Verb-143": ("verb143", "\ufeffboat\tship\t8.1\nboat\tNew York\t0.4 \n\n"),
    "Card-660": ("card660", '"boat"\t"ship"\t8.1\nboat\tNew York\t0.4\n'.replace('"', "")),
    "Rare words": ("rareword", "boat\tship\t8.1\t7\t9\t\nboat\tNew York\t0.4\t0\t1\t0\n"),
    "Excel": ("similarity", '"boat","ship","8.1"\n"boat","New York","0.4"\n'),
    "French": ("similarity", "mot A;mot B;note\nboat;ship;8,1\nboat;New York;0,4\n"),
}  # fmt: skip


def written(tmp_path, text, name="own.txt"):
    path = tmp_path / name
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_table_in_any_layout(tmp_path, layout):
    name, text = LAYOUTS[layout]
    frame = load_dataset(name, path=written(tmp_path, text))
    assert frame[["word1", "word2", "score"]].to_numpy().tolist() == TWO
    lemmas = layout == "MEN lemmas"
    assert list(frame)[3:] == (["pos1", "pos2"] if lemmas else [])
    assert not lemmas or frame[["pos1", "pos2"]].to_numpy().tolist() == [["n", "n"]] * 2


def test_which_columns_were_taken_is_said(tmp_path, caplog):
    caplog.set_level("INFO")
    frame = load_dataset("simlex999", path=written(tmp_path, LAYOUTS["SimLex-999"][1]))
    assert frame.attrs["columns"] == {"word1": "'word1'", "word2": "'word2'", "score": "'SimLex999'"}
    assert "own.txt: tabs apart; word1 is 'word1', word2 is 'word2', score is 'SimLex999'" in caplog.text
    frame = load_dataset("simverb3500", path=written(tmp_path, LAYOUTS["SimVerb"][1]))
    assert frame.attrs["columns"]["score"] == "column 4"
    load_dataset("similarity", path=written(tmp_path, LAYOUTS["French"][1]))
    assert "line 1: taken for the names of columns: ['mot A', 'mot B', 'note']" in caplog.text


def test_words_that_begin_with_a_hash_or_are_numbers_are_words(tmp_path):
    frame = load_dataset("similarity", path=written(tmp_path, "#metoo\t#love\t3\n# 1\t1984\t4\nnan\tnull\t5\n"))
    assert frame["word1"].tolist() == ["#metoo", "# 1", "nan"]
    tags = "".join(f"{'SiM'[n % 3]}\tword{n}\tother{n}\t{n % 7}.5\n" for n in range(30))
    assert load_dataset("similarity", path=written(tmp_path, tags))["word1"].iloc[0] == "word0"


def test_rows_without_words_or_score_are_left_out_and_counted(tmp_path, caplog):
    frame = load_dataset("similarity", path=written(tmp_path, "a,b,3\n,,\nc,d,\n ,e,2\n,,,\n"))
    assert frame.attrs["left_out"] == {"an empty row": 2, "no score": 1, "no word": 1}
    assert "rows left out: 2 (an empty row), 1 (no score), 1 (no word)" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\tb\t3\nc\td\tx\ne\tf\t1\n", "line 2: .* two words and a score in column 3: 'x' is no finite number"),
        ("a\tb\t3\nc\td\tnan\ne\tf\t1\n", "line 2: .*'nan' is no finite number"),
        ("a\tb\tinf\nc\td\t1\ne\tf\t1\n", "line 1: .*'inf' is no finite number"),
        ("a\tb\t1e999\nc\td\t1\n", "line 1: .*'1e999' is no finite number"),
        ("a\tb\tNA\nc\td\t1\n", "line 1: .*'NA' is no finite number"),
        ("a\tb\t3\nc\td\n", "line 2: .*is not two words and a score"),
        ("a;b;3,4\nc;d;3.4\n", "line 1: .*decimal point as others have it"),
        ("a\tb\t3\t4\n", "line 1: columns 3, 4 are all numbers, and no header says which is the score"),
        ("word1\tword2\tsimilarity\trelatedness\na\tb\t3\t4\n", "line 1: 'similarity' and 'relatedness' may both"),
        ("1,a,b\n2,c,d\n3,e,f\n", "line 1: .*is not two words and a score, nor is there a header"),
        ("i\ta\ta\t10\nS\tb\tc\t9\n", r"line 1: \['i', 'a', 'a', '10'\] is not two words and a score"),
        ("a\nb\n", "line 1: .*is not two words and a score"),
        ('a,b,3\n"c,d,4\ne,f,3\ng,h",5\n', "line 2: a quote that opens in this line"),
        ("", "holds no rated pair"),
        ("word1,word2,score\n", "holds no item of similarity"),
    ],
)
def test_what_cannot_be_read_safely_is_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        load_dataset("similarity", path=written(tmp_path, text))


def test_files_of_ones_own_are_named_by_their_files(tmp_path):
    one, two = (written(tmp_path, "a\tb\t3\n", name) for name in ("EN-RG-65.txt", "mine.csv"))
    assert list(load_ratings([one, str(two)], taken=["MEN"])) == ["EN-RG-65", "mine"]
    for paths, taken in (([one, one], []), ([one], ["EN-RG-65"])):
        with pytest.raises(InputError, match="another set named 'EN-RG-65'"):
            load_ratings(paths, taken)


def test_rated_sets_are_named_by_their_titles_and_have_what_is_left_for_tests(tmp_path):
    own = written(tmp_path, "Dog\tcat\t7\ndog\tcar\t1.5\n")
    sets = load_rated_sets(["men", "simlex999", "men"], [own])
    left_out = {"MEN": 9, "SimLex-999": 86, own.stem: 0}
    assert {name: frame.attrs["in development"] for name, frame in sets.items()} == left_out
    whole = {"MEN": 2000, "SimLex-999": 999, own.stem: 2}
    assert {name: len(frame) + left_out[name] for name, frame in sets.items()} == whole
    rated = pd.concat([load_dataset(name, part="development") for name in ("men", "simverb3500", "mturk287")])
    chosen_on = {frozenset(map(str.lower, pair)) for pair in rated[["word1", "word2"]].to_numpy()}
    for frame in sets.values():
        assert chosen_on.isdisjoint(frozenset(map(str.lower, pair)) for pair in frame[["word1", "word2"]].to_numpy())
    some = load_rated_sets(["men"], [own], words=["dog", "cat", "fire"])
    assert some[own.stem][["word1", "word2"]].to_numpy().tolist() == [["Dog", "cat"]]
    assert all({*frame["word1"].str.lower(), *frame["word2"]} <= {"dog", "cat", "fire"} for frame in some.values())


@pytest.mark.parametrize(
    ("names", "words", "said"),
    [
        (["bats"], None, r"bats has no rated pairs of words; sets that have are wordsim353, simlex999"),
        (["sts"], None, "sts has no rated pairs of words"),
        (["mturk287"], None, "mturk287 has no test part"),
        (["menn"], None, "Did you mean 'men'"),
        ([], None, "no rated pairs of words in no set at all"),
        (["rg65"], ["zzz"], "of which both words are among the 1 that are allowed in RG-65"),
    ],
)
def test_rated_sets_that_cannot_be_are_errors(names, words, said):
    with pytest.raises(EmbedlibError, match=said):
        load_rated_sets(names, words=words)
