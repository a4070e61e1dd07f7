"""Readers of sentences, spans, and the book's own anchors and rated pairs."""

import importlib
import json
import re

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib.errors import InputError, UnknownNameError
from embedlib.paths import PROJECT, data_dir
from embedlib.sentence_pairs import read_sts
from embedlib.sentences import CHANGED, KEPT, choose_anchors, read_anchors, spread_anchors
from embedlib.spans import cut_word, find_span


@pytest.mark.parametrize(
    ("sentence", "form", "span"),
    [
        ("The cats saw a cat.", "cat", (15, 18)),
        ("He said 'cat', twice", "cat", (9, 12)),
        ("Cat and dog", "cat", (0, 3)),
        ("a 🐶cat🐱", "cat", (3, 6)),
        ("un cafe\u0301, s'il", "cafe\u0301", (3, 8)),
        ("he shouted: שלום עולם", "שלום", (12, 16)),
        ("the dog's bone", "dog", (4, 7)),
        ("a rock-hard loaf", "rock", (2, 6)),
        ("they look up to her", "look up to", (5, 15)),
    ],
)
def test_a_form_is_found_as_a_whole_word(sentence, form, span):
    assert find_span(sentence, form) == span
    assert cut_word(sentence, *span) is None


@pytest.mark.parametrize(
    ("sentence", "form", "message"),
    [
        ("the cats sat", "cat", "Did you mean 'cats'"),
        ("the cat saw the cat", "cat", r"stands 2 times, at \[\(4, 7\), \(16, 19\)\]"),
        ("the cat", "  ", "blank"),
        ("un cafe\u0301", "cafe", "unknown word"),
    ],
)
def test_a_form_that_is_not_there_or_stands_twice_is_an_error(sentence, form, message):
    with pytest.raises(InputError, match=message):
        find_span(sentence, form)


def test_spans_that_cut_a_word():
    assert cut_word("the cats sat", 4, 7) == "the span 'cat' cuts the word 'cats'"
    assert cut_word("שלום", 0, 3)
    assert cut_word("cafe\u0301", 0, 4)
    assert cut_word("今日は良い", 0, 2) is None  # no spaces, no words to cut


LINE = {"id": "cat-base", "anchor": "cat", "pos": "noun", "kind": "base", "sentence": "The cat sat.", "form": "cat"}


def written(tmp_path, *lines):
    path = tmp_path / "own.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines))
    return path


def test_own_anchors_need_no_offsets(tmp_path):
    frame = read_anchors(written(tmp_path, LINE, LINE | {"id": "b", "kind": "negation", "sentence": "No cat sat."}))
    assert frame[["start", "end"]].to_numpy().tolist() == [[4, 7], [3, 6]]
    assert frame["meaning"].tolist() == ["", "changed"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("{", "line 2: no JSON"),
        ("[1]", r"line 2: \[1\] is not a JSON object"),
        ({"sentence": ""}, "'sentence' is ''"),
        ({"kind": "negatoin"}, "line 2: unknown kind 'negatoin'. Did you mean 'negation'"),
        ({"start": 4, "end": 70}, r"the span \(4, 70\) is outside a sentence of 12"),
        ({"start": 5, "end": 8}, "is 'at ', not the form 'cat'"),
        ({"sentence": "The cats sat.", "start": 4, "end": 7}, "cuts the word 'cats'"),
        ({"sentence": "A cat saw a cat."}, "stands 2 times"),
        ({"sentence": "A dog."}, "unknown word of"),
        ({"id": "cat-base"}, "'cat-base' stands twice"),
        ({"anchor": "dog", "kind": "voice"}, "'dog' has no base sentence"),
        ({"kind": "base"}, "'cat' has two base sentences"),
    ],
)
def test_a_bad_anchor_line_is_an_error_with_its_place(tmp_path, change, message):
    second = change if isinstance(change, str) else LINE | {"id": "second", "kind": "voice"} | change
    with pytest.raises(InputError, match=message):
        read_anchors(written(tmp_path, LINE, second))


