"""Files of word vectors as people have them, and how words are found in them."""

import bz2
import gzip
import io
import lzma
import struct
import tracemalloc
import unicodedata
import zipfile

import numpy as np
import pytest
from conftest import TEXT
from gensim.models import FastText, KeyedVectors
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from hypothesis import given, settings
from hypothesis import strategies as st

from embedlib import embed_sentences, embed_words
from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.vocabulary import Vocabulary
from embedlib.errors import ArtifactError, EmbedlibError, InputError
from embedlib.models import roster
from embedlib.models.external import resolve, word_vector_layouts
from embedlib.models.external.word_vectors import case_of
from embedlib.models.roster import find_model

WORDS = ["tea", "king", "café", "north", "1,000"]
ROWS = np.array([[0.25, -1.5, 3], [1, 2, 3], [-0.5, 1e-3, 4], [5, 6, 7.125], [8, -9, 0.1]], dtype=np.float32)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """Give a cache and a working folder of the test's own, and no labels of other tests."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(roster, "_labels", {})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def text(words=WORDS, rows=ROWS, *, first=" ", between=" ", end="\n", header=False, last=True):
    lines = [f"{len(words)} {rows.shape[1]}"] if header else []
    lines += [word + first + between.join(str(x) for x in row) for word, row in zip(words, rows, strict=True)]
    return end.join(lines) + (end if last else "")


def binary(words=WORDS, rows=ROWS, *, newline=b"\n", count=None, encoding="utf-8"):
    out = f"{count or len(words)} {rows.shape[1]}\n".encode()
    for word, row in zip(words, rows, strict=True):
        out += word.encode(encoding) + b" " + row.astype("<f4").tobytes() + newline
    return out


def read(own, content, name="v.txt", options=""):
    """Write a file and give its words and vectors as they were read."""
    (own / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    from embedlib.encoders.loader import load_model

    encoder = load_model(f"./{name}{options}")
    return encoder.words, np.array(encoder.vectors)


LAYOUTS = {
    "tabs": {"first": "\t", "between": "\t"},
    "tab-then-spaces": {"first": "\t"},
    "spaces": {"first": "   ", "between": "  "},
    "commas-and-spaces": {"first": ", ", "between": ", "},
    "windows": {"end": "\r\n"},
    "space-at-the-end": {"end": " \n"},
    "no-last-line-end": {"last": False},
    "header": {"header": True},
    "blank-lines": {"end": "\n\n"},
}


@pytest.mark.parametrize("kind", LAYOUTS)
def test_a_text_is_read_whatever_parts_its_fields(own, kind):
    words = [*WORDS[:4], "thousand" if "commas" in kind else "1,000"]
    found, rows = read(own, text(words, **LAYOUTS[kind]))
    assert found == words
    np.testing.assert_array_equal(rows, ROWS)


def test_a_table_with_commas_and_quotes_is_read(own):
    found, rows = read(own, 'tea,0.25,-1.5,3\n"1,000",1,2,3\n"a ""b""",-0.5,0.001,4\n')
    assert found == ["tea", "1,000", 'a "b"']
    np.testing.assert_array_equal(rows, ROWS[:3])


def test_a_decimal_comma_is_not_taken_for_two_numbers(own):
    with pytest.raises(ArtifactError, match="not a model that embedlib reads"):
        read(own, "mot 0,25 -1,5\nroi 1,0 2,0\n")


def test_words_with_spaces_and_odd_line_ends_are_read(own):
    words = [". . .", "at name@domain.com", "a\u2028b", "c\x85d", "e\u00a0f"]
    for header in (False, True):
        found, rows = read(own, text(words, header=header))
        assert found == words
        np.testing.assert_array_equal(rows, ROWS)
    found, _ = read(own, text(["ice cream", *WORDS[1:]], first="\t"))
    assert found == ["ice cream", *WORDS[1:]]


