"""Readers of sentences, spans, and the book's own anchors and rated pairs."""

import importlib
import json
import re

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib._util.paths import PROJECT, data_dir
from embedlib.datasets.sentence_pairs import read_sts
from embedlib.datasets.sentences import CHANGED, KEPT, choose_anchors, read_anchors, spread_anchors
from embedlib.datasets.spans import cut_word, find_span
from embedlib.errors import InputError, UnknownNameError


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
        ("the cat saw the cat", "cat", r"is there 2 times, at \[\(4, 7\), \(16, 19\)\]"),
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
        ({"sentence": "A cat saw a cat."}, "is there 2 times"),
        ({"sentence": "A dog."}, "unknown word of"),
        ({"id": "cat-base"}, "'cat-base' is used twice"),
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


EMOJI = {"id": "second", "kind": "voice", "sentence": "The cat sat \ud83d"}


def test_half_a_surrogate_pair_is_an_error_with_its_place(tmp_path):
    with pytest.raises(InputError, match=r'line 2: "\\ud83d" is half a surrogate pair'):
        read_anchors(written(tmp_path, LINE, LINE | EMOJI))
    pair = {"sentence1": "cut \udc00 here", "sentence2": "b", "score": 1}
    with pytest.raises(InputError, match=r'own\.jsonl, line 1: "\\udc00" is half a surrogate pair'):
        read_sts(written(tmp_path, pair))
    whole = {"sentence1": "a whole 🐶", "sentence2": "b", "score": 1}  # json writes it as two escapes
    assert read_sts(written(tmp_path, whole))["sentence1"].tolist() == ["a whole 🐶"]


A, B = "A boat leaves.", "A ship departs."
PAIRS = {  # what a file holds, and how many of its pairs have a rating and a text
    "sick.txt": (f"pair_ID\tsentence_A\tsentence_B\trelatedness_score\tx\r\n1\t{A}\t{B}\t4.6\tx\r\n", {}),
    "front.tsv": (f"\tone\ttwo\n4.6\t{A}\t{B}\n\tthree\tfour\n", {"no rating": 2}),
    "blank.csv": (f'"{A}",{B},4.6\n,,1.2\n,,\n{A},,3\n', {"no text": 2, "a blank sentence": 1}),
    "semicolons.csv": (f"sentence1;sentence2;score\n{A};{B};4,6\n\n{A};{B}, too; \n", {"no rating": 1}),
    "bare-semicolons.csv": (f"{A};{B};4,6\nOne, two;three;4,2\n", {}),
    "pairs.jsonl": (json.dumps({"sentence1": A, "sentence2": B, "score": 4.6, "genre": "x"}) + "\n"
                    + json.dumps({"sentence1": A, "sentence2": B, "score": None}), {"no rating": 1}),
    "pairs.json": (json.dumps([{"sentence1": A, "sentence2": B, "label": "4.6"}]), {}),
    "hash.tsv": (f"{A}\t{B}\t4.6\n#1 seed leaves\tThe top seed is out\t4.0\n", {}),
    "line-separator.tsv": (f"{A}\t{B}\t4.6\rone\u2028line\x85\tstill\x1cone\x0b line\t4.0\r", {}),
    "quotes.tsv": (f'{A}\t{B}\t4.6\n"An open quote\tis plain\t4.0\nand "another\t"one\t3\n', {}),
}  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_as_they_are_distributed(tmp_path, name, caplog):
    text, left_out = PAIRS[name]
    path = tmp_path / name
    path.write_bytes(text.encode())
    frame = load_dataset("sts", path=path)
    assert frame[["sentence1", "sentence2", "score"]].iloc[0].tolist() == [A, B, 4.6]
    assert frame.attrs["left_out"] == left_out
    assert all(f"{count} ({reason})" in caplog.text for reason, count in left_out.items())
    assert frame["score"].between(0, 5).all()


