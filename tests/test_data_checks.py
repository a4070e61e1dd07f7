"""The checks of the authored data: each fault that a reader found once is found by `make data-check`."""

import importlib
import shutil

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib._util.paths import PROJECT, data_dir


def load_script(name):
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "data" / "scripts"))
        return importlib.import_module(name)


@pytest.fixture(scope="module")
def anchors():
    return load_script("check_anchors")


@pytest.fixture(scope="module")
def relations():
    return load_script("check_relations")


@pytest.fixture(scope="module")
def facts(anchors):
    return anchors.read_facts(data_dir() / "anchors" / "wordnet.tsv")


def replace_in(frame, anchor, kind, **cells):
    """Give the lines of an anchor, one of them spoilt: [a] marks what stands in the anchor's place."""
    own = frame[frame["anchor"] == anchor].reset_index(drop=True).copy()
    at = own.index[own["kind"] == kind][0]
    if "sentence" in cells:
        before, form, after = cells.pop("sentence").replace("]", "[").split("[")
        cells |= {"sentence": before + form + after, "start": len(before), "end": len(before) + len(form), "form": form}
    for name, value in cells.items():
        own.at[at, name] = value
    return own, own.at[at, "id"]


# An anchor and a kind, what is put there, and what the check says of it. All of these were in the data once.
ANCHOR_FAULTS = [
    ("protect", "inflection", {"sentence": "During the march nine officers had [protected] the senator."},
     "the anchor is 'protected', as in the base sentence"),
    ("protect", "inflection", {"sentence": "The senator is [protecting] nine officers during the march."},
     "more than the form of the anchor is changed"),
    ("clever", "inflection", {"sentence": "In the radio interview the coach called the keeper [cleverer] than most."},
     "more than the form of the anchor is changed"),
    ("follow", "unrelated", {"sentence": "A black cat [smelled] the two joggers along the canal.", "word": "smell"},
     "'smell' was rejected as unrelated"),
    ("bank", "unrelated", {"sentence": "The [hospital] is suing a careless builder for sixty thousand pounds.",
                           "word": "hospital"}, "'hospital' was rejected as unrelated"),
    ("deep", "unrelated", {"sentence": "The rival players have shown our captain [serious] respect in Glasgow.",
                           "word": "serious"}, "'serious' is near the anchor in glove-6b-50d: cosine 0."),
    ("deep", "unrelated", {"word": "zzyzx"}, "'zzyzx' is not in the lexicon"),
    ("friend", "antonym", {"sentence": "An old [foe] drove the injured cyclist to hospital last Saturday.",
                           "word": "foe", "reason": "an enemy"},
     "the reason does not begin with a kind of opposites: gradable"),
    ("draw", "paraphrase", {"sentence": "Nine hungry wolves have been [attracted] by the limping deer since dusk."},
     r"numbers are [9], in the base sentence [2]"),
]  # fmt: skip


@pytest.mark.parametrize(("anchor", "kind", "cells", "message"), ANCHOR_FAULTS)
def test_a_fault_of_a_sentence_is_found(anchors, facts, anchor, kind, cells, message):
    own, name = replace_in(load_dataset("anchors"), anchor, kind, **cells)
    found = anchors.check(own, facts, any_size=True)
    assert any(line.startswith(f"{name}: ") and message in line for line in found), found


@pytest.mark.parametrize(
    ("anchor", "pos", "word", "listed", "group"),
    [
        ("question", "noun", "answer", False, "converses"),
        ("king", "noun", "queen", True, "a woman and a man"),
        ("summer", "noun", "winter", True, "members of one set"),
        ("ruler", "noun", "subject", False, "converses"),
        ("soldier", "noun", "civilian", True, "members of one set"),
    ],
)
def test_converses_are_no_antonyms_even_if_wordnet_lists_them(anchors, anchor, pos, word, listed, group):
    row = pd.Series({"anchor": anchor, "pos": pos, "kind": "antonym", "word": word, "form": word, "sense": "",
                     "reason": "complementary: no third"})  # fmt: skip
    facts = {(pos, anchor, "antonym", word)} if listed else set()
    found = list(anchors.check_words(row, facts, pd.DataFrame(), {}))
    assert any(line.startswith(f"{word!r} is no opposite: {group}") for line in found)
    assert any(f"{word!r} was rejected as antonym" in line for line in found)


def test_opposites_with_degrees_and_acts_that_undo_are_antonyms(anchors):
    row = pd.Series({"anchor": "profit", "pos": "noun", "kind": "antonym", "word": "loss", "form": "loss", "sense": "",
                     "reason": "complementary: gained against lost"})  # fmt: skip
    assert list(anchors.check_words(row, set(), pd.DataFrame(), {})) == []


def test_numbers_are_read_from_words(anchors):
    assert anchors.numbers("Three decades, twice, in round four: sixty thousand of the twins' 7.") == {30, 2, 4, 60_000}
    assert anchors.numbers("After a fortnight one of them came first.") == {2}
    assert anchors.numbers("The dozen, a hundred.") == set()


def test_exclamations_that_begin_alike_are_found(anchors, facts):
    frame = load_dataset("anchors")
    exclaimed = frame["kind"] == "exclamation"
    frame.loc[exclaimed, "sentence"] = "Wow, " + frame.loc[exclaimed, "sentence"]
    assert "180 exclamations begin with 'Wow,'" in "\n".join(anchors.check_file(frame, anchors.unit_vectors(frame)))


