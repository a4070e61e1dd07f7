"""The page of findings, really run: it says what the runs that it reads have recorded, and nothing else."""

import pytest
from conftest import records_of

from embedlib._util.paths import PROJECT
from embedlib.book.check.side_by_side import compare_runs
from embedlib.book.notebooks import find_source, notebook_sources, read_executed, write
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.records.read import read_records

PAGE = "20_findings"
FOLDER = PROJECT / "notebooks"
COMMITTED = {source.stem: source.with_suffix(".ipynb") for source in notebook_sources() if source.stem != PAGE}


@pytest.fixture
def differing(build):
    """Give a function that runs the page on some chapters' runs and lists what differs from the committed page."""

    def run(runs):
        planned = plan(find_source(PAGE), {"runs": ", ".join(map(str, runs.values()))}, build)
        execute(planned)
        sides = compare_runs(read_executed(FOLDER / f"{PAGE}.ipynb"), read_executed(planned.output))
        return {side.record: side.second for side in sides if side.differs}

    return run


def test_the_page_has_the_committed_findings_of_the_committed_chapters(differing):
    assert differing(COMMITTED) == {}


def test_a_finding_changes_with_the_record_that_it_is_read_from(differing, tmp_path):
    before = read_records(FOLDER / f"{PAGE}.ipynb")
    changed = read_executed(COMMITTED["02_random_pairs"])
    record = records_of(changed)["d1-verdict"]
    old = record["value"]["verdict"]
    new = "partly" if old != "partly" else "not reproduced"
    effect = record["value"]["effect"] + 0.5
    record["value"] |= {"verdict": new, "effect": effect}
    write(changed, tmp_path / "02_random_pairs.ipynb")
    words = {
        old.replace(" ", "-"): before[old.replace(" ", "-")] - 1,
        new.replace(" ", "-"): before[new.replace(" ", "-")] + 1,
    }
    assert differing({**COMMITTED, "02_random_pairs": tmp_path / "02_random_pairs.ipynb"}) == {
        "d1-verdict": new, "d1-effect": pytest.approx(effect), "findings[D1].verdict": new,
        "findings[D1].effect": pytest.approx(effect), **words,
    }  # fmt: skip
