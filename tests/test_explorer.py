"""The Explorer page: its data, and the page itself in a browser, opened from the disk."""

import base64
import json
import math
import re
import shutil

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import EXPLORED, NEEDS_BROWSER

import embedlib
from embedlib._util.paths import PROJECT
from embedlib.book.site import build, staging, tsne
from embedlib.book.site.explorer import (
    GROUPS,
    NONE,
    READING,
    K,
    choose_words,
    explored_models,
    explorer_files,
    find_neighbours,
)
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.similarity import nearest_neighbours


def content(files, name):
    """Read a data file as the page does."""
    text = files[f"_static/explorer/{name}.js"].decode()
    found = re.fullmatch(rf'embedlibExplorer\.data\("{name}","(\w+)",(.*)\);\n', text, re.S)
    return json.loads(found[2]), found[1]


def unpack(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


@pytest.fixture(scope="module")
def index(explorer_data):
    return content(explorer_data, "index")[0]


@pytest.fixture(scope="module")
def words(index):
    return index["words"].split(" ")


def test_neighbours_are_those_of_the_library(explorer_data, index, words):
    block, _ = content(explorer_data, "neighbours-0")
    for number, name in enumerate(EXPLORED):
        table = embedlib.embed_words(name, words, reading=READING)
        rows, cosines = nearest_neighbours(table.vectors, K)
        stored = unpack(block["words"][number], "<u2").reshape(-1, K)
        rounded = unpack(block["cosines"][number], "i1").reshape(-1, K)
        for word in ("people", "three", "house"):
            own = table.index[word]
            assert [words[n] for n in stored[words.index(word)]] == [table.keys[row] for row in rows[own]]
            assert np.abs(rounded[words.index(word)] / 100 - cosines[own]).max() <= 0.005 + 1e-6


def test_a_word_that_a_model_lacks_has_no_neighbours_and_no_place(explorer_data, index, words):
    lacking = embedlib.embed_words("word2vec-enwiki-sample", words).missing
    number = words.index(next(iter(lacking)))
    block, _ = content(explorer_data, f"neighbours-{number // index['block']}")
    rows = [unpack(packed, "<u2").reshape(-1, K)[number % index["block"]] for packed in block["words"]]
    assert [bool((row == NONE).all()) for row in rows] == [False, True, False]
    assert [model["words"] for model in index["models"]] == [len(words), len(words) - len(lacking), len(words)]
    x = unpack(content(explorer_data, "map-1")[0]["x"], "<u2")
    assert (x == NONE).sum() == len(lacking)
    assert x[number] == NONE


def test_find_neighbours_by_hand():
    vectors = np.array([[1, 0], [0, 1], [1, 0.1], [0.2, 1]], dtype=np.float32)
    table = EmbeddingTable.plain(["a", "b", "c", "d"], vectors, {"x": "unknown"})
    found = find_neighbours(table, ["x", "a", "b", "c", "d"], k=1)
    assert found.words.ravel().tolist() == [NONE, 3, 4, 1, 2]
    assert found.cosines.ravel().tolist() == [0, 100, 98, 100, 98]
    assert found.known.tolist() == [False, True, True, True, True]
    with pytest.raises(InputError, match="k is 4; allowed: 1 to 3"):
        find_neighbours(table, ["a", "b", "c", "d", "x"], k=4)


def test_agreement_is_counted_over_pairs_of_models(explorer_data, index, words):
    def neighbours(word):
        block, _ = content(explorer_data, f"neighbours-{word // index['block']}")
        row = word % index["block"]
        return [set(unpack(packed, "<u2").reshape(-1, K)[row]) for packed in block["words"]]

    def shared(word):
        a, b, c = neighbours(word)
        return len(a & b) + len(a & c) + len(b & c)

    missing = embedlib.embed_words("word2vec-enwiki-sample", words).missing
    counts = [shared(n) for n, word in enumerate(words) if word not in missing]
    assert [shared(n) for n in index["most"]] == sorted(counts, reverse=True)[: len(index["most"])]
    assert [shared(n) for n in index["least"]] == sorted(counts)[: len(index["least"])]
    assert 0 < index["shared"] < K


def test_every_category_is_in_one_group_and_words_are_coloured_by_it(index, words):
    table = embedlib.load_dataset("categories")
    grouped = [category for members in GROUPS.values() for category in members]
    assert sorted(grouped) == sorted(set(table["category"]))
    scheme = index["schemes"][0]
    codes = unpack(scheme["codes"], "u1")
    label = {n: group["label"] for n, group in enumerate(scheme["groups"])}
    assert label[codes[words.index("dog")]] == "animals"
    assert label[codes[words.index("london")]] == "places"
    assert codes[words.index("do")] == len(GROUPS)
    assert [len(unpack(s["codes"], "u1")) for s in index["schemes"]] == [len(words)] * 3


def test_words_are_the_most_frequent_and_those_of_the_categories():
    chosen = choose_words(300)
    assert chosen[:300] == embedlib.load_words(300)
    assert set(chosen[300:]) == set(embedlib.load_dataset("categories")["word"]) & set(embedlib.load_words(20000)[300:])
    with pytest.raises(InputError, match="fewer than 65,535 words"):
        choose_words(70000)


def test_two_makings_give_the_same_bytes_and_maps_are_kept(cache, monkeypatch):
    first = explorer_files(["glove-6b-50d"], frequent=50)
    for path in (cache / "maps").iterdir():
        path.unlink()
    assert explorer_files(["glove-6b-50d"], frequent=50) == first
    monkeypatch.setattr(tsne, "ProcessPoolExecutor", None)  # a kept map is not computed again
    assert explorer_files(["glove-6b-50d"], frequent=50) == first
    marks = {content(first, name)[1] for name in ("index", "map-0", "neighbours-0")}
    assert len(marks) == 1


def test_an_unknown_model_is_named_before_any_work():
    with pytest.raises(UnknownNameError, match="Did you mean 'glove-6b-50d'"):
        explorer_files(["glove-6b-50"])


def test_the_page_weighs_little(explorer_data):
    sizes = {name: len(data) for name, data in explorer_data.items()}
    assert sum(sizes.values()) < 2_500_000
    per_word = sizes["_static/explorer/neighbours-0.js"] / 500 / len(EXPLORED)
    # Base64 of ten words and cosines each: of one model, and of all that the page has.
    assert per_word * len(choose_words()) < 1_700_000 / 7
    assert per_word * len(choose_words()) * len(explored_models()) < 2_100_000


@pytest.fixture(scope="module")
def book(tmp_path_factory, explorer_data):
    """Build a book of this page alone, with the book's own configuration."""
    project = tmp_path_factory.mktemp("project")
    for name in ("_config.yml", "references.bib", "explorer.md"):
        shutil.copy(PROJECT / name, project / name)
    shutil.copytree(PROJECT / "_static", project / "_static")
    (project / "other.md").write_text("# Another page\n\nWith text.\n")
    (project / "_toc.yml").write_text("format: jb-book\nroot: explorer\nchapters:\n  - file: other\n")
    staging.stage(project / "out" / "src", {}, project=project, made=explorer_data)
    return project, build.build_html(project / "out" / "src", project / "out")


def test_other_pages_load_nothing_of_the_explorer_and_staging_keeps_its_data(book, explorer_data):
    project, html = book
    assert (
        "explorer" not in re.sub(r'href="explorer.html[^"]*"', "", (html / "other.html").read_text()).split("<body")[0]
    )
    script = project / "_static" / "explorer.js"
    script.write_text(script.read_text() + "\n// changed\n")
    staging.stage(project / "out" / "src", {}, project=project, made=explorer_data)
    build.build_html(project / "out" / "src", project / "out")
    assert (html / "_static" / "explorer.js").read_text().endswith("// changed\n")  # without a changed page
    assert (html / "_static" / "explorer" / "index.js").read_bytes() == explorer_data["_static/explorer/index.js"]


@pytest.fixture(params=[(1280, 900), (390, 844)], ids=["wide", "phone"])
def page(request, browser, book):
    """Open the page from the disk; problems, and the files that it asks for, are collected."""
    width, height = request.param
    context = browser.new_context(viewport={"width": width, "height": height}, has_touch=width < 500)
    opened = context.new_page()
    opened.problems, opened.asked = [], []
    opened.on("console", lambda m: opened.problems.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda e: opened.problems.append(str(e)))
    opened.on("requestfailed", lambda r: opened.problems.append(r.url))
    opened.on("request", lambda r: opened.asked.append(r.url))
    opened.goto((book[1] / "explorer.html").as_uri() + "#word=dog&model=wordllama-l2-256")
    opened.wait_for_selector("#explorer-neighbours table")
    yield opened
    context.close()


def column(page, number):
    return page.locator(f"#explorer-neighbours td:nth-of-type({number}) a").all_inner_texts()


def nearest(model, words, word):
    table = embedlib.embed_words(model, words, reading=READING)
    return [table.keys[row] for row in nearest_neighbours(table.vectors, K)[0][table.index[word]]]


@NEEDS_BROWSER
def test_a_word_is_looked_up_with_the_keyboard(page, words):
    assert column(page, 1) == nearest("glove-6b-50d", words, "dog")
    field = page.get_by_role("combobox", name="Word")
    field.fill("lon")
    assert field.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    assert page.inner_text("#explorer-suggestions [aria-selected=true]") == "long"
    page.keyboard.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == "explorer-option-1"
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#explorer-summary strong').textContent === 'london'")
    assert column(page, 3) == nearest("wordllama-l2-256", words, "london")
    assert page.evaluate("location.hash") == "#word=london&model=wordllama-l2-256"
    assert page.locator("#explorer-suggestions").is_hidden()
    page.go_back()
    page.wait_for_function("document.querySelector('#explorer-summary strong').textContent === 'dog'")
    field.fill("lodnon")
    page.keyboard.press("Escape")
    assert page.locator("#explorer-suggestions").is_hidden()
    page.keyboard.press("Enter")
    assert "not among" in page.inner_text("#explorer-summary")
    page.get_by_role("status").get_by_role("link", name="london").click()
    page.wait_for_function("document.querySelector('#explorer-summary strong')?.textContent === 'london'")
    page.get_by_role("button", name="paris").click()
    page.wait_for_function("location.hash.startsWith('#word=paris')")
    assert page.problems == []


@NEEDS_BROWSER
def test_a_model_without_the_word_says_so(page, words):
    lacking = next(iter(embedlib.embed_words("word2vec-enwiki-sample", words).missing))
    page.get_by_role("combobox", name="Word").fill(lacking)
    page.keyboard.press("Enter")
    page.wait_for_selector("#explorer-neighbours .explorer-none")
    assert "not in this model" in page.inner_text("#explorer-neighbours .explorer-none")
    assert page.problems == []


INK = """() => {
  // Canvases lie in Bokeh's shadow roots: how many colours does the map show?
  const found = new Set();
  const walk = (node) => {
    for (const child of node.children ?? []) walk(child);
    if (node.shadowRoot) walk(node.shadowRoot);
    if (node.tagName === "CANVAS" && node.width > 200) {
      const { data } = node.getContext("2d").getImageData(0, 0, node.width, node.height);
      for (let n = 0; n < data.length; n += 4) found.add(`${data[n] >> 5}.${data[n + 1] >> 5}.${data[n + 2] >> 5}`);
    }
  };
  walk(document.getElementById("explorer-map"));
  return found.size;
}"""


@NEEDS_BROWSER
def test_the_map_is_loaded_late_draws_and_moves(page, book, words):
    assert not [url for url in page.asked if "bokeh" in url or "map-" in url]
    view = page.locator("#explorer-view")
    page.locator("#explorer-map-part").scroll_into_view_if_needed()
    page.locator("#explorer-map").scroll_into_view_if_needed()
    page.wait_for_function("document.getElementById('explorer-view').textContent.includes('words in view')")
    assert view.inner_text().startswith(f"wordllama-l2-256: {len(words):,} words in view, the most frequent: a, in,")
    page.wait_for_function(f"({INK})() > 8")
    page.locator("#explorer-map").focus()
    page.keyboard.press("+")
    page.wait_for_function(f"!document.getElementById('explorer-view').textContent.includes('{len(words):,} words')")
    page.keyboard.press("0")
    page.wait_for_function(f"document.getElementById('explorer-view').textContent.includes('{len(words):,} words')")
    page.get_by_role("button", name="Find the word").click()
    page.wait_for_function(f"!document.getElementById('explorer-view').textContent.includes('{len(words):,} words')")
    page.get_by_label("Model", exact=True).select_option("glove-6b-50d")
    page.wait_for_function("document.getElementById('explorer-view').textContent.startsWith('glove-6b-50d')")
    assert page.evaluate("location.hash") == "#word=dog&model=glove-6b-50d"
    page.get_by_label("Colour by").select_option("frequency")
    assert "Zipf 5 and more" in page.inner_text("#explorer-legend")

    page.get_by_role("button", name="Whole map").click()
    page.wait_for_function(f"document.getElementById('explorer-view').textContent.includes('{len(words):,} words')")
    places = {word: page.evaluate(f"embedlibExplorer.place({json.dumps(word)})") for word in words}
    away = {word: math.dist(places[word], places["dog"]) for word in words}
    clicked = max(away, key=away.get)  # wherever the map has put it
    page.mouse.click(*places[clicked])
    page.wait_for_function("document.querySelector('#explorer-summary strong').textContent !== 'dog'")
    found = page.inner_text("#explorer-summary strong")  # the word, or one whose point lies over its own
    assert math.dist(places[found], places[clicked]) < 12
    assert page.evaluate("embedlibExplorer.place('no word of the page')") is None

    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"] + 1
    root = book[1].as_uri()
    assert [url for url in page.asked if not url.startswith(root)] == []
    files = {url.partition("?")[0].partition("#")[0].removeprefix(root + "/") for url in page.asked}
    assert sum((book[1] / name).stat().st_size for name in files) < 5_000_000
    assert page.problems == []

    page.add_style_tag(content="* { transition: none !important; }")  # no colour is measured half-way
    for scheme in ("light", "dark"):  # last: it asks for files as scripts may not
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        found = Axe().run(page).response
        assert found["passes"]
        assert [v["id"] for v in found["violations"] if v["impact"] in ("serious", "critical")] == []
