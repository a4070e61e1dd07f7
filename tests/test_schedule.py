"""Several notebooks at a time, with real kernels: what runs beside what, in which order, and what a failure leaves."""

import signal
import tomllib

import psutil
import pytest
from conftest import FRONT, records_of, wait_until

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import find_source, notebook_sources
from embedlib.book.run.freshness import fingerprint, write_state
from embedlib.book.run.plan import plan
from embedlib.book.run.schedule import choose_next, default_jobs, execute_all, longest_first, memory_of, run_all
from embedlib.book.run.workers import core_shares, thread_limits
from embedlib.errors import NotebookError, ParameterError
from embedlib.models.roster import roster

# Says that it has begun, waits until the files that it waits for are there, and does what the test adds.
SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

PARAMETER
```

A cell that waits:

```{code-cell} python
import os
import time
from pathlib import Path

folder = Path("FOLDER")
(folder / "NAME.aside").write_text(f"{os.getpid()} {os.getppid()}")
(folder / "NAME.aside").rename(folder / "NAME")  # whole, when others see it
end = time.monotonic() + 110
while not all((folder / name).exists() for name in WAITS):
    assert time.monotonic() < end, "nobody came"
    time.sleep(0.05)
THEN
```
"""
)
THREADS = 'import embedlib\nembedlib.record("threads", os.environ["OMP_NUM_THREADS"])'


@pytest.fixture
def written(tmp_path):
    """Give a function that writes a notebook which waits for others to begin."""

    def write(name, waits=(), then="", parameter="number: int = 1  # a number", folder=tmp_path):
        parts = {
            "PARAMETER": parameter,
            "FOLDER": str(tmp_path),
            "NAME": name,
            "WAITS": repr(list(waits)),
            "THEN": then,
        }
        text = SOURCE
        for mark, part in parts.items():
            text = text.replace(mark, part)
        path = folder / f"{name}.md"
        path.write_text(text)
        return path

    return write


def test_two_run_at_once_on_half_the_cores_and_what_reads_them_comes_last_on_all(written, build, monkeypatch):
    for name in thread_limits(1):
        monkeypatch.delenv(name, raising=False)
    sources = [
        written("reader", then=THREADS, parameter="runs: list[str] = []  # runs"),
        written("one", waits=["two"], then=THREADS),
        written("two", waits=["one"], then=THREADS),
    ]
    planned = [plan(source, build=build) for source in sources]
    lines = list(execute_all(planned, 2))
    assert sorted(line.split(":")[0] for line in lines[:2]) == ["one", "two"]
    assert lines[2].startswith("reader: ran in ")
    threads = {run.name: records_of(run.output)["threads"]["value"] for run in planned}
    halves = {str(len(share)) for share in core_shares(2)}
    assert threads["reader"] == str(len(core_shares(1)[0]))
    assert {threads["one"], threads["two"]} <= halves
    assert list((build / "running").iterdir()) == []
    again = list(execute_all(planned, 2))
    assert sorted(again[:2]) == ["one: nothing changed", "two: nothing changed"]  # the longer one first
    assert again[2:] == ["reader: nothing changed"]


def test_a_failure_stops_nothing_that_is_at_work_and_the_others_begin_only_if_told_to(written, build):
    sources = [
        written("bad", waits=["good"], then="1 // 0"),
        written("good", waits=["bad"], then="time.sleep(1)"),
        written("later"),
        written("reader", parameter="runs: list[str] = []  # runs"),
    ]
    planned = [plan(source, build=build) for source in sources]
    with pytest.raises(NotebookError, match=r"(?s)^bad failed in cell 2: ZeroDivisionError.*_build/failed/bad.ipynb$"):
        list(execute_all(planned, 2))
    with pytest.raises(NotebookError, match=r"^bad failed"):
        list(execute_all(planned, 1))
    assert [run.output.is_file() for run in planned] == [False, True, False, False]
    assert planned[0].failed.is_file()

    ends = {ended.run.name: ended for ended in run_all(planned, 2, keep_going=True)}
    assert list(ends)[-1] == "reader"
    assert {name for name, ended in ends.items() if ended.error} == {"bad"}
    assert ends["good"].reasons == ()
    assert ends["later"].reasons == ("it has not been run with these parameters",)


def test_the_longest_begins_first_and_an_unknown_time_counts_as_longest(written, build):
    planned = [plan(written(name), build=build) for name in ("short", "new", "long", "newer")]
    for run, seconds in zip(planned, (2, None, 90, None), strict=True):
        if seconds:
            run.output.parent.mkdir(parents=True, exist_ok=True)
            run.output.write_text("executed")
            write_state(run, fingerprint(run), seconds)
    assert [run.name for run in longest_first(planned)] == ["new", "newer", "long", "short"]
    models = 'models: list[str] = ["glove-6b-50d", "qwen2.5-coder-1.5b-q4"]  # names'
    large = plan(written("large", parameter=models), build=build)
    assert [run.name for run in longest_first([*planned, large])] == ["large", "new", "newer", "long", "short"]


def test_chapters_begin_in_the_order_of_their_times_where_none_was_run(tmp_path):
    expected = tomllib.loads((PROJECT / "notebooks" / "cold_seconds.toml").read_text())
    assert set(expected) == {source.stem for source in notebook_sources()}
    names = [run.name for run in longest_first([plan(source, build=tmp_path) for source in notebook_sources()])]
    small = [name for name in names if memory_of(plan(find_source(name), build=tmp_path)) < 5e9]
    assert small == sorted(small, key=expected.get, reverse=True)


def test_a_run_waits_for_memory_unless_it_is_alone(written, build):
    largest = max(spec.parameters for spec in roster().values())
    name = next(name for name, spec in roster().items() if spec.parameters == largest)
    both = f'models: list[str] = ["glove-6b-50d", "{name}"]  # the models'
    large, small = (
        plan(written(n, parameter=p), build=build) for n, p in (("large", both), ("small", "n: int = 1  # n"))
    )
    assert memory_of(small) == 2e9
    assert memory_of(large) == 2e9 + 4 * largest
    enough = memory_of(large) + memory_of(small)
    assert choose_next([large, small], [], 0) == large
    assert choose_next([large, small], [small], enough) == large
    assert choose_next([large, small], [small], enough - 1) == small
    assert choose_next([large], [small], enough - 1) is None
    assert choose_next([], [], enough) is None


def test_the_number_of_jobs(written, build):
    assert default_jobs() == min(4, len(core_shares(1)[0]))
    with pytest.raises(ParameterError, match="jobs is 0; allowed: 1 or more"):
        list(run_all([plan(written("one"), build=build)], 0))


def ended(number):
    return not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def heeds_ctrl_c():
    """Let processes that are started here heed Ctrl-C, where the tests themselves run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


# What waits until the process that ran the other notebook is gone: its number is the second in what it wrote.
AFTER = """number = int((folder / "02_quick").read_text().split()[1])
try:
    while True:
        os.kill(number, 0)
        assert time.monotonic() < end, "it does not end"
        time.sleep(0.05)
except ProcessLookupError:
    time.sleep(1)
"""


def test_ctrl_c_ends_both_and_the_report_is_in_the_order_of_the_book(project, written, tmp_path, heeds_ctrl_c):
    folder = project.root / "notebooks"
    written("01_slow", waits=["go", "02_quick"], then=AFTER, folder=folder)
    written("02_quick", waits=["go", "01_slow"], folder=folder)
    gate = project.start("drift", "--jobs", "2")
    markers = [tmp_path / name for name in ("01_slow", "02_quick")]
    wait_until(lambda: all(path.exists() and len(path.read_text().split()) == 2 for path in markers), "two at work")
    gate.send_signal(signal.SIGINT)
    _, err = gate.communicate()
    assert (gate.returncode, err.strip().rsplit("\n", 1)[-1]) == (130, "stopped")
    numbers = [int(number) for path in markers for number in path.read_text().split()]
    wait_until(lambda: all(map(ended, numbers)), "the end of the kernels and of what ran them")
    assert not (project.build / "executed").exists()

    for path in markers:
        path.unlink()
    (tmp_path / "go").touch()
    code, _, err = project.call("drift", "--jobs", "2")
    assert code == 1  # there is no reference yet
    lines = [line.split(":")[0] for line in err.splitlines() if ": ran in" in line]
    assert lines == ["02_quick", "01_slow"]
    summary = (project.build / "drift" / "summary.md").read_text()
    assert 0 < summary.index("slow") < summary.index("quick")
    assert list((project.build / "running").iterdir()) == []