LAYOUTS = {
    "glue.tsv": "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\n"
    '0\tmain\tMS\t2012\t1\tnone\tnone\tA "dog" runs.\tA dog is running.\t4.8\n',
    "sts-dev.csv": 'main-captions\tMSRvid\t2012test\t1\t4.8\tA "dog" runs.\tA dog is running.\n'
    "main-news\tMSRpar\t2013\t2\t0.0\tIt rains.\tA cat sleeps.\tlicence\tsource\n",
    "header.csv": 'sentence1,sentence2,similarity_score\n"A ""dog"" runs.",A dog is running.,4.8\n',
    "bare.csv": '"A ""dog"" runs.",A dog is running.,4.8\n"One, two.",Three.,1\n',
    "front.tsv": '4.8\tA "dog" runs.\tA dog is running.\n',
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts_of_rated_pairs_are_told_apart(tmp_path, name):
    path = tmp_path / name
    path.write_text(LAYOUTS[name])
    frame = load_dataset("stsb", path=path)
    assert frame.loc[0, ["sentence1", "sentence2", "score"]].tolist() == ['A "dog" runs.', "A dog is running.", 4.8]
    assert len(frame) == LAYOUTS[name].count("\n") - ("sentence1" in LAYOUTS[name])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\ttwo\t3\none\ttwo\n", "line 2: 2 cells where the first line has 3"),
        ("sentence1\tsentence2\tscore\na\tb\t1\na\tb\n", "line 3: 2 cells"),
        ("one\ttwo\t3\none\ttwo\t5.5\n", "line 2: the score '5.5' is no number from 0 to 5"),
        ("one\ttwo\t3\none\ttwo\tnan\n", "line 2: the score 'nan'"),
        ("index\tsentence1\tsentence2\n1\ta\tb\n", "line 1: neither a header"),
        ("one,two,nine\n", "line 1: neither a header"),
        ("", "holds no pair"),
    ],
)
def test_a_bad_line_of_rated_pairs_is_an_error_with_its_place(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_sts(path)


def test_our_rated_pairs():
    frame = load_dataset("sts")
    assert len(frame) >= 120
    assert frame["genre"].value_counts().min() >= 30
    raters = frame[["rater1", "rater2", "rater3"]].astype(float)
    assert ((raters.mean(axis=1) - frame["score"]).abs() < 0.0051).all()
    assert raters.stack().between(0, 5).all()
    assert not pd.concat([frame["sentence1"], frame["sentence2"]]).duplicated().any()


@pytest.fixture(scope="module")
def checker():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "data" / "scripts"))
        return importlib.import_module("check_anchors")


@pytest.fixture(scope="module")
def facts(checker):
    return checker.read_facts(data_dir() / "anchors" / "wordnet.tsv")


def test_our_anchors_pass_all_checks(checker, facts):
    assert checker.check(load_dataset("anchors"), facts) == []


def test_the_curated_sentences_are_those_of_the_file():
    listed = {
        text.replace("[", "").replace("]", "")
        for file in (data_dir() / "scripts" / "curated" / "anchors").glob("*.json")
        for record in json.loads(file.read_text())
        for text in [
            *record.values(),
            *record.get("senses", {}).get("same", []),
            *record.get("senses", {}).get("other", []),
        ]
        if isinstance(text, str) and "[" in text
    }
    frame = load_dataset("anchors")
    assert listed == set(frame.loc[frame["kind"] != "jumble", "sentence"])


# How a sentence is spoilt, and what the check says of it.
FAULTS = [
    ("negation", lambda base: base, "no negator was added"),
    ("negation", lambda base: f"Never {base} yellow umbrella teapots", "more than a negator was added"),
    ("jumble", lambda base: base + " extra.", "no permutation"),
    ("jumble", lambda base: base, "in the order of the base"),
    ("swap", lambda base: "Yellow umbrellas sang " + base, "too much is changed"),
    ("paraphrase", lambda base: base, "of the content words are the base"),
    ("longer", lambda base: base, r"\+0 words; longer allows \+4 to \+9"),
    ("question", lambda base: base, "the end mark is not that of a question"),
    ("voice", lambda base: base, "the words are those of the base sentence"),
]


@pytest.mark.parametrize(("kind", "spoil", "message"), FAULTS)
def test_the_check_finds_a_spoilt_sentence(checker, facts, kind, spoil, message):
    frame = load_dataset("anchors")
    names = spread_anchors(frame, 3)
    frame = frame[frame["anchor"].isin(names) & frame["kind"].isin(["base", *KEPT, *CHANGED])].reset_index(drop=True)
    at = frame.index[(frame["anchor"] == names[1]) & (frame["kind"] == kind)][0]
    base = frame.loc[(frame["anchor"] == names[1]) & (frame["kind"] == "base"), "sentence"].iloc[0]
    assert not [line for line in checker.check(frame, facts, any_size=True) if line.startswith(frame["id"][at])]
    frame.loc[at, "sentence"] = spoil(base)
    assert any(line.startswith(frame["id"][at]) and re.search(message, line)
               for line in checker.check(frame, facts, any_size=True))  # fmt: skip


