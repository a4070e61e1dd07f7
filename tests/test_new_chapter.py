"""A chapter from the template: it runs as it is, follows the house's rules and stands in the table of contents."""

import re
import shutil

import nbformat
import pytest
import test_house_rules as rules
from conftest import outputs_of, records_of

from embedlib._util.paths import PROJECT
from embedlib.book.check.notebook_style import check_chapter
from embedlib.book.site import staging
from embedlib.book.site.new_chapter import add_to_toc, new_chapter
from embedlib.book.site.staging import pages_of
from embedlib.errors import InputError, NotebookError

TOC = (PROJECT / "_toc.yml").read_text()
FIRST = "file: notebooks/01"
LAST = [page for page in pages_of(TOC) if page.startswith("notebooks/")][-1]


def source_of(content):
    return "\n".join(cell.source for cell in nbformat.reads(content.decode(), as_version=4).cells)


def test_the_command_writes_a_chapter_that_runs_and_follows_the_rules(project, cache):
    code, out, _ = project.call("new-chapter", "42_word_lengths", "--title", "How long: is a $word?")
    assert code == 0
    for said in ("embedlib build", "embedlib accept 42_word_lengths", "42_word_lengths.ipynb"):
        assert said in out
    source = project.root / "notebooks" / "42_word_lengths.md"
    assert "\n# How long: is a $word?\n" in source.read_text()
    before, after = TOC.splitlines(), (project.root / "_toc.yml").read_text().splitlines()
    place = before.index(f"      - file: {LAST}") + 1
    assert after == [*before[:place], "      - file: notebooks/42_word_lengths", *before[place:]]

    rules.test_chapters_have_the_parameters_that_every_chapter_has(source)
    assert check_chapter(source) == []
    cited = set(re.findall(r"\{cite\}`(\w+)`", source.read_text()))
    assert cited <= set(re.findall(r"^@\w+\{(\w+),", (PROJECT / "references.bib").read_text(), re.M))

    code, out, err = project.call("run", "42_word_lengths", "-p", "words=200")
    assert code == 0, err
    (executed,) = (project.build / "executed").iterdir()
    shutil.copy(executed, source.with_suffix(".ipynb"))
    rules.test_numbers_in_prose_are_glued(source)
    records = records_of(executed)
    assert records["words"]["value"] == 200
    assert records["fig-42-word-lengths"]["keys"] == [["glove-6b-50d"], ["wordllama-l2-256"]]
    assert 0 < records["widest-spread"]["value"] < 1
    narrow, wide = (f"{row[0]:.0%}" for row in records["spreads"]["rows"])
    assert records["in-short"]["value"] == (
        f"In wordllama-l2-256, the vector of a word is on average {wide} longer or shorter than the mean. "
        f"In glove-6b-50d it is {narrow}. That difference is clear."
    )
    assert not [output for output in outputs_of(executed) if output.output_type in ("error", "stream")]

    pages = dict(staging._chapter("42_word_lengths", executed))
    (box,) = re.findall(r"In short.*?^:::$", source_of(pages["42_word_lengths.ipynb"]), re.M | re.S)
    assert "{glue:figure} fig-42-word-lengths\n:alt: Points with intervals, one a model" in box

    code, _, err = project.call("new-chapter", "42_word_lengths")
    assert (code, "there is a chapter 42_word_lengths already" in err) == (2, True)


@pytest.fixture
def small(tmp_path):
    """Make a project that is no more than a table of contents and three sources."""
    (tmp_path / "notebooks").mkdir()
    for name in ("01_a", "02_b", "04_d"):
        (tmp_path / "notebooks" / f"{name}.md").write_text("# A\n")
    (tmp_path / "_toc.yml").write_text(
        "root: intro\nchapters:\n  - file: notebooks/01_a\n  - file: notebooks/02_b\n  - file: notebooks/04_d\n"
    )
    return tmp_path


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("words", "", "two digits"),
        ("3_words", "", "two digits"),
        ("03-words", "", "two digits"),
        ("03_Words", "", "two digits"),
        ("03_", "", "two digits"),
        ("../03_words", "", "two digits"),
        ("02_b", "", "there is a chapter 02_b already"),
        ("02_words", "", "the number 02 is that of 02_b; the next free one is 03"),
        ("03_words", "A\nB", "cannot be a heading"),
    ],
)
def test_names_and_titles_that_cannot_be_are_refused(small, name, title, said):
    before = {path: path.read_text() for path in small.rglob("*") if path.is_file()}
    with pytest.raises(InputError, match=said):
        new_chapter(name, title, small)
    assert {path: path.read_text() for path in small.rglob("*") if path.is_file()} == before


def test_the_title_is_the_topic_by_default(small):
    assert "\n# Word lengths\n" in new_chapter("03_word_lengths", project=small).read_text()
    assert pages_of((small / "_toc.yml").read_text())[1:] == [
        "notebooks/01_a", "notebooks/02_b", "notebooks/03_word_lengths", "notebooks/04_d",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "added"),
    [
        (TOC, "00_a", TOC.replace(f"      - {FIRST}", f"      - file: notebooks/00_a\n      - {FIRST}")),
        (
            "root: i\nchapters:\n- file: notebooks/01_a\n  sections:\n  - file: b\n# end\n",
            "02_b",
            "root: i\nchapters:\n- file: notebooks/01_a\n  sections:\n  - file: b\n- file: notebooks/02_b\n# end\n",
        ),
        (
            "root: i\nchapters:\n  - file: 'notebooks/01_a.md'  # first",
            "02_b",
            "root: i\nchapters:\n  - file: 'notebooks/01_a.md'  # first\n  - file: notebooks/02_b\n",
        ),
    ],
)  # fmt: skip
def test_the_layout_of_the_table_of_contents_is_kept(text, name, added):
    assert add_to_toc(text, name) == added


@pytest.mark.parametrize(
    "text",
    [
        "root: intro\n",
        "root: intro\nchapters: [{file: notebooks/01_a}]\n",
        "root: intro\nchapters:\n  - title: A\n    file: notebooks/01_a\n",
        "root: intro\nnote: |\n  - file: notebooks/01_a\n",
    ],
)
def test_a_layout_that_cannot_be_added_to_is_left_alone(small, text):
    (small / "_toc.yml").write_text(text)
    with pytest.raises(NotebookError, match=r"add `- file: notebooks/05_e` by hand"):
        new_chapter("05_e", project=small)
    assert (small / "_toc.yml").read_text() == text
    assert not (small / "notebooks" / "05_e.md").exists()


def test_only_recorded_pictures_without_a_description_get_one():
    text = "```{glue:figure} fig-a\n```\n```{glue:figure} fig-b\n:alt: Own.\n```\n```{glue:figure} other\n```\n"
    given = staging._describe_glued(text, {"fig-a": "Points,\none a model.", "fig-b": "Lines."})
    assert given == text.replace("fig-a\n", "fig-a\n:alt: Points, one a model.\n")
