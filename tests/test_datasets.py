"""Readers of test sets, on small files in the layouts in which the sets are distributed."""

import pytest

from embedlib import load_dataset
from embedlib.datasets import words_of
from embedlib.errors import InputError, UnknownNameError


def test_the_sets_that_gensim_ships():
    google = load_dataset("google-analogies")
    assert len(google) == 19_544
    assert google.iloc[0].tolist() == ["capital-common-countries", "athens", "greece", "baghdad", "iraq"]
    assert google["relation"].nunique() == 14
    assert len(load_dataset("wordsim353")) == 353
    simlex = load_dataset("simlex999")
    assert (len(simlex), simlex["score"].between(0, 10).all()) == (999, True)


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
    assert frame["targets"].tolist() == [("albums",), ("apps", "apps2"), ("before", "new york", "prior")]
    assert frame["relation"].iloc[0] == "I01 [noun - plural_reg]"
    assert words_of(frame)[:4] == ["album", "app", "after", "albums"]


@pytest.mark.parametrize("line", ["album albums", "album\t", "\talbums", "album\t/"])
def test_a_malformed_relation_is_named_by_line(tmp_path, line):
    write(tmp_path / "1_x" / "I01.txt", f"dog\tdogs\n{line}\n")
    with pytest.raises(InputError, match=r"I01\.txt, line 2: "):
        load_dataset("bats", path=tmp_path)


def test_ratings_in_their_own_layouts(tmp_path):
    men = write(tmp_path / "MEN.txt", "sun-n sunlight-n 50.0\nrun-v red-j 1\n")
    assert load_dataset("men", path=men).to_numpy().tolist() == [["sun", "sunlight", 50.0], ["run", "red", 1.0]]
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
        ["multiple sclerosis", "ms", 4.0], ["motor", "bike", 2.38],
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
    lines = write(tmp_path / "google.txt", ": gram\na b c d\na b c\n")
    with pytest.raises(InputError, match=r"google\.txt, line 3: .* has 3 words"):
        load_dataset("msr-analogies", path=lines)


def test_unknown_names_and_missing_paths(tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'wordsim353'"):
        load_dataset("wordsim")
    with pytest.raises(InputError, match="men is not part of this project"):
        load_dataset("men")
    with pytest.raises(InputError, match="does not exist"):
        load_dataset("bats", path=tmp_path / "no")
    with pytest.raises(InputError, match="holds no item"):
        load_dataset("bats", path=tmp_path)
