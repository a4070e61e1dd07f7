"""The built book, opened in a browser."""

import http.server
import threading
from functools import partial

import pytest
from conftest import BROWSER, FLAGS, NEEDS_BROWSER
from playwright.sync_api import sync_playwright

from embedlib.book import build
from embedlib.book.notebooks import notebook_sources
from embedlib.errors import NotebookError
from embedlib.paths import PROJECT

EXECUTED = {path.stem: path for path in (PROJECT / "notebooks").glob("*.ipynb")}


@pytest.fixture(scope="module")
def html(tmp_path_factory, explorer_data):
    """Build the book from the committed notebooks, warnings as errors, execution off."""
    folder = tmp_path_factory.mktemp("book")
    build.stage(folder / "src", EXECUTED, made=explorer_data)
    return build.build_html(folder / "src", folder)


def test_every_notebook_has_its_page(html):
    listed = build.pages(PROJECT / "_toc.yml")
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


def test_records_do_not_leak_into_the_pages_and_pictures_are_described(html):
    page = (html / "notebooks" / "02_random_pairs.html").read_text(encoding="utf-8")
    assert "vnd.embedlib" not in page
    assert 'alt="Ridges of the cosine of all pairs of words, one a model, with the means marked."' in page


def test_staging_keeps_unchanged_files_and_drops_old_ones(tmp_path):
    build.stage(tmp_path, EXECUTED)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    (tmp_path / "old.md").write_text("old")
    build.stage(tmp_path, EXECUTED)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()} == times


def test_a_notebook_that_was_not_run_is_named(tmp_path):
    with pytest.raises(NotebookError, match=r"01_models.*run it first"):
        build.stage(tmp_path / "src", {})


def test_a_sphinx_warning_fails_the_build(tmp_path):
    build.stage(tmp_path / "src", EXECUTED)
    intro = tmp_path / "src" / "intro.md"
    intro.write_text(intro.read_text() + "\n{doc}`no_such_page`\n")
    for _ in range(2):  # the second build does not forget it
        with pytest.raises(NotebookError, match="no_such_page"):
            build.build_html(tmp_path / "src", tmp_path)


@pytest.fixture(scope="module")
def site(html):
    """Serve the pages on loopback, since the search reads its index through a script."""
    handler = partial(Quiet, directory=str(html))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def page(browser, site, request):
    """Open a page whose console errors and failed requests are collected."""
    context = browser.new_context(
        color_scheme=getattr(request, "param", "light"), viewport={"width": 1280, "height": 900}
    )
    opened = context.new_page()
    opened.problems = []
    opened.on("console", lambda m: opened.problems.append(m.text) if m.type in ("error", "warning") else None)
    opened.on("pageerror", lambda e: opened.problems.append(str(e)))
    opened.on("requestfailed", lambda r: opened.problems.append(r.url))
    opened.on("response", lambda r: opened.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    yield opened
    context.close()


@NEEDS_BROWSER
@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
def test_pages_open_without_errors_and_pictures_show_in_both_themes(page, site, request):
    theme = request.node.callspec.params["page"]
    pages = build.pages(PROJECT / "_toc.yml")
    pictures = 0
    for name in pages:
        page.goto(f"{site}/{name}.html", wait_until="networkidle")
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        for picture in page.locator("article img").all():
            picture.scroll_into_view_if_needed()
            box = picture.bounding_box()
            assert box["width"] > 300
            assert box["height"] > 100
            assert picture.evaluate("i => i.complete && i.naturalWidth > 600")
            # the picture's own corner is opaque white, in either theme
            corner = picture.evaluate(
                "i => { const c = document.createElement('canvas'); c.width = c.height = 1;"
                "const x = c.getContext('2d'); x.drawImage(i, 0, 0); return [...x.getImageData(0, 0, 1, 1).data]; }"
            )
            assert corner == [255, 255, 255, 255]
            pictures += 1
    assert pictures >= 5
    assert page.problems == []


@NEEDS_BROWSER
def test_search_finds_cosine(page, site):
    page.goto(f"{site}/search.html?q=cosine", wait_until="networkidle")
    page.wait_for_selector("#search-results li")
    assert "How close are two random words" in page.inner_text("#search-results")
    assert page.problems == []


@NEEDS_BROWSER
def test_nothing_is_wider_than_a_phone(browser, site):
    context = browser.new_context(viewport={"width": 390, "height": 800})
    opened = context.new_page()
    for name in build.pages(PROJECT / "_toc.yml"):
        opened.goto(f"{site}/{name}.html", wait_until="networkidle")
        assert opened.evaluate("document.documentElement.scrollWidth") <= 391, name
    context.close()
