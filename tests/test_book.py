"""The built book, read as files."""

import filecmp
import io
import json
import re
import shutil
from html import unescape

import pandas as pd
import pytest
from conftest import EXECUTED
from nbformat.v4 import new_code_cell, new_notebook

from embedlib._util.paths import PROJECT
from embedlib.book.check.links import check_links
from embedlib.book.notebooks import notebook_sources, read_executed, read_source, write
from embedlib.book.run.parameters import read_parameters
from embedlib.book.site import build, staging
from embedlib.book.site.sphinx_ext import any_of, glossary_terms
from embedlib.errors import NotebookError
from embedlib.records.read import all_outputs, picture_of, read_records


def test_every_notebook_has_its_page(html):
    listed = staging.pages(PROJECT / "_toc.yml")
    for source in notebook_sources():
        assert f"notebooks/{source.stem}" in listed
        assert (html / "notebooks" / f"{source.stem}.html").is_file()


def test_no_page_asks_another_host_for_anything(html):
    for page in html.rglob("*.html"):
        for tag in ("<script", "<link", "<img"):
            for piece in page.read_text(encoding="utf-8").split(tag)[1:]:
                head = piece.split(">", 1)[0]
                assert 'src="http' not in head, (page, head)
                assert 'href="http' not in head or "canonical" in head, (page, head)


@pytest.mark.parametrize("chapter", EXECUTED)
def test_records_do_not_leak_into_a_page_and_its_pictures_are_described(html, chapter):
    page = (html / "notebooks" / f"{chapter}.html").read_text(encoding="utf-8")
    assert "vnd.embedlib" not in page
    outputs = all_outputs(read_executed(EXECUTED[chapter]))
    described = [output.data["text/plain"] for output in outputs if picture_of(output)]
    assert described
    for text in described:
        assert f'alt="{text}"' in unescape(page)


def test_two_builds_give_the_same_bytes(html, tmp_path, explorer_data):
    staging.stage(tmp_path / "src", EXECUTED, made=explorer_data)
    again = build.build_html(tmp_path / "src", tmp_path)
    files = sorted(str(path.relative_to(html)) for path in html.rglob("*") if path.is_file())
    assert files == sorted(str(path.relative_to(again)) for path in again.rglob("*") if path.is_file())
    _, differing, failed = filecmp.cmpfiles(html, again, files, shallow=False)
    assert (differing, failed) == ([], [])  # no file is allowed to differ


def test_links_lead_somewhere_and_outside_ones_are_listed(html, tmp_path):
    listed = (html.parent / "external-links.txt").read_text().splitlines()
    assert [line.split("\t")[0] for line in listed] == list(check_links(html))
    (tmp_path / "a.html").write_text('<p id="here"><a href="b.html#there">b</a> <a href="#here">a</a></p>')
    (tmp_path / "b.html").write_text('<p id="there"><a href="https://example.org/x">x</a></p>')
    assert check_links(tmp_path) == {"https://example.org/x": ["b.html"]}
    for bad in ("c.html", "b.html#nowhere", "#nowhere"):
        (tmp_path / "c d.html").write_text(f'<a href="{bad}">bad</a>')
        with pytest.raises(NotebookError, match=f"c d.html: {re.escape(bad)}"):
            check_links(tmp_path)


def test_every_chapter_has_its_box_its_parameters_and_its_provenance(html):
    for source in notebook_sources():
        text = (html / "notebooks" / f"{source.stem}.html").read_text(encoding="utf-8")
        assert f"embedlib run {source.stem}" in re.sub("<[^>]+>", "", text)
        for parameter in read_parameters(read_source(source)).values():
            assert f">{parameter.name}<" in text, parameter.name
        assert "How these numbers were made" in text
        made = json.loads(source.with_suffix(".ipynb").read_text())["metadata"]["embedlib"]
        for checksum in made["models"].values():
            assert checksum in text
        assert f"torch {made['packages']['torch']}" in text


def box_of(folder, name, cell):
    """Lay out a chapter with a parameters cell of its own; gives the text of its box."""
    notebook = new_notebook(cells=[new_code_cell(cell, metadata={"tags": ["parameters"]})])
    (folder / "notebooks").mkdir(parents=True)
    for file in staging._STATIC:
        (folder / file).write_text("")
    (folder / "_toc.yml").write_text(f"chapters:\n  - file: notebooks/{name}\n")
    write(notebook, folder / f"{name}.ipynb")
    staging.stage(folder / "src", {name: folder / f"{name}.ipynb"}, project=folder)
    return read_executed(folder / "src" / "notebooks" / f"{name}.ipynb").cells[1].source


def test_the_box_is_of_the_kind_of_its_chapter(tmp_path):
    models = 'models: list[str] = ["glove-6b-50d"]  # the models\n'
    measuring = box_of(tmp_path / "a", "42_a", models + "k: int = 3  # a number")
    assert "{admonition} Re-run this chapter with your own model\n" in measuring
    assert """embedlib run 42_a -p models='["glove-6b-50d", "./my-model"]'\n""" in measuring
    assert "`hf:owner/name`" in measuring
    reading = box_of(tmp_path / "b", "43_b", "runs: list[str] = []  # the runs\n" + models)
    plain = box_of(tmp_path / "c", "44_c", "k: int = 3  # a number")
    for box, name in ((reading, "43_b"), (plain, "44_c")):
        assert "{admonition} Re-run this chapter\n" in box
        assert f"embedlib run {name}\n" in box
        assert "model`" not in box.replace("* - `models`", "")
        assert "hf:" not in box
    assert "re-run those first" in reading
    assert "re-run those first" not in plain
    assert "* - `k`\n  - `int`\n  - `3`\n  - a number" in plain


