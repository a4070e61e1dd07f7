"""Processes killed in the middle: nothing half-written is used, and the next call goes on."""

import json

import pandas as pd
import psutil
import pytest
from conftest import FRONT, wait_until

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

number: int = 1  # a number
```

A first cell that records:

```{code-cell} python
import os
import time
from pathlib import Path
import embedlib
embedlib.record("first", number)
```

A cell that waits for a file, where it is told to:

```{code-cell} python
folder = Path("@FOLDER@")
(folder / f"started-{number}").write_text(f"{os.getpid()} {os.getppid()}")
while number > 1 and not (folder / "go").exists():
    time.sleep(0.1)
embedlib.record("second", number * 10)
```
"""
)


@pytest.fixture
def signals(tmp_path):
    (tmp_path / "signals").mkdir()
    return tmp_path / "signals"


def processes(marker):
    """Wait until a notebook says that it has begun; gives its kernel and the process that runs it."""
    wait_until(lambda: marker.exists() and len(marker.read_text().split()) == 2, marker.name)
    return [psutil.Process(int(number)) for number in marker.read_text().split()]


def ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_a_killed_run_is_not_taken_and_the_next_cleans_up(project, signals):
    source = SOURCE.replace("@FOLDER@", str(signals))
    project.write("01_small", source)
    assert project.call("run", "01_small")[0] == 0
    output = project.build / "executed" / "01_small.ipynb"
    good = output.read_bytes()

    project.write("01_small", source.replace("number: int = 1", "number: int = 2"))
    run = project.start("run", "01_small")
    kernel, _ = processes(signals / "started-2")
    run.kill()
    run.communicate()
    wait_until(lambda: ended(kernel), "the end of the kernel")
    left = list((project.build / "running").iterdir())
    assert {path.name.split(".")[2] for path in left} >= {"start"}
    assert output.read_bytes() == good
    assert list((project.build / "executed").iterdir()) == [output]
    assert "cells: 2 (number: int = 2" in project.call("run", "01_small", "--why")[1]
    assert json.loads(project.call("status", "--json")[1])["notebooks"][0]["state"] == "stale"
    assert "files of stopped runs, such as" in project.call("doctor")[1]

    (signals / "go").touch()
    code, _, err = project.call("run", "01_small")
    assert (code, "removed, an unfinished file of a run that was stopped" in err) == (0, True)
    assert list((project.build / "running").iterdir()) == []
    assert '"value": 20' in output.read_text()
    assert "nothing changed" in project.call("run", "01_small")[1]


def test_a_killed_sweep_goes_on(project, signals):
    project.write("01_small", SOURCE.replace("@FOLDER@", str(signals)))
    arguments = ["sweep", "01_small", "-p", "number=1,2,3"]
    sweep = project.start(*arguments)
    alive = processes(signals / "started-2")
    sweep.kill()
    sweep.communicate()
    wait_until(lambda: all(map(ended, alive)), "the end of the processes of the sweep")
    (path,) = (project.build / "sweeps").glob("*.csv")
    table = pd.read_csv(path)
    assert dict(zip(table["number"], table["status"], strict=False)) == {1: "ok", 2: "waiting", 3: "waiting"}
    (first,) = (project.build / "executed").iterdir()
    time = first.stat().st_mtime_ns

    (signals / "go").touch()
    code, out, err = project.call(*arguments)
    assert (code, "3 points, 0 failed" in out) == (0, True)
    assert "1 of 3 points: nothing changed" in err
    assert first.stat().st_mtime_ns == time
    table = pd.read_csv(path)
    assert set(table["status"]) == {"ok"}
    assert table.loc[table["record"] == "second", "value"].to_list() == [10, 20, 30]
    assert list((project.build / "running").iterdir()) == []
