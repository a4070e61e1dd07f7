"""Readers of test sets, on small files in the layouts in which the sets are distributed."""

import pytest

from embedlib import load_dataset
from embedlib.datasets.load import words_of
from embedlib.errors import InputError, UnknownNameError


def test_the_sets_that_gensim_ships():
    google = load_dataset("google-analogies")
    assert len(google) == 19_544
    assert google.iloc[0].tolist() == ["capital-common-countries", "Athens", "Greece", "Baghdad", "Iraq"]
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
    with pytest.raises(InputError, match="men is not part of this project"):
        load_dataset("men")
    with pytest.raises(InputError, match="does not exist"):
        load_dataset("bats", path=tmp_path / "no")
    with pytest.raises(InputError, match=r"no relations here.*1_Inflectional_morphology.*found: nothing"):
        load_dataset("bats", path=tmp_path)
