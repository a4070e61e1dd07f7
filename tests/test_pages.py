"""The pages of the built book, opened in a browser: each once in each theme, and once on a phone."""

import http.server
import threading
from functools import partial

import pytest
from axe_playwright_python.sync_playwright import Axe
from conftest import NEEDS_BROWSER

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import notebook_sources
from embedlib.book.site import staging

PAGES = staging.pages(PROJECT / "_toc.yml")
pytestmark = NEEDS_BROWSER


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


@pytest.fixture
def open_page(browser, site):
    """Give a function that opens a page, in a window of the test's own; what goes wrong is collected."""
    windows = []

    def start(theme="light", width=1280):
        window = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900})
        windows.append(window)
        page = window.new_page()
        page.problems = []
        page.on("console", lambda m: page.problems.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: page.problems.append(str(e)))
        page.on("requestfailed", lambda r: page.problems.append(r.url))
        page.on("response", lambda r: page.problems.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        return page

    yield start
    for window in windows:
        window.close()


def go(page, site, name):
    page.goto(f"{site}/{name}.html", wait_until="load")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_can_be_read_in_both_themes(open_page, site, theme):
    """Nothing fails to load, axe finds nothing serious, pictures and captions show, no code is cut."""
    page = open_page(theme)
    pictures = captions = 0
    for name in PAGES:
        go(page, site, name)
        assert page.evaluate("document.documentElement.dataset.theme") == theme
        pictures += check_pictures(page)
        captions += check_captions(page, name)
        check_search_and_code(page, name)
        assert page.problems == [], name
        assert serious_faults(page) == [], name
    assert pictures >= 5
    assert captions >= 20


# The colours of a piece of code are those of its class. So one piece of each class and kind of block stays for axe,
# which takes minutes for tens of thousands of them; the others become plain text, the innermost first. Of a table's
# rows and of the entries of the contents, which are all alike, the first few stay.
WITHOUT_REPEATED = """() => {
  const rows = "table.embedlib-table tbody tr:nth-child(n+7)";
  document.querySelectorAll(`${rows}, li.toc-entry:nth-child(n+9)`).forEach(one => one.remove());
  const seen = new Set();
  const pieces = document.querySelectorAll(".highlight span, dt.sig span, dt.sig em, code.literal, code.literal span");
  for (const piece of [...pieces].reverse()) {
    if (piece.children.length) continue;
    const block = piece.closest(".highlight")?.parentElement ?? piece.closest("dt.sig, p, li, td, th, dd") ?? piece;
    const key = [block.tagName, block.className, piece.parentElement.className, piece.className].join("|");
    if (seen.has(key)) piece.replaceWith(piece.textContent);
    seen.add(key);
  }
}"""


def serious_faults(page):
    """List what axe finds wrong. Of what is right it gives one example each, which takes less time than all."""
    page.evaluate(WITHOUT_REPEATED)
    before = list(page.problems)
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response
    page.problems[:] = before  # axe asks for style sheets under names of its own
    assert found["passes"]
    return [(v["id"], v["nodes"][0]["html"]) for v in found["violations"] if v["impact"] in ("serious", "critical")]


def check_pictures(page):
    """Check that every picture is large, sharp and on white in either theme; gives their number."""
    found = page.locator("article img").all()
    for picture in found:
        picture.scroll_into_view_if_needed()
        box = picture.bounding_box()
        assert box["width"] > 300
        assert box["height"] > 100
        assert picture.evaluate("i => i.complete")
        # Large enough to be read; a narrow picture of lines is not blown up.
        assert picture.evaluate(
            "i => i.naturalWidth > 600 || (i.src.endsWith('.svg') && i.clientWidth <= 1.05 * i.naturalWidth)"
        )
        # the picture's own corner is opaque white, in either theme
        corner = picture.evaluate(
            "i => { const c = document.createElement('canvas'); c.width = c.height = 1;"
            "const x = c.getContext('2d'); x.drawImage(i, 0, 0); return [...x.getImageData(0, 0, 1, 1).data]; }"
        )
        assert corner[:3] == [255, 255, 255]
        assert corner[3] >= 250  # the edge of a vector picture is smoothed
    return len(found)


CONTRAST = """element => {
  const rgb = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  let ground = element;
  while (ground && rgb(getComputedStyle(ground).backgroundColor)[3] === 0) ground = ground.parentElement;
  const under = ground ? rgb(getComputedStyle(ground).backgroundColor) : [255, 255, 255];
  const [low, high] = [light(rgb(getComputedStyle(element).color)), light(under)].sort((a, b) => a - b);
  return [(high + 0.05) / (low + 0.05), Number(getComputedStyle(element).fontWeight)];
}"""


def check_captions(page, name):
    """Check that captions stand out from their ground; gives their number."""
    found = page.locator("figcaption .caption-text").all()
    for caption in found:
        contrast, weight = caption.evaluate(CONTRAST)
        assert contrast >= 4.5, name
        assert weight >= 400, name  # thin letters look paler than they are
    return len(found)


def check_search_and_code(page, name):
    """Check that a page shows one search, and all of its lines of code."""
    search = page.locator("button.search-button__button, input[type=search]")
    assert sum(box.is_visible() and box.bounding_box()["x"] >= 0 for box in search.all()) == 1, name
    cut = page.locator("article pre").evaluate_all("all => all.filter(p => p.scrollWidth > p.clientWidth + 1)")
    assert cut == [], name


def test_pages_fit_on_a_phone(open_page, site):
    page = open_page(width=390)
    scrolled = 0
    for name in PAGES:
        go(page, site, name)
        assert page.evaluate("document.documentElement.scrollWidth") <= 391, name
        check_search_and_code(page, name)
        scrolled += check_wide_tables(page)
    assert scrolled >= 20
    assert page.problems == []


def check_wide_tables(page):
    """Check that wide tables keep their first column and say that they scroll; gives their number."""
    page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true; })")
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    scrolled = 0
    for table in page.locator("table.embedlib-table").all():
        columns = table.locator("thead tr > *").count()
        assert columns <= 8 or table.get_attribute("data-form") != "plain"
        box = table.locator("xpath=..")
        if not box.evaluate("b => b.scrollWidth > b.clientWidth + 1"):
            continue
        assert box.evaluate("b => b.previousElementSibling.textContent").startswith("Wider than the page")
        assert box.get_attribute("tabindex") == "0"
        cell = table.locator("tbody tr > :first-child").first
        before = cell.bounding_box()
        box.evaluate("b => { b.scrollLeft = b.scrollWidth; }")
        assert abs(cell.bounding_box()["x"] - before["x"]) <= 1  # the table's border
        assert before["width"] <= 200  # the greater half of the screen is left to the others
        scrolled += 1
    return scrolled


