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
    found = differing({**COMMITTED, "02_random_pairs": tmp_path / "02_random_pairs.ipynb"})
    # The counts change, and the phrases that say them.
    phrase = found.pop("third-claim")
    assert phrase in found.pop("in-short")
    assert {"partly": "in part", "not reproduced": "one not at all"}[new] in phrase
    assert found == {
        "d1-verdict": new, "d1-effect": pytest.approx(effect), "findings[D1].verdict": new,
        "findings[D1].effect": pytest.approx(effect), **words,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("leads", "claim", "sure"),
    [
        ((0.1, 0.05, 0.2), "On all of our six measures", "The LLM is clearly ahead on all of them."),
        ((-0.1, -0.2, -0.05), "On none of our six measures", "The classical model is clearly ahead on all of them."),
        ((0.1, -0.05, 0.2), "On all of our six measures", "the difference is too small to say who is ahead"),
        ((None, None, None), "This run compares no LLM with a classical model.", ""),
    ],
)
def test_the_first_claim_follows_the_leads(build, tmp_path, leads, claim, sure):
    runs = {}
    for chapter, path in COMMITTED.items():
        changed = read_executed(path)
        records = records_of(changed)
        for name, value in zip(("llm-lead", "llm-lead-low", "llm-lead-high"), leads, strict=True):
            if name in records:
                records[name]["value"] = value
        runs[chapter] = tmp_path / f"{chapter}.ipynb"
        write(changed, runs[chapter])
    planned = plan(find_source(PAGE), {"runs": ", ".join(map(str, runs.values()))}, build)
    execute(planned)
    found = read_records(planned.output)
    assert found["first-claim"].startswith(claim)
    assert sure in found["first-sure"]
    assert found["in-short"].startswith(found["first-claim"])