def test_blank_words_never_shift_the_others_and_are_said(own, caplog):
    words = ["", "king", "\u00a0", "north", "\u2028"]
    found, rows = read(own, text(words))
    assert found == ["king", "north"]
    np.testing.assert_array_equal(rows, ROWS[[1, 3]])
    assert "v.txt: 3 words are blank and are left out" in caplog.text
    found, rows = read(own, binary(words), "v.bin")
    assert found == ["king", "north"]
    np.testing.assert_array_equal(rows, ROWS[[1, 3]])


def test_a_byte_order_mark_is_nothing(own):
    for content in (text(), text(header=True), text(first="\t", between="\t")):
        assert read(own, b"\xef\xbb\xbf" + content.encode())[0] == WORDS
    with pytest.raises(ArtifactError, match="looks like UTF-16"):
        read(own, text().encode("utf-16"))


def test_a_first_word_that_is_a_number_is_no_header(own):
    found, rows = read(own, text(["400000", "1", "2", "3", "4"]))
    assert found == ["400000", "1", "2", "3", "4"]
    np.testing.assert_array_equal(rows, ROWS)


HEADERS = {
    "more": ("9 3", r"the first line says 9 words, the file has 5; is it complete\? Write v\.txt\[:5\]"),
    "fewer": ("4 3", r"the first line says 4 words, the file has 5; .*Write v\.txt\[:5\]"),
    "dimension": ("5 4", "the first line says 4 numbers a word, the lines behind it have 3; put the right number"),
    "one-dimension": ("5 1", "the first line says 1 numbers a word, the lines behind it have 3"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_lies_is_said_with_both_numbers_and_how_to_go_on(own, kind):
    header, said = HEADERS[kind]
    content = f"{header}\n{text()}"
    with pytest.raises(ArtifactError, match=said):
        read(own, content)
    if kind in ("more", "fewer"):
        assert read(own, content, options="[:5]")[0] == WORDS
    content = binary(count=9)
    with pytest.raises(ArtifactError, match="truncated: 9 words"):
        read(own, content, "v.bin")
    assert read(own, content, "v.bin", "[:5]")[0] == WORDS


WRONG = {
    "nan": (text().replace("7.125", "nan"), r"v\.txt, line 4: the vector of 'north' is not finite"),
    "large": (text().replace("7.125", "1e99"), r"v\.txt, line 4: the vector of 'north' is not finite"),
    "short": (text(last=False).rsplit(" ", 1)[0], r"v\.txt, line 5: 2 numbers where the first lines have 3"),
    "long": (text(last=False) + " 4", r"v\.txt, line 5: 4 numbers where"),
    "tab-like": ("a 1 2\nb 1\x0b5 2\n", r"line 2: not 2 numbers after a word"),
    "letters": (text(header=True).replace("7.125", "7,125"), r"line 5: not 3 numbers after a word: '7,125'"),
    "zeros": ("a 0 0\nb 0 0.0\n", "no word of it can be used: 2 words have a vector of zeros"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_line_is_named(own, kind):
    content, said = WRONG[kind]
    with pytest.raises(ArtifactError, match=said):
        read(own, content)


def test_numbers_are_the_nearest_float32(own):
    numbers = ["0.1", "+0.5", "-1.5e-3", ".25", "3.", "1e-42", "123456789.123", "0.30000001192092896", "16777217"]
    _, rows = read(own, f"a {' '.join(numbers)}\nb {' '.join(numbers[:1] * 9)}\n")
    np.testing.assert_array_equal(rows[0], np.array([float(number) for number in numbers]).astype(np.float32))
    _, plain = read(own, f"a {' '.join(numbers[:1] + numbers[2:])}\nb {' '.join(numbers[:1] * 8)}\n")
    np.testing.assert_array_equal(plain[0], np.delete(rows[0], 1))


def zipped(*names):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, text())
    return out.getvalue()


@pytest.mark.parametrize("ending", ["gz", "bz2", "xz", "zip"])
def test_packed_files_are_read(own, ending):
    packed = zipped("v.txt") if ending == "zip" else {"gz": gzip, "bz2": bz2, "xz": lzma}[ending].compress(
        text().encode()
    )  # fmt: skip
    assert find_model_of(own, packed, f"some.txt.{ending}").name == "some"
    found, rows = read(own, packed, f"some.txt.{ending}", "[:2]")
    assert found == WORDS[:2]
    np.testing.assert_array_equal(rows, ROWS[:2])
    with pytest.raises(EmbedlibError):
        read(own, packed[: len(packed) // 2], f"cut.{ending}")


def find_model_of(own, content, name):
    (own / name).write_bytes(content)
    return find_model(f"./{name}")


def test_an_archive_of_several_files_is_refused_by_name(own):
    with pytest.raises(ArtifactError, match=r"a zip archive of 2 files \(glove\.50d\.txt, glove\.100d\.txt\); unpack"):
        read(own, zipped("glove.50d.txt", "glove.100d.txt"), "glove.zip")


@pytest.mark.parametrize("kind", ["text", "header", "binary", "gz", "gensim"])
def test_the_first_words_only_are_read(own, kind):
    broken = {  # behind the second word nothing can be read
        "text": text(WORDS[:2], ROWS[:2]) + "\xff\n",
        "header": text(header=True).replace("0.001", "x"),
        "binary": binary()[:-30],
        "gz": gzip.compress((text(WORDS[:2], ROWS[:2]) + "x y z\n").encode()),
    }
    if kind == "gensim":
        vectors = KeyedVectors(3)
        vectors.add_vectors(WORDS, ROWS)
        vectors.save("v.kv")
        broken["gensim"] = (own / "v.kv").read_bytes()
    found, rows = read(own, broken[kind], "v.kv", "[:2]")
    assert found == WORDS[:2]
    np.testing.assert_array_equal(rows, ROWS[:2])
    spec = find_model("./v.kv[:2]")
    assert spec.name == "v.kv-limit-2" or spec.parameters == 6
    if kind != "gensim":
        with pytest.raises(EmbedlibError):
            find_model("./v.kv")
    else:
        assert find_model("./v.kv").checksum != spec.checksum


def test_a_limit_beyond_the_end_reads_all(own):
    for content in (text(), text(header=True), binary()):
        assert read(own, content, options="[:200000]")[0] == WORDS


def test_another_limit_or_another_content_is_another_model(own):
    (own / "v.txt").write_text(text())
    two, three = find_model("./v.txt[:2]"), find_model("./v.txt[limit=3]")
    assert two.checksum != three.checksum
    (own / "v.txt").write_text(text().replace("north", "south"))  # behind the second word
    assert find_model("./v.txt[:2]").checksum == two.checksum
    (own / "v.txt").write_text(text().replace("king", "queen"))
    assert find_model("./v.txt[:2]").checksum != two.checksum


def test_little_memory_is_held_while_a_file_is_read(own, monkeypatch):
    monkeypatch.setattr(word_vector_layouts, "_BLOCK", 1 << 16)
    row = np.arange(1, 5001, dtype=np.float32).tobytes()
    (own / "v.bin").write_bytes(b"1000 5000\n" + b"".join(b"w%d " % n + row for n in range(1000)))  # 20 MB
    tracemalloc.start()
    find_model("./v.bin")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10e6


def test_what_a_file_left_out_is_said_at_every_use(own, caplog, monkeypatch):
    (own / "v.txt").write_text(text([*WORDS[:3], "tea", "nil"], np.vstack([ROWS[:4], np.zeros((1, 3))])))
    said = []
    for _ in range(2):
        monkeypatch.setattr(resolve, "_told", set())  # as in a new process
        caplog.clear()
        for _ in range(3):
            embed_words("./v.txt", ["tea"])
        said.append(caplog.text)
    assert said[0] == said[1]
    for sentence in (
        "1 words are listed twice; the first of each counts",
        "1 words have a vector of zeros and are left out",
    ):
        assert said[0].count(f"v.txt: {sentence}") == 1  # once in a process


def test_another_encoding_is_never_garbled(own):
    words = ["thé", "thè", "café", "señor", "naïf"]
    for name, content, place in (
        ("v.txt", text(words).encode("latin-1"), "line 1"),
        ("v.vec", text(words, header=True).encode("latin-1"), "line 2"),
        ("v.bin", binary(words, encoding="latin-1"), "word 1"),
    ):
        with pytest.raises(
            InputError, match=rf"{name}, {place}, byte 3: .*looks like latin-1.*{name}\[encoding=NAME\]"
        ):
            read(own, content, name)
        found, rows = read(own, content, name, "[encoding=latin-1]")
        assert found == words
        np.testing.assert_array_equal(rows, ROWS)
    words = ["чай", "король", "a", "b", "c"]
    assert read(own, text(words).encode("koi8-r"), options="[encoding=koi8-r]")[0] == words
    with pytest.raises(ArtifactError, match="in utf-16 are not read"):
        find_model("./v.txt[encoding=utf-16]")
    assert read(own, text(), options="[encoding=utf-8-sig]")[0] == WORDS


def test_what_a_vocabulary_is_is_said_by_most_of_its_words(own):
    assert [case_of(*counts) for counts in ((0, 0), (0, 50), (9, 1000), (1, 400_000))] == ["lower"] * 4
    assert [case_of(*counts) for counts in ((1, 14), (1, 5), (50, 1000))] == ["mixed"] * 3
    assert [case_of(*counts) for counts in ((150, 1000), (2, 6), (5, 5))] == ["cased"] * 3
    words = [f"w{'abcdefghij'[n // 100]}{n}" for n in range(300)]
    rows = np.ones((300, 2), dtype=np.float32)
    (own / "v.txt").write_text(text([*words[:-1], "Zed"], rows))
    assert find_model("./v.txt").case == "lower"  # one stray capital
    assert find_model("./v.txt[case=cased]").case == "cased"
    assert embed_words("./v.txt", ["WA5", "zed"]).found_as == {"WA5": "wa5"}
    assert embed_words("./v.txt[case=cased]", ["zed"]).found_as == {"zed": "Zed"}


FOUND = [  # case, vocabulary, what is asked, what is found
    ("cased", ["Athens", "ATHENS", "dog", "NATO"], {"athens": "Athens", "Dog": "dog", "nato": "NATO", "Nato": "NATO"}),
    ("cased", ["The", "the", "THE"], {"the": "the", "The": "The", "tHe": "the"}),
    ("mixed", ["Paris", "paris"], {"PARIS": "paris"}),
    ("lower", ["paris", "Rome"], {"Paris": "paris", "Rome": "Rome", "rome": None}),
    ("lower", ["ice_cream", "new-york", "coffee pot"],
     {"ice cream": "ice_cream", "ice-cream": "ice_cream", "New York": "new-york", "coffee_pot": "coffee pot"}),
    ("lower", ["ice-cream", "ice_cream"], {"ice cream": "ice_cream", "ice-cream": "ice-cream"}),
    ("cased", ["New_York", "new_york"], {"New York": "New_York", "new york": "new_york", "NEW YORK": "new_york"}),
    ("cased", ["New_York", "Ice-cream"], {"new york": "New_York", "ice cream": "Ice-cream"}),
    ("lower", ["state-of_the-art"], {"state of the art": "state-of_the-art"}),
    ("lower", ["_", "-", "a_"], {"-": "-", " ": None, "a-": None, "--": None}),
    ("lower", ["cafe\u0301", "ﬁn"], {"café": "cafe\u0301", "Café": "cafe\u0301", "cafe": None, "fin": None}),
    ("lower", ["café", "cafe\u0301"], {"cafe\u0301": "cafe\u0301", "café": "café"}),
    ("cased", ["Vie\u0323\u0302t_Nam"],
     {"việt nam": "Vie\u0323\u0302t_Nam", "vi\u1eb9\u0302t-nam": "Vie\u0323\u0302t_Nam"}),
    ("lower", ["über"], {"u\u0308ber": "über", "U\u0308BER": "über"}),
]  # fmt: skip


@pytest.mark.parametrize("row", range(len(FOUND)))
def test_words_are_found_in_the_stated_order(row):
    case, words, asked = FOUND[row]
    vocabulary = Vocabulary(words, case)
    found = {word: vocabulary.find(word) for word in asked}
    assert {word: row if row is None else words[row] for word, row in found.items()} == asked


def test_a_table_says_how_words_were_found_and_what_was_tried(own):
    words = ["Oslo", "tea", "ice_cream", unicodedata.normalize("NFD", "café"), "NATO"]
    (own / "v.txt").write_text(text(words))
    asked = ["Oslo", "oslo", "Tea", "nato", "ice cream", "café", "New York", "mouse"]
    for _ in range(2):  # computed, and from the store
        table = embed_words("./v.txt", asked)
        assert table.found_as == {
            "oslo": "Oslo", "Tea": "tea", "nato": "NATO", "ice cream": "ice_cream", "café": words[3],
        }  # fmt: skip
        assert table.ways() == {
            "as given": 1, "in lower case": 1, "capitalised": 1, "in upper case": 1, "joined in another way": 1,
            "with accents in another form": 1,
        }  # fmt: skip
        assert table.missing == {
            "New York": "not among the 5 words of the vocabulary "
            "(tried as given, in lower case, capitalised, joined by a space, _ or -)",
            "mouse": "not among the 5 words of the vocabulary (tried as given, capitalised)",
        }
    assert EmbeddingTable.plain([], np.empty((0, 3), dtype=np.float32)).ways() == {}


def test_sentences_of_a_cased_vocabulary_take_each_word_as_it_is_found(own):
    words = ["The", "dog", "Oslo", "the", unicodedata.normalize("NFD", "café")]
    (own / "v.txt").write_text(text(words))
    table = embed_sentences("./v.txt", ["The dog", "the Dog", "OSLO café"])
    np.testing.assert_allclose(
        table.vectors, [ROWS[[0, 1]].mean(0), ROWS[[3, 1]].mean(0), ROWS[[2, 4]].mean(0)], rtol=1e-6
    )


@pytest.fixture(scope="module")
def subwords(tmp_path_factory):
    """Train a small fastText model, whose texts have accents in them."""
    folder = tmp_path_factory.mktemp("fasttext")
    texts = [line.split() for line in TEXT] * 3
    model = FastText(texts, vector_size=6, min_count=1, workers=1, bucket=50, min_n=2, max_n=4)
    save_facebook_model(model, str(folder / "ft.bin"))
    model.save(str(folder / "ft.model"))
    return folder


@pytest.mark.parametrize("file", ["ft.bin", "ft.model", "ft.bin[:5]"])
def test_fasttext_makes_vectors_of_unseen_words(subwords, file):
    theirs = load_facebook_vectors(str(subwords / "ft.bin"))
    known, unseen = theirs.index_to_key[:5], ["doghouse", "Kingdoms", "naïvely", "ice cream"]
    for _ in range(2):  # computed, and from the store
        table = embed_words(str(subwords / file), [*unseen, *known, " ", "dog"])
        assert table.keys == [*unseen, *known, *({"dog"} - set(known))]
        assert list(table.missing) == [" "]
        np.testing.assert_allclose(table.rows([*unseen, *known]), theirs[[*unseen, *known]], rtol=1e-5, atol=1e-8)
        assert [word for word, found in table.found_as.items() if not found][:4] == unseen
        assert table.ways()["from subwords"] == (4 if file != "ft.bin[:5]" or "dog" in known else 5)


def test_a_fasttext_file_that_cannot_be_used_says_why(own, subwords):
    content = (subwords / "ft.bin").read_bytes()
    for kept in (6, 40, 90, 200, len(content) // 3):
        with pytest.raises(ArtifactError, match=r"cannot be read as fastText \.bin: cut short"):
            read(own, content[:kept], "cut.bin")
    place = content.index(struct.pack("<2q", len(load_facebook_vectors(str(subwords / "ft.bin"))) + 50, 6)) - 1
    with pytest.raises(ArtifactError, match="a quantised model of fastText"):
        read(own, content[:place] + b"\1" + content[place + 1 :], "small.ftz")
    with pytest.raises(ArtifactError, match="unpack it first"):
        read(own, gzip.compress(content), "ft.bin.gz")


SAFE = st.text("abÉ日\u0301\u2028\x85\u00a0\u3000'.:;-_#/", min_size=1, max_size=6).filter(str.strip)
NUMBERS = st.floats(-1e6, 1e6, width=32).filter(bool)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    words=st.lists(SAFE, min_size=2, max_size=6, unique=True), data=st.data(),
    kind=st.sampled_from([*LAYOUTS, "binary"]),
)  # fmt: skip
def test_any_vocabulary_is_read_back(tmp_path_factory, words, data, kind):
    rows = np.array(
        data.draw(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=len(words), max_size=len(words))),
        dtype=np.float32,
    )
    content = binary(words, rows) if kind == "binary" else text(words, rows, **LAYOUTS[kind])
    found, vectors = converted(tmp_path_factory, content)
    assert found == words
    np.testing.assert_array_equal(vectors, rows)


def converted(tmp_path_factory, content):
    """Convert a file in a folder of its own; gives its words and vectors."""
    from embedlib._util.parquet import read_parquet
    from embedlib.models.external.bracket_options import Options
    from embedlib.models.external.word_vectors import _convert, _find_source

    folder = tmp_path_factory.mktemp("any")
    (folder / "v").write_bytes(content if isinstance(content, bytes) else content.encode())
    _convert(_find_source(folder / "v", Options()), folder)
    return read_parquet(folder / "vocabulary.parquet").column(0).to_pylist(), np.load(folder / "vectors.npy")


PIECES = st.sampled_from(
    [b"3 2\n", b"2 2\n", b"dog ", b"0.5 ", b"-1 ", b"\n", b" ", b"\t", b",", b'"', b"nan", b"\xff", b"\0", b"\xe9",
     b"1e400 ", b"cat 1 2\n", b"\x1f\x8b", b"PK\x03\x04", b"BZh9", struct.pack("<i", 793712314), b"\x0b", b"1_0 ",
     b"0x1 ", b"\x80\x04", b"\r\n", struct.pack("<2f", 1, 2), b"\xc2\xa0 1 2\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(content=st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=14).map(b"".join)))
def test_any_bytes_give_vectors_or_an_error_on_purpose(tmp_path_factory, content):
    try:
        words, rows = converted(tmp_path_factory, content)
    except EmbedlibError:
        return
    assert len(words) == len(rows) > 0
    assert np.isfinite(rows).all()


@settings(max_examples=30, deadline=None, derandomize=True)
@given(asked=st.lists(st.sampled_from(["Tea", "tea", "KING", "café", "cafe\u0301", "north", "nowhere", " "])))
def test_order_and_repeats_of_what_is_asked_do_not_change_vectors(tmp_path_factory, asked):
    from embedlib.encoders.loader import load_model

    folder = tmp_path_factory.getbasetemp() / "order"
    folder.mkdir(exist_ok=True)
    if not (folder / "v.txt").exists():
        (folder / "v.txt").write_text(text())
    encoder = load_model(str(folder / "v.txt"))
    alone = {word: encoder.encode_words([word]) for word in asked}
    table = encoder.encode_words(asked)
    for word in table.keys:
        np.testing.assert_array_equal(table.rows([word]), alone[word].vectors)
    assert set(table.keys) | set(table.missing) == set(asked)