def test_senses_that_the_topic_gives_away_are_found(anchors):
    lines = [
        ("base", "A tall [crane] lifted the heavy bricks of the builders."),
        ("same sense", "The [crane] carried steel and concrete to the builders."),
        ("other sense", "A [crane] ate frogs and fish in the marsh among herons."),
    ]
    rows = [{"anchor": "crane", "pos": "noun", "kind": kind, "sentence": text.replace("[", "").replace("]", ""),
             "word": "", "forms": ["crane"]} for kind, text in lines]  # fmt: skip
    frame = pd.DataFrame(rows)
    found = list(anchors.check_senses(frame, anchors.unit_vectors(frame)))
    assert "crane: by topic, every sentence of its sense is nearer to the base than any of the other sense" in found
    assert "topic tells the senses apart: mean area 1.000, allowed (0.4, 0.6)" in found
    turned = frame.assign(kind=["base", "other sense", "same sense"])
    assert "further from the base" in next(anchors.check_senses(turned, anchors.unit_vectors(turned)))


def test_an_anchor_may_be_without_an_antonym_but_not_all_of_them(anchors):
    frame = load_dataset("anchors")
    assert list(anchors.check_size(frame)) == []
    one = frame[(frame["kind"] == "antonym").cumsum().gt(10) | (frame["kind"] != "antonym")]
    assert list(anchors.check_size(one)) == ["99 anchors have a sentence of the kind antonym; at least 100 are wanted"]
    no_voice = frame.drop(frame.index[frame["kind"] == "voice"][0])
    assert any("has 0 sentences of the kind voice; one is wanted" in line for line in anchors.check_size(no_voice))


def test_our_relations_pass_all_checks(relations):
    assert relations.check(data_dir() / "relations") == []


# A relation, a line that is replaced, the bad one, and what the check says.
RELATION_FAULTS = [
    ("E03", "Bath\tSomerset", "Bath\tAvon", "Bath: 'Avon' is no present county; Somerset is listed"),
    ("E03", "Bath\tSomerset", "Bath\tDevon", "Bath: 'Devon' comes first, and today it is in Somerset"),
    ("E03", "Bath\tSomerset", "Leeds\tWest_Yorkshire", "'West_Yorkshire' is two words"),
    ("E03", "Bath\tSomerset", "Atlantis\tDevon", "Atlantis: no county of counties.txt lists it"),
    ("E03", "Bath\tSomerset", "Derby\tDerbyshire", "E03: Derby: 2 lines"),
    ("E03", "Bath\tSomerset", None, "E03: 49 pairs; 50 are wanted"),
    ("L10", "dead\talive/living", "buy\tsell", "buy, sell: not complementary: converses"),
    ("L10", "dead\talive/living", "king\tqueen", "king, queen: not complementary: a woman and a man"),
    ("L10", "dead\talive/living", "first\tlast", "first, last: not complementary: ends of a scale"),
    ("L10", "dead\talive/living", "dead\tdead", "dead: an answer is the word itself"),
    ("L10", "dead\talive/living", "dead\talive/alive", "dead: 'alive' is there 2 times"),
    ("L10", "dead\talive/living", "dead\t", "dead: an empty word"),
    ("L10", "dead\talive/living", "wet\tdry", "L09 and L10: dry, wet: the same pair of words"),
    ("L10", "dead\talive/living", "quickly\tdog", "quickly, dog: the two words share no part of speech"),
    ("L07", "old\tancient", "run\tsprint", "'sprint' is noun, verb; adj is wanted"),
    ("L07", "old\tancient", "old\tzzyzx", "'zzyzx' is not in the lexicon"),
    ("L07", "old\tancient", "old\tantediluvian", "'antediluvian' has a Zipf frequency of"),
    ("L07", "angry\tfurious/enraged/livid", "hot\tcold", "L07 and L09: cold, hot: the same pair of words"),
]


@pytest.mark.parametrize(("code", "line", "bad", "message"), RELATION_FAULTS)
def test_a_fault_of_a_relation_is_found(relations, tmp_path, code, line, bad, message):
    shutil.copytree(data_dir() / "relations", tmp_path / "relations")
    path = next((tmp_path / "relations").glob(f"*/{code}*"))
    text = path.read_text(encoding="utf-8")
    assert f"{line}\n" in text
    path.write_text(text.replace(f"{line}\n", "" if bad is None else f"{bad}\n"), encoding="utf-8")
    found = relations.check(tmp_path / "relations")
    assert any(message in one for one in found), found


def test_too_many_opposites_by_a_prefix_and_a_missing_file_are_found(relations, tmp_path):
    words = ["able", "fair", "kind", "real", "safe", "seen", "sure", "tied", "told", "true", "wise"]
    pairs = [(word, [f"un{word}"]) for word in words]
    assert list(relations.check_binary(pairs)) == ["11 pairs are made by a prefix; at most 10 are allowed"]
    assert list(relations.check_binary(pairs[1:])) == []
    (tmp_path / "1_Inflectional_morphology").mkdir()
    assert "L10: no file" in relations.check(tmp_path)