def value_of(cell):
    """Give the number in a cell of a table, which may have an interval behind it."""
    return float(cell.split()[0].replace(",", ""))


def test_tables_sort_by_the_keyboard(open_page, site):
    page = open_page()
    go(page, site, "notebooks/02_random_pairs")
    table = page.locator("table.embedlib-table", has=page.get_by_text("mean [low, high]", exact=True)).first
    column = table.locator("thead th").all_inner_texts().index("mean [low, high]") + 1
    cells = table.locator(f"tbody tr > :nth-child({column})")
    before = cells.all_inner_texts()
    button = table.locator(f"thead th:nth-child({column}) button")
    for order in ("descending", "ascending"):
        button.press("Enter")
        assert table.locator(f"thead th:nth-child({column})").get_attribute("aria-sort") == order
        assert cells.all_inner_texts() == sorted(before, key=value_of, reverse=order == "descending")
    button.press("Enter")
    assert cells.all_inner_texts() == before
    assert page.problems == []


def test_search_finds_cosine(open_page, site):
    page = open_page()
    page.goto(f"{site}/search.html?q=cosine", wait_until="networkidle")
    page.wait_for_selector("#search-results li")
    assert "How close are two random words" in page.inner_text("#search-results")
    assert page.problems == []


def test_every_chapter_is_opened():
    assert {f"notebooks/{source.stem}" for source in notebook_sources()} <= set(PAGES)
