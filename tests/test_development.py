"""Development and test data: apart, together whole, and the same every time."""

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib.datasets.catalogue import Dataset, catalogue
from embedlib.datasets.development import is_development, take_part
from embedlib.errors import InputError, UnknownNameError

SPLIT = [name for name, dataset in catalogue().items() if dataset.development]


def rows_of(frame):
    return [tuple(map(str, row)) for row in frame.to_numpy().tolist()]


def test_the_sets_that_have_development_data():
    assert {name: catalogue()[name].development for name in SPLIT} == {
        "bats": "relations", "men": "rows", "simverb3500": "rows", "mturk287": "all", "anchors": "anchors",
        "sts": "rows",
    }  # fmt: skip


@pytest.mark.parametrize("name", sorted({*SPLIT} - {"mturk287"}))
def test_the_parts_are_disjoint_and_together_whole(name):
    whole = rows_of(load_dataset(name))
    parts = [load_dataset(name, part=part) for part in ("development", "test")]
    assert [list(part.index) for part in parts] == [list(range(len(part))) for part in parts]
    development, test = map(rows_of, parts)
    assert set(development).isdisjoint(test)
    # Of relations, a pair that development data have in another relation is in neither part.
    assert len(whole) - len(development) - len(test) == (25 if name == "bats" else 0)
    assert [row for row in whole if row in set(development)] == development
    assert [row for row in whole if row in set(test)] == test
    assert len(development) / len(whole) == pytest.approx(1 / 3, abs=0.015)
    assert parts[0].attrs == load_dataset(name).attrs


def test_which_rows_are_development():
    men = load_dataset("men")
    assert rows_of(load_dataset("men", part="development")) == rows_of(men.iloc[[*range(0, 3000, 3)]])
    own = load_dataset("bats")
    for relation, pairs in load_dataset("bats", part="development").groupby("relation"):
        assert rows_of(pairs) == rows_of(own[own["relation"] == relation].iloc[::3])
    anchors = list(dict.fromkeys(load_dataset("anchors")["anchor"]))
    assert list(dict.fromkeys(load_dataset("anchors", part="development")["anchor"])) == anchors[::3]


def test_a_pair_of_relations_is_in_one_part_whatever_its_relation_and_order():
    parts = [load_dataset("bats", part=part) for part in ("development", "test")]
    development, test = (
        {frozenset((row.source, target)) for row in part.itertuples() for target in row.targets} for part in parts
    )
    assert development.isdisjoint(test)
    rows = [("r", "a", ("b",)), ("r", "c", ("d",)), ("s", "e", ("f",)), ("s", "x", ("b", "a")), ("s", "b", ("y", "a"))]
    frame = pd.DataFrame(rows, columns=["relation", "source", "targets"])
    assert take_part(frame, "relations", "development")["source"].tolist() == ["a", "e"]
    assert take_part(frame, "relations", "test")["source"].tolist() == ["c", "x"]


def test_an_anchor_is_in_one_part_whole():
    frame = pd.DataFrame({"anchor": ["run", "bank", "run", "hot", "cold", "bank", "cold", "dry"]})
    assert take_part(frame, "anchors", "development")["anchor"].tolist() == ["run", "run", "cold", "cold"]
    assert take_part(frame, "anchors", "test")["anchor"].tolist() == ["bank", "hot", "bank", "dry"]
    assert is_development(frame.iloc[:0], "anchors").tolist() == []


def test_a_set_that_is_all_development_has_no_test_part():
    assert rows_of(load_dataset("mturk287", part="development")) == rows_of(load_dataset("mturk287"))
    with pytest.raises(InputError, match="mturk287 has no test part: readings are chosen on all of it"):
        load_dataset("mturk287", part="test")


def test_other_sets_are_all_test():
    assert rows_of(load_dataset("rg65", part="test")) == rows_of(load_dataset("rg65"))
    with pytest.raises(InputError, match="simlex999 has no development data: readings are chosen on bats, men, simv"):
        load_dataset("simlex999", part="development")


@pytest.mark.parametrize("name", ["men", "mturk287", "similarity"])
def test_a_file_of_ones_own_is_all_test(tmp_path, name):
    path = tmp_path / "own.csv"
    path.write_text("dog,cat,7\ndog,car,1.5\nsun,moon,4\n")
    assert len(load_dataset(name, path=path, part="test")) == 3
    with pytest.raises(InputError, match=rf"{name}: a file of one's own has no development data: .*own\.csv' is all"):
        load_dataset(name, path=path, part="development")


def test_an_unknown_part_or_rule_is_refused():
    with pytest.raises(UnknownNameError, match=r"'dev'\. Allowed: development, test"):
        load_dataset("men", part="dev")
    with pytest.raises(ValueError, match="development"):
        Dataset(name="pets", title="Pets", schema="pairs", source="given", reader="a:b", licence="none",
                citation="none", development="half")  # fmt: skip
