"""Machines as people have them: no home, long or missing folders of temporary files, full disks, narrow terminals."""

import errno
import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

import pytest
from conftest import ALL, FRONT, outputs_of, records_of
from test_doctor import dead

from embedlib import cli
from embedlib._util.code_digest import _tree_digest, code_digest
from embedlib._util.paths import cache_dir, settle_paths
from embedlib.book.run import leftovers
from embedlib.book.run.leftovers import SOCKETS
from embedlib.book.run.machine import LONGEST, check_build, connection, scratch
from embedlib.cli import terminal
from embedlib.cli.terminal import field_lines, table_lines
from embedlib.errors import EmbedlibError

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

number: int = 1  # a number
```

A picture, and where things lie:

```{code-cell} python
import os
import matplotlib.pyplot as plt
import embedlib
from embedlib._util.paths import cache_dir
plt.figure().text(0, 0, "a text")
plt.close()
embedlib.record("cache", str(cache_dir()))
embedlib.record("fonts", os.environ["MPLCONFIGDIR"])
embedlib.record("ipython", get_ipython().ipython_dir)
```
"""
)
DEEP = Path(*[f"folder-{number}-of-a-cluster" for number in range(6)])


@pytest.fixture
def homeless(tmp_path, monkeypatch):
    """Take the home away: it lies under a file, where no user, root included, can make a folder."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file" / "home"))
    for name in ("XDG_CACHE_HOME", "EMBEDLIB_CACHE", "MPLCONFIGDIR", "IPYTHONDIR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "file" / "home"


def command(*arguments, **options):
    """Run the command line in a process of its own; gives the process that has ended."""
    return subprocess.run(
        [sys.executable, "-m", "embedlib.cli", *map(str, arguments)], capture_output=True, text=True, check=False,
        **options,
    )  # fmt: skip


def test_without_a_home_or_a_cache_one_line_names_the_setting(homeless, call, tmp_path):
    source = tmp_path / "small.md"
    source.write_text(SOURCE)
    for arguments in (["models"], ["models", "gemma-3-270m-q4"], ["store"], ["store", "list"], ["store", "clean"],
                      ["extract", "-m", "glove-6b-50d", "--words", "5"], ["status"]):  # fmt: skip
        code, _, err = call(*arguments)
        assert (code, len(err.splitlines())) == (1, 1), err
        assert f"the cache folder {homeless / '.cache' / 'embedlib'} cannot be used" in err
        assert "export EMBEDLIB_CACHE=" in err
    code, out, _ = call("doctor")
    assert code == 1
    assert re.search(r"problem +cache: cannot be written: .* EMBEDLIB_CACHE=", out)


def test_a_run_needs_no_home_and_hands_on_a_relative_cache(homeless, project, monkeypatch):
    project.write("01_small", SOURCE)
    monkeypatch.setenv("EMBEDLIB_CACHE", "my-cache")
    deep = project.root.parent / DEEP
    deep.mkdir(parents=True)
    assert len(os.fsencode(deep)) > LONGEST
    monkeypatch.setenv("TMPDIR", str(deep))
    code, out, err = project.call("run", "01_small", "-p", "number=2")
    assert code == 0, err
    (path,) = (project.build / "executed").iterdir()
    assert f"ran: {path}" in out
    assert re.search(r"^01_small--\w+: ran in \d+ s, it has not been run", err, re.M)
    assert "\r" not in out + err
    assert "\x1b" not in out + err
    assert {output.output_type for output in outputs_of(path)} == {"display_data"}  # nobody says anything in a cell
    records = {name: record["value"] for name, record in records_of(path).items()}
    cache = project.root.parent / "my-cache"
    assert records["cache"] == str(cache)
    assert Path(records["fonts"]).is_relative_to(cache)
    assert any(Path(records["fonts"]).glob("fontlist-*.json"))
    assert Path(records["ipython"]).parent.name.startswith(SOCKETS)
    assert not (project.root / "my-cache").exists()
    assert not list(deep.iterdir())


def test_settings_are_absolute_once_and_empty_is_unset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("EMBEDLIB_CACHE", "EMBEDLIB_ROSTER", "HF_HOME"):
        monkeypatch.setenv(name, f"some/../{name}")
    settle_paths()
    assert os.environ["HF_HOME"] == str(tmp_path / "HF_HOME")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert cache_dir() == tmp_path / "EMBEDLIB_CACHE"
    monkeypatch.setenv("EMBEDLIB_CACHE", "~/cache")
    assert cache_dir() == tmp_path / "home" / "cache"
    monkeypatch.setenv("EMBEDLIB_CACHE", "~no-such-user/cache")
    with pytest.raises(EmbedlibError, match="EMBEDLIB_CACHE is '~no-such-user/cache', which is no path here"):
        cache_dir()
    monkeypatch.setenv("EMBEDLIB_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_dir() == tmp_path / "xdg" / "embedlib"


def test_a_cache_that_is_a_file(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "file"))
    with pytest.raises(EmbedlibError, match=r"file cannot be used: it is a file\. .*EMBEDLIB_CACHE="):
        cache_dir()


def test_a_project_that_cannot_be_written(project):
    project.write("01_small", SOURCE)
    project.build.touch()
    code, _, err = project.call("run", "01_small")
    assert (code, err) == (1, f"error: {project.build} cannot be written, where runs and the book go: File exists\n")
    with pytest.raises(EmbedlibError, match="cannot be written"):
        check_build(project.build)


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Give the folders for sockets: a first one that is too deep, and a short one."""
    short, deep = Path(tempfile.mkdtemp(dir="/tmp")), tmp_path / DEEP
    deep.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    monkeypatch.setattr(leftovers, "SHORT", (str(short / "nowhere"), str(short)))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    yield deep, short
    short.rmdir()


def test_sockets_lie_where_their_paths_are_short(places, tmp_path, monkeypatch):
    deep, short = places
    with scratch() as folder:
        assert folder.parent == short
        assert connection(folder) == {"transport": "ipc", "ip": str(folder / "kernel")}
    left = short / f"{SOCKETS}{dead()}-ab_c1"
    left.mkdir()
    assert list(leftovers.leftovers(tmp_path / "_build")) == [left]
    leftovers.remove_leftovers(tmp_path / "_build", "01_a")
    assert not left.exists()
    monkeypatch.setattr(leftovers, "SHORT", ())
    with scratch() as folder:  # ports, where no path is short enough
        assert (folder.parent, connection(folder)) == (deep, {})


def test_no_temporary_folder_at_all(monkeypatch):
    def nowhere():
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(EmbedlibError, match="export TMPDIR="), scratch():
        pass


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device. Free some space"),
        (PermissionError(errno.EACCES, "Permission denied", "/some/file"), "/some/file: Permission denied"),
        (FileNotFoundError("[Errno 2] lost"), "[Errno 2] lost"),
        (MemoryError(), "the memory is used up"),
    ],
)
def test_what_the_machine_refuses_is_one_line(monkeypatch, call, error, said):
    def refuse():
        raise error

    monkeypatch.setattr(cli, "app", refuse)
    code, _, err = call("models")
    assert (code, len(err.splitlines())) == (1, 1)
    assert err.startswith(f"error: {said}")


def test_a_file_of_the_cache_that_cannot_be_written_names_the_setting(cache):
    said = terminal.said_of(PermissionError(errno.EACCES, "Permission denied", str(cache / "store" / ".lock")))
    assert said.endswith("export EMBEDLIB_CACHE=/path/to/folder")


def test_an_error_of_the_code_keeps_its_traceback(monkeypatch, call):
    def fail():
        raise KeyError("bug")

    monkeypatch.setattr(cli, "app", fail)
    with pytest.raises(KeyError):
        call("models")


def test_a_reader_that_goes_away_is_no_error(cache):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "embedlib.cli", "models"], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert done.returncode
    assert "Traceback" not in done.stderr
    assert "Exception" not in done.stderr


ROWS = [["a-long-name-of-a-model", "one two three four five six seven eight"], ["b", "nine"]]


def test_a_table_fits_by_wrapping_between_words_or_as_a_list():
    columns = ["model", "why it is so"]
    assert table_lines(columns, ROWS) == [
        "model                   why it is so",
        "a-long-name-of-a-model  one two three four five six seven eight",
        "b                       nine",
    ]
    wrapped = table_lines(columns, ROWS, text="why it is so", width=50)
    assert wrapped[1:3] == ["a-long-name-of-a-model  one two three four five", " " * 24 + "six seven eight"]
    assert table_lines(columns, ROWS, text="why it is so", width=40) == [
        "model:        a-long-name-of-a-model",
        "why it is so: one two three four five",
        "              six seven eight",
        "",
        "model:        b",
        "why it is so: nine",
    ]
    assert field_lines({"path": "/a/path/that/is/long"}, 10) == ["path: /a/path/that/is/long"]
    assert table_lines(["one"], [["two\nlines"]]) == ["one", "two lines"]


def test_tables_are_read_in_eighty_columns(cache, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    for name in ("models", "status"):
        done = command(name)
        assert done.returncode == 0
        assert max(map(len, done.stdout.splitlines())) <= 80
        assert {line.split()[0] for line in done.stdout.splitlines() if line} >= set(ALL)


def test_a_model_as_a_list_and_all_columns(cache, call):
    code, out, _ = call("models", "smollm2-135m-q4")
    assert code == 0
    fields = dict(re.findall(r"^([\w ,-]+): +(.+)$", out, re.M))
    assert fields["parameters"] == "134,515,008"
    assert (fields["case"], fields["default"]) == ("cased", "30, mean")
    assert len(fields["gguf, SHA-256"]) == 64
    title, columns, *rows = call("models", "--wide")[1].splitlines()
    assert (title, len(rows)) == ("Models", len(ALL))
    assert {"in front", "case", "licence", "window"} <= set(re.split(r" {2,}", columns))


def in_a_terminal(arguments, folder, environment):
    """Run a command in a terminal of 80 columns; gives exit status and all that it wrote, without control codes."""
    outside, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 0, 0))
    process = subprocess.Popen(arguments, stdin=inside, stdout=inside, stderr=inside, cwd=folder, env=environment)
    os.close(inside)
    written = b""
    while True:
        try:
            block = os.read(outside, 65536)
        except OSError:  # the end, on Linux
            break
        if not block:
            break
        written += block
    os.close(outside)
    return process.wait(), re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written.decode())


def test_a_terminal_shows_chapter_cell_time_and_estimate(project, cache):
    project.write("01_small", SOURCE)
    environment = {**os.environ, "PYTHONPATH": str(project.root), "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    arguments = [sys.executable, "-m", "embedlib.cli", "run", "01_small", "--force"]
    code, shown = in_a_terminal(arguments, project.root, environment)
    assert code == 0
    assert re.search(r"01_small [^\r\n]*cell 1 of 2 0:\d\d", shown)
    assert re.search(r"01_small: ran in \d+ s, it has not been run", shown)
    assert "of about" not in shown
    state = project.build / "state" / "01_small.json"
    state.write_text(re.sub(r'"seconds": [\d.]+', '"seconds": 75', state.read_text()))
    _, shown = in_a_terminal(arguments, project.root, environment)
    assert re.search(r"cell 1 of 2 0:\d\d of about 1:15", shown)
    assert max(len(line) for line in re.split(r"[\r\n]+", shown) if "ran: " not in line) <= 80


def test_a_digest_of_code_is_kept_and_made_again_where_what_was_kept_is_damaged(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "code.py"
    path.write_text("x = 1  # one\n")
    first = code_digest([path])
    (kept,) = (tmp_path / "cache" / "digests").iterdir()
    for damage in ("", "half", "\u00e9"):
        kept.write_text(damage, encoding="utf-8")
        _tree_digest.cache_clear()
        assert code_digest([path]) == first
        assert len(kept.read_text()) == 64
    kept.write_text("0" * 64)
    _tree_digest.cache_clear()
    assert code_digest([path]) != first  # what is kept is used
    monkeypatch.setenv("EMBEDLIB_CACHE", str(path))
    _tree_digest.cache_clear()
    assert code_digest([path]) == first  # the cache is a file: it cannot be used, and is not needed


def test_digests_of_code_do_not_depend_on_the_version_of_python(tmp_path):
    path = tmp_path / "code.py"
    path.write_text('"""Doc."""\n\n\ndef f(a: int = 1, *rest: str) -> str:\n    """Doc."""\n    return f"{a:>9}" "x"\n')
    assert code_digest([path]) == "430181883dafc51c"