def test_a_line_ends_where_a_line_ends(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_bytes(PAIRS["line-separator.tsv"][0].encode())
    assert read_sts(path)["sentence1"].tolist() == [A, "one\u2028line"]  # U+0085 is a blank at the end


def test_input_and_gold_apart(tmp_path):
    task = tmp_path / "2015"
    task.mkdir()
    (task / "STS.input.forum.txt").write_text(f"one\ttwo\n{A}\t{B}\tsource\n")
    gold = task / "STS.gs.forum.txt"
    gold.write_text("\n4.6\n")
    (task / "._STS.input.forum.txt").write_bytes(b"\0\5")
    for path in (task / "STS.input.forum.txt", gold, task):
        frame = load_dataset("sts", path=path)
        assert frame[["sentence1", "sentence2", "score"]].to_numpy().tolist() == [[A, B, 4.6]]
        assert frame.attrs["left_out"] == {"no rating": 1}
    assert load_dataset("sts", path=tmp_path)["file"].tolist() == ["forum"]
    (tmp_path / "gold").mkdir()
    gold = gold.rename(tmp_path / "gold" / gold.name)
    assert len(load_dataset("sts", path=task)) == 1
    gold.write_text("\n6\n")
    with pytest.raises(InputError, match=r"STS\.gs\.forum\.txt, line 2: the score '6'"):
        load_dataset("sts", path=task)
    gold.write_text("1\n")
    with pytest.raises(InputError, match=r"has 2 lines and .* has 1"):
        load_dataset("sts", path=task)
    gold.unlink()
    with pytest.raises(InputError, match="neither beside it nor"):
        load_dataset("sts", path=task)
    with pytest.raises(InputError, match=r"a folder without STS\.input"):
        load_dataset("sts", path=tmp_path / "gold")


def test_a_long_sentence_and_an_open_quote(tmp_path):
    path = tmp_path / "pairs.csv"
    long = "word " * 40_000
    path.write_text(f'"{long}",{B},4.6\n')
    assert read_sts(path)["sentence1"].str.len().tolist() == [len(long) - 1]
    rows = [f"{A},{B},{n % 5}" for n in range(6)]
    for at, opened in ((1, '"An open quote,is not closed,3'), (2, '"An open quote,is not closed,3')):
        rest = [*rows[at:], 'He said,"so",3'] if at == 2 else rows[at:]
        path.write_text("\n".join([*rows[:at], opened, *rest]))
        with pytest.raises(InputError, match=rf"line {at + 1}: a quote that opens in this line"):
            read_sts(path)
    path.write_text(f'{A},{B},3\n"An open quote,is not closed,3\n{A},{B},3\nand here",it closes,2\n')
    with pytest.raises(InputError, match=r"line 2: a quote that opens in this line closes in .*line 4 only"):
        read_sts(path)
    path.write_text(f'{A},{B},3\n"Two\n\nparagraphs",{B},2\n')
    assert len(read_sts(path)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1\tone\t3\n2\ttwo\t4\n", "the first and the last column are numbers"),
        ('{"sentence1": "a", "sentence2": "b"}\n', "line 1: no object with sentence1, sentence2 and score"),
        ('{"sentence1": "a", "sentence2": "b", "score": true}\n', "line 1: the score True"),
        ('{"sentence1": 1, "sentence2": "b", "score": 1}\n', "line 1: sentence1 is 1, not a text"),
        ('[{"sentence1": "a", "sentence2": "b", "score": 9}]', "item 1: the score 9"),
        ("\tone\ttwo\n\tthree\tfour\n", "neither a header"),
        (",one,1\n", "no item of sts; left out: 1"),
    ],
)
def test_pairs_that_cannot_be_read_safely_are_refused(tmp_path, text, message):
    path = tmp_path / "own.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_dataset("sts", path=path)


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
    ("paraphrase", lambda base: base, r"\d\d% of the base sentence's content words are there; allowed: 20% to 60%"),
    ("paraphrase", lambda base: "It so was that they went there on some day of then", r"\b0% of the base sentence's"),
    ("paraphrase", lambda base: "Near Vienna, on a Tuesday, " + base, r"names are .*'tuesday', 'vienna'"),
    ("paraphrase", lambda base: "Nine or ninety of them: " + base, r"numbers are .*9, .*90"),
    ("formality", lambda base: "Three dozen: " + base, r"numbers are .*36"),
    ("exclamation", lambda base: base.rstrip(".") + "!", "the words are those of the base sentence"),
    ("exclamation", lambda base: "How kind, " + base.rstrip(".") + "!", "a statement follows after 'How kind,'"),
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
    kinds = frame["kind"].value_counts()
    assert f"{kinds['antonym']} anchors have an antonym, and {kinds['inflection']} an inflection" in text
    assert f"{reasons['antonym']} of {kinds['antonym']} rest on a written reason" in text
    by_pos = frame[frame["kind"] == "antonym"]["pos"].value_counts()
    assert f"are adjectives ({by_pos['adjective']}), since few nouns have one ({by_pos['noun']})" in text
    changes = frame[frame["kind"] == "inflection"].groupby("pos")["change"]
    assert f"{changes.size()['adjective']} comparatives and superlatives" in text
    assert (
        f"{(frame['pos'][frame['kind'] == 'base'] == 'adjective').sum() - changes.size()['adjective']} adjectives"
        in text
    )
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