def test_the_check_finds_words_duplicates_alike_bases_lengths_and_counts(checker, facts):
    frame = load_dataset("anchors")
    spoilt = frame.copy()
    synonym, unrelated = (frame.index[frame["kind"] == kind][0] for kind in ("synonym", "unrelated"))
    spoilt.loc[synonym, ["word", "reason"]] = ["exquisite", ""]
    spoilt.loc[unrelated, "word"] = "zygote"
    bases = frame.index[frame["kind"] == "base"]
    spoilt.loc[bases[1], "sentence"] = spoilt.loc[bases[0], "sentence"]
    spoilt.loc[frame.index[frame["kind"] == "same sense"][0], "sense"] = "dog%1:05:00::"
    found = "\n".join(checker.check(spoilt, facts))
    for message in ("is not the stated word 'exquisite'", "'exquisite' is not WordNet's synonym", "is not as frequent",
                    "the same sentence", "are alike", "'dog%1:05:00::' is no sense key of the anchor"):  # fmt: skip
        assert message in found, message
    longer = frame[frame["kind"] != "circumstance"]
    assert "length tells kept from changed" in "\n".join(checker.check(longer, facts, any_size=True))
    few = "\n".join(checker.check(frame[frame["anchor"].isin(spread_anchors(frame, 9))], facts))
    assert "at least 60 are wanted" in few
    assert "at least 2,500 are wanted" in few


def test_a_jumble_depends_on_its_anchor_alone():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PROJECT / "data" / "scripts"))
        build = importlib.import_module("build_anchors")
    frame = load_dataset("anchors")
    base = frame[frame["kind"] == "base"].iloc[3]
    marked = f"{base['sentence'][: base['start']]}[{base['form']}]{base['sentence'][base['end'] :]}"
    jumbled = frame[(frame["anchor"] == base["anchor"]) & (frame["kind"] == "jumble")].iloc[0]
    assert build.plain(build.jumble(marked, base["anchor"])) == (
        jumbled["sentence"],
        (jumbled["start"], jumbled["end"]),
    )


def test_the_data_sheet_counts_right():
    frame, sheet = load_dataset("anchors"), (data_dir() / "anchors" / "README.md").read_text()
    rows = re.findall(r"^\| ([a-z ]+) \| (\d+) \| (kept|changed|) *\|", sheet, re.M)
    assert {kind: int(count) for kind, count, _ in rows} == frame["kind"].value_counts().to_dict()
    assert {kind: meaning for kind, _, meaning in rows} == frame.groupby("kind")["meaning"].first().to_dict()
    listed = (data_dir() / "anchors" / "wordnet.tsv").read_text().count("\n") - 1
    reasons = frame[frame["reason"] != ""]["kind"].value_counts()
    text = " ".join(sheet.split())
    assert f"{len(frame):,} English sentences about {frame['anchor'].nunique()} anchor words" in text
    assert f"the {listed} synonyms and antonyms that WordNet 3.1 lists" in text
    assert f"{reasons['antonym']} of 180 rest on a written reason" in text
    assert f"{reasons['synonym']} have a written reason" in text


def test_some_anchors_are_chosen_with_the_nearest_match():
    frame = pd.DataFrame({"anchor": ["a", "a", "b", "crane"]})
    assert choose_anchors(frame, ["a", "crane"])["anchor"].tolist() == ["a", "a", "crane"]
    assert len(choose_anchors(frame, [])) == 4
    with pytest.raises(UnknownNameError, match=r"unknown anchor 'cranes'\. Did you mean 'crane'"):
        choose_anchors(frame, ["cranes"])


def test_anchors_are_spread_over_the_file():
    frame = pd.DataFrame({"anchor": list("aabbccddee")})
    assert spread_anchors(frame, 3) == ["a", "c", "e"]
    assert spread_anchors(frame, 1) == ["a"]
    assert spread_anchors(frame, 99) == list("abcde")
