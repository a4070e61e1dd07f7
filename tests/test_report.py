"""The drift report: what the page and the summary show, and the page in a browser."""

import base64
import io
import json
import shutil

import nbformat
import pandas as pd
import pytest
from conftest import FRONT, NEEDS_BROWSER
from PIL import Image

from embedlib.book.check.drift import Drift, compare
from embedlib.book.check.gate import Checked, GateOutcome, changed_pictures
from embedlib.book.check.report import SHOWN, headline, summarise, write_report
from embedlib.records.make import make_record
from embedlib.records.read import MIME

HOSTILE = "<script>alert(1)</script>"


def png(colour):
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), colour).save(buffer, format="png")
    return base64.b64encode(buffer.getvalue()).decode()


def address(colour):
    return f"data:image/png;base64,{png(colour)}"


def executed(score, colour, *, other="same", named="fig-line"):
    """Make an executed notebook with a figure, whose data has the score, and another one that never changes."""
    outputs = []
    for name, value, shade in ((named, score, colour), ("fig-same", 1.0, "gray")):
        frame = pd.DataFrame({"score": [value]}, pd.Index(["a"], name="model"))
        data = {
            MIME: make_record(name, frame, is_figure=True).payload(),
            "image/png": png(shade) + "\n",
            "text/plain": f'{name} "x"',
        }
        outputs.append(nbformat.v4.new_output("display_data", data))
    outputs.append(
        nbformat.v4.new_output("display_data", {MIME: make_record("word", other).payload(), "text/plain": "w"})
    )
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("draw()", outputs=outputs)])


@pytest.fixture
def drifted():
    old, new = executed(0.5, "red"), executed(0.75, "blue", other=HOSTILE)
    found = compare("02_pairs", old, new)
    return [Checked("01_models"), Checked("02_pairs", tuple(found), tuple(changed_pictures(found, old, new)))]


def test_only_figures_whose_data_changed_are_shown_old_and_new(drifted):
    (picture,) = drifted[1].pictures
    assert (picture.record, picture.old, picture.new) == ("fig-line", address("red"), address("blue"))
    old, new = executed(0.5, "red"), executed(0.5, "red", named="fig-new")
    lost, added = changed_pictures(compare("n", old, new), old, new)
    assert (lost.record, lost.new, added.record, added.old) == ("fig-line", "", "fig-new", "")


def test_one_difference_or_failed_run_fails_the_gate(drifted):
    assert GateOutcome((Checked("01_models"),)).passed
    outcome = GateOutcome(tuple(drifted))
    assert (outcome.passed, outcome.failed) == (False, [])
    assert [drift.record for drift in outcome.found] == ["fig-line[a].score", "word"]
    outcome = GateOutcome((Checked("01_models"), Checked("02_pairs", error="it failed")))
    assert (outcome.passed, outcome.found, outcome.failed) == (False, [], ["it failed"])


def test_the_page_shows_every_difference_and_escapes(drifted, tmp_path):
    page = write_report(drifted, tmp_path / "report").read_text()
    assert page.index("01_models") < page.index('<section id="02_pairs">')
    assert '<mark class="old">0.5</mark>' in page
    assert '<mark class="new">0.75</mark>' in page
    assert "0.5 ± 0.0005" in page
    for colour, shown in (("red", 1), ("blue", 1), ("gray", 0)):
        assert page.count(f"base64,{png(colour)}") == shown
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "new: fig-line &#34;x&#34;" in page
    for foreign in ("http://", "https://", "//cdn", "url(", "@import", "<script", 'src="/'):
        assert foreign not in page
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["index.html", "summary.md"]


def test_the_summary_is_markdown_that_nothing_can_break(drifted):
    text = summarise(drifted)
    assert text.startswith("## Drift\n\n2 differences and 0 failed runs in 2 notebooks.\n")
    assert "| 02\\_pairs | 2 | 1 | ok |" in text
    assert "| 02\\_pairs | 1: draw() | fig-line\\[a\\].score | 0.5 | 0.75 | 0.5 ± 0.0005 |" in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    hostile = Drift("n", "1: x", "stdout", "a|b\n| c | @team", "[x](https://e.org) `y` " + "z" * 500, "equal")
    (row,) = [line for line in summarise([Checked("n", (hostile,))]).splitlines() if "stdout" in line]
    assert "a\\|b \\| c \\| &#64;team" in row
    assert "\\[x\\](https&#58;//e.org) \\`y\\`" in row
    assert len(row) < 300
    assert row.count(" | ") == 5


