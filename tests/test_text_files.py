"""Text files as people have them: encodings, ends of lines, comments, and what is no text."""

import codecs

import pytest

from embedlib import load_dataset, load_words
from embedlib.datasets.text_files import decode, numbered_lines, parse_json, read_text
from embedlib.errors import InputError, UnknownNameError

FRENCH = "thé\tcafé\t3\nsel\tpoivre\t4\n"


def given(tmp_path, raw):
    path = tmp_path / "own.txt"
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize(
    ("text", "encoding", "line", "byte"),
    [
        ("tea\tcoffee\t2\r\nthé\tcafé\t3\r\nséquoia\tséqué\t1\n", "latin-1", 2, 3),
        ("a\tb\t2\r“quoted”\tit’s\t3\r", "cp1252", 2, 1),  # noqa: RUF001
        ("dog\tcat\t1\nдлинный\tкороткий\t2\nгород\tдеревня\t3\nстарый\tновый\t2\n", "cp1251", 2, 1),  # noqa: RUF001
        ("dog\tcat\t1\n飛行機が飛ぶ。\t飛行機が空を飛んでいる。\t2\n", "cp932", 2, 1),
    ],
)
def test_what_is_not_utf8_is_refused_with_its_place_and_what_it_looks_like(tmp_path, text, encoding, line, byte):
    path = given(tmp_path, text.encode(encoding))
    second = text.replace("\r", "\n").replace("\n\n", "\n").split("\n")[1]
    with pytest.raises(InputError) as raised:
        load_dataset("similarity", path=path)
    message = str(raised.value)
    assert f"own.txt, line {line}, byte {byte}: not utf-8" in message
    assert f"looks like {encoding}" in message
    assert repr(second) in message
    frame = load_dataset("similarity", path=path, encoding=encoding)
    assert frame.loc[1, ["word1", "word2"]].tolist() == second.split("\t")[:2]


@pytest.mark.parametrize("mark", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_what_a_file_is(tmp_path, mark):
    assert read_text(given(tmp_path, FRENCH.encode(mark))) == FRENCH
    big = codecs.BOM_UTF16_BE + FRENCH.encode("utf-16-be")
    assert load_dataset("similarity", path=given(tmp_path, big))["word1"].tolist() == ["thé", "sel"]
    assert load_words(str(given(tmp_path, "dog\r\n".encode(mark)))) == ["dog"]


def test_what_is_no_text_says_so(tmp_path):
    for raw, message in (
        (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X\xb0\xff", "a binary file, not a text"),
        (b"dog\tcat\t1\n\0\0", "a binary file, not a text"),
        (b"PK\x03\x04\x14\0", "a zip archive, as those of Excel are"),
        (b"\x1f\x8b\x08\0", "a gzip file"),
        (FRENCH.encode("utf-16-le"), "looks like UTF-16 without a byte order mark; give encoding='utf-16-le'"),
        (FRENCH.encode()[:3], "is the file complete?"),
    ):
        with pytest.raises(InputError, match=message):
            read_text(given(tmp_path, raw))
    with pytest.raises(InputError, match="cannot read"):
        read_text(tmp_path)
    with pytest.raises(InputError, match=r"looks like latin-1, in which the line reads 'café'"):
        load_words(str(given(tmp_path, b"tea\ncaf\xe9\n")))
    assert load_words(str(given(tmp_path, b"tea\ncaf\xe9\n")), encoding="latin-1") == ["tea", "café"]


def test_the_bytes_of_a_line_are_decoded_with_its_place():
    assert decode("thé".encode(), "x.vec, line 7") == "thé"
    with pytest.raises(InputError, match=r"^x\.vec, line 7, byte 3: not utf-8: .*; looks like latin-1"):
        decode("thé 0.1 0.2\n".encode("latin-1"), "x.vec, line 7")
    with pytest.raises(InputError, match=r"^x\.vec, line 1: utf-16, by its byte order mark"):
        decode("dog 0.1".encode("utf-16"), "x.vec, line 1")
    with pytest.raises(UnknownNameError, match=r"unknown encoding 'latin-11'\. Did you mean 'latin-1'"):
        decode(b"a", "x", "latin-11")
    for codec in ("hex", "rot13", "idna", "\0"):
        with pytest.raises((InputError, UnknownNameError)):
            decode(b"\xff" * 70, "x", codec)


def test_lines_end_at_ends_of_lines_only(tmp_path):
    path = given(tmp_path, "#one\u2028still\x85one\r\n\r\ntwo\x0b\x1c2\rthree".encode())
    lines = [("1", "#one\u2028still\x85one"), ("3", "two\x0b\x1c2"), ("4", "three")]
    assert list(numbered_lines(path)) == [(f"{path}, line {number}", line) for number, line in lines]
    assert [line for _, line in numbered_lines(path, comments=True)] == ["two\x0b\x1c2", "three"]
    assert [line for _, line in numbered_lines(path, blanks=True)][1] == ""


def test_what_is_no_json_is_an_error_with_its_place():
    assert parse_json('{"a": "\\ud83d\\udc36"}', "x") == {"a": "🐶"}
    for text in ("{", "[" * 100_000, '{"\\ud83d": 1}', "1" * 5000):
        with pytest.raises(InputError, match=r"^x, line 1: "):
            parse_json(text, "x, line 1")