def test_tables_and_pictures_can_be_downloaded(html):
    pages = {path: path.read_text(encoding="utf-8") for path in (html / "notebooks").glob("*.html")}
    for path, text in pages.items():
        shown = re.findall(r'<img[^>]+src="([^"]+_images/[^"]+)"', text)
        pictures = len(set(shown))
        assert len(shown) == pictures + 1, path  # the box at the top has one of them once more
        tables = text.count('class="dataframe embedlib-table"')
        assert len(re.findall(r'href="[^"]+_downloads/[^"]+\.csv"', text)) == pictures + tables, path
    link = re.search(
        r'href="\.\./(_downloads/[^"]+/02_random_pairs-d1-table\.csv)"',
        pages[html / "notebooks" / "02_random_pairs.html"],
    )
    frame = pd.read_csv(io.StringIO((html / link[1]).read_text()), index_col=0)
    recorded = read_records(PROJECT / "notebooks" / "02_random_pairs.ipynb")["d1-table"]
    pd.testing.assert_frame_equal(frame, recorded)


def test_the_first_use_of_a_term_links_to_the_glossary(html):
    terms = glossary_terms(PROJECT / "glossary.md")
    glossary = (html / "glossary.html").read_text(encoding="utf-8")
    assert glossary.count('id="term-') == len(terms)
    used = set()
    for path in (html / "notebooks").glob("*.html"):
        links = re.findall(r'glossary\.html#term-([\w-]+)"', path.read_text(encoding="utf-8"))
        assert links, path
        assert len(links) == len(set(links)), path  # the first use only
        used |= set(links)
    assert len(used) >= 0.8 * len(terms)


def test_a_term_links_only_where_it_is_meant(html):
    terms = glossary_terms(PROJECT / "glossary.md")
    pattern = any_of(terms)
    assert [match[0] for match in pattern.finditer("Cosines that USE uses; it is of no use, as zipf and LLMs are")] == [
        "Cosines", "USE", "LLMs",
    ]  # fmt: skip
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for shown in re.findall(r'#term-[\w-]+"><span class="xref std std-term">([^<]+)<', text):
            word = unescape(shown)
            ways = {word, word.removesuffix("s")}
            assert ways & set(terms) or {way.lower() for way in ways} & set(terms), (path, word)


def test_staging_keeps_unchanged_files_and_drops_old_ones(tmp_path):
    staging.stage(tmp_path, EXECUTED)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "old.md").write_text("old")
    staging.stage(tmp_path, EXECUTED)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == times


def test_a_notebook_that_was_not_run_is_named(tmp_path):
    with pytest.raises(NotebookError, match=r"01_models.*run it first"):
        staging.stage(tmp_path / "src", {})


def test_a_sphinx_warning_fails_the_build(tmp_path):
    project = tmp_path / "project"
    project.mkdir()
    for name in ("_config.yml", "references.bib", "bibliography.md"):
        shutil.copy(PROJECT / name, project / name)
    shutil.copytree(PROJECT / "_static", project / "_static")
    (project / "_toc.yml").write_text("format: jb-book\nroot: intro\nchapters:\n  - file: bibliography\n")
    (project / "intro.md").write_text("# A book\n\nIt has one page more.\n")
    staging.stage(tmp_path / "src", {}, project)
    assert (build.build_html(tmp_path / "src", tmp_path) / "intro.html").is_file()
    intro = tmp_path / "src" / "intro.md"
    intro.write_text(intro.read_text() + "\n{doc}`no_such_page`\n")
    for _ in range(2):  # the second build does not forget it
        with pytest.raises(NotebookError, match="no_such_page"):
            build.build_html(tmp_path / "src", tmp_path)


def test_numbers_in_a_column_have_the_same_decimals(html):
    """A turned table has its columns in rows."""
    checked = 0
    for path in (html / "notebooks").glob("*.html"):
        text = path.read_text(encoding="utf-8")
        for form, table in re.findall(
            r'<table class="dataframe embedlib-table" data-form="(\w+)">(.*?)</table>', text, re.S
        ):
            rows = [re.findall(r"<t[dh].*?>(.*?)</t[dh]>", row) for row in re.findall(r"<tr>(.*?)</tr>", table)][1:]
            for column in rows if form == "turned" else zip(*rows, strict=True):
                cells = [re.sub("<.*?>", "", cell).split()[:1] for cell in column]
                numbers = [cell[0] for cell in cells if cell and re.fullmatch(r"-?[\d,]+(\.\d+)?", cell[0])]
                if len(numbers) >= len(column) - 1:
                    assert len({len(number.partition(".")[2]) for number in numbers}) <= 1, (path, numbers)
                    checked += 1
    assert checked >= 100