def test_the_summary_shows_the_first_and_counts_the_rest():
    many = Checked("n", tuple(Drift("n", "", f"r{i}", "0", "1", "equal") for i in range(SHOWN + 3)))
    text = summarise([many])
    assert f"r{SHOWN - 1}" in text
    assert f"r{SHOWN} " not in text
    assert "And 3 more" in text


def test_no_drift_and_failed_runs(tmp_path):
    page = write_report([Checked("01_models")], tmp_path)
    assert "No drift in 1 notebook" in page.read_text()
    assert (tmp_path / "summary.md").read_text() == "## Drift\n\nNo drift in 1 notebook.\n"
    failed = [Checked("01_models", error="01_models failed in cell 2: KeyError: '<b>'\nTraceback & more")]
    assert headline(failed) == "0 differences and 1 failed run in 1 notebook"
    assert "Traceback &amp; more" in write_report(failed, tmp_path).read_text()
    summary = (tmp_path / "summary.md").read_text()
    assert "**01\\_models failed**: 01\\_models failed in cell 2: KeyError: '&lt;b&gt;'" in summary
    assert "Traceback" not in summary


def test_a_figure_that_is_kept_as_svg_is_shown_without_running_what_is_in_it(drifted, tmp_path):
    old, new = executed(0.5, "red"), executed(0.75, "blue")
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20">{HOSTILE}<rect width="9" height="9"/></svg>'
    )
    new.cells[0].outputs[0].data = {**new.cells[0].outputs[0].data, "image/svg+xml": drawing}
    del new.cells[0].outputs[0].data["image/png"]
    (picture,) = changed_pictures(compare("n", old, new), old, new)
    assert (picture.old, picture.new) == (
        address("red"), f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    )  # fmt: skip
    assert "<script" not in write_report([Checked("n", pictures=(picture,), error="x")], tmp_path).read_text()


@NEEDS_BROWSER
@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 1280), ("light", 390)])
def test_the_page_is_readable_in_light_and_dark(browser, drifted, tmp_path, scheme, width):
    write_report(drifted, tmp_path)
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page, problems, asked = context.new_page(), [], []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "index.html").as_uri())
    assert page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth)") == [40, 40]
    colours = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor] }"
    for element in ("body", "mark.old", "mark.new"):
        ink, paper = (lightness(colour) for colour in page.locator(element).first.evaluate(colours))
        assert contrast(ink, paper) > 4.5
        assert (ink > paper) == (scheme == "dark")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert problems == []
    assert not [url for url in asked if not url.startswith(("file:", "data:"))]
    context.close()


def lightness(colour):
    """Give the relative luminance of `rgb(r, g, b)`."""
    parts = [int(part) / 255 for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


SOURCE = (
    FRONT
    + """Numbers and a picture:

```{code-cell} python
import pandas as pd
import embedlib
from embedlib import figures

figure, ax = figures.new_axes()
ax.plot([1, 2, 3])
data = pd.DataFrame({"score": [1.0, 2.0]}, index=pd.Index(["a", "b"], name="model"))
embedlib.record("share", 0.5)
embedlib.record("fig-line", data, figure=figure, alt="A line.")
```
"""
)


def test_the_command_writes_the_report_with_and_without_drift(project, tmp_path):
    source = project.write("01_small", SOURCE)
    assert project.call("run", "01_small")[0] == 0
    reference = source.with_suffix(".ipynb")
    shutil.copy(project.build / "executed" / "01_small.ipynb", reference)
    code, out, err = project.call("drift", "--reuse")
    assert (code, "no drift in 1 notebooks" in out) == (0, True)
    page = project.build / "drift" / "index.html"
    assert f"the report: {page}" in err
    assert "No drift in 1 notebook" in page.read_text()

    notebook = json.loads(reference.read_text())
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            record = output["data"][MIME]
            if record["figure"]:
                record["rows"][0][0] = 3.0
                del output["data"]["image/svg+xml"]
                output["data"]["image/png"] = png("red")
    reference.write_text(json.dumps(notebook))
    code, out, err = project.call("drift", "--reuse", "--report", tmp_path / "elsewhere")
    assert code == 1
    assert "fig-line[a].score" in out
    assert "1 differences and 0 failed runs in 1 notebooks" in err
    text = (tmp_path / "elsewhere" / "index.html").read_text()
    assert text.count("<img src=") == 2
    assert text.index(address("red")) < text.index("data:image/svg+xml;base64,")
    assert "fig-line\\[a\\].score" in (tmp_path / "elsewhere" / "summary.md").read_text()

    project.write("01_small", SOURCE.replace("[1, 2, 3]", "[1, 2, 3] / 0"))
    code, _, err = project.call("drift")
    assert code == 1
    assert "TypeError" in err
    assert "TypeError" in page.read_text()
